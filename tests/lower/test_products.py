"""Products of matrices that are left to BLAS."""

import os
import subprocess
import sys

import numpy as np
import pytest

import jitad
from tests.written import written

RNG = np.random.default_rng(2)
A, B, V = RNG.normal(size=(9, 7)), RNG.normal(size=(7, 6)), RNG.normal(size=9)
LARGE = RNG.normal(size=(40, 50)), RNG.normal(size=(50, 30))


def network(w, b, x):
    return np.tanh(np.tanh(x @ w) @ b).sum()


CASES = {
    "nn": (lambda a, b: np.sin(a @ b), (A, B), "product_nn"),
    "tn": (lambda a, b: np.sin(a.T @ b), (A, RNG.normal(size=(9, 5))), "product_"),
    "nt": (lambda a, b: np.sin(a @ b.T), (A, RNG.normal(size=(5, 7))), "product_"),
    "tt": (lambda a, b: np.sin(a.T @ b.T), (A, RNG.normal(size=(5, 9))), "product_"),
    "einsum": (lambda a, b: np.einsum("ij,jk->ki", a, b) ** 2, (A, B), "product_"),
    "square": (lambda a: np.sin(a @ a @ a), (A[:7],), "product_nn"),
    "large": (lambda a, b: np.sin(a @ b), LARGE, "product_nn"),
    "large, transposed": (lambda a, b: np.sin(b.T @ a.T), LARGE, "product_"),
    "float32": (lambda a, b: np.sin(a @ b), tuple(m.astype(np.float32) for m in LARGE), "product_nn"),
    "computed": (lambda a, b: (np.exp(a / 9) @ np.cos(b)).sum(0), LARGE, "product_nn"),
}


@pytest.mark.parametrize("name", CASES)
def test_values_and_derivatives(name):
    f, args, routine = CASES[name]
    weights = RNG.normal(size=f(*args).shape).astype(args[0].dtype)
    g = jitad.value_and_grad(lambda *a: (weights * f(*a)).sum(), tuple(range(len(args))))
    found = g(*args)
    with jitad.disable_jit():
        want = g(*args)
    precision = 1e-11 if args[0].dtype == float else 1e-4
    for a, b in zip((found[0], *found[1]), (want[0], *want[1]), strict=True):
        np.testing.assert_allclose(a, b, rtol=precision, atol=precision * np.abs(b).max())
    assert routine in g.specialize(*args).source
    assert "product_" not in written(jitad.jit(g, strict=True), *args).source


def test_what_is_no_such_product():
    """Short axes, products of elements, kernels of all pairs of points, vectors."""
    cases = [(lambda a, b: a @ b, (A[:, :3], B[:3])), (lambda a, b: np.einsum("ij,ij->ji", a, b), (A, A)),
             (lambda a: (a @ a.T).sum(), (A,)), (lambda a, v: a @ v, (A, V[:7])),
             (lambda a, v: np.sin(v @ a), (A, V))]
    for f, args in cases:
        assert "product_" not in written(jitad.jit(f), *args).source


@pytest.mark.parametrize("shape", [(0, 7, 6), (9, 0, 6), (9, 7, 0), (1, 1, 1), (5, 7, 6)])
def test_lengths(shape):
    n, k, m = shape
    a, b = RNG.normal(size=(n, k)), RNG.normal(size=(k, m))
    np.testing.assert_allclose(jitad.jit(lambda a, b: 2 * (a @ b))(a, b), 2 * (a @ b), rtol=1e-13, atol=1e-13)


def test_into_memory_read_only_and_in_parts():
    f = jitad.value_and_grad(network, (0, 1))
    args = [RNG.normal(size=s) for s in ((32, 31), (31, 30), (200, 32))]
    for a in args:
        a.flags.writeable = False
    want = f(*args)
    kernel = f.specialize(*args)
    out = tuple(kernel.buffers(*args))
    assert kernel.njit_into(*args, *kernel.captured, out) == pytest.approx(want[0], rel=1e-13)
    np.testing.assert_allclose(out[0], want[1][0], rtol=1e-12)
    parallel = jitad.jit(f, parallel=True)(*args)
    np.testing.assert_allclose(parallel[1][1], want[1][1], rtol=1e-11, atol=1e-13)
    with jitad.disable_jit():
        np.testing.assert_allclose(f(*args)[1][0], want[1][0], rtol=1e-11, atol=1e-13)


PROGRAM = """
import numpy as np, jitad
rng = np.random.default_rng(0)
f = jitad.value_and_grad(lambda a, b: np.sin(a @ b).sum())
print(f(rng.normal(size=(40, 50)), rng.normal(size=(50, 30)))[0], jitad.cache.info().counts["compilations"])
"""


def test_kernels_with_products_stay_on_disk(tmp_path):
    env = {**os.environ, "JITAD_CACHE_DIR": str(tmp_path / "kernels")}
    first, second = (subprocess.run([sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True,
                                    check=True).stdout.split() for _ in range(2))
    assert first[0] == second[0] and (first[1], second[1]) == ("1", "0")


def test_a_vector_and_a_matrix_of_which_two_axes_are_left():
    def f(x, q):
        e = np.cos(x[:, None] - x) * q[:, None]
        return (e @ np.cos(e.sum(1))).sum()

    x = np.linspace(0, 1, 7)
    g = jitad.jacfwd(jitad.grad(f, 0), 1)
    with jitad.disable_jit():
        want = g(x, x**2)
    np.testing.assert_allclose(g(x, x**2), want, rtol=1e-11, atol=1e-12)

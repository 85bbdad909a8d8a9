"""Sums over the first axis: row by row, against the interpreter."""

import numpy as np
import pytest

import jitad
from tests.written import written

RNG = np.random.default_rng(8)
A, B, R, W = RNG.normal(size=(11, 7)), RNG.normal(size=(11, 7)), RNG.normal(size=11), RNG.normal(size=7)

CASES = {
    "sum": (lambda a, b, r, w: np.sin(a * b).sum(0), True),
    "mean": (lambda a, b, r, w: (a**2 - b).mean(0) * w, True),
    "vector": (lambda a, b, r, w: r @ a, True),
    "regression": (lambda a, b, r, w: a.T @ np.tanh(a @ w - r), True),
    "two sums": (lambda a, b, r, w: a.sum(0) * (b * r[:, None]).sum(0) / (a * a).sum(0), True),
    "of a sum of each row": (lambda a, b, r, w: (a / (b * b).sum(1, keepdims=True)).sum(0), True),
    "by columns anyway": (lambda a, b, r, w: np.exp(a.T).sum(0), False),
    "scalar": (lambda a, b, r, w: (a.sum(0) ** 2).sum() * w, True),
    "transposed": (lambda a, b, r, w: (a.T * w[:, None]).sum(1), True),
    "largest": (lambda a, b, r, w: a.max(0), False),
    "product": (lambda a, b, r, w: (a / 2).prod(0), False),
    "standard deviation": (lambda a, b, r, w: (a * r[:, None]).std(0), True),
    "masked": (lambda a, b, r, w: np.where(a > 0, a * b, 0.0).sum(0), True),
    "logsumexp": (lambda a, b, r, w: np.log(np.exp(a - a.max(0)).sum(0)), True),
}


@pytest.mark.parametrize("shape", [(11, 7), (1, 7), (11, 5), (0, 6), (40, 33)])
@pytest.mark.parametrize("name", CASES)
def test_values_and_derivatives(name, shape):
    f, by_rows = CASES[name]
    if 0 in shape and name in ("mean", "standard deviation", "largest", "logsumexp", "two sums"):
        return  # which have no value
    args = (RNG.normal(size=shape), RNG.normal(size=shape), RNG.normal(size=shape[0]), RNG.normal(size=shape[1]))
    assert ("[i1] +=" in written(jitad.jit(f), A, B, R, W).source) == by_rows
    weights = RNG.normal(size=np.shape(f(*args)))

    @jitad.jit
    def every(*args):  # one kernel
        value, slopes = jitad.value_and_grad(lambda *a: (weights * f(*a)).sum(), (0, 1, 2, 3))(*args)
        return f(*args), value, *slopes

    if by_rows and shape == A.shape:
        assert "[i1] +=" in written(every, A, B, R, W).source
    found = every(*args)
    with jitad.disable_jit():
        want = every(*args)
    for a, b in zip(found, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-11)


def test_in_other_layouts_and_precisions():
    f = CASES["regression"][0]
    g = jitad.jit(f)
    want = f(A, B, R, W)
    for a in (np.asfortranarray(A), A[::-1][::-1], A.astype(">f8"), np.repeat(A, 2, 1)[:, ::2]):
        np.testing.assert_allclose(g(a, B, R, W), want, rtol=1e-12)
    single = g(*(x.astype(np.float32) for x in (A, B, R, W)))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, want, rtol=1e-4, atol=1e-4)


def test_in_parts_into_memory_and_strictly():
    big = RNG.normal(size=(900, 40)), RNG.normal(size=(900, 40)), RNG.normal(size=900), RNG.normal(size=40)
    g = jitad.value_and_grad(lambda *a: (CASES["regression"][0](*a) ** 2).sum(), (0, 3))
    want = g(*big)
    runs = [jitad.jit(g, parallel=True)(*big) for _ in range(2)]
    np.testing.assert_array_equal(runs[0][1][0], runs[1][1][0])
    for other in (runs[0], jitad.jit(g, strict=True)(*big)):
        for a, b in zip(other[1], want[1], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10 * np.abs(b).max())
    kernel = g.specialize(*big)
    out = tuple(kernel.buffers(*big))
    for _ in range(2):
        kernel.njit_into(*big, *kernel.captured, out)
        np.testing.assert_allclose(out[0], want[1][0], rtol=1e-12, atol=1e-12)
    assert "[i1] +=" not in written(jitad.jit(CASES["sum"][0], strict=True), A, B, R, W).source

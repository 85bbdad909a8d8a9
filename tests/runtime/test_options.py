"""parallel, strict, cache: what they change, and what they may not change."""

import concurrent.futures
import functools
import operator
import os
import subprocess
import sys

import numba
import numpy as np
import pytest

import jitad
from tests.pairs import broadcast_eye, crowd
from tests.written import written

RNG = np.random.default_rng(5)
X = RNG.normal(size=(500, 3)) * 4
PAIRS = np.stack(np.triu_indices(300, 1), 1)


def by_list(x, pairs):
    d = x[pairs[:, 0]] - x[pairs[:, 1]]
    r = np.sqrt((d**2).sum(1))
    return (np.exp(-r) * r).sum()


def embedded(x):
    r = np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1) + np.eye(len(x)))
    density = (np.exp(-2 * (r - 1)) * (1 - np.eye(len(x)))).sum(1)
    return -np.sqrt(density).sum()


def everything(x):
    """Every kind of reduction, several dtypes, several results over one long axis."""
    y = np.sin(x) * np.cos(3 * x)
    return {"sum": y.sum(), "prod": (1 + y / 1e4).prod(), "max": y.max(), "min": y.min(),
            "any": (y > 0.9).any(), "all": (y > -0.9).all(), "count": (y > 0).sum(), "int": np.arange(len(x)).max(),
            "single": (y.astype(np.float32) ** 2).sum(),
            "array": y * 2, "flags": y > 0.1, "scattered": np.zeros(50)}


FUNCTIONS = {
    "all pairs": (jitad.value_and_grad(broadcast_eye), (crowd(500),)),
    "pair list": (jitad.value_and_grad(by_list), (X, PAIRS)),
    "hessian-vector": (jitad.hvp(embedded), (X, RNG.normal(size=X.shape))),
    "embedded atom": (jitad.value_and_grad(embedded), (X,)),
    "reductions": (jitad.jit(everything), (RNG.normal(size=30_000),)),
    "matrix": (jitad.grad(lambda a, v: ((a * v).sum(1) ** 2).sum()), (RNG.normal(size=(400, 300)), RNG.normal(size=300))),
}


def leaves(value):
    return jitad.tree.flatten(value)[0]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_parallel_is_serial_within_rounding_and_the_same_whatever_the_threads(name):
    f, args = FUNCTIONS[name]
    g = jitad.jit(f, parallel=True)
    assert "prange" in g.specialize(*args).source
    serial, first = leaves(f(*args)), leaves(g(*args))
    for a, b in zip(serial, first, strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        single = np.asarray(a).dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=1e-4 if single else 1e-9, atol=1e-9 * np.abs(a).max())
    before = numba.get_num_threads()
    try:
        for threads in (1, min(2, numba.config.NUMBA_NUM_THREADS)):
            numba.set_num_threads(threads)
            for _ in range(3):
                for a, b in zip(first, leaves(g(*args)), strict=True):
                    np.testing.assert_array_equal(a, b)
    finally:
        numba.set_num_threads(before)


def test_few_of_everything():
    g, f = jitad.jit(everything, parallel=True), jitad.jit(everything)
    for n in (5, 16, 17, 100):
        x = RNG.normal(size=n)
        for a, b in zip(leaves(f(x)), leaves(g(x)), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5)
    x = np.full(30_000, 0.3)
    x[12_345] = np.nan
    for a, b in zip(leaves(f(x)), leaves(g(x)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4)


def test_parallel_index_errors():
    g = jitad.jit(FUNCTIONS["pair list"][0], parallel=True)
    wrong = PAIRS.copy()
    wrong[40_000, 1] = 500
    with pytest.raises(IndexError, match="index 500 is out of bounds for axis 0 with size 500"):
        g(X, wrong)


def test_parallel_from_several_threads():
    f, args = FUNCTIONS["all pairs"]
    g = jitad.jit(f, parallel=True)
    expected = g(*args)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for value, slope in pool.map(lambda _: g(*args), range(40)):
            assert value == expected[0]
            np.testing.assert_array_equal(slope, expected[1])


def test_strict_adds_in_order():
    x = RNG.normal(size=10_001) * 10.0 ** RNG.integers(-8, 8, 10_001)
    g = jitad.jit(lambda x: x.sum(), strict=True)
    assert g(x) == functools.reduce(operator.add, x.tolist(), 0.0)
    y = RNG.normal(size=10_001)
    assert jitad.jit(lambda x, y: (x * y).sum(), strict=True)(x, y) == functools.reduce(operator.add, (x * y).tolist(), 0.0)
    source = written(jitad.jit(jitad.value_and_grad(embedded), strict=True), X).source
    assert "spread" not in source and "push" not in source


def test_strict_derivatives():
    for name in ("all pairs", "pair list", "hessian-vector"):
        f, args = FUNCTIONS[name]
        for a, b in zip(leaves(f(*args)), leaves(jitad.jit(f, strict=True)(*args)), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9 * np.abs(a).max())


def test_options_belong_to_the_kernel():
    def f(x):
        return (x**2).sum() * 1.25

    x = np.ones(7)
    g = jitad.grad(f)
    keys = {next(iter(s.specializations)) for s in (g, jitad.jit(g, strict=True), jitad.jit(g, cache=False)) if s(x) is not None}
    assert len(keys) == 3
    again = jitad.jit(g)
    again(x)
    assert again.specializations.keys() == g.specializations.keys()
    assert repr(jitad.jit(g, strict=True)) == repr(g)


def test_nothing_to_run_at_once_is_no_warning(recwarn):
    assert jitad.jit(lambda x: x[0] * x[1], parallel=True, cache=False)(np.ones(3)) == 1
    assert not recwarn.list


def test_as_a_decorator():
    @jitad.jit(strict=True)
    def f(x):
        return (x**2).sum()

    assert f(np.ones(5)) == 5
    np.testing.assert_array_equal(jitad.grad(f)(np.ones(5)), np.full(5, 2.0))

    @jitad.jit
    def h(x):
        return 2 * x

    assert h(1.5) == 3
    with pytest.raises(TypeError, match="takes a function, not a int"):
        jitad.jit(3)
    with pytest.raises(TypeError):
        jitad.jit(h, True)


SCRIPT = """
import numpy as np, jitad, sys
g = jitad.jit(jitad.grad(lambda x: (x**3).sum() * 1.75), **eval(sys.argv[1]))
assert np.array_equal(g(np.ones(5)), np.full(5, 5.25))
print(jitad.cache.info().kernels, jitad.cache.info().counts["compilations"], jitad.cache.info().counts["loads"])
"""


@pytest.mark.parametrize("options,first,second", [
    ({}, "1 1 0", "1 0 1"), ({"cache": False}, "0 1 0", "0 1 0"), ({"parallel": True}, "1 1 0", "1 0 1"),
    ({"strict": True}, "1 1 0", "1 0 1")])
def test_what_is_kept(options, first, second, tmp_path):
    for expected in (first, second):
        out = subprocess.run([sys.executable, "-c", SCRIPT, repr(options)], env={**os.environ, "JITAD_CACHE_DIR": str(tmp_path)},
                             capture_output=True, text=True, check=True).stdout
        assert out.strip() == expected

"""Differences of neighbours share the loops over what they are made of; against the interpreter."""

import numpy as np
import pytest

import jitad
from jitad.tree import flatten
from tests.written import written

RNG = np.random.default_rng(4)


def phase(u):
    return ((u * u - 1) ** 2).sum() + ((u[1:] - u[:-1]) ** 2).sum() + ((u[:, 1:] - u[:, :-1]) ** 4).sum()


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def bending(x):
    d = x[1:] - x[:-1]
    return ((d[1:] - d[:-1]) ** 2).sum() + np.cos(x).sum() + (d**4).sum()


def far_neighbours(x):
    return (x * np.exp(x)).sum() + (x[4:] * x[:-4]).sum() + (x[5:] ** 2 * x[:-5]).sum()


def weighted(u):
    w = np.arange(1.0, len(u))
    return (w[:, None] * np.tanh(u[1:] * u[:-1])).sum() + (u**2).sum(1).prod()


def inverse(x):
    """Infinite where the last element is not left out."""
    n = len(x)
    return (1 / (n - 1.0 - np.arange(n - 1.0)) * x[:-1] ** 2).sum() + (x**2).sum()


CASES = {"phase": (phase, 2), "rosenbrock": (rosenbrock, 1), "bending": (bending, 1), "far": (far_neighbours, 1),
         "weighted": (weighted, 2), "inverse": (inverse, 1)}


@pytest.mark.parametrize("n", [5, 6, 7, 8, 9, 17, 40])
@pytest.mark.parametrize("name", CASES)
def test_value_gradient_and_product(name, n):
    f, ndim = CASES[name]
    x = RNG.normal(size=(n, n + 1)[:ndim])
    v = RNG.normal(size=x.shape)

    @jitad.jit
    def derivatives(x, v):
        return jitad.value_and_grad(f)(x), jitad.jvp(jitad.grad(f), (x,), (v,))[1]

    found = flatten(derivatives(x, v))[0]
    with jitad.disable_jit():
        want = flatten(derivatives(x, v))[0]
    for a, b in zip(found, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11 * np.abs(b).max())


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["rosenbrock", "bending", "phase"])
def test_few(name, n):
    f, ndim = CASES[name]
    if name == "bending" and n < 3:
        return
    x = RNG.normal(size=(n, 9)[:ndim])
    g = jitad.value_and_grad(f)
    with jitad.disable_jit():
        want = g(x)
    assert g(x)[0] == pytest.approx(want[0], rel=1e-12)
    np.testing.assert_allclose(g(x)[1], want[1], rtol=1e-11, atol=1e-12)


def test_one_pass():
    source = written(jitad.value_and_grad(phase), RNG.normal(size=(9, 8))).source
    assert source.count("for i0 in") == 1 and source.count("for i1 in") == 1
    assert written(jitad.jit(rosenbrock), RNG.normal(size=9)).source.count("for i0 in") == 1
    strict = written(jitad.jit(jitad.value_and_grad(phase), strict=True), RNG.normal(size=(9, 8))).source
    assert strict.count("for i0 in") > 1


def test_infinite_ends_stay_by_themselves():
    x = RNG.normal(size=12)
    x[-1] = np.nan
    g = jitad.grad(lambda x: (x[:-1] ** 2).sum() + 0 * np.where(np.isfinite(x), x, 1.0).sum())
    np.testing.assert_allclose(g(x)[:-1], 2 * x[:-1], rtol=1e-14)

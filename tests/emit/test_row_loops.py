"""Costly scalars between inner loops, in lanes: against the interpreter."""

import numpy as np
import pytest

import jitad
from jitad.tree import flatten
from tests.written import written

RNG = np.random.default_rng(13)


def logistic(w, x, y):
    return np.log1p(np.exp(-y * (x @ w))).sum() + (w * w).sum()


def softmax(w, x, y):
    z = x * w
    return (np.log(np.exp(z).sum(1)) * y).sum()


def poisson(w, x, y):
    mu = np.exp(x @ w / 3)
    return (mu - y * np.log(mu + 1)).sum() + np.sin(mu).sum()


def two_products(w, x, y):
    s, t = x @ w, x @ w**2
    return (np.tanh(s) * np.exp(-t * t)).sum() + (y * s).sum()


def chained(w, x, y):
    """A sum that needs what is between, and a function of that sum."""
    s = np.exp(-np.abs(x @ w))
    return np.tanh((x * s[:, None] * w).sum(1) * y).sum()


def masked(w, x, y):
    s = x @ w
    return np.where((s > 0) & (y > 0), np.exp(-s), np.log1p(s * s)).sum()


def row_results(w, x, y):
    """Rows that come out themselves."""
    s = np.exp(np.sin(x @ w))
    return (s * y).sum() + ((x * s[:, None]) ** 2).sum()


CASES = [logistic, softmax, poisson, two_products, chained, masked, row_results]


@pytest.mark.parametrize("n", [5, 7, 8, 9, 16, 41])
@pytest.mark.parametrize("f", CASES)
def test_values_and_derivatives(f, n):
    w, x, y = RNG.normal(size=6), RNG.normal(size=(n, 6)), RNG.choice([-1.0, 1.0, 0.5], n)

    @jitad.jit
    def derivatives(w, x, y, v):
        return jitad.value_and_grad(f, (0, 1, 2))(w, x, y), jitad.jvp(jitad.grad(f), (w, x, y), v)[1]

    args = w, x, y, (np.cos(w), np.sin(x), np.exp(-y))
    found = flatten(derivatives(*args))[0]
    with jitad.disable_jit():
        want = flatten(derivatives(*args))[0]
    for a, b in zip(found, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-11 * np.abs(b).max())


@pytest.mark.parametrize("f", [logistic, poisson, two_products])
def test_written_so(f):
    args = RNG.normal(size=6), RNG.normal(size=(20, 6)), RNG.normal(size=20)
    source = written(jitad.value_and_grad(f), *args).source
    assert "for b0 in range(0, g0, 8):" in source
    assert "for b0" not in written(jitad.jit(jitad.value_and_grad(f), strict=True), *args).source


def test_values_row_by_row():
    """Results that are arrays, written in lanes."""
    f = jitad.jit(lambda w, x: (np.exp(np.tanh(x @ w)), np.log1p((x * x).sum(1))))
    w, x = RNG.normal(size=6), RNG.normal(size=(29, 6))
    for a, b in zip(f(w, x), (np.exp(np.tanh(x @ w)), np.log1p((x * x).sum(1))), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def test_infinite_and_missing_rows():
    w, x, y = RNG.normal(size=6), RNG.normal(size=(30, 6)), np.ones(30)
    x[3], x[11, 2], x[20] = np.inf, np.nan, -1e308
    f = jitad.jit(lambda w, x: np.exp(-np.tanh(x @ w)))
    with jitad.disable_jit(), np.errstate(all="ignore"):
        want = f(w, x)
    np.testing.assert_allclose(f(w, x), want, rtol=1e-13)
    g = jitad.grad(logistic, 1)
    with jitad.disable_jit(), np.errstate(all="ignore"):
        want = g(w, x, y)
    found = g(w, x, y)
    others = np.delete(np.arange(30), [3, 11, 20])
    np.testing.assert_allclose(found[others], want[others], rtol=1e-12)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(want))


def test_in_parts_and_into_memory():
    args = RNG.normal(size=40), RNG.normal(size=(1003, 40)), RNG.normal(size=1003)
    g = jitad.value_and_grad(poisson, (0, 1))
    want = g(*args)
    runs = [jitad.jit(g, parallel=True)(*args) for _ in range(3)]
    for other in runs:
        assert other[0] == runs[0][0]
        for a, b, c in zip(other[1], runs[0][1], want[1], strict=True):
            np.testing.assert_array_equal(a, b)
            np.testing.assert_allclose(a, c, rtol=1e-9, atol=1e-10 * np.abs(c).max())
    kernel = g.specialize(*args)
    out = tuple(kernel.buffers(*args))
    for _ in range(2):
        assert kernel.njit_into(*args, *kernel.captured, out) == pytest.approx(want[0], rel=1e-13)
        np.testing.assert_allclose(out[0], want[1][0], rtol=1e-12)


def test_single_precision_stays_as_it_was():
    args = tuple(RNG.normal(size=s).astype(np.float32) for s in (6, (20, 6), 20))
    f = jitad.value_and_grad(logistic)
    with jitad.disable_jit():
        want = f(*args)
    found = f(*args)
    assert found[1].dtype == np.float32
    np.testing.assert_allclose(found[1], want[1], rtol=1e-4, atol=1e-5)


def groups(w, x, y, labels, offsets):
    """A regression with an offset for each group: between the inner loops, gradients are added to rows that are looked up."""
    return np.log1p(np.exp(-y * (x @ w + offsets[labels, 0]) * offsets[labels, 2])).sum()


def columns(w, x, y, labels, offsets):
    """One row gets numbers that are there between the inner loops, and numbers that come after them."""
    s = np.exp(-np.abs(x @ w))
    out = np.zeros_like(offsets)
    np.add.at(out, labels, np.stack([s, np.tanh(x * s[:, None]).sum(1), s * y], 1))
    return out


def columns_the_other_way(w, x, y, labels, offsets):
    s = np.exp(-np.abs(x @ w))
    t = np.tanh(x * s[:, None]).sum(1)
    out = np.zeros_like(offsets)
    np.add.at(out, labels, np.stack([t, s, t], 1))
    return out


@pytest.mark.parametrize("f", [groups, columns, columns_the_other_way])
def test_rows_that_are_looked_up(f):
    g = jitad.value_and_grad(f, (0, 4)) if f is groups else jitad.jit(f)
    for n in (21, 16, 7):
        args = (RNG.normal(size=6), RNG.normal(size=(n, 6)), RNG.normal(size=n), np.sort(RNG.integers(-6, 6, n)),
                RNG.normal(size=(6, 3)))
        with jitad.disable_jit():
            want = flatten(g(*args))[0]
        for a, b in zip(flatten(g(*args))[0], want, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
    assert "for b0 in range(0, g0, 8):" in g.specialize(*args).source

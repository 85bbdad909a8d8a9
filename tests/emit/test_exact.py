"""What is compared for equality is rounded in the same way wherever it is computed."""

import numpy as np
import pytest

import jitad


def test_the_derivative_of_an_extreme_finds_its_element():
    def f(x, y):
        w = x + y.sum(-1)
        d = w[:, None] - w
        r = np.tanh(d) * np.cos(0.3 + d)
        return r.sum() + (np.tanh(d.min(-1)) * np.cos(0.3 + d.max(0))).sum()

    for seed in range(5):
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(2, 9)), rng.normal(size=(9, 3))
        got = jitad.grad(f)(x[0], y)
        with jitad.disable_jit():
            want = jitad.grad(f)(x[0], y)
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13)


def test_a_choice_by_comparison_with_an_extreme_finds_one_element():
    def f(x):
        r = np.sqrt((x**2).sum(-1)) * 0.1 + x[:, 0] / 3.0
        return np.where(r >= r.max(), 1.0, 0.0).sum() + np.where(r == r.min(), 1.0, 0.0).sum()

    x = np.random.default_rng(0).normal(size=(1000, 3))
    assert jitad.jit(f)(x) == 2.0


def looked_up(a, b, c, t):
    """The product is a factor of something else, too, in another order: that may not be the index."""
    return t[((a * b) * c).astype(int)] * np.tanh(a * c)


def added(a, b, c, t):
    z = np.zeros(len(t)) + t
    np.add.at(z, ((a * b) * c).astype(int), np.tanh(a * c))
    return z


@pytest.mark.parametrize("f", [looked_up, added])
def test_indices_are_those_that_were_looked_at(f):
    """Floats at the very border: in one order of their factors they are in range, in the other they are not."""
    fixed = (np.full(20, v) for v in (2.8, 6.0, 1 / 0.7))
    rng = np.random.default_rng(4)
    a, b = rng.uniform(0.5, 8, (2, 3000))
    c = np.round(a * b + 1) / (a * b)
    for *factors, n in ((*fixed, 24), (a, b, c, int((a * b * c).max()) + 1)):
        t = np.arange(n) + 1.0
        np.testing.assert_allclose(jitad.jit(f)(*factors, t), f(*factors, t), rtol=1e-12)
        slopes = jitad.jit(jitad.grad(lambda *args: (f(*args) ** 2).sum(), (0, 1, 2, 3)))
        found = slopes(*factors, t)
        with jitad.disable_jit():
            for x, y in zip(found, slopes(*factors, t), strict=True):
                np.testing.assert_allclose(x, y, rtol=1e-10, atol=1e-10)


def chosen(a, b, c, edge, t):
    return t[np.where((a * b) * c >= edge, 24, 0)] * np.tanh(a * c)


def added_where(a, b, c, edge, t):
    z = np.zeros(len(t)) + t
    np.add.at(z, np.where((a * b) * c >= edge, 24, 0), np.tanh(a * c))
    return z


@pytest.mark.parametrize("f", [chosen, added_where])
def test_indices_by_comparison_are_those_that_were_looked_at(f):
    args = *(np.full(20, v) for v in (2.8, 6.0, 1 / 0.7, 24.0)), np.arange(24) + 1.0
    np.testing.assert_allclose(jitad.jit(f)(*args), f(*args), rtol=1e-12)

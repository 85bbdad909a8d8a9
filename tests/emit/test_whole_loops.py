"""Loops in blocks whose last one begins before the end of the one before it."""

import numpy as np
import pytest

import jitad
from tests.written import written

RNG = np.random.default_rng(8)
LENGTHS = (1, 5, 7, 8, 9, 14, 15, 16, 17, 31)


def compare(f, *args):
    found = f(*args)
    with jitad.disable_jit():
        want = f(*args)
    for a, b in zip(found, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


def test_sums_count_each_turn_once():
    g = jitad.value_and_grad(lambda x, y: (np.sin(x * y) * x).sum() + np.cos(x).sum(), (0, 1))
    assert "min(h0, g0 - 8)" in g.specialize(np.ones(9), np.ones(9)).source
    for n in LENGTHS:
        x, y = RNG.normal(size=(2, n))
        value, slopes = g(x, y)
        assert np.isclose(value, (np.sin(x * y) * x).sum() + np.cos(x).sum(), rtol=1e-12)
        np.testing.assert_allclose(slopes[0], np.sin(x * y) + np.cos(x * y) * x * y - np.sin(x), rtol=1e-11, atol=1e-12)


def test_what_adds_to_an_array_adds_once():
    """Inside of a loop over rows, columns of a gradient are added to."""
    g = jitad.grad(lambda x, w: (np.sin(x * w) * np.arange(5.0)[:, None]).sum(), (0, 1))
    for n in LENGTHS:
        compare(g, RNG.normal(size=(5, n)), RNG.normal(size=n))


def test_shifted_and_backwards_and_by_columns():
    @jitad.jit
    def f(x, z):
        return np.sin(x[1:] * x[:-1]), np.cos(x[::-1]), np.stack([np.sin(z[:, 0] * z[:, 1]), np.cos(z[:, 2])], 1)

    for n in LENGTHS:
        compare(f, RNG.normal(size=n + 1), RNG.normal(size=(n, 3)))


@pytest.mark.parametrize("n", [9, 14])
def test_a_sum_over_steps_lies_where_it_lay(n):
    """The cotangent of what is the same in all steps: a turn that is taken twice would add twice."""
    def loss(w, x):
        return jitad.scan(lambda c, t: (np.sin(c * w + t) * 0.9, None), x, np.linspace(0, 1, 6))[0].sum()

    g = jitad.grad(loss, (0, 1))
    compare(g, RNG.normal(size=n), RNG.normal(size=n))
    assert "min(h0" not in written(g, np.ones(n), np.ones(n)).source.split("def step1")[1].split("def turns1")[0]


def test_in_parts():
    f = jitad.jit(lambda x: (np.sin(x) * np.cos(x)).sum(), parallel=True)
    for n in (5, 130, 131, 200):
        x = RNG.normal(size=n)
        assert np.isclose(f(x), (np.sin(x) * np.cos(x)).sum(), rtol=1e-11)

"""Factors that the terms of a sum have in common: multiplied once, and values stay."""

import numpy as np
import pytest

import jitad
from jitad.tree import flatten
from tests.lower.test_factors import multiplications

RNG = np.random.default_rng(7)
A, B, C, D, E = RNG.uniform(0.5, 1.5, (5, 23))


def two(a, b, c, d, e):
    return (np.tanh((a * b) * c - (d * a) * e),)


def components(a, b, c, d, e):
    """What is left in the brackets is one number."""
    return tuple(np.tanh((x * b) * c + d * (b * x) * e) for x in (a, np.exp(a), np.sin(a)))


def within(a, b, c, d, e):
    """Sums of sums."""
    return (np.tanh(((a * b) * c + (a * d) * c) * e - (b * e) * (d * a)),)


def twice(a, b, c, d, e):
    """A factor that is there twice, in one of the terms three times."""
    return (np.exp(-(a * b) * (a * c) - (a * d) * (a * e) * a),)


def asked(a, b, c, d, e):
    """A product that is asked for elsewhere stays."""
    p = (a * b) * c
    return np.tanh(p + (a * d) * e), np.sin(p)


@pytest.mark.parametrize("f, most", [(two, 3), (components, 14), (within, 4), (twice, 5), (asked, 8)])
def test_values_and_derivatives(f, most):
    args = A, B, C, D, E
    assert multiplications(f, *args) <= most
    weights = [RNG.normal(size=len(A)) for _ in f(*args)]
    total = lambda *args: sum((w * r).sum() for w, r in zip(weights, f(*args), strict=True))
    tangents = [RNG.normal(size=len(A)) for _ in args]

    @jitad.jit
    def derivatives(*args):
        gradient = jitad.value_and_grad(total, tuple(range(len(args))))
        return f(*args), jitad.jvp(gradient, args, tangents)

    found = flatten(derivatives(*args))[0]
    with jitad.disable_jit():
        want = flatten(derivatives(*args))[0]
    for a, b in zip(found, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12 * np.abs(b).max())


def test_strictly_it_is_as_written():
    f = lambda *args: two(*args)[0]
    got = jitad.jit(f, strict=True)(A, B, C, D, E)
    np.testing.assert_array_equal(got, jitad.jit(f, strict=True)(A, B, C, D, E))
    assert multiplications(f, A, B, C, D, E) < 4
    np.testing.assert_allclose(got, f(A, B, C, D, E), rtol=1e-15)


def test_what_is_compared_stays():
    """The largest is found where it was computed."""
    def f(a, b, c):
        y = (a * b) * c + (c * a) * (b * b)
        return (y == y.max()).sum(), y.max()

    count, largest = jitad.jit(f)(A, B, C)
    assert count == 1 and largest == pytest.approx(f(A, B, C)[1], rel=1e-15)


def test_hessians_of_pairs_have_six_numbers():
    """Second derivatives by two components are the same, whichever comes first."""
    def energy(x):
        i, j = np.triu_indices(len(x), 1)
        r2 = ((x[i] - x[j]) ** 2).sum(-1)
        return (1 / r2**6 - 1 / r2**3).sum()

    x = RNG.normal(size=(11, 3)) * 2
    h = jitad.hessian(energy)(x)
    with jitad.disable_jit():
        want = jitad.hessian(energy)(x)
    np.testing.assert_allclose(h, want, rtol=1e-10, atol=1e-11 * np.abs(want).max())
    assert multiplications(jitad.hessian(energy), x) < 150


def test_zeros_stay_with_their_factors():
    """0*x is NaN where x is not finite: what is written says so, and nothing else is multiplied with it."""
    f = eval("lambda a, b, c, d: np.tanh(0.0 * (d * (a * b)) + (a * c) * d)", {"np": np})
    assert multiplications(f, A, B, C, D) == 5
    assert multiplications(lambda a, b, c, d: np.tanh(2 * (d * (a * b)) + (a * c) * d), A, B, C, D) == 3

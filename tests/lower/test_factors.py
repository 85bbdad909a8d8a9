"""Products written in terms of others: what shares, and that values stay."""

import numpy as np
import pytest

import jitad
from jitad.tree import flatten
from tests.written import written

RNG = np.random.default_rng(6)
A, B, C, D = RNG.uniform(0.5, 1.5, (4, 23))


def multiplications(f, *args):
    return sum(" * " in line for line in written(jitad.jit(f), *args).source.splitlines())


def orders(a, b, c):
    return np.tanh(a * b * c), np.expm1(a * c), np.exp(c * (b * a))


def nested(a, b, c, d):
    return np.tanh(a * b * c * d), np.expm1(d * a), np.exp(d * c * a), np.log1p(c * b)


def squares(a, b):
    return np.tanh(a * a * b), np.expm1(a * a), np.exp(b * a * b * a)


def signs(a, b, c):
    return np.tanh(-a * b * (2 * c)), np.expm1(a * c * 3), np.exp(-c * (-b) * a / 4)


@pytest.mark.parametrize("f, args, most", [
    (orders, (A, B, C), 2), (nested, (A, B, C, D), 6), (squares, (A, B), 4), (signs, (A, B, C), 6)])
def test_values_and_derivatives(f, args, most):
    assert multiplications(f, *args) <= most
    weights = [RNG.normal(size=len(A)) for _ in f(*args)]

    @jitad.jit
    def derivatives(*args):
        def total(*args):
            return sum((w * r).sum() for w, r in zip(weights, f(*args), strict=True))

        return f(*args), jitad.value_and_grad(total, tuple(range(len(args))))(*args)

    found = flatten(derivatives(*args))[0]
    with jitad.disable_jit():
        want = flatten(derivatives(*args))[0]
    for a, b in zip(found, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13 * np.abs(b).max())  # slopes are sums that may cancel


def test_zeros_and_infinities_are_what_they_were():
    a, b, c = (RNG.choice([0.0, -0.0, 1.0, -2.0, np.inf, -np.inf, np.nan], 200) for _ in range(3))
    found = jitad.jit(lambda a, b, c: (a * b * c, a * c, c * (b * a)))(a, b, c)
    with np.errstate(all="ignore"):
        for x, y in zip(found, (a * b * c, a * c, c * (b * a)), strict=True):
            np.testing.assert_array_equal(np.isnan(x), np.isnan(y))
            np.testing.assert_array_equal(x[~np.isnan(x)], y[~np.isnan(y)])


def test_what_is_compared_stays_as_it_is_written():
    def f(a, b, c):
        x = a * b * c
        return np.where(x == x.max(), a * c, c * (b * a)).sum()

    a, b, c = RNG.normal(size=(3, 50))
    assert jitad.jit(f)(a, b, c) == pytest.approx(f(a, b, c), rel=1e-13)


def test_strict_multiplies_as_written():
    a, b, c = RNG.normal(size=(3, 50))
    assert sum(" * " in line for line in written(jitad.jit(orders, strict=True), a, b, c).source.splitlines()) > 2


@pytest.mark.parametrize("scale", [1e-6, 1e-5, 1.0, 1e6, 1e7])
def test_orders_of_factors_keep_their_range(scale):
    """Lengths and their reciprocals of a bond angle are multiplied as they come: eighth powers alone are beyond float32."""
    def f(x):
        a, b = x[1] - x[0], x[2] - x[1]
        return ((a @ b) / np.sqrt((a @ a) * (b @ b)) - 0.3) ** 2

    x, v = np.array([[0, 0, 0], [1, 0.2, 0.1], [1.3, 1.1, 0.4]]), np.array([[0.3, 1, -0.5], [0.2, -0.7, 1], [1, 0.1, 0.6]])
    product = jitad.jit(lambda x, v: jitad.jvp(jitad.grad(f), (x,), (v,))[1])
    want = product(x, v) / scale**2
    found = product((x * scale).astype(np.float32), v.astype(np.float32))
    np.testing.assert_allclose(found, want, rtol=1e-3, atol=1e-3 * np.abs(want).max())

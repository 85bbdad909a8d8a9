"""Error functions and the normal distribution of emitted code."""

import mpmath
import numpy as np
import pytest
import scipy.special

import jitad
from jitad.emit import special
from tests.emit.accuracy import both_ways, worst

RNG = np.random.default_rng(1)


def near(*places):
    return np.concatenate([p + RNG.uniform(-1e-3, 1e-3, 8) for p in places])


def test_erfcx():
    def exact(x):
        return mpmath.exp(x * x) * mpmath.erfc(x)

    assert worst(special.erfcx, exact, [*RNG.uniform(-26.6, 30, 200), *RNG.uniform(-1, 1, 60), *near(0), 90.0]) < 1e-15


def test_ndtr():
    assert worst(special.ndtr, mpmath.ncdf, [*RNG.uniform(-37, 9, 200), *near(-1, 0, 1)]) < 1e-15


def test_log_ndtr():
    def exact(x):
        return mpmath.log1p(-mpmath.ncdf(-x)) if x > 0 else mpmath.log(mpmath.ncdf(x))

    assert worst(special.log_ndtr, exact, [*RNG.uniform(-37, 30, 200), *-(10 ** RNG.uniform(1, 3, 50)), *near(-1, 0, 1)]) < 2e-15


def test_hazard():
    def exact(x):
        return mpmath.npdf(x) / mpmath.ncdf(-x)

    assert worst(special.hazard, exact, [*RNG.uniform(-37, 37, 200), *near(-1, 0)]) < 1e-15


@pytest.mark.parametrize("n, tolerance", [(1, 3e-15), (2, 1e-14), (3, 2e-14), (5, 8e-14), (8, 5e-13)])
def test_tail_ratio(n, tolerance):
    """A recurrence reaches from the left up to 3/2; there it loses a digit in three orders."""
    def exact(x):
        with mpmath.workdps(120):
            before, integral = mpmath.npdf(x), mpmath.ncdf(-x)
            for k in range(1, n + 1):
                before, integral = integral, (before - x * integral) / k
            return integral / before

    points = [*RNG.uniform(-6, 4, 150), *RNG.uniform(4, 40, 50), *near(1.5)]
    assert worst(lambda x: special.tail_ratio(n, x), exact, points) < tolerance


def erfcinv(q):
    """The inverse of erfc by Newton's method on its logarithm."""
    if q > 0.1:
        return mpmath.erfinv(1 - q)
    x = mpmath.sqrt(-mpmath.log(q))
    for _ in range(30):
        x += (mpmath.log(mpmath.erfc(x)) - mpmath.log(q)) * mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(x * x) * mpmath.erfc(x)
    return x


def test_inverses():
    small = 10 ** RNG.uniform(-300, -1, 60)
    points = [*RNG.uniform(-1, 1, 60), *near(0.9, -0.9), 1e-200, *(1 - small[small > 1e-16])]
    assert worst(special.erfinv, mpmath.erfinv, points) < 1e-15
    assert worst(special.erfcinv, erfcinv, [*RNG.uniform(0.01, 1.9, 60), *near(0.1), *small, 5e-324]) < 1e-15
    assert worst(special.ndtri, lambda p: -mpmath.sqrt(2) * erfcinv(2 * p),
                 [*RNG.uniform(0.01, 0.94, 60), *near(0.05), *small]) < 1e-15
    upper = RNG.uniform(0.94, 1, 40)
    assert worst(special.ndtri, lambda p: mpmath.sqrt(2) * erfcinv(2 * (1 - p)), [*upper, *near(0.95), 1 - 2**-53]) < 1e-15


@pytest.mark.parametrize("x", [-1e8, -1e3, -30.0, -1.0, 0.0, 2.0, 30.0])
def test_the_logarithm_of_a_tail(x):
    """d = y, y' = -y(x + y), ... for y the hazard of -x: in 60 digits, without what cancels in 16."""
    with mpmath.workdps(60):
        t = mpmath.mpf(x)
        y = 1 / mpmath.sqrt(2 * mpmath.pi) * mpmath.exp(-t * t / 2) / mpmath.ncdf(t) if x > -50 else _far(-t)
        first = -y * (t + y)
        second = -first * (t + y) - y * (1 + first)
        want = [float(v) for v in (y, first, second)]
    got = both_ways(lambda x: scipy.special.log_ndtr(x), x)
    np.testing.assert_allclose(got[0], scipy.special.log_ndtr(x), rtol=1e-13)
    np.testing.assert_allclose(got[1:], want, rtol=1e-13, atol=1e-300)


def _far(x):
    ratio = x
    for k in range(60, 0, -1):
        ratio = x + k / ratio
    return ratio


def test_beyond_the_tails():
    f = lambda x: scipy.special.log_ndtr(x)
    for x in (45.0, 1e200):
        assert np.abs(both_ways(f, x)).max() == 0.0
    assert both_ways(lambda x: scipy.special.ndtr(x), 60.0) == [1.0, 0.0, 0.0, 0.0]
    assert jitad.grad(f)(-np.inf) == np.inf and jitad.grad(f)(np.inf) == 0.0


@pytest.mark.parametrize("name, x, slopes", [
    ("erfinv", 0.0, [np.sqrt(np.pi) / 2, 0.0, np.pi**1.5 / 4]), ("ndtri", 0.5, [np.sqrt(2 * np.pi), 0.0, (2 * np.pi) ** 1.5]),
    ("erfcinv", 1.0, [-np.sqrt(np.pi) / 2, 0.0, -(np.pi**1.5) / 4]),
    ("ndtr", 0.0, [1 / np.sqrt(2 * np.pi), 0.0, -1 / np.sqrt(2 * np.pi)]),
    ("erfcx", 0.0, [-2 / np.sqrt(np.pi), 2.0, -8 / np.sqrt(np.pi)])])
def test_derivatives_in_the_middle(name, x, slopes):
    got = both_ways(lambda x: getattr(scipy.special, name)(x), x)
    np.testing.assert_allclose(got, [getattr(scipy.special, name)(x), *slopes], rtol=1e-14, atol=1e-15)


def test_a_probit_model():
    x, y = RNG.normal(size=9), RNG.normal(size=9) > 0

    def loss(p):
        z = p[0] + p[1] * x
        return -(scipy.special.log_ndtr(np.where(y, z, -z))).sum() + scipy.special.ndtri(scipy.special.ndtr(p)).sum()

    jitad.testing.check_grads(loss, (np.array([0.3, 0.2]),))
    single = jitad.grad(lambda x: scipy.special.log_ndtr(x).sum())(x.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, np.exp(-x * x / 2) / np.sqrt(2 * np.pi) / scipy.special.ndtr(x), rtol=1e-5)

"""Exponential integrals, functions regular at 0, and what is a composition of others."""

import mpmath
import numpy as np
import pytest
import scipy.special

import jitad
from jitad.emit import special
from tests.emit.accuracy import both_ways, worst

RNG = np.random.default_rng(3)
POINTS = [*RNG.uniform(0, 1, 50), *RNG.uniform(1, 60, 50), *10 ** RNG.uniform(-10, 2.8, 40), 1 - 1e-9, 1.0, 1 + 1e-9]


def test_exponential_integrals():
    """Ei has a zero at 0.37: there against the size of what is added up."""
    assert worst(special.exp1, mpmath.e1, POINTS) < 3e-15
    assert worst(special.expi, mpmath.ei, [-x for x in POINTS]) < 3e-15
    assert worst(special.expi, mpmath.ei, [*POINTS, 39.999, 40.0, 712.0], lambda v: max(abs(v), 0.5)) < 3e-15


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 20])
def test_expn(n):
    assert worst(lambda x: special.expn(n, x), lambda x: mpmath.expint(n, x), POINTS) < 5e-15


@pytest.mark.parametrize("n", [0, 1, 2, 3, 6, 12])
def test_moments(n):
    points = [*RNG.uniform(-3, 3, 40), *RNG.uniform(-60, 60, 60), *RNG.uniform(-700, 700, 20), 30 + n, -30 - n, 1e-300, 0.0]
    assert worst(lambda x: special.exp_moment(n, x), lambda x: mpmath.hyp1f1(n + 1, n + 2, x) / (n + 1), points) < 3e-15
    points = [*RNG.uniform(-0.99, 3, 60), *RNG.uniform(2, 20, 30), *10 ** RNG.uniform(-5, 5, 30), -0.5, 2 + n, 1e-300]
    exact = lambda x: mpmath.hyp2f1(n + 1, n + 1, n + 2, -x) / (n + 1)
    assert worst(lambda x: special.log_moment(n, x), exact, points) < 1e-14


@pytest.mark.parametrize("f, x, exact", [
    (lambda x: scipy.special.exp1(x), 0.7, mpmath.e1), (lambda x: scipy.special.expi(x), 0.7, mpmath.ei),
    (lambda x: scipy.special.expn(1, x), 2.0, mpmath.e1),
    (lambda x: scipy.special.expn(3, x), 0.7, lambda x: mpmath.expint(3, x)),
    (lambda x: scipy.special.expn(np.array([0, 2]), x)[0], 1.5, lambda x: mpmath.exp(-x) / x),
    (lambda x: scipy.special.exprel(x), 0.3, lambda x: mpmath.expm1(x) / x),
    (lambda x: scipy.special.exp10(x), 0.3, lambda x: mpmath.mpf(10) ** x),
    (lambda x: scipy.special.softplus(x), 0.3, lambda x: mpmath.log1p(mpmath.exp(x))),
    (lambda x: scipy.special.log_expit(x), 0.0, lambda x: -mpmath.log1p(mpmath.exp(-x))),
    (lambda x: scipy.special.pseudo_huber(1.5, x), 0.0, lambda x: mpmath.mpf(9) / 4 * (mpmath.sqrt(1 + 4 * x * x / 9) - 1)),
    (lambda x: scipy.special.kl_div(x, 2.0), 2.0, lambda x: x * mpmath.log(x / 2) - x + 2),
    (lambda x: scipy.special.kl_div(0.5, x), 1.9, lambda x: mpmath.log(0.5 / x) / 2 - 0.5 + x),
    (lambda x: scipy.special.cosdg(x), 0.0, lambda x: mpmath.cos(x * mpmath.pi / 180)),
    (lambda x: scipy.special.tandg(x), 200.0, lambda x: mpmath.tan(x * mpmath.pi / 180)),
    (lambda x: scipy.special.cotdg(x), -300.0, lambda x: mpmath.cot(x * mpmath.pi / 180)),
    (lambda x: scipy.special.cosm1(x), 1e-3, lambda x: mpmath.cos(x) - 1)])
def test_derivatives(f, x, exact):
    if not hasattr(scipy.special, "softplus") and "softplus" in f.__code__.co_names:
        pytest.skip("SciPy has it from 1.17 on")
    with mpmath.workdps(40):
        want = [float(mpmath.diff(exact, mpmath.mpf(x), k)) for k in range(4)]
    np.testing.assert_allclose(both_ways(f, x), want, rtol=2e-13, atol=1e-15)


def test_the_sum_of_equal_exponentials():
    """The second derivative at a tie is 1/4; infinities and far apart numbers as in NumPy."""
    np.testing.assert_allclose(both_ways(lambda x: np.logaddexp(x, 1.0), 1.0), [1 + np.log(2), 0.5, 0.25, 0.0], atol=1e-15)
    hessian = jitad.hessian(lambda p: np.logaddexp(p[0], p[1]))(np.zeros(2))
    np.testing.assert_allclose(hessian, [[0.25, -0.25], [-0.25, 0.25]], rtol=1e-15)
    assert jitad.grad(lambda x: np.logaddexp(x, -np.inf))(-np.inf) == 0.5
    assert jitad.grad(lambda x: np.logaddexp(x, 0.0))(-np.inf) == 0.0


def test_regular_at_zero():
    assert both_ways(lambda x: scipy.special.exprel(x), 0.0) == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4], rel=1e-15)
    log = np.log(3.0)
    got = both_ways(lambda c: scipy.special.boxcox(3.0, c), 0.0)
    np.testing.assert_allclose(got, [log, log**2 / 2, log**3 / 3, log**4 / 4], rtol=1e-14)
    got = both_ways(lambda c: scipy.special.boxcox1p(2.0, c), 0.0)
    np.testing.assert_allclose(got, [log, log**2 / 2, log**3 / 3, log**4 / 4], rtol=1e-14)
    got = both_ways(lambda c: scipy.special.inv_boxcox(0.5, c), 0.0)
    inner = [0.5, -(0.5**2) / 2, 2 * 0.5**3 / 3, -6 * 0.5**4 / 4]  # of the logarithm
    a, b, c = inner[1:]
    np.testing.assert_allclose(got, np.exp(0.5) * np.array([1, a, b + a * a, c + 3 * a * b + a**3]), rtol=1e-14)
    np.testing.assert_allclose(both_ways(lambda c: scipy.special.inv_boxcox1p(0.5, c), 0.0)[1:], got[1:], rtol=1e-14)


def test_degrees():
    for name, values in {"sindg": [0, 0.5, 1, 0.5, 0, -1, 0], "cosdg": [1, 3**0.5 / 2, 0, -(3**0.5) / 2, -1, 0, 1]}.items():
        got = [getattr(special, name)(x) for x in (0.0, 30.0, 90.0, 150.0, 180.0, 270.0, 360.0)]
        np.testing.assert_allclose(got, values, rtol=1e-15, atol=0)
    x = RNG.uniform(-2000, 2000, 100)
    with mpmath.workdps(40):
        for name in ("sin", "cos", "tan", "cot"):
            exact = lambda v: getattr(mpmath, name)(v * mpmath.pi / 180)
            assert worst(getattr(special, name + "dg"), exact, x) < 2e-15


def test_kl_div_of_near_numbers():
    points = [(2.0, 2.0 + d) for d in (1e-12, 1e-6, 1e-3, 0.1, 0.19, 0.23, 1.0, -0.2, -0.25)] + [(1e-300, 1e300), (1e300, 1e-5)]
    exact = lambda x, y: x * mpmath.log(x / y) - x + y
    assert worst(special.kl_div, exact, points) < 4e-15


@pytest.mark.parametrize("name", ["huber", "pseudo_huber"])
def test_losses(name):
    f = getattr(scipy.special, name)
    delta, r = np.meshgrid([-1.0, 0.0, 0.5, 2.0], [-3.0, -0.5, 0.0, 0.2, 2.0, 7.0])
    np.testing.assert_allclose(jitad.jit(lambda d, r: f(d, r))(delta, r), f(delta, r), rtol=1e-14)
    jitad.testing.check_grads(lambda d, r: f(d, r).sum(), (np.full(3, 1.3), np.array([-2.0, 0.3, 4.0])))
    tiny = jitad.jit(lambda r: f(1.0, r))(1e-9)
    assert tiny == pytest.approx(5e-19, rel=1e-15)


@pytest.mark.parametrize("name", ["expm1", "log1p", "cbrt", "exp2", "exp10", "round", "log_expit", "exprel"])
def test_as_scipy(name):
    f, x = getattr(scipy.special, name), RNG.uniform(0.2, 3, 20)
    for dtype, tolerance in ((float, 1e-13), (np.float32, 1e-5)):
        got = jitad.jit(lambda x: f(x) * 1)(x.astype(dtype))
        assert got.dtype == dtype
        np.testing.assert_allclose(got, f(x), rtol=tolerance)

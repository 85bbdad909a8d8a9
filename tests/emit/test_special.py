"""Special functions of emitted code, against 40-digit arithmetic and SciPy."""

import mpmath
import numpy as np
import pytest
import scipy.special

import jitad
from jitad.emit import special
from jitad.errors import TraceError
from tests.emit.accuracy import both_ways, worst

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("n", range(9))
def test_polygamma(n):
    rng = np.random.default_rng(n)
    with mpmath.workdps(40):
        for x in np.concatenate([rng.uniform(0.01, 40, 60), rng.uniform(-6, 0, 30), 10 ** rng.uniform(2, 12, 20), [-2.50008]]):
            exact = mpmath.polygamma(n, float(x))
            # twenty terms are added up to reach the asymptotic series; between poles they cancel, as far as x is known
            error = abs(special.polygamma(n, float(x)) - exact)
            conditioning = 1e-16 * abs(x * mpmath.polygamma(n + 1, float(x)))
            assert error <= 1e-14 * max(abs(exact), 1 if n == 0 else 0) + conditioning, (n, x)


@pytest.mark.parametrize("name, low, high", [("expit", -40, 40), ("logit", 0, 1), ("entr", 0, 9), ("gammaln", -5, 90),
                                             ("gamma", -5, 90)])
def test_of_one_argument(name, low, high):
    for x in RNG.uniform(low, high, 300):
        np.testing.assert_allclose(getattr(special, name)(x), getattr(scipy.special, name)(x), rtol=2e-14, atol=1e-15)


@pytest.mark.parametrize("low, high", [(-5, 1), (-1, 1.5), (0, 2), (-3, 5)])
def test_beta(low, high):
    """An error of the logarithm is one of as many units of the value: so large are those that one unit of an argument makes."""
    points = [*10 ** RNG.uniform(low, high, (60, 2)), (9.999, 10.001), (10.0, 10.0), (1e-3, 10.0), (1e4, 1e-9)]
    assert worst(special.betaln, lambda a, b: mpmath.log(mpmath.beta(a, b)), points, lambda v: max(abs(v), 1)) < 5e-15
    assert worst(special.beta, mpmath.beta, points, lambda v: max(abs(v) * (1 + abs(mpmath.log(v))), 1e-290)) < 5e-15


def test_beta_of_negative_numbers():
    points = [(-2.5, 1.25), (-0.5, -0.75), (-3.25, 40.5), (-3.25, 400.5), (-100.25, 30.125), (-170.5, 20.25), (-200.5, 100.25)]
    assert worst(special.beta, mpmath.beta, points, lambda v: abs(v) * (10 + abs(mpmath.log(abs(v))))) < 5e-15
    for a, b in [(-2.0, 1.0), (-2.0, 2.0), (-2.0, 3.0), (-2.0, -1.0), (-2.5, 0.5), (-1.5, 1.5), (0.0, 2.0)]:
        assert special.beta(a, b) == scipy.special.beta(a, b) and special.betaln(a, b) == scipy.special.betaln(a, b)


def test_gamma_family_by_name():
    def f(x):
        return (scipy.special.beta(x, 2.5) + scipy.special.betaln(x, x) + scipy.special.multigammaln(x, 3)
                + scipy.special.polygamma(1, x) + scipy.special.loggamma(x))

    assert both_ways(f, 2.3)[0] == pytest.approx(f(2.3), rel=1e-13)
    with mpmath.workdps(40):
        def exact(x):
            half = mpmath.mpf(1) / 2
            several = sum(mpmath.loggamma(x - j * half) for j in range(3)) + 1.5 * mpmath.log(mpmath.pi)
            return mpmath.beta(x, 2.5) + mpmath.log(mpmath.beta(x, x)) + several + mpmath.polygamma(1, x) + mpmath.loggamma(x)

        want = [float(mpmath.diff(exact, mpmath.mpf(2.3), k)) for k in range(4)]
    np.testing.assert_allclose(both_ways(f, 2.3), want, rtol=1e-12)
    assert np.isnan(jitad.jit(lambda x: scipy.special.loggamma(x))(-2.5))
    orders = np.arange(3)
    np.testing.assert_allclose(jitad.jit(lambda x: scipy.special.polygamma(orders, x))(1.5), scipy.special.polygamma(orders, 1.5))
    with pytest.raises(TraceError, match="whole numbers"):
        jitad.grad(lambda x: scipy.special.polygamma(1.5, x))(1.0)


def test_derivatives_have_no_last_order():
    f = lambda x: scipy.special.gammaln(x)
    for _ in range(12):
        f = jitad.grad(f)
    assert f(2.0) == pytest.approx(scipy.special.polygamma(11, 2.0), rel=1e-13)


def test_in_likelihoods():
    """Poisson, binomial, Student-t and gamma likelihoods, written with SciPy's functions."""
    counts, x = RNG.poisson(4.0, 9).astype(float), RNG.normal(size=9)

    def poisson(p):
        rate = np.exp(p[0] + p[1] * x)
        return (scipy.special.xlogy(counts, rate) - rate - scipy.special.gammaln(counts + 1)).sum()

    def student(p):
        n, s = np.exp(p[0]), np.exp(p[1])
        return (scipy.special.gammaln((n + 1) / 2) - scipy.special.gammaln(n / 2) - 0.5 * np.log(n * np.pi * s**2)
                - (n + 1) / 2 * np.log1p((x / s) ** 2 / n)).sum()

    def binomial(p):
        q = scipy.special.expit(p[0] + p[1] * x)
        return (scipy.special.xlogy(counts, q) + scipy.special.xlog1py(12 - counts, -q)).sum()

    def entropy(p):
        w = np.exp(p)
        w = w / w.sum()
        return scipy.special.entr(w).sum() + scipy.special.rel_entr(w, w[::-1]).sum() + scipy.special.psi(w).sum()

    with jitad.disable_jit():
        for f in (poisson, student, binomial, entropy):
            jitad.testing.check_grads(f, (np.array([0.3, 0.2]),))

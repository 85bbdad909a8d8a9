"""Special functions of emitted code, against 40-digit arithmetic and SciPy."""

import mpmath
import numpy as np
import pytest
import scipy.special

import jitad
from jitad.emit import special

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("n", range(9))
def test_polygamma(n):
    with mpmath.workdps(40):
        for x in np.concatenate([RNG.uniform(0.01, 40, 60), RNG.uniform(-6, 0, 30), 10 ** RNG.uniform(2, 12, 20)]):
            exact = mpmath.polygamma(n, float(x))
            # twenty terms are added up to reach the asymptotic series
            error = abs(special.polygamma(n, float(x)) - exact)
            assert error <= 1e-14 * max(abs(exact), 1 if n == 0 else 0), (n, x)


@pytest.mark.parametrize("name, low, high", [("expit", -40, 40), ("logit", 0, 1), ("entr", 0, 9), ("gammaln", -5, 90),
                                             ("gamma", -5, 90)])
def test_of_one_argument(name, low, high):
    for x in RNG.uniform(low, high, 300):
        np.testing.assert_allclose(getattr(special, name)(x), getattr(scipy.special, name)(x), rtol=2e-14, atol=1e-15)


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

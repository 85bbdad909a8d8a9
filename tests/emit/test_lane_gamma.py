"""The logarithm of the gamma function and its derivative in lanes, against mpmath and in kernels."""

import mpmath
import numpy as np
import pytest
import scipy.special

import jitad
from jitad.emit.special import digamma_of_lanes, gammaln_of_lanes
from tests.emit.callers import in_lanes

RNG = np.random.default_rng(2)
POINTS = np.concatenate([
    10 ** RNG.uniform(-299, 0, 1500), np.linspace(0.2, 4.2, 4001), RNG.uniform(3, 20, 1000), 10 ** RNG.uniform(1, 299, 1500),
    *(c + RNG.normal(size=1000) * 10 ** RNG.uniform(-12, -1, 1000) for c in (1, 2))])


def errors(function, exact, scale):
    got = in_lanes(function)(POINTS)
    with mpmath.workdps(50):
        return np.array([float(abs(mpmath.mpf(float(b)) - w) / scale(abs(float(w))))
                         for w, b in ((exact(mpmath.mpf(float(a))), b) for a, b in zip(POINTS, got, strict=True))])


def test_accuracy():
    assert errors(gammaln_of_lanes, mpmath.loggamma, np.spacing).max() <= 2
    assert errors(digamma_of_lanes, lambda x: mpmath.psi(0, x), lambda w: max(w, 1) * 2.0**-52).max() <= 8


@pytest.mark.parametrize("function, scipys", [(gammaln_of_lanes, scipy.special.gammaln), (digamma_of_lanes, scipy.special.psi)])
def test_special_values(function, scipys):
    x = np.array([0.0, -0.0, -1.0, -7.0, np.inf, -np.inf, np.nan, 1e305, 1e-305, -0.5, -30.25, 1.0, 2.0])
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(in_lanes(function)(x), scipys(x), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("dtype", [float, np.float32])
def test_in_likelihoods(dtype):
    """Negative binomial counts: value and gradient, with blocks of ordinary numbers and others."""
    counts = RNG.poisson(4.0, 21).astype(dtype)

    def likelihood(r):
        return (scipy.special.gammaln(counts + r) - scipy.special.gammaln(r) - scipy.special.gammaln(counts + 1)).sum()

    f = jitad.value_and_grad(likelihood)
    for r in (RNG.uniform(0.5, 9, 21).astype(dtype), np.where(np.arange(21) == 3, -0.25, 2.5).astype(dtype)):
        found = f(r)
        with jitad.disable_jit():
            want = f(r)
        tolerance = 1e-13 if dtype is float else 1e-5
        np.testing.assert_allclose(found[0], want[0], rtol=tolerance)
        np.testing.assert_allclose(found[1], want[1], rtol=10 * tolerance, atol=tolerance)
    source = f.specialize(r).source
    assert ("gammaln_of_lanes(" if dtype is float else "gammaln_of_singles(") in source and "digamma_of_lanes(" in source

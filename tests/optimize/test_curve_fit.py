"""`curve_fit`: every form of its arguments, against SciPy with a Jacobian by hand."""

import numpy as np
import pytest
import scipy.optimize

import jitad
from jitad.optimize import curve_fit

RNG = np.random.default_rng(5)
T = np.linspace(0, 4, 50)
Y = 2.5 * np.exp(-1.3 * T) + 0.5 + 0.05 * RNG.normal(size=50)
ERRORS = 0.02 + 0.05 * RNG.uniform(size=50)
COVARIANCE = np.diag(ERRORS**2) + 1e-3 * np.exp(-np.abs(T[:, None] - T[None]))
START = (2, 1, 0)


def decay(t, a, b, c):
    return a * np.exp(-b * t) + c


def by_hand(t, a, b, c):
    e = np.exp(-b * t)
    return np.stack([e, -a * t * e, np.ones_like(t)], axis=1)


def both(**keywords):
    keywords = {"p0": START, **keywords}
    ours = curve_fit(decay, T, Y, **keywords)
    theirs = scipy.optimize.curve_fit(decay, T, Y, jac=by_hand, **keywords)
    return ours, theirs


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("sigma", [None, ERRORS, list(ERRORS), COVARIANCE], ids=["none", "vector", "list", "matrix"])
@pytest.mark.parametrize("method", ["lm", "trf", "dogbox"])
def test_sigma(method, sigma, absolute):
    ours, theirs = both(method=method, sigma=sigma, absolute_sigma=absolute)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-8)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("sigma", [0.05, np.array(0.05), [0.05]], ids=["float", "0-d", "list"])
def test_one_sigma_for_all(sigma):
    """SciPy itself fails here with a Jacobian given."""
    expected = curve_fit(decay, T, Y, START, sigma=np.full(50, 0.05), absolute_sigma=True)
    for method in ("lm", "trf"):
        found = curve_fit(decay, T, Y, START, sigma=sigma, absolute_sigma=True, method=method)
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-5)


def test_the_covariance_is_that_of_the_exact_jacobian():
    p, covariance = curve_fit(decay, T, Y, START, sigma=COVARIANCE, absolute_sigma=True, method="trf", xtol=1e-14, ftol=1e-14)
    j = jitad.jacobian(lambda q: decay(T, q[0], q[1], q[2]))(p)
    np.testing.assert_allclose(covariance, np.linalg.inv(j.T @ np.linalg.solve(COVARIANCE, j)), rtol=1e-8)


def test_bounds():
    ours, theirs = both(bounds=([0, 0, 0], [3, 1, 2]), p0=(2, 0.5, 0.5))
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-6)
    assert ours[0][1] == pytest.approx(1)
    ours, theirs = both(bounds=scipy.optimize.Bounds([0, 0, 0], [3, 1, 2]), p0=None)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-6)


def test_no_start():
    found = curve_fit(decay, T, Y)
    np.testing.assert_allclose(found[0], curve_fit(decay, T, Y, START)[0], rtol=1e-6)
    with pytest.raises(ValueError, match="give p0"):
        curve_fit(lambda *args: args[1] * args[0], T, Y)
    found = curve_fit(lambda t, *p: p[0] * t + p[1], T, Y, [1, 1])
    np.testing.assert_allclose(found[0], np.polyfit(T, Y, 1), rtol=1e-6)


def test_several_predictors_and_containers():
    x = np.stack([T, np.sin(3 * T)])
    y = 2 * x[0] - 3 * x[1] + 1

    def plane(x, a, b, c):
        return a * x[0] + b * x[1] + c

    np.testing.assert_allclose(curve_fit(plane, x, y)[0], [2, -3, 1], rtol=1e-8)
    found = curve_fit(lambda d, a, b: a * d["t"] + b * d["s"], {"t": T, "s": x[1]}, y - 1, [1, 1], check_finite=False)
    np.testing.assert_allclose(found[0], [2, -3], rtol=1e-8)


@pytest.mark.parametrize("method", ["lm", "trf"])
def test_missing_data(method):
    y = Y.copy()
    y[7] = np.nan
    keep = np.isfinite(y)
    found = curve_fit(decay, T, y, START, sigma=ERRORS, nan_policy="omit", check_finite=False, method=method)
    expected = curve_fit(decay, T[keep], Y[keep], START, sigma=ERRORS[keep], method=method)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-10)
    with pytest.raises(ValueError, match="must not contain"):
        curve_fit(decay, T, y, START)


def test_full_output_and_options():
    p, covariance, information, message, flag = curve_fit(decay, T, Y, START, full_output=True, ftol=1e-12, maxfev=50)
    theirs = scipy.optimize.curve_fit(decay, T, Y, START, jac=by_hand, full_output=True, ftol=1e-12, maxfev=50)
    assert flag in (1, 2, 3, 4) and information["nfev"] == theirs[2]["nfev"]
    with pytest.raises(RuntimeError, match="Optimal parameters not found"):
        curve_fit(decay, T, Y, START, maxfev=2)
    robust = curve_fit(decay, T, Y, START, method="trf", loss="soft_l1", x_scale="jac")
    np.testing.assert_allclose(robust[0], p, rtol=0.1)


def test_a_constant():
    found = curve_fit(lambda t, a: a, T, Y, [1.0])
    np.testing.assert_allclose(found[0], Y.mean(), rtol=1e-8)
    np.testing.assert_allclose(found[1], Y.var(ddof=1) / 50, rtol=1e-8)


def test_a_given_jacobian_is_used():
    calls = []

    def spy(*args):
        calls.append(1)
        return by_hand(*args)

    curve_fit(decay, T, Y, START, jac=spy)
    assert calls
    with pytest.raises(ValueError, match="exact here"):
        curve_fit(decay, T, Y, START, jac="3-point")
    with pytest.raises(TypeError, match="not jac=True"):
        curve_fit(decay, T, Y, START, jac=True)


def test_integers():
    found = curve_fit(lambda t, a, b: a * t + b, np.arange(5), [1, 3, 5, 7, 9], (1, 0))
    np.testing.assert_allclose(found[0], [2, 1], atol=1e-9)

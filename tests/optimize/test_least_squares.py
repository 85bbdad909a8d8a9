"""`least_squares`: everything but the reference problems."""

import numpy as np
import pytest
import scipy.optimize
from scipy.sparse import csr_matrix

import jitad
from jitad.optimize import least_squares

T = np.linspace(0, 3, 40)
Y = 2.5 * np.exp(-1.3 * T) + 0.5 + 0.01 * np.cos(17 * T)


def decay(b, t=T, y=Y):
    return b[0] * np.exp(-b[1] * t) + b[2] - y


def by_hand(b):
    e = np.exp(-b[1] * T)
    return np.stack([e, -b[0] * T * e, np.ones_like(T)], axis=1)


@pytest.mark.parametrize("loss", ["linear", "soft_l1", "huber", "cauchy", "arctan"])
@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
def test_same_as_a_jacobian_by_hand(method, loss):
    if method == "lm" and loss != "linear":
        with pytest.raises(ValueError, match="supports only 'linear'"):
            least_squares(decay, [1, 1, 0], method=method, loss=loss)
        return
    ours = least_squares(decay, [1, 1, 0], method=method, loss=loss, f_scale=0.1, xtol=1e-12)
    theirs = scipy.optimize.least_squares(decay, [1.0, 1, 0], by_hand, method=method, loss=loss, f_scale=0.1, xtol=1e-12)
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-8)
    assert set(ours) == set(theirs)
    if loss == "linear":
        np.testing.assert_allclose(ours.jac, by_hand(ours.x), rtol=1e-12)
        np.testing.assert_allclose(ours.grad, by_hand(ours.x).T @ ours.fun, atol=1e-12)


def test_given_jacobians():
    for given in (by_hand, lambda b: csr_matrix(by_hand(b))):
        found = least_squares(decay, [1, 1, 0], jac=given)
        np.testing.assert_allclose(found.x, least_squares(decay, [1, 1, 0]).x, rtol=1e-6)
    found = least_squares(lambda p: p["a"] * np.exp(-p["b"] * T) - Y, {"a": 1.0, "b": 1.0}, jac=lambda p: {
        "a": np.exp(-p["b"] * T), "b": -p["a"] * T * np.exp(-p["b"] * T)})
    assert found.success and found.jac.shape == (40, 2)


def test_arguments_and_keywords():
    found = least_squares(decay, [1, 1, 0], args=(T, Y + 1))
    np.testing.assert_allclose(found.x[2], least_squares(decay, [1, 1, 0], kwargs={"y": Y + 1, "t": T}).x[2], rtol=1e-8)


@pytest.mark.parametrize("shape", [(), (1,), (2, 3), "list"])
def test_residuals_of_any_shape(shape):
    def residuals(x):
        if shape == "list":
            return [x[0] - 1, (x - np.array([1.0, 2.0])) * 3, 0.5]
        return (x[0] - 1) * np.ones(shape) + 0 * x[1] if shape else x[0] - 1

    found = least_squares(residuals, [0.0, 0.0])
    assert found.fun.ndim == 1 and found.jac.shape == (found.fun.size, 2)
    np.testing.assert_allclose(found.x[0], 1, atol=1e-7)


def test_a_scalar():
    found = least_squares(lambda b: np.exp(-b * T) - np.exp(-2 * T), 1)
    assert isinstance(found.x, float) and found.x == pytest.approx(2)
    assert found.jac.shape == (40, 1)


def test_scale_of_a_container():
    found = least_squares(lambda p: [p["a"] - 3, 1e-3 * (p["b"] - 2000)], {"a": 1.0, "b": 1.0}, x_scale={"a": 1.0, "b": 1000.0})
    assert found.x["b"] == pytest.approx(2000)


def test_a_trust_region_by_lsmr():
    found = least_squares(decay, [1, 1, 0], tr_solver="lsmr", tr_options={"regularize": True}, max_nfev=100)
    np.testing.assert_allclose(found.x, least_squares(decay, [1, 1, 0]).x, rtol=1e-4)


@pytest.mark.parametrize("keywords, message", [
    ({"jac": "2-point"}, "derivatives are exact here"), ({"jac": "cs"}, "exact"), ({"diff_step": 1e-6}, "diff_step belongs"),
    ({"jac_sparsity": np.ones((40, 3))}, "jac_sparsity belongs"), ({"workers": 2}, "workers belongs"),
    ({"bounds": (0, 1, 2)}, "bounds"), ({"x_scale": [1, 2]}, "x_scale has 2 components"),
    ({"bounds": ([0, 0], 1)}, "a bound has 2 components"),
], ids=str)
def test_errors(keywords, message):
    with pytest.raises(ValueError, match=message):
        least_squares(decay, [1, 1, 0], **keywords)


def test_type_errors():
    with pytest.raises(TypeError, match="not jac=True"):
        least_squares(decay, [1, 1, 0], jac=True)
    with pytest.raises(TypeError, match="a function is needed"):
        least_squares(None, [1, 1, 0])
    with pytest.raises(jitad.errors.TraceError):
        least_squares(lambda x: [float(x[0])], [1.0])


def test_what_the_function_captures_may_change_between_runs():
    target = np.array([1.0, 2.0])

    def residuals(x):
        return x - target

    np.testing.assert_allclose(least_squares(residuals, np.zeros(2)).x, [1, 2])
    target[:] = [3, 4]
    np.testing.assert_allclose(least_squares(residuals, np.zeros(2)).x, [3, 4])

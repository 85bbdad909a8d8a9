"""Constraints: exact Jacobians for every form, exact second derivatives for trust-constr."""

import numpy as np
import pytest
import scipy.optimize
from scipy.optimize import BFGS, SR1, Bounds, LinearConstraint, NonlinearConstraint

import jitad
from jitad.optimize import minimize
from jitad.optimize.constraints import exact_constraints
from jitad.optimize.layout import Layout

METHODS = ["SLSQP", "trust-constr", "COBYLA", "COBYQA"]
OPTIONS = {"trust-constr": {"maxiter": 2000, "gtol": 1e-9, "xtol": 1e-10}, "COBYLA": {"maxiter": 5000, "tol": 1e-7}}


@pytest.fixture
def no_differences(monkeypatch):
    """SciPy's finite differences raise."""
    def refuse(*args, **kwargs):
        raise AssertionError("a finite difference was taken")

    from scipy.optimize import _differentiable_functions, _slsqp_py

    for module in (_differentiable_functions, _slsqp_py):
        monkeypatch.setattr(module, "approx_derivative", refuse, raising=False)


def product(x):
    """Hock and Schittkowski 71: minimum 17.0140173 at 1, 4.7429994, 3.8211503, 1.3794082."""
    return x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2]


FORMS = {
    "dicts": lambda: [{"type": "ineq", "fun": lambda x: np.prod(x) - 25}, {"type": "eq", "fun": lambda x, c: (x**2).sum() - c,
                                                                             "args": [40]}],
    "nonlinear": lambda: [NonlinearConstraint(lambda x: [np.prod(x)], 25, np.inf),
                          NonlinearConstraint(lambda x: (x**2).sum(), 40, 40, jac="cs")],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("method", METHODS)
def test_problem_71(no_differences, form, method):
    found = minimize(product, [1, 5, 5, 1], method=method, bounds=[(1, 5)] * 4, constraints=FORMS[form](),
                     options=OPTIONS.get(method))
    np.testing.assert_allclose(found.x, [1, 4.7429994, 3.8211503, 1.3794082], atol=2e-4)
    np.testing.assert_allclose(found.fun, 17.0140173, rtol=1e-5)


@pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
def test_containers(no_differences, method):
    def f(p):
        return (p["a"] - 2) ** 2 + ((p["b"] - 2) ** 2).sum()

    circle = {"type": "ineq", "fun": lambda p: 1 - p["a"] ** 2 - (p["b"] ** 2).sum()}
    found = minimize(f, {"a": 0.1, "b": np.array([0.1, 0.2])}, method=method, constraints=circle, tol=1e-10)
    np.testing.assert_allclose(found.x["a"], 1 / np.sqrt(3), atol=1e-5)
    np.testing.assert_allclose(found.x["b"], 1 / np.sqrt(3), atol=1e-5)


def test_linear_constraints_are_passed_through():
    line = LinearConstraint([[1, 1, 0]], 1, 1)
    assert exact_constraints(line, Layout(np.zeros(3)), "slsqp") == [line]
    for method in ("SLSQP", "trust-constr"):
        found = minimize(lambda p: (p["a"] ** 2).sum() + p["b"] ** 2, {"a": np.array([1.0, 2.0]), "b": 1.0}, method=method,
                         constraints=line)
        np.testing.assert_allclose(found.x["a"], [0.5, 0.5], atol=1e-5)


def curve(x):
    return np.array([x[0] ** 2 * x[1], np.sin(x[1]) * x[2], x[0] * x[1] * x[2]])


@pytest.mark.parametrize("constraint", [NonlinearConstraint(curve, 0, 1), {"type": "ineq", "fun": curve}], ids=["new", "dict"])
def test_derivatives(constraint):
    x, v = np.array([0.3, 0.7, -1.2]), np.array([1.0, -2.0, 0.5])
    (made,) = exact_constraints(constraint, Layout(x), "trust-constr")
    assert isinstance(made, NonlinearConstraint)
    np.testing.assert_allclose(made.fun(x), curve(x))
    np.testing.assert_allclose(made.jac(x), jitad.jacobian(curve)(x))
    expected = jitad.hessian(lambda y: (curve(y) * v).sum())(x)
    operator = made.hess(x, v)
    np.testing.assert_allclose(operator @ np.eye(3), expected, rtol=1e-12)
    np.testing.assert_allclose(operator.T @ np.eye(3), expected, rtol=1e-12)


def test_same_path_as_with_derivatives_by_hand():
    keywords = dict(method="trust-constr", options={"gtol": 1e-5, "xtol": 1e-6})  # further down, rounding decides
    x0 = np.ones(4)

    def f(x):
        return ((x - np.arange(4)) ** 4).sum() + (x**2).sum()

    def sphere(x):
        return (x**2).sum()

    ours = minimize(f, x0, constraints=NonlinearConstraint(sphere, 2, 2), **keywords)
    theirs = scipy.optimize.minimize(
        f, x0, jac=lambda x: 4 * (x - np.arange(4)) ** 3 + 2 * x, hess=lambda x: np.diag(12 * (x - np.arange(4)) ** 2 + 2),
        constraints=NonlinearConstraint(sphere, 2, 2, jac=lambda x: 2 * x, hess=lambda x, v: 2 * v[0] * np.eye(4)), **keywords)
    assert (ours.nit, ours.nfev, ours.constr_nfev) == (theirs.nit, theirs.nfev, theirs.constr_nfev)
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-9)
    np.testing.assert_allclose(sphere(ours.x), 2, rtol=1e-6)


def test_what_is_given_is_used():
    calls = []

    def jacobian(x):
        calls.append("jac")
        return 2 * x

    def hessian(x, v):
        calls.append("hess")
        return 2 * v[0] * np.eye(2)

    constraint = NonlinearConstraint(lambda x: (x**2).sum(), 1, 1, jac=jacobian, hess=hessian)
    found = minimize(lambda x: x.sum(), [1.0, -0.5], method="trust-constr", constraints=constraint)
    np.testing.assert_allclose(found.x, -np.sqrt(0.5), atol=1e-5)
    assert set(calls) == {"jac", "hess"}
    calls.clear()
    circle = {"type": "eq", "fun": lambda x: (x**2).sum() - 1, "jac": jacobian}
    found = minimize(lambda x: x.sum(), [1.0, -0.5], constraints=circle)
    np.testing.assert_allclose(found.x, -np.sqrt(0.5), atol=1e-5)
    assert calls


def test_quasi_newton_updates_of_constraints():
    made = exact_constraints(NonlinearConstraint(curve, 0, 1, hess=SR1()), Layout(np.zeros(3)), "trust-constr")[0]
    assert isinstance(made.hess, SR1)
    made = exact_constraints(NonlinearConstraint(curve, 0, 1, hess=BFGS()), Layout(np.zeros(3)), "trust-constr")[0]
    assert callable(made.hess)


def test_errors():
    layout = Layout(np.zeros(2))
    with pytest.raises(ValueError, match="exact here: leave the jac of a constraint out"):
        exact_constraints({"type": "eq", "fun": curve, "jac": "2-point"}, layout, "slsqp")
    with pytest.raises(ValueError, match="'type': 'eq' or 'ineq'"):
        exact_constraints({"type": "equal", "fun": curve}, layout, "slsqp")
    with pytest.raises(TypeError, match="a constraint is a dict"):
        exact_constraints([curve], layout, "slsqp")
    assert exact_constraints(Bounds(0, 1), layout, "slsqp")

"""One evaluation at a point, in whatever order SciPy asks for value and gradient."""

import numpy as np
import pytest
import scipy.optimize

import jitad
from jitad.optimize import basinhopping, dual_annealing, least_squares, minimize, root, root_scalar, shgo
from jitad.optimize import objective as module
from jitad.optimize.layout import Layout
from jitad.optimize.objective import Objective
from jitad.optimize.residuals import Residuals
from tests.optimize.functions import METHODS, OPTIONS, WITHOUT, Counting, bowl, rosenbrock


def repeated(points):
    """How often a point was evaluated for the value and again for the gradient.

    A line search that comes back to an earlier point evaluates anew, in SciPy's own count too: the memo is of one point.
    """
    return sum(a == b for a, b in zip(points, points[1:], strict=False))


@pytest.fixture
def points(monkeypatch):
    """Where the kernel is run."""
    seen = []
    original = Objective._evaluate

    def evaluate(self, key, flat):
        seen.append(key)
        return original(self, key, flat)

    monkeypatch.setattr(module.Objective, "_evaluate", evaluate)
    return seen


@pytest.mark.parametrize("method", METHODS + WITHOUT)
def test_minimize(points, method):
    found = minimize(bowl, np.zeros(4), method=method, options=OPTIONS.get(method), bounds=None)
    assert 3 < len(points) <= found.nfev
    assert not repeated(points)


@pytest.mark.parametrize("method", METHODS)
def test_a_function_of_value_and_gradient_runs_once_at_a_point(method):
    count = Counting(jitad.value_and_grad(bowl))
    minimize(count, np.zeros(4), jac=True, method=method, options=OPTIONS[method],
             hess=jitad.hessian(bowl) if method in ("dogleg", "trust-exact") else None,
             hessp=jitad.hvp(bowl) if method in ("Newton-CG", "trust-ncg", "trust-krylov", "trust-constr") else None)
    assert len(count.points) > 3 and not repeated(count.points)


def test_a_hessian_costs_no_evaluation_of_the_function(points):
    found = minimize(rosenbrock, np.array([0.3, 0.2, 0.1]), method="trust-exact")
    assert found.nhev > 3
    assert len(points) <= found.nfev and not repeated(points)


def test_gradients_are_fresh(points):
    objective = Objective(bowl, Layout(np.zeros(3)))
    x = np.array([0.1, 0.2, 0.3])
    first, second = objective.gradient(x), objective.gradient(x)
    assert first is not second
    first[:] = 0
    np.testing.assert_array_equal(objective.gradient(x), second)
    assert objective.value(x) == bowl(x)
    x[0] = 5  # the same array, another point
    assert objective.value(x) == pytest.approx(bowl(x))
    assert len(points) == objective.evaluations == 2


def test_a_given_gradient_is_not_evaluated_for_values():
    slopes = Counting(jitad.grad(bowl))
    values = Objective(bowl, Layout(np.zeros(3)), jac=slopes)
    x = np.ones(3)
    values.value(x)
    assert not slopes.points
    values.gradient(x)
    values.gradient(x)
    values.value(x)
    assert len(slopes.points) == values.evaluations == 1


def test_residuals():
    function = Residuals(lambda x: x**2 - 1, Layout(np.zeros(3)))
    x = np.array([1.0, 2.0, 3.0])
    for _ in range(2):
        function.values(x)[:] = 0
        function.jacobian(x)[:] = 0
    assert (function.evaluations, function.jacobians) == (1, 1)
    np.testing.assert_array_equal(function.values(x), [0, 3, 8])
    np.testing.assert_array_equal(function.jacobian(x), np.diag([2.0, 4.0, 6.0]))


@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
def test_least_squares_as_an_analytic_jacobian(method):
    """No evaluation goes into differences: the counts are those with a Jacobian by hand."""
    def residuals(x):
        return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])

    def jacobian(x):
        return np.array([[-20 * x[0], 10], [-1, 0]])

    ours = least_squares(residuals, [-1.2, 1], method=method)
    theirs = scipy.optimize.least_squares(residuals, [-1.2, 1], jacobian, method=method)
    assert (ours.nfev, ours.njev) == (theirs.nfev, theirs.njev)
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-9)


def test_roots(monkeypatch):
    runs = []
    original = Residuals.values
    monkeypatch.setattr(Residuals, "values", lambda self, flat: (runs.append(flat.tobytes()), original(self, flat))[1])
    found = root(lambda x: x**2 - np.arange(1.0, 4.0), np.ones(3))
    assert found.success and found.nfev == len(runs)
    theirs = scipy.optimize.root(lambda x: x**2 - np.arange(1.0, 4.0), np.ones(3), jac=lambda x: np.diag(2 * x))
    assert found.nfev == theirs.nfev


def test_root_scalar_evaluates_once_at_a_point(monkeypatch):
    from jitad.optimize import derive

    runs = []
    original = derive.slopes

    def slopes(f, order):
        kernel = original(f, order)
        return lambda x, *args: (runs.append(x), kernel(x, *args))[1]

    monkeypatch.setattr(derive, "slopes", slopes)
    found = root_scalar(lambda x: np.exp(x) - 2, x0=1.0, method="halley")
    assert abs(found.root - np.log(2)) < 1e-12
    assert len(runs) == len(set(runs)) == found.iterations


def test_global_methods(points):
    calls = []
    dual_annealing(rosenbrock, [(-2, 2)] * 3, maxiter=20, rng=0, callback=lambda x, f, context: calls.append(f))
    assert len(points) > 60 and not repeated(points)
    points.clear()
    found = basinhopping(rosenbrock, np.zeros(2), niter=5, rng=0)
    assert found.success and not repeated(points)
    points.clear()
    shgo(rosenbrock, [(-2, 2)] * 2)
    assert not repeated(points)

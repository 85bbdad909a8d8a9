"""What is not finite is reported with the point, once a run, and the run recovers."""

import warnings

import numpy as np
import pytest

import jitad
from jitad.optimize import NonFiniteWarning, curve_fit, least_squares, minimize, root
from jitad.optimize.layout import Layout
from jitad.optimize.objective import Objective
from tests.optimize.functions import METHODS

STARTS = {"wall": (0.7, 3.0, 50.0), "ball": (0.1, 0.5), "corner": (0.1, 1.0), "overflow": (-5.0, 0.0)}


def wall(x):
    """Minimum at 0.1, 0.1, ... close to the edge of the domain of log."""
    return (x - 0.1 * np.log(x)).sum()


def ball(x):
    return (x**2).sum() - np.sqrt(1 - (x**2).sum()) - x[0]


def corner(x):
    return -np.log(4 - (x**2).sum()) - np.log(x).sum() + 3 * x[0]


def overflow(x):
    return np.exp(np.exp(x)).sum() - 20 * x.sum()


@pytest.mark.filterwarnings("ignore::jitad.optimize.NonFiniteWarning")
@pytest.mark.parametrize("f", [wall, ball, corner, overflow], ids=lambda f: f.__name__)
@pytest.mark.parametrize("method", METHODS)
def test_every_method_comes_back(method, f):
    """Most of these runs step outside; with nan handed on, BFGS, CG, Newton-CG, L-BFGS-B and trust regions do not return."""
    for start in STARTS[f.__name__]:
        found = minimize(f, np.full(3, start), method=method)
        assert np.isfinite(found.fun)
        slope = jitad.grad(f)(found.x)
        curvature = np.linalg.norm(jitad.hessian(f)(found.x), 2)
        assert np.abs(slope).max() < 1e-2, found.message  # the default tolerance of SLSQP
        assert np.linalg.norm(slope) / curvature < 1e-3


@pytest.mark.parametrize("method", ["BFGS", "CG", "L-BFGS-B", "Newton-CG", "TNC"])
def test_one_warning_and_a_note(method):
    with pytest.warns(NonFiniteWarning, match=r"the value of wall is nan.* at x = array\(\[.*\]\)") as caught:
        found = minimize(wall, np.full(3, 50.0), method=method)
    assert sum(issubclass(w.category, NonFiniteWarning) for w in caught) == 1
    assert "Not finite" in found.message and "wall is nan" in found.message
    np.testing.assert_allclose(found.x, 0.1, atol=1e-3)


@pytest.mark.parametrize("method", ["Nelder-Mead", "Powell", "COBYLA", "COBYQA"])
@pytest.mark.filterwarnings("ignore::jitad.optimize.NonFiniteWarning", "ignore:invalid value:RuntimeWarning")  # Brent's parabola
def test_methods_without_derivatives_are_told_inf(method):
    found = minimize(wall, np.full(2, 0.7), method=method)
    assert np.isfinite(found.fun)
    np.testing.assert_allclose(found.x, 0.1, atol=1e-2)


def test_the_wall():
    objective = Objective(wall, Layout(np.ones(2)))
    inside, outside = np.array([1.0, 1.0]), np.array([-1.0, 1.0])
    value, slope = objective.value(inside), objective.gradient(inside)
    with pytest.warns(NonFiniteWarning):
        told = objective.value(outside)
    assert told > value and np.isfinite(objective.gradient(outside)).all()
    assert objective.gradient(outside) @ (outside - inside) > 0
    assert told - value == pytest.approx(abs(slope @ (outside - inside)))


def test_a_run_that_ends_outside_has_failed():
    with pytest.warns(NonFiniteWarning):
        found = minimize(lambda x: np.log(x).sum(), [-1.0, 2.0], options={"maxiter": 3})
    assert np.isnan(found.fun) and not found.success


def test_minus_infinity_is_no_wall():
    with pytest.warns(NonFiniteWarning, match="is -inf"):
        objective = Objective(lambda x: np.log(x).sum(), Layout(np.ones(1)))
        objective.value(np.ones(1))
        assert objective.value(np.zeros(1)) == -np.inf


def test_no_note_without_cause():
    found = minimize(wall, np.full(3, 0.12), bounds=[(0.01, None)] * 3)
    assert "finite" not in found.message


def kink(p):
    return (np.sqrt(np.abs(p["k"])) + p["s"] ** 2).sum()


def test_components_of_a_gradient_are_named():
    with pytest.warns(NonFiniteWarning) as caught:
        minimize(lambda p: kink(p), {"k": np.array([[1.0, 0.0]]), "s": 2.0}, options={"maxiter": 1})
    message = str(caught[0].message)
    assert "whose value is" in message and "d/dx['k'][0, 1]" in message and "'s': 2.0" in message
    assert "d/dx['k'][0, 0]" not in message and "d/dx['s']" not in message


@pytest.mark.filterwarnings("ignore:invalid value encountered")
def test_many_components_are_counted():
    with pytest.warns(NonFiniteWarning, match="and 15 more components"):
        minimize(lambda x: np.sqrt(x).sum(), np.zeros(20), options={"maxiter": 1})


def test_components_are_named_beside_a_value():
    with pytest.warns(NonFiniteWarning, match=r"is -inf, and its gradient has the components d/dx\[1\] = inf at x"):
        Objective(lambda x: np.log(x).sum(), Layout(np.ones(2))).value(np.array([1.0, 0.0]))


def test_it_can_be_an_error():
    with warnings.catch_warnings():
        warnings.simplefilter("error", NonFiniteWarning)
        with pytest.raises(NonFiniteWarning, match="wall is nan"):
            minimize(wall, np.full(3, 0.7), method="BFGS")


def test_two_runs_warn_twice():
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            minimize(wall, np.full(3, 0.7), method="CG")
        assert [w.category for w in caught] == [NonFiniteWarning]


def test_residuals():
    def residuals(p):
        return np.log(p["a"]) - np.array([1.0, 2.0])

    with pytest.warns(NonFiniteWarning, match=r"residuals has the components \[1\] = nan at x = {'a'"), pytest.raises(
            ValueError, match="not finite in the initial point"):
        least_squares(residuals, {"a": np.array([1.0, -1.0])})


def test_a_jacobian():
    with pytest.warns(NonFiniteWarning, match=r"the Jacobian of <lambda> has the entries d\[1\]/dx\[1\] = inf at x"):
        try:
            least_squares(lambda x: np.sqrt(x) - 1, np.array([1.0, 0.0]))
        except ValueError:
            pass  # SciPy's SVD of it


def test_a_root():
    with pytest.warns(NonFiniteWarning, match=r"the components \[0\] = nan, \[1\] = nan at x"):
        found = root(lambda x: np.log(x) - x + 3, np.array([5.0, 5.0]) * 1e-9 - 1)
    assert "Not finite" in found.message


@pytest.mark.filterwarnings("ignore:Covariance of the parameters")
def test_a_curve():
    t = np.linspace(0, 1, 20)
    with pytest.warns(NonFiniteWarning, match="the value of curve is not finite in 20 of 20 entries at the parameters"):
        try:
            curve_fit(curve, t, t + 1, p0=[-1.0])
        except (RuntimeError, ValueError):
            pass


def curve(t, a):
    return np.sqrt(a) * (t + 1)


def test_a_given_function_of_both_is_watched_too():
    with pytest.warns(NonFiniteWarning, match="is nan at x"):
        minimize(jitad.value_and_grad(wall), np.full(2, 0.7), jac=True)

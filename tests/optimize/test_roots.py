"""`root` and `root_scalar`."""

import numpy as np
import pytest
import scipy.optimize

import jitad
from jitad.optimize import root, root_scalar


def equations(x):
    return [x[0] * np.cos(x[1]) - 4, x[0] * x[1] - x[1] - 5]


def jacobian(x):
    return np.array([[np.cos(x[1]), -x[0] * np.sin(x[1])], [x[1], x[0] - 1]])


@pytest.mark.parametrize("method", ["hybr", "lm"])
def test_same_as_a_jacobian_by_hand(method):
    ours = root(equations, [1, 1], method=method)
    theirs = scipy.optimize.root(equations, [1, 1], jac=jacobian, method=method)
    assert (ours.nfev, ours.njev) == (theirs.nfev, theirs.njev)
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-9)
    assert set(ours) == set(theirs)


@pytest.mark.parametrize("method", ["broyden1", "broyden2", "anderson", "krylov", "df-sane", "linearmixing", "diagbroyden",
                                    "excitingmixing"])
def test_other_methods_get_the_function(method):
    found = root(lambda x: np.array([1.0, 2.0]) - x - 0.1 * np.sin(x), np.ones(2), method=method)
    assert found.success
    np.testing.assert_allclose(found.x + 0.1 * np.sin(found.x), [1, 2], atol=1e-4)


@pytest.mark.parametrize("options", [{"col_deriv": True}, {"col_deriv": False}, {}])
@pytest.mark.parametrize("method", ["hybr", "lm"])
def test_the_orientation_of_the_jacobian_is_ours(method, options):
    np.testing.assert_allclose(root(equations, [1, 1], method=method, options=options).x, [6.50409711, 0.90841421], rtol=1e-7)


def test_value_and_jacobian_in_one_function():
    found = root(lambda x: (np.array(equations(x)), jacobian(x)), np.ones(2), jac=True)
    np.testing.assert_allclose(found.x, [6.50409711, 0.90841421], rtol=1e-7)


def test_given_jacobian_and_arguments():
    calls = []

    def slopes(x, c):
        calls.append(c)
        return np.diag(2 * x)

    found = root(lambda x, c: x**2 - c, np.ones(2), args=(4.0,), jac=slopes)
    np.testing.assert_allclose(found.x, 2)
    assert set(calls) == {4.0}


def test_a_number_and_a_matrix():
    found = root(lambda x: x + 2 * np.cos(x), 0.3)
    assert isinstance(found.x, float) and found.x == pytest.approx(-1.0298665)
    a = np.array([[4.0, 1.0], [1.0, 3.0]])
    found = root(lambda x: x @ x - a, np.eye(2), tol=1e-12)
    np.testing.assert_allclose(found.x @ found.x, a, rtol=1e-9)


def test_errors():
    with pytest.raises(ValueError, match="exact here"):
        root(equations, [1, 1], jac="3-point")
    with pytest.raises(ValueError, match="exact here"):
        root_scalar(np.cos, x0=1.0, fprime="2-point")
    with pytest.raises(ValueError, match="bracket"):
        root_scalar(np.cos)


def cubic(x, c):
    return x**3 - c


@pytest.mark.parametrize("method", ["newton", "halley"])
def test_root_scalar_as_with_derivatives_by_hand(method):
    second = {"fprime2": lambda x, c: 6 * x} if method == "halley" else {}
    ours = root_scalar(cubic, args=(5.0,), x0=2, method=method)
    theirs = scipy.optimize.root_scalar(cubic, args=(5.0,), x0=2, method=method, fprime=lambda x, c: 3 * x**2, **second)
    assert (ours.iterations, ours.function_calls, ours.converged) == (theirs.iterations, theirs.function_calls, True)
    assert ours.root == pytest.approx(5 ** (1 / 3), rel=1e-14)


@pytest.mark.parametrize("keywords, method", [
    ({"bracket": [0, 3]}, "brentq"), ({"x0": 2}, "newton"), ({"x0": 2, "x1": 3}, "secant"),
    ({"x0": 2, "fprime": lambda x, c: 3 * x**2}, "newton"),
    ({"x0": 2, "fprime": lambda x, c: 3 * x**2, "fprime2": lambda x, c: 6 * x}, "halley"),
], ids=["bracket", "x0", "x0 x1", "fprime", "fprime2"])
def test_the_choice_of_a_method_is_scipys(keywords, method):
    ours = root_scalar(cubic, args=5.0, **keywords)
    theirs = scipy.optimize.root_scalar(cubic, args=(5.0,), **keywords)
    assert ours.method == theirs.method == method
    assert ours.root == pytest.approx(theirs.root, rel=1e-10)


@pytest.mark.parametrize("method", ["bisect", "brentq", "brenth", "ridder", "toms748"])
def test_brackets(method):
    assert root_scalar(cubic, args=(5.0,), method=method, bracket=(0, 3)).root == pytest.approx(5 ** (1 / 3))


def test_fprime_true():
    calls = jitad.value_and_grad(cubic)
    assert root_scalar(calls, args=(5.0,), x0=2.0, fprime=True).root == pytest.approx(5 ** (1 / 3))


def test_tolerances_are_passed_on():
    rough = root_scalar(cubic, args=(5.0,), x0=2.0, xtol=0.1)
    fine = root_scalar(cubic, args=(5.0,), x0=2.0, xtol=1e-14, maxiter=60)
    assert rough.iterations < fine.iterations

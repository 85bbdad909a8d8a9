"""Every method of scipy's minimize, through jitad.optimize.minimize and through the plain route with jac=True."""

import numpy as np
import pytest
import scipy.optimize

import jitad
from jitad.optimize import minimize
from tests.optimize.functions import METHODS, OPTIONS, WITHOUT, bowl, rosenbrock

SECOND = {"dogleg": "hess", "trust-exact": "hess", "Newton-CG": "hessp", "trust-ncg": "hessp", "trust-krylov": "hessp",
          "trust-constr": "hessp"}


@pytest.mark.parametrize("method", METHODS)
def test_minimize(method):
    found = minimize(bowl, np.zeros(6), method=method, options=OPTIONS[method])
    assert found.success, found.message
    np.testing.assert_allclose(found.x, np.arange(1, 7), atol=1e-6)
    gradient = found.grad if method == "trust-constr" else found.jac
    np.testing.assert_allclose(gradient, jitad.grad(bowl)(found.x), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("method", METHODS)
def test_the_plain_route(method):
    """``jac=True`` goes through SciPy's memo, which keeps the gradient that it is handed."""
    second = {"hess": jitad.hessian(bowl), "hessp": jitad.hvp(bowl)}
    keywords = {SECOND[method]: second[SECOND[method]]} if method in SECOND else {}
    found = scipy.optimize.minimize(jitad.value_and_grad(bowl), np.zeros(6), jac=True, method=method, options=OPTIONS[method],
                                    **keywords)
    assert found.success, found.message
    np.testing.assert_allclose(found.x, np.arange(1, 7), atol=1e-6)


@pytest.mark.parametrize("method", [m for m in METHODS if m != "dogleg"])
def test_both_routes_take_the_same_steps_on_rosenbrock(method):
    """Iterates, not just the result: a reused gradient buffer would change them. (dogleg wants convexity.)"""
    paths = []
    x0 = np.array([0.3, 0.2, 0.4, 0.1])
    options = OPTIONS[method]
    second = {"hess": jitad.hessian(rosenbrock), "hessp": jitad.hvp(rosenbrock)}
    keywords = {SECOND[method]: second[SECOND[method]]} if method in SECOND else {}
    for run in (lambda c: minimize(rosenbrock, x0, method=method, options=options, callback=c),
                lambda c: scipy.optimize.minimize(jitad.value_and_grad(rosenbrock), x0, jac=True, method=method, options=options,
                                                  callback=c, **keywords)):
        path = []

        def callback(x, *state):
            path.append(np.array(x))

        found = run(callback)
        np.testing.assert_allclose(found.x, 1, atol=1e-5)
        paths.append(path)
    assert len(paths[0]) == len(paths[1]) > 3
    np.testing.assert_array_equal(paths[0], paths[1])


@pytest.mark.parametrize("method", ["BFGS", "CG", "L-BFGS-B", "SLSQP"])
def test_same_path_as_an_analytic_gradient(method):
    def gradient(x):
        d = x - np.arange(1, len(x) + 1)
        return np.sinh(d) + d.sum()

    ours = minimize(bowl, np.zeros(6), method=method)
    theirs = scipy.optimize.minimize(bowl, np.zeros(6), jac=gradient, method=method)
    assert (ours.nit, ours.nfev, ours.njev) == (theirs.nit, theirs.nfev, theirs.njev)
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-9)


@pytest.mark.parametrize("method", WITHOUT)
def test_methods_without_derivatives_get_the_value(method):
    found = minimize(bowl, [0.5, 0.5], method=method, tol=1e-5, options={"maxiter": 5000})
    np.testing.assert_allclose(found.x, [1, 2], atol=1e-3)
    assert "jac" not in found


def test_default_methods_are_scipys():
    box = [(0, 4)] * 3
    line = {"type": "eq", "fun": lambda x: x.sum() - 5}
    for keywords in ({}, {"bounds": box}, {"constraints": line}, {"bounds": box, "constraints": line}):
        ours = minimize(bowl, np.ones(3), **keywords)
        theirs = scipy.optimize.minimize(bowl, np.ones(3), **keywords)
        assert ours.message == theirs.message
        assert set(ours) == set(theirs)
        np.testing.assert_allclose(ours.x, theirs.x, atol=1e-4)


def test_given_derivatives_are_used():
    calls = []

    def spy(name, f):
        return lambda *args: (calls.append(name), f(*args))[1]

    for method, keywords, expected in (
        ("BFGS", {"jac": jitad.grad(bowl)}, {"jac"}),
        ("trust-exact", {"hess": jitad.hessian(bowl)}, {"hess"}),
        ("trust-ncg", {"hess": jitad.hessian(bowl)}, {"hess"}),
        ("trust-ncg", {"hessp": jitad.hvp(bowl)}, {"hessp"}),
        ("Newton-CG", {"jac": jitad.grad(bowl), "hessp": jitad.hvp(bowl)}, {"jac", "hessp"}),
    ):
        calls.clear()
        found = minimize(bowl, np.zeros(3), method=method, **{k: spy(k, f) for k, f in keywords.items()})
        assert found.success
        assert set(calls) == expected


def test_a_quasi_newton_update_is_used():
    found = minimize(rosenbrock, np.zeros(2), method="trust-constr", hess=scipy.optimize.SR1(), options={"gtol": 1e-8})
    np.testing.assert_allclose(found.x, 1, atol=1e-5)
    assert found.nhev == 0


def test_value_and_grad_with_jac_true():
    function = jitad.value_and_grad(bowl)
    for method in ("BFGS", "trust-ncg", "trust-exact", "Nelder-Mead"):
        found = minimize(function, np.zeros(2), jac=True, method=method)
        np.testing.assert_allclose(found.x, [1, 2], atol=1e-4)


def test_a_function_of_value_and_gradient_that_reuses_its_buffer():
    buffer = np.empty(4)

    def function(x):
        buffer[:] = 2 * (x - 3)
        return float(((x - 3) ** 2).sum()), buffer

    for method in ("BFGS", "CG", "L-BFGS-B"):
        found = minimize(function, np.zeros(4), jac=True, method=method)
        np.testing.assert_allclose(found.x, 3, atol=1e-6)


def test_a_method_of_the_users_gets_all_derivatives():
    def newton(fun, x0, args=(), jac=None, hess=None, hessp=None, callback=None, **options):
        x = x0
        for _ in range(20):
            step = np.linalg.solve(hess(x), jac(x))
            np.testing.assert_allclose(hessp(x, step), jac(x), atol=1e-10)
            x = x - step
            callback(x)
        return scipy.optimize.OptimizeResult(x=x, fun=fun(x), jac=jac(x), success=True)

    seen = []
    found = minimize(lambda p: bowl(p["x"]), {"x": np.zeros(3)}, method=newton, callback=seen.append)
    np.testing.assert_allclose(found.x["x"], [1, 2, 3])
    assert len(seen) == 20 and set(seen[0]) == {"x"}


@pytest.mark.parametrize("keywords", [{"jac": "2-point"}, {"jac": "cs"}, {"hess": "3-point"}, {"hessp": "2-point"}], ids=str)
def test_finite_differences_are_refused(keywords):
    with pytest.raises(ValueError, match="exact here: leave"):
        minimize(bowl, np.zeros(3), method="trust-constr", **keywords)


def test_clear_errors():
    with pytest.raises(TypeError, match="pass jac=True as well"):
        minimize(jitad.value_and_grad(bowl), np.zeros(3))
    with pytest.raises(TypeError, match="is the function, not 3"):
        minimize(3, np.zeros(3))
    with pytest.raises(TypeError, match="jac is None"):
        minimize(bowl, np.zeros(3), jac=5)
    with pytest.raises(TypeError, match="hess is None"):
        minimize(bowl, np.zeros(3), hess=5)
    with pytest.raises(ValueError, match="holds no numbers"):
        minimize(bowl, [])
    with pytest.raises(TypeError, match="real numbers"):
        minimize(bowl, np.array([1j]))
    with pytest.raises(ValueError, match="Unknown solver"):
        minimize(bowl, np.zeros(3), method="steepest")
    with pytest.raises(ValueError, match="2 components, but x has 3"):
        minimize(bowl, np.zeros(3), jac=lambda x: np.zeros(2))
    with pytest.raises(jitad.errors.ShapeError, match="vector_valued returned an array"):
        minimize(vector_valued, np.zeros(3))


def vector_valued(x):
    return x * 2


def test_a_result_of_one_element_is_a_number():
    found = minimize(lambda x: (x - 3) ** 2, [1.0])
    np.testing.assert_allclose(found.x, [3])


def test_further_arguments():
    def f(x, centre, scale):
        return (scale * (x - centre) ** 2).sum()

    found = minimize(f, np.zeros(3), args=(np.array([1.0, 2, 3]), 2), method="trust-ncg")
    np.testing.assert_allclose(found.x, [1, 2, 3])
    found = minimize(lambda x, centre: ((x - centre) ** 2).sum(), np.zeros(3), args=np.array([1.0, 2, 3]))
    np.testing.assert_allclose(found.x, [1, 2, 3])

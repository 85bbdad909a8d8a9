"""Functions of SciPy that ask their arguments for a namespace are traced as they are."""

import numpy as np
import pytest
import scipy
import scipy.optimize
from scipy.optimize import rosen, rosen_der, rosen_hess

import jitad
import jitad.optimize
from jitad import errors

X = np.random.default_rng(2).normal(size=7)


def test_rosen_as_it_is():
    np.testing.assert_allclose(jitad.grad(rosen)(X), rosen_der(X), rtol=1e-12)
    np.testing.assert_allclose(jitad.hessian(rosen)(X), rosen_hess(X), rtol=1e-12)
    assert jitad.value_and_grad(rosen)(X)[0] == pytest.approx(rosen(X))
    for n in (2, 3, 4, 5, 100):
        np.testing.assert_allclose(jitad.grad(rosen)(np.linspace(-1, 2, n)), rosen_der(np.linspace(-1, 2, n)), rtol=1e-11)


def test_rosen_of_other_arguments():
    assert jitad.jit(rosen)(np.arange(5)) == rosen(np.arange(5))
    np.testing.assert_allclose(jitad.grad(rosen)([1.3, 0.7, 0.8]), rosen_der([1.3, 0.7, 0.8]))
    single = jitad.grad(rosen)(X.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, rosen_der(X), rtol=1e-3)
    many = np.random.default_rng(1).normal(size=(3, 6))
    np.testing.assert_allclose(jitad.jit(rosen)(many), rosen(many))


@pytest.mark.parametrize("f", [
    lambda x: 2 * rosen(np.sin(x)), lambda x: 2 * scipy.optimize.rosen(np.sin(x))], ids=["by name", "in a module"])
def test_rosen_inside_other_functions(f):
    g = jitad.grad(f)
    for _ in range(3):
        np.testing.assert_allclose(g(X), 2 * rosen_der(np.sin(X)) * np.cos(X), rtol=1e-12)


def test_rosen_is_minimised():
    x0 = np.full(6, -0.5)
    for method in ("BFGS", "L-BFGS-B", "trust-ncg"):
        found = jitad.optimize.minimize(rosen, x0, method=method, tol=1e-12)
        np.testing.assert_allclose(found.x, np.ones(6), atol=1e-5)
    found = scipy.optimize.minimize(jitad.value_and_grad(rosen), x0, jac=True, method="L-BFGS-B", tol=1e-12)
    np.testing.assert_allclose(found.x, np.ones(6), atol=1e-4)


def test_errors_inside_scipy_name_the_users_line():
    from scipy.interpolate import BarycentricInterpolator

    def f(x):
        return BarycentricInterpolator(x, x)(0.5)  # this line

    with pytest.raises(errors.ConcreteValueError) as info:
        jitad.grad(f)(X)
    line = f.__code__.co_firstlineno + 1
    assert f"{__file__}, line {line}" in str(info.value)


def test_tracing_changes_nothing_for_others():
    names = vars(scipy.optimize._optimize)
    before = dict(names)
    jitad.grad(rosen)(X)
    assert vars(scipy.optimize._optimize) == before and isinstance(rosen(X), float)


def test_result_type():
    def f(x, y):
        assert np.result_type(x, 1.0) == x.dtype and np.result_type(x, y) == np.float64 and np.result_type(y, 2) == y.dtype
        return (x * y).sum()

    jitad.jit(f)(X, np.arange(7, dtype=np.int32))

"""Arrays of objects that NumPy makes of traced values, lists of them, and Python's own functions of numbers."""

import array
import math
from math import exp, sqrt

import numpy as np
import pytest
import scipy.integrate
import scipy.interpolate
import scipy.linalg

import jitad
from jitad.errors import ConcreteValueError, ShapeError, TraceError

X = np.array([0.3, 0.7, 1.2])
MATRIX = np.array([[1, 2, 3], [3, 4, 5]])


@pytest.fixture(autouse=True)
def interpreted():
    with jitad.disable_jit():
        yield


@pytest.mark.parametrize("f", [
    lambda x: np.log([x[0], x[1]]).sum(), lambda x: np.exp([x, 2 * x]).sum(),
    lambda x: (np.array([1.0, 2, 3]) * [x[0], x[1], x[2]]).sum(), lambda x: np.array([[1, 2, 3], [3, 4, 5]]).dot(x).sum(),
    lambda x: MATRIX.dot(x).sum(), lambda x: np.arctan2([x[0], x[1]], [x[1], x[2]]).sum(),
    lambda x: scipy.integrate.simpson(x), lambda x: scipy.integrate.trapezoid(x, dx=0.3), lambda x: np.hypot([x[0]], [x[1]])[0],
    lambda x: (np.asarray([x[0] * 2, x[1]]) * x[:2]).sum(), sum, lambda x: np.multiply.reduce([x[0], x[1]]),
    lambda x: max(x[0], x[1], 0.5) + min(x) + max([x[0], 2.0]), lambda x: math.sqrt(x[0]) + sqrt(x[1]) * exp(x[2]),
    lambda x: max(v**2 for v in x) + min(x) + max([], default=x[0]) + max(iter([x[1], 2.0]), default=0.0),
    lambda x: np.dot(sorted(x), [1.0, 2.0, 3.0]) + sorted([x[0], 0.5, x[2] ** 2], reverse=True)[0],
    lambda x: np.dot(sorted(x, key=lambda v: -abs(v - 0.6)), [1.0, 2.0, 3.0]) + sorted(x, key=np.sin, reverse=True)[0],
    lambda x: np.where(any(x > 1), 1.0, 2.0) * x[0] + np.where(all(v > 0.5 for v in x), 3.0, 4.0) * x[1],
    lambda x: any([]) * x[0] + all(()) * x[2],
    lambda x: math.log(x[0], 2) + math.log(x[1]) + math.fsum(x) + math.hypot(*x) + math.dist(x, [0.0, 1.0, 2.0]),
    lambda x: math.erf(x[0]) + math.lgamma(x[1]) + math.atan2(x[0], math.pi) + math.pow(x[1], 3) + math.floor(2.5) * x[0]])
def test_as_without_jitad(f):
    value, slope = jitad.value_and_grad(f)(X)
    assert value == pytest.approx(f(X), rel=1e-14)
    np.testing.assert_allclose(slope, [(f(X + e) - f(X - e)) / 2e-6 for e in 1e-6 * np.eye(3)], rtol=1e-7, atol=1e-8)


def test_python_s_own_functions_stay_for_plain_values():
    f = jitad.jit(lambda x: x * max(1, 2) + max([3, 4], key=lambda v: -v) + len(max("a", "bc")) + min({5, 6}) + math.log(8, 2))
    assert f(1.0) == 2 + 3 + 2 + 5 + 3
    with pytest.raises(ValueError, match="empty"):
        jitad.jit(lambda x: x + max([]))(1.0)


def test_any_and_all_look_no_further_than_python_does():
    def endless(x):
        yield x > 0
        while True:
            yield True

    assert jitad.jit(lambda x: x * any(endless(x)))(2.0) == 2.0
    assert jitad.jit(lambda x: x * all(v is None for v in [1, x]))(2.0) == 0.0
    with pytest.raises(ShapeError, match="truth value"):
        jitad.jit(lambda x: any([x, x]) * x)(X)


def test_results_may_be_arrays_of_objects():
    out = jitad.jit(lambda x: np.asarray(np.array([1, 2]) * [x[0], x[1]]))(X)
    assert out.dtype == float
    np.testing.assert_allclose(out, [0.3, 1.4])


@pytest.mark.parametrize("f", [lambda x: scipy.linalg.solve_banded((0, 0), x[None], x).sum(),
                               lambda x: scipy.interpolate.CubicSpline([0, 1, 2], x)(0.5)])
def test_code_that_cannot_use_them(f):
    with pytest.raises(TraceError, match=r"array of objects was made .*\n  at .*test_elements.py, line"):
        jitad.jit(f)(X)


def test_as_floats_is_refused():
    with pytest.raises(ConcreteValueError, match="float"):
        jitad.jit(lambda x: array.array("d", x)[0])(X)


def test_too_many():
    with pytest.raises(TraceError, match="at most 10000 elements, not 20000"):
        jitad.jit(lambda x: np.array([1.0, 2.0]).dot(x).sum())(np.ones((2, 10000)))

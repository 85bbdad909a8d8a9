"""Bounds: SciPy's forms over the flat vector, and containers shaped like the start."""

from collections import namedtuple

import numpy as np
import pytest
from scipy.optimize import Bounds

from jitad.optimize import least_squares, minimize
from jitad.optimize.layout import Layout
from jitad.optimize.limits import flat_bounds, low_high, searched

Pair = namedtuple("Pair", "low high")
METHODS = ["L-BFGS-B", "TNC", "SLSQP", "trust-constr", "Nelder-Mead", "Powell", "COBYLA", "COBYQA"]
INF = np.inf


@pytest.mark.parametrize("method", METHODS)
def test_minimize(method):
    def f(p):
        return ((p["w"] - 3) ** 2).sum() + (p["k"] + 1) ** 2

    x0 = {"w": np.array([[0.5, 0.5]]), "k": 1.0}
    options = {"maxiter": 500} if method == "trust-constr" else None
    found = minimize(f, x0, method=method, bounds={"w": (0, np.array([[1.0, 2.0]])), "k": (0, None)}, options=options)
    np.testing.assert_allclose(found.x["w"], [[1, 2]], atol=2e-3)
    assert abs(found.x["k"]) < 2e-3


X3 = np.zeros(3)
TREE = {"a": np.zeros(2), "b": 0.0}


@pytest.mark.parametrize("x0, bounds, low, high", [
    (X3, [(0, 1), (None, 2), (-1, None)], [0, -INF, -1], [1, 2, INF]),
    (X3, ((0, 1), (0, 2), (0, 3)), [0, 0, 0], [1, 2, 3]),
    (X3, np.array([[0, 1], [0, 2], [0, 3]]), [0, 0, 0], [1, 2, 3]),
    (X3, Bounds(-1, [1, 2, 3]), [-1, -1, -1], [1, 2, 3]),
    (X3, Bounds(), [-INF] * 3, [INF] * 3),
    (np.zeros(2), [(0, 1), (2, 3)], [0, 2], [1, 3]),
    (np.zeros((2, 2)), (0, np.array([[1, 2], [3, 4]])), [0] * 4, [1, 2, 3, 4]),
    (np.zeros((2, 2)), Bounds(0, np.array([[1, 2], [3, 4]])), [0] * 4, [1, 2, 3, 4]),
    (np.zeros((2, 2)), [(0, 1), (0, 2), (0, 3), (0, 4)], [0] * 4, [1, 2, 3, 4]),
    (0.5, [(0, 1)], [0], [1]),
    (0.5, (0, None), [0], [INF]),
    (0.5, Bounds(0, 1), [0], [1]),
    (TREE, {"a": (0, 1), "b": (-1, None)}, [0, 0, -1], [1, 1, INF]),
    (TREE, {"a": ([0, None], np.array([1, 2]))}, [0, -INF, -INF], [1, 2, INF]),
    (TREE, {"a": Bounds(0, [1, 2]), "b": None}, [0, 0, -INF], [1, 2, INF]),
    (TREE, [(0, 1), (0, 2), (None, 3)], [0, 0, -INF], [1, 2, 3]),
    (TREE, Bounds([0, 1, 2], 5), [0, 1, 2], [5, 5, 5]),
    ((np.zeros(2), 1.0), ((0, 1), (2, 3)), [0, 0, 2], [1, 1, 3]),
    ((np.zeros(2), 1.0), ((0, 1), (0, 2), (2, 3)), [0, 0, 2], [1, 2, 3]),
    ({"p": Pair(np.zeros(1), (1.0, 2.0))}, {"p": Pair((0, 1), ((2, 3), None))}, [0, 2, -INF], [1, 3, INF]),
    ({"p": Pair(0.0, 1.0), "q": None}, {"p": None}, [-INF] * 2, [INF] * 2),
], ids=str)
def test_forms(x0, bounds, low, high):
    found = flat_bounds(bounds, Layout(x0))
    np.testing.assert_array_equal(found.lb, low)
    np.testing.assert_array_equal(found.ub, high)


@pytest.mark.parametrize("x0, bounds", [
    (X3, [(0, 1)]), (X3, Bounds([0, 1], 2)), (X3, 5), (TREE, {"a": (0, 1), "c": (0, 1)}), (TREE, {"a": (np.zeros(3), 1)}),
    (TREE, {"a": 3}), (TREE, [(0, 1)] * 4), ((1.0, np.zeros(2)), ((0, 1),)),
], ids=str)
def test_what_does_not_fit(x0, bounds):
    with pytest.raises(ValueError, match="bounds are a scipy.optimize.Bounds"):
        flat_bounds(bounds, Layout(x0))


def test_keep_feasible_is_kept():
    found = flat_bounds({"a": Bounds(0, 1, keep_feasible=True)}, Layout(TREE))
    np.testing.assert_array_equal(found.keep_feasible, [True, True, False])


@pytest.mark.parametrize("x0, bounds, low, high", [
    (X3, (0, INF), [0] * 3, [INF] * 3),
    (X3, ([0, 1, 2], 5), [0, 1, 2], [5] * 3),
    (X3, Bounds(0, 1), [0] * 3, [1] * 3),
    (TREE, (-1, {"a": np.array([1, 2]), "b": 3}), [-1] * 3, [1, 2, 3]),
    (TREE, {"a": (0, 1), "b": (0, 2)}, [0] * 3, [1, 1, 2]),
    ((np.zeros(2), 1.0), ((np.zeros(2), 0.0), (np.ones(2), 2.0)), [0] * 3, [1, 1, 2]),
], ids=str)
def test_forms_of_least_squares(x0, bounds, low, high):
    found = low_high(bounds, Layout(x0))
    np.testing.assert_array_equal(found.lb, low)
    np.testing.assert_array_equal(found.ub, high)


@pytest.mark.parametrize("method", ["trf", "dogbox"])
def test_least_squares(method):
    found = least_squares(lambda p: [p["a"] - 3, p["b"] + 1], {"a": 0.5, "b": 0.5}, bounds={"a": (0, 1), "b": (0, None)},
                          method=method)
    np.testing.assert_allclose([found.x["a"], found.x["b"]], [1, 0], atol=1e-6)
    assert list(found.active_mask) == [1, -1] or method == "trf"


@pytest.mark.parametrize("bounds, size, tree", [
    ([(0, 1)] * 3, 3, False), (Bounds([0, 1], [1, 2]), 2, False), ({"a": (0, np.ones(2)), "b": (0, 1)}, 3, True),
    (Pair((0, 1), (np.zeros(2), 1)), 3, True),
], ids=str)
def test_containers_that_bounds_describe(bounds, size, tree):
    example, found = searched(bounds)
    assert Layout(example).size == len(found.lb) == size
    assert isinstance(example, (dict, tuple)) == tree


@pytest.mark.parametrize("method", ["L-BFGS-B", "TNC", "SLSQP"])
def test_a_variable_that_bounds_fix(method):
    """SciPy takes it out of the problem, or not; the function always sees all of x."""
    found = minimize(lambda x: ((x - 3) ** 2).sum(), [1.0, 1.5, 1.0], method=method, bounds=[(0, 5), (1.5, 1.5), (0, 2)])
    np.testing.assert_allclose(found.x, [3, 1.5, 2], atol=1e-6)

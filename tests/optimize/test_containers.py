"""Starting points of any shape and container, and results in the same."""

from collections import namedtuple

import numpy as np
import pytest

import jitad
from jitad.optimize import least_squares, minimize, root
from jitad.optimize.layout import Layout
from jitad.tree import flatten, map_leaves
from tests.optimize.functions import METHODS, OPTIONS, WITHOUT

Box = namedtuple("Box", "corner edge")
CONTAINERS = {
    "number": 0.5,
    "integer": 1,
    "list of integers": [3, 1],
    "matrix": np.ones((2, 3)),
    "tuple": (np.ones(2), 0.0),
    "dict": {"b": np.ones((2, 2)), "a": 2},
    "nested": {"box": Box(np.zeros(3), 1.0), "rest": [np.ones(1), (2, np.ones((1, 2)))], "nothing": None},
    "namedtuple": Box(np.zeros((2, 2)), 4.0),
    "many": np.linspace(0, 1, 9).reshape(3, 3),
}
every = pytest.mark.parametrize("x0", CONTAINERS.values(), ids=CONTAINERS.keys())


def distance(x):
    """Minimum 0 where every leaf is 0.25."""
    return sum(np.sum(np.cosh(leaf - 0.25) - 1) for leaf in flatten(x)[0])


def like(found, x0):
    """Whether the container is that of the start, arrays where it had arrays, floats elsewhere."""
    example = np.array(x0) if isinstance(x0, list) and not flatten(x0)[1].kind == "dict" else x0
    leaves, tree = flatten(found)
    expected, shape = flatten(example)
    assert tree == shape
    for leaf, start in zip(leaves, expected, strict=True):
        assert np.shape(leaf) == np.shape(start)
        assert isinstance(leaf, np.ndarray if np.ndim(start) else float)
        assert np.asarray(leaf).dtype == np.float64
    return True


@every
@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "trust-ncg", "trust-exact", "Nelder-Mead"])
def test_minimize(x0, method):
    seen = []
    options = {"maxiter": 5000, "maxfev": 5000, "adaptive": True} if method == "Nelder-Mead" else {"gtol": 1e-7}
    found = minimize(distance, x0, method=method, options=options, callback=seen.append)
    assert like(found.x, x0)
    assert seen and all(like(x, x0) for x in seen)
    for leaf in flatten(found.x)[0]:
        np.testing.assert_allclose(leaf, 0.25, atol=1e-3 if method == "Nelder-Mead" else 1e-6)
    if method != "Nelder-Mead":
        assert like(found.jac, x0)
        map_leaves(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-12), found.jac, jitad.grad(distance)(found.x))


@pytest.mark.parametrize("method", METHODS + WITHOUT)
def test_every_method(method):
    found = minimize(distance, {"k": 1, "w": np.array([[0.5], [0.0]])}, method=method, options=OPTIONS.get(method))
    assert found.x["w"].shape == (2, 1)
    np.testing.assert_allclose(found.x["k"], 0.25, atol=1e-3)
    np.testing.assert_allclose(found.x["w"], 0.25, atol=1e-3)


def test_second_derivatives_over_the_flat_vector():
    def f(p):
        return p["k"] ** 2 * (p["w"] ** 3).sum() + p["w"][0, 1] * p["k"]

    from jitad.optimize.objective import Objective

    x0 = {"k": 1.5, "w": np.array([[1.0, 2.0, 3.0], [0.5, 0.25, 2.0]])}
    layout = Layout(x0)
    objective = Objective(f, layout)
    flat = jitad.hessian(lambda v: f({"k": v[0], "w": v[1:].reshape(2, 3)}))(layout.start)
    matrix = objective.hessian(layout.start)
    np.testing.assert_allclose(matrix, flat, rtol=1e-13)
    p = np.random.default_rng(0).normal(size=7)
    np.testing.assert_allclose(objective.hessp(layout.start, p), flat @ p, rtol=1e-12)


def test_the_start_is_not_changed():
    x0 = {"k": np.array([3.0, 4.0])}
    minimize(distance, x0)
    np.testing.assert_array_equal(x0["k"], [3, 4])


@pytest.mark.parametrize("dtype", [np.int32, np.uint8, np.float32, bool])
def test_promotion(dtype):
    found = minimize(distance, np.ones(3, dtype=dtype), method="BFGS")
    assert found.x.dtype == np.float64
    np.testing.assert_allclose(found.x, 0.25, atol=1e-5)


def test_residuals_and_equations():
    def residuals(p, t):
        return p["a"] * np.exp(-p["b"] * t) - 2 * np.exp(-3 * t)

    found = least_squares(residuals, {"a": 1, "b": 1.0}, args=(np.linspace(0, 1, 10),))
    np.testing.assert_allclose([found.x["a"], found.x["b"]], [2, 3], rtol=1e-6)
    assert like(found.grad, {"a": 1, "b": 1.0}) and found.jac.shape == (10, 2)

    def equations(p):
        return {"first": p["x"] ** 2 + p["y"].sum() - 5, "second": p["y"] - np.array([1.0, 3.0]) * p["x"]}

    found = root(equations, {"x": 2, "y": np.ones(2)}, tol=1e-12)
    np.testing.assert_allclose(found.x["y"], np.array([1, 3]) * found.x["x"])
    assert abs(found.x["x"] ** 2 + 4 * found.x["x"] - 5) < 1e-10


def test_names_of_components():
    layout = Layout({"box": Box(np.zeros((2, 2)), 1.0), "k": (1, [np.ones(2), 2])})
    assert [layout.name(k) for k in range(layout.size)] == [
        "x['box'].corner[0, 0]", "x['box'].corner[0, 1]", "x['box'].corner[1, 0]", "x['box'].corner[1, 1]", "x['box'].edge",
        "x['k'][0]", "x['k'][1][0][0]", "x['k'][1][0][1]", "x['k'][1][1]"]
    assert Layout(3.0).name(0) == "x"
    assert Layout([1, 2]).name(1) == "x[1]"


@every
def test_round_trip(x0):
    layout = Layout(x0)
    flat = np.arange(float(layout.size))
    np.testing.assert_array_equal(layout.pack(layout.unpack(flat)), flat)
    copy = layout.copy(flat)
    flat += 1
    np.testing.assert_array_equal(layout.pack(copy), flat - 1)


def test_the_order_of_a_dict_does_not_matter():
    def f(p):
        return ((p["b"] - 2) ** 2).sum() + (p["a"] - 1) ** 2

    for x0 in ({"b": np.zeros(2), "a": 0.0}, {"a": 0.0, "b": np.zeros(2)}):
        found = minimize(f, x0, bounds={"a": (0, 0.5), "b": (0, 5)})
        np.testing.assert_allclose([found.x["a"], *found.x["b"]], [0.5, 2, 2], atol=1e-5)

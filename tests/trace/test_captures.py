"""What a function takes from around itself is seen as it is at every call; the user's function is never changed."""

import functools

import numpy as np
import pytest

import jitad
from jitad import errors

weights = np.arange(6.0)
factor = 2.0
power = 2
settings = {"scale": 3.0, "name": "a", "terms": [1.0, 2.0]}
X = np.linspace(1, 2, 6)


def helper(x):
    return factor * (weights * x**power).sum()


def energy(x, shift=np.ones(6)):
    return helper(x) + (shift * x).sum()


def expected(x):
    return factor * weights * power * x ** (power - 1) + 1.0


@pytest.fixture(autouse=True)
def interpreted():
    with jitad.disable_jit():
        yield


def test_globals_of_helpers_are_watched(monkeypatch):
    import sys

    module = sys.modules[__name__]
    g = jitad.grad(energy)
    np.testing.assert_allclose(g(X), expected(X))
    monkeypatch.setattr(module, "factor", -1.5)
    np.testing.assert_allclose(g(X), expected(X))
    monkeypatch.setattr(module, "weights", np.ones(6))
    np.testing.assert_allclose(g(X), expected(X))
    weights[2] = 7.0
    np.testing.assert_allclose(g(X), expected(X))
    assert len(g._caller._found) == 1 and len(next(iter(g._caller._found.values()))) == 1  # one trace for all of these
    monkeypatch.setattr(module, "power", 3)
    np.testing.assert_allclose(g(X), expected(X))
    monkeypatch.setattr(module, "helper", lambda x: (x**4).sum())
    np.testing.assert_allclose(g(X), 4 * X**3 + 1)
    monkeypatch.setattr(module, "weights", np.ones(6, np.float32))
    np.testing.assert_allclose(g(X), 4 * X**3 + 1)


def test_cells_defaults_partials_and_methods():
    class Model:
        def __init__(self):
            self.k = 2.0

        def energy(self, x, p=np.array([1.0, 2.0])):
            return (cell * x**2).sum() * p[1]

    cell = np.array([1.0, 3.0])
    model = Model()
    g = jitad.grad(model.energy)
    x = np.ones(2)
    np.testing.assert_allclose(g(x), 4 * cell)
    cell = np.array([5.0, 3.0])
    np.testing.assert_allclose(g(x), 4 * cell)
    Model.energy.__defaults__[0][1] = 10.0
    np.testing.assert_allclose(g(x), 20 * cell)
    data = np.array([1.0, 2.0])
    h = jitad.grad(functools.partial(lambda d, x: (d * x**2).sum(), data))
    np.testing.assert_allclose(h(x), 2 * data)
    data[0] = -1.0
    np.testing.assert_allclose(h(x), 2 * data)


def test_containers_are_watched():
    def f(x):
        out = settings["scale"] * x**2
        for c in settings["terms"]:
            out = out + c * x
        return out if settings["name"] == "a" else -out

    g = jitad.grad(f)
    assert g(1.0) == 9.0
    settings["scale"] = 1.0
    assert g(1.0) == 5.0
    settings["terms"].append(3.0)
    assert g(1.0) == 8.0
    settings["name"] = "b"
    assert g(1.0) == -8.0


def test_plain_values_of_captured_arrays_are_guarded():
    mask = np.array([True, False, True, False, True, True])
    count = np.array([3])

    def f(x):
        out = (x[mask] ** 2).sum()
        for _ in range(int(count[0])):
            out = out + x.sum()
        if mask.all():
            out = out * 10
        return out

    g = jitad.grad(f)
    np.testing.assert_allclose(g(X), 2 * X * mask + 3)
    mask[1] = True
    np.testing.assert_allclose(g(X), 2 * X * mask + 3)
    count[0] = 1
    np.testing.assert_allclose(g(X), 2 * X * mask + 1)
    mask[:] = True
    np.testing.assert_allclose(g(X), 10 * (2 * X + 1))


def test_the_users_function_is_not_changed():
    before = (energy.__globals__ is globals(), energy.__defaults__, energy.__code__, helper.__globals__["np"] is np)
    jitad.grad(energy)(X)
    assert before == (energy.__globals__ is globals(), energy.__defaults__, energy.__code__, helper.__globals__["np"] is np)
    assert isinstance(energy(X), float)


def test_recursion_and_mutual_recursion():
    def even(x, k):
        return x if k == 0 else odd(x * x, k - 1)

    def odd(x, k):
        return even(2 * x, k - 1)

    assert jitad.grad(lambda x: even(x, 4))(1.0) == 32.0


def test_functions_compiled_by_numba_are_traced_from_their_source():
    from numba import njit

    @njit
    def square(x):
        return x * x

    assert jitad.grad(lambda x: square(x) + 1.0)(3.0) == 6.0
    assert jitad.grad(square)(3.0) == 6.0


def test_names_bound_to_numpy_functions():
    from numpy import arange, eye, sum, where, zeros
    from numpy.linalg import norm

    def f(x):
        n = len(x)
        d = x[:, None] - x + eye(n) * 2.0
        return sum(where(arange(n) > 0, x**2, zeros(n))) + norm(x) + (1 / d).sum() * 0.0

    np.testing.assert_allclose(jitad.grad(f)(X), 2 * X * (np.arange(6) > 0) + X / np.linalg.norm(X))


def test_a_captured_value_is_picked_by_an_argument():
    g = jitad.jit(lambda x: x.sum() if weights[int(x[0])] > 2 else -x.sum())
    for k in range(4):
        x = X * 0 + k + 0.5
        assert g(x) == pytest.approx(x.sum() if weights[k] > 2 else -x.sum())
    with pytest.raises(errors.ConcreteValueError, match="another one in every call"):
        jitad.grad(lambda x: x.sum() * float(x[0]))(X)


def test_special_functions_of_scipy():
    from scipy.special import erf

    np.testing.assert_allclose(jitad.grad(lambda x: erf(x).sum())(X), 2 / np.sqrt(np.pi) * np.exp(-X * X), rtol=1e-14)

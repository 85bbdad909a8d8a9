"""Functions and values that a traced function reaches through modules, bound methods and partials are captured as well."""

import functools
import importlib
import sys

import numpy as np
import pytest

import jitad

X = np.linspace(1, 2, 6)
CONSTANTS = """
import numpy as np

K = 2.0
W = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
names = ["a"]

def helper(x):
    return np.array([x[0], K * x[1]]).sum() * K

def other(x):
    return helper(x) + (W * x).sum()
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "users_own").mkdir()
    (tmp_path / "users_own" / "__init__.py").write_text("")
    (tmp_path / "users_own" / "constants.py").write_text(CONSTANTS)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("users_own.constants")
    for name in ("users_own", "users_own.constants"):
        sys.modules.pop(name, None)


def check(g, f):
    with jitad.disable_jit():
        value, slope = g(X)
    h = 1e-6
    numeric = [(f(X + h * e) - f(X - h * e)) / (2 * h) for e in np.eye(6)]
    np.testing.assert_allclose(value, f(X), rtol=1e-14)
    np.testing.assert_allclose(slope, numeric, rtol=1e-8)


def test_a_module(module):
    def f(x):
        return module.other(x) * module.K + len(module.names)

    g = jitad.value_and_grad(f)
    check(g, f)
    module.K = 3.0
    check(g, f)
    module.W = 2 * module.W
    check(g, f)
    module.W[1] = 7.0
    check(g, f)
    module.names.append("b")
    check(g, f)
    module.helper = lambda x: (x**3).sum()
    check(g, f)


def test_a_package(module):
    package = sys.modules["users_own"]

    def f(x):
        return package.constants.helper(x)

    g = jitad.value_and_grad(f)
    check(g, f)
    module.K = 5.0
    check(g, f)
    with jitad.disable_jit(), pytest.raises(AttributeError, match="missing"):
        jitad.grad(lambda x: package.missing * x[0])(X)


scale = 2.0


class Model:
    def energy(self, x):
        return scale * (np.array([x[0], x[1]]) ** 2).sum()


bound = Model().energy
part = functools.partial(lambda weights, x: scale * (weights[0] * x).sum(), [2.0])


@pytest.mark.parametrize("name", ["bound", "part", "table"])
def test_methods_and_partials(name, monkeypatch):
    table = {"e": Model().energy}
    f = {"bound": lambda x: bound(x), "part": lambda x: part(x), "table": lambda x: table["e"](x)}[name]
    g = jitad.value_and_grad(f)
    check(g, f)
    monkeypatch.setitem(globals(), "scale", 5.0)
    check(g, f)
    part.args[0][0] = 7.0
    check(g, f)
    part.args[0][0] = 2.0

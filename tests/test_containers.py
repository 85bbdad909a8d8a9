"""Dataclasses, registered classes, strings, functions, objects and static arguments, in every transform and at every call."""

import dataclasses
import enum
import functools
from typing import NamedTuple

import numpy as np
import pytest

import jitad
from jitad.errors import TraceError

X = np.array([1.0, 2.0, 3.0, 4.0, 5.0])


@dataclasses.dataclass
class Spring:
    k: float
    rest: np.ndarray
    power: int = 2
    name: str = "spring"


@dataclasses.dataclass(frozen=True)
class System:
    springs: list
    scale: float = 1.0

    def __post_init__(self):
        if self.scale <= 0:
            raise ValueError("scale must be positive")


@dataclasses.dataclass(slots=True)
class Slotted:
    a: float
    b: np.ndarray


class Pair(NamedTuple):
    first: float
    second: np.ndarray


class Own:
    def __init__(self, a, label):
        self.a, self.label = a, label


jitad.register_pytree_node(Own, lambda o: ((o.a,), o.label), lambda label, children: Own(children[0], label))


class Kind(enum.Enum):
    HARMONIC = 1
    QUARTIC = 2


def energy(s, x):
    return s.k * ((x - s.rest) ** s.power).sum()


def modes():
    return pytest.mark.parametrize("compiled", [False, pytest.param(True, id="compiled")])


def calls(f, compiled):
    """A function that calls `f` three times, the third time the short way, and gives what all agree on."""

    def call(*args, **kwargs):
        if not compiled:
            with jitad.disable_jit():
                return f(*args, **kwargs)
        return [f(*args, **kwargs) for _ in range(3)][-1]

    return call


@modes()
def test_dataclass(compiled):
    s = Spring(2.0, np.zeros(5), 4)
    value, slope = calls(jitad.value_and_grad(energy), compiled)(s, X)
    assert value == 2.0 * (X**4).sum()
    assert type(slope) is Spring and (slope.power, slope.name) == (4, "spring")
    assert slope.k == (X**4).sum()
    np.testing.assert_allclose(slope.rest, -8 * X**3)
    s.power = 2
    np.testing.assert_allclose(calls(jitad.grad(energy), compiled)(s, X).rest, -4 * X)


@modes()
def test_changed_static_fields_are_seen(compiled):
    g = calls(jitad.jit(energy), compiled)
    assert [g(Spring(1.0, np.zeros(5), p), X) for p in (2, 3, 2)] == [(X**p).sum() for p in (2, 3, 2)]


@modes()
def test_nested_frozen_and_slotted(compiled):
    def total(system, other):
        return system.scale * sum(energy(s, X) for s in system.springs) + (other.a * other.b).sum()

    args = System([Spring(1.0, X, 3), Spring(2.0, np.zeros(5))], 3.0), Slotted(2.0, X)
    slope, other = calls(jitad.grad(total, argnums=(0, 1)), compiled)(*args)
    assert type(slope) is System and slope.scale == 2.0 * (X**2).sum()
    assert slope.springs[1].k == 3.0 * (X**2).sum()
    assert other.a == X.sum()
    np.testing.assert_array_equal(other.b, np.full(5, 2.0))


@modes()
def test_results(compiled):
    def f(x):
        spring = Spring(x.sum(), x**2, 3, "made")
        return {"spring": spring, "own": Own(x[0], "b"), "pair": Pair(1.0, x), "text": "done", "no": None}

    out = calls(jitad.jit(f), compiled)(X)
    assert (out["spring"].k, out["spring"].power, out["spring"].name) == (15.0, 3, "made")
    assert (out["own"].a, out["own"].label, out["text"], out["no"]) == (1.0, "b", "done", None)
    np.testing.assert_array_equal(out["pair"].second, X)
    primal, tangent = calls(lambda x: jitad.jvp(lambda x: f(x)["own"], (x,), (2 * x,)), compiled)(X)
    assert (primal.a, tangent.a, tangent.label) == (1.0, 2.0, "b")


@modes()
def test_registered(compiled):
    g = calls(jitad.grad(lambda o, x: o.a**2 * x.sum() * (2 if o.label == "twice" else 1)), compiled)
    assert g(Own(3.0, "once"), X).a == 6 * X.sum()
    assert g(Own(3.0, "twice"), X).a == 12 * X.sum()
    with pytest.raises(TypeError, match="already"):
        jitad.register_pytree_node(Own, None, None)
    with pytest.raises(TypeError, match="takes a class"):
        jitad.register_pytree_node(3, None, None)


def test_every_transform():
    s, t = Spring(2.0, np.zeros(5), 3), Spring(1.0, X, 3)
    with jitad.disable_jit():
        value, slope = jitad.jvp(energy, (s, X), (t, X))
        gradient = jitad.grad(energy, argnums=(0, 1))(s, X)
        assert slope == pytest.approx(gradient[0].k + gradient[0].rest @ X + gradient[1] @ X)
        value, pull = jitad.vjp(energy, s, X)
        assert pull(1.0)[0].k == gradient[0].k
        for jacobian in (jitad.jacfwd, jitad.jacrev, jitad.jacobian):
            np.testing.assert_allclose(jacobian(energy)(s, X).rest, gradient[0].rest)
        hessian = jitad.hessian(energy)(s, X)
        np.testing.assert_allclose(hessian.rest.rest, 12 * np.diag(X))
        np.testing.assert_allclose(hessian.k.rest, gradient[0].rest / 2)
        product = jitad.hvp(energy)(s, t, X)
        np.testing.assert_allclose(product.rest, hessian.rest.k * 1.0 + hessian.rest.rest @ X)


@modes()
def test_strings_and_enums(compiled):
    def f(x, kind, mode="sum"):
        out = x**2 if kind is Kind.HARMONIC else x**4
        return out.sum() if mode == "sum" else out.mean()

    g = calls(jitad.grad(f), compiled)
    for kind, power in ((Kind.HARMONIC, 2), (Kind.QUARTIC, 4)):
        np.testing.assert_allclose(g(X, kind), power * X ** (power - 1))
        np.testing.assert_allclose(g(X, kind, mode="mean"), power * X ** (power - 1) / 5)


@modes()
def test_functions(compiled):
    strength = np.array([2.0])

    def spring(r):
        return strength[0] * r**2

    g = calls(jitad.grad(lambda x, law: law(x).sum()), compiled)
    np.testing.assert_allclose(g(X, spring), 4 * X)
    strength[0] = 3.0  # captured by the function that was passed
    np.testing.assert_allclose(g(X, spring), 6 * X)
    np.testing.assert_allclose(g(X, np.sin), np.cos(X))
    np.testing.assert_allclose(g(X, functools.partial(np.multiply, 2.0)), np.full(5, 2.0))
    np.testing.assert_allclose(g(X, jitad.jit(lambda r: r**3)), 3 * X**2)


class Model:
    def __init__(self, k):
        self.k = k

    @jitad.jit
    def energy(self, x):
        return self.k * (x**2).sum()

    def __call__(self, x):
        return self.k * (x**2).sum()


@modes()
def test_objects(compiled):
    m = Model(2.0)
    g = calls(jitad.grad(lambda x, model: model(x)), compiled)
    np.testing.assert_allclose(g(X, m), 4 * X)
    m.k = 3.0
    np.testing.assert_allclose(g(X, m), 6 * X)
    np.testing.assert_allclose(g(X, Model(1.0)), 2 * X)
    assert calls(Model.energy, compiled)(m, X) == 3.0 * (X**2).sum()


@modes()
def test_static_arguments(compiled):
    def f(x, n, *, order=1):
        out = x
        for _ in range(n):
            out = out * x
        return (out**order).sum()

    for jitted in (jitad.jit(jitad.grad(f), static_argnums=1, static_argnames="order"),
                   jitad.jit(jitad.grad(f), static_argnames=("n", "order"))):
        g = calls(jitted, compiled)
        for n in (1, 2, 1):
            np.testing.assert_allclose(g(X, n), (n + 1) * X**n)
            np.testing.assert_allclose(g(X, n=n, order=2), 2 * (n + 1) * X ** (2 * n + 1))
    by_number = calls(jitad.jit(f, static_argnums=(-1,)), compiled)
    assert by_number(X, 1) == (X**2).sum()


def test_one_and_true_are_different():
    with jitad.disable_jit():
        g = jitad.jit(lambda x, n: x * (2.0 if n is True else 1.0), static_argnums=1)
        assert [g(1.0, n) for n in (1, True, 1)] == [1.0, 2.0, 1.0]


def test_errors():
    with pytest.raises(TypeError, match="argument 1 of f is declared static, and has to be hashable, but is a ndarray"):
        jitad.jit(_f, static_argnums=1)(X, X)
    with pytest.raises(ValueError, match="no argument of"):
        jitad.jit(_f, static_argnames="nothing")
    with pytest.raises(TraceError, match="returned a function"), jitad.disable_jit():
        jitad.jit(lambda x: lambda: x)(X)


def f(x, n):
    return x.sum() * n


_f = f


@dataclasses.dataclass
class Tuned:
    a: float
    c = 3.0  # of the class

    def energy(self, x):
        return (self.a * x * FACTOR).sum()


FACTOR = 1.0


@modes()
def test_classes_and_methods_of_dataclasses_are_seen(compiled, monkeypatch):
    by_class = calls(jitad.jit(lambda s, x: (s.a * x * s.c).sum()), compiled)
    by_method = calls(jitad.jit(lambda s, x: s.energy(x)), compiled)
    t = Tuned(2.0)
    assert (by_class(t, X), by_method(t, X)) == (90.0, 30.0)
    monkeypatch.setattr(Tuned, "c", 5.0)
    monkeypatch.setitem(globals(), "FACTOR", 4.0)
    assert (by_class(t, X), by_method(t, X)) == (150.0, 120.0)
    monkeypatch.setattr(Tuned, "energy", lambda self, x: self.a)
    assert by_method(t, X) == 2.0
    assert calls(jitad.grad(lambda s, x: s.energy(x)), compiled)(t, X).a == 1.0


@modes()
def test_static_values_of_other_types_inside(compiled):
    g = calls(jitad.jit(lambda x, t: x * (10.0 if isinstance(t[0], bool) else 1.0), static_argnums=1), compiled)
    assert [g(1.0, t) for t in ((1,), (True,), (1,))] == [1.0, 10.0, 1.0]
    g = calls(jitad.jit(lambda x, t: x * np.copysign(1.0, t), static_argnums=1), compiled)
    assert [g(1.0, t) for t in (0.0, -0.0)] == [1.0, -1.0]
    g = calls(jitad.jit(lambda o: o.a * (2.0 if o.label is True else 1.0)), compiled)
    assert [g(Own(1.0, label)) for label in (1, True, 1)] == [1.0, 2.0, 1.0]

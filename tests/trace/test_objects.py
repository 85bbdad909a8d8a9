"""Objects and classes around a traced function: attributes are looked at again at every call."""

import abc
import argparse
import dataclasses
import functools
import os
import threading
import types

import numpy as np
import pytest

import jitad
from jitad.errors import LeakedTracerError, TraceError

X = np.linspace(1, 2, 6)
STRENGTH = 2.0


class Potential(abc.ABC):
    scale = 2.0

    def __init__(self):
        self.k, self.table, self.n, self.more, self.calls = 3.0, np.arange(6.0), 2, {"q": 1.5}, 0

    @property
    def product(self):
        return self.k * self.scale

    def term(self, x):
        return (x**self.n * self.table).sum() * STRENGTH

    def plus(self, x):
        return x.sum() * STRENGTH

    @abc.abstractmethod
    def energy(self, x):
        """Of the positions."""


class Model(Potential):
    def energy(self, x):
        self.calls += 1
        self.x = x
        return self.product * self.term(x) * self.more["q"] + self.inner

    @property
    def inner(self):
        return self.x.sum() * self.k

    def plus(self, x):
        return super().plus(x) * self.k

    def __call__(self, x):
        return self.energy(x) * 2

    def __getitem__(self, i):
        return self.k * i * STRENGTH


@pytest.fixture
def model():
    return Model()


CHANGES = {
    "a float": lambda m: setattr(m, "k", 5.0), "in place": lambda m: m.table.__setitem__(2, 9.0),
    "an array": lambda m: setattr(m, "table", np.ones(6)), "an integer": lambda m: setattr(m, "n", 3),
    "a dict": lambda m: m.more.update(q=2.0), "of the instance": lambda m: setattr(m, "scale", 7.0),
    "a method of the instance": lambda m: setattr(m, "term", lambda x: x.sum() * 4.0),
}
USES = {
    "method": lambda m: m.energy, "object": lambda m: m, "captured": lambda m: lambda x: m.energy(x) * m[2],
    "in a list": lambda m: (lambda ms: lambda x: ms[0](x))([m]), "partial": lambda m: functools.partial(m.energy),
    "super": lambda m: m.plus,
    "nested": lambda m: (lambda outer: lambda x: outer.part.energy(x))(types.SimpleNamespace(part=m)),
}


def check(g, f):
    for _ in range(3):
        with jitad.disable_jit():  # of the function as it is now
            expected = jitad.grad(f)(X)
        found = g(X)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        step = 1e-6 * np.sin(1 + np.arange(6))
        slope = (f(X + step) - f(X - step)) / 2
        np.testing.assert_allclose(found @ step, slope, rtol=1e-6)


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("change", CHANGES)
def test_attributes(model, use, change):
    f = USES[use](model)
    g = jitad.grad(f)
    check(g, f)
    CHANGES[change](model)
    check(g, f)


def test_class_attributes(model, monkeypatch):
    g = jitad.grad(model.energy)
    check(g, model.energy)
    monkeypatch.setattr(Potential, "scale", 1.0)
    check(g, model.energy)
    monkeypatch.setattr(Model, "scale", 4.0, raising=False)
    check(g, model.energy)
    monkeypatch.setattr(Potential, "term", lambda self, x: x.sum() * self.k)
    check(g, model.energy)


@pytest.mark.parametrize("use", ["method", "object", "captured", "super"])
def test_globals_of_methods(model, use, monkeypatch):
    f = USES[use](model)
    g = jitad.grad(f)
    check(g, f)
    monkeypatch.setitem(globals(), "STRENGTH", 7.0)
    check(g, f)


def test_what_a_trace_assigns_stays_there(model):
    jitad.grad(model.energy)(X)
    assert model.calls == 0 and not hasattr(model, "x")
    with pytest.raises(TraceError, match="cannot delete an attribute"):
        jitad.grad(lambda x: delattr(model, "k") or x.sum())(X)
    assert model.k == 3.0


def test_floats_need_no_new_trace(model):
    g = jitad.grad(lambda x: model.term(x) * model.k)
    for k in (3.0, 4.0, 5.5):
        model.k = k
        model.table = model.table + 1
        check(g, lambda x: model.term(x) * model.k)
    assert len(g.specializations) == 1 and sum(map(len, g._caller._found.values())) == 1


@dataclasses.dataclass
class Parameters:
    epsilon: float = 1.0
    sigma: float = 2.0

    def reduced(self, x):
        return x / self.sigma


@dataclasses.dataclass(frozen=True)
class Frozen:
    a: float


def test_dataclasses():
    p, f = Parameters(), Frozen(3.0)

    def energy(x):
        assert isinstance(p, Parameters) and dataclasses.is_dataclass(p) and p == p
        other = dataclasses.replace(p, epsilon=4.0)
        return (p.reduced(x) ** 2).sum() * p.epsilon * dataclasses.asdict(p)["sigma"] * other.epsilon * f.a

    g = jitad.grad(energy)
    check(g, energy)
    p.epsilon, p.sigma = 3.0, 1.25
    check(g, energy)
    f = Frozen(2.0)
    check(g, energy)


class Slotted:
    __slots__ = ("k",)

    def __init__(self, k):
        self.k = k


class Guarded:
    """Attributes that appear, fall back, and are set through a property."""

    def __init__(self):
        self._k = 2.0

    def __getattr__(self, name):
        if name == "fallback":
            return self._k + 1
        raise AttributeError(name)

    @property
    def k(self):
        return self._k

    @k.setter
    def k(self, value):
        self._k = 2 * value

    @functools.cached_property
    def cached(self):
        return self._k * 10

    @staticmethod
    def double(x):
        return 2 * x * STRENGTH

    @classmethod
    def triple(cls, x):
        return 3 * x * cls.weight

    weight = 1.5


def test_slots():
    s = Slotted(2.0)
    g = jitad.grad(lambda x: (x**2).sum() * s.k)
    np.testing.assert_allclose(g(X), 4 * X)
    s.k = 3.0
    np.testing.assert_allclose(g(X), 6 * X)


def test_descriptors(monkeypatch):
    o = Guarded()

    def f(x):
        extra = o.late if hasattr(o, "late") else 1.0
        return (o.double(x) * o.k + o.triple(x) * o.fallback).sum() * extra + x.sum() * o.cached

    g = jitad.grad(f)
    check(g, f)
    assert "cached" in vars(o)  # by the check itself
    o.k = 4.0
    check(g, f)
    o.late = 5.0
    check(g, f)
    del o.late
    check(g, f)
    monkeypatch.setattr(Guarded, "weight", 4.0)
    check(g, f)
    monkeypatch.setitem(globals(), "STRENGTH", 7.0)
    check(g, f)

    def assigns(x):
        o.k = x[0]
        return o.k * 3

    assert jitad.grad(assigns)(X)[0] == 6 and o._k == 8.0


class Settings:
    k = 2.0
    powers = [2, 3]


def test_classes_as_namespaces(monkeypatch):
    g = jitad.grad(lambda x: (x ** Settings.powers[0]).sum() * Settings.k)
    np.testing.assert_allclose(g(X), 4 * X)
    monkeypatch.setattr(Settings, "k", 3.0)
    for _ in range(3):
        np.testing.assert_allclose(g(X), 6 * X)
    monkeypatch.setattr(Settings, "powers", [3])
    np.testing.assert_allclose(g(X), 9 * X**2)


class Base:
    made = []

    def __init_subclass__(cls):
        Base.made.append(cls)


class Registered(Base):
    k = 2.0


class Final:
    alive = 0

    def __init__(self):
        Final.alive += 1
        self.k = 2.0

    def __del__(self):
        Final.alive -= 1


def test_nothing_is_registered_or_finalized():
    r, f = Registered(), Final()
    jitad.grad(lambda x: x.sum() * r.k)(X)
    assert Base.made == [Registered]
    jitad.grad(lambda x: x.sum() * f.k)(X)
    import gc

    gc.collect()
    assert Final.alive == 1


def test_tracers_do_not_leak_through_objects(model):
    held = []

    class Keeper:
        def keep(self, x):
            held.append(self)
            return x.sum()

    keeper = Keeper()
    jitad.grad(lambda x: keeper.keep(x))(X)
    assert held == [] and vars(keeper) == {}
    box = types.SimpleNamespace()

    def leaks(x):
        box.x = x
        return x.sum()

    jitad.grad(leaks)(X)
    assert vars(box) == {}
    out = []

    class Sink:
        def __init__(self):
            self.out = out.append

    sink = Sink()
    jitad.grad(lambda x: sink.out(x) or x.sum())(X)
    with pytest.raises(LeakedTracerError):
        out[0] + 1


def test_namespaces_of_the_standard_library():
    for n in (argparse.Namespace(k=2.0), types.SimpleNamespace(k=2.0)):
        g = jitad.grad(lambda x: x.sum() * n.k)
        assert g(X)[0] == 2
        n.k = 3.0
        assert g(X)[0] == 3


class TestLimits:
    """What the documentation says is not looked at again."""

    def test_attributes_of_objects_of_packages(self):
        held = threading.local()
        held.k = 2.0
        g = jitad.grad(lambda x: x.sum() * held.k)
        assert g(X)[0] == 2
        held.k = 3.0
        assert g(X)[0] == 2

    def test_the_environment_and_imports_inside(self, monkeypatch):
        def f(x):
            import math

            return x.sum() * float(os.environ["JITAD_TEST_K"]) * math.tau

        monkeypatch.setenv("JITAD_TEST_K", "2.0")
        g = jitad.grad(f)
        first = g(X)[0]
        monkeypatch.setenv("JITAD_TEST_K", "3.0")
        monkeypatch.setattr("math.tau", 1.0)
        assert g(X)[0] == first

    def test_assignments_to_outer_names_raise(self):
        def f(x):
            global STRENGTH
            STRENGTH = x
            return x.sum()

        with pytest.raises(TraceError, match="global name 'STRENGTH'"):
            jitad.grad(f)(X)

    def test_random_numbers_raise(self):
        with pytest.raises(TraceError):
            jitad.grad(lambda x: x.sum() * np.random.default_rng(0).normal())(X)

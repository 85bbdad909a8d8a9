"""Objects and classes around a traced function: attributes are looked at again at every call."""

import abc
import argparse
import collections
import copy
import dataclasses
import functools
import os
import pickle
import threading
import types
import typing
import weakref

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


class Plain:
    def __init__(self, k=1.0):
        self.k = k

    def energy(self, x):
        return self.k * (x**2).sum()


class Scaled(Plain):
    def scaled(self, c):
        return type(self)(self.k * c)

    def energy(self, x):
        return self.scaled(3.0).k * x.sum() + 10 * super().energy(x)


class ByDict(Plain):
    def energy(self, x):
        self.__dict__["k"] = x[0]
        vars(self).update(j=x[1])
        return super().energy(x) * self.j * vars(self)["k"]


@dataclasses.dataclass(frozen=True)
class Site:
    name: str
    weight: float

    def moved(self, x):
        object.__setattr__(self, "weight", x[0])  # as __post_init__ does
        return self.weight * x.sum()


class Doubling:
    def __init__(self):
        self.k = 1.0

    def __setattr__(self, name, value):
        object.__setattr__(self, name, 2 * value)

    def energy(self, x):
        self.k = x[0]
        return self.k * (x**2).sum()


class Delegating:
    def __init__(self, inner):
        self._inner = inner

    def __getattr__(self, name):
        return getattr(self._inner, name)


class Aliased:
    def __init__(self):
        self.rows = [[1.0, 1.0]] * 3
        self.first = self.rows[0]

    def energy(self, x):
        self.first[0] = x.sum()
        return self.rows[2][0] ** 2


class Equal(Plain):
    __hash__ = None

    def __eq__(self, other):
        return self.k == other.k


class AlsoEqual(Equal):
    def __eq__(self, other):
        return super().__eq__(other)

    def energy(self, x):
        super().__init__(x[0])
        return super().energy(x)


T = typing.TypeVar("T")


class Generic(Plain, typing.Generic[T]):
    def energy(self, x):
        self.last = x.sum()
        return super().energy(x)


class Registering(Plain):
    def __init_subclass__(cls):
        pass


class Plugin(Registering):
    pass


class WithAttributes(dict):
    __getattr__ = dict.__getitem__


def parts():
    a, b, c = Plain(1.0), Plain(2.0), Site("H", 3.0)
    fixed, weights, kinds = {a}, {a: 3.0, c: 2.0}, {Plain: 2.0, Site: 5.0}
    return {
        "in a set": lambda x: sum(p.energy(x) for p in (a, b) if p not in fixed),
        "as a key": lambda x: sum(weights.get(p, 1.0) * p.energy(x) for p in (a, b)) + weights[c] * x.sum(),
        "by type": lambda x: sum(kinds[type(p)] * x.sum() for p in (a, c)) * (2.0 if type(a) is type(b) else 1.0),
        "by identity": lambda x: x.sum() * (3.0 if id(a) in {id(a)} else 1.0) * (2.0 if isinstance(type(a), type) else 1.0),
        "made of its type": Scaled(2.0).energy, "through its dict": ByDict().energy, "frozen": Site("O", 2.0).moved,
        "with __setattr__": Doubling().energy, "aliases": Aliased().energy,
        "delegated": (lambda d: lambda x: d.energy(x))(Delegating(a)),
        "equality": lambda x: x.sum() * (3.0 if AlsoEqual(2.0) == AlsoEqual(2.0) else 1.0),
        "super().__init__": AlsoEqual(2.0).energy,
    }


@pytest.mark.parametrize("name", parts())
def test_as_without_jitad(name):
    for order in (False, True):
        f = parts()[name]
        with jitad.disable_jit():
            g = jitad.value_and_grad(f)
            value, slope = g(X)
            assert g(X)[0] == value
        f = parts()[name]
        assert value == pytest.approx(f(X))
        for k in range(6):
            step = 1e-6 * (np.arange(6) == k)
            up, down = parts()[name](X + step), parts()[name](X - step)
            assert slope[k] == pytest.approx((up - down) / 2e-6, rel=1e-6)


class Special:
    depth = 0

    def __init__(self):
        self.k = 2.0

    def __enter__(self):
        self.depth += 1
        return self

    def __exit__(self, *_):
        self.depth -= 1

    def __len__(self):
        return int(self.k + 1)

    def __iter__(self):
        return iter([self.k, self.k * 2])

    def __bool__(self):
        return self.k > 1

    def __contains__(self, value):
        return value == self.k


def test_special_methods():
    s = Special()

    def f(x):
        with s as inside:
            a = x.sum() * inside.k * inside.depth
        return a + len(s) * sum(s) * x[0] + (x[1] if s else 0.0) + (x[2] if 2.0 in s else 0.0)

    g = jitad.grad(f)
    for k in (2.0, 3.0, 0.5, 2.0):
        s.k = k
        check(g, f)
    assert s.depth == 0


class Tree:
    def __init__(self, k, *children):
        self.k, self.children = k, list(children)
        for c in children:
            c.parent = self

    def total(self, x):
        above = self.parent.k if hasattr(self, "parent") else 1.0
        return above * self.k * (x**2).sum() + sum(c.total(x) for c in self.children)


def test_objects_that_know_each_other():
    leaf = Tree(3.0)
    root = Tree(1.5, Tree(2.0, leaf))
    g = jitad.grad(root.total)
    check(g, root.total)
    for change in (lambda: setattr(leaf, "k", 7.0), lambda: root.children.append(Tree(4.0)), lambda: setattr(root, "k", 0.5),
                   lambda: root.children.pop(0)):
        change()
        check(g, root.total)


HOLDERS = {
    "list": lambda p: [p], "tuple": lambda p: (p,), "dict": lambda p: {"a": p},
    "OrderedDict": lambda p: collections.OrderedDict(a=p),
    "deque": lambda p: collections.deque([p]), "set": lambda p: {p}, "keys": lambda p: {p: 1}, "nested": lambda p: [{"a": (p,)}],
    "delegated": lambda p: [Delegating(p)], "attribute of a class": lambda p: type("Holder", (), {"part": p, "__iter__": None}),
}


def held(holder):
    if isinstance(holder, type):
        return [holder.part]
    out = list(holder.values()) if isinstance(holder, dict) and "a" in holder else list(holder)
    return held(out[0]) if out and isinstance(out[0], (dict, tuple)) else out


@pytest.mark.parametrize("kind", [Plain, Generic, Plugin])
@pytest.mark.parametrize("name", HOLDERS)
def test_objects_in_containers(name, kind):
    p = kind(1.0)
    holder = HOLDERS[name](p)
    with jitad.disable_jit():
        g = jitad.grad(lambda x: sum(q.energy(x) for q in held(holder)))
        for k in (1.0, 5.0, 5.0, 2.0):
            p.k = k
            np.testing.assert_allclose(g(X), 2 * k * X)
    assert vars(p) == {"k": 2.0}


def test_what_is_used_as_it_is_keeps_nothing_traced():
    m = Generic(2.0)
    seen, box, table = collections.deque(), collections.OrderedDict(), WithAttributes(k=1.0)

    def f(x):
        seen.append(x)
        box["x"] = x
        Settings.k = x[0]
        return m.energy(x) * table.k * Settings.k

    with jitad.disable_jit():
        np.testing.assert_allclose(jitad.grad(f)(X)[1:], 4 * X[1:] * X[0])
    assert vars(m) == {"k": 2.0} and not seen and not box and Settings.k == 2.0


def test_copies_of_objects_that_hold_their_gradient():
    class Simulation(Plain):
        def __init__(self, k):
            super().__init__(k)
            self.force, self.hessian = jitad.grad(self.energy), jitad.hessian(self.energy)

    a = Simulation(1.0)
    with jitad.disable_jit():
        a.force(X)
        b = copy.deepcopy(a)
        b.k = 5.0
        np.testing.assert_allclose(b.force(X), 10 * X)
        np.testing.assert_allclose(a.force(X), 2 * X)
        np.testing.assert_allclose(b.hessian(X), 10 * np.eye(6))


class PickledSimulation(Plain):
    def __init__(self, k):
        super().__init__(k)
        self.force, self.hessian, self.data = jitad.grad(self.energy), jitad.hessian(self.energy), np.zeros(100_000)


def test_objects_that_hold_their_gradient_pickle():
    a = PickledSimulation(3.0)
    data = pickle.dumps(a)
    assert len(data) < 1_000_000
    b = pickle.loads(data)
    b.k = 5.0
    with jitad.disable_jit():
        np.testing.assert_allclose(b.force(X), 10 * X)
        np.testing.assert_allclose(a.force(X), 6 * X)


def test_methods_that_are_made_anew_at_every_look_need_no_new_trace():
    class Several(Plain):
        @classmethod
        def double(cls, x):
            return 2 * x

        @functools.lru_cache
        def weight(self, n):
            return n * 2.0

    s, d = Several(), Delegating(Several())
    with jitad.disable_jit():
        g = jitad.grad(lambda x: (s.double(x) * s.weight(6)).sum() + d.energy(x))
        for _ in range(4):
            g(X)
    assert sum(map(len, g._caller._found.values())) == 1


class TestLimits:
    """What the documentation says is not looked at again."""

    def test_attributes_of_objects_of_packages(self):
        held = threading.Event()
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

    def test_objects_behind_weak_references(self):
        p = Plain(1.0)
        r = weakref.ref(p)
        g = jitad.grad(lambda x: r().energy(x))
        with jitad.disable_jit():
            g(X)
            p.k = 5.0
            np.testing.assert_allclose(g(X), 2 * X)

    def test_globals_of_methods_reached_through_a_class(self, monkeypatch):
        class State:
            def __init__(self, x):
                self.x = x

            def energy(self):
                return STRENGTH * self.x.sum()

        with jitad.disable_jit():
            g = jitad.grad(lambda x: State(x).energy())
            assert g(X)[0] == 2
            monkeypatch.setitem(globals(), "STRENGTH", 7.0)
            assert g(X)[0] == 2


class Kept:
    def __init__(self, value):
        self.value = value


class Keeping:
    memo: dict = {}
    order: list = []

    def energy(self, x):
        if "a" not in Keeping.memo:
            Keeping.memo["a"] = Kept(x * 2)
        Keeping.order.append(Kept([x]))
        return Keeping.memo["a"].value


def test_objects_that_hold_traced_values_do_not_stay_in_classes():
    model = Keeping()
    with jitad.disable_jit():
        assert jitad.jit(model.energy)(3.0) == 6.0
    assert not Keeping.memo and not Keeping.order
    assert model.energy(5.0) == 10.0
    Keeping.memo.clear(), Keeping.order.clear()

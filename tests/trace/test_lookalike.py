"""Traced and captured values where Python asks for more than arithmetic: hashes, types, text, copies, other operands."""

import collections
import contextvars
import copy
import dataclasses
import threading
import types
from typing import NamedTuple

import numpy as np
import pytest

import jitad
from jitad.errors import TraceError

X = np.ones(3)
kinds = np.array([0, 1, 1])
epsilon = {(0, 1): 2.0, (1, 1): 3.0}
cutoff = 2.0
pattern = types.SimpleNamespace(a=1.0)


@pytest.fixture(autouse=True)
def interpreted():
    with jitad.disable_jit():
        yield


@dataclasses.dataclass
class Parameters:
    a: float = 1.0
    n: int = 2


parameters = Parameters()


class Vector:
    def __rmul__(self, other):
        return other * 3.0


vector = Vector()


class Apart(Vector):
    __array_ufunc__ = None


apart = Apart()


def by_kind(x):
    return sum(epsilon.get((kinds[i], kinds[i + 1]), 0.0) * x[i] for i in range(2))


def in_a_set(x):
    return x.sum() if cutoff in {2.0, 3.0} else 0.0 * x.sum()


def by_type(x):
    return x.sum() if type(x) is np.ndarray and type(cutoff) in (int, float) else 2 * x.sum()


def by_text(x):
    return {"2.0": 5.0}.get(f"{cutoff}", 1.0) * {"2.0": 5.0}.get(str(cutoff), 1.0) * x.sum()


def asdict(x):
    return sum(v for v in dataclasses.asdict(parameters).values() if isinstance(v, float)) * x.sum()


def deep_copied(x):
    return copy.deepcopy(cutoff) * copy.copy(cutoff) * x.sum()


def namespaces(x):
    return x.sum() if pattern == types.SimpleNamespace(a=1.0) else 2 * x.sum()


def same_memory(x):
    a = x.copy()
    b = a.astype(float, copy=False)
    b += 2
    return a.sum()


def flipped_is_copied(x):
    a = x.copy()
    w = np.flip(a).ravel()
    w[0] = 100.0
    return a.sum()


def view_method(x):
    a = x.copy()
    a.view()[1:] = 7.0
    return a.sum() + np.outer(x, x).trace()


def masked_product_of_lengths(x):
    a = np.outer(x, x[:2]).ravel()
    a[np.arange(len(a)) % 2 == 0] += 1.0
    return a.sum()


@pytest.mark.parametrize("f", [
    by_kind, in_a_set, by_type, by_text, asdict, deep_copied, namespaces, same_memory, view_method, masked_product_of_lengths,
    lambda x: x.sum() * vector, lambda x: x.sum() * apart, lambda x: x.sum() if cutoff.is_integer() else 2 * x.sum()])
def test_as_without_jitad(f):
    assert jitad.jit(f)(X) == f(X)
    np.testing.assert_allclose(jitad.grad(f)(X), [(f(X + e) - f(X - e)) / 2 for e in np.eye(3)])


def test_what_may_be_a_copy_is_refused():
    with pytest.raises(TraceError, match="copy"):
        jitad.jit(flipped_is_copied)(X)


def test_traced_values_have_no_hash():
    with pytest.raises(TraceError, match="looked up in a dict or set"):
        jitad.jit(lambda x: {x[0]: 1.0}[x[0]])(X)
    with pytest.raises(TypeError, match="unhashable"):
        jitad.jit(lambda x: hash(x))(X)


def test_text_of_a_traced_value():
    def f(x):
        raise RuntimeError(f"{x.sum()} {x}")

    with pytest.raises(RuntimeError, match=r"^Tracer<f8\[\]> Tracer<f8\[3\]>$"):
        jitad.jit(f)(X)


def test_looked_up_anew():
    table, key = {1.0: 2.0, 3.0: 4.0}, np.array([1.0])
    f = jitad.jit(lambda x: table[key[0]] * x.sum())
    assert f(X) == 6.0
    key[0] = 3.0
    assert f(X) == 12.0


class Model:
    memo: dict = {}  # noqa: RUF012
    log: list = []  # noqa: RUF012

    def __init__(self):
        self.a = 1.0

    def total(self, x):
        return sum(vars(self).values()) * x.sum()

    def has(self, x):
        return x.sum() if "b" in self.__dict__ else 2 * x.sum()

    def remembered(self, x):
        Model.log.append(x.sum())
        if "k" not in Model.memo:
            Model.memo["k"] = x * 2
        return Model.memo["k"].sum()


def test_new_attributes_are_seen():
    m = Model()
    f, g = jitad.jit(m.total), jitad.jit(m.has)
    assert (f(X), g(X)) == (3.0, 6.0)
    m.b = 5.0
    assert (f(X), g(X)) == (18.0, 3.0)


class Weights(NamedTuple):
    w: np.ndarray

    def energy(self, x):
        return (2 * self.w * x).sum()


def test_method_of_a_named_tuple():
    n = Weights(np.ones(3))
    g = jitad.grad(n.energy)
    g(X)
    n.w[0] = 9.0
    np.testing.assert_array_equal(g(X), [18, 2, 2])


def test_methods_replaced_in_classes():
    class Base:
        def e(self, x):
            return x.sum()

    class ByFunction(Base):
        def e(self, x):
            return Base.e(self, x)

    class BySuper(Base):
        def e(self, x):
            return super().e(x)

    queue = collections.deque([Base()])
    made = [jitad.jit(f) for f in (BySuper().e, ByFunction().e, lambda x: sum(o.e(x) for o in queue), lambda x: Base().e(x))]
    assert [f(X) for f in made] == [3.0] * 4
    Base.e = lambda self, x: 10 * x.sum()
    assert [f(X) for f in made] == [30.0] * 4


def counted(x):
    counted.seen.append(x.sum())
    return x.sum()


counted.seen = []


class Recorder:
    def __init__(self):
        self.history = []

    def __setattr__(self, name, value):
        object.__setattr__(self, name, value)

    def f(self, x):
        self.history.append(x.sum())
        return x.sum()


def test_no_traced_value_stays():
    s, ordered = Recorder(), collections.OrderedDict(h=[])
    objects = np.array([1.0, "a"], dtype=object)

    def nested(x):
        ordered["h"].append(x[0])
        return x.sum()

    def replaced(x):
        objects[0] = x.sum()
        return x.sum()

    for f in (Model().remembered, s.f, nested, replaced, counted):
        for _ in range(2):
            assert np.isfinite(jitad.jit(f)(X))
    assert (Model.memo, Model.log, s.history, ordered, counted.seen) == ({}, [], [], {"h": []}, [])
    assert objects.tolist() == [1.0, "a"]


class Owner(Recorder):
    def __init__(self):
        self.a = np.zeros(3)

    def f(self, x):
        self.a += 1
        return (self.a * x).sum()


def test_arrays_of_others_are_not_changed():
    owner = Owner()
    with pytest.raises(TraceError, match="in place"):
        jitad.jit(owner.f)(X)
    assert not owner.a.any()


def test_what_belongs_to_threads_and_contexts_is_refused():
    variable, local = contextvars.ContextVar("variable", default=2.0), threading.local()
    local.a = 3.0
    for f in (lambda x: variable.get() * x, lambda x: local.a * x):
        with pytest.raises(TraceError, match="read it outside"):
            jitad.jit(f)(X)


def test_axes_must_be_numbers():
    with pytest.raises(TypeError, match="tuple"):
        jitad.jit(lambda x: np.argmax(np.outer(x, x), axis=(0, 1)))(X)

"""What can be changed in place around a traced function is seen at the next call."""

import array
import collections
import contextlib
import copy
import functools
import itertools
import time
import types

import numpy as np
import pytest

import jitad
from jitad.errors import TraceError

X = np.linspace(1, 2, 6)


class Sub(np.ndarray):
    pass


class MyList(list):
    pass


def changed(value, change, use):
    """A function that uses a value, before and after a change, against the function itself: compiled, and interpreted."""
    before = copy.deepcopy(backing), copy.deepcopy(value) if not isinstance(value, types.MappingProxyType) else value
    g = jitad.grad(lambda x: use(value) * (x**2).sum())
    for _ in range(3):  # the third call goes the short way
        np.testing.assert_allclose(g(X), 2 * float(use(value)) * X)
    change(value)
    for _ in range(3):
        np.testing.assert_allclose(g(X), 2 * float(use(value)) * X)
    backing.clear()
    backing.update(before[0])
    value = before[1]
    with jitad.disable_jit():
        g = jitad.grad(lambda x: use(value) * (x**2).sum())
        np.testing.assert_allclose(g(X), 2 * float(use(value)) * X)
        change(value)
        np.testing.assert_allclose(g(X), 2 * float(use(value)) * X)
        found = len(g._caller._found[next(iter(g._caller._found))])
        np.testing.assert_allclose(g(X), 2 * float(use(value)) * X)
        assert len(g._caller._found[next(iter(g._caller._found))]) == found  # the new trace holds


def put(index, new):
    return lambda value: value.__setitem__(index, new)


backing = {"a": 2.0}
CASES = {
    "set": ({1, 2}, lambda v: v.add(4), len),
    "set in a list": ([{1, 2}], lambda v: v[0].add(4), lambda v: 4 in v[0]),
    "OrderedDict": (collections.OrderedDict(a=2.0), put("a", 5.0), lambda v: v["a"]),
    "defaultdict": (collections.defaultdict(float, a=2.0), put("a", 5.0), lambda v: v["a"]),
    "deque": (collections.deque([2.0]), lambda v: v.append(v.popleft() * 3), lambda v: v[0]),
    "Counter": (collections.Counter(a=2), lambda v: v.update("a"), lambda v: v["a"]),
    "list subclass": (MyList([2.0]), put(0, 5.0), lambda v: v[0]),
    "array.array": (array.array("d", [2.0]), put(0, 5.0), lambda v: v[0]),
    "bytearray": (bytearray(b"\x02"), put(0, 5), lambda v: v[0]),
    "mappingproxy": (types.MappingProxyType(backing), lambda v: backing.update(a=5.0), lambda v: v["a"]),
    "strings": (np.array(["H", "O", "H"]), put(1, "H"), lambda v: (v == "H").sum()),
    "objects": (np.array([2.0, 3.0], object), put(0, 9.0), lambda v: v[0]),
    "records": (np.array([(1.0, 2.0)], [("e", float), ("s", float)]), lambda v: v["e"].fill(7.0), lambda v: v["e"][0]),
    "complex": (np.array([1 + 2j, 2.0]), put(0, 9), lambda v: (np.abs(v) ** 2).sum()),
    "float16": (np.array([1, 2], np.float16), put(0, 9), lambda v: v[0]),
    "longdouble": (np.array([2.0, 3.0], np.longdouble), put(0, 9), lambda v: float(v[0])),
    "subclass": (np.array([2.0, 3.0]).view(Sub), put(0, 9), lambda v: v.sum()),
    "masked": (np.ma.masked_array([1.0, 2.0], [True, False]), put(1, 5.0), lambda v: v.sum()),
    "mask": (np.ma.masked_array([1.0, 2.0], [True, False]), put(0, 5.0), lambda v: v.sum()),
    "int to float": ([2], put(0, 2.0), lambda v: 1 if type(v[0]) is int else 3),
    "1 to True": ([1, True], put(0, True), lambda v: 1 if v[0] is True else 3),
    "order of a dict": ({"b": 1, "a": 2}, lambda v: v.update(b=v.pop("b")), lambda v: next(iter(v.values()))),
}


@pytest.mark.parametrize("name", CASES)
def test_changed_in_place(name):
    changed(*CASES[name])


def test_dicts_keep_their_order():
    parameters = {"z": 1.0, "a": 2.0}

    def horner(x, coefficients):
        out = 0.0
        for c in coefficients.values():
            out = out * x[0] + c
        return out

    with jitad.disable_jit():
        assert jitad.jit(lambda x: horner(x, parameters))(X + 1) == horner(X + 1, parameters)
        assert jitad.jit(horner)(X + 1, parameters) == horner(X + 1, parameters)
        backwards = {"a": 2.0, "z": 1.0}
        assert jitad.jit(horner)(X + 1, backwards) == horner(X + 1, backwards)
        _, pull = jitad.vjp(lambda p: {"u": p["z"], "v": 3 * p["a"]}, parameters)
        assert pull({"v": 1.0, "u": 5.0})[0] == {"z": 5.0, "a": 3.0}


def test_names_that_are_bound_later():
    names: dict = {"np": np}
    exec("def f(x):\n    try:\n        return LATER * x.sum()\n    except NameError:\n        return abs(-2.0) * x.sum()", names)
    with jitad.disable_jit():
        g = jitad.grad(names["f"])
        assert g(X)[0] == 2
        names["abs"] = lambda v: 7.0
        assert g(X)[0] == 7
        names["LATER"] = 5.0
        assert g(X)[0] == 5


@functools.lru_cache
def weight(n):
    return 1 / n


def test_what_is_kept_of_others_is_used_as_it_is():
    kept = functools.lru_cache(abs)
    with jitad.disable_jit():
        assert jitad.grad(lambda x: kept(-2.0) * x)(1.0) == 2


def test_results_that_are_kept_hold_nothing_traced():
    with jitad.disable_jit():
        g = jitad.grad(lambda x: weight(x.shape[0]) * x.sum())
        for n in (6, 7, 6):
            np.testing.assert_allclose(g(np.ones(n)), np.full(n, 1 / n))
    assert isinstance(weight(6), float)


@pytest.mark.parametrize("make", [
    lambda x: np.zeros(()), lambda x: np.array(x[0]), lambda x: np.asarray(x[0]), lambda x: np.full((), x[0]),
    lambda x: x.copy()[0, ...], lambda x: x.copy()[0:1].reshape(())])
def test_arrays_without_axes_are_changed_for_all_who_hold_them(make):
    def f(x):
        y = make(x)
        z = y
        y += x[1]
        return y * z

    with jitad.disable_jit():
        assert jitad.jit(f)(X) == f(X)


@pytest.mark.parametrize("make", [lambda x: x[0, ...], lambda x: x[0:1].reshape(())])
def test_views_without_axes_of_arguments_are_not_changed(make):
    def f(x):
        y = make(x)
        y += x[1]
        return y

    with pytest.raises(TraceError, match="change a copy"):
        jitad.grad(f)(X)


def test_numbers_are_bound_anew_in_place():
    def f(x):
        y = x[0]
        z = y
        y += x[1]
        return y * z

    with jitad.disable_jit():
        np.testing.assert_allclose(jitad.grad(f)(X)[:2], [2 * X[0] + X[1], X[0]])


@pytest.mark.parametrize("keepdims", [True, 1, np.True_])
def test_keepdims_is_a_truth_value(keepdims):
    x = np.arange(9.0).reshape(3, 3)
    with jitad.disable_jit():
        for function in (np.sum, np.mean, np.max, np.prod, np.var):
            np.testing.assert_allclose(jitad.jit(lambda x: x - function(x, axis=1, keepdims=keepdims))(x),
                                       x - function(x, axis=1, keepdims=bool(keepdims)))


def test_out_by_position():
    with jitad.disable_jit():
        np.testing.assert_array_equal(jitad.grad(lambda x: np.add(x, x, np.zeros(6)).sum())(X), np.full(6, 2.0))
    with pytest.raises(TraceError, match="cannot change an array that it was given"):
        jitad.grad(lambda x: np.add(x, x, x).sum())(X)


@pytest.mark.parametrize("made", [lambda: iter([1.0, 2.0]), lambda: (v for v in [1.0, 2.0]), lambda: itertools.count(),
                                  lambda: zip([1.0], [2.0], strict=True)])
def test_iterators_are_refused_and_stay_as_they_are(made):
    source = made()
    with jitad.disable_jit():
        with pytest.raises(TraceError, match="iterator .* ask it outside"):
            jitad.jit(lambda x: x * next(source))(1.0)
        with pytest.raises(TraceError, match="iterator"):
            jitad.jit(lambda x: sum(x * v for v in source))(1.0)
    assert next(source) == next(made())


def test_clocks_are_refused():
    with jitad.disable_jit():
        for clock in (time.perf_counter, time.time_ns):
            with pytest.raises(TraceError, match="the time .* read once"):
                jitad.jit(lambda x, clock=clock: x * clock())(1.0)
        with pytest.raises(TraceError, match="the time"):
            jitad.jit(lambda x: x * time.monotonic())(1.0)
        assert jitad.jit(lambda x: x * (time.sleep(0) is None))(2.0) == 2.0


def test_attributes_of_functions():
    def helper(x):
        return x * helper.k + helper.table.sum() * x

    helper.k, helper.table = 2.0, np.ones(3)
    for interpreted in (True, False):
        g = jitad.jit(lambda x: helper(x) + (helper.options["a"] if hasattr(helper, "options") else 0.0))
        with jitad.disable_jit() if interpreted else contextlib.nullcontext():
            for change in (lambda: None, lambda: setattr(helper, "k", 5.0), lambda: helper.table.__setitem__(0, 7.0),
                           lambda: setattr(helper, "options", {"a": 3.0}), lambda: helper.options.update(a=4.0),
                           lambda: delattr(helper, "options")):
                change()
                for _ in range(3):
                    assert g(1.5) == helper(1.5) + (helper.options["a"] if hasattr(helper, "options") else 0.0)


def test_code_that_was_reloaded():
    def inner(x):
        return x

    g = jitad.jit(lambda x: inner(x))
    with jitad.disable_jit():
        assert g(1.5) == 1.5
        inner.__code__ = (lambda x: 2 * x).__code__
        assert g(1.5) == 3.0


SOURCES = [np.random.default_rng(0), np.random.RandomState(0), np.random.RandomState(0).normal, np.random]


@pytest.mark.parametrize("value", SOURCES)
def test_random_numbers_are_refused(value):
    def f(x):
        draw = value if callable(value) else value.normal
        return (x * draw(size=6)).sum()

    with pytest.raises(TraceError, match="draw outside"):
        jitad.grad(f)(X)


def test_what_isinstance_sees():
    def f(x, y, n):
        assert isinstance(x, np.ndarray) and isinstance(x[0], np.floating) and np.isscalar(x[0])
        assert isinstance(y, float) and not isinstance(y, np.ndarray) and isinstance(n, int)
        return x.sum() * y * n

    with jitad.disable_jit():
        assert jitad.grad(f, 1)(X, 2.0, 3) == X.sum() * 3


def test_a_caught_refusal_is_raised_all_the_same():
    def f(x):
        try:
            v = float(x[0])
        except (TypeError, ValueError):
            v = 0.0
        return v * x.sum()

    with pytest.raises(TraceError, match=r"float\(t\)"):
        jitad.grad(f)(X)


def test_a_pulled_back_cotangent_is_of_the_point_that_was_given():
    x = X.copy()
    with jitad.disable_jit():
        _, pull = jitad.vjp(lambda x: (x**2).sum(), x)
        x[:] = 0
        np.testing.assert_allclose(pull(1.0)[0], 2 * X)


class AlwaysEqual:
    def __init__(self, k):
        self.k = k

    def __eq__(self, other):
        return True

    __hash__ = None

    def __call__(self, x):
        return self.k * x**2


def test_functions_are_told_apart_by_identity():
    with jitad.disable_jit():
        assert jitad.jvp(AlwaysEqual(2.0), (1.0,), (1.0,)) == (2, 4)
        assert jitad.jvp(AlwaysEqual(5.0), (1.0,), (1.0,)) == (5, 10)


def test_an_argument_named_twice():
    with pytest.raises(ValueError, match="twice"):
        jitad.grad(lambda x, y: x * y, argnums=(0, -2))(1.0, 2.0)


@pytest.mark.parametrize("order", ["A", "K"])
def test_orders_in_memory_are_refused(order):
    with pytest.raises(TraceError, match="order="):
        jitad.jit(lambda x: x.T.ravel(order))(np.ones((2, 3)))


@pytest.mark.parametrize("f", [lambda x, m: x[np.nonzero(m)], lambda x, m: x[np.flatnonzero(m)], lambda x, m: x[np.where(m)],
                               lambda x, m: x[np.argwhere(m)[:, 0]], lambda x, m: x[m.nonzero()] * len(np.flatnonzero(m))])
def test_places_in_a_captured_array(f):
    m = np.array([True, False, True, True, False, False])
    with jitad.disable_jit():
        g = jitad.jit(lambda x: f(x, m))
        for _ in range(2):
            np.testing.assert_array_equal(g(X), f(X, m))
            m[:] = np.roll(~m, 1) | m


def test_integers_stay_so_from_an_initial_value_on():
    with jitad.disable_jit():
        for f in (lambda k: np.sum(k, initial=0.5), lambda k: np.max(k, initial=2.5), lambda k: np.prod(k, initial=1.5)):
            out, want = jitad.jit(f)(np.arange(3)), f(np.arange(3))
            assert out == want and isinstance(out, (int, np.integer))

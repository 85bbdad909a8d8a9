"""The short way of a call does what the long way does, or leaves the call to it."""

import collections
import functools
import queue
import threading
import types

import numpy as np
import pytest

import jitad
from jitad.entry import MISS
from jitad.tree import flatten

X = np.linspace(1, 2, 6)
Pair = collections.namedtuple("Pair", "first second")
shadow = np.prod


def short(g, *args, **kwargs):
    """What the entries of a function say to a call."""
    for entry in g._caller.entries:
        out = entry(args, kwargs)
        if out is not MISS:
            return out
    return MISS


def warmed(f, *args, **kwargs):
    """A compiled function, and its result by the long way."""
    g = jitad.jit(f)
    g(*args, **kwargs)
    return g, g(*args, **kwargs)


def same(a, b):
    (x, s), (y, t) = flatten(a), flatten(b)
    assert s == t
    for u, v in zip(x, y, strict=True):
        assert type(u) is type(v)
        np.testing.assert_array_equal(u, v)
        assert not isinstance(u, np.ndarray) or (u.dtype == v.dtype and u is not v)


CALLS = {
    "array": (lambda x: 2 * x, (X,), {}),
    "float": (lambda x: 2 * x, (1.5,), {}),
    "int": (lambda x: 2 * x, (3,), {}),
    "bool": (lambda x: ~x, (np.True_,), {}),
    "Python bool": (lambda x: np.logical_not(x), (True,), {}),
    "numbers of NumPy": (lambda x, y, z: (x + 1, y + 1, z + 1), (np.float64(1), np.float32(2), np.int32(3)), {}),
    "float32": (lambda x: (x.sum(), x), (X.astype("f4"),), {}),
    "integers": (lambda x: (x.sum(), x + 1), (np.arange(6),), {}),
    "small integers": (lambda x: (x.sum(), x), (np.arange(6, dtype=np.int8),), {}),
    "several": (lambda x, y: (x * y, y), (X, X + 1), {}),
    "named": (lambda x, *, y: (x * y, y), (X,), {"y": 2.0}),
    "positional or named": (lambda x, y: (x * y, y), (), {"y": 2.0, "x": X}),
    "tuple": (lambda p: p[0] * p[1], ((X, 2.0),), {}),
    "list": (lambda p: [p[0] * p[1]], ([X, 2.0],), {}),
    "dict": (lambda p: {"c": p["a"] * p["b"], 3: p["a"]}, ({"b": X, "a": 2.0},), {}),
    "namedtuple": (lambda p: Pair(p.first * p.second, [p.second]), (Pair(X, 2.0),), {}),
    "None": (lambda p: None if p[1] is None else p[0], ((X, None),), {}),
    "empty": (lambda p: (p[0], (), [], {}), ((X, (), [], {}),), {}),
    "nested": (lambda p, q: [{"a": (p["u"][0][1] * q[0],)}], ({"u": [(X, 2.0)]}, [3.0]), {}),
    "no argument": (lambda: np.ones(6) + 1, (), {}),
    "short axes": (lambda x: x.sum(0), (np.ones((6, 3)),), {}),
    "guard": (lambda x, y: x + y if len(x) < 2 * len(y) else x, (X, X), {}),
    "floor division": (lambda x: x * (1 if len(x) // 2 % 3 == 0 else 2), (X,), {}),
    "zero size": (lambda x: x.sum(), (np.zeros((0, 3)),), {}),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(name):
    f, args, kwargs = CALLS[name]
    g, by_long = warmed(f, *args, **kwargs)
    by_short = short(g, *args, **kwargs)
    assert by_short is not MISS or name in ("bool",)
    same(by_short if by_short is not MISS else g(*args, **kwargs), by_long)
    same(g(*args, **kwargs), by_long)


OTHERS = {
    "more arguments": (X, X), "no argument": (), "int": (1,), "float": (1.0,), "0-d": (np.array(1.0),), "list": ([X],),
    "tuple": ((X,),), "dict": ({"x": X},), "None": (None,), "string": ("x",), "float32": (X.astype("f4"),),
    "int array": (np.arange(6),), "bytes swapped": (X.astype(">f8"),), "strided": (np.arange(12.0)[::2],),
    "reversed": (X[::-1],), "masked": (np.ma.masked_array(X),), "objects": (X.astype(object),),
    "two axes": (X.reshape(2, 3),), "short": (X[:3],), "misaligned": (np.frombuffer(b"x" + X.tobytes(), offset=1),),
    "subclass": (X.view(type("Sub", (np.ndarray,), {})),),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_arguments_go_the_long_way(name):
    g, _ = warmed(lambda x: 2 * x, X)
    assert short(g, X) is not MISS
    assert short(g, *OTHERS[name]) is MISS
    assert short(g, X, y=1) is MISS


def test_read_only_and_other_lengths_go_the_short_way():
    g, _ = warmed(lambda x: 2 * x, X)
    fixed = X.copy()
    fixed.flags.writeable = False
    np.testing.assert_array_equal(short(g, fixed), 2 * X)
    np.testing.assert_array_equal(short(g, np.arange(100.0)), 2 * np.arange(100.0))


def test_fortran_order():
    g, _ = warmed(lambda x: x * np.arange(x.shape[1]), np.ones((6, 7)))
    x = np.asfortranarray(np.arange(42.0).reshape(6, 7))
    assert short(g, x) is MISS
    np.testing.assert_array_equal(g(x), x * np.arange(7))


def test_integers_that_do_not_fit():
    g, _ = warmed(lambda x: x + 1, 3)
    assert short(g, 2**63 - 2) == 2**63 - 1
    for k in (2**63, -(2**63) - 1, 10**30):
        assert short(g, k) is MISS
        with pytest.raises(jitad.errors.DTypeError, match="64 bits"):
            g(k)


def test_guards():
    g, _ = warmed(lambda x, y: (x * 2 if len(x) < 2 * len(y) else x * 3), X, X)
    np.testing.assert_array_equal(short(g, X, X), 2 * X)
    assert short(g, np.ones(12), X) is MISS
    for _ in range(3):
        np.testing.assert_array_equal(g(np.ones(12), X), np.full(12, 3.0))
        np.testing.assert_array_equal(g(np.ones(11), X), np.full(11, 2.0))
    np.testing.assert_array_equal(short(g, np.ones(12), X), np.full(12, 3.0))


def test_index_errors_are_explained():
    g, _ = warmed(lambda x, i: x[i], X, np.arange(5))
    with pytest.raises(IndexError, match="index 6 is out of bounds for axis 0 with size 6"):
        g(X, np.arange(3, 8))


class Rebound:
    """A value used by a function, put at another place in each test, with what it is afterwards."""

    def __init__(self):
        self.array, self.number, self.text, self.count, self.helper = X, 1.5, "a", 3, lambda v: v * 2

    def every(self):
        return [("array", X + 5), ("array", np.ones(7)), ("array", X.astype("f4")), ("array", 2.0), ("number", 2.5),
                ("number", 2), ("number", X), ("text", "b"), ("count", 4), ("count", 4.0), ("helper", lambda v: v * 3)]


def use(x, array, number, text, count, helper):
    out = helper(x.sum()) * number * (2 if text == "a" else 5) + np.sum(array) * count
    return out * x[0] ** count


BODY = """
def f(x):
    out = helper(x.sum()) * number * (2 if text == "a" else 5) + np.sum(array) * count
    return out * x[0] ** count
"""


def put_in_globals(values):
    names = {"np": np, **values}
    exec(BODY, names)
    return names["f"], names.__setitem__


def put_in_cells(values):
    array, number, text, count, helper = values.values()

    def f(x):
        return helper(x.sum()) * number * (2 if text == "a" else 5) * x[0] ** count + np.sum(array) * count * x[0] ** count

    def put(name, value):
        f.__closure__[f.__code__.co_freevars.index(name)].cell_contents = value

    return f, put


def put_in_defaults(values):
    def f(x, array=values["array"], number=values["number"], text=values["text"], count=values["count"],
          helper=values["helper"]):
        return use(x, array, number, text, count, helper)

    def put(name, value):
        k = list(values).index(name)
        f.__defaults__ = (*f.__defaults__[:k], value, *f.__defaults__[k + 1 :])

    return f, put


def put_in_named_defaults(values):
    def f(x, *, array=values["array"], number=values["number"], text=values["text"], count=values["count"],
          helper=values["helper"]):
        return use(x, array, number, text, count, helper)

    return f, lambda name, value: f.__kwdefaults__.update({name: value})


def put_in_a_dict(values):
    held = dict(values)

    def f(x):
        return use(x, *held.values())

    return f, held.__setitem__


def put_in_a_list(values):
    held = [[v] for v in values.values()]

    def f(x):
        return use(x, *[v[0] for v in held])

    def put(name, value):
        held[list(values).index(name)][0] = value

    return f, put


def put_in_a_module(values):
    module = types.ModuleType("parameters")
    module.__file__ = "/home/user/parameters.py"
    vars(module).update(values)

    def f(x):
        return use(x, module.array, module.number, module.text, module.count, module.helper)

    return f, module.__dict__.__setitem__


def put_in_a_partial(values):
    held = {**values}
    inner = functools.partial(use, **held)

    def f(x):
        return inner(x)

    return f, inner.keywords.__setitem__


PLACES = [put_in_globals, put_in_cells, put_in_defaults, put_in_named_defaults, put_in_a_dict, put_in_a_list, put_in_a_module,
          put_in_a_partial]


@pytest.mark.parametrize("place", PLACES)
def test_captured_values_are_read_anew(place):
    values = vars(Rebound())
    f, put = place(values)
    g = jitad.jit(f)
    for _ in range(2):
        np.testing.assert_allclose(g(X), f(X), rtol=1e-12)
    assert short(g, X) is not MISS
    for name, other in Rebound().every():
        put(name, other)
        for _ in range(3):
            np.testing.assert_allclose(g(X), f(X), rtol=1e-6 if name == "array" else 1e-12)
        assert short(g, X) is not MISS
        put(name, values[name])
        np.testing.assert_allclose(g(X), f(X), rtol=1e-12)


def test_containers_of_other_shape():
    held = {"a": 2.0, "b": (1.0, X)}
    g, _ = warmed(lambda x: x * sum(v if isinstance(v, float) else v[0] for v in held.values()), X)
    assert short(g, X) is not MISS
    changes = [lambda: held.update(c=4.0), lambda: held.pop("a"), lambda: held.update(b=1.0), lambda: held.update(b=[1.0, X])]
    for change in changes:
        change()
        assert short(g, X) is MISS
        for _ in range(2):
            np.testing.assert_allclose(g(X), X * sum(v if isinstance(v, float) else v[0] for v in held.values()))
        assert short(g, X) is not MISS


def test_two_names_for_one_container():
    names = {"P": {"a": 2.0}}
    names["Q"] = names["P"]
    exec("def f(x):\n    return x * P['a'] * Q['a']", names)
    g, _ = warmed(names["f"], X)
    np.testing.assert_array_equal(short(g, X), 4 * X)
    names["Q"] = {"a": 3.0}
    for _ in range(3):
        np.testing.assert_array_equal(g(X), 6 * X)
    names["P"]["a"] = 5.0
    np.testing.assert_array_equal(g(X), 15 * X)


def test_names_that_come_and_go():
    names: dict = {"np": np, "scale": 2.0}
    exec("def f(x):\n    return abs(x) * scale", names)
    g, _ = warmed(names["f"], X)
    names["abs"] = lambda x: x * 10
    np.testing.assert_array_equal(g(X), 20 * X)
    del names["abs"]
    np.testing.assert_array_equal(g(X), 2 * X)
    del names["scale"]
    with pytest.raises(NameError, match="scale"):
        g(X)


def test_masks_and_content():
    mask = np.triu(np.ones((6, 6)), 1)
    flags = np.array([True, False])

    def f(x):
        d = x[:, None] - x[None]
        return (d**2 * mask).sum() * (2 if flags.any() else 3)

    g, _ = warmed(f, X)
    assert short(g, X) is not MISS
    mask[0, 0] = 1
    mask[3, 1] = 5
    assert short(g, X) is MISS
    np.testing.assert_allclose(g(X), f(X))
    flags[0] = False
    np.testing.assert_allclose(g(X), f(X))


def test_within_a_trace_of_this_or_another_thread():
    scale = 2.0

    def f(x):
        return (x**2).sum() * scale

    inner, _ = warmed(f, X)
    outer = jitad.grad(lambda s: inner(X) * s + inner(s * X))
    expected = (X**2).sum() * 2 + 2 * (X**2).sum() * 2
    for _ in range(3):
        assert outer(1.0) == pytest.approx(expected)
    found = queue.SimpleQueue()
    other = threading.Thread(target=lambda: found.put(inner(X)))

    def traced(x):
        other.start()
        other.join()
        return x.sum()

    jitad.jit(traced)(X)
    assert found.get() == inner(X)


def test_functions_of_several_kinds_of_arguments():
    g = jitad.jit(lambda x: x * 2)
    kinds = [1.0, 2, np.float32(3), X, X.astype("f4"), np.ones((5, 5)), np.ones((5, 3))]
    for _ in range(4):
        for x in kinds:
            np.testing.assert_array_equal(g(x), x * 2)
    assert len(g._caller.entries) == 4

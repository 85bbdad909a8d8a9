"""Python's own branches on traced values: each side has its own value and derivatives."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import jitad
from jitad.errors import ConcreteValueError, ShapeError, TraceError

INF, NAN = float("inf"), float("nan")
strength = 1.5
table = np.array([1.0, 2.0, 4.0])


def absolute(x):
    if x < 0:
        return -x
    return x


def huber(x, d):
    return 0.5 * x**2 if abs(x) <= d else d * (abs(x) - 0.5 * d)


def cut_off(r, rc):
    if r >= rc:
        return 0.0 * r
    if r < 0.5 * rc:
        return (1 / r) ** 6
    u = (r - 0.5 * rc) / (0.5 * rc)
    return (1 / r) ** 6 * (1 - u) ** 2 * (1 + 2 * u)


def newton(a):
    x, turns = a, 0
    while abs(x * x - a) > 1e-12 * a:
        x = 0.5 * (x + a / x)
        turns += 1
    return x * turns


def collatz(x, n):
    total = x
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        total = total * x + n
    return total


def chained(x, y):
    if 0 < x < y and not (x * y > 6 or y == 5):
        return x**2 * y
    return (x or y) * y**2 if x > y else x + y * x


def clipped(x):
    total = 0.0
    for v in x:
        if v > 2.5:
            break
        if v < 0.0:
            continue
        total = total + v**2
    else:
        total = total * 3
    return total


def extremes(x):
    a, b = x[0] * x[1], x[1] + x[2]
    low, high = sorted([a, b], key=lambda v: v * v)
    return min(a, b, key=lambda v: -v) * 2 + max(a, b) * low - high**2 if any(v > 3 for v in (a, b)) else min(low, high) ** 2


def eigenvalue(x):
    """The larger one of two by two."""
    (a, b), (c, d) = x
    mean, product = (a + d) / 2, a * d - b * c
    under = mean**2 - product
    assert under >= 0, "complex"
    return max([mean + np.sqrt(under), mean - np.sqrt(under)])


SYMMETRIC = np.array([[2.0, 0.5], [0.5, 1.0]])
CASES = {
    "absolute": (absolute, [(2.0,), (-3.0,), (-0.5,)]),
    "huber": (huber, [(0.5, 1.0), (3.0, 1.0), (-3.0, 2.0)]),
    "cut_off": (cut_off, [(3.0, 2.5), (1.0, 2.5), (2.0, 2.5)]),
    "newton": (newton, [(2.0,), (9.5,), (2.1,)]),
    "collatz": (collatz, [(0.7, 6), (0.9, 1), (0.8, 6)]),
    "chained": (chained, [(1.0, 2.0), (2.0, 4.0), (3.0, 1.5), (1.0, 5.0), (-1.0, 5.0)]),
    "clipped": (clipped, [(np.array([1.0, -1.0, 2.0]),), (np.array([1.0, 2.0, 3.0]),), (np.array([-1.0, 2.0, 3.0]),)]),
    "extremes": (extremes, [(np.array([1.0, 2.0, 3.0]),), (np.array([0.1, -0.2, 0.3]),), (np.array([3.0, -2.0, 3.0]),)]),
    "eigenvalue": (eigenvalue, [(SYMMETRIC,), (SYMMETRIC + np.eye(2),)]),
}


def differences(f, x, *rest, h=1e-6):
    """Central differences by the first argument."""
    x = np.asarray(x, float)
    out = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[k] = h
        there, back = (v if v.ndim else float(v) for v in (x + e, x - e))
        out[k] = (f(there, *rest) - f(back, *rest)) / (2 * h)
    return out


@pytest.mark.parametrize("name", CASES)
def test_values_and_derivatives(name):
    f, calls = CASES[name]
    g = jitad.value_and_grad(f)
    for args in calls:
        value, slope = g(*args)
        assert value == pytest.approx(f(*args), rel=1e-13)
        np.testing.assert_allclose(slope, differences(f, *args), rtol=1e-6, atol=1e-8)
        with jitad.disable_jit():
            assert jitad.value_and_grad(f)(*args)[0] == pytest.approx(value, rel=1e-13)
            np.testing.assert_allclose(g(*args)[1], slope, rtol=1e-12)
            first, second = jitad.grad(f), jitad.hessian(f)(*args)
            for k in np.ndindex(np.shape(args[0])):
                by_hand = differences(lambda *a, k=k: np.asarray(first(*a))[k], *args)
                np.testing.assert_allclose(np.asarray(second)[k], by_hand, rtol=1e-5, atol=1e-6)
    assert len(g.specializations) <= len(calls)


def test_forward_and_reverse_agree():
    rng = np.random.default_rng(5)

    def f(x):
        y = np.sin(x) * x[0]
        if y.sum() > 0:
            return y**2, x.sum()
        return x * y, x[0] * x[1] if x[1] > 0 else x[2]

    for x in (np.array([1.0, 2.0, 0.5]), np.array([1.0, -2.0, 0.5]), np.array([-1.0, 2.0, 0.5])):
        v = rng.normal(size=3)
        w = rng.normal(size=3), float(rng.normal())
        out, along = jitad.jvp(f, (x,), (v,))
        value, pull = jitad.vjp(f, x)
        np.testing.assert_allclose(out[0], f(x)[0])
        assert value[1] == pytest.approx(f(x)[1])
        (back,) = pull(w)
        assert along[0] @ w[0] + along[1] * w[1] == pytest.approx(back @ v)
        matrix = jitad.jacobian(f)(x)
        np.testing.assert_allclose(matrix[0] @ v, along[0])
        np.testing.assert_allclose(jitad.hvp(lambda x, w: (f(x)[0] * w).sum())(x, v, w[0]),
                                   jitad.hessian(lambda x: (f(x)[0] * w[0]).sum())(x) @ v, atol=1e-13)


SPECIAL = [NAN, -NAN, INF, -INF, 0.0, -0.0, 1.0, np.nextafter(1.0, 2), 5e-324, -5e-324]


def compared(x, y):
    out = 0.0
    for k, ask in enumerate((lambda: x < y, lambda: x <= y, lambda: x == y, lambda: x != y, lambda: x > y, lambda: x >= y,
                             lambda: not x, lambda: x and y)):
        if ask():
            out += 2.0**k
    return out


def test_comparisons_are_python_s():
    f = jitad.jit(compared, max_paths=1000)
    for x in SPECIAL:
        for y in (NAN, INF, -0.0, 1.0, 0.0):
            assert f(x, y) == compared(x, y), (x, y)
    assert len(f.specializations) < 25


def test_nested_gradients():
    def outer(a, b):
        def inner(y):
            if y * b > a:
                return y**3 * a
            return y * b * b if y > 0 else y**2

        return jitad.grad(inner)(a * 2) * b if a > -5 else jitad.grad(inner)(b)

    def by_hand(a, b):
        y = a * 2 if a > -5 else b
        slope = 3 * y**2 * a if y * b > a else b * b if y > 0 else 2 * y
        return slope * b if a > -5 else slope

    points = [(1.0, 2.0), (1.0, 0.1), (-1.0, 2.0), (-6.0, 2.0), (-6.0, -2.0)]
    g = jitad.value_and_grad(outer, (0, 1))
    for a, b in points:
        value, slope = g(a, b)
        assert value == pytest.approx(by_hand(a, b))
        assert slope == pytest.approx((differences(by_hand, a, b).item(), differences(lambda b, a: by_hand(a, b), b, a).item()))
    with jitad.disable_jit():
        for a, b in points:
            assert g(a, b) == jitad.value_and_grad(outer, (0, 1))(a, b)


def test_a_derivative_may_be_asked_for():
    def descent(x):
        slope = jitad.grad(lambda y: (y - 3.0) ** 4)
        for _ in range(3):
            if slope(x) < -1.0:
                x = x + 0.1
        return x**2

    f = jitad.value_and_grad(descent)
    for x in (1.0, 2.3, 2.5, 3.5):
        y = x
        for _ in range(3):
            y = y + 0.1 if 4 * (y - 3) ** 3 < -1 else y
        assert f(x) == pytest.approx((y**2, 2 * y))


def test_functions_that_jitad_made():
    inner = jitad.jit(lambda x: x**2 if x > 1 else x)
    outer = jitad.grad(lambda x: inner(x) * inner(x - 1))
    for x, slope in ((0.5, 0.0), (1.5, 2 * 1.5 * 0.5 + 1.5**2), (2.5, 2 * 2.5 * 1.5**2 + 2.5**2 * 2 * 1.5)):
        assert outer(x) == pytest.approx(slope)
    assert inner(3.0) == 9.0 and inner(0.5) == 0.5


def test_captured_values_change():
    global strength
    given = {"limit": np.array([2.0, 0.0])}

    def f(x):
        if x * strength > given["limit"][0]:
            return x**2 * table[1]
        return x * given["limit"].sum()

    g = jitad.grad(f)
    kept = strength
    try:
        for strength in (1.5, 0.5, 1.5, 4.0):
            for limit in (2.0, 5.0, 1.0):
                given["limit"] = np.array([limit, 1.0])
                for x in (1.0, 2.0):
                    assert g(x) == (2 * x * table[1] if x * strength > limit else limit + 1.0)
    finally:
        strength = kept
    assert len(g.specializations) == 2 and len(g._caller._found[next(iter(g._caller._found))]) == 1


def test_containers_and_further_results():
    def f(p, x):
        if p["a"] > x[0]:
            return p["a"] * x.sum(), {"side": 1, "x": x * 2}
        return p["b"][0] ** 2 * x[1], {"side": 2}

    g = jitad.value_and_grad(f, has_aux=True)
    (value, aux), slope = g({"a": 3.0, "b": [2.0]}, np.array([1.0, 2.0]))
    assert value == 9.0 and aux["side"] == 1 and slope == {"a": 3.0, "b": [0.0]}
    np.testing.assert_array_equal(aux["x"], [2.0, 4.0])
    for _ in range(2):
        assert g({"a": 0.0, "b": [2.0]}, np.array([1.0, 2.0])) == ((8.0, {"side": 2}), {"a": 0.0, "b": [8.0]})


def test_lengths_and_branches():
    def f(x, y):
        if x.sum() > 0 and len(x) == len(y):
            return (x * y).sum()
        return x[0] ** 2 if len(y) > 6 else (x**3).sum()

    g = jitad.grad(f)
    for _ in range(2):
        for n, m in ((5, 5), (6, 6), (5, 6), (5, 7)):
            for sign in (1.0, -1.0):
                x, y = sign * np.arange(1.0, n + 1), np.arange(2.0, m + 2)
                want = y if sign > 0 and n == m else np.eye(n)[0] * 2 * x if m > 6 else 3 * x**2
                np.testing.assert_allclose(g(x, y), want)


def test_where_a_value_stands_for_many():
    x = np.ones(5)
    branch = absolute
    for name, f in {"scan": lambda x: jitad.scan(lambda c, v: (c + branch(v), None), 0.0, x)[0],
                    "vmap": lambda x: jitad.vmap(branch)(x).sum(), "map": lambda x: jitad.map(branch, x).sum()}.items():
        with pytest.raises(ConcreteValueError, match=r"np\.where.*cond.*while_loop.*\n  at .*test_branches.py, line") as info:
            jitad.grad(f)(x)
        assert f"in {'scan' if name == 'map' else name};" in str(info.value)
    with pytest.raises(ConcreteValueError, match="in vmap"):
        jitad.vmap(jitad.grad(branch))(x)
    with pytest.raises(ConcreteValueError, match="in scan"):
        jitad.jit(lambda x: jitad.fori_loop(0, 3, lambda k, c: c + x[k] if k > 1 else c, 0.0))(x)
    g = jitad.grad(lambda x: jitad.scan(lambda c, v: (c + v if x.sum() > 0 else c - v, None), 0.0, x)[0])
    np.testing.assert_array_equal(g(x), x)  # what does not depend on the step is decided
    np.testing.assert_array_equal(g(-x), -x)


def test_arrays_have_no_truth_value():
    for x in (np.ones(6), np.ones(2), np.zeros(0)):
        with pytest.raises(ShapeError, match="ambiguous"):
            jitad.jit(lambda x: 1.0 if x else 2.0)(x)
    assert jitad.jit(lambda x: 1.0 if x.reshape(1, 1) else 2.0)(3.0) == 1.0
    assert jitad.jit(lambda x: x.sum() if x[5:] else -1.0)(np.ones(6)) == 6.0
    assert jitad.grad(lambda x: x.sum() if 3.0 in x else x[0])(np.array([1.0, 3.0])).tolist() == [1.0, 1.0]


def test_a_refusal_on_the_way_is_still_one():
    def f(x):
        try:
            float(x)
        except TypeError:
            pass
        return x if x > 0 else -x

    with pytest.raises(TraceError, match="float"):
        jitad.grad(f)(2.0)


# Programs that nobody has thought of.

NAMES = st.sampled_from(["a", "b", "c"])
LEAF = st.one_of(NAMES, st.sampled_from(["0.5", "2.0", "-1.0"]))


def terms(inside):
    return st.one_of(st.builds("({} {} {})".format, inside, st.sampled_from(["+", "-", "*"]), inside),
                     st.builds("np.sin({})".format, inside), st.builds("max({}, {})".format, inside, inside),
                     st.builds("({} if {} < {} else {})".format, inside, inside, inside, inside),
                     st.builds("sorted([{}, {}], key=lambda v: -v)[0]".format, inside, inside))


TERM = st.recursive(LEAF, terms, max_leaves=6)
TEST = st.one_of(st.builds("{} {} {}".format, TERM, st.sampled_from(["<", ">=", ">"]), TERM),
                 st.builds("0 < {} < {}".format, TERM, TERM), st.builds("not {} > {} or {} < 0".format, TERM, TERM, TERM))
LINE = st.one_of(st.builds("{} = {}".format, NAMES, TERM), st.builds("if {}: {} = {}".format, TEST, NAMES, TERM),
                 st.builds("while k < 3 and ({}): k += 1; {} = {}".format, TEST, NAMES, TERM))
PROGRAM = st.lists(LINE, min_size=2, max_size=6)
POINT = st.tuples(*[st.floats(-2, 2).map(lambda v: round(v, 3) + 0.000_137)] * 3)


def program(lines):
    names = {"np": np, "math": math}
    exec("def f(x):\n    k = 0\n    a, b, c = x\n" + "".join(f"    {line}\n" for line in lines) + "    return a * b + c", names)
    return names["f"]


def check(lines, point, rtol):
    f, x = program(lines), np.array(point)
    value, slope = f(x), differences(f, x, h=1e-7)
    assume(np.isfinite(value) and abs(value) < 1e3 and np.abs(slope).max() < 1e3)
    coarse = differences(f, x, h=1e-5)
    sides = [[(f(x + h * e) - value) / h for e in np.eye(3)] for h in (1e-6, -1e-6)]
    assume(all(np.allclose(slope, other, rtol=1e-3, atol=1e-4) for other in (coarse, *sides)))  # no branch changes nearby
    found, gradient = jitad.value_and_grad(f)(x)
    assert found == pytest.approx(value, rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(gradient, coarse, rtol=rtol, atol=rtol)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(PROGRAM, POINT)
def test_programs(lines, point):
    with jitad.disable_jit():
        check(lines, point, 1e-3)


@settings(max_examples=6, deadline=None, derandomize=True)
@given(PROGRAM, POINT)
def test_programs_compiled(lines, point):
    check(lines, point, 1e-3)

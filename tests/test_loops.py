"""`scan`, `fori_loop` and `map`: against the same steps written one after the other, in every mode and to order 2."""

import threading

import numpy as np
import pytest

import jitad
from jitad.errors import ShapeError, TraceError
from jitad.ir import sizes
from tests.written import written

RNG = np.random.default_rng(11)
A, P, V, XS = RNG.normal(size=(6, 6)) / 3, RNG.normal(size=6), RNG.normal(size=6), RNG.normal(size=7)
POINTS = A, P, V, XS


def unrolled(f, init, xs=None, length=None, reverse=False):
    """What `scan` means."""
    n = len(xs) if length is None else length
    carry, ys = init, [None] * n
    for k in reversed(range(n)) if reverse else range(n):
        carry, ys[k] = f(carry, None if xs is None else xs[k])
    return carry, None if ys[0] is None else np.stack(ys)


def chain(scan, a, p, v, xs):
    """Two carries, results, a constant matrix."""
    def step(c, x):
        p, v = c
        v = v + 0.1 * (a @ p) * x - 0.01 * v**3
        return (p + 0.1 * v, v), (p * v).sum()

    (p, v), ys = scan(step, (p, v), xs)
    return (ys * ys).sum() + (p * np.sin(v)).sum()


def backwards(scan, a, p, v, xs):
    """From the end; a carry that is a number, results that are arrays, captured values."""
    def step(c, x):
        return np.tanh(c * x + p.sum()), c * (a @ v) + x

    c, ys = scan(step, 0.3, xs, reverse=True)
    return c * (ys**2 * p).sum() + (ys[1:, 0] * ys[:-1, 1]).sum()


def nested(scan, a, p, v, xs):
    """A loop in a loop, both of whose lengths are symbolic."""
    def outer(c, x):
        def inner(d, w):
            return d + 0.1 * np.sin(d * x + w), d * w

        d, rows = scan(inner, c, p)
        return 0.5 * d + rows[-1], rows.sum(0)

    c, sums = scan(outer, v, xs)
    return (c * sums[0]).sum() + (a @ sums[-1]).sum()


def two_loops(scan, a, p, v, xs):
    """One that goes along what another made, and one in which a branch is chosen."""
    _, path = scan(lambda c, x: (c * 0.9 + x * v, c), p, xs)
    total, _ = scan(lambda s, row: (s + np.where(row[0] > 0, np.sqrt(np.abs(row[0])), 0.0) + (row @ a @ row), None), 0.0, path)
    return total


PROGRAMS = {f.__name__: f for f in (chain, backwards, nested, two_loops)}


@pytest.fixture(scope="module", params=PROGRAMS)
def program(request):
    return PROGRAMS[request.param]


def close(found, want):
    for a, b in zip(found, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-11 * max(1.0, np.abs(b).max(initial=0)))


def test_gradients(program):
    """One kernel, whatever the number of steps."""
    g = jitad.value_and_grad(lambda *args: program(jitad.scan, *args), (0, 1, 2, 3))
    with jitad.disable_jit():
        u = jitad.value_and_grad(lambda *args: program(unrolled, *args), (0, 1, 2, 3))
        plain = [(u(A, P, V, RNG.permutation(np.resize(XS, n))), n) for n in (7, 5, 30)]
    for (value, gradient), n in plain:
        xs = np.resize(XS, n)
        with jitad.disable_jit():
            value, gradient = u(A, P, V, xs)
        found = g(A, P, V, xs)
        assert found[0] == pytest.approx(program(unrolled, A, P, V, xs), rel=1e-12)
        assert found[0] == pytest.approx(value, rel=1e-12)
        close(found[1], gradient)
    assert len(g.specializations) == 1


def test_second_derivatives(program):
    def along(scan):
        return lambda t, s: program(scan, A * (1 + t[0] * s), P + t[1], V * t[2], XS + s * t)

    t, s = 0.3 + RNG.normal(size=7) / 5, 0.7
    of_loop, of_steps = along(jitad.scan), along(unrolled)
    with jitad.disable_jit():
        slope = jitad.grad(of_steps, 1)
        want = jitad.hessian(of_steps)(t, s), jitad.jacfwd(slope)(t, s), jitad.grad(slope, 1)(t, s)
        close([jitad.hessian(of_loop)(t, s), jitad.jacfwd(jitad.grad(of_loop, 1))(t, s)], want[:2])
    close([jitad.grad(jitad.grad(of_loop, 1), 1)(t, s)], want[2:])
    if program is backwards:
        close([jitad.hessian(of_loop)(t, s)], want[:1])


def test_modes_agree():
    """Random tangents against random cotangents, of all results."""
    def f(p, v, xs):
        def step(c, x):
            p, v = c
            v = v - 0.1 * x * np.sin(p)
            return (p + 0.1 * v, v), {"e": (v * v).sum(), "p": p}

        return jitad.scan(step, (p, v), xs)

    primals, tangents = (P, V, XS), [RNG.normal(size=np.shape(x)) for x in (P, V, XS)]
    (ends, rows), ((dp, dv), dys) = jitad.jvp(f, primals, tuple(tangents))
    cts = (RNG.normal(size=6), RNG.normal(size=6)), {"e": RNG.normal(size=7), "p": RNG.normal(size=(7, 6))}
    back = jitad.vjp(f, *primals)[1](cts)
    left = (dp * cts[0][0]).sum() + (dv * cts[0][1]).sum() + (dys["e"] * cts[1]["e"]).sum() + (dys["p"] * cts[1]["p"]).sum()
    assert left == pytest.approx(sum((a * b).sum() for a, b in zip(back, tangents, strict=True)), rel=1e-12)
    h = 1e-6
    ahead, behind = (f(*(x + s * h * t for x, t in zip(primals, tangents, strict=True))) for s in (1, -1))
    np.testing.assert_allclose(dys["p"], (ahead[1]["p"] - behind[1]["p"]) / (2 * h), rtol=1e-6, atol=1e-8)
    assert rows["e"].shape == (7,) and ends[0].shape == (6,)


def test_jacobians_in_both_modes():
    def f(p, xs):
        return jitad.scan(lambda c, x: (np.sin(c) * x + c[::-1], c[:2]), p, xs, reverse=True)[1]

    def g(p, xs):
        return unrolled(lambda c, x: (np.sin(c) * x + c[::-1], c[:2]), p, xs, reverse=True)[1]

    with jitad.disable_jit():
        want = jitad.jacobian(g, (0, 1))(P, XS)
    close(jitad.jacfwd(f, (0, 1))(P, XS), want)
    close(jitad.jacrev(f, (0, 1))(P, XS), want)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_steps(n):
    """Lengths that are numbers, and none at all."""
    def f(x, k):
        return jitad.scan(lambda c, w: (c * x + w, c), x, k)

    k = np.arange(1.0, n + 1)
    value, rows = f(2.0, k)
    c, want = 2.0, []
    for w in k:
        want.append(c)
        c = c * 2.0 + w
    assert value == c
    np.testing.assert_array_equal(rows, want)
    slopes = [jitad.grad(lambda x: f(x, k)[0])(2.0), (f(2.0 + 1e-6, k)[0] - f(2.0 - 1e-6, k)[0]) / 2e-6]
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-8)


def test_fori_loop():
    def power(x, n):
        return jitad.fori_loop(0, n, lambda i, y: y * x, 1.0)

    assert jitad.value_and_grad(lambda x: power(x, 9))(1.5) == pytest.approx((1.5**9, 9 * 1.5**8))
    assert jitad.grad(jitad.grad(lambda x: power(x, 9)))(1.5) == pytest.approx(72 * 1.5**7)
    table = RNG.normal(size=8)
    gather = jitad.grad(lambda t: jitad.fori_loop(2, 7, lambda i, s: s + i * t[i] ** 2, 0.0))
    want = np.where((np.arange(8) >= 2) & (np.arange(8) < 7), 2 * np.arange(8) * table, 0)
    np.testing.assert_allclose(gather(table), want, rtol=1e-14)
    assert jitad.fori_loop(3, 3, lambda i, x: x + 1, 5.0) == 5.0
    assert jitad.fori_loop(5, 3, lambda i, x: x + 1, 5.0) == 5.0
    whole = jitad.jit(lambda x: jitad.fori_loop(0, len(x), lambda i, s: s + x[i] * i, np.float32(0)))
    single = whole(table.astype(np.float32))
    assert single.dtype == np.float32 and single == pytest.approx((table * np.arange(8)).sum(), rel=1e-5)


def test_map():
    f = jitad.jit(lambda x: jitad.map(lambda row: {"n": np.sqrt((row * row).sum()), "r": row[::-1]}, x))
    x = RNG.normal(size=(5, 6))
    out = f(x)
    np.testing.assert_allclose(out["n"], np.linalg.norm(x, axis=1), rtol=1e-14)
    np.testing.assert_array_equal(out["r"], x[:, ::-1])
    slope = jitad.grad(lambda x: jitad.map(lambda row: np.sqrt((row * row).sum()), x).sum())(x)
    np.testing.assert_allclose(slope, x / np.linalg.norm(x, axis=1, keepdims=True), rtol=1e-13)


GLOBAL = np.arange(7.0) ** 2


def looked_up(i):
    return GLOBAL[i] * 2.0


def test_functions_of_map_look_up():
    """What they capture is looked up by a traced number, inside of a traced function and outside."""
    table, ks = np.arange(7.0) ** 3, np.array([3, 1, 6])
    np.testing.assert_array_equal(jitad.map(looked_up, ks), 2 * GLOBAL[ks])
    np.testing.assert_array_equal(jitad.map(lambda i: table[i], ks), table[ks])
    np.testing.assert_array_equal(jitad.grad(lambda x: (jitad.map(looked_up, ks) * x).sum())(np.ones(3)), 2 * GLOBAL[ks])
    w = RNG.normal(size=3)
    np.testing.assert_array_equal(jitad.grad(lambda x: (jitad.map(lambda i: x[i], ks) * w).sum())(table)[ks], w)
    with pytest.raises(TypeError, match="map takes a function, not a NoneType"):
        jitad.map(None, ks)


def test_carries_of_other_kinds():
    """Integers, booleans, numbers that become floats, containers."""
    def f(x):
        def step(c, _):
            moved = np.where(c["on"], c["x"] * 2.0, c["x"] + c["k"])
            return {"k": c["k"] + 1, "on": ~c["on"], "x": moved, "s": c["s"] + x}, c["k"]

        return jitad.scan(step, {"k": 0, "on": True, "x": x, "s": 1}, None, 5)

    end, ks = jitad.jit(f)(1.5)
    k, on, x, s = 0, True, 1.5, 1
    for _ in range(5):
        k, on, x, s = k + 1, not on, x * 2.0 if on else x + k, s + 1.5
    assert (end["k"], end["on"], end["x"], end["s"]) == (k, on, x, s)
    np.testing.assert_array_equal(ks, np.arange(5))
    assert jitad.grad(lambda x: f(x)[0]["x"])(1.5) == 8.0


def test_arrays_that_change_between_runs_of_the_interpreter():
    f, x = jitad.jit(lambda x: jitad.scan(lambda c, _: (c * 2, None), x, None, 3)[0]), np.ones(3)
    with jitad.disable_jit():
        np.testing.assert_array_equal(f(x), 8.0)
        x[:] = 5.0
        np.testing.assert_array_equal(f(x), 40.0)


def test_carries_that_take_the_dtype_of_one_another():
    """In each round one more becomes a float."""
    def shift(c, _):
        return (c[0], *c[:-1]), None

    for n in (3, 8):
        assert jitad.scan(shift, (1.5, *(1,) * n), None, 2)[0] == (1.5, 1.5, 1.5, *(1.0,) * (n - 2))


def test_bounds_of_numpys_types():
    assert jitad.fori_loop(np.int32(1), np.int64(4), lambda i, c: c * 10 + i, 0) == 123


def test_lists_and_lookups_in_steps():
    """Pairs named by an array that is the same in every step; an index out of range is an error."""
    pairs = np.array([[0, 1], [1, 2], [2, 5], [3, 4], [0, 5]])

    def energy(scan, x, xs, pairs):
        def step(c, w):
            d = c[pairs[:, 0]] - c[pairs[:, 1]]
            force = np.zeros_like(c)
            np.add.at(force, pairs[:, 0], d * w)
            return c - 0.01 * force, (d * d).sum()

        return scan(step, x, xs)[1].sum()

    x = RNG.normal(size=(6, 3))
    g = jitad.value_and_grad(lambda x, xs, pairs: energy(jitad.scan, x, xs, pairs), (0, 1))
    with jitad.disable_jit():
        want = jitad.value_and_grad(lambda x, xs, pairs: energy(unrolled, x, xs, pairs), (0, 1))(x, XS, pairs)
    found = g(x, XS, pairs)
    assert found[0] == pytest.approx(want[0], rel=1e-12)
    close(found[1], want[1])
    with pytest.raises(IndexError):
        g(x, XS, pairs + 3)


@pytest.mark.parametrize("options", [{"strict": True}, {"parallel": True}, {"cache": False}])
def test_options(options):
    args = (A, P, V, np.resize(XS, 40))
    g = jitad.jit(jitad.value_and_grad(lambda *a: chain(jitad.scan, *a), (0, 3)), **options)
    with jitad.disable_jit():
        want = jitad.value_and_grad(lambda *a: chain(unrolled, *a), (0, 3))(*args)
    found = g(*args)
    assert found[0] == pytest.approx(want[0], rel=1e-12)
    close(found[1], want[1])


def test_single_precision_and_layouts():
    g = jitad.grad(lambda *a: chain(jitad.scan, *a), (0, 1))
    want = g(A, P, V, XS)
    single = g(*(x.astype(np.float32) for x in POINTS))
    for a, b in zip(single, want, strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    close(g(np.asfortranarray(A), np.repeat(P, 2)[::2], V.astype(">f8"), XS), want)


def test_pythons_numbers_give_way():
    xs = XS.astype(np.float32)
    with jitad.disable_jit():
        total, rows = jitad.scan(lambda c, x: (c + x, c), 0.0, xs)
        assert total.dtype == rows.dtype == np.float32 and total == pytest.approx(xs.sum(), rel=1e-6)
        assert jitad.scan(lambda c, x: (c + 1, x), 0, xs)[0] == 7
        assert jitad.scan(lambda c, x: (c + x, None), 0, xs)[0].dtype == np.float32
        for start in (np.int64(0), np.float64(0)):  # numbers of NumPy's promote
            assert jitad.scan(lambda c, x: (c, c + x), start, xs)[1].dtype == np.float64
        assert jitad.scan(lambda c, x: (2 * c, c * x), 1.0, xs)[1].dtype == np.float32
        slope = jitad.grad(lambda xs: jitad.scan(lambda c, x: (c * x + 1, None), 1.0, xs)[0])(xs)
        assert slope.dtype == np.float32


def test_two_threads():
    g = jitad.grad(lambda *a: chain(jitad.scan, *a), (0, 1, 2, 3))
    want, found = g(*POINTS), []
    threads = [threading.Thread(target=lambda: found.append([g(*POINTS) for _ in range(20)])) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for each in found:
        for out in each:
            close(out, want)


def test_memory_is_that_of_the_carries():
    """The reverse mode stores what the carries were, and nothing that a step computes."""
    program = written(jitad.grad(lambda *a: chain(jitad.scan, *a), (0, 1, 2, 3)), *POINTS).program
    length = program.inputs[3].shape[0]
    few, many = (sum(sizes.evaluate(sizes.product(b.shape), lambda s, n=n: n if s == sizes.as_symbol(length) else 10)
                     for b, _ in program.temporaries if b.dtype == float) for n in (100, 1100))
    assert many - few == 1000 * (2 * 10 + 3)  # of the two carries, and numbers along which loops go


def test_carries_that_are_results_are_stored_once():
    """What a step got is what reverse mode keeps; where the end only is asked for, there are no cotangents of each step."""
    def f(x, xs):
        end, rows = jitad.scan(lambda c, w: (np.sin(c) + w, c), x, xs)
        return (np.concatenate([rows, end[None]])[-1] ** 2).sum()

    program = written(jitad.grad(f), np.ones(6), XS).program
    assert sum(len(b.shape) == 2 and not isinstance(b.shape[0], int) for b, _ in program.temporaries) == 1
    for loop in ({}, {"reverse": True}):
        def g(x, xs, scan, loop=loop):
            c, (a, b, d) = scan(lambda c, w: ((c[1] * w, c[0] + w), np.stack([c[0], c[1], c[0] * c[1]])), (x, 2 * x), xs, **loop)[
                0], scan(lambda c, w: ((c[1] * w, c[0] + w), c[1]), (x, 2 * x), xs, **loop)[1][:3]
            return c[0] + a * b * d

        with jitad.disable_jit():
            want = jitad.value_and_grad(lambda x, xs: g(x, xs, unrolled), (0, 1))(0.7, XS)
            found = jitad.value_and_grad(lambda x, xs: g(x, xs, jitad.scan), (0, 1))(0.7, XS)
        assert found[0] == pytest.approx(want[0], rel=1e-13)
        close(found[1], want[1])


def test_graphs_show_their_steps():
    kernel = written(jitad.jit(lambda *args: nested(jitad.scan, *args)), *POINTS)
    text = str(kernel.graph)
    assert "\nstep0: 1 carries, 1 rows\n" in text and "\nstep1: 1 carries, 1 rows\n" in text and "sin(" in text.split("step1:")[1]
    assert any(len(d) == 3 for n in kernel.nests for d in n.domains)


ERRORS = {
    "no function": (TypeError, "takes a function", lambda x: jitad.scan(3, x, x)),
    "no pair": (TypeError, r"returns \(carry, y\)", lambda x: jitad.scan(lambda c, w: c, x, x)),
    "another container": (TypeError, "got a carry", lambda x: jitad.scan(lambda c, w: ((c, c), w), x, x)),
    "another shape": (ShapeError, r"shape \(\) and returned one of shape \(7,\)",
                      lambda x: jitad.scan(lambda c, w: (c + x, w), 0.0, x)),
    "no length": (ValueError, "needs xs or length", lambda x: jitad.scan(lambda c, w: (c, w), x)),
    "two lengths": (ValueError, "different lengths", lambda x: jitad.scan(lambda c, w: (c, w), 0.0, (x, x[1:]))),
    "another length": (ValueError, "different lengths", lambda x: jitad.scan(lambda c, w: (c, w), 0.0, x, length=5)),
    "negative length": (ValueError, "-2", lambda x: jitad.scan(lambda c, w: (c, w), 0.0, None, length=-2)),
    "length is no number": (TypeError, "is an integer", lambda x: jitad.scan(lambda c, w: (c, w), 0.0, None, length=2.5)),
    "traced length": (TraceError, "traced value", lambda x: jitad.scan(lambda c, w: (c, w), 0.0, None, length=x[0])),
    "numbers to go along": (ValueError, "first axis", lambda x: jitad.scan(lambda c, w: (c, w), 0.0, x[0])),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    error, text, f = ERRORS[name]
    with pytest.raises(error, match=text):
        jitad.jit(f)(XS)


def test_a_leak_is_an_error():
    kept = []
    with pytest.raises(jitad.errors.LeakedTracerError):
        jitad.jit(lambda x: (jitad.scan(lambda c, w: (kept.append(c), (c, w))[1], 0.0, x), kept[0] + 1.0))(XS)


def test_gradients_along_two_arrays_of_one_length():
    """Their lengths have names of their own; cotangents have those of the arrays that they belong to."""
    def f(x, y):
        return jitad.scan(lambda c, z: (np.sin(c) + z[0] * z[1][0], None), 0.1, (x, y))[0] + (y * y).sum()

    x, y = np.arange(5.0), np.ones((5, 3))
    want = jitad.grad(f, (0, 1))(x, y)
    close(jitad.jit(lambda x, y: jitad.grad(f, (0, 1))(x, y))(x, y), want)
    close(jitad.jit(lambda x, y: jitad.vjp(f, x, y)[1](1.0))(x, y), want)

"""Loops that go along what another one gives are taken in its turns: the same numbers, and nothing is kept for them."""

import numpy as np
import pytest

import jitad
from jitad.ir import sizes
from jitad.lower.nest import Repeat, walk
from tests.written import written

RNG = np.random.default_rng(12)
A, P = RNG.normal(size=(3, 3)) * 0.4, RNG.normal(size=3)


def loops(f, *args):
    return [s.turns for s in walk(written(f, *args).program.block) if isinstance(s, Repeat)]


def kept(f, *args):
    """The numbers that are kept of loops of a million steps."""
    program = written(f, *args).program
    return sum(sizes.evaluate(sizes.product(b.shape), lambda s: 10**6) for b, _ in program.temporaries)


def walked(x, xs):
    """Two carries, one of which the other depends on; results; a matrix."""
    def step(c, t):
        u, k = c
        v = np.sin(A @ u) + t * u
        return (v, k * 0.9 + v[0] * u[1]), v * t

    (u, k), ys = jitad.scan(step, (x, 0.5), xs)
    return (u**2).sum() * k + (ys**3).sum()


def check(f, *args, many=None):
    found = f(*args)
    with jitad.disable_jit():
        want = f(*args)
    for a, b in zip(*([*found], [*want]) if isinstance(found, tuple) else ([found], [want]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)
    if many is not None:
        assert len(loops(f, *args)) == many


@pytest.mark.parametrize("reverse", [False, True])
def test_tangents(reverse):
    """One loop to any order, in which the carry is no array of all steps."""
    def f(x):
        return (jitad.scan(lambda u, t: (np.sin(A @ u) + t * x, None), x, np.arange(9.0), reverse=reverse)[0] ** 2).sum()

    def along(g):
        return lambda x, v: jitad.jvp(lambda y: g(y, v), (x,), (v,))[1]

    g = jitad.jit(lambda x, v: jitad.jvp(f, (x,), (v,)))
    check(g, P, P[::-1].copy(), many=1)
    third = jitad.jit(along(along(along(lambda x, v: f(x)))))
    check(third, P, P[::-1].copy(), many=1)
    check(jitad.jacfwd(lambda x: jitad.jvp(f, (x,), (A[0],))[1]), P, many=1)


def test_no_history_for_tangents():
    n = 10**6

    def f(x):
        return jitad.fori_loop(0, n, lambda k, u: np.sin(A @ u) + x, x)

    assert kept(jitad.jit(lambda x, v: jitad.jvp(f, (x,), (v,))), P, A[0]) < 100
    assert kept(jitad.jacfwd(f), P) < 100
    assert kept(jitad.jit(lambda x: jitad.jvp(jitad.jacfwd(f), (x,), (x,))[1]), P) < 300


@pytest.mark.parametrize("length", [0, 1, 7])
def test_both_ways(length):
    """A way forth and a way back, for products of Hessians with vectors."""
    xs = RNG.normal(size=length)
    check(jitad.hvp(walked), P, A[0], xs)
    if length != 1:  # a single turn is taken without a loop
        assert [t.reverse for t in loops(jitad.hvp(walked), P, A[0], xs)] == [False, True]
    check(jitad.hessian(walked), P, xs)
    check(jitad.jit(lambda x: jitad.jvp(lambda y: jitad.hvp(walked)(y, A[0], xs), (x,), (A[1],))[1]), P)


def test_loops_of_the_user():
    """A filter after a filter; what both go along is handed over once."""
    def f(c, xs):
        a, ys = jitad.scan(lambda c, x: (0.9 * c + x, c * x), c, xs)
        b, zs = jitad.scan(lambda c, t: (0.5 * c + np.sin(t[0]) * t[1], c + t[0]), 0.0, (ys, xs))
        return a, b, zs, ys.sum()

    xs = RNG.normal(size=20)
    check(jitad.jit(f), 0.3, xs, many=1)
    check(jitad.jit(lambda c, xs: f(c, xs)[:2]), 0.3, xs, many=1)
    assert len(loops(jitad.jit(f), 0.3, xs)[0].slices) == 1
    check(jitad.grad(lambda c, xs: sum(np.sum(r) for r in f(c, xs)), (0, 1)), 0.3, xs)
    check(jitad.grad(lambda c, xs: f(c, xs)[1] * f(c, xs)[0], (0, 1)), 0.3, xs, many=2)


def test_the_same_loop_twice():
    def smooth(xs):
        return jitad.scan(lambda c, x: (0.9 * c + x, 0.9 * c + x), 0.0, xs)[1]

    xs = RNG.normal(size=20)
    check(jitad.jit(lambda xs: smooth(smooth(smooth(xs)))), xs, many=1)
    check(jitad.grad(lambda xs: (smooth(smooth(xs)) ** 2).sum()), xs)


APART = {
    "the other way": lambda c, xs: jitad.scan(lambda c, y: (c + y, None), 0.0, jitad.scan(
        lambda c, x: (c * x, c), c, xs)[1], reverse=True)[0],
    "from the end": lambda c, xs: (lambda r: jitad.scan(lambda c, y: (0.5 * c + y, None), r[0], r[1])[0])(
        jitad.scan(lambda c, x: (c * x + 1, c), c, xs)),
    "from a sum": lambda c, xs: (lambda r: jitad.scan(lambda c, y: (0.5 * c + y * r[1].sum(), None), 1.0, r[1])[0])(
        jitad.scan(lambda c, x: (c * x + 1, c), c, xs)),
    "shifted": lambda c, xs: (lambda r: jitad.scan(lambda c, y: (0.5 * c + y, None), 1.0, r[1][1:])[0])(
        jitad.scan(lambda c, x: (c * x + 1, c), c, xs)),
    "of a loop between": lambda c, xs: (lambda r: jitad.scan(lambda c, y: (0.5 * c + y[0] * y[1], None), 1.0, (r, jitad.scan(
        lambda c, x: (c * 0.5 + x, c), 0.0, r, reverse=True)[1]))[0])(jitad.scan(lambda c, x: (c * x + 1, c), c, xs)[1]),
}


@pytest.mark.parametrize("name", APART)
def test_loops_that_stay_apart(name):
    """What needs all steps of the first one cannot be taken in its turns."""
    check(jitad.jit(APART[name]), 0.3, RNG.normal(size=12), many=3 if name == "of a loop between" else 2)


def test_ways_back_of_loops_that_stay_apart():
    """The second loop needs the end of the first: what is kept of both is in stretches, which two ways back can go through."""
    def f(c, xs, checkpoint="sqrt"):
        (a, k), ys = jitad.scan(lambda c, x: ((np.sin(c[0]) + x, c[1] + 1), c[0] * x), (c, 0), xs, checkpoint=checkpoint)
        return jitad.scan(lambda c, y: (np.sin(c) * y + 0.1 * k, None), 0.3, ys, checkpoint=checkpoint)[0] + a

    xs = RNG.normal(size=12)
    g = jitad.grad(f, (0, 1))
    check(g, 0.3, xs, many=4)
    turns = loops(g, 0.3, xs)
    assert [t.rows is not None for t in turns if not t.reverse] == [True, True]
    assert [t.again is not None for t in turns if t.reverse] == [True, True]
    np.testing.assert_allclose(g(0.3, xs)[1], jitad.grad(lambda c, xs: f(c, xs, None), (0, 1))(0.3, xs)[1], rtol=1e-12)


def test_nested():
    def inner(u, x):
        return jitad.scan(lambda c, t: (np.sin(c) * t + x, c), u, XS)

    def f(u):
        return jitad.scan(lambda c, x: (inner(c, x)[0], inner(c, x)[1].sum()), u, XS)[0]

    check(jitad.jit(lambda u: jitad.jvp(f, (u,), (0.7,))), 0.4, many=1)
    check(jitad.hvp(f), 0.4, 0.7, many=2)


XS = RNG.normal(size=6)


def test_while_loops_take_the_same_step_twice():
    """The run that counts, and that of derivatives: the latter has no tangents in it, which would have it rounded otherwise."""
    def f(a):
        return jitad.while_loop(lambda c: abs(c * c - a) > 1e-9, lambda c: 0.5 * (c + a / c), a)

    g = jitad.jit(lambda a: jitad.jvp(f, (a,), (1.0,)))
    check(g, 7.0, many=3)

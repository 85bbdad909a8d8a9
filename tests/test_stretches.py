"""Loops of very many steps keep their carries in stretches: the same numbers, whatever is kept, and memory that stays small."""

import numpy as np
import pytest

import jitad
from jitad import pipeline
from jitad.ir import sizes
from jitad.lower import stretch
from tests.written import written

RNG = np.random.default_rng(8)
A, P = RNG.normal(size=(3, 3)) * 0.3, RNG.normal(size=3)
LENGTHS = (0, 1, 2, 3, 4, 8, 15, 17, 26, 60)


@pytest.fixture
def short(monkeypatch):
    """Whatever is kept, is too much; kernels are those of this test."""
    own = pipeline.fingerprint()
    monkeypatch.setattr(pipeline, "fingerprint", lambda: (own, stretch.AT_ONCE, stretch.LEVELS))
    monkeypatch.setattr(stretch, "AT_ONCE", 0)
    monkeypatch.setattr(stretch, "AT_MOST", 0)


@pytest.fixture(params=[1, 2, 4])
def levels(request, monkeypatch):
    monkeypatch.setattr(stretch, "LEVELS", request.param)


def numbers(c, xs, a):
    """Carries that stay in registers, one of which the way back does not ask for; results; the number of the turn."""
    def step(carry, x):
        u, k, total = carry
        u = np.sin(a @ u) + x * u
        return (u, k * 0.9 + u[0], total + u[1] * k), u * x

    (u, k, total), ys = jitad.scan(step, (c, 0.5, 0.0), xs)
    return (u * u).sum() * k + total + (ys**3).sum()


def field(c, xs, a):
    """A carry of any length, with a loop in the step."""
    def step(u, x):
        return u + 0.1 * (np.roll(u, 1) + np.roll(u, -1) - 2 * u) + x * np.sin(u), (u**2).sum()

    u, ys = jitad.scan(step, np.outer(c, [1.0, 0.3, -0.2]).reshape(-1), xs)
    return (u**3).sum() + (ys * np.cos(ys)).sum() + (a**2).sum()


def turns(c, xs, a):
    def turn(k, x):
        return np.sin(x @ a) + 1e-2 * k

    return (jitad.fori_loop(0, len(xs), turn, c) ** 2).sum() + (xs**2).sum()


def chained(c, xs, a):
    """One loop after the other: the second one starts where the first one ends."""
    half = jitad.scan(lambda u, x: (np.tanh(a @ u) + x, u.sum()), c, xs)
    whole = jitad.scan(lambda u, x: (np.sin(u) * x, None), half[0], half[1])
    return whole[0].sum() + (half[1] ** 2).sum()


def nested(c, xs, a):
    def inner(u, x):
        return np.sin(a @ u) * x, u[0]

    def outer(u, x):
        v, ys = jitad.scan(inner, u + x, xs)
        return v + x, ys.sum()

    u, ys = jitad.scan(outer, c, xs)
    return (u**2).sum() + (ys**2).sum()


def backwards(c, xs, a):
    """The way forth goes back, and the way back forth; an array that the way back does not ask for."""
    def step(carry, x):
        u, w = carry
        v = np.sin(np.roll(u, 1)) + x * u
        return (v, w * 0.9 + v * x), v * x

    (u, w), ys = jitad.scan(step, (c, c + 1.0), xs, reverse=True)
    return (u * u * w).sum() + (ys**3).sum() + (a**2).sum()


def until(c, xs, a):
    """As many turns as it takes."""
    def turn(carry):
        k, u = carry
        return k + 1, np.sin(a @ u) + 0.1

    return (jitad.while_loop(lambda carry: carry[0] < 3 * len(xs), turn, (0, c))[1] ** 2).sum() + (xs**2).sum()


PROGRAMS = [numbers, field, turns, chained, nested, backwards, until]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_the_same_numbers(program, short, levels):
    f = jitad.value_and_grad(program, (0, 1, 2))
    assert written(f, P, np.ones(50), A).source.count("hi = min(end, lo + size - row)") >= 1
    for n in LENGTHS:
        xs = RNG.normal(size=n) * 0.3
        value, slopes = f(P, xs, A)
        with jitad.disable_jit():
            same, others = f(P, xs, A)
        assert value == pytest.approx(same, rel=1e-13)
        for a, b in zip(slopes, others, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


def test_several_loops_go_back(short, levels):
    """Through the same steps: each that is not the first has them taken again."""
    def f(c, xs):
        return jitad.scan(lambda u, x: (np.sin(A @ u) + x * u, None), c, xs)[0]

    def weighted(c, xs, v, w):
        pull = jitad.vjp(f, c, xs)[1]
        return pull(v), pull(w)

    for n in LENGTHS:
        xs = RNG.normal(size=n) * 0.3
        found = jitad.jit(weighted)(P, xs, A[0], A[1])
        with jitad.disable_jit():
            want = weighted(P, xs, A[0], A[1])
        for a, b in zip(found, want, strict=True):
            np.testing.assert_allclose(a[0], b[0], rtol=1e-12)
            np.testing.assert_allclose(a[1], b[1], rtol=1e-12)
    source = written(jitad.jit(weighted), P, xs, A[0], A[1]).source
    assert source.count("another loop has gone back") == 2


def test_a_loop_that_goes_back_along_two(short):
    def f(c, xs):
        a, before = jitad.scan(lambda c, x: (np.sin(c) + x, c), c, xs)
        b, others = jitad.scan(lambda c, x: (np.cos(c) * x, c), 2.0 * c, xs)
        return jitad.scan(lambda c, x: (c * 0.5 + x[0] * x[1], None), 0.0, (before, others), reverse=True)[0] + a * b

    xs = RNG.normal(size=40)
    found = jitad.jit(f)(0.3, xs)
    with jitad.disable_jit():
        assert found == pytest.approx(jitad.jit(f)(0.3, xs), rel=1e-13)


def test_second_order(short):
    xs, v = RNG.normal(size=29) * 0.3, RNG.normal(size=3)
    slope = jitad.grad(lambda p: numbers(p, xs, A) * 2.0)
    forward = jitad.jvp(slope, (P,), (v,))[1]
    np.testing.assert_allclose(forward, jitad.grad(lambda p: (slope(p) * v).sum())(P), rtol=1e-12)
    with jitad.disable_jit():
        np.testing.assert_allclose(forward, jitad.jvp(slope, (P,), (v,))[1], rtol=1e-12)


def test_many(short):
    starts, w = RNG.normal(size=(4, 3)), RNG.normal(size=4)
    xs = RNG.normal(size=21) * 0.3
    many = jitad.grad(lambda s: (jitad.vmap(lambda c: numbers(c, xs, A) * 3.0)(s) * w).sum())(starts)
    one = jitad.grad(lambda c: numbers(c, xs, A) * 3.0)
    np.testing.assert_allclose(many, [k * one(c) for k, c in zip(w, starts, strict=True)], rtol=1e-12)


@pytest.mark.parametrize("n, rows", [(100_000, 100_000), (1_000_000, 1414), (4_000_000, 2828)])
def test_memory(n, rows):
    """Of cheap steps 32 MB of carries are kept, of more some ``sqrt(2 n)`` carries, here of nine numbers, and where these are."""
    def f(u, a):
        return jitad.scan(lambda u, _: (a @ u, None), u, None, length=n)[0].sum()

    program = written(jitad.grad(f, (0, 1)), np.eye(3), A).program
    elements = sum(sizes.evaluate(sizes.product(b.shape), lambda s: n) for b, _ in program.temporaries)
    assert elements == pytest.approx(9 * rows + (2 * n) ** 0.5 + 54, abs=25)


def test_end_is_right_before_and_after_the_way_back():
    """The end of a long loop is asked for as a result, where the way back has overwritten what was kept."""
    n = 600_000

    def f(c, a):
        u = jitad.scan(lambda u, _: (a @ u + 0.1, None), c, None, length=n)[0]
        return (u[0] * u[1]).sum(), u

    (value, u), slopes = jitad.value_and_grad(f, (0, 1), has_aux=True)(np.eye(3), A)
    fixed = np.linalg.solve(np.eye(3) - A, np.full((3, 3), 0.1))
    np.testing.assert_allclose(u, fixed, rtol=1e-12)
    assert value == pytest.approx((fixed[0] * fixed[1]).sum(), rel=1e-12)
    solved = jitad.grad(lambda a: (lambda u: (u[0] * u[1]).sum())(np.linalg.solve(np.eye(3) - a, np.full((3, 3), 0.1))))(A)
    np.testing.assert_allclose(slopes[1], solved, rtol=1e-10)
    np.testing.assert_allclose(slopes[0], 0.0, atol=1e-300)

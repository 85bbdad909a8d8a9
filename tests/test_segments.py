"""`checkpoint` of `scan` and `fori_loop`: the same numbers, and memory that grows with a root of the number of steps."""

import numpy as np
import pytest
from numba import njit

import jitad
from jitad.emit.namespace import NAMES
from jitad.ir import sizes
from tests.written import written

RNG = np.random.default_rng(21)
A, P = RNG.normal(size=(3, 3)) * 0.4, RNG.normal(size=3)


def chain(checkpoint, reverse=False):
    """Two carries, results, a number along which it goes, a constant matrix."""
    def f(c, xs, a):
        def step(c, x):
            u, k = c
            u = np.sin(a @ u) + x * u
            return (u, k * 0.9 + u[0]), {"e": (u * x).sum(), "u": u}

        (u, k), ys = jitad.scan(step, (c, 0.5), xs, reverse=reverse, checkpoint=checkpoint)
        return (u * u).sum() * k + (ys["e"] * np.cos(ys["e"])).sum() + (ys["u"] ** 3).sum()

    return f


def close(found, want, tolerance=1e-11):
    for a, b in zip(found, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("checkpoint, reverse", [("sqrt", True), (2, False)])
def test_numbers_are_those_of_the_plain_loop(checkpoint, reverse):
    """Whole powers, and steps left over on every level."""
    f, g = (jitad.value_and_grad(chain(c, reverse), (0, 1, 2)) for c in (checkpoint, None))
    for n in (0, 1, 3, 8, 9, 26, 50):
        xs = RNG.normal(size=n) * 0.3
        (a, da), (b, db) = f(P, xs, A), g(P, xs, A)
        close((a, *da), (b, *db))
    with jitad.disable_jit():
        close(f(P, xs, A)[1], db)


def test_second_order():
    xs, v = RNG.normal(size=29) * 0.3, RNG.normal(size=3)
    want = jitad.jvp(jitad.grad(lambda p: chain(None)(p, xs, A)), (P,), (v,))[1]
    f = jitad.grad(lambda p: chain("sqrt")(p, xs, A))
    close([jitad.jvp(f, (P,), (v,))[1]], [want])
    close([jitad.grad(lambda p: (f(p) * v).sum())(P)], [want])


@pytest.mark.parametrize("checkpoint", ["sqrt", 3])
def test_fori_loop(checkpoint):
    def f(c):
        return jitad.value_and_grad(lambda x: jitad.fori_loop(-2, 200, lambda i, y: np.sin(y) * x + i * 1e-3, x, checkpoint=c))

    close(f(checkpoint)(0.7), f(None)(0.7))
    lengths = jitad.grad(lambda x, v: jitad.fori_loop(0, len(v), lambda i, y: y * x, 1.0, checkpoint=checkpoint))
    close([lengths(0.9, np.zeros(11))], [11 * 0.9**10])


def elements(checkpoint, n):
    """The numbers that are stored for a loop of n steps."""
    def f(x):
        return jitad.fori_loop(0, n, lambda i, y: np.sin(y) * x, x, checkpoint=checkpoint).sum()

    program = written(jitad.grad(f), P).program
    return sum(sizes.evaluate(sizes.product(b.shape), lambda s: n) for b, _ in program.temporaries)


@pytest.mark.parametrize("checkpoint, power", [(None, 1), ("sqrt", 2), (2, 3)])
def test_memory(checkpoint, power):
    few, many = elements(checkpoint, 100**power), elements(checkpoint, 1000**power)
    assert many / few == pytest.approx(10, rel=0.1)


def test_roots_of_lengths():
    emitted = NAMES["iroot"]
    iroot = njit(lambda n, k: emitted(n, k))
    for k in (2, 3, 5):
        for n in (0, 1, 2, 7, 8, 9, 26, 27, 28, 10**6 - 1, 10**6, 2**50, 2**50 - 1):
            c = sizes.call("iroot", n, k)
            assert c == iroot(n, k) == max(1, c) and c**k <= max(n, 1) < (c + 1) ** k


@pytest.mark.parametrize("checkpoint", ["cubic", -1, 7, True, 1.5])
def test_errors(checkpoint):
    with pytest.raises(ValueError, match="number of levels"):
        jitad.jit(chain(checkpoint))(P, np.ones(5), A)
    with pytest.raises(TypeError, match="known while tracing"):
        jitad.jit(lambda n: jitad.fori_loop(0, n, lambda i, c: c, 0.0, checkpoint="sqrt"))(3)
    with pytest.raises(TypeError, match="an integer, not 3.7"):
        jitad.fori_loop(0, 3.7, lambda i, c: c + i, 0.0, checkpoint=1)

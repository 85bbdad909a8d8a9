"""`checkpoint` of `scan` and `fori_loop`: the same numbers, and memory that grows with a root of the number of steps."""

import functools
from math import comb

import numpy as np
import pytest
from numba import njit

import jitad
from jitad.emit.namespace import NAMES
from jitad.ir import sizes
from jitad.ir.segments import ahead
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


def test_vmap():
    xs, starts, w = RNG.normal(size=29) * 0.3, RNG.normal(size=(4, 3)), RNG.normal(size=4)
    many = jitad.grad(lambda s: (jitad.vmap(lambda c: chain(2)(c, xs, A))(s) * w).sum())
    one = jitad.grad(lambda c: chain(None)(c, xs, A))
    close(many(starts), [k * one(c) for k, c in zip(w, starts, strict=True)])
    several = jitad.grad(lambda s: jitad.vmap(powers(2))(s).sum())
    assert elements(several, starts, n=10**6) < 20 * elements(jitad.grad(powers(2)), P, n=10**6) < 10**5


def test_third_order():
    xs = RNG.normal(size=7) * 0.3

    def third(checkpoint):
        return jitad.grad(lambda p: (jitad.hessian(lambda q: chain(checkpoint)(q, xs, A))(p) ** 2).sum())(P)

    close([third("sqrt")], [third(None)], 1e-9)


@pytest.mark.parametrize("checkpoint", ["sqrt", 3])
def test_fori_loop(checkpoint):
    def f(c):
        return jitad.value_and_grad(lambda x: jitad.fori_loop(-2, 200, lambda i, y: np.sin(y) * x + i * 1e-3, x, checkpoint=c))

    close(f(checkpoint)(0.7), f(None)(0.7))
    lengths = jitad.grad(lambda x, v: jitad.fori_loop(0, len(v), lambda i, y: y * x, 1.0, checkpoint=checkpoint))
    close([lengths(0.9, np.zeros(11))], [11 * 0.9**10])


def elements(f, *args, n):
    """The numbers that are stored for loops of n steps."""
    program = written(f, *args).program
    return sum(sizes.evaluate(sizes.product(b.shape), lambda s: n) for b, _ in program.temporaries)


def powers(checkpoint, n=10**6):
    return lambda x: jitad.fori_loop(0, n, lambda i, y: np.sin(y) * x, x, checkpoint=checkpoint).sum()


@pytest.mark.parametrize("checkpoint, power", [(None, 1), ("sqrt", 2), (2, 3), (4, 5)])
def test_memory(checkpoint, power):
    few, many = (elements(jitad.grad(powers(checkpoint)), P, n=k**power) for k in (60, 600))
    assert many / few == pytest.approx(10, rel=0.15)


@pytest.mark.parametrize("levels", [1, 2, 3, 6])
def test_schedule_is_binomial(levels):
    """As few carries as can be: Griewank and Walther, Algorithm 799, where the last step is an exception that saves one row."""
    for n in (1, 2, 7, 1000, 1001, 10**6, 10**9):
        rows = sizes.call("kept", n, levels, 0)
        assert comb(rows + levels, levels + 1) >= n > comb(rows - 1 + levels, levels + 1)
        stored = elements(jitad.grad(powers(levels)), P, n=n)
        assert stored == 4 * rows + stored_beside(levels)


@functools.cache
def stored_beside(levels):
    return elements(jitad.grad(powers(levels)), P, n=1) - 4


ORDERS = {
    "forward": (1, lambda f: jitad.jvp(f, (P,), (P,))),
    "jacfwd": (1, lambda f: jitad.jacfwd(f)(P)),
    "jacrev": (100, lambda f: jitad.jacrev(lambda x: f(x) * x)(P)),
    "hvp": (100, lambda f: jitad.hvp(f)(P, P)),
    "hessian": (100, lambda f: jitad.hessian(f)(P)),
    "forward of hvp": (100, lambda f: jitad.jvp(lambda x: jitad.hvp(f)(x, P), (P,), (P,))),
    "gradient of a gradient": (100, lambda f: jitad.grad(lambda x: (jitad.grad(f)(x) ** 2).sum())(P)),
}


@pytest.mark.parametrize("order", ORDERS)
def test_memory_of_other_derivatives(order):
    """Tangents go beside either loop; of gradients of gradients loops are cut into segments."""
    growth, take = ORDERS[order]
    few, many = (elements(jitad.jit(lambda x: take(lambda y: powers("sqrt")(y * x))), P, n=n) for n in (10**4, 10**8))
    assert many / few == pytest.approx(growth, rel=0.15)


@pytest.mark.parametrize("levels", [1, 2, 5])
def test_steps_are_taken_so_many_times(levels):
    """Marks as the emitted functions set them: none beyond the rows, and no step is taken more often."""
    for n in [*range(1, 70), 200, 461]:
        size, turns, back = sizes.call("kept", n, levels, 0), np.zeros(n, int), []
        starts = [0] * (size + 1)

        def forth(first, last, top):
            starts[top] = first
            end = first + ahead(last - first, size - top)
            turns[first:last] += 1
            while end < last:
                top += 1
                starts[top] = end
                end += ahead(last - end, size - top)
            return top

        top, hi = forth(0, n, 0), n
        while hi > 0:
            assert hi - starts[top] <= size - top  # in the rows behind the mark
            back += range(hi - 1, starts[top] - 1, -1)
            hi = starts[top]
            if hi > 0:
                top = forth(starts[top - 1], hi, top - 1)
        assert back == list(range(n - 1, -1, -1)) and turns.max() <= levels + 1


def in_numba(f):
    return njit(lambda *args: f(*args))


def test_lengths_are_the_same_in_kernels():
    emitted = [NAMES[name] for name in ("iroot", "kept", "ahead")]
    iroot, kept, far = map(in_numba, emitted)
    for n in (0, 1, 2, 7, 8, 9, 26, 27, 28, 10**6 - 1, 10**6, 10**12):
        for k in (1, 2, 3, 5):
            c = sizes.call("iroot", n, k)
            assert c == iroot(n, k) == max(1, c) and c**k <= max(n, 1) < (c + 1) ** k
            rows = sizes.call("kept", n, k, 0)
            assert rows == kept(n, k, 0) and ahead(n, rows) == far(n, rows)
            assert kept(n, k, n) == max(n, 1)


@pytest.mark.parametrize("checkpoint", ["cubic", -1, 7, True, 1.5])
def test_errors(checkpoint):
    with pytest.raises(ValueError, match="number of levels"):
        jitad.jit(chain(checkpoint))(P, np.ones(5), A)
    with pytest.raises(TypeError, match="known while tracing"):
        jitad.jit(lambda n: jitad.fori_loop(0, n, lambda i, c: c, 0.0, checkpoint="sqrt"))(3)
    with pytest.raises(TypeError, match="an integer, not 3.7"):
        jitad.fori_loop(0, 3.7, lambda i, c: c + i, 0.0, checkpoint=1)

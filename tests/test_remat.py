"""`checkpoint`: the function itself, and what of it is kept."""

import functools

import numpy as np
import pytest

import jitad
from jitad.ir import sizes
from jitad.lower.nest import Repeat
from tests.written import written

X = np.random.default_rng(2).normal(size=9)


def long_loops(step, x):
    """A loop of six loops of fifty steps."""
    return jitad.fori_loop(0, 6, lambda k, x: jitad.fori_loop(0, 50, lambda _, y: step(y, x), x), x).sum()


def test_it_is_the_function():
    @functools.partial(jitad.remat, policy=lambda *_, **__: True, prevent_cse=False, static_argnums=(1,))
    def f(x, n):
        return x**n

    assert f(3.0, 2) == 9.0 and f.__name__ == "f" and jitad.remat is jitad.checkpoint
    assert jitad.grad(jitad.checkpoint(lambda x: x**3))(2.0) == 12.0
    with pytest.raises(TypeError, match="takes a function"):
        jitad.checkpoint(3)
    with pytest.raises(TypeError, match="policy"):
        jitad.checkpoint(f, policy="dots")


def test_loops_in_loops_keep_the_carries_of_one_each():
    """As the documentation says: m + n of them, not m times n."""
    step = jitad.checkpoint(lambda y, x: np.sin(y) * 0.9 + 0.1 * np.cos(x * y))
    program = written(jitad.grad(lambda x: long_loops(step, x)), X).program
    loops = [s.turns for s in program.block.steps if isinstance(s, Repeat)]
    rooms = [sizes.product(b.shape) for b in (*(b for b, _ in program.temporaries), *(b for t in loops for b in t.scratch))]
    assert len(loops) == 2 and max(map(sizes.degree, rooms)) == 2  # steps by elements; none of steps by steps by elements

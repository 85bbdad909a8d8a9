"""Temporaries lie where others lay that are done with."""

import numpy as np
import pytest

import jitad
from jitad.counters import counts
from jitad.ir import sizes
from jitad.lower import schedule
from tests.written import written

RNG = np.random.default_rng(5)


def layers(widths, n=9):
    """A network, and its arguments."""
    weights = [RNG.normal(size=(a, b)) / 3 for a, b in zip(widths, widths[1:], strict=False)]

    def loss(weights, x):
        for w in weights:
            x = np.tanh(x @ w)
        return (x**2).sum()

    return loss, weights, RNG.normal(size=(n, widths[0]))


def elements(program, n):
    """How many numbers the temporaries have together, where all lengths are n."""
    return sum(sizes.evaluate(sizes.product(b.shape), lambda _: n) for b, _ in program.temporaries if b.kind == "temp")


@pytest.mark.parametrize("widths", [(7,) * 7, (7, 6, 8, 9, 10, 11, 7)], ids=["equal", "different"])
def test_a_network_keeps_what_its_layers_gave(widths):
    loss, *args = layers(widths)
    program = written(jitad.grad(loss), *args).program
    assert elements(program, 10) <= (5 + 2) * 100  # the results of all layers, and two arrays for what is needed for a moment
    found = jitad.grad(loss)(*args)
    with jitad.disable_jit():
        want = jitad.grad(loss)(*args)
    for a, b in zip(found, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)


def test_nothing_is_read_after_another_has_taken_its_place(monkeypatch):
    """By what steps touch, in order; and results are the same to the bit without."""
    loss, *args = layers((7, 6, 8, 9, 7))
    with_scan = jitad.grad(lambda w, x: jitad.scan(lambda c, k: (np.tanh(c @ w[0]) @ w[0].T, (c * k).sum()), loss(w, x) * x,
                                                   np.arange(4.0))[1].sum())
    for f in (jitad.grad(loss), with_scan):
        program = written(f, *args).program
        assert program.homes
        from jitad.lower.lifetimes import _touched

        holder = {}
        for k, step in enumerate(program.block.steps):
            for b in _touched(step):
                home = program.homes.get(b, b)
                if holder.get(home, (b, 0))[0] is not b:
                    assert all(b not in set(_touched(s)) for s in program.block.steps[:k])  # it has come just now
                holder[home] = b, k
    found = jitad.grad(loss)(*args)
    monkeypatch.setattr(schedule, "reuse", lambda program: program)
    apart = jitad.grad(lambda w, x: loss(w, x) + x[0, 0] * 0)  # another kernel
    assert not written(apart, *args).program.homes
    before = counts()["lowerings"]
    for a, b in zip(found, apart(*args), strict=True):
        np.testing.assert_array_equal(a, b)
    assert counts()["lowerings"] > before


def test_results_and_what_starts_from_zero_have_memory_of_their_own():
    g = jitad.grad(lambda x, k: (np.sin(x[k] @ x.T) ** 2).sum())
    program = written(g, RNG.normal(size=(8, 7)), np.array([1, 2, 2, 5, 7])).program
    own = {o.value for o in program.outputs} | {b for b, zeroed in program.temporaries if zeroed}
    assert own.isdisjoint(program.homes) and own.isdisjoint(program.homes.values())

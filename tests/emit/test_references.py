"""Loops of steps do not count references to arrays: once is 5 ns, and a step hands on a dozen rows."""

import re

import numpy as np
import pytest

import jitad
from jitad.emit import callee

RNG = np.random.default_rng(5)
ARGS = RNG.normal(size=3), RNG.normal(size=(12, 3)), RNG.normal(size=(12, 3, 3))


def rows(c, xs, a):
    """Matrices of three rows by steps; nothing but arithmetic."""
    def step(s, row):
        x, m = row
        t = m @ s
        return np.sqrt(1 + t * t) * x, (t * x).sum()

    return jitad.scan(step, c, (xs, a))[1].sum()


def memory(c, xs, a):
    """Carries of any length, and memory that the step needs."""
    def step(state, x):
        u, w = state
        v = np.tanh(u * x[0]) + np.roll(u, 1)
        return (v / (1 + (v * v).sum()) + x[1] * np.cumsum(w), np.sin(w) + x[2] * v), None

    u, w = jitad.scan(step, (a[:, 0, 0], a[:, 1, 1]), xs)[0]
    return (u**2).sum() + (u * w).sum() + c.sum()


def in_loops(ir):
    """How often references are counted in blocks that come back to themselves."""
    total = 0
    for function in re.split(r"^define ", ir, flags=re.M)[1:]:
        parts = re.split(r'^"?([\w.$-]+)"?:', function, flags=re.M)
        blocks = {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}
        after = {name: set(re.findall(r'label %"?([\w.$-]+)', text)) for name, text in blocks.items()}
        for name, text in blocks.items():
            seen, there = set(), list(after[name])
            while there:
                to = there.pop()
                if to not in seen:
                    seen.add(to)
                    there += after[to]
            total += len(re.findall(r"call .*@NRT_(?:inc|dec)ref", text)) if name in seen else 0
    return total


def slopes_of(f):
    """The slopes, and how often a kernel of theirs that nobody else has counts references in loops."""
    slopes = jitad.jit(jitad.value_and_grad(f, (0, 1, 2)), cache=False)
    slopes(*ARGS)
    kernel = slopes.specialize(*ARGS).njit
    return slopes, in_loops(kernel.inspect_llvm(kernel.signatures[0]))


@pytest.mark.parametrize("f", [rows, memory])
def test_loops_of_steps(f):
    slopes, count = slopes_of(f)
    assert count == 0
    value, found = slopes(*ARGS)
    with jitad.disable_jit():
        want, others = slopes(*ARGS)
    assert value == pytest.approx(want, rel=1e-13)
    for x, y in zip(found, others, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("f", [rows, memory])
def test_it_would_be_seen(f, monkeypatch):
    """As it would be if LLVM did not know the functions that count."""
    monkeypatch.setattr(callee, "COUNTING", "none")
    assert slopes_of(lambda c, xs, a: f(c, xs, a) + c.sum())[1] > 5

"""Equal functions in straight-line code are called for several numbers at once: the same numbers, in an order that holds."""

import numpy as np
import pytest

import jitad
from jitad.emit.packs import WORTH, Pack, packed
from tests.written import written

RNG = np.random.default_rng(17)
POINTS = {"arcsin": (-0.99, 0.99), "arccos": (-0.99, 0.99), "log": (1e-3, 9), "log1p": (-0.99, 9), "exp": (-300, 300)}
ODD = [np.array([np.nan, np.inf, -np.inf, 0.0]), np.array([-0.0, 1.0, -1.0, 5e-324]), np.array([1e300, -1e300, 1e-300, 2.0])]



@pytest.mark.parametrize("name", sorted(WORTH))
def test_values_and_derivatives(name):
    from scipy import special

    of = getattr(np, name, None) or getattr(special, name)

    def f(x):
        return np.stack([of(x[k]) * (1.0 if k % 2 else x[0]) for k in range(4)])

    compiled = jitad.jit(f)
    low, high = POINTS.get(name, (-6, 6))
    assert "pack((" in compiled.specialize(np.full(4, 0.5)).source
    with np.errstate(all="ignore"):
        for x in [*RNG.uniform(low, high, (100, 4)), *ODD]:
            np.testing.assert_allclose(compiled(x), f(x), rtol=1e-15 * 8, atol=0)
    x = RNG.uniform(max(low, -0.9), min(high, 0.9), 4)
    jitad.testing.check_grads(f, (x,), order=2)


def test_a_loop_of_a_small_matrix():
    """Nine sines in a step: eight at once and one; and the cosines of its derivative."""
    a, x = RNG.normal(size=(3, 3)) * 0.4, RNG.normal(size=(3, 3))

    def f(x, a):
        return (jitad.scan(lambda c, _: (np.sin(a @ c) + 0.1, None), x, None, length=30)[0] ** 2).sum()

    g = jitad.value_and_grad(f, (0, 1))
    source = g.specialize(x, a).source
    assert source.count("= sin(pack(") == 1 and source.count("= cos(pack(") == 1
    value, slopes = g(x, a)
    with jitad.disable_jit():
        same, others = g(x, a)
    assert value == pytest.approx(same, rel=1e-13)
    for s, o in zip(slopes, others, strict=True):
        np.testing.assert_allclose(s, o, rtol=1e-11)


def test_what_needs_another_is_not_taken_with_it():
    """Functions of functions, of what was stored and read again: by levels, each after what it needs."""
    def f(x):
        out = np.zeros(9)
        for k in range(4):
            out[k] = np.exp(-x[k])
        for k in range(4):
            out[k + 4] = np.exp(-out[k] * x[3 - k])
        out[8] = np.exp(-out[:8].sum())
        return out

    x = RNG.normal(size=4)
    kernel = written(jitad.jit(f), x)
    assert kernel.source.count("= exp(pack(") == 2  # the last one is alone
    np.testing.assert_allclose(jitad.jit(f)(x), f(x), rtol=1e-14)
    jitad.testing.check_grads(f, (x,), order=2)


def test_order_is_kept_where_nothing_is_taken_together():
    program = written(jitad.grad(lambda x: np.sin(np.exp(x[0]) * x[1]) * x[2]), np.ones(3)).program
    steps = program.block.steps
    assert packed(steps, {}, lambda n: False) == list(steps)
    assert not any(isinstance(s, Pack) for s in packed(steps, {}, lambda n: False))


def test_a_strict_kernel_calls_what_numpy_calls():
    f = jitad.jit(lambda x: np.stack([np.sin(x[k]) for k in range(4)]), strict=True)
    assert "pack((" not in f.specialize(np.ones(4)).source


@pytest.mark.parametrize("by", ["eye", "list"])
def test_beside_loops(by):
    """What is called together before loops over packed copies, or over lists in lanes, has names of its own."""
    i, j = np.triu_indices(9, 1)

    def f(x, i, j):
        w = sum(np.sin(x[k, 0] * 1.5) for k in range(4))
        if by == "list":
            r2 = ((x[i] - x[j]) ** 2).sum(-1)
            return np.exp(-r2 * w * w).sum()
        d = x[:, None] - x[None]
        return (np.exp(-((d**2).sum(-1) + np.eye(len(x))) * w * w) * (1 - np.eye(len(x)))).sum()

    x = RNG.normal(size=(9, 3))
    g = jitad.value_and_grad(f)
    source = g.specialize(x, i, j).source
    assert "= sin(pack(" in source and (by == "list" or "p0 = shaped(" in source)
    value, slope = g(x, i, j)
    with jitad.disable_jit():
        same, other = g(x, i, j)
    assert value == pytest.approx(same, rel=1e-12)
    np.testing.assert_allclose(slope, other, rtol=1e-10, atol=1e-13)

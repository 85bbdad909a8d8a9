"""Loops without their ends: the same values, at lengths where nearly all turns are ends too."""

import numpy as np
import pytest

import jitad
from jitad.emit.cpu import emit
from jitad.lower.schedule import lower

RNG = np.random.default_rng(5)
PROGRAMS = {
    "neighbours": lambda u: ((u[1:] - u[:-1]) ** 2).sum() + (np.sin(u) * np.roll(u, 1)).sum(),
    "far": lambda u: (u[3:] * u[:-3]).sum() + (np.roll(u, -3) * u**2).sum() + (u[2:-2] ** 3).sum(),
    "two axes": lambda u: ((np.roll(u, 1, 0) - u) ** 2 * np.roll(u, -2, 1)).sum() + (u[1:-1, 2:] ** 2 * u[:-2, :-2]).sum(),
    "assigned": lambda u: assigned(u), "every other": lambda u: (u[::2].sum() * u[1::2]).sum() + (u[::-1][1:] * u[1:]).sum(),
    "padded": lambda u: (np.pad(u, 2, mode="edge") ** 3).sum() + (np.pad(u, (1, 0)) * np.pad(u, (0, 1)) ** 2).sum(),
    "a sum before": lambda u: (np.concatenate([u[:-1] + u.sum() - (len(u) + 1), [np.prod(u) - 1]]) ** 2).sum(),
    "sums of rows": lambda u: (np.concatenate([u[:-1] * np.sin(u).sum(), u[:1]]) * np.roll(u, 1) * np.max(u)).sum(),
    "differences": lambda u: (np.gradient(u) ** 2).sum() + (np.diff(u, 2) ** 2).sum(),
}


def assigned(u):
    r = np.zeros_like(u)
    r[1:-1] = u[:-2] - 2 * u[1:-1] + u[2:]
    r[0], r[-1] = u[0], 2 * u[-1]
    return (r**2 * np.cos(u)).sum()


@pytest.mark.parametrize("name", PROGRAMS)
def test_all_lengths(name):
    shapes = [(5, 5), (5, 9), (20, 6)] if name == "two axes" else [(5,), (6,), (7,), (8,), (23,)]
    f = jitad.value_and_grad(PROGRAMS[name])
    for shape in shapes:
        u = RNG.normal(size=shape)
        value, slope = f(u)
        with jitad.disable_jit():
            want = f(u)
        assert value == pytest.approx(want[0], rel=1e-12)
        np.testing.assert_allclose(slope, want[1], rtol=1e-11, atol=1e-12)
    assert len(f.specializations) == 1


ARRAYS = {
    "one axis": (lambda u: np.concatenate([u[:-1] + np.cos(u).sum(), u[1:] - np.prod(u)]) * np.roll(u, 1)[0], [(5,), (9,)]),
    "almost linear": (lambda u: np.concatenate([u[:-1] + u.sum() - (len(u) + 1), [np.prod(u) - 1]]), [(5,), (10,)]),
    "two axes": (lambda u: np.roll(u, 1, 0)[1:] * u.sum(1)[:-1, None] + u[1:] * np.prod(u), [(5, 5), (6, 9)]),
    "rows and columns": (lambda u: np.roll(u, -1, 1) - u.mean(1, keepdims=True) * np.roll(u, 2, 0) + u.max(0), [(5, 6), (8, 5)]),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_results_that_are_arrays(name):
    f, shapes = ARRAYS[name]
    compiled, slopes = jitad.jit(f), jitad.jacobian(f)
    for shape in shapes:
        u = RNG.normal(size=shape)
        np.testing.assert_allclose(compiled(u), f(u), rtol=1e-12, atol=1e-13)
        with jitad.disable_jit():
            want = slopes(u)
        np.testing.assert_allclose(slopes(u), want, rtol=1e-11, atol=1e-12)


def source(f, u):
    with jitad.disable_jit():
        f(u)
    ((_, made),) = f._caller.every()
    return emit(lower(made.graph))


def test_the_interior_asks_nothing():
    text = source(jitad.grad(lambda u: ((u[1:] - u[:-1]) ** 2 * u[1:]).sum()), np.ones(9))
    interior = text[text.index("for i0 in range(1, ") :]
    assert " if " not in interior and "for e0 in range(2):" in text


def test_known_lengths():
    x = RNG.normal(size=30)
    f = jitad.value_and_grad(lambda s: (((s * x)[1:] - (s * x)[:-1]) ** 2).sum() + (s * np.arange(20.0)[1:] ** 0.5).sum())
    found = f(1.5)
    with jitad.disable_jit():
        np.testing.assert_allclose(found, f(1.5), rtol=1e-13)


def test_conditions_in_the_middle_stay():
    text = source(jitad.jit(lambda u: np.where(np.arange(len(u)) < len(u) // 2, u, u**2).sum()), np.ones(9))
    assert "for e0" not in text


def test_copies_that_only_the_interior_reads():
    """At the ends the row of a neighbour is chosen, inside it is that of a loop variable, which comes from a packed copy."""
    def f(y):
        d = np.sqrt((np.diff(y, axis=0) ** 2).sum(1) + 0.1)
        return np.tanh(d).sum(), d

    slopes = jitad.jacrev(f)
    for n in (5, 9):
        y = RNG.normal(size=(n, 3))
        with jitad.disable_jit():
            want = slopes(y)
        for a, b in zip(slopes(y), want, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


def test_results_do_not_depend_on_where_arrays_lie():
    """Interiors do not start at 0: LLVM took negative indices for possible, and what lies behind a result for a part of it."""
    def energy(x, v):
        m = len(x) - 4
        y = (0.3 * x[:m]) ** 3 * x[3:m + 3] - np.sqrt(1 + (0.2 * v[3:m + 3]) ** 2)
        z = y[1:] - y[:-1] * v[2:m + 1]
        return (z * np.roll(z, 1)).sum()

    g = jitad.value_and_grad(energy, (0, 1))
    rng = np.random.default_rng(0)
    x, v = (rng.normal(size=(2, 30_011)) * 0.7).astype(np.float32)
    value, slopes = g(x, v)
    others = []  # memory that others have
    for _ in range(60):
        others.append(np.empty(int(rng.integers(1, 60_000)), np.float32))
        del others[:-5]
        again, found = g(x, v)
        assert again == value
        for a, b in zip(found, slopes, strict=True):
            np.testing.assert_array_equal(a, b)

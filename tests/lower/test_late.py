"""Indices that loops, routines and scatters compute: checked when they are there, before anything is looked up with them."""

import numpy as np
import pytest

import jitad
from jitad.errors import IndexRangeError
from jitad.tree import flatten
from tests.written import written

X = np.sort(np.random.default_rng(8).uniform(0.1, 1.0, 9))
IDS = np.array([1, 1, 4, 1])
TABLE = np.random.default_rng(9).normal(size=(12, 3))


def from_a_search(x):
    """The first number above a half, found by a loop."""
    k = jitad.while_loop(lambda k: x[k] < 0.5, lambda k: k + 1, 0)
    return x[k] ** 2 * x[k - 1]


def from_counted_turns(x):
    k = jitad.fori_loop(0, 3, lambda i, k: k + i, 0)
    return np.sin(x[k] * x[-k])


def from_rows(x):
    """Index arrays of two axes, that a scan gives row by row."""
    _, ks = jitad.scan(lambda k, w: ((k + 2) % 9, np.stack([k, k - 9])), 0, x)
    return (x[ks] ** 3 * np.cos(x[ks[:, ::-1]])).sum()


def from_neighbours_in_order(x):
    y = np.sin(7 * x)
    order = np.argsort(y)
    return (y[order[1:]] * y[np.minimum(order + 1, len(x) - 1)][1:]).sum()


def from_counts(x):
    count = np.zeros(9, dtype=int)
    np.add.at(count, IDS, 1)
    return (x[count] * x).sum()


def from_indices_of_indices(x):
    k = jitad.fori_loop(0, 2, lambda i, k: k + 1, 0)
    return (TABLE[IDS[k] + 1] * x[:3]).sum() * x[IDS[k]] ** 2


def from_a_branch(x):
    k = jitad.cond(x[0] > 0.5, lambda: 2, lambda: jitad.fori_loop(0, 4, lambda i, k: k + 1, 0))
    return x[k] ** 3


def inside_of_steps(x):
    def step(c, w):
        k = jitad.while_loop(lambda k: x[k] < w, lambda k: k + 1, 0)
        return c + x[k] * w, TABLE[k] * w

    c, rows = jitad.scan(step, 0.0, x[2:7])
    return c * np.sin(rows).sum()


def into_the_place(x):
    """Scattered to where a loop says."""
    k = jitad.while_loop(lambda k: x[k] < 0.3, lambda k: k + 1, 1)
    out = np.zeros(5)
    out[k] = x[0] * x[1]
    out[k - 1] += x[2]
    return (out**2 * x[:5]).sum()


FUNCTIONS = [from_a_search, from_counted_turns, from_rows, from_neighbours_in_order, from_counts, from_indices_of_indices,
             from_a_branch, inside_of_steps, into_the_place]


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_values_and_derivatives(f):
    """Orders 1 and 2, forward and reverse, against the interpreter and finite differences."""
    v = np.random.default_rng(3).normal(size=len(X))
    g = jitad.jit(lambda x: (jitad.value_and_grad(f)(x), jitad.jvp(f, (x,), (v,))[1], jitad.hvp(f)(x, v)))
    found = flatten(g(X))[0]
    with jitad.disable_jit():
        expected = flatten(g(X))[0]
        jitad.testing.check_grads(f, (X,))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found[1] @ v, found[2], rtol=1e-12)


def test_nothing_else_is_checked_late():
    assert "inside(" in written(jitad.grad(from_counted_turns), X).source
    assert "inside(" not in written(jitad.grad(lambda x: x[np.argsort(x)].sum() * x[IDS].sum()), X).source


def jumps(x, n):
    k = jitad.fori_loop(0, n, lambda i, k: k + 4, 0)
    return x[k] ** 2


def test_out_of_range():
    """The same kernel, with the line that looks up; below zero as well, and of an axis without elements."""
    g = jitad.value_and_grad(jumps)
    assert g(X, 2)[0] == X[8] ** 2
    with pytest.raises(IndexRangeError, match=r"found in a loop.* is out of bounds\n  at .*test_late.py, line \d+$"):
        g(X, 3)
    assert len(g.specializations) == 1
    down = jitad.grad(lambda x, n: x[jitad.fori_loop(0, n, lambda i, k: k - 3, -1)] ** 2)
    np.testing.assert_array_equal(np.flatnonzero(down(X, 2)), [2])
    with pytest.raises(IndexRangeError, match="out of bounds"):
        down(X, 3)
    for length in (0, 1):
        with pytest.raises(IndexRangeError):
            g(np.zeros(length), 2)


def test_the_line_is_named():
    with pytest.raises(IndexRangeError, match=r"index 6 is out of bounds for axis 0 with size 6\n  at .*test_late.py, line \d+$"):
        jitad.grad(lambda x: x[np.argsort(x) + 1].sum())(X[:6])
    with pytest.raises(IndexRangeError, match=r"looked up in one, is out of bounds\n  at .*test_late.py, line \d+$"):
        jitad.grad(lambda x: jitad.fori_loop(0, 7, lambda i, c: c + x[i], 0.0))(X[:6])


def test_writing_out_of_range():
    @jitad.jit
    def put(x, n):
        out = np.zeros(4)
        out[jitad.fori_loop(0, n, lambda i, k: k + 1, 0)] += x[0]
        return out

    np.testing.assert_array_equal(put(X, 3), [0, 0, 0, X[0]])
    with pytest.raises(IndexRangeError):
        put(X, 4)


def test_no_index_is_in_range_of_nothing():
    g = jitad.jit(lambda x, y: y[np.argsort(x) + 1].sum())
    assert g(np.zeros(0), np.zeros(0)) == 0.0
    assert g(np.array([2.0, 1.0]), np.array([7.0, 1.0, 2.0])) == 3.0
    with pytest.raises(IndexRangeError):
        g(np.array([2.0, 1.0]), np.array([7.0, 1.0]))


def test_many_at_once():
    starts = np.array([0, 3, 5])
    follow = jitad.vmap(lambda k: X[jitad.while_loop(lambda k: X[k] < 0.6, lambda k: k + 1, k)])
    first = np.flatnonzero(X >= 0.6)[0]
    np.testing.assert_array_equal(follow(starts), X[np.maximum(starts, first)])
    pick = jitad.vmap(lambda x, n: jitad.value_and_grad(jumps)(x, n)[0])
    np.testing.assert_allclose(pick(np.stack([X, X + 1]), np.array([1, 2])), [X[4] ** 2, (X[8] + 1) ** 2])
    with pytest.raises(IndexRangeError):
        pick(np.stack([X, X + 1]), np.array([1, 3]))

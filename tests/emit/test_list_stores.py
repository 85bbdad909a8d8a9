"""Loops over lists that store what they read: what comes first."""

import numpy as np
import pytest

import jitad
from tests.emit.test_list_loops import RNG, N, X, listed


def coordination(x, q, pairs):
    """What is added to rows does not depend on them; other sums in the same loop do."""
    i, j = pairs.T
    around = np.zeros(len(x))
    np.add.at(around, i, q)
    return np.exp(-((x[i] - x[j]) ** 2).sum(1)).sum(), around


@pytest.mark.parametrize("order", ["sorted", "shuffled", "one row"])
def test_stores_that_could_come_before_reads(order):
    first = {"sorted": np.repeat(np.arange(N), 4), "shuffled": RNG.integers(0, N, 36), "one row": np.full(36, 4)}[order]
    pairs, q = np.stack([first, RNG.integers(0, N, 36)], 1), RNG.normal(size=36)
    for f in (jitad.jit(coordination), jitad.jacfwd(coordination, 0)):
        with jitad.disable_jit():
            want = f(X[3], q, pairs)
        for a, b in zip(f(X[3], q, pairs), want, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("n", [1, 3, 9])
def test_results_that_are_added_to_and_read(n):
    """Elements that are stored, added to by a loop, and read: of few atoms all in one block."""
    def moved(x, pairs):
        i, j = pairs.T
        out = x.copy()
        np.add.at(out, i, np.sin(x[j]))
        return out, (out**2).sum()

    x, pairs = X[3][:n], listed(21, n=n)
    for a, b in zip(jitad.jit(moved)(x, pairs), moved(x, pairs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)

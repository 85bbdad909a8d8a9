"""Hessians of sums over pairs: of the order of their elements, against the interpreter."""

import re

import numpy as np
import pytest

import jitad
from jitad.tree import flatten
from tests.written import written

RNG = np.random.default_rng(5)


def lennard_jones(x):
    i, j = np.triu_indices(len(x), 1)
    d = x[i] - x[j]
    s6 = 1 / (d * d).sum(-1) ** 3
    return (s6 * s6 - s6).sum()


def with_eye(x):
    n = len(x)
    d = x[:, None] - x[None]
    r2 = (d**2).sum(-1) + np.eye(n)
    return ((1 - np.eye(n)) / r2**2).sum()


def by_where(x):
    i = np.arange(len(x))
    r = np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1))
    return np.where(i[:, None] != i[None], np.exp(-r) / r, 0.0).sum()


def near_ones(x):
    i = np.arange(len(x))
    r2 = ((x[:, None] - x[None]) ** 2).sum(-1)
    return np.where((i[:, None] < i[None]) & (r2 < 4), np.exp(-r2), 0.0).sum()


def harmonic_and_own(x):
    d = x[:, None] - x[None]
    return (d**2).sum() + np.sin(x).sum() + (x**4).sum(0).prod()


def chain(x):
    d = x[1:] - x[:-1]
    return (np.sqrt((d**2).sum(-1) + 0.1) ** 3).sum() + np.cos(x[2:] * x[:-2]).sum()


def embedded(x):
    n = len(x)
    r2 = ((x[:, None] - x[None]) ** 2).sum(-1)
    return np.sqrt((np.exp(-r2) * (1 - np.eye(n))).sum(1) + 0.1).sum()


def quotient_of_sums(x):
    d = x[:, None] - x[None]
    return (d**4).sum() / (1 + (x**2).sum())


def depth(source):
    """Of nested loops."""
    return max(len(re.match(r" *", line)[0]) for line in source.splitlines() if " for i" in line) // 4


def compare(compiled, h, x):
    with jitad.disable_jit(), np.errstate(all="ignore"):
        want = h(x)
    np.testing.assert_allclose(compiled(x), want, rtol=1e-10, atol=1e-11 * np.abs(want).max())


@pytest.mark.parametrize("n", [3, 7, 12])
@pytest.mark.parametrize("f, order", [
    (lennard_jones, 2), (with_eye, 2), (by_where, 2), (near_ones, 2), (harmonic_and_own, 2), (chain, 2), (embedded, 3),
    (quotient_of_sums, 2)])
def test_hessians(f, order, n):
    x = RNG.normal(size=(n, 3 if n > 3 else 2))  # where all rows are written out, fewer columns compile faster
    h = jitad.hessian(f)
    if n > 4:
        assert depth(h.specialize(x).source) <= order
    compare(h, h, x)
    if n == 7:
        compare(jitad.jit(h, strict=True), h, x[:, :2].copy())


def over_a_list(x, p):
    d = x[p[:, 0]] - x[p[:, 1]]
    return np.exp(-(d * d).sum(-1)).sum()


def angles(x, t):
    a, b = x[t[:, 0]] - x[t[:, 1]], x[t[:, 2]] - x[t[:, 1]]
    return ((a * b).sum(-1) ** 2 / (1 + (a * a).sum(-1))).sum()


def of_charges(x, q, p):
    r2 = ((x[p[:, 0]] - x[p[:, 1]]) ** 2).sum(-1)
    return (q[p[:, 0]] * q[p[:, 1]] / (1 + r2)).sum()


@pytest.mark.parametrize("entries", [0, 1, 7, 8, 30])
def test_hessians_over_lists(entries):
    """Entries that name an atom twice, and from the end."""
    x, q = RNG.normal(size=(7, 3 if entries > 1 else 2)), RNG.normal(size=7)
    pairs, triples = RNG.integers(-7, 7, (entries, 2)), RNG.integers(-7, 7, (entries, 3))
    for h, args in ((jitad.hessian(over_a_list), (x, pairs)), (jitad.hessian(angles), (x, triples)),
                    (jitad.hessian(of_charges, (0, 1)), (x, q, pairs))):
        with jitad.disable_jit():
            want = h(*args)
        for a, b in zip(flatten(h(*args))[0], flatten(want)[0], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    if entries == 30:
        source = written(jitad.hessian(over_a_list), x, pairs).source
        adding = [line for line in source.splitlines() if "+=" in line and "o0[" in line or "t0[" in line and "+=" in line]
        assert adding and all(line.startswith(" " * 12) and not line.startswith(" " * 16) for line in adding)


def test_indices_out_of_range_still_raise():
    x, p = RNG.normal(size=(6, 3)), RNG.integers(0, 6, (20, 2))
    h = jitad.hessian(over_a_list)
    h(x, p)
    for wrong in (6, -7):
        p[11, 1] = wrong
        with pytest.raises(IndexError):
            h(x, p)


def test_derivatives_of_forces():
    """Forward and reverse, with other weights, and of a Hessian once more."""
    x = RNG.normal(size=(6, 2))

    def forces(x):
        return -jitad.grad(by_where)(x)

    for f in (jitad.jacfwd(forces), jitad.jacrev(forces), jitad.jacfwd(jitad.hessian(chain)),
              jitad.grad(lambda x: (jitad.hessian(lennard_jones)(x) ** 2).sum())):
        with jitad.disable_jit(), np.errstate(all="ignore"):
            want = f(x)
        np.testing.assert_allclose(f(x), want, rtol=1e-9, atol=1e-10 * np.abs(want).max())


def test_infinite_atoms_stay_by_themselves():
    """No other element than those of the atom is touched by it: zeros that others come to are zeros by structure."""
    x = RNG.normal(size=(8, 3))
    x[3] = np.inf
    found = jitad.hessian(lennard_jones)(x)
    others = np.delete(np.arange(8), 3)
    off = found[np.ix_(others, range(3), others, range(3))].transpose(0, 2, 1, 3)[~np.eye(7, dtype=bool)]
    assert np.isfinite(off).all()


def test_counts_of_conditions_that_name_no_turn():
    """Which stay one sum: taken apart they would be put together again."""
    x, y = RNG.normal(size=9), RNG.integers(0, 9, 9)

    def f(x, y):
        i = np.arange(len(x))
        near, low, same = np.abs(x[:, None] - x) < 1, x[:, None] < x, i[:, None] == i
        here = np.where(y == i[:, None], 2.0, 0.0)
        return (np.where(near, 1.0, 0.0) + np.where(low, 3.0, 1.0) - np.where(same, 1.0, 2.0) + here).sum(1)

    np.testing.assert_allclose(jitad.jit(f)(x, y), f(x, y), rtol=1e-14)
    g = jitad.jit(lambda x: (np.where(x > x.max(), 1.0, 0.0) + np.where(x == x.max(), 1.0, 0.0)).sum())
    assert g(x) == 1

"""Loops in parts: where they begin and end, what they have in common, errors in them."""

import re

import numba
import numpy as np
import pytest

import jitad
from jitad.lower.parallel import PARTS

RNG = np.random.default_rng(8)


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def rolled(x):
    return (np.roll(x, 1) * x**2 - np.roll(x, -2)).sum()


def bonds(x, pairs):
    d = x[pairs[:, 0]] - x[pairs[:, 1]]
    return ((np.sqrt((d * d).sum(-1)) - 1) ** 2).sum()


def charges(x, z, pairs):
    """Reads four rows, and adds to two arrays."""
    d = x[pairs[:, 0]] - x[pairs[:, 1]]
    return (z[pairs[:, 0]] * z[pairs[:, 1]] / np.sqrt((d * d).sum(-1) + 1)).sum()


def table(x, neighbours):
    d = x[neighbours] - x[:, None]
    r = np.sqrt((d * d).sum(-1))
    return (np.exp(-r)[:, :, None] * np.exp(-2 * r)[:, None]).sum()


def same(found, want):
    for a, b in zip(found, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11 * np.abs(b).max(initial=0))


@pytest.mark.parametrize("f", [rosenbrock, rolled])
def test_ends_and_interiors(f):
    """Lengths at which parts are empty, all end, or all interior, and long ones in threads."""
    serial, parallel = jitad.value_and_grad(f), jitad.jit(jitad.value_and_grad(f), parallel=True)
    for n in [*range(5, 70), 30_000]:
        x = RNG.normal(size=n)
        same(parallel(x), serial(x))


@pytest.mark.parametrize("atoms, pairs", [(5, 7), (300, 20), (300, 40_000), (20_000, 30_000), (40_000, 400_000)])
def test_copies(atoms, pairs):
    """Of few numbers or of many, in two parts or in sixteen; the same for any number of threads."""
    x, k = RNG.normal(size=(atoms, 3)), RNG.integers(0, atoms, (pairs, 2))
    k[:, 1] = (k[:, 0] + 1 + k[:, 1] % (atoms - 1)) % atoms
    parallel = jitad.jit(jitad.value_and_grad(bonds), parallel=True)
    assert "parts_for(" in parallel.specialize(x, k).source
    found = parallel(x, k)
    same(found, jitad.value_and_grad(bonds)(x, k))
    kernel = parallel.specialize(x, k)
    out = kernel.buffers(x, k)
    same((kernel.njit_into(x, k, out), out[0]), found)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        np.testing.assert_array_equal(parallel(x, k)[1], found[1])
    finally:
        numba.set_num_threads(before)


def test_several_rows():
    x, z, k = RNG.normal(size=(300, 3)), RNG.normal(size=300), RNG.integers(0, 300, (20_000, 2))
    serial = jitad.value_and_grad(charges, (0, 1))
    for pairs in (k, k[:3]):
        found, want = jitad.jit(serial, parallel=True)(x, z, pairs), serial(x, z, pairs)
        same((found[0], *found[1]), (want[0], *want[1]))


def test_how_many_parts():
    from jitad.emit.copies import COPIED, parts_for

    assert parts_for.py_func(10**9, 10, PARTS) == PARTS and parts_for.py_func(0, 10, PARTS) == 2
    assert [parts_for.py_func(COPIED * 1000 * k, 1000, PARTS) for k in (2, 3, 7, 15)] == [2, 4, 8, 16]


@pytest.mark.parametrize("wrong", [500, -501])
@pytest.mark.parametrize("at", [0, 25_001, 49_999])
def test_indices_that_parts_look_at(wrong, at):
    """Parts make the checks as they go, and end; the error is raised afterwards."""
    x, k = RNG.normal(size=(500, 3)), RNG.integers(0, 500, (50_000, 2))
    k[:, 1] = (k[:, 0] + 1) % 500
    parallel = jitad.jit(jitad.value_and_grad(bonds), parallel=True)
    want = parallel(x, k)
    bad = k.copy()
    bad[at, 1] = wrong
    with pytest.raises(IndexError, match=f"index {wrong} is out of bounds for axis 0 with size 500"):
        parallel(x, bad)
    kernel = parallel.specialize(x, k)
    with pytest.raises(IndexError):
        kernel.njit(x, bad)
    same(parallel(x, k), want)
    k[at, 1] -= 500
    same(parallel(x, k), want)


def test_tables_are_looked_at_in_parts():
    x, k = RNG.normal(size=(4000, 3)), (np.arange(4000)[:, None] + np.arange(1, 9)) % 4000
    parallel = jitad.jit(jitad.value_and_grad(table), parallel=True)
    same(parallel(x, k), jitad.value_and_grad(table)(x, k))
    k[3999, 7] = 4000
    with pytest.raises(IndexError, match="4000"):
        parallel(x, k)


@pytest.mark.parametrize("n, k, m", [(10, 10, 10), (40, 30, 20), (1000, 32, 32), (1003, 20, 40), (6000, 30, 50), (64, 200, 64)])
@pytest.mark.parametrize("parallel", [False, True])
def test_products(n, k, m, parallel):
    """Small ones, those in parts, and those that are left to BLAS; each way of transposing."""
    def layers(x, w, v):
        h = np.tanh(x @ w)
        return (np.tanh(h @ v) * np.cos(h)[:, :1]).sum()

    args = RNG.normal(size=(n, k)), RNG.normal(size=(k, m)), RNG.normal(size=(m, m))
    found = jitad.jit(jitad.grad(layers, (0, 1, 2)), parallel=parallel)(*args)
    with jitad.disable_jit():
        want = jitad.grad(layers, (0, 1, 2))(*args)
    same(found, want)


def test_one_number_in_two_places():
    """Rows of several arrays by one number, row 16 among them: it is no number of parts, and handed over wherever it stands."""
    def energy(w, x):
        for k in range(5):
            x = np.tanh(np.concatenate([x[1:], np.sin(x[:1])]) * w[k % 2] + np.roll(x, 2)) * (x * w[0]).sum()
        return (x**2).sum()

    g = jitad.value_and_grad(energy, (0, 1))
    rng = np.random.default_rng(1)
    w, x = rng.normal(size=(2, 9)), rng.normal(size=9)
    value, slopes = jitad.jit(g, parallel=True)(w, x)
    with jitad.disable_jit():
        want, others = g(w, x)
    np.testing.assert_allclose(value, want, rtol=1e-12)
    for a, b in zip(slopes, others, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12 * np.abs(b).max())


def test_more_numbers_than_numba_takes_in_one_call():
    """Of 31 arguments and more only plain names: Numba takes no choices among them."""
    def energy(x, *w):
        d = x[:, None] - x[None]
        s = np.exp(-(d**2).sum(-1))
        total = w[0]
        for c in w[1:]:
            total = total * s + c
        return (total * s * (1 - np.eye(len(x)))).sum()

    g = jitad.value_and_grad(energy)
    rng = np.random.default_rng(2)
    x, w = rng.normal(size=(9, 3)), tuple(map(float, rng.normal(size=34)))
    value, slope = jitad.jit(g, parallel=True)(x, *w)
    with jitad.disable_jit():
        want, other = g(x, *w)
    np.testing.assert_allclose(value, want, rtol=1e-12)
    np.testing.assert_allclose(slope, other, rtol=1e-10, atol=1e-12)


def check_copies(source):
    """Memory for copies is as long as the loop with most parts asks for, of all that have copies there."""
    rows = dict(re.findall(r"^ +(t\d+) = shaped\(memory\d+, .*, \((.*_4.* - 1\)), ", source, re.M))
    used = re.findall(r"collect\(\w+, (t\d+)\[: (e\d+_4) - 1\]\)", source)
    assert used
    for name, parts in used:
        assert name not in rows or parts in rows[name], (name, parts, rows[name])
    counts = [name for name, _ in re.findall(r"^ +(e\d+_4) = (.*)$", source, re.M)]
    assert len(set(counts)) == len(counts)
    return len(used) > len({name for name, _ in used})


def network(w1, b1, w2, b2, v, x):
    return (np.tanh(np.tanh(x @ w1 + b1) @ w2 + b2) @ v).sum()


def looked_up(p, q, r, x, y, i, j, k):
    """The second copy of the second loop lies where the copy of the first one lay."""
    return np.sin(p[i] * x).sum() + (np.sin(q[j] * y) * np.cos(r[k] * y)).sum() + (p * r).sum()


def bonded_charges(q, x, bonds, pairs, k):
    d = x[bonds[:, 0]] - x[bonds[:, 1]]
    e = x[pairs[:, 0]] - x[pairs[:, 1]]
    bonded = 0.5 * (k * (np.sqrt((d * d).sum(-1)) - 1) ** 2).sum()
    return bonded + (q[pairs[:, 0]] * q[pairs[:, 1]] / np.sqrt((e * e).sum(-1) + 0.1)).sum()


def copied():
    n = 64
    rng = np.random.default_rng(2)
    yield network, (0, 1, 2, 3, 4), (
        rng.normal(size=(6, 40)) / 3, rng.normal(size=40), rng.normal(size=(40, 40)) / 6, rng.normal(size=40),
        rng.normal(size=40), rng.normal(size=(700, 6)))
    yield looked_up, (0, 1, 2), (
        rng.normal(size=n), rng.normal(size=50), rng.normal(size=n), rng.normal(size=4000), rng.normal(size=400_000),
        rng.integers(0, n, 4000), rng.integers(0, 50, 400_000), rng.integers(0, n, 400_000))
    yield bonded_charges, (1, 0), (
        rng.normal(size=n), rng.normal(size=(n, 3)), rng.integers(0, n, (2000, 2)), rng.integers(0, n, (200_000, 2)),
        rng.random(2000))


@pytest.mark.parametrize("f, argnums, args", list(copied()))
def test_loops_whose_copies_lie_in_one_memory(f, argnums, args):
    """Each has its own number of parts; the memory was that of the first one's."""
    g = jitad.jit(jitad.value_and_grad(f, argnums), parallel=True)
    assert check_copies(g.specialize(*args).source)
    with jitad.disable_jit():
        want = jitad.value_and_grad(f, argnums)(*args)
    found, again = g(*args), g(*args)
    for a, b, c in zip([found[0], *found[1]], [want[0], *want[1]], [again[0], *again[1]], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
        np.testing.assert_array_equal(a, c)

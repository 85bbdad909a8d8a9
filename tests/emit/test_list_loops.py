"""Loops over lists in lanes: against the interpreter, for what lists may be made of."""

import numpy as np
import pytest

import jitad
from jitad.tree import flatten
from tests.written import written

RNG = np.random.default_rng(11)
N = 9
X = {w: RNG.normal(size=(N, w)) for w in (1, 2, 3, 4, 5)}
Q = RNG.normal(size=N)
KINDS = RNG.integers(0, 3, N)
TABLE = RNG.uniform(0.5, 1.5, (3, 3))


def listed(length, columns=2, n=N):
    return RNG.integers(0, n, (length, columns))


def bonds(x, pairs, stiffness, rest):
    d = x[pairs[:, 0]] - x[pairs[:, 1]]
    return (stiffness * (np.sqrt((d**2).sum(-1) + 0.1) - rest) ** 2).sum()


def angles(x, t):
    a, b = x[t[:, 0]] - x[t[:, 1]], x[t[:, 2]] - x[t[:, 1]]
    return ((a * b).sum(-1) / np.sqrt(((a**2).sum(-1) + 1) * ((b**2).sum(-1) + 1))).sum()


def dihedrals(x, t):
    p, q, r = (x[t[:, k + 1]] - x[t[:, k]] for k in range(3))
    m, n = np.cross(p, q), np.cross(q, r)
    return np.cos(2 * np.arctan2((np.cross(m, n) * q).sum(-1), (m * n).sum(-1) + 3)).sum()


def charges(x, q, pairs):
    i, j = pairs.T
    r = np.sqrt(((x[i] - x[j]) ** 2).sum(-1) + 0.2)
    return (q[i] * q[j] / r * np.where(r < 2, np.exp(-r), 0.0)).sum()


def kinds(x, table, kinds, i, j):
    r2 = ((x[i] - x[j]) ** 2).sum(-1) + 0.5
    return (table[kinds[i], kinds[j]] / r2**3 + np.tanh(r2)).sum()


def neighbours(x, table):
    d = x[table] - x[:, None]
    return np.sqrt(np.exp(-(d**2).sum(-1)).sum(1) + 0.1).sum()


def shifted(x, pairs):
    """Neighbouring entries of a list."""
    d = x[pairs[1:, 0]] - x[pairs[:-1, 1]]
    return np.exp(-(d**2).sum(-1)).sum()


def every(f, argnums=0):
    def derivatives(v, *args):
        slope = jitad.value_and_grad(f, argnums)(*args)
        where = argnums if isinstance(argnums, tuple) else (argnums,)

        def gradient(*active):
            full = list(args)
            for k, a in zip(where, active, strict=True):
                full[k] = a
            return jitad.grad(f, where)(*full)

        active = tuple(args[k] for k in where)
        return slope, jitad.jvp(gradient, active, tuple(np.cos(v + a) for a in active))[1]

    return jitad.jit(derivatives)


def check(f, *args, blocks=True):
    found = flatten(f(0.3, *args))[0]
    with jitad.disable_jit(), np.errstate(all="ignore"):
        want = flatten(f(0.3, *args))[0]
    for a, b in zip(found, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-11 * max(1.0, np.abs(b).max(initial=0)))
    source = f.specialize(0.3, *args).source
    assert blocks is None or ("// 8 * 8" in source) == blocks
    return source


BONDS = every(bonds, (0, 2, 3))


@pytest.mark.parametrize("length", [0, 1, 5, 7, 8, 9, 16, 41])
def test_bonds_of_their_own_stiffness(length):
    source = check(BONDS, X[3], listed(length), RNG.normal(size=length), RNG.uniform(size=length), blocks=length > 4)
    assert ("put(" in source) == (length > 4)


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5])
def test_rows_of_any_width(width):
    f = every(bonds)
    source = check(f, X[width], listed(21), np.ones(21), np.ones(21), blocks=None if width == 5 else True)
    assert ("push_rows(" in source) == (1 < width < 5)


@pytest.mark.parametrize("dtype", ["int64", "int32", "int16", "uint8", "uint32"])
def test_integers_of_any_width(dtype):
    check(every(bonds), X[3], listed(19).astype(dtype), np.ones(19), np.ones(19))


def test_three_and_four_columns():
    check(every(angles), X[3], listed(30, 3))
    check(every(dihedrals), X[3], listed(29, 4))


def test_numbers_of_rows():
    check(every(charges, (0, 1)), X[3], Q, listed(35))


def test_tables_of_kinds():
    i, j = listed(27).T
    source = check(every(kinds, (0, 1)), X[3], TABLE, KINDS, i.copy(), j.copy())
    assert "gather(" in source and "push_each(" in source and "block(" in source


@pytest.mark.parametrize("width", [3, 8, 13])
def test_neighbour_tables(width):
    check(every(neighbours), X[3], RNG.integers(0, N, (N, width)), blocks=None if width == 3 else True)


def test_entries_that_are_shifted():
    check(every(shifted), X[3], listed(26))


@pytest.mark.parametrize("order", ["sorted", "shuffled", "one row", "long rows", "itself", "negative"])
def test_orders(order):
    pairs = np.stack(np.triu_indices(N, 1), 1)
    pairs = {
        "sorted": pairs, "shuffled": RNG.permutation(pairs), "one row": np.stack([np.full(20, 4), np.arange(20) % N], 1),
        "long rows": np.stack([np.repeat([2, 7, 2], 11), np.arange(33) % 3], 1), "itself": np.full((17, 2), 3),
        "negative": np.where(pairs % 2, pairs, pairs - N)}[order]
    check(BONDS, X[3], pairs, np.ones(len(pairs)), np.ones(len(pairs)))


def test_singular_entries_stay_by_themselves():
    """Lanes in which the distance is 0 or not finite."""
    x = X[3].copy()
    x[2] = x[3]
    x[5, 1] = np.inf
    pairs = np.array([[0, 1], [2, 3], [0, 4], [5, 6], [0, 7], [1, 8], [4, 7], [7, 8], [0, 8]])

    def energy(x, pairs):
        d = x[pairs[:, 0]] - x[pairs[:, 1]]
        return (1 / np.sqrt((d**2).sum(-1))).sum()

    f = jitad.grad(energy)
    found = f(x, pairs)
    assert "exact_sqrt(l" in f.specialize(x, pairs).source
    with jitad.disable_jit(), np.errstate(all="ignore"):
        want = f(x, pairs)
    np.testing.assert_allclose(found, want, rtol=1e-11)
    assert np.isfinite(found[[0, 1, 4, 7, 8]]).all()


SLOPES = jitad.value_and_grad(charges, (0, 1))


def test_in_parts_and_into_memory():
    many = np.sort(listed(700, n=50), axis=0)
    x = RNG.normal(size=(50, 3))
    q = RNG.normal(size=50)
    want = SLOPES(x, q, many)
    both = [jitad.jit(SLOPES, parallel=True)(x, q, many) for _ in range(2)]
    np.testing.assert_array_equal(both[0][1][0], both[1][1][0])
    np.testing.assert_allclose(both[0][1][0], want[1][0], rtol=1e-11, atol=1e-11)
    kernel = SLOPES.specialize(x, q, many)
    out = tuple(kernel.buffers(x, q, many))
    assert kernel.njit_into(x, q, many, *kernel.captured, out) == pytest.approx(want[0], rel=1e-13)
    np.testing.assert_allclose(out[0], want[1][0], rtol=1e-12, atol=1e-12)


def test_strict_and_small_bodies_are_not_in_lanes():
    f = jitad.jit(jitad.grad(charges), strict=True)
    assert "spread" not in written(f, X[3], Q, listed(20)).source
    g = jitad.grad(lambda x, pairs: (x[pairs[:, 0]] * x[pairs[:, 1]]).sum())
    assert "spread" not in written(g, Q, listed(20)).source


def test_indices_out_of_range_raise():
    for wrong in (N, -N - 1):
        pairs = listed(20)
        pairs[13, 1] = wrong
        with pytest.raises(IndexError):
            SLOPES(X[3], Q, pairs)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
@pytest.mark.parametrize("place", [0, 9, 15, 16, 19])
def test_every_index_is_compared(dtype, place):
    """By the loop itself: in its blocks and behind them, of all columns, whatever is used of them."""
    f = jitad.value_and_grad(lambda x, t: np.exp(-((x[t[:, 0]] - x[t[:, 2]]) ** 2).sum(-1)).sum())
    g = jitad.value_and_grad(bonds)
    pairs = listed(20, 3).astype(dtype)
    assert "v0 >= " not in f.specialize(X[3], pairs).source and "negative(" in f.specialize(X[3], pairs).source
    for column, wrong in ((0, N), (2, N + 100), (2, -N - 1), (0, -100)):
        if wrong > 0 or dtype != "uint8":
            bad = pairs.copy()
            bad[place, column] = wrong
            with pytest.raises(IndexError, match="out of"):
                f(X[3], bad)
            with pytest.raises(IndexError, match="out of"):
                g(X[3], np.ascontiguousarray(bad[:, ::2]), np.ones(20), np.ones(20))
    unused = pairs.copy()
    unused[place, 1] = N
    f(X[3], unused)


def test_indices_that_are_used_before_are_compared_before():
    def energy(x, q, pairs):
        i, j = pairs.T
        r2 = ((x[i] - x[j]) ** 2).sum(-1)
        weight = jitad.numpy.segment_sum(np.exp(-r2), i, len(x))
        return (np.sqrt(weight + 1) * q).sum() + (np.tanh(r2) * q[j]).sum()

    f = jitad.grad(energy)
    for k in (3, 19):
        for wrong in (N, -N - 1):
            for column in (0, 1):
                pairs = listed(20)
                pairs[k, column] = wrong
                with pytest.raises(IndexError):
                    f(X[3], Q, pairs)
    with jitad.disable_jit():
        want = f(X[3], Q, pairs % N)
    np.testing.assert_allclose(f(X[3], Q, pairs % N), want, rtol=1e-11, atol=1e-13)


def midpoints(x, p):
    d, c = x[p[:, 0]] - x[p[:, 1]], x[p].mean(1)
    return (np.exp(-(d * d).sum(-1)) * np.tanh((c * c).sum(-1))).sum()


def twice_by_one_index(x, p):
    d = x[p[:, 0]] - x[p[:, 1]]
    return (np.exp(-(d * d).sum(-1)) * np.tanh(x[p.T[0]].sum(-1))).sum()


def numbers_twice(q, p):
    return (np.exp(-(q[p[:, 0]] ** 2) - np.sin(q[p[:, 1]])) * q[p].prod(1) + q[p.T].sum(0) ** 2).sum()


def compared_booleans(x, p):
    r2 = ((x[p[:, 0]] - x[p[:, 1]]) ** 2).sum(-1)
    near, odd = r2 < 2, p[:, 0] % 2 == 1
    return (np.where(near != odd, np.exp(-r2), np.tanh(r2)) * np.where(near ^ odd, r2, 1.0) * np.where(near < odd, 2.0, r2)).sum()


@pytest.mark.parametrize("f", [midpoints, twice_by_one_index])
def test_several_terms_for_one_row(f):
    check(every(f), X[3], listed(21))


def test_several_terms_for_one_number():
    check(every(numbers_twice), Q, listed(21))


def test_booleans_are_compared_one_by_one():
    check(every(compared_booleans), X[3], listed(21), blocks=False)


def test_pushes_of_one_row_together():
    def forces(x, p):
        i, j = p.T
        d = x[i] - x[j]
        r2 = (d * d).sum(-1)[:, None]
        out = np.zeros_like(x)
        for f in (np.exp(-r2) * d, d / (1 + r2) ** 2):
            np.add.at(out, i, f)
            np.add.at(out, j, -f)
        return out

    p = listed(21)
    np.testing.assert_allclose(jitad.jit(forces)(X[3], p), forces(X[3], p), rtol=1e-12, atol=1e-13)


def test_one_check_for_two_shapes_of_an_index():
    def energy(x, i, j):
        return sum(np.exp(-((x[a] - x[b]) ** 2).sum(-1)).sum() for a, b in ((i, j), (i[:, None], j[:, None])))

    i, j = listed(21).T.copy()
    check(every(energy), X[3], i, j)


def test_lists_of_floats():
    check(every(lambda x, f, j: np.exp(-((x[f.astype(int)] - x[j]) ** 2).sum(-1)).sum()), X[3], listed(21)[:, 0] * 1.0,
          listed(21)[:, 1].copy(), blocks=False)


def test_infinity_among_the_entries():
    """What is left over behind the blocks computes what the blocks do."""
    def energy(x, p):
        r2 = ((x[p[:, 0]] - x[p[:, 1]]) ** 2).sum(-1)
        return np.where(np.isfinite(r2), np.exp(-r2) + np.sqrt(r2 + 1), 0.0).sum()

    x = X[3].copy()
    x[2] = np.inf
    p = listed(21)
    f = jitad.jit(energy)
    assert f(x, p) == pytest.approx(f(x, np.roll(p, 3, 0)), rel=1e-13)
    with jitad.disable_jit(), np.errstate(all="ignore"):
        assert f(x, p) == pytest.approx(energy(x, p), rel=1e-13)


@pytest.mark.parametrize("dtype", ["int64", "int32", "int8"])
def test_indices_from_the_end_among_others(dtype):
    """Of two arrays of different lengths, the index itself used as a number, too."""
    charge, x = RNG.normal(size=5), X[3]

    def energy(x, charge, p):
        i, k = p[:, 0], p[:, 1]
        return (charge[k] * np.exp(-(x[i] ** 2).sum(-1)) * np.tanh(1.0 * i) / (1 + (x[i] ** 2).sum(-1))).sum()

    p = np.stack([RNG.integers(-N, N, 43), RNG.integers(-5, 5, 43)], 1).astype(dtype)
    f = every(energy, (0, 1))
    assert "negative(" in check(f, x, charge, p)
    for row, column, wrong in ((3, 1, 5), (17, 1, -6), (41, 0, N), (8, 0, -N - 1)):
        bad = p.copy()
        bad[row, column] = wrong
        with pytest.raises(IndexError):
            f(0.3, x, charge, bad)


def restrained(x, p, k):
    """Whose gradient has terms of its own for each row."""
    d = x[p[:, 0]] - x[p[:, 1]]
    return np.exp(-(d * d).sum(-1)).sum() + (k[:, None] * x**2).sum()


def test_rows_of_three_are_added_up_in_rows_of_four():
    k = RNG.normal(size=N)
    source = check(every(restrained), X[3], listed(33), k)
    assert ", 4))" in source and ", spread(0.0)))" in source
    assert ", 4))" not in check(every(restrained), X[2], listed(33), k)
    f = jitad.value_and_grad(restrained)
    with jitad.disable_jit():
        want = f(X[3], p := listed(33), k)[1]
    np.testing.assert_allclose(jitad.jit(f, parallel=True)(X[3], p, k)[1], want, rtol=1e-11, atol=1e-12)
    kernel = f.specialize(X[3], p, k)
    out = tuple(kernel.buffers(X[3], p, k))
    for _ in range(2):
        kernel.njit_into(X[3], p, k, *kernel.captured, out)
        np.testing.assert_allclose(out[0], want, rtol=1e-11, atol=1e-12)


def test_rows_that_are_read_again():
    def energy(x, p):
        i, j = p.T
        near = jitad.numpy.segment_sum(np.exp(-((x[i] - x[j]) ** 2)), i, len(x))
        return (np.sqrt(near + 1) * x).sum() + np.tanh(near).prod(1).sum()

    check(every(energy), X[3], listed(33))


@pytest.mark.parametrize("chosen", [2, -1, np.array([5]), np.array([0, 3]), np.array([1, 1, 8, 0, 2, 4, 4])], ids=str)
def test_rows_of_atoms_that_are_chosen_besides(chosen):
    """Added to outside of all loops where they are few."""
    def energy(x, p, chosen):
        d = x[p[:, 0]] - x[p[:, 1]]
        return np.exp(-(d * d).sum(-1)).sum() + 3 * (x[chosen] ** 2).sum()

    check(every(energy), X[3], listed(30), chosen)
    check(every(lambda x, p: energy(x, p, chosen)), X[3], listed(30))
    check(every(lambda x, p: energy(x, p, chosen) + (x**4).sum()), X[3], listed(30))

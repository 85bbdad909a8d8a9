"""Half squares: random pair energies against the interpreter, singular pairs, and when they are used."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jitad
from jitad.config import Options
from jitad.emit import namespace
from jitad.emit.cpu import emit
from jitad.lower.schedule import lower
from jitad.tree import flatten
from tests.pair_programs import ENDS, FUNCTIONS, MASKS, SIDES, pair_energy
from tests.pairs import broadcast_eye, crowd, embedded_atom
from tests.written import written

TERM = st.tuples(*(st.sampled_from(list(d)) for d in (SIDES, FUNCTIONS, SIDES)))


def flat(result):
    return np.concatenate([np.ravel(v) for v in flatten(result)[0]])


def compare(function, *args, rtol=1e-9):
    got = flat(function(*args))
    with jitad.disable_jit(), np.errstate(all="ignore"):
        want = flat(function(*args))
    finite = np.abs(want[np.isfinite(want)]).max(initial=1.0)
    np.testing.assert_allclose(got, want, rtol=rtol, atol=1e-10 * finite)


def triangular(function, *args):
    return [nest.triangular for nest in written(function, *args).nests]


@settings(max_examples=16, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.lists(TERM, min_size=1, max_size=3), st.sampled_from(list(MASKS)), st.sampled_from(list(ENDS)),
       st.sampled_from([5, 8, 9, 17, 23]), st.integers(0, 1000))
def test_random_pair_energies(terms, mask, end, n, seed):
    energy = pair_energy(terms, mask, end)
    rng = np.random.default_rng(seed)
    x, q, vx, vq = (rng.normal(size=s) for s in ((n, 3), n, (n, 3), n))

    def everything(x, q, vx, vq):
        value, gradient = jitad.value_and_grad(energy, (0, 1))(x, q)
        return value, gradient, jitad.jvp(lambda a, b: jitad.grad(energy, (0, 1))(a, b), (x, q), (vx, vq))[1]

    compare(jitad.jit(everything), x, q, vx, vq)


@pytest.mark.parametrize("n", [5, 7, 8, 9, 15, 16, 17, 33])
def test_every_remainder(n):
    compare(jitad.value_and_grad(broadcast_eye), crowd(n), rtol=1e-12)


def close_atoms(x):
    d = x[:, None] - x
    r = np.sqrt((d**2).sum(-1))
    return np.where(~np.eye(len(x), dtype=bool), 1 / r + np.exp(-r) + np.log(r), 0.0).sum(1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e200, 1e-200, 0.0, 1e160, 5e-324])
def test_singular_pairs_are_those_of_numpy(value):
    """Lanes whose reciprocals and roots have no use for estimates."""
    x = np.zeros((19, 1))
    x[:, 0] = np.arange(19.0)
    x[[3, 4], 0] = value, -value
    got = jitad.jit(close_atoms)(x)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(got, close_atoms(x), rtol=1e-13)


def test_used_where_terms_share_their_work():
    x = crowd(10)
    assert triangular(jitad.value_and_grad(broadcast_eye), x) == [True, False]
    assert sum(triangular(jitad.value_and_grad(embedded_atom), x)) == 2
    assert sum(triangular(jitad.hvp(embedded_atom), x, x)) >= 2


def test_not_used_where_it_does_not_pay():
    q = np.arange(10.0)
    coupling = np.random.default_rng(0).normal(size=(10, 10))
    unlike = jitad.jit(lambda q: np.exp(-np.tanh(q) * q[:, None] ** 2).sum(1))
    memory = jitad.value_and_grad(lambda q, c: (c * np.cos(q[:, None] - q)).sum())
    single = jitad.value_and_grad(lambda x: np.exp(-((x[:, None] - x) ** 2)).sum())
    extreme = jitad.value_and_grad(lambda x: ((x[:, None] - x) ** 2).max(1).sum())
    assert not any(triangular(unlike, q))
    assert not any(triangular(memory, q, coupling))
    assert not any(triangular(single, q.astype(np.float32)))
    assert not any(triangular(extreme, q))
    for f, args in ((unlike, (q,)), (memory, (q, coupling)), (extreme, (q,))):
        compare(f, *args)


def test_rows_used_twice_keep_both_uses():
    """The sum of rows is linear in them in one place and not in another."""

    def energy(x):
        rows = np.exp(-((x[:, None] - x) ** 2)).sum(1)
        return rows.sum() + np.sqrt((2 * rows - x).sum() ** 2 + rows**2).sum()

    compare(jitad.value_and_grad(energy), np.linspace(0, 3, 11))
    compare(jitad.hvp(energy), np.linspace(0, 3, 11), np.cos(np.arange(11.0)))


def test_weights_and_types_of_atoms():
    kinds = np.array([0, 1, 1, 0, 2, 1, 0, 2, 2, 1, 0])
    table = np.array([[1.0, 0.4, 0.2], [0.4, 0.9, 0.1], [0.2, 0.1, 0.7]])

    def energy(x, kinds, table):
        d = x[:, None] - x
        r2 = (d**2).sum(-1) + np.eye(len(x))
        return (table[kinds[:, None], kinds] * (kinds[:, None] != kinds) / r2).sum()

    compare(jitad.value_and_grad(energy), crowd(11), kinds, table)


def test_rectangles_beside_squares():
    def energy(x, y):
        square = np.exp(-((x[:, None] - x) ** 2)).sum()
        return square + np.sin(x[:, None] * y).sum() + (1 / (1 + (y[:, None] - y) ** 2)).sum(1).prod()

    compare(jitad.value_and_grad(energy, (0, 1)), np.linspace(0, 2, 9), np.linspace(0, 1, 6))


def beside(z):
    a, b = np.triu_indices(len(z), 1)
    return (np.roll(np.exp(z), 1)[b] * z[a + 1] * np.roll(z * z, -2)[a]).sum()


@pytest.mark.parametrize("f", [jitad.jit(beside), jitad.grad(beside)])
def test_places_beside_pairs_are_in_range(f):
    """Where pairs are taken as a part of a square, nothing is read out of range in the rest of it: as Python, which looks."""
    z = np.random.default_rng(3).normal(size=7)
    with jitad.disable_jit():
        want = f(z)
    np.testing.assert_allclose(f(z), want, rtol=1e-12)
    _, made = f._caller.every()[-1]
    options = Options(strict=True)
    names = {**namespace.NAMES, "exp": np.exp, "uint64": lambda k: int(k) % 2**64}
    exec(emit(lower(made.graph, options), options), names)
    np.testing.assert_allclose(names["kernel"](z), want, rtol=1e-12)

"""Rows that many turns add to one after the other."""

import numpy as np
import pytest

import jitad
from tests import pairs
from tests.written import written

RNG = np.random.default_rng(3)
X = RNG.normal(size=(9, 3))
LIST = np.stack(np.triu_indices(9, 1), 1)
LISTS = {"sorted": LIST, "shuffled": RNG.permutation(LIST), "by the second": LIST[:, ::-1].copy(), "negative": LIST - 9,
         "one row": np.stack([np.full(12, 4), np.resize(np.arange(4), 12)], 1), "mixed signs": np.where(LIST % 2, LIST, LIST - 9),
         "repeated": np.repeat(LIST[:5], 4, axis=0), "row and itself": np.stack([np.arange(9), np.arange(9)], 1)}


def energy(x, listed):
    d = x[listed[:, 0]] - x[listed[:, 1]]
    return (np.exp(-(d**2).sum(-1)) * x[listed[:, 0], 0]).sum()


SLOPE = jitad.value_and_grad(energy)


@pytest.mark.parametrize("name", LISTS)
def test_any_list(name):
    value, slope = SLOPE(X, LISTS[name])
    with jitad.disable_jit():
        want = SLOPE(X, LISTS[name])
    assert value == pytest.approx(want[0], rel=1e-13)
    np.testing.assert_allclose(slope, want[1], rtol=1e-12, atol=1e-13)


def test_one_row_index_of_several():
    f = jitad.value_and_grad(pairs.over_pairs)
    source = written(f, X, LIST).source
    assert source.count("q0 = -1") == 1 and "q1" not in source and "a1[i0, 0]" in source
    assert "q0" not in written(jitad.jit(f, strict=True), X, LIST).source


def test_numbers_that_are_not_finite_stay_in_their_rows():
    x = X.copy()
    x[2, 1] = np.nan
    _, slope = jitad.value_and_grad(pairs.over_pairs)(x, np.array([[0, 1], [0, 1], [2, 3], [4, 5], [4, 6], [7, 8]]))
    assert np.isnan(slope[2:4, 1]).all() and np.isfinite(slope[[0, 1, 4, 5, 6, 7, 8]]).all()


def test_in_parts():
    many = np.stack(np.triu_indices(60, 1), 1)
    x = RNG.normal(size=(60, 3))
    both = [jitad.jit(SLOPE, parallel=parallel)(x, many) for parallel in (False, True)]
    np.testing.assert_allclose(both[1][1], both[0][1], rtol=1e-12, atol=1e-12)


def test_sums_by_number():
    numbers = np.sort(RNG.integers(0, 9, 30))
    f = jitad.value_and_grad(lambda v, x: ((v * np.sin(jitad.numpy.segment_sum(v, numbers, 9))[numbers]) * x[numbers, 0]).sum())
    v = RNG.normal(size=30)
    found = f(v, X)
    with jitad.disable_jit():
        want = f(v, X)
    np.testing.assert_allclose(found[1], want[1], rtol=1e-11, atol=1e-13)

"""Programs where index arithmetic and choices meet: values against NumPy, gradients against the interpreter."""

import numpy as np
import pytest

import jitad
from jitad.errors import IndexRangeError
from tests.written import written

X = np.random.default_rng(0).normal(size=9)
W = np.random.default_rng(1).normal(size=7)


def part_of_the_pairs(x):
    i, _ = np.triu_indices(x.shape[0], 1)
    return x[i[: x.shape[0]]]


def pairs_and_more(x, w):
    i, j = np.triu_indices(x.shape[0], 1)
    return np.concatenate([x[i] * x[j], w]) ** 2


def padded_pairs(x):
    i, j = np.triu_indices(x.shape[0], 1)
    return np.cos(np.pad(x[i] * x[j], (0, 3)))


def largest_of_pairs_and_singles(x):
    i, j = np.triu_indices(x.shape[0], 1)
    return np.concatenate([x[i] * x[j], x]).max()


def both_ends_of_pairs(x):
    i, j = np.triu_indices(x.shape[0], 1)
    return np.concatenate([x[i], x[j]]) * 2


def diagonal_of_pair_products(x):
    i, j = np.triu_indices(x.shape[0], 1)
    v, y = x[i], x[j]
    p = np.arange(v.shape[0])
    return np.where(p[:, None] == p[None], v[:, None] * y, 0).sum(0) ** 2


def gathered_and_more(x, i, w):
    return np.concatenate([x[i], w]) ** 2


def gathered_and_padded(x, i):
    return np.pad(np.sin(x[i]), (0, 100_000)) ** 2


def shifted_delta(x, k):
    i = np.arange(x.shape[0])
    return np.where(i[None] == i[:, None] + k, x[None], 0).sum(1)


def one_hot(x, labels):
    return np.where(np.arange(x.shape[0])[None] == labels[:, None], x[None], 0).sum(1)


def rows_of_pairs_in_a_view(x):
    n = x.shape[0]
    return x[: n - 1][np.triu_indices(n, 1)[0]]


def reciprocals(x):
    return (1 / x[1:]) * (1 / x[:-1])


def empty_scatter(x, i):
    return jitad.numpy.add_at(np.zeros(x.shape[0]), i, x[i]) * x


PROGRAMS = [
    (part_of_the_pairs,), (pairs_and_more, W), (padded_pairs,), (largest_of_pairs_and_singles,), (both_ends_of_pairs,),
    (diagonal_of_pair_products,), (gathered_and_more, np.arange(6), np.ones(50)), (gathered_and_padded, np.arange(6)),
    (shifted_delta, np.int64(10**9)), (shifted_delta, np.int64(-2)), (one_hot, np.array([-1, 10**12, 3, 0, 2, 2])),
    (rows_of_pairs_in_a_view,), (reciprocals,), (empty_scatter, np.zeros(0, int))]


@pytest.mark.parametrize(("function", "rest"), [(f, rest) for f, *rest in PROGRAMS], ids=lambda v: getattr(v, "__name__", ""))
@pytest.mark.parametrize("n", [5, 9])
def test_value_and_gradient(function, rest, n):
    x = X[:n] if not (rest and np.size(rest[0]) == 6 and n < 6) else X
    weights = np.random.default_rng(2).normal(size=np.shape(function(x, *rest)))

    def weighted(x, *rest):
        return (weights * function(x, *rest)).sum()

    np.testing.assert_allclose(jitad.jit(function)(x, *rest), function(x, *rest), rtol=1e-13, atol=1e-13)
    got = jitad.grad(weighted)(x, *rest)
    with jitad.disable_jit():
        want = jitad.grad(weighted)(x, *rest)
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


def test_what_is_chosen_is_not_read_beyond_its_end():
    got = jitad.jit(lambda x, w: (np.concatenate([x, w]) ** 2).sum())(X, np.ones(30_000_000))  # would leave the process's memory
    assert got == pytest.approx((X**2).sum() + 30_000_000)


OUT_OF_RANGE = {
    "arange plus one": (lambda x: x[np.arange(len(x)) + 1], (X,)),
    "arange far below": (lambda x: x[np.arange(len(x)) - len(x) - 3], (X,)),
    "arange of another length": (lambda x, y: (x[np.arange(len(y))] * y).sum(), (X, np.ones(12))),
    "columns of pairs in a view": (lambda x: x[: len(x) - 1][np.triu_indices(len(x), 1)[1]].sum(), (X,)),
}


@pytest.mark.parametrize("name", OUT_OF_RANGE)
def test_index_arithmetic_is_checked(name):
    function, args = OUT_OF_RANGE[name]
    with pytest.raises(IndexError):
        function(*args)
    with pytest.raises(IndexRangeError, match="out of bounds.*\n.*test_index_arithmetic.py"):
        jitad.jit(function)(*args)


def test_index_arithmetic_in_range_is_not_checked_at_run_time():
    kernel = written(jitad.grad(lambda x: (x[np.arange(x.shape[0])] * x[np.triu_indices(x.shape[0], 1)[1]].sum()).sum()), X)
    assert "IndexError" not in kernel.source


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.uint16, np.int32, np.uint32, np.uint64])
def test_integers_wrap_around_as_in_numpy(dtype):
    k = np.array([100, 3, 127, 5, 100, 7]).astype(dtype) * dtype(2 ** (8 * np.dtype(dtype).itemsize - 8))
    functions = (
        lambda k: (k[1:] - k[:-1]) * 1.5, lambda k: (k + k) // 2, lambda k: (k[:, None] - k) > 100, lambda k: abs(k - k[0]),
        lambda k: (k + k) > 0, lambda k: (k * k) * 1.0, lambda k: k.sum(), lambda k: np.maximum(k - k[0], k).max(),
        lambda k: k**3, lambda k: k.prod(), lambda k: (k[:, None] * k).sum(1))

    def every(k):  # one kernel, whose parts are compared one by one
        return tuple(function(k) for function in functions)

    with np.errstate(all="ignore"):
        want = every(k)
    compiled = jitad.jit(every)(k)
    with jitad.disable_jit():
        interpreted = jitad.jit(every)(k)
    for a, b, c in zip(compiled, interpreted, want, strict=True):
        np.testing.assert_array_equal(a, c)
        np.testing.assert_array_equal(b, c)


def test_counting_pairs():
    for function in (lambda x: (np.abs(x[:, None] - x[None]) < 1).sum(), lambda x: (np.abs(x[:, None] - x[None]) < 1).sum(1)):
        np.testing.assert_array_equal(jitad.jit(function)(X), function(X))


def test_a_sum_over_nothing_is_zero_whatever_the_terms():
    def f(x):
        return (1 / x[0] + 0 * np.ones(x.shape[0] - 5)).sum()

    assert jitad.jit(f)(np.zeros(5)) == 0


def test_infinite_factors_stay_inside_sums():
    assert np.isnan(jitad.jit(lambda x: (np.inf * x).sum())(X))


def test_lowering_visits_each_scalar_once():
    def deep(x):
        z = np.abs(x) + 1
        for _ in range(60):  # two uses of z in each step: 2**60 paths
            z = (z + 1 / z) / 2
        return np.sqrt(z) ** 2

    assert jitad.jit(deep)(0.3) == pytest.approx(deep(0.3))


def test_a_scatter_below_a_sum_with_other_users_is_pushed():
    def f(x, i, w):
        a = jitad.numpy.add_at(np.zeros(x.shape[0]), i, w) + x
        return a + x**2, np.sin(a).sum()

    kernel = written(jitad.jit(f), X, np.arange(6), np.ones(6))
    assert all(len(domain) == 1 for nest in kernel.nests for domain in nest.domains)

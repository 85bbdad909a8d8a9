"""Infinities and NaN in functions that count, choose or interpolate: as NumPy has them."""

import numpy as np
import pytest
import scipy.linalg as sl
from scipy.special import logsumexp

import jitad

A, B = np.array([[2.0, 1.0], [5.0, 3.0]]), np.ones(2)
M = np.arange(30.0).reshape(5, 6)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("f, x", [
    (np.nanvar, [np.inf, np.nan, 1]), (np.nanvar, [1, 2, np.nan]), (np.nanmean, [np.inf, np.nan]),
    (lambda x: np.mean(x, where=np.array([True, True, False])), [1, np.inf, 3]),
    (lambda x: np.average(x, returned=True)[1], [1, np.inf]),
    (lambda x: np.vander(x, 3), [np.inf, 1]), (lambda x: np.quantile(x, 1), [1, 2, np.inf]),
    (lambda x: np.quantile(x, 0.25), [-np.inf, 2, np.inf, np.inf]), (lambda x: np.logical_or.reduce(x, initial=True), [0, 0]),
    (lambda x: np.nanmedian(x.reshape(2, 3), axis=1), [1, np.nan, 3, np.nan, np.nan, 2.0]),
    (lambda x: np.pad(x, np.array([1, 2])), [1, 2.0])])
def test_values(f, x):
    x = np.array(x, float)
    with jitad.disable_jit():
        np.testing.assert_array_equal(jitad.jit(f)(x), f(x))


def test_weights_that_are_zero():
    with jitad.disable_jit():
        slope = jitad.grad(lambda b: logsumexp(np.zeros(3), b=b))(np.array([1.0, 0, 1]))
    np.testing.assert_allclose(slope, [0.5, 0.5, 0.5])


def test_singular_values_are_not_negative():
    with jitad.disable_jit():
        assert (jitad.jit(np.linalg.svdvals)(np.arange(36.0).reshape(6, 6)) >= 0).all()


@pytest.mark.parametrize("kind", ["upper triangular", "lower triangular", "diagonal", "sym", "pos"])
def test_the_part_of_a_matrix_that_is_looked_at(kind):
    with jitad.disable_jit():
        np.testing.assert_allclose(jitad.jit(lambda a: sl.solve(a, B, assume_a=kind))(A), sl.solve(A, B, assume_a=kind))


@pytest.mark.parametrize("f, want", [
    (lambda x: x.at[M > 13].add(1.0), np.where(M > 13, M + 1, M)),
    (lambda x: x.at[x > 3].multiply(2.0), np.where(M > 3, 2 * M, M)),
    (lambda x: x.at[:, [0, 2, 0]].add(1.0), M + [2, 0, 1, 0, 0, 0])])
def test_functional_updates(f, want):
    with jitad.disable_jit():
        np.testing.assert_array_equal(jitad.jit(f)(M), want)


def test_empty_matrices_in_a_kernel():
    def f(a):
        return [np.linalg.inv(a), np.linalg.cholesky(a), np.linalg.eigvalsh(a), sl.expm(a), np.linalg.pinv(a),
                np.linalg.slogdet(a)[1]]

    for shape in ((0, 0), (3, 0, 0)):
        assert [np.shape(v) for v in jitad.jit(f)(np.zeros(shape))] == [np.shape(v) for v in f(np.zeros(shape))]


def test_exponential_of_what_is_not_finite():
    a = np.array([[0.0, np.nan], [1.0, 0.0]])
    assert np.isnan(jitad.jit(lambda a: sl.expm(a))(a)).all()

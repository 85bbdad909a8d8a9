"""Derivatives where eigenvalues are equal: of what is smooth as a whole, to third order; nan for what is not."""

import numpy as np
import pytest
import scipy.linalg

import jitad

RNG = np.random.default_rng(5)
N = 4
WEIGHTS, Q = RNG.normal(size=(N, N)), np.linalg.qr(RNG.normal(size=(N, N)))[0]
DIRECTION = RNG.normal(size=(N, N))
DIRECTION = DIRECTION + DIRECTION.T


def with_eigenvalues(*values):
    a = Q @ np.diag(np.array(values)) @ Q.T
    return (a + a.T) / 2


MATRICES = {
    "identity": np.eye(N), "diagonal": np.diag([3.0, 1.0, 3.0, 1.0]), "pairs": with_eigenvalues(1.0, 1, 2, 2),
    "three": with_eigenvalues(-1.0, -1, -1, 2), "zero": np.zeros((N, N)), "one pair": with_eigenvalues(0.5, 0.5, 1, 3)}


def symmetric(a):
    """The matrix that eigh reads: its lower triangle."""
    return np.tril(a) + np.tril(a, -1).T


def exponential(a):
    w, v = np.linalg.eigh(a)
    return (v * np.exp(w)) @ v.T


def weighted(a):
    return (WEIGHTS * exponential(a)).sum()


def weighted_expm(a):
    return (WEIGHTS * jitad.linalg.expm(symmetric(a))).sum()


def cubes(a):
    return (np.linalg.eigvalsh(a) ** 3).sum()


def cubes_by_products(a):
    s = symmetric(a)
    return np.trace(s @ s @ s)


def energy(a):
    """Levels filled up to a level that depends on all of them."""
    w, v = np.linalg.eigh(a)
    filled = 1 / (1 + np.exp(3 * (w - w.mean())))
    return (WEIGHTS * ((v * filled) @ v.T)).sum() + (filled * w).sum()


def differences(f, a, direction, h=1e-5):
    return (f(a + h * direction) - f(a - h * direction)) / (2 * h)


@pytest.mark.parametrize("name", MATRICES)
def test_gradients(name):
    a = MATRICES[name]
    want = 2 * scipy.linalg.expm_frechet(a, (WEIGHTS + WEIGHTS.T) / 2, compute_expm=False)
    with jitad.disable_jit():
        found = jitad.grad(weighted)(a)
        np.testing.assert_allclose(found, np.tril(want, -1) + np.diag(np.diag(want)) / 2, rtol=1e-12, atol=1e-12)
        along = jitad.jvp(exponential, (a,), (DIRECTION,))[1]
        np.testing.assert_allclose(along, scipy.linalg.expm_frechet(a, DIRECTION, compute_expm=False), rtol=1e-12, atol=1e-12)
        slope = (jitad.grad(energy)(a) * DIRECTION).sum()
        assert slope == pytest.approx(differences(energy, a, DIRECTION), rel=1e-7, abs=1e-8)
        assert jitad.jvp(energy, (a,), (DIRECTION,))[1] == pytest.approx(slope, rel=1e-12)


@pytest.mark.parametrize("name", MATRICES)
def test_second_derivatives(name):
    a = MATRICES[name]
    with jitad.disable_jit():
        for f, g in ((cubes, cubes_by_products), (weighted, weighted_expm)):
            found, want = (jitad.hvp(h)(a, DIRECTION) for h in (f, g))
            np.testing.assert_allclose(found, want, rtol=1e-9, atol=1e-9 * max(1.0, np.abs(want).max()))
        found, want = jitad.hessian(cubes)(a), jitad.hessian(cubes_by_products)(a)
        np.testing.assert_allclose(found, want, rtol=1e-10, atol=1e-10)
        found, want = jitad.hvp(energy)(a, DIRECTION), differences(jitad.grad(energy), a, DIRECTION, 1e-4)
        np.testing.assert_allclose(found, want, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(jitad.hessian(lambda x: np.linalg.eigvalsh(x).sum())(a), 0, atol=1e-14)


def third(f):
    """Third derivatives twice along a direction."""
    return lambda a: jitad.jvp(lambda b: jitad.hvp(f)(b, DIRECTION), (a,), (DIRECTION,))[1]


@pytest.mark.parametrize("name", ["identity", "pairs", "three"])
def test_third_derivatives(name):
    with jitad.disable_jit():
        for f, g in ((cubes, cubes_by_products), (weighted, weighted_expm)):
            want = third(g)(MATRICES[name])
            np.testing.assert_allclose(third(f)(MATRICES[name]), want, rtol=1e-9, atol=1e-10 * np.abs(want).max())


@pytest.mark.parametrize("name", MATRICES)
def test_single_elements(name):
    """Whose derivatives are zero, mostly, beside large ones."""
    a = MATRICES[name]
    with jitad.disable_jit():
        for i, j in ((0, 0), (1, 0), (3, 1)):
            for derivative in (jitad.grad, jitad.hessian):
                found = derivative(lambda x: exponential(x)[i, j])(a)
                want = derivative(lambda x: jitad.linalg.expm(symmetric(x))[i, j])(a)
                np.testing.assert_allclose(found, want, rtol=1e-9, atol=1e-10)


def test_projector_on_equal_eigenvalues():
    def projected(a):
        return (lambda v: v[:, :2] @ v[:, :2].T)(np.linalg.eigh(a)[1])

    with jitad.disable_jit():
        for a in (np.diag([1.0, 1, 2, 4]), with_eigenvalues(1.0, 1, 2, 4)):
            for f in (lambda a: projected(a)[0, 0], lambda a: (WEIGHTS * projected(a)).sum()):
                assert np.isfinite(jitad.hessian(f)(a)).all()
                want = differences(jitad.grad(f), a, DIRECTION, 1e-5)
                np.testing.assert_allclose(jitad.hvp(f)(a, DIRECTION), want, rtol=1e-6, atol=1e-6)


def shifted(a):
    """Zero as the eigenvalues are, which its derivative is not."""
    w, v = np.linalg.eigh(a)
    return (WEIGHTS * ((v * (w - 1)) @ v.T)).sum() + ((w - 1) ** 2).sum()


def test_factors_that_vanish_at_the_point_only():
    with jitad.disable_jit():
        for derivative in (jitad.grad, jitad.hessian, lambda f: jitad.jacfwd(f), lambda f: jitad.jacrev(jitad.grad(f))):
            found = derivative(shifted)(np.eye(N))
            want = derivative(lambda a: (WEIGHTS * symmetric(a)).sum() + ((symmetric(a) - np.eye(N)) ** 2).sum())(np.eye(N))
            np.testing.assert_allclose(found, want, atol=1e-12)


SLOPE = jitad.value_and_grad(weighted)


def test_kernels_in_numba_code_give_nan():
    kernel = SLOPE.specialize(np.eye(N))
    assert np.isnan(kernel.njit(np.eye(N), *kernel.captured)[1]).any()
    apart = with_eigenvalues(1.0, 2, 3, 4)
    np.testing.assert_allclose(kernel.njit(apart, *kernel.captured)[1], SLOPE(apart)[1])


def test_compiled():
    a = MATRICES["pairs"]
    with jitad.disable_jit():
        want = SLOPE(a)
    for _ in range(3):  # the long way of a call, then the short one
        value, slope = SLOPE(a)
        assert value == pytest.approx(want[0], rel=1e-13)
        np.testing.assert_allclose(slope, want[1], rtol=1e-10, atol=1e-12)
    apart = a + np.diag([0, 0.1, 0.2, 0.3])
    with jitad.disable_jit():
        want = SLOPE(apart)
    np.testing.assert_allclose(SLOPE(apart)[1], want[1], rtol=1e-10, atol=1e-12)


def test_stacks_in_which_some_are_apart():
    stack = np.stack([MATRICES["pairs"], MATRICES["one pair"], with_eigenvalues(1.0, 2, 3, 4), np.eye(N)])

    def f(a):
        w, v = np.linalg.eigh(a)
        return (np.sin(w)[:, None] * v) @ np.swapaxes(v, 1, 2)

    with jitad.disable_jit():
        found = jitad.jvp(f, (stack,), (stack * 0 + DIRECTION,))[1]
        for k, a in enumerate(stack):
            want = differences(lambda m: scipy.linalg.sinm(m), a, DIRECTION)
            np.testing.assert_allclose(found[k], want, rtol=1e-6, atol=1e-8)


def test_single_precision():
    a = MATRICES["pairs"].astype(np.float32)
    with jitad.disable_jit():
        found, want = jitad.grad(weighted)(a), jitad.grad(weighted)(a.astype(float))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, want, rtol=2e-3, atol=2e-3)


def test_what_has_no_derivative_is_nan():
    """One vector of a pair; the vectors of eigenvalues that are apart are as they were."""
    a = MATRICES["one pair"]
    with jitad.disable_jit():
        assert np.isnan(jitad.grad(lambda a: (np.linalg.eigh(a)[1][:, 0] ** 2 * np.arange(N)).sum())(a)).any()
        assert np.isnan(jitad.grad(lambda a: (WEIGHTS[0] * np.linalg.eigh(a)[1][:, :1].sum(1) ** 2).sum())(a)).any()
        rows = jitad.jacobian(lambda a: np.linalg.eigh(a)[1] ** 2)(a)
        assert np.isfinite(rows[:, 2:]).all() and np.isnan(rows[:, :2]).any()
        third = jitad.hvp(lambda a: (np.linalg.eigh(a)[1][:, 0] ** 2 * np.arange(N)).sum())(a, DIRECTION)
        assert np.isnan(third).any()


def test_what_stays_nan():
    """Beyond third order, eigenvalues of what is made of eigenvectors, matrices that move with another one, and strictly."""
    a = MATRICES["one pair"]

    def shifted_vectors(a):
        return (WEIGHTS * ((lambda w, v: (v * np.exp(w)) @ v.T)(np.linalg.eigvalsh(a), np.linalg.eigh(a + np.eye(N))[1]))).sum()

    with jitad.disable_jit():
        assert np.isnan(jitad.grad(lambda a: weighted(exponential(a)))(a)).any()
        assert np.isnan(third(lambda a: jitad.jvp(weighted, (a,), (DIRECTION,))[1])(a)).any()
        assert np.isnan(jitad.grad(shifted_vectors)(a)).any()
        assert not np.isfinite(jitad.jit(jitad.grad(weighted), strict=True)(a)).all()


def test_functions_of_eigenvalues_without_a_second_derivative():
    with jitad.disable_jit():
        for f in (lambda a: (np.linalg.eigvalsh(a)[1] - np.linalg.eigvalsh(a)[0]) ** 2, lambda a: np.linalg.norm(a, 2)):
            assert np.isnan(jitad.hvp(f)(np.eye(N), DIRECTION)).any()


@pytest.mark.parametrize("u", [
    lambda g: np.where(g > 0, g, 0.0), np.nan_to_num, lambda g: np.fmax(g, -9.0), np.nansum, lambda g: (g > 0).sum(), np.argmax,
    lambda g: np.sqrt((g**2).sum()), np.isfinite])
def test_functions_of_derivatives(u):
    """Also those that would hide that the derivative is infinite before the limit is taken."""
    a = MATRICES["pairs"]
    slope = jitad.grad(weighted)
    with jitad.disable_jit():
        np.testing.assert_allclose(jitad.jit(lambda a: u(slope(a)))(a), u(slope(a)), rtol=1e-9, atol=1e-12)


def test_poles_beside_larger_numbers():
    b = with_eigenvalues(1.0, 1, 2, 3)

    def one(a):
        return np.linalg.eigh(a)[1][0, 0] ** 2

    def both(stack):
        w, v = np.linalg.eigh(stack)
        return 1e10 * ((v[0] * np.exp(w[0])) @ v[0].T).sum() + v[1, 0, 0] ** 2

    with jitad.disable_jit():
        alone = jitad.grad(one)(b)
        assert np.isnan(alone).any()
        np.testing.assert_array_equal(np.isnan(jitad.grad(both)(np.stack([b, b]))[1]), np.isnan(alone))


@pytest.mark.parametrize("gap", [1e-15, 1e-14, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4])
def test_nearly_equal(gap):
    a = with_eigenvalues(1.0, 1 + gap, 2, 3)
    with jitad.disable_jit():
        for derivative, error in ((jitad.grad, 1e-7), (lambda f: lambda a: jitad.hvp(f)(a, DIRECTION), 3e-5), (third, 2e-2)):
            found, want = (derivative(f)(a) for f in (weighted, weighted_expm))
            np.testing.assert_allclose(found, want, rtol=0, atol=error * np.abs(want).max())
        vectors = jitad.grad(lambda a: np.linalg.eigh(a)[1][0, 0] ** 2)(a)
        assert np.isnan(vectors).any() == (gap < 1e-14)  # of its own vectors the derivative is large, and as good as they are


def test_nothing():
    """Matrices without rows, and stacks of none, beside others."""
    with jitad.disable_jit():
        for shape in ((0, 3, 3), (0, 0)):
            def both(a, b):
                w, v = np.linalg.eigh(b)
                return weighted(a) + (v * np.exp(w)[..., None]).sum()

            found = jitad.grad(both, (0, 1))(MATRICES["pairs"], np.zeros(shape))
            assert np.isfinite(found[0]).all() and found[1].shape == shape

"""`numpy.linalg` and `scipy.linalg`: values, derivatives of orders 1 and 2 in both modes, kernels, errors."""

import numpy as np
import pytest
import scipy.linalg as sl

import jitad
from jitad.errors import TraceError

L = np.linalg
RNG = np.random.default_rng(7)
A, B, V, R = RNG.normal(size=(5, 5)), RNG.normal(size=(5, 2)), RNG.normal(size=5), RNG.normal(size=(6, 3))
S = A @ A.T + 4 * np.eye(5)
A3, A5, T, Y = (RNG.normal(size=s) for s in ((2, 3, 3), (3, 5, 5), (2, 2, 4), (2, 2)))
Z = RNG.normal(size=(3, 2, 4))

CASES = {
    "solve": (L.solve, A, B), "solve vector": (L.solve, A, V), "solve stack": (L.solve, A5, B), "inv": (L.inv, A5),
    "pinv tall": (L.pinv, R), "pinv wide": (lambda r: L.pinv(r.T), R), "det 1": (lambda a: L.det(a[:1, :1]), A),
    "det 2": (lambda a: L.det(a[:2, :2]), A), "det 3": (L.det, A3), "det 5": (L.det, A5),
    "det 0": (lambda a: L.det(a[:0, :0]) * a, A),
    "slogdet": (lambda a: L.slogdet(a).logabsdet * L.slogdet(a).sign, A5), "cholesky": (L.cholesky, S),
    "cholesky upper": (lambda a: L.cholesky(a, upper=True), S), "eigvalsh": (L.eigvalsh, S),
    "eigvalsh U": (lambda a: L.eigvalsh(a, "U"), A + 3 * np.diag(np.arange(5))),
    "function of a matrix": (lambda a: (lambda w, v: (v * np.exp(w / 9)) @ v.T)(*L.eigh(a)), S),
    "eigenvectors": (lambda a: L.eigh(a).eigenvectors ** 2, A + 3 * np.diag(np.arange(5))), "svdvals": (L.svdvals, R),
    "svd": (lambda a: L.svd(a.T, compute_uv=False), R),
    "lstsq": (lambda a, b: L.lstsq(a, b, rcond=None)[0], R, RNG.normal(size=6)),
    "residuals": (lambda a, b: L.lstsq(a, b, rcond=None)[1], R, RNG.normal(size=(6, 2))),
    "power": (lambda a: L.matrix_power(a, 3), A),
    "negative power": (lambda a: L.matrix_power(a, -2), A), "multi_dot": (lambda a, b: L.multi_dot([a, a, b]), A, B),
    "kron": (np.kron, A3, B), "cross": (lambda a: np.cross(a, a[::-1]), R), "cross 2": (lambda a: np.cross(a[:, :2], a[::-1]), R),
    "cond": (L.cond, R), "cond 1": (lambda a: L.cond(a, 1), A), "rank": (lambda a: L.matrix_rank(a) * a, R),
    "tensorsolve": (L.tensorsolve, T, Y), "tensorinv": (lambda t: L.tensorinv(t.reshape(2, 2, 4)), T), "trace": (L.trace, A5),
    "diagonal": (lambda a: L.diagonal(a, offset=1), A5), "symmetric use": (lambda a: L.inv(a + a.T + 9 * np.eye(5)), A),
    "solve_triangular": (lambda a, b: sl.solve_triangular(a, b, lower=True), S, V),
    "solve_triangular T": (lambda a, b: sl.solve_triangular(a, b, trans="T"), S, B),
    "unit": (lambda a, b: sl.solve_triangular(a, b, unit_diagonal=True), S, B), "sl.cholesky": (sl.cholesky, S),
    "cho_solve": (lambda a, b: sl.cho_solve(sl.cho_factor(a), b), S, B),
    "cho_solve lower": (lambda a, b: sl.cho_solve(sl.cho_factor(a, True), b), S, V), "expm": (sl.expm, A),
    "expm stack": (lambda a: sl.expm(np.stack([a, a.T]) / 2), A),
    "sl.solve pos": (lambda a, b: sl.solve(a, b, assume_a="pos"), S, V),
    "sl.eigh": (lambda a: sl.eigh(a)[0], S), "block_diag": (sl.block_diag, A, B), "sl.pinv": (sl.pinv, R),
}
ORDERS = [None, 1, -1, 2, -2, np.inf, -np.inf, "fro", "nuc"]
CASES |= {f"matrix norm {o}": (lambda a, o=o: L.norm(a, o), R) for o in ORDERS}
CASES |= {f"norm of axes {o}": (lambda a, o=o: L.norm(a, o, axis=(2, 0), keepdims=True), Z) for o in ORDERS}
CASES |= {f"vector norm {o}": (lambda a, o=o: L.norm(a, o, axis=1), R) for o in [*ORDERS[:-2], 3, 0.5, -2.5]}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", CASES)
def test_values_and_derivatives(name):
    f, *args = CASES[name]
    want = f(*args)
    weights = np.random.default_rng(11).normal(size=np.shape(want))
    with jitad.disable_jit():
        got = jitad.jit(f)(*args)
        assert np.shape(got) == np.shape(want)
        np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-12)
        jitad.testing.check_grads(lambda *a: (weights * f(*a)).sum(), args, seed=3)


def likelihood(p, x, y):
    """Of a Gaussian process: the covariance is stored, factored once, and used for value and gradient."""
    k = np.exp(p[0] - 0.5 * ((x[:, None] - x[None]) / np.exp(p[1])) ** 2) + np.exp(p[2]) * np.eye(len(x))
    factor = L.cholesky(k)
    z = sl.solve_triangular(factor, y, lower=True)
    return 0.5 * z @ z + np.log(np.diagonal(factor)).sum()


def test_kernels():
    """Compiled, at several lengths with one kernel, beside the interpreter."""
    p = np.array([0.1, -0.3, -1.0])
    g = jitad.value_and_grad(likelihood)
    for n in (6, 12, 30):
        x, y = np.linspace(0, 3, n), np.sin(np.linspace(0, 3, n))
        value, slope = g(p, x, y)
        with jitad.disable_jit():
            want, want_slope = jitad.value_and_grad(likelihood)(p, x, y)
        assert value == pytest.approx(want, rel=1e-12) == pytest.approx(likelihood(p, x, y), rel=1e-12)
        np.testing.assert_allclose(slope, want_slope, rtol=1e-10)
    assert len(g.specializations) == 1
    assert g.specialize(p, x, y).source.count("cholesky(") == 1


def everything(a, b):
    s = a @ a.T + 5 * np.eye(len(a))
    w, v = L.eigh(s)
    return (L.solve(s, b).sum() + L.slogdet(a)[1] + L.det(a) + np.log(w).sum() + (v[:, -1] ** 4).sum() + L.pinv(b).sum()
            + sl.expm(a / 9).sum() + L.svdvals(b)[0])


def test_one_kernel_of_everything():
    got = jitad.grad(everything)(A, B)
    with jitad.disable_jit():
        np.testing.assert_allclose(got, jitad.grad(everything)(A, B), rtol=1e-9, atol=1e-10)


def test_single_precision():
    a, b = S.astype(np.float32), B.astype(np.float32)
    g = jitad.value_and_grad(lambda a, b: (L.solve(a, b) ** 2).sum() + L.slogdet(a)[1])
    value, slope = g(a, b)
    assert slope.dtype == np.float32
    want = jitad.grad(lambda a, b: (L.solve(a, b) ** 2).sum() + L.slogdet(a)[1])(S, B)
    np.testing.assert_allclose(slope, want, rtol=2e-4, atol=1e-5)


def test_what_numpy_raises():
    singular, indefinite = np.ones((5, 5)), np.diag([1.0, 1, -1, 1, 1])
    cases = [(L.solve, singular - singular, V), (L.inv, np.zeros((5, 5))), (L.cholesky, indefinite)]
    for f, *args in cases:
        g = jitad.jit(f)
        for context in (False, True):
            with pytest.raises(np.linalg.LinAlgError, match=r"\n  at .*test_linalg.py, line"):
                if context:
                    with jitad.disable_jit():
                        g(*args)
                else:
                    g(*args)
    assert jitad.jit(L.det)(np.zeros((5, 5))) == 0.0
    assert jitad.jit(lambda a: L.slogdet(a).logabsdet)(np.zeros((5, 5))) == -np.inf


@pytest.mark.parametrize("f, args, message", [
    (L.inv, (B,), "square"), (L.det, (V,), "two-dimensional"), (L.solve, (A, R), "right-hand side has 6 rows, the matrix 5"),
    (lambda a: L.norm(a, "bad"), (A,), "Invalid norm order"), (lambda a: L.norm(a, 7), (A,), "Invalid norm order for matrices"),
    (lambda a: L.eigvalsh(a, "X"), (A,), "UPLO"), (lambda a: L.svd(a)[0], (A,), "compute_uv=True"),
    (L.qr, (A,), "numpy.linalg.qr"),
    (L.eigvals, (A,), "numpy.linalg.eigvals"), (lambda a: sl.eigh(a, a), (S,), "pairs of matrices"),
    (lambda a: np.fft.fft(a), (V,), "fft")])
def test_errors_name_the_place(f, args, message):
    with jitad.disable_jit(), pytest.raises((ValueError, TraceError, L.LinAlgError), match=f"{message}(.|\n)*at .*line"):
        jitad.jit(lambda *a: f(*a))(*args)


def test_eigenvalues_that_are_equal():
    """First derivatives of functions of eigenvalues; of those of eigenvectors see tests/autodiff/test_ties.py."""
    with jitad.disable_jit():
        for f, want in ((lambda a: (L.eigvalsh(a) ** 3).sum(), 3 * np.eye(4)), (lambda a: L.norm(a, "nuc"), np.eye(4))):
            np.testing.assert_allclose(jitad.grad(f)(np.eye(4)), want, atol=1e-14)
            np.testing.assert_allclose(jitad.jacfwd(f)(np.eye(4)), want, atol=1e-14)

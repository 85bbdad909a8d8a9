"""Linear algebra of emitted code: LAPACK and BLAS, as SciPy has them.

Every routine is called as ``name(result, *operands, *params)`` with arrays of three axes, one matrix after another; the ops in
`jitad.ops` say what they mean. Symbols are bound by name, so that kernels that use them can be kept on disk.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import binding
from numba import njit, types
from numba.extending import get_cython_function_address, overload

from jitad.emit.callee import LinkedCompiler

_own = njit(fastmath=False, error_model="numpy", nogil=True, pipeline_class=LinkedCompiler)
_PREFIX = {types.float64: "d", types.float32: "s"}
_CHAR, _INT = types.CPointer(types.uint8), types.CPointer(types.int32)


_SUBROUTINES = {"getrf": ("lapack", "iiaiii"), "trsm": ("blas", "cccciiaaiai")}  # c, i, a: pointers to char, int, numbers

for _name, (_library, _) in _SUBROUTINES.items():
    for _prefix in _PREFIX.values():  # now: machine code that is loaded is not typed
        binding.add_symbol(f"jitad_{_prefix}{_name}",
                           get_cython_function_address(f"scipy.linalg.cython_{_library}", _prefix + _name))


def _external(name: str, dtype: Any) -> Any:
    """A subroutine of SciPy's, for a type of numbers."""
    kinds = {"c": _CHAR, "i": _INT, "a": types.CPointer(dtype)}
    layout = types.void(*(kinds[k] for k in _SUBROUTINES[name][1]))
    return types.ExternalFunction(f"jitad_{_PREFIX[dtype]}{name}", layout)


def _getrf(a, pivots, info):  # type: ignore[no-untyped-def]
    """LU factors of a matrix in Fortran order, in its place."""
    raise NotImplementedError


@overload(_getrf, jit_options={"fastmath": False})
def _overload_getrf(a, pivots, info):  # type: ignore[no-untyped-def]
    getrf = _external("getrf", a.dtype)

    def call(a, pivots, info):  # type: ignore[no-untyped-def]
        n = np.array([a.shape[0], a.shape[0]], np.int32)
        getrf(n[:1].ctypes, n[1:].ctypes, a.ctypes, n[:1].ctypes, pivots.ctypes, info.ctypes)

    return call


def _trsm(t, b, upper, transposed, unit):  # type: ignore[no-untyped-def]
    """Rows X of the system X op(T) = B, in the place of B; T in Fortran order."""
    raise NotImplementedError


@overload(_trsm, jit_options={"fastmath": False})
def _overload_trsm(t, b, upper, transposed, unit):  # type: ignore[no-untyped-def]
    trsm = _external("trsm", b.dtype)

    def call(t, b, upper, transposed, unit):  # type: ignore[no-untyped-def]
        how = np.array([ord("R"), ord("U") if upper else ord("L"), ord("T") if transposed else ord("N"),
                        ord("U") if unit else ord("N")], np.uint8)
        n = np.array([b.shape[1], b.shape[0]], np.int32)  # b in Fortran order is this one's transpose
        one = np.ones(1, b.dtype)
        trsm(how[0:1].ctypes, how[1:2].ctypes, how[2:3].ctypes, how[3:4].ctypes, n[0:1].ctypes, n[1:2].ctypes, one.ctypes,
             t.ctypes, n[1:2].ctypes, b.ctypes, n[0:1].ctypes)

    return call


@_own
def lu(out, a):  # type: ignore[no-untyped-def]
    """Factors in Fortran order, and below them the number of the row that each was exchanged with."""
    n = a.shape[1]
    info, pivots = np.zeros(1, np.int32), np.zeros(n, np.int32)
    for b in range(a.shape[0]):
        factors = out[b, :n]
        for i in range(n):
            for j in range(n):
                factors[j, i] = a[b, i, j]
        if n:
            _getrf(factors, pivots, info)
        for i in range(n):
            out[b, n, i] = pivots[i] - 1


@_own
def _copy(out, x):  # type: ignore[no-untyped-def]
    """``out[...] = x``, which takes Numba 0.5 to 2.5 s to compile: it asks whether shapes can be broadcast."""
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = x[i, j]


@_own
def lu_solve(out, factors, b, transposed, strict):  # type: ignore[no-untyped-def]
    """Solutions of A X = B, or of Aᵀ X = B, from factors that `lu` made; a singular matrix raises, or gives nan."""
    n, m = b.shape[1], b.shape[2]
    for k in range(b.shape[0]):
        t, x = factors[k, :n], out[k]
        _copy(x, b[k])
        regular = True
        for i in range(n):
            regular &= t[i, i] != 0.0
        if not regular:
            if strict:
                raise np.linalg.LinAlgError("Singular matrix")
            x[:] = np.nan
        if n == 0 or m == 0 or not regular:
            continue
        if not transposed:
            _exchange(x, factors[k, n], False)
            _trsm(t, x, False, True, True)
            _trsm(t, x, True, True, False)
        else:
            _trsm(t, x, True, False, False)
            _trsm(t, x, False, False, True)
            _exchange(x, factors[k, n], True)


@_own
def _exchange(x, pivots, back):  # type: ignore[no-untyped-def]
    n = x.shape[0]
    for k in range(n):
        i = n - 1 - k if back else k
        j = int(pivots[i])
        if j != i:
            for c in range(x.shape[1]):
                x[i, c], x[j, c] = x[j, c], x[i, c]


@_own
def solve_triangular(out, a, b, lower, transposed, unit):  # type: ignore[no-untyped-def]
    """Solutions of T X = B, or of Tᵀ X = B, of one triangle T of A."""
    for k in range(b.shape[0]):
        if not unit:
            for i in range(a.shape[1]):
                if a[k, i, i] == 0.0:
                    raise np.linalg.LinAlgError("singular matrix")
        _copy(out[k], b[k])
        if b.shape[1] and b.shape[2]:
            _trsm(a[k], out[k], lower, transposed, unit)  # what lies below the diagonal in C order lies above in Fortran's


@_own
def cholesky(out, a):  # type: ignore[no-untyped-def]
    """Lower triangular factors."""
    for k in range(a.shape[0]):
        if a.shape[1]:
            _copy(out[k], np.linalg.cholesky(a[k]))


@_own
def eigh(out, a):  # type: ignore[no-untyped-def]
    """Eigenvalues, and below them the eigenvectors."""
    for k in range(a.shape[0]):
        if a.shape[1]:
            values, vectors = np.linalg.eigh(a[k])
            for i in range(values.size):
                out[k, 0, i] = values[i]
            _copy(out[k, 1:], vectors)


@_own
def cofactors(out, a):  # type: ignore[no-untyped-def]
    """det(A) A⁻ᵀ from singular values."""
    n = a.shape[1]
    for k in range(a.shape[0]):
        if not n:
            continue
        u, s, vt = np.linalg.svd(np.ascontiguousarray(a[k]))
        turned, right = np.ascontiguousarray(u), np.ascontiguousarray(vt)
        for i in range(n):
            others = s.dtype.type(1)
            for j in range(n):
                if j != i:
                    others *= s[j]
            for j in range(n):
                turned[j, i] *= others
        sign = np.linalg.det(u) * np.linalg.det(vt)
        _copy(out[k], sign * np.dot(turned, right))


@_own
def pinv(out, a, cutoff):  # type: ignore[no-untyped-def]
    """Pseudo-inverses; singular values below this fraction of the largest count as zero."""
    for k in range(a.shape[0]):
        if a.shape[1] and a.shape[2]:
            _copy(out[k], np.linalg.pinv(np.ascontiguousarray(a[k]), cutoff))


@_own
def expm(out, a):  # type: ignore[no-untyped-def]
    """Exponentials of matrices."""
    for k in range(a.shape[0]):
        if a.shape[1]:
            _copy(out[k], _exponential(np.ascontiguousarray(a[k])))


@_own
def expm_frechet(out, a, e):  # type: ignore[no-untyped-def]
    """Derivatives of the exponential of A along E."""
    n = a.shape[1]
    for k in range(a.shape[0]):
        if n:
            wide = np.zeros((2 * n, 2 * n), out.dtype)
            _copy(wide[:n, :n], a[k])
            _copy(wide[:n, n:], e[k])
            _copy(wide[n:, n:], a[k])
            _copy(out[k], _exponential(wide)[:n, n:])


_PADE = np.array([
    64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0, 10559470521600.0,
    670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0])
_LARGEST = 5.371920351148152  # below this 1-norm the approximant of degree 13 is exact to rounding


@_own
def _exponential(given):  # type: ignore[no-untyped-def]
    """Scaling and squaring with a Padé approximant of degree 13 (Higham, SIAM J. Matrix Anal. Appl. 26 (2005) 1179)."""
    a = np.ascontiguousarray(given).astype(np.float64)
    n = a.shape[0]
    norm = 0.0
    for j in range(n):
        norm = max(norm, np.abs(a[:, j]).sum())
    if not np.isfinite(a).all():
        return np.full((n, n), np.nan)
    halvings = 0
    while norm > _LARGEST:
        norm *= 0.5
        halvings += 1
    a *= 0.5**halvings
    one = np.eye(n)
    a2 = np.dot(a, a)
    a4 = np.dot(a2, a2)
    a6 = np.dot(a4, a2)
    c = _PADE
    odd = np.dot(a, np.dot(a6, c[13] * a6 + c[11] * a4 + c[9] * a2) + c[7] * a6 + c[5] * a4 + c[3] * a2 + c[1] * one)
    even = np.dot(a6, c[12] * a6 + c[10] * a4 + c[8] * a2) + c[6] * a6 + c[4] * a4 + c[2] * a2 + c[0] * one
    factors, found = np.empty((1, n + 1, n)), np.empty((1, n, n))
    lu(factors, (even - odd).reshape((1, n, n)))
    lu_solve(found, factors, (even + odd).reshape((1, n, n)), False, True)
    out = found[0]
    for _ in range(halvings):
        out = np.dot(out, out)
    return out

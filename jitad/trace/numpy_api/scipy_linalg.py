"""`scipy.linalg`: triangular systems, Cholesky factors, exponentials of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.ops import matrix, matrix_functions
from jitad.trace.numpy_api import linalg
from jitad.trace.numpy_api.linalg import stack, system
from jitad.trace.numpy_api.registry import implements_scipy, refuse
from jitad.trace.tracer import Tracer, as_tracer
from jitad.trace.tracing import where

_SYMMETRIC = ("sym", "her", "pos", "symmetric", "hermitian", "positive definite")
_TRANSPOSED = {0: False, "N": False, 1: True, "T": True, 2: True, "C": True}


@implements_scipy("scipy.linalg", "solve_triangular")
def solve_triangular(a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False, overwrite_b: bool = False,
                     check_finite: bool = True) -> Tracer:
    whole, right, finished = system("scipy.linalg.solve_triangular", a, b)
    if trans not in _TRANSPOSED:
        raise ValueError(f"trans must be 'N', 'T', 'C', 0, 1, or 2, not {trans!r}" + where())
    return finished(matrix.solve_triangular(whole.node, right, bool(lower), _TRANSPOSED[trans], bool(unit_diagonal)))


@implements_scipy("scipy.linalg", "cholesky")
def cholesky(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Tracer:
    if lower:
        return linalg.cholesky(a)
    return linalg.cholesky(a, upper=True)


@implements_scipy("scipy.linalg", "cho_factor")
def cho_factor(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Tracer, bool]:
    return cholesky(a, lower), lower


@implements_scipy("scipy.linalg", "cho_solve")
def cho_solve(c_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Tracer:
    factor, lower = c_and_lower
    whole, right, finished = system("scipy.linalg.cho_solve", factor, b)
    half = matrix.solve_triangular(whole.node, right, bool(lower), not lower, False)
    return finished(matrix.solve_triangular(whole.node, half, bool(lower), bool(lower), False))


@implements_scipy("scipy.linalg", "expm")
def expm(A: Any) -> Tracer:  # noqa: N803
    s = stack(A)
    return s.restored(matrix_functions.expm(s.node))


@implements_scipy("scipy.linalg", "inv")
def inv(a: Any, overwrite_a: bool = False, check_finite: bool = True, *, assume_a: Any = None, lower: bool = False) -> Tracer:
    return linalg.inv(a)


@implements_scipy("scipy.linalg", "det")
def det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Tracer:
    return linalg.det(a)


@implements_scipy("scipy.linalg", "norm")
def norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True) -> Tracer:
    return linalg.norm(a, ord, axis, keepdims)


@implements_scipy("scipy.linalg", "solve")
def solve(a: Any, b: Any, lower: bool = False, overwrite_a: bool = False, overwrite_b: bool = False, check_finite: bool = True,
          assume_a: Any = None, transposed: bool = False) -> Tracer:
    """The part of `a` that SciPy looks at, the general way."""
    t: Any = as_tracer(a)
    if assume_a in _SYMMETRIC:
        half: Any = np.tril if lower else np.triu
        t = half(t) + half(t, -1 if lower else 1).swapaxes(-1, -2)
    elif assume_a in ("upper triangular", "lower triangular"):
        t = (np.triu if assume_a.startswith("upper") else np.tril)(t)
    elif assume_a == "diagonal":
        t = t * np.eye(int(t.shape[-1]))
    elif assume_a not in (None, "gen", "general"):
        raise refuse("scipy.linalg.solve", f"with assume_a={assume_a!r} is not supported on traced arrays")
    return linalg.solve(t.swapaxes(-1, -2) if transposed else t, b)


@implements_scipy("scipy.linalg", "eigh")
def eigh(a: Any, b: Any = None, *, lower: bool = True, eigvals_only: bool = False, overwrite_a: bool = False,
         overwrite_b: bool = False, type: int = 1, check_finite: bool = True, subset_by_index: Any = None,
         subset_by_value: Any = None, driver: Any = None) -> Any:
    if b is not None or subset_by_index is not None or subset_by_value is not None:
        raise refuse("scipy.linalg.eigh", "of pairs of matrices, or for a subset, is not supported on traced arrays")
    side = "L" if lower else "U"
    return linalg.eigvalsh(a, side) if eigvals_only else tuple(linalg.eigh(a, side))


@implements_scipy("scipy.linalg", "eigvalsh")
def eigvalsh(a: Any, b: Any = None, *, lower: bool = True, **options: Any) -> Tracer:
    return eigh(a, b, lower=lower, eigvals_only=True, **options)


@implements_scipy("scipy.linalg", "svdvals")
def svdvals(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Tracer:
    return linalg.svdvals(a)


@implements_scipy("scipy.linalg", "pinv")
def pinv(a: Any, *, atol: Any = None, rtol: Any = None, return_rank: bool = False, check_finite: bool = True) -> Tracer:
    if atol is not None or return_rank:
        raise refuse("scipy.linalg.pinv", "with atol= or return_rank=True is not supported on traced arrays")
    return linalg.pinv(a, rtol=rtol)


@implements_scipy("scipy.linalg", "block_diag")
def block_diag(*arrays: Any) -> Tracer:
    from jitad.trace.numpy_api.padding import pad
    from jitad.trace.numpy_api.shaping import concatenate

    blocks = [t if t.ndim >= 2 else t.reshape((1, -1)) for t in map(as_tracer, arrays)]
    if any(t.ndim != 2 for t in blocks):
        raise refuse("scipy.linalg.block_diag", "of stacks of matrices is not supported on traced arrays")
    rows: list[Tracer] = []
    before, total = 0, sum(t.shape[1] for t in blocks)
    for t in blocks:
        rows.append(pad(t, ((0, 0), (before, total - before - t.shape[1]))))
        before = before + t.shape[1]
    return concatenate(rows, 0)

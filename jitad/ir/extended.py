"""Graphs in extended precision: the interpreter over arrays of mpmath numbers (an optional package, for tests)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.ir.node import Node


def with_mpmath(node: Node, args: list, size: Callable[[Any], Any]) -> Any:
    """One op with mpmath numbers in arrays of dtype object; integers and booleans stay NumPy's."""
    import mpmath

    def lift(a: Any) -> Any:
        a = np.asarray(a)
        return np.asarray(np.frompyfunc(lambda v: mpmath.mpf(float(v)), 1, 1)(a), object) if a.dtype.kind == "f" else a

    if node.op.name == "cast" and node.dtype.kind == "f":
        return lift(np.asarray(args[0]).astype(float)) if np.asarray(args[0]).dtype != object else args[0]
    if node.op.name == "cast" and np.asarray(args[0]).dtype == object:
        return np.asarray(args[0] != 0, bool) if node.dtype.kind == "b" else np.asarray(
            np.frompyfunc(int, 1, 1)(args[0]), node.dtype)
    if node.op.name == "constant":
        return lift(node.op.evaluate(node, args, size))
    args = [lift(a) for a in args]
    if node.op.name in _MATRICES:
        return _by_matrix(node, args, size(node.shape), mpmath)
    formula = getattr(node.op, "arity", None) and _formula(node, mpmath)
    if formula is None or args[0].dtype != object:
        return node.op.evaluate(node, args, size)
    for k in node.op.whole:  # type: ignore[attr-defined]
        args[k] = np.asarray(np.frompyfunc(lambda v: int(mpmath.nint(v)), 1, 1)(args[k]), object)
    out = np.frompyfunc(formula, len(args), 1)(*args)
    return np.asarray(out, bool) if node.dtype.kind == "b" else out


_PLAIN: dict[str, Callable] = {
    "add": lambda x, y: x + y, "subtract": lambda x, y: x - y, "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y, "power": lambda x, y: x**y, "maximum": max, "minimum": min,
    "floor_divide": lambda x, y: x // y, "remainder": lambda x, y: x % y, "trunc": int,
    "log2": lambda x: _log(x, 2), "log10": lambda x: _log(x, 10),
    "equal": lambda x, y: x == y, "not_equal": lambda x, y: x != y, "less": lambda x, y: x < y,
    "less_equal": lambda x, y: x <= y, "greater": lambda x, y: x > y, "greater_equal": lambda x, y: x >= y,
}


def _log(x: Any, base: int) -> Any:
    import mpmath

    return mpmath.log(x, base)


def _formula(node: Node, mpmath: Any) -> Callable | None:
    declared = node.op.mpmath  # type: ignore[attr-defined]
    if callable(declared):
        return declared
    if node.op.name == "integer_pow":
        return lambda x: x ** node.params[0]
    if node.op.name in _PLAIN:
        return _PLAIN[node.op.name]
    return getattr(mpmath, declared or node.op.name, None)


def _by_matrix(node: Node, args: list, shape: tuple, mpmath: Any) -> np.ndarray:
    """Linear algebra, one matrix after another."""
    out = np.empty(shape, object)
    for k in range(len(out)):
        out[k] = np.array(_MATRICES[node.op.name](mpmath, node, *(mpmath.matrix(a[k].tolist()) for a in args)).tolist(), object)
    return out


def _triangle(mpmath: Any, node: Node, a: Any, b: Any) -> Any:
    lower, transposed, unit = node.params
    for i in range(a.rows):
        for j in range(a.rows):
            if i == j and unit:
                a[i, j] = 1
            elif (i < j) if lower else (i > j):
                a[i, j] = 0
    return mpmath.inverse(a.T if transposed else a) * b


def _eigh(mpmath: Any, node: Node, a: Any) -> Any:
    lower = mpmath.matrix([[a[max(i, j), min(i, j)] for j in range(a.rows)] for i in range(a.rows)])
    values, vectors = mpmath.eigsy(lower)
    return mpmath.matrix([list(values), *vectors.tolist()])


def _frechet(mpmath: Any, node: Node, a: Any, e: Any) -> Any:
    n = a.rows
    wide = mpmath.zeros(2 * n)
    wide[:n, :n], wide[:n, n:], wide[n:, n:] = a, e, a
    return mpmath.expm(wide)[:n, n:]


def _lu(mpmath: Any, node: Node, a: Any) -> Any:
    factors, exchanged = mpmath.mp.LU_decomp(a)
    return mpmath.matrix([*factors.T.tolist(), [*exchanged, a.rows - 1]])


_MATRICES: dict[str, Callable] = {
    "lu": _lu,
    "lu_solve": lambda mp, node, _, a, b: mp.inverse(a.T if node.params[0] else a) * b,
    "solve_triangular": _triangle,
    "cholesky": lambda mp, node, a: mp.cholesky(
        mp.matrix([[a[max(i, j), min(i, j)] for j in range(a.rows)] for i in range(a.rows)])),
    "eigh": _eigh,
    "cofactors": lambda mp, node, a: mp.det(a) * mp.inverse(a).T,
    "pinv": lambda mp, node, a: mp.inverse(a.T * a) * a.T if a.rows >= a.cols else a.T * mp.inverse(a * a.T),
    "expm": lambda mp, node, a: mp.expm(a),
    "expm_frechet": _frechet,
}

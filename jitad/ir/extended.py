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

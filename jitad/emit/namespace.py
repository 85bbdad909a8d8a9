"""The names that emitted code may use: it imports them from here."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange, types
from numba.extending import overload

from jitad.emit import (
    copies,
    hyperbolic,
    lane_math,  # noqa: F401
    lanes,
    log_sums,
    places,
    power,  # noqa: F401
    products,
    roots,
    signals,
    singles,
    special,
    views,
    vmath,
)
from jitad.emit.compilers import DECORATORS, exact, exact_parts, part_parts
from jitad.ir import segments
from jitad.ops.extern import PREFIX


@exact
def triangle_row(p, n, k):  # type: ignore[no-untyped-def]
    """Row of pair p among the pairs j - i >= k of an n x n square, in row order."""
    m = n - k  # row i holds m - i pairs and starts at i*m - i*(i - 1)/2
    i = int(m + 0.5 - math.sqrt((m + 0.5) ** 2 - 2.0 * p))
    while i > 0 and i * m - i * (i - 1) // 2 > p:
        i -= 1
    while (i + 1) * m - (i + 1) * i // 2 <= p:
        i += 1
    return i


@exact
def triangle_column(p, n, k):  # type: ignore[no-untyped-def]
    """Column of pair p, see :func:`triangle_row`."""
    i = triangle_row(p, n, k)
    return p - (i * (n - k) - i * (i - 1) // 2) + i + k


def floor_divide(x, y):  # type: ignore[no-untyped-def]
    """``x // y`` as NumPy defines it: of floats, the quotient that belongs to the remainder."""
    raise NotImplementedError


@overload(floor_divide, inline="never", jit_options={"fastmath": False, "error_model": "numpy"})
def _floor_divide(x, y):  # type: ignore[no-untyped-def]
    if isinstance(x, types.Integer):
        return lambda x, y: x // y

    def of_floats(x, y):  # type: ignore[no-untyped-def]
        if y == 0:
            return x / y
        rest = np.fmod(x, y)
        quotient = (x - rest) / y
        if rest != 0 and (y < 0) != (rest < 0):
            quotient -= 1.0
        low = np.floor(quotient)
        return low + 1.0 if quotient - low > 0.5 else low

    return of_floats


@exact
def cumsum(out, x):  # type: ignore[no-untyped-def]
    """Running sums of rows."""
    for i in range(x.shape[0]):
        total = out.dtype.type(0)
        for j in range(x.shape[1]):
            total += x[i, j]
            out[i, j] = total


@exact
def recurrence(out, a, b):  # type: ignore[no-untyped-def]
    """y[i] = a[i]*y[i-1] + b[i] along rows."""
    for i in range(b.shape[0]):
        last = out.dtype.type(0)
        for j in range(b.shape[1]):
            last = a[i, j] * last + b[i, j] if j else b[i, j]
            out[i, j] = last


@exact
def argsort(out, x):  # type: ignore[no-untyped-def]
    """The order of rows: stable, NaN last."""
    for i in range(x.shape[0]):
        found = np.argsort(x[i], kind="mergesort")
        for j in range(found.size):
            out[i, j] = found[j]


@exact
def inside(out, index, bound):  # type: ignore[no-untyped-def]
    """Rows of indices, each in its range."""
    for i in range(index.shape[0]):
        for j in range(index.shape[1]):
            k = index[i, j]
            if k < -bound[i] or k >= bound[i]:
                raise IndexError("an index is out of range")
            out[i, j] = k


@exact
def overlap(a, b):  # type: ignore[no-untyped-def]
    """Whether two arrays share memory."""
    first, second = a.ctypes.data, b.ctypes.data
    return first < second + b.size * b.itemsize and second < first + a.size * a.itemsize


def table(rows: Any) -> np.ndarray:
    """Numbers that a kernel looks up."""
    return np.array(rows, np.int64)


NAMES: dict[str, Any] = {name: getattr(math, name) for name in (
    "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "sqrt", "copysign", "erf", "erfc", "inf", "nan")}
NAMES |= {name: getattr(np, name) for name in (
    "floor", "ceil", "trunc", "fmod", "rint", "sign", "isnan", "isinf", "isfinite", "empty",
    "zeros", "float64", "float32", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool_")}
NAMES |= {name: getattr(lanes, name) for name in (
    "spread", "consecutive", "choose", "total", "as_floats", "lane", "pack", "everywhere",
    "negative", "exact_sqrt", "wide", "narrow")}
NAMES |= {name: getattr(places, name) for name in (
    "block", "load", "push", "column", "apart", "put", "gather", "push_each", "put_each", "rows", "push_rows")}
NAMES |= {name: getattr(log_sums, name) for name in ("with_log", "with_log1p", "log_of")}
NAMES |= {name: getattr(vmath, name) for name in (
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "tanh", "reciprocal", "rsqrt")}
NAMES |= products.NAMES
NAMES |= {"cbrt": roots.cbrt, "hypot": roots.hypot}
NAMES |= {name: getattr(singles, name) for name in dir(singles) if name.endswith("_of_singles")}
NAMES |= {name: getattr(hyperbolic, name) for name in ("asinh", "acosh", "atanh")}
NAMES |= {"triangle_row": triangle_row, "triangle_column": triangle_column, "floor_divide": floor_divide}
NAMES |= DECORATORS
NAMES |= {name: DECORATORS["exact_part"](getattr(segments, name)) for name in ("iroot", "kept", "ahead")}
NAMES |= {"table": table, "prange": prange, "exact": exact, "part_parts": part_parts, "exact_parts": exact_parts,
          "collect": copies.collect, "parts_for": copies.parts_for, "overlap": overlap,
          "cumsum": cumsum, "recurrence": recurrence, "argsort": argsort, "inside": inside, "shaped": views.shaped,
          "laid": views.laid, "row_of": views.row_of, "clear": views.clear, "memory": views.memory, "spaced": views.spaced}
NAMES |= {"seconds": signals.seconds, "interrupted": signals.interrupted, "Interrupted": signals.Interrupted}
LAPACK = {"lu", "lu_solve", "solve_triangular", "cholesky", "eigh", "cofactors", "pinv", "expm", "expm_frechet"}
KNOWN = NAMES.keys() | special.NAMES.keys() | LAPACK | {"callback"}


def __getattr__(name: str) -> Any:
    if name in LAPACK:
        from jitad.emit import lapack

        return getattr(lapack, name)
    if name == "callback":
        from jitad.emit.callback import callback

        return callback
    if name.startswith(PREFIX):
        from jitad.emit.extern import function

        return function(name)
    return NAMES[name] if name in NAMES else getattr(special, name)

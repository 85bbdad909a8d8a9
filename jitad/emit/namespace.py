"""The names that emitted code may use: it imports them from here."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import overload

from jitad.emit import lanes, vmath


@njit(fastmath=False, error_model="numpy")
def triangle_row(p, n, k):  # type: ignore[no-untyped-def]
    """Row of pair p among the pairs j - i >= k of an n x n square, in row order."""
    m = n - k  # row i holds m - i pairs and starts at i*m - i*(i - 1)/2
    i = int(m + 0.5 - math.sqrt((m + 0.5) ** 2 - 2.0 * p))
    while i > 0 and i * m - i * (i - 1) // 2 > p:
        i -= 1
    while (i + 1) * m - (i + 1) * i // 2 <= p:
        i += 1
    return i


@njit(fastmath=False, error_model="numpy")
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


exact = njit(fastmath=False, error_model="numpy", nogil=True)  # said explicitly: Numba passes flags on to callees


NAMES: dict[str, Any] = {name: getattr(math, name) for name in (
    "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
    "expm1", "log1p", "sqrt", "hypot", "erf", "erfc", "inf", "nan")}
NAMES |= {name: getattr(np, name) for name in (
    "floor", "ceil", "trunc", "rint", "cbrt", "exp2", "log2", "log10", "sign", "isnan", "isinf", "isfinite", "empty",
    "zeros", "float64", "float32", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool_")}
NAMES |= {name: getattr(lanes, name) for name in (
    "spread", "consecutive", "choose", "load", "push", "total", "as_floats", "lane", "pack")}
NAMES |= {name: getattr(vmath, name) for name in ("exp", "log", "reciprocal", "rsqrt")}
NAMES |= {"triangle_row": triangle_row, "triangle_column": triangle_column, "floor_divide": floor_divide}


def __getattr__(name: str) -> Any:
    if name in NAMES:
        return NAMES[name]
    raise AttributeError(name)

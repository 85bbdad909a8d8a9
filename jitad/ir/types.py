"""The type of a value: dtype and shape, where a shape may hold symbolic sizes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from jitad.errors import ShapeError
from jitad.ir.sizes import Size

Shape = tuple["int | Size", ...]

BOOL, INT, UINT = np.dtype(bool), np.dtype(np.int64), np.dtype(np.uint64)
FLOAT, FLOAT32 = np.dtype(np.float64), np.dtype(np.float32)


def native(dtype: np.dtype) -> np.dtype:
    """The dtype in the machine's byte order, one object for each: "the same" is mostly found by identity."""
    return np.dtype(dtype.type)


class ArrayType(NamedTuple):
    """dtype and shape. ``str`` gives ``f8[n0, 3]``."""

    dtype: np.dtype
    shape: Shape

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __str__(self) -> str:
        return f"{self.dtype.str[1:]}[{', '.join(map(str, self.shape))}]"


def is_float(dtype: np.dtype) -> bool:
    return dtype.kind == "f"


def show_shape(shape: Shape) -> str:
    """``(n0, 3)``, as NumPy would print it."""
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def normalize_axes(axis: object, ndim: int) -> tuple[int, ...]:
    """Axes as sorted non-negative integers; None means all."""
    if axis is None:
        return tuple(range(ndim))
    axes = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    out = []
    for a in axes:
        k = int(a)
        if not -ndim <= k < ndim:
            raise ShapeError(f"axis {k} is out of bounds for an array of dimension {ndim}")
        out.append(k % ndim)
    if len(set(out)) != len(out):
        raise ShapeError(f"an axis is named twice in {axes}")
    return tuple(sorted(out))

"""Arguments as kernels take them: one function decides about dtype, byte order, contiguity and containers."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.config import STATIC_AXIS
from jitad.errors import DTypeError
from jitad.ir.types import native
from jitad.trace.tracing import LeafSpec

_KINDS = "fiub"


def normalize(x: Any, name: str = "an argument") -> tuple[Any, LeafSpec]:
    """A value for the kernel, and what is known of it; the user's array is never changed.

    Raises
    ------
    DTypeError
        For what is no number and no numeric array.
    """
    kind = type(x)
    if kind is np.ndarray and x.dtype == np.float64 and x.flags.c_contiguous and x.ndim:
        return x, LeafSpec(x.dtype, x.shape)
    if kind is float:
        return x, _FLOAT
    if kind is bool:
        return x, _BOOL
    if kind is int:
        if not -(2**63) <= x < 2**63:
            raise DTypeError(f"{name}: the integer {x} does not fit into 64 bits")
        return x, _INT
    if isinstance(x, np.ma.MaskedArray):
        raise DTypeError(f"{name} is a masked array; pass x.filled(...) or the mask as an argument of its own")
    if isinstance(x, np.matrix):
        raise DTypeError(f"{name} is a numpy.matrix; pass numpy.asarray(x)")
    if isinstance(x, (str, bytes)) or not (isinstance(x, (np.ndarray, np.generic)) or hasattr(x, "__array__")):
        raise DTypeError(
            f"{name} is a {kind.__name__}: arguments are numbers, arrays, and tuples, lists and dicts of them. "
            "What is no number can be captured: g = jitad.grad(lambda x: f(x, option))")
    array = np.asarray(x)
    if array.dtype == object:
        raise DTypeError(f"{name} is an array of objects (ragged, perhaps); convert it with .astype(float)")
    dtype = native(array.dtype)
    if dtype.kind not in _KINDS or dtype.itemsize > 8 or dtype == np.float16:
        raise DTypeError(f"{name} has dtype {array.dtype}; supported are booleans, integers, float32 and float64")
    if not array.ndim:
        value = array.astype(dtype)[()]
        return value, LeafSpec(dtype, ())
    return np.ascontiguousarray(array, dtype), LeafSpec(dtype, array.shape)


_FLOAT, _INT = LeafSpec(np.dtype(np.float64), (), True), LeafSpec(np.dtype(np.int64), (), True)
_BOOL = LeafSpec(np.dtype(bool), (), True)


def type_key(spec: LeafSpec) -> tuple:
    """What must be the same for a trace to be considered: dtype, number of axes, short axes."""
    return spec.dtype, tuple([n if n <= STATIC_AXIS else -1 for n in spec.shape]), spec.weak


def result(value: Any, dtype: np.dtype, scalar: bool) -> Any:
    """A kernel's result as the user gets it: arrays as they are, 0-d results as numbers."""
    if not scalar:
        return value
    if dtype == np.float64:
        return float(value)
    if dtype.kind == "b":
        return bool(value)
    return int(value) if dtype == np.int64 else dtype.type(value)

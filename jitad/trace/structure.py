"""Captured arrays that are index arithmetic in disguise.

A mask built outside the function, ``off = 1 - np.eye(n)``, would have to be read from memory, n*n elements in a transposed
order. Recognised, it costs nothing in the kernel; that it still is what it was is checked at every call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.ir.types import INT, Shape
from jitad.ops.arithmetic import cast
from jitad.ops.compare import equal, less, less_equal, logical_not, select
from jitad.ops.leaf import full, iota
from jitad.ops.shape import broadcast, retype

if TYPE_CHECKING:
    from jitad.trace.tracing import Trace

Known = tuple[Node, Callable[[np.ndarray], bool]]


def recognise(array: np.ndarray, shape: Shape, trace: Trace) -> Known | None:
    """A node equal to the array for all lengths, and a check that another array has the same structure."""
    if not shape or not all(isinstance(n, Size) for n in shape):
        return None
    if array.ndim == 2 and array.shape[0] == array.shape[1]:
        return _square(array, shape, trace)
    if array.ndim == 1 and array.dtype.kind in "iu":
        return _indices(array, shape, trace)
    return None


def _same(array: np.ndarray, expected: np.ndarray) -> bool:
    return array.dtype == expected.dtype and array.shape == expected.shape and bool((array == expected).all())


_REGIONS = {
    # name: (pattern of an n x n array, the same as a node over row and column numbers)
    "diagonal": (lambda n: np.eye(n, dtype=bool), equal),
    "above": (lambda n: np.triu(np.ones((n, n), bool), 1), less),
    "from_diagonal": (lambda n: np.triu(np.ones((n, n), bool)), less_equal),
}


def _square(array: np.ndarray, shape: Shape, trace: Trace) -> Known | None:
    """Two numbers: one on the diagonal (or above it, or on and above it), another elsewhere."""
    n = array.shape[0]
    samples = array[0, 0], array[0, 1], array[1, 0]
    if samples[0] == samples[1] == samples[2]:
        return None
    name = "diagonal" if samples[1] == samples[2] else "above" if samples[0] == samples[2] else "from_diagonal"
    inside, outside = (array[0, 0], array[1, 0]) if name != "above" else (array[0, 1], array[0, 0])
    if name != "diagonal" and samples[0] != samples[1] and samples[0] != samples[2]:
        return None
    pattern, relation = _REGIONS[name]

    def check(a: np.ndarray) -> bool:
        return a.ndim == 2 and _same(a, np.where(pattern(a.shape[0]), inside, outside).astype(array.dtype))

    if array.shape != (n, n) or not check(array):
        return None
    trace.same_size(shape[0], shape[1])
    size = trace.known(shape[0])
    rows, columns = (broadcast(iota(size), (size, size), (k,)) for k in (0, 1))
    region = relation(rows, columns)
    if array.dtype.kind == "b":
        node = region if inside else logical_not(region)
    else:
        node = select(region, *(full(v, array.dtype, region.shape) for v in (inside, outside)))
    return retype(node, shape), check


def _indices(array: np.ndarray, shape: Shape, trace: Trace) -> Known | None:
    """0, 1, 2, ..., as indices."""

    def check(a: np.ndarray) -> bool:
        return _same(a, np.arange(a.shape[0], dtype=array.dtype))

    if not check(array):
        return None
    return cast(iota(shape[0]), array.dtype if array.dtype != INT else INT), check



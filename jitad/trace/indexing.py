"""Indexing as NumPy does it: integers, slices, newaxis, ellipsis, integer and boolean arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.errors import TraceError
from jitad.ir import sizes
from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.ir.types import INT
from jitad.ops import shape as shapes
from jitad.ops.arithmetic import cast
from jitad.ops.index import gather
from jitad.ops.routine import order_behind
from jitad.trace.dim import Dim
from jitad.trace.mutation import as_view
from jitad.trace.tracer import Tracer, as_tracer, broadcast_shapes, broadcast_to, check_alive, wrap
from jitad.trace.tracing import current, where


def is_basic(key: Any) -> bool:
    """Whether indexing with a key gives a view: no arrays, no lists."""
    return not any(isinstance(i, (list, np.ndarray, Tracer, bool)) and type(i) is not Dim
                   for i in (key if isinstance(key, tuple) else (key,)))


def viewed(t: Tracer, key: Any) -> Tracer:
    """``t[key]``, a view where NumPy has one."""
    out = getitem(t, key)
    if not (out.is_array and is_basic(key)):
        return out
    items = (*key,) or (...,) if isinstance(key, tuple) else (key,)  # rows of an array, and parts of one row, lie side by side
    out.ordered = t.ordered and all(type(i) is int for i in items[:-1]) and not (
        isinstance(items[-1], slice) and items[-1].step not in (None, 1))
    return as_view(out, t, lambda base: getitem(base, key))


def getitem(t: Tracer, key: Any) -> Tracer:
    """``t[key]``, elements only."""
    check_alive(t)
    items = _expanded(list(key) if isinstance(key, tuple) else [key], t.node.ndim)
    x, axis = t.node, 0
    spec: list[tuple] = []
    flips: list[int] = []
    kinds: list[str] = []  # one for each item: slice, new, int, array
    arrays: list[Node] = []
    for item in items:
        if item is None:
            kinds.append("new")
            continue
        n = x.shape[axis]
        if isinstance(item, slice):
            start, length, step, reverse = _slice(item, n)
            spec.append((start, length, step))
            if reverse:
                flips.append(axis)
            kinds.append("slice")
        elif isinstance(item, Node):
            spec.append((0, n, 1))
            arrays.append(item)
            kinds.append("array")
        else:
            spec.append((_integer(item, n, axis), 1, 1))
            kinds.append("int")
        axis += 1
    x = shapes.flip(shapes.slice_(x, tuple(spec)), tuple(flips))
    real = [k for k in kinds if k != "new"]
    x = shapes.reshape(x, tuple(n for n, k in zip(x.shape, real, strict=True) if k != "int"))
    out = wrap(_with_arrays(x, kinds, arrays) if arrays else _with_new(x, kinds))
    out.is_array |= isinstance(key, tuple) and any(item is Ellipsis for item in key)  # x[0, ...] is an array, x[0] a number
    return out


def _expanded(items: list, ndim: int) -> list:
    """Ellipsis and missing axes as slices, lists as arrays, boolean arrays as integer arrays."""
    out: list = []
    for item in items:
        if isinstance(item, (list, np.ndarray, Tracer)) and not isinstance(item, Dim):
            out += _index_arrays(item)
        elif isinstance(item, (bool, np.bool_)):
            raise TraceError("indexing with a single boolean is not supported; use np.where" + where())
        else:
            out.append(item)
    used = sum(1 for i in out if i is not None and i is not Ellipsis)
    if used > ndim:
        raise IndexError(f"too many indices for array: array is {ndim}-dimensional, but {used} were indexed" + where())
    if sum(i is Ellipsis for i in out) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')" + where())
    full = [slice(None)] * (ndim - used)
    for k, item in enumerate(out):
        if item is Ellipsis:
            return out[:k] + full + out[k + 1 :]
    return out + full


def _index_arrays(item: Any) -> list:
    if isinstance(item, list) and not item:
        item = np.zeros(0, np.int64)
    t = as_tracer(item)
    if t.node.dtype.kind == "b":
        from jitad.trace.capture import content

        mask = content(t, "the positions of True", "write np.where(mask, a, 0) instead of a[mask]")
        return [as_tracer(i).node for i in np.nonzero(mask)]
    if t.node.dtype.kind not in "iu":
        raise IndexError("arrays used as indices must be of integer (or boolean) type" + where())
    return [cast(t.node, INT)]


def _plain(value: Any) -> int | Size:
    if type(value) is Dim:
        return value.size
    if isinstance(value, Tracer):
        return int(value)
    try:
        return value.__index__()
    except AttributeError:
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), newaxis (`None`) and integer or boolean arrays are valid "
            f"indices, not {type(value).__name__}" + where()) from None


def _integer(item: Any, n: int | Size, axis: int) -> int | Size:
    trace = current()
    i = _plain(item)
    j = sizes.add(i, n) if trace.assume("<", i, 0) else i  # type: ignore[union-attr]
    if trace.assume("<", j, 0) or not trace.assume("<", j, n):  # type: ignore[union-attr]
        raise IndexError(f"index {trace.value(i)} is out of bounds for axis {axis} with size {trace.value(n)}" + where())  # type: ignore
    return j


def _slice(s: slice, n: int | Size) -> tuple[int | Size, int | Size, int, bool]:
    """Start, length and positive step of a slice, and whether it runs backwards."""
    trace = current()
    assert trace is not None
    step = 1 if s.step is None else _plain(s.step)
    step = step if isinstance(step, int) else trace.concrete(step)
    if step == 0:
        raise ValueError("slice step cannot be zero" + where())
    low, high = (0, n) if step > 0 else (-1, sizes.sub(n, 1))

    def clipped(value: Any, default: int | Size) -> int | Size:
        if value is None:
            return default
        v = _plain(value)
        if trace.assume("<", v, 0):
            v = sizes.add(v, n)
        if trace.assume("<", v, low):
            return low
        return high if trace.assume("<", high, v) else v

    start, stop = (clipped(s.start, low), clipped(s.stop, high)) if step > 0 else (
        clipped(s.start, high), clipped(s.stop, low))
    distance = sizes.sub(stop, start) if step > 0 else sizes.sub(start, stop)
    if not trace.assume("<", 0, distance):
        return 0, 0, 1, False
    length = sizes.floordiv(sizes.add(distance, abs(step) - 1), abs(step))
    if step > 0:
        return start, length, step, False
    return sizes.sub(start, sizes.mul(sizes.sub(length, 1), -step)), length, -step, True


def _with_new(x: Node, kinds: list[str]) -> Node:
    lengths = iter(x.shape)
    return shapes.reshape(x, tuple(1 if k == "new" else next(lengths) for k in kinds if k != "int"))


def _with_arrays(x: Node, kinds: list[str], arrays: list[Node]) -> Node:
    """Gather along the axes that have index arrays; the result's axes stand where NumPy puts them."""
    shape = broadcast_shapes(*(a.shape for a in arrays))
    index = [broadcast_to(a, shape) for a in arrays]
    real = [k for k in kinds if k not in ("new", "int")]
    first = [p for p, k in enumerate(real) if k == "array"]
    rest = [p for p, k in enumerate(real) if k != "array"]
    for a, p in zip(arrays, first, strict=True):
        ranks = order_behind(a)
        if ranks is not None and not current().same_size(ranks.shape[1], x.shape[p]):  # type: ignore[union-attr]
            current().assume("<=", ranks.shape[1], x.shape[p])  # type: ignore[union-attr]
    out = gather(shapes.transpose(x, (*first, *rest)), index)
    advanced = [p for p, k in enumerate(kinds) if k in ("array", "int")]
    together = advanced == list(range(advanced[0], advanced[-1] + 1))
    before = [k for k in kinds[: advanced[0]]] if together else []
    lead = sum(k == "slice" for k in before)
    b = len(shape)
    out = shapes.transpose(out, (*range(b, b + lead), *range(b), *range(b + lead, out.ndim)))
    after = [k for k in kinds[len(before) :] if k in ("slice", "new")]
    order = [*(k for k in before if k != "int"), *["array"] * b, *after]
    return _with_new(out, order)

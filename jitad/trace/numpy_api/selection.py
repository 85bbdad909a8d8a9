"""Choosing, clipping, taking, padding; diagonals."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.errors import TraceError
from jitad.ir import sizes
from jitad.ir.types import BOOL, INT
from jitad.ops import compare
from jitad.ops import shape as ops
from jitad.ops.leaf import full, iota
from jitad.trace.numpy_api.registry import implements, reject, ufuncs
from jitad.trace.numpy_api.shaping import one_axis, ravel
from jitad.trace.tracer import Tracer, as_tracer, broadcast_shapes, broadcast_to, promote, wrap
from jitad.trace.tracing import current, where


@implements(np.where)
def where_(condition: Any, x: Any = None, y: Any = None) -> Tracer:
    if x is None or y is None:
        from jitad.trace.numpy_api.placing import nonzero

        return nonzero(condition, "numpy.where(condition)")  # type: ignore[return-value]
    p = as_tracer(condition).node
    p = p if p.dtype == BOOL else compare.not_equal(p, full(0, p.dtype, p.shape))
    a, b = promote(x, y)
    shape = broadcast_shapes(p.shape, a.shape, b.shape)
    return wrap(compare.select(*(broadcast_to(n, shape) for n in (p, a, b))))


@implements(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Tracer:
    out: Any = default
    for c, v in reversed(list(zip(condlist, choicelist, strict=True))):
        out = where_(c, v, out)
    return out


@implements(np.clip)
def clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None,
         **kwargs: Any) -> Tracer:
    reject("numpy.clip", **kwargs)
    low, high = (min if a_min is None else a_min), (max if a_max is None else a_max)
    t = as_tracer(a)
    if low is not None:
        t = ufuncs[np.maximum](t, low)
    t = t if high is None else ufuncs[np.minimum](t, high)
    return t if out is None else into(out, t, "clip")


def into(out: Any, result: Tracer, name: str) -> Tracer:
    """A result written to an array of the traced function."""
    from jitad.trace.mutation import in_place

    if type(out) is not Tracer:
        raise TraceError(f"numpy.{name}: out= cannot be written from a traced array into a plain one; write a = np.{name}(...)"
                         + where())
    return in_place(out, result, name)


@implements(np.round)
def round_(a: Any, decimals: int = 0, out: Any = None) -> Tracer:
    reject("numpy.round", out=out)
    t = as_tracer(a)
    if t.dtype.kind != "f":
        return t
    scale = 10.0 ** int(decimals)
    return ufuncs[np.rint](t * scale) / scale if decimals else ufuncs[np.rint](t)


@implements(np.nan_to_num)
def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Tracer:
    t = as_tracer(x)
    if t.dtype.kind != "f":
        return wrap(t.node) if copy else t
    top = np.finfo(t.dtype).max
    out = where_(ufuncs[np.isnan](t), nan, t)
    out = where_(t == np.inf, top if posinf is None else posinf, out)
    out = where_(t == -np.inf, -top if neginf is None else neginf, out)
    if copy or not t.is_array:
        return out
    t[...] = out
    return t


@implements(np.take)
def take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Tracer:
    reject("numpy.take", out=out)
    t = as_tracer(a)
    if axis is None:
        t, axis = ravel(t), 0
    if mode != "raise":
        n, i = t.shape[one_axis(axis, t.ndim)], as_tracer(indices)
        indices = i % n if mode == "wrap" else clip(i, 0, n - 1)
    return t[(slice(None),) * one_axis(axis, t.ndim) + (indices if isinstance(indices, int) else as_tracer(indices),)]


@implements(np.diagonal)
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tracer:
    t = as_tracer(a)
    i, j = one_axis(axis1, t.ndim), one_axis(axis2, t.ndim)
    x = ops.transpose(t.node, (i, j, *(k for k in range(t.ndim) if k not in (i, j))))
    rows, columns = x.shape[:2]
    trace = current()
    assert trace is not None
    up, down = max(int(offset), 0), max(-int(offset), 0)
    rows, columns = sizes.sub(rows, down), sizes.sub(columns, up)
    n = rows if trace.assume("<=", rows, columns) else columns
    if trace.assume("<", n, 0):
        n = 0
    d = wrap(iota(n))
    out = wrap(x)[d + down if down else d, d + up if up else d]
    return wrap(ops.transpose(out.node, (*range(1, out.ndim), 0)))


@implements(np.diag)
def diag(v: Any, k: int = 0) -> Tracer:
    t = as_tracer(v)
    if t.ndim == 2:
        from jitad.trace.mutation import as_view

        out = as_view(diagonal(t, k), t, lambda base: diagonal(base, k))
        out.fixed = True
        return out
    if t.ndim != 1:
        raise ValueError("Input must be 1- or 2-d." + where())
    up, down = max(int(k), 0), max(-int(k), 0)
    n = sizes.add(t.node.shape[0], abs(int(k)))
    rows, columns = (ops.broadcast(iota(n), (n, n), (axis,)) for axis in (0, 1))
    hit = compare.equal(rows + full(up, INT, (n, n)), columns + full(down, INT, (n, n)))  # type: ignore[operator]
    padded = ops.pad(t.node, (n,), ((down, 1),))
    return wrap(compare.select(hit, ops.broadcast(padded, (n, n), (0,)), full(0, t.dtype, (n, n))))

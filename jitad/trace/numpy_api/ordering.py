"""Running sums, order, where the largest element is; where values fall between others; interpolation, convolution."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.errors import TraceError
from jitad.ir import sizes
from jitad.ir.node import Node
from jitad.ops import routine
from jitad.ops import shape as ops
from jitad.ops.compare import equal, select
from jitad.ops.index import gather
from jitad.ops.leaf import full, iota
from jitad.ops.shape import broadcast
from jitad.trace.numpy_api.reductions import max_, min_, reduction, sum_
from jitad.trace.numpy_api.registry import implements, reject, ufuncs
from jitad.trace.numpy_api.selection import clip, take, where_
from jitad.trace.numpy_api.shaping import length, moveaxis, one_axis, ravel, reshaped
from jitad.trace.tracer import Tracer, as_tracer, wrap
from jitad.trace.tracing import where


def _by_rows(routine: Any, a: Tracer, axis: int) -> Tracer:
    """A routine along one axis."""
    t = moveaxis(a, axis, -1)
    rows = reshaped(t.node, (sizes.product(t.node.shape[:-1]), t.node.shape[-1]))
    return moveaxis(wrap(ops.reshape(routine(rows), t.node.shape)), -1, axis)


def _along(a: Any, axis: Any) -> tuple[Tracer, int]:
    t = as_tracer(a)
    if axis is None or not t.ndim:
        return ravel(t), 0
    return t, one_axis(axis, t.ndim)


def _wide(t: Tracer, axis: int, dtype: Any) -> tuple[Tracer, int]:
    """In the dtype that NumPy adds up in."""
    if dtype is None and t.dtype.kind in "biu":
        dtype = np.uint64 if t.dtype.kind == "u" else np.int64
    return t if dtype is None else t.astype(dtype), axis


@implements(np.cumsum)
def cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Tracer:
    reject("numpy.cumsum", out=out)
    return _by_rows(routine.cumsum, *_wide(*_along(a, axis), dtype))


@implements(np.cumprod)
def cumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Tracer:
    """By y[i] = x[i]*y[i-1], whose derivative needs no quotient."""
    reject("numpy.cumprod", out=out)

    def product(rows: Node) -> Node:
        i = broadcast(iota(rows.shape[1]), rows.shape, (1,))
        zero = full(0, rows.dtype, rows.shape)
        return routine.recurrence(rows, select(equal(i, full(0, i.dtype, i.shape)), rows, zero))

    return _by_rows(product, *_wide(*_along(a, axis), dtype))


def running(kind: str, a: Any, axis: Any) -> Tracer:
    """Running maxima or minima, each from all elements up to it."""
    t, k = _along(a, axis)
    x = moveaxis(t, k, -1)
    n = length(x.shape[-1])
    i, j = (wrap(broadcast(iota(n), (n, n), (p,))) for p in (0, 1))
    return moveaxis(reduction(kind, where_(ufuncs[np.less_equal](j, i), x[..., None, :], x[..., None]), -1), -1, k)


@implements(np.argsort)
def argsort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Tracer:
    reject("numpy.argsort", order=order)
    return _by_rows(routine.argsort, *_along(a, axis))


@implements(np.sort)
def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Tracer:
    reject("numpy.sort", order=order)
    t, axis = _along(a, axis)
    x = moveaxis(t, axis, -1)
    rows = reshaped(x.node, (sizes.product(x.node.shape[:-1]), x.node.shape[-1]))
    places = routine.argsort(rows)
    row = broadcast(iota(rows.shape[0]), rows.shape, (0,))
    return moveaxis(wrap(ops.reshape(gather(rows, [row, places]), x.node.shape)), -1, axis)


@implements(np.partition)
def partition(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None) -> Tracer:
    """All of it sorted: what is asked for, and more."""
    reject("numpy.partition", order=order)
    return sort(a, axis)


@implements(np.argpartition)
def argpartition(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None) -> Tracer:
    reject("numpy.argpartition", order=order)
    return argsort(a, axis)


def _first(extreme: Any) -> Any:
    def call(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Tracer:
        reject(f"numpy.{extreme.__name__}", out=out)
        t = as_tracer(a)
        if axis is None:
            if keepdims and t.ndim > 1:
                raise TraceError("argmax and argmin with keepdims need an axis on traced arrays" + where())
            t, axis = ravel(t), 0
        k = one_axis(axis, t.ndim)
        best = extreme(t, k, keepdims=True)
        is_best = (t == best) | (t != t)  # NaN comes first, as in NumPy: the extreme is NaN then, and equals nothing
        position = wrap(broadcast(iota(t.node.shape[k]), t.node.shape, (k,)))
        return min_(where_(is_best, position, t.shape[k]), k, keepdims=keepdims)

    return call


argmax, argmin = implements(np.argmax)(_first(max_)), implements(np.argmin)(_first(min_))


@implements(np.searchsorted)
def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Tracer:
    """By counting what is smaller: a pass over `a` for each value."""
    if side not in ("left", "right"):
        raise ValueError(f"side must be 'left' or 'right' (got {side!r})" + where())
    edges, values = as_tracer(a), as_tracer(v)
    if sorter is not None:
        edges = take(edges, sorter)
    spread = values[..., None]
    return sum_(edges < spread if side == "left" else edges <= spread, -1)


@implements(np.digitize)
def digitize(x: Any, bins: Any, right: bool = False) -> Tracer:
    edges = as_tracer(bins)
    ascending = edges[0] <= edges[-1]
    up = searchsorted(edges, x, "left" if right else "right")
    down = edges.shape[0] - searchsorted(edges[::-1], x, "right" if right else "left")
    return where_(ascending, up, down)


@implements(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Tracer:
    reject("numpy.interp", period=period)
    t, knots, values = as_tracer(x), as_tracer(xp), as_tracer(fp)
    n = knots.shape[0]
    k = clip(searchsorted(knots, t, "right") - 1, 0, n - 2 if n > 1 else 0)
    low, high = take(knots, k), take(knots, k + 1) if n > 1 else take(knots, k)
    f0, f1 = take(values, k), take(values, k + 1) if n > 1 else take(values, k)
    gap = high - low
    slope = where_(gap == 0, 0.0, (f1 - f0) / where_(gap == 0, 1.0, gap))
    out = where_(t == high, f1, f0 + slope * (t - low))
    out = where_(t < knots[0], values[0] if left is None else left, out)
    out = where_(t > knots[-1], values[-1] if right is None else right, out)
    return where_(ufuncs[np.isnan](t), t, out) if t.dtype.kind == "f" else out


@implements(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Tracer:
    x, y = as_tracer(a), as_tracer(v)
    if x.ndim != 1 or y.ndim != 1:
        raise ValueError("convolve takes arrays with one axis" + where())
    if len(y) > len(x):
        x, y = y, x
    n, m = x.shape[0], y.shape[0]
    from jitad.trace.numpy_api.padding import pad

    padded = pad(x, (m - 1, m - 1))
    k, j = (wrap(iota(length(s))) for s in (n + m - 1, m))
    full = sum_(padded[k[:, None] + j] * y[::-1], 1)
    if mode == "full":
        return full
    if mode == "same":
        return full[(m - 1) // 2 : (m - 1) // 2 + n]
    if mode == "valid":
        return full[m - 1 : n]
    raise ValueError(f"mode must be 'full', 'same' or 'valid', not {mode!r}" + where())


@implements(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Tracer:
    x, y = as_tracer(a), as_tracer(v)
    if len(y) > len(x):
        return correlate(y, x, mode)[::-1]
    return convolve(x, y[::-1], mode)


@implements(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Tracer:
    """Every function is applied to all of x; its values count where its condition holds."""
    t = as_tracer(x)
    conditions = [as_tracer(c) for c in (condlist if isinstance(condlist, (list, tuple)) else [condlist])]
    functions = list(funclist)
    if len(functions) == len(conditions) + 1:
        default = functions.pop()
    elif len(functions) == len(conditions):
        default = 0
    else:
        raise ValueError(f"with {len(conditions)} condition(s), either {len(conditions)} or {len(conditions) + 1} functions are "
                         "expected" + where())

    def value(f: Any) -> Any:
        return as_tracer(f(t, *args, **kw) if callable(f) else f).astype(t.dtype)

    out = value(default)
    for c, f in zip(conditions, functions, strict=True):  # later ones win
        out = where_(c, value(f), out)
    return out


@implements(np.choose)
def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Tracer:
    reject("numpy.choose", out=out, mode=None if mode == "raise" else mode)
    index, found = as_tracer(a), as_tracer(choices[-1])
    for k, c in reversed(list(enumerate(choices[:-1]))):
        found = where_(index == k, c, found)
    return found


@implements(np.compress)
def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Tracer:
    from jitad.trace.capture import content

    reject("numpy.compress", out=out)
    mask = content(as_tracer(condition), "the condition", "write np.where(condition, a, 0)")
    return take(a, np.flatnonzero(mask), axis)

"""Sums, products, extremes, means, norms."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.ir import sizes
from jitad.ir.node import Node
from jitad.ir.types import BOOL, FLOAT, INT, UINT, normalize_axes
from jitad.ops import compare
from jitad.ops.arithmetic import cast, sqrt
from jitad.ops.declare import REGISTRY
from jitad.ops.leaf import full, size_value
from jitad.ops.reduce import reduce_sum
from jitad.ops.shape import broadcast, reshape
from jitad.trace.numpy_api.registry import implements, reject
from jitad.trace.tracer import Tracer, as_tracer, broadcast_to, wrap
from jitad.trace.tracing import where as here

_NONE = np._NoValue  # type: ignore[attr-defined]


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    try:
        return normalize_axes(axis, ndim)
    except Exception as error:
        raise np.exceptions.AxisError(f"{error}{here()}") from None


def _finish(node: Node, x: Node, axes: tuple[int, ...], keepdims: Any) -> Tracer:
    if keepdims is not _NONE and keepdims:
        node = reshape(node, tuple(1 if k in axes else n for k, n in enumerate(x.shape)))
    return wrap(node)


def is_empty(x: Node, axis: Any) -> bool:
    """Whether there is nothing to reduce over an axis, or axes."""
    return any(x.shape[k] == 0 for k in _axes(axis, x.ndim))


_NEUTRAL = {"sum": 0, "prod": 1, "any": False, "all": True}


def reduction(kind: str, a: Any, axis: Any, keepdims: Any = False, dtype: Any = None, initial: Any = _NONE,
              where: Any = _NONE) -> Tracer:
    """One reduction of an array over axes, with NumPy's dtypes; from `initial` on, of the elements that are True in `where`."""
    if where is not _NONE and where is not True:
        neutral = _NEUTRAL.get(kind, initial)
        if neutral is _NONE or neutral is None:
            raise ValueError(f"reduction operation '{kind}imum' does not have an identity, so to use a where mask one has to "
                             f"specify 'initial'{here()}")
        a = _masked(a, where, neutral)
    if initial is not _NONE and initial is not None:
        from jitad.trace.numpy_api.ufunc_table import ufuncs

        join = {"sum": np.add, "prod": np.multiply, "max": np.maximum, "min": np.minimum, "any": np.logical_or,
                "all": np.logical_and}[kind]
        empty = kind in ("max", "min") and is_empty(as_tracer(a).node, axis)
        found = reduction("sum" if empty else kind, a, axis, keepdims, dtype)
        first = as_tracer(initial).astype(found.dtype)
        return ufuncs[join](first if not empty else found * 0 + first, found if not empty else first)
    x = as_tracer(a).node
    axes = _axes(axis, x.ndim)
    if kind in ("any", "all"):
        x = x if x.dtype == BOOL else compare.not_equal(x, full(0, x.dtype, x.shape))
        if is_empty(x, axes):
            return _finish(full(kind == "all", BOOL, tuple(n for k, n in enumerate(x.shape) if k not in axes)), x, axes, keepdims)
        return _finish(REGISTRY["max" if kind == "any" else "min"].build((x,), (axes,)), x, axes, keepdims)
    if dtype is not None:
        x = cast(x, np.dtype(dtype))
    elif kind in ("sum", "prod") and x.dtype.kind in "biu":
        x = cast(x, UINT if x.dtype.kind == "u" else INT)
    if kind in ("max", "min") and is_empty(x, axes):
        name = "maximum" if kind == "max" else "minimum"
        raise ValueError(f"zero-size array to reduction operation {name} which has no identity{here()}")
    return _finish(REGISTRY[kind].build((x,), (axes,)), x, axes, keepdims)


@implements(np.sum)
def sum_(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = _NONE,
         where: Any = _NONE) -> Tracer:
    reject("numpy.sum", out=out)
    return reduction("sum", a, axis, keepdims, dtype, initial, where)


@implements(np.prod)
def prod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = _NONE,
         where: Any = _NONE) -> Tracer:
    reject("numpy.prod", out=out)
    return reduction("prod", a, axis, keepdims, dtype, initial, where)


def _extreme(kind: str) -> Any:
    def call(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = _NONE,
             where: Any = _NONE) -> Tracer:
        reject(f"numpy.{kind}", out=out)
        return reduction(kind, a, axis, keepdims, None, initial, where)

    return call


max_ = implements(np.max, np.amax)(_extreme("max"))
min_ = implements(np.min, np.amin)(_extreme("min"))


def _logic(kind: str) -> Any:
    def call(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = _NONE) -> Tracer:
        reject(f"numpy.{kind}", out=out)
        return reduction(kind, a, axis, keepdims, None, _NONE, where)

    return call


any_, all_ = implements(np.any)(_logic("any")), implements(np.all)(_logic("all"))


def _masked(a: Any, mask: Any, other: Any) -> Tracer:
    """An array with something else where the mask, which broadcasts with it, is False."""
    from jitad.trace.numpy_api.selection import where_

    t = as_tracer(a)
    return where_(mask, t, as_tracer(other).astype(t.dtype) if type(other) is not bool else other)


def _float(a: Any, dtype: Any = None) -> Node:
    x = as_tracer(a).node
    return cast(x, np.dtype(dtype) if dtype is not None else x.dtype if x.dtype.kind == "f" else FLOAT)


def _count(x: Node, axes: tuple[int, ...], less: Any = 0) -> Node:
    n = size_value(sizes.product(x.shape[k] for k in axes))
    out = cast(n, x.dtype)
    return out - float(less) if less else out  # type: ignore[operator]


def _over(total: Node, n: Node) -> Node:
    return total / broadcast(n, total.shape, ())  # type: ignore[operator]


@implements(np.mean)
def mean(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = _NONE) -> Tracer:
    reject("numpy.mean", out=out)
    if where is not _NONE and where is not True:
        a = as_tracer(a)
        return sum_(a, axis, dtype, keepdims=keepdims, where=where) / _selected(a, where, axis, keepdims)
    x = _float(a, dtype)
    axes = _axes(axis, x.ndim)
    return _finish(_over(reduce_sum(x, axes), _count(x, axes)), x, axes, keepdims)


def _selected(a: Tracer, mask: Any, axis: Any, keepdims: Any) -> Tracer:
    """How many elements a mask selects."""
    ones = wrap(full(1, a.dtype if a.dtype.kind == "f" else FLOAT, a.node.shape))
    return sum_(_masked(ones, mask, 0.0), axis, keepdims=keepdims)


def _variance(a: Any, axis: Any, dtype: Any, ddof: Any, mask: Any) -> tuple[Node, Node, tuple[int, ...]]:
    x = _float(a, dtype)
    if mask is not _NONE and mask is not True:
        t = wrap(x)
        d = t - mean(t, axis, keepdims=True, where=mask)
        squares = sum_(d * d, axis, where=mask) / (_selected(t, mask, axis, False) - ddof)
        return squares.node, x, _axes(axis, x.ndim)
    axes = _axes(axis, x.ndim)
    kept = tuple(k for k in range(x.ndim) if k not in axes)
    centre = broadcast(_over(reduce_sum(x, axes), _count(x, axes)), x.shape, kept)
    d = x - centre  # type: ignore[operator]
    return _over(reduce_sum(d * d, axes), _count(x, axes, ddof)), x, axes


@implements(np.var)
def var(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False, *,
        where: Any = _NONE, mean: Any = _NONE, correction: Any = _NONE) -> Tracer:
    reject("numpy.var", out=out, mean=mean)
    node, x, axes = _variance(a, axis, dtype, ddof if correction is _NONE else correction, where)
    return _finish(node, x, axes, keepdims)


@implements(np.std)
def std(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False, *,
        where: Any = _NONE, mean: Any = _NONE, correction: Any = _NONE) -> Tracer:
    reject("numpy.std", out=out, mean=mean)
    node, x, axes = _variance(a, axis, dtype, ddof if correction is _NONE else correction, where)
    return _finish(sqrt(node), x, axes, keepdims)


@implements(np.ptp)
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Tracer:
    reject("numpy.ptp", out=out)
    return reduction("max", a, axis, keepdims) - reduction("min", a, axis, keepdims)


@implements(np.average)
def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False) -> Tracer:
    a = as_tracer(a)
    if weights is None:
        found = mean(a, axis, keepdims=keepdims)
        return (found, _selected(a, True, axis, keepdims)) if returned else found  # type: ignore[return-value]
    w = as_tracer(weights)
    if w.ndim != a.ndim and axis is not None:
        from jitad.trace.numpy_api.shaping import reshape as shaped

        k = _axes(axis, a.ndim)[0]
        w = shaped(w, tuple(n if p == k else 1 for p, n in enumerate(a.shape)))
    total = sum_(wrap(broadcast_to(w.node, a.node.shape)), axis, keepdims=keepdims)
    found = sum_(a * w, axis, keepdims=keepdims) / total
    return (found, total) if returned else found  # type: ignore[return-value]


@implements(np.count_nonzero)
def count_nonzero(a: Any, axis: Any = None, *, keepdims: Any = False) -> Tracer:
    x = as_tracer(a)
    return reduction("sum", x != 0 if x.dtype != BOOL else x, axis, keepdims)


@implements(np.trace)
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None) -> Tracer:
    from jitad.trace.numpy_api.selection import diagonal

    reject("numpy.trace", out=out)
    return reduction("sum", diagonal(a, offset, axis1, axis2), -1, False, dtype)

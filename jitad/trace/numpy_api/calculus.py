"""Differences, polynomials, grids: functions of NumPy whose Python does what traced arrays cannot."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.trace.mutation import as_view
from jitad.trace.numpy_api.creation import arange, linspace
from jitad.trace.numpy_api.ordering import compress, convolve
from jitad.trace.numpy_api.products import matmul
from jitad.trace.numpy_api.registry import functions, implements, refuse, ufuncs
from jitad.trace.numpy_api.selection import clip, diagonal
from jitad.trace.numpy_api.shaping import concatenate, moveaxis, one_axis, ravel, stack
from jitad.trace.tracer import Tracer, as_tracer, wrap
from jitad.trace.tracing import where

_NONE = np._NoValue  # type: ignore[attr-defined]


@implements(np.diff)
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = _NONE, append: Any = _NONE) -> Tracer:
    t = as_tracer(a)
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n!r}" + where())
    axis = one_axis(axis, t.ndim)
    parts = [_end(prepend, t, axis), t, _end(append, t, axis)]
    parts = [p for p in parts if p is not None]
    t = concatenate(parts, axis) if len(parts) > 1 else t
    k = (slice(None),) * axis
    step = ufuncs[np.not_equal if t.dtype == bool else np.subtract]
    for _ in range(n):
        t = step(t[(*k, slice(1, None))], t[(*k, slice(None, -1))])
    return t


def _end(value: Any, t: Tracer, axis: int) -> Tracer | None:
    if value is _NONE:
        return None
    end = as_tracer(value)
    return end if end.ndim else functions[np.broadcast_to](end, (*t.shape[:axis], 1, *t.shape[axis + 1 :]))


@implements(np.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Tracer:
    parts = [diff(ravel(ary))]
    if to_begin is not None:
        parts.insert(0, ravel(to_begin))
    if to_end is not None:
        parts.append(ravel(to_end))
    return concatenate(parts) if len(parts) > 1 else parts[0]


@implements(np.vander)
def vander(x: Any, N: Any = None, increasing: bool = False) -> Tracer:  # noqa: N803
    t = as_tracer(x)
    if t.ndim != 1:
        raise ValueError("x must be a one-dimensional array or sequence." + where())
    n = len(t) if N is None else int(N)
    powers = [ufuncs[np.power](t, k) if k else functions[np.ones_like](t) for k in range(n)]
    if not powers:
        return as_tracer(np.zeros((len(t), 0)))
    return stack(powers if increasing else powers[::-1], 1)


@implements(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Tracer:
    c = as_tracer(np.cov(as_tracer(x), y, rowvar, dtype=dtype))  # type: ignore[call-overload]
    if not c.ndim:
        return c / c
    root = ufuncs[np.sqrt](diagonal(c))
    return clip(c / root[:, None] / root[None], -1, 1)


@implements(np.geomspace)
def geomspace(start: Any, stop: Any, num: Any = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Tracer:
    a, b = as_tracer(start) * 1.0, as_tracer(stop) * 1.0
    share = linspace(0.0, 1.0, num, endpoint)
    share = share[(slice(None), *[None] * max(a.ndim, b.ndim))]
    out = moveaxis(a * (b / a) ** share, 0, axis)
    return out if dtype is None else out.astype(dtype)


@implements(np.extract)
def extract(condition: Any, arr: Any) -> Tracer:
    return compress(ravel(condition), ravel(arr))


@implements(np.polymul)
def polymul(a1: Any, a2: Any) -> Tracer:
    return convolve(as_tracer(a1), as_tracer(a2))


@implements(np.matvec)
def matvec(x1: Any, x2: Any) -> Tracer:
    return matmul(x1, as_tracer(x2)[..., None])[..., 0]


@implements(np.vecmat)
def vecmat(x1: Any, x2: Any) -> Tracer:
    return matmul(as_tracer(x1)[..., None, :], x2)[..., 0, :]


@implements(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    t = as_tracer(f) * 1.0
    axes = tuple(range(t.ndim)) if axis is None else tuple(
        one_axis(k, t.ndim) for k in (axis if isinstance(axis, (tuple, list)) else (axis,)))
    if len(varargs) not in (0, 1, len(axes)):
        raise TypeError("invalid number of arguments" + where())
    if edge_order not in (1, 2):
        raise ValueError("'edge_order' greater than 2 not supported" + where())
    spacings = list(varargs or (1.0,)) * (len(axes) if len(varargs) < 2 else 1)
    found = [moveaxis(_slope(moveaxis(t, k, 0), h, edge_order), 0, k) for k, h in zip(axes, spacings, strict=True)]
    return found[0] if len(found) == 1 else tuple(found)


def _slope(f: Tracer, spacing: Any, edge_order: int) -> Tracer:
    """Along the first axis: differences of second order inside, one-sided at the ends (Fornberg, Math. Comp. 51 (1988) 699)."""
    if f.shape[0] < edge_order + 1:
        raise ValueError("Shape of array too small to calculate a numerical gradient, at least (edge_order + 1) elements are "
                         "required." + where())
    x = as_tracer(spacing) * 1.0
    if x.ndim > 1 or (x.ndim and tuple(x.shape) != tuple(f.shape[:1])):
        raise ValueError("when 1d, distances must match the length of the corresponding dimension" + where())
    steps = diff(x) if x.ndim else functions[np.full](f.shape[0] - 1, x)
    h = steps[(slice(None), *[None] * (f.ndim - 1))]
    d = diff(f, axis=0) / h
    left, right = h[:-1], h[1:]
    inside = (d[:-1] * right + d[1:] * left) / (left + right)
    first, last = d[:1], d[-1:]
    if edge_order == 2:
        first = first - h[:1] * (d[1:2] - d[:1]) / (h[:1] + h[1:2])
        last = last + h[-1:] * (d[-1:] - d[-2:-1]) / (h[-1:] + h[-2:-1])
    return concatenate([first, inside, last], 0)


@implements(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False) -> Tracer:
    t = as_tracer(x)
    shape = window_shape if isinstance(window_shape, (tuple, list)) else (window_shape,)
    if axis is None and len(shape) != t.ndim:
        raise ValueError("Since axis is None, must provide window_shape for all dimensions of `x`" + where())
    axes = range(t.ndim) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    for n, p in zip(shape, [one_axis(k, t.ndim) for k in axes], strict=True):
        whole = t.shape[p]
        if not n <= whole:
            raise ValueError("window shape cannot be larger than input array shape" + where())
        places = arange(whole - n + 1)[:, None] + arange(n)
        t = moveaxis(t[(slice(None),) * p + (places,)], p + 1, -1)
    out = as_view(wrap(t.node), as_tracer(x), lambda base: sliding_window_view(base, window_shape, axis))
    out.fixed = not writeable
    return out


def _refused(function: Any) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        if any(type(v) is Tracer for v in (*args, *kwargs.values())):
            raise refuse(f"numpy.{function.__name__}")
        return function(*args, **kwargs)

    return call


for _function in (np.polydiv, np.roots, np.asarray_chkfinite):  # their own code would raise for what is inside of it
    implements(_function)(_refused(_function))


@implements(np.mask_indices)
def mask_indices(n: Any, mask_func: Any, k: Any = 0) -> tuple:
    return np.mask_indices(int(n), getattr(mask_func, "__wrapped__", mask_func), k)

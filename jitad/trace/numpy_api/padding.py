"""`numpy.pad` in all its modes that copy elements: every place behind the ends gets the number of an element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.errors import TraceError
from jitad.ir import sizes
from jitad.ir.types import BOOL
from jitad.ops import shape as ops
from jitad.ops.leaf import full
from jitad.trace.numpy_api.creation import arange
from jitad.trace.numpy_api.registry import implements, ufuncs
from jitad.trace.numpy_api.selection import clip
from jitad.trace.numpy_api.shaping import length
from jitad.trace.tracer import Tracer, as_tracer, wrap
from jitad.trace.tracing import where


def _edge(i: Tracer, n: Any) -> Tracer:
    return clip(i, 0, n - 1)


def _wrap(i: Tracer, n: Any) -> Tracer:
    return i % n


def _reflect(i: Tracer, n: Any) -> Tracer:
    """The way between the ends and back, without the ends twice."""
    period = ufuncs[np.maximum](2 * (n - 1), 1)
    return n - 1 - abs(i % period - (n - 1))


def _symmetric(i: Tracer, n: Any) -> Tracer:
    """The same, the ends twice."""
    k = i % (2 * n)
    return ufuncs[np.minimum](k, 2 * n - 1 - k)


_PLACES: dict[str, Callable] = {"edge": _edge, "wrap": _wrap, "reflect": _reflect, "symmetric": _symmetric}


def _pairs(given: Any, ndim: int, name: str) -> list[tuple]:
    """(before, after) for each axis, from one number, one pair, or a pair for each axis."""
    if isinstance(given, dict):
        pairs = [given.get(k, given.get(k - ndim, 0)) for k in range(ndim)]
        return [tuple(p) if isinstance(p, (tuple, list)) else (p, p) for p in pairs]
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if not isinstance(given, (tuple, list)):
        return [(given, given)] * ndim
    rows = [tuple(w) if isinstance(w, (tuple, list)) else w for w in given]
    if not any(isinstance(w, tuple) for w in rows):
        rows = [tuple(rows)]
    if any(not isinstance(w, tuple) for w in rows) or len(rows) not in (1, ndim) or any(len(w) not in (1, 2) for w in rows):
        raise ValueError(f"numpy.pad: {name}={given!r} has no pair for each of the {ndim} axes" + where())
    return [(w[0], w[-1]) for w in (rows * ndim if len(rows) == 1 else rows)]


@implements(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", *, constant_values: Any = 0, reflect_type: str = "even") -> Tracer:
    t = as_tracer(array)
    widths = _pairs(pad_width, t.ndim, "pad_width")
    if any(type(w) is int and w < 0 for pair in widths for w in pair):
        raise ValueError("index can't contain negative values" + where())
    if mode in ("constant", "empty"):
        return _constant(t, widths, _pairs(constant_values, t.ndim, "constant_values"))
    if mode in _PLACES and reflect_type != "even":
        raise TraceError("numpy.pad of a traced array: reflect_type='odd' is not supported; write 2*edge - np.pad(...)" + where())
    if mode not in _PLACES:
        raise TraceError(f"numpy.pad of a traced array: mode={mode!r} is not supported; there are constant, edge, wrap, reflect "
                         "and symmetric" + where())
    for axis, (before, after) in enumerate(widths):
        n = t.shape[axis]
        if t.node.shape[axis] == 0 and (before or after):
            raise ValueError(f"can't extend empty axis {axis} using modes other than 'constant' or 'empty'" + where())
        places = _PLACES[mode](arange(before + n + after) - before, n)
        t = t[(slice(None),) * axis + (places,)]
    return t


def _constant(t: Tracer, widths: list[tuple], values: list[tuple]) -> Tracer:
    one = {v if type(v) is not Tracer else id(v) for pair in values for v in pair}
    if len(one) > 1:  # an axis and an end at a time, as NumPy does
        for axis, ((before, after), (first, last)) in enumerate(zip(widths, values, strict=True)):
            for width, value in (((before, 0), first), ((0, after), last)):
                t = _constant(t, [width if k == axis else (0, 0) for k in range(t.ndim)], [(value, value)] * t.ndim)
        return t
    before, after = ([length(p[k]) for p in widths] for k in (0, 1))
    shape = tuple(sizes.add(sizes.add(b, n), a) for b, n, a in zip(before, t.node.shape, after, strict=True))
    places = tuple((b, 1) for b in before)
    out = ops.pad(t.node, shape, places)
    value = values[0][0] if values else 0
    if type(value) is Tracer or value != 0:
        from jitad.trace.numpy_api.selection import where_

        inside = ops.pad(full(True, BOOL, t.node.shape), shape, places)
        return where_(wrap(inside), wrap(out), as_tracer(value).astype(t.dtype))
    return wrap(out)

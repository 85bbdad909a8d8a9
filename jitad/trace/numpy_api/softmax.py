"""Sums of exponentials, by their largest: logsumexp, softmax, log_softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.ops.custom import stopped
from jitad.trace.numpy_api.reductions import is_empty, max_, sum_
from jitad.trace.numpy_api.registry import implements_scipy, refuse, ufuncs
from jitad.trace.numpy_api.selection import where_
from jitad.trace.numpy_api.shaping import squeeze
from jitad.trace.tracer import Tracer, as_tracer, float_dtype, together, wrap

_NONE = np._NoValue  # type: ignore[attr-defined]


def _top(t: Tracer, axis: Any, of_nothing: Any = _NONE) -> Tracer:
    """The largest, as a constant, 0 where that is infinite."""
    top = wrap(stopped(max_(t, axis, keepdims=True, initial=of_nothing if is_empty(t.node, axis) else _NONE).node))
    return where_(ufuncs[np.isfinite](top), top, 0.0)


def _floats(a: Any) -> Tracer:
    t = as_tracer(a)
    return t.astype(float_dtype(t.dtype))


@implements_scipy("scipy.special", "logsumexp")
def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False, *,
              initial: Any = _NONE, where: Any = _NONE) -> Tracer:
    """``log(sum(b * exp(a)))``."""
    t = _floats(a)
    if return_sign:
        raise refuse("scipy.special.logsumexp", "with return_sign=True is not supported on traced arrays")
    if where is not _NONE and where is not True:
        t = where_(where, t, -np.inf)
    if b is not None:
        t, b = (wrap(n) for n in together(t, _floats(b)))
    top = _top(t if b is None else where_(b == 0, -np.inf, t), axis, 0.0)
    if b is not None:
        t = where_(b == 0, ufuncs[np.minimum](t, top + 700.0), t)  # which does not count, and may be large
    terms = ufuncs[np.exp](t - top)
    total = sum_(terms if b is None else b * terms, axis, keepdims=True)
    nothing = total == 0  # of numbers all -inf: no derivative
    out = where_(nothing, -np.inf, ufuncs[np.log](where_(nothing, 1.0, total)) + top)
    out = out if keepdims else squeeze(out, axis if axis is not None else tuple(range(t.ndim)))
    return out if initial is _NONE else ufuncs[np.logaddexp](out, initial)


@implements_scipy("scipy.special", "softmax")
def softmax(x: Any, axis: Any = None) -> Tracer:
    """``exp(x) / sum(exp(x))``."""
    t = _floats(x)
    terms = ufuncs[np.exp](t - _top(t, axis))
    return terms / sum_(terms, axis, keepdims=True)


@implements_scipy("scipy.special", "log_softmax")
def log_softmax(x: Any, axis: Any = None) -> Tracer:
    """``x - log(sum(exp(x)))``."""
    t = _floats(x)
    moved = t - _top(t, axis)
    return moved - ufuncs[np.log](sum_(ufuncs[np.exp](moved), axis, keepdims=True))

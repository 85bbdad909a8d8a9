"""Reductions that leave out NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.trace.numpy_api.ordering import argmax, argmin
from jitad.trace.numpy_api.reductions import count_nonzero, max_, min_, prod, sum_
from jitad.trace.numpy_api.registry import implements, reject, ufuncs
from jitad.trace.numpy_api.selection import where_
from jitad.trace.tracer import Tracer, as_tracer


def _filled(a: Any, value: float) -> Tracer:
    t = as_tracer(a)
    return where_(ufuncs[np.isnan](t), value, t) if t.dtype.kind == "f" else t


def _present(a: Any) -> Tracer:
    t = as_tracer(a)
    return ~ufuncs[np.isnan](t) if t.dtype.kind == "f" else t == t


@implements(np.nansum)
def nansum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Tracer:
    reject("numpy.nansum", out=out)
    return sum_(_filled(a, 0.0), axis, dtype, keepdims=keepdims)


@implements(np.nanprod)
def nanprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Tracer:
    reject("numpy.nanprod", out=out)
    return prod(_filled(a, 1.0), axis, dtype, keepdims=keepdims)


@implements(np.nanmean)
def nanmean(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Tracer:
    reject("numpy.nanmean", out=out)
    return nansum(a, axis, dtype, keepdims=keepdims) / count_nonzero(_present(a), axis, keepdims=keepdims)


@implements(np.nanvar)
def nanvar(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False) -> Tracer:
    reject("numpy.nanvar", out=out)
    d = as_tracer(a) - nanmean(a, axis, dtype, keepdims=True)
    squares = where_(_present(a), d * d, 0.0)
    return sum_(squares, axis, dtype, keepdims=keepdims) / (count_nonzero(_present(a), axis, keepdims=keepdims) - ddof)


@implements(np.nanstd)
def nanstd(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False) -> Tracer:
    reject("numpy.nanstd", out=out)
    return ufuncs[np.sqrt](nanvar(a, axis, dtype, ddof=ddof, keepdims=keepdims))


def _extreme(reduce: Any, worst: float) -> Any:
    def call(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Tracer:
        reject("numpy.nanmax", out=out)
        found = reduce(_filled(a, worst), axis, keepdims=keepdims)
        return where_(count_nonzero(_present(a), axis, keepdims=keepdims) > 0, found, np.nan)

    return call


def _first(function: Any, worst: float) -> Any:
    def call(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Tracer:
        return function(_filled(a, worst), axis, keepdims=keepdims)

    return call


implements(np.nanargmax)(_first(argmax, -np.inf))
implements(np.nanargmin)(_first(argmin, np.inf))
implements(np.nanmax)(_extreme(max_, -np.inf))
implements(np.nanmin)(_extreme(min_, np.inf))

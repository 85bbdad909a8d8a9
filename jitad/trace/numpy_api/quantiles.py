"""Medians, quantiles, percentiles: elements of what is sorted, and what lies between two of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.errors import TraceError
from jitad.trace.numpy_api.ordering import sort
from jitad.trace.numpy_api.registry import astype, functions, implements, reject, ufuncs
from jitad.trace.numpy_api.selection import where_
from jitad.trace.numpy_api.shaping import expand_dims, moveaxis, one_axis, ravel, stack
from jitad.trace.tracer import Tracer, as_tracer
from jitad.trace.tracing import where


def _sorted(a: Any, axis: Any, name: str) -> tuple[Tracer, Tracer]:
    """The sorted axis at the end, and whether there is NaN (which is last then)."""
    t = as_tracer(a)
    t = t if t.dtype.kind == "f" else t.astype(float)
    if isinstance(axis, (tuple, list)):
        raise TraceError(f"{name} over several axes of traced arrays is not supported; reshape them into one" + where())
    s = sort(ravel(t) if axis is None else moveaxis(t, one_axis(axis, t.ndim), -1))
    if s.node.shape[-1] == 0:
        raise ValueError(f"{name} of an empty axis" + where())
    return s, ufuncs[np.isnan](s[..., -1])


def _kept(found: Tracer, a: Any, axis: Any, keepdims: Any) -> Tracer:
    if not keepdims:
        return found
    ndim = as_tracer(a).ndim
    return expand_dims(found, tuple(range(ndim)) if axis is None else one_axis(axis, ndim))


@implements(np.median)
def median(a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: Any = False) -> Tracer:
    reject("numpy.median", out=out)
    s, is_nan = _sorted(a, axis, "numpy.median")
    n = s.shape[-1]
    middle = (s[..., (n - 1) // 2] + s[..., n // 2]) / 2
    return _kept(where_(is_nan, np.nan, middle), a, axis, keepdims)


@implements(np.quantile)
def quantile(a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, method: str = "linear",
             keepdims: Any = False, *, weights: Any = None) -> Tracer:
    reject("numpy.quantile", out=out, weights=weights)
    s, is_nan = _sorted(a, axis, "numpy.quantile")
    if np.ndim(q):
        return stack([_kept(_quantile(s, is_nan, v, method), a, axis, keepdims) for v in np.asarray(q).ravel()]).reshape(
            (*np.shape(q), *_kept(is_nan, a, axis, keepdims).shape))
    return _kept(_quantile(s, is_nan, q, method), a, axis, keepdims)


def _quantile(s: Tracer, is_nan: Tracer, q: Any, method: str) -> Tracer:
    return where_(is_nan, np.nan, _within(s, s.shape[-1], q, method))


def _within(s: Tracer, n: Any, q: Any, method: str) -> Tracer:
    """The quantile of the first `n` elements of sorted rows; NaN if there are none."""
    if not isinstance(q, Tracer) and not 0 <= q <= 1:
        raise ValueError("quantiles must be in the range [0, 1]" + where())
    place = as_tracer(q) * (n - 1)
    low = astype(ufuncs[np.floor](place), np.int64)
    high = astype(ufuncs[np.ceil](place), np.int64)
    share = {"linear": lambda: place - low, "lower": lambda: 0.0, "higher": lambda: 1.0, "midpoint": lambda: 0.5}.get(method)
    if share is None:
        raise TraceError(f"numpy.quantile: method={method!r} is not supported on traced arrays; there are linear, lower, higher "
                         "and midpoint" + where())
    below, above, t = _element(s, low), _element(s, high), as_tracer(share())
    gap = where_(above == below, 0.0, above - below)  # of two infinities
    upward = ufuncs[np.less](t, 0.5)  # from the nearer of both, as NumPy: infinities stay
    return where_(upward, below + gap * where_(upward, t, 0.0), above - gap * where_(upward, 0.0, 1.0 - t)).astype(s.dtype)


def _element(s: Tracer, k: Tracer) -> Tracer:
    """The elements of rows at one place, or at a place for each row."""
    if not k.ndim:
        return s[..., k]
    return np.take_along_axis(s, expand_dims(ufuncs[np.maximum](k, 0), -1), -1)[..., 0]  # type: ignore


@implements(np.nanquantile)
def nanquantile(a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, method: str = "linear",
                keepdims: Any = False, *, weights: Any = None) -> Tracer:
    """NaN is last when sorted, so that only the number of elements differs from row to row."""
    reject("numpy.nanquantile", out=out, weights=weights)
    s, _ = _sorted(a, axis, "numpy.nanquantile")
    n = functions[np.count_nonzero](~ufuncs[np.isnan](as_tracer(a) * 1.0), axis)
    if not np.ndim(q):
        return _kept(_within(s, n, q, method), a, axis, keepdims)
    found = [_kept(_within(s, n, v, method), a, axis, keepdims) for v in np.asarray(q).ravel()]
    return stack(found).reshape((*np.shape(q), *found[0].shape))


@implements(np.nanpercentile)
def nanpercentile(a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, method: str = "linear",
                  keepdims: Any = False, *, weights: Any = None) -> Tracer:
    share = np.asarray(q) / 100 if not isinstance(q, Tracer) else q / 100
    return nanquantile(a, share, axis, out, method=method, keepdims=keepdims, weights=weights)


@implements(np.nanmedian)
def nanmedian(a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: Any = False) -> Tracer:
    return nanquantile(a, 0.5, axis, out, keepdims=keepdims)


@implements(np.percentile)
def percentile(a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, method: str = "linear",
               keepdims: Any = False, *, weights: Any = None) -> Tracer:
    reject("numpy.percentile", out=out, weights=weights)
    return quantile(a, np.asarray(q) / 100 if not isinstance(q, Tracer) else q / 100, axis, method=method, keepdims=keepdims)

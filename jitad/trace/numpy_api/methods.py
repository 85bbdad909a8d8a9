"""Methods of ufuncs: reduce, outer, at, accumulate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.errors import TraceError
from jitad.trace.numpy_api.reductions import reduction
from jitad.trace.numpy_api.registry import refuse, reject, title, ufunc_of
from jitad.trace.numpy_api.softmax import logsumexp
from jitad.trace.tracer import Tracer, as_tracer
from jitad.trace.tracing import where

_REDUCE = {np.add: "sum", np.multiply: "prod", np.maximum: "max", np.minimum: "min", np.logical_or: "any",
           np.logical_and: "all"}


def reduce(ufunc: np.ufunc, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False,
           initial: Any = np._NoValue, where: Any = np._NoValue) -> Tracer:  # type: ignore[attr-defined]
    """``ufunc.reduce``."""
    reject(f"{title(ufunc)}.reduce", out=out)
    if ufunc is np.logaddexp:
        return logsumexp(array, axis, keepdims=keepdims, initial=initial, where=where)
    if ufunc not in _REDUCE:
        raise refuse(f"{title(ufunc)}.reduce")
    return reduction(_REDUCE[ufunc], array, axis, keepdims, dtype, initial, where)


def outer(ufunc: np.ufunc, x: Any, y: Any) -> Tracer:
    """``ufunc.outer``."""
    from jitad.trace.numpy_api.shaping import reshape

    a, b = as_tracer(x), as_tracer(y)
    found = ufunc_of(ufunc)
    if found is None:
        raise refuse(f"{title(ufunc)}.outer")
    return found(reshape(a, (*a.shape, *([1] * b.ndim))), b)


def at(ufunc: np.ufunc, a: Any, indices: Any, b: Any = None) -> None:
    """``ufunc.at``: repeated indices add up."""
    from jitad.trace.mutation import change
    from jitad.trace.numpy_api.placing import add_at

    if ufunc not in (np.add, np.subtract):
        raise refuse(f"{title(ufunc)}.at")
    if type(a) is not Tracer:
        raise TraceError(f"{title(ufunc)}.at cannot write a traced array into a plain one; make it inside of the traced "
                         f"function{where()}")
    values = as_tracer(b)
    change(a, add_at(a, indices, values if ufunc is np.add else 0 - values).node)


def accumulate(ufunc: np.ufunc, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Tracer:
    """``ufunc.accumulate``."""
    from jitad.trace.numpy_api.ordering import cumprod, cumsum, running

    if ufunc in (np.maximum, np.minimum):
        reject(f"{title(ufunc)}.accumulate", dtype=dtype, out=out)
        return running(_REDUCE[ufunc], array, axis)
    if ufunc not in (np.add, np.multiply):
        raise refuse(f"{title(ufunc)}.accumulate")
    return (cumsum if ufunc is np.add else cumprod)(array, axis, dtype, out)


METHODS: dict[str, Callable] = {"reduce": reduce, "outer": outer, "at": at, "accumulate": accumulate}

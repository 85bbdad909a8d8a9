"""Methods of ufuncs: reduce, outer, at, accumulate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.errors import TraceError
from jitad.trace.numpy_api.reductions import reduction
from jitad.trace.numpy_api.registry import refuse, reject, ufunc_of
from jitad.trace.tracer import Tracer, as_tracer
from jitad.trace.tracing import where

_REDUCE = {np.add: "sum", np.multiply: "prod", np.maximum: "max", np.minimum: "min", np.logical_or: "any",
           np.logical_and: "all"}


def reduce(ufunc: np.ufunc, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False,
           initial: Any = np._NoValue) -> Tracer:  # type: ignore[attr-defined]
    """``ufunc.reduce``."""
    reject(f"numpy.{ufunc.__name__}.reduce", out=out, initial=initial)
    if ufunc not in _REDUCE:
        raise refuse(f"numpy.{ufunc.__name__}.reduce")
    return reduction(_REDUCE[ufunc], array, axis, keepdims, dtype)


def outer(ufunc: np.ufunc, x: Any, y: Any) -> Tracer:
    """``ufunc.outer``."""
    from jitad.trace.numpy_api.shaping import reshape

    a, b = as_tracer(x), as_tracer(y)
    found = ufunc_of(ufunc)
    if found is None:
        raise refuse(f"numpy.{ufunc.__name__}.outer")
    return found(reshape(a, (*a.shape, *([1] * b.ndim))), b)


def at(ufunc: np.ufunc, *args: Any) -> None:
    """``ufunc.at`` changes its argument, which a traced array cannot."""
    raise TraceError(
        f"numpy.{ufunc.__name__}.at changes its first argument, which a traced array cannot do; "
        f"write a = jitad.numpy.add_at(a, i, v){where()}")


METHODS: dict[str, Callable] = {"reduce": reduce, "outer": outer, "at": at}

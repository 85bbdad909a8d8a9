"""Comparisons of whole arrays, and questions about signs and infinities."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.errors import ShapeError
from jitad.ops.arithmetic import copysign
from jitad.trace.numpy_api.registry import functions, implements, ufuncs
from jitad.trace.tracer import Tracer, apply, as_tracer


@implements(np.signbit)
def signbit(x: Any) -> Any:
    return ufuncs[np.less](apply(copysign, 1.0, as_tracer(x) * 1.0), 0)


@implements(np.isposinf)
def isposinf(x: Any, out: Any = None) -> Tracer:
    return as_tracer(x) == np.inf


@implements(np.isneginf)
def isneginf(x: Any, out: Any = None) -> Tracer:
    return as_tracer(x) == -np.inf


@implements(np.isclose)
def isclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Tracer:
    x, y = as_tracer(a), as_tracer(b)
    near = (abs(x - y) <= atol + rtol * abs(y)) & ufuncs[np.isfinite](y * 1.0) | (x == y)
    return near | ((x != x) & (y != y)) if equal_nan else near


@implements(np.allclose)
def allclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Tracer:
    return isclose(a, b, rtol, atol, equal_nan).all()


@implements(np.array_equal)
def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> Any:
    x, y = as_tracer(a1), as_tracer(a2)
    if x.ndim != y.ndim or tuple(x.shape) != tuple(y.shape):
        return as_tracer(False)
    same = x == y
    return (same | ((x != x) & (y != y)) if equal_nan else same).all()


@implements(np.array_equiv)
def array_equiv(a1: Any, a2: Any) -> Any:
    try:
        return functions[np.all](as_tracer(a1) == as_tracer(a2))
    except ShapeError:
        return as_tracer(False)

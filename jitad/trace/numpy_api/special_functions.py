"""Functions of scipy.special that are no ops: written in Python there, or compositions here."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.errors import TraceError
from jitad.ops import special
from jitad.ops.compare import less, select
from jitad.ops.declare import REGISTRY
from jitad.ops.leaf import full
from jitad.trace.numpy_api.registry import implements, implements_special
from jitad.trace.numpy_api.ufunc_table import divide
from jitad.trace.tracer import Tracer, apply, as_tracer, wrap
from jitad.trace.tracing import where


def _op(name: str, *xs: Any) -> Tracer:
    return apply(REGISTRY[name], *xs)  # type: ignore[arg-type]


@implements(np.i0)
def i0(x: Any) -> Tracer:
    return _op("i0", x)


@implements_special("yv")
def yv(v: Any, z: Any) -> Tracer:
    return _op("yn", v, z)


@implements_special("polygamma")
def polygamma(n: Any, x: Any) -> Tracer:
    return _op("polygamma", n, x)


@implements_special("loggamma")
def loggamma(z: Any) -> Tracer:
    """Of real numbers: as a complex function, it is not real on the left."""
    x = divide(z, 1).node
    return wrap(select(less(x, full(0, x.dtype, x.shape)), full(np.nan, x.dtype, x.shape), special.gammaln(x)))


@implements_special("multigammaln")
def multigammaln(a: Any, d: Any) -> Tracer:
    """log of the multivariate gamma function of a constant dimension."""
    if type(d) is not int:
        raise TraceError(f"scipy.special.multigammaln: the dimension must be an int{where()}")
    a = as_tracer(a)
    total = as_tracer(d * (d - 1) / 4 * float(np.log(np.pi)))
    for j in range(d):
        total = total + _op("gammaln", a - 0.5 * j)
    return total

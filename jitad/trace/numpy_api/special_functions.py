"""Functions of scipy.special that are no ops: written in Python there, or compositions here."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.errors import TraceError
from jitad.ir.node import Node
from jitad.ops import arithmetic, bessel, compare, special
from jitad.ops.declare import REGISTRY
from jitad.ops.leaf import full
from jitad.trace.numpy_api.registry import implements, implements_scipy, ufuncs
from jitad.trace.numpy_api.ufunc_table import divide, multiply, power
from jitad.trace.tracer import Tracer, apply, as_tracer, together, wrap
from jitad.trace.tracing import where


def _op(name: str, *xs: Any) -> Tracer:
    return apply(REGISTRY[name], *xs)  # type: ignore[arg-type]


@implements(np.i0)
def i0(x: Any) -> Tracer:
    return _op("i0", x)


@implements_scipy("scipy.special", "yv")
def yv(v: Any, z: Any) -> Tracer:
    return _op("yn", v, z)


@implements_scipy("scipy.special", "spherical_jn")
def spherical_jn(n: Any, z: Any, derivative: bool = False) -> Tracer:
    out = _op("spherical_jn", n, z)
    return wrap(bessel.spherical_jn.partials(*out.node.args, out=out.node)[1]) if derivative else out  # type: ignore[misc]


@implements(np.sinc)
def sinc(x: Any) -> Tracer:
    """The spherical Bessel function of order 0, whose derivatives at 0 are those of other orders."""
    return _op("spherical_jn", 0, multiply(x, float(np.pi)))


@implements_scipy("scipy.special", "polygamma")
def polygamma(n: Any, x: Any) -> Tracer:
    return _op("polygamma", n, x)


@implements_scipy("scipy.special", "loggamma")
def loggamma(z: Any) -> Tracer:
    """Of real numbers: as a complex function, it is not real on the left."""
    x = divide(z, 1).node
    return wrap(compare.select(compare.less(x, full(0, x.dtype, x.shape)), full(np.nan, x.dtype, x.shape), special.gammaln(x)))


@implements_scipy("scipy.special", "multigammaln")
def multigammaln(a: Any, d: Any) -> Tracer:
    """log of the multivariate gamma function of a constant dimension."""
    if type(d) is not int:
        raise TraceError(f"scipy.special.multigammaln: the dimension must be an int{where()}")
    a = as_tracer(a)
    total = as_tracer(d * (d - 1) / 4 * float(np.log(np.pi)))
    for j in range(d):
        total = total + _op("gammaln", a - 0.5 * j)
    return total


for _name, _ufunc in {"expm1": np.expm1, "log1p": np.log1p, "cbrt": np.cbrt, "exp2": np.exp2, "round": np.rint}.items():
    implements_scipy("scipy.special", _name)(ufuncs[_ufunc])


@implements_scipy("scipy.special", "exp10")
def exp10(x: Any) -> Tracer:
    return power(10.0, divide(x, 1))


@implements_scipy("scipy.special", "softplus")
def softplus(x: Any) -> Tracer:
    return wrap(-special.log_expit(-divide(x, 1).node))


@implements_scipy("scipy.special", "huber")
def huber(delta: Any, r: Any) -> Tracer:
    """r**2/2 up to delta, from there on a straight line."""
    d, x = together(divide(delta, 1), divide(r, 1))
    distance = compare.absolute(x)
    loss = compare.select(compare.less_equal(distance, d), 0.5 * (x * x), d * (distance - 0.5 * d))
    return wrap(_above_zero(d, loss))


@implements_scipy("scipy.special", "pseudo_huber")
def pseudo_huber(delta: Any, r: Any) -> Tracer:
    """delta**2 (sqrt(1 + (r/delta)**2) - 1), in the form that does not cancel."""
    d, x = together(divide(delta, 1), divide(r, 1))
    zero = full(0, d.dtype, d.shape)
    ratio = x / d
    loss = x * x / (1.0 + arithmetic.sqrt(1.0 + ratio * ratio))
    return wrap(_above_zero(d, compare.select(compare.equal(d, zero), zero, loss)))


def _above_zero(delta: Node, loss: Node) -> Node:
    """Infinite where delta is negative."""
    zero = full(0, delta.dtype, delta.shape)
    return compare.select(compare.less(delta, zero), full(np.inf, delta.dtype, delta.shape), loss)

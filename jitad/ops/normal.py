"""Error functions and the normal distribution."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jitad.ir.node import Node
from jitad.ops.arithmetic import exp
from jitad.ops.compare import less, select
from jitad.ops.declare import Elementwise, elementwise
from jitad.ops.leaf import full
from jitad.ops.support import mp, next_order, scipy

_TWO_BY_ROOT_PI = 2 / math.sqrt(math.pi)
_ROOT_HALF, _ROOT_TWO, _ROOT_TWO_PI = math.sqrt(0.5), math.sqrt(2), math.sqrt(2 * math.pi)

erf = elementwise("erf", numpy=scipy("erf"), special="erf", code="erf({x})", cost=40, parity="odd",
                  partials=lambda x, out: (_TWO_BY_ROOT_PI * exp(-(x * x)),))
erfc = elementwise("erfc", numpy=scipy("erfc"), special="erfc", code="erfc({x})", cost=40,
                   partials=lambda x, out: (-_TWO_BY_ROOT_PI * exp(-(x * x)),))
erfinv = elementwise("erfinv", numpy=scipy("erfinv"), special="erfinv", code="erfinv({x})", cost=60, domain=(-0.95, 0.95),
                     parity="odd", partials=lambda y, out: (1 / _TWO_BY_ROOT_PI * exp(out * out),))
erfcinv = elementwise("erfcinv", numpy=scipy("erfcinv"), special="erfcinv", code="erfcinv({x})", cost=60, domain=(0.05, 1.95),
                      mpmath=lambda q: mp("erfinv")(1 - q), partials=lambda q, out: (-1 / _TWO_BY_ROOT_PI * exp(out * out),))


def _hazard(x: Any) -> Any:
    return math.sqrt(2 / math.pi) / scipy("erfcx")(x * _ROOT_HALF)


def _tail_ratio(n: Any, x: Any) -> Any:
    highest = int(np.max(n, initial=0))
    inverse, left = _hazard(x), np.maximum(x, -40.0)
    for k in range(1, highest + 1):
        inverse = np.where(n >= k, k / (inverse - left), inverse)
    ratio = 1 / (x + np.sqrt(highest + 170))
    for k in range(highest + 170, 0, -1):
        ratio = np.where(n < k, 1 / (x + k * ratio), ratio)
    return np.where(x < 1.5, 1 / inverse, ratio)


def _hazard_partials(x: Node, out: Node) -> tuple:
    """out*(out - x), and on the right, where that is 1 + 1/x**2, in a form whose derivatives do not cancel."""
    first, second = (tail_ratio(full(n, x.dtype, x.shape), x) for n in (1, 2))
    return (select(less(x, full(1, x.dtype, x.shape)), out * first, 1.0 + first * (first - 2.0 * second)),)


# Everything about the logarithm of the tail is made of these two; in none of its derivatives anything cancels.
hazard = elementwise("hazard", numpy=_hazard, code="hazard({x})", cost=60, domain=(-3, 5), partials=_hazard_partials,
                     mpmath=lambda x: mp("npdf")(x) / mp("ncdf")(-x))
tail_ratio: Elementwise = elementwise(
    "tail_ratio", numpy=_tail_ratio, code="tail_ratio(int({x}), {y})", arity=2, whole=(0,), cost=80, domain=((1, 4), (-3, 5)),
    mpmath=lambda n, x: mp("pcfd")(-n - 1, x) / mp("pcfd")(-n, x),
    partials=lambda n, x, out: (None, out * (n * out - next_order(n, 1) * tail_ratio(next_order(n, 1), x))))

erfcx = elementwise("erfcx", numpy=scipy("erfcx"), special="erfcx", code="erfcx({x})", cost=40, domain=(-3, 6),
                    mpmath=lambda x: mp("exp")(x * x) * mp("erfc")(x),
                    partials=lambda x, out: (-_ROOT_TWO * out * tail_ratio(full(1, x.dtype, x.shape), _ROOT_TWO * x),))
ndtr = elementwise("ndtr", numpy=scipy("ndtr"), special="ndtr", code="ndtr({x})", cost=50, mpmath="ncdf",
                   partials=lambda x, out: (1 / _ROOT_TWO_PI * exp(-0.5 * (x * x)),))
log_ndtr = elementwise("log_ndtr", numpy=scipy("log_ndtr"), special="log_ndtr", code="log_ndtr({x})", cost=60, domain=(-6, 3),
                       mpmath=lambda x: mp("log")(mp("ncdf")(x)),
                       partials=lambda x, out: (hazard(-x),))
ndtri = elementwise("ndtri", numpy=scipy("ndtri"), special="ndtri", code="ndtri({x})", cost=60, domain=(0.05, 0.95),
                    mpmath=lambda p: mp("sqrt")(2) * mp("erfinv")(2 * p - 1),
                    partials=lambda p, out: (_ROOT_TWO_PI * exp(0.5 * (out * out)),))

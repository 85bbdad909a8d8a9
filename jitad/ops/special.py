"""Special functions. SciPy is not imported until one is evaluated by the interpreter."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

from jitad.ir.node import Node
from jitad.ops.arithmetic import add, exp, log, log1p
from jitad.ops.declare import Elementwise, elementwise
from jitad.ops.leaf import constant_value, full


def _scipy(name: str) -> Callable:
    def function(*args: Any) -> Any:
        import scipy.special

        return getattr(scipy.special, name)(*args)

    function.__name__ = name
    return function


def _mp(name: str) -> Callable:
    def function(*args: Any) -> Any:
        return getattr(sys.modules["mpmath"], name)(*args)  # only called where it is imported

    return function


def next_order(n: Node, k: int) -> Node:
    """n + k, in one form however it is come by: derivatives of high order share the functions they are made of."""
    value = constant_value(n)
    if value is not None:
        return full(value + k, n.dtype, n.shape)
    if n.op is add:
        before = constant_value(n.args[1])
        if before is not None:
            n, k = n.args[0], int(before) + k
    return n + float(k) if k else n


_TWO_BY_ROOT_PI = 2 / math.sqrt(math.pi)

erf = elementwise("erf", numpy=_scipy("erf"), special="erf", code="erf({x})", cost=40, parity="odd",
                  partials=lambda x, out: (_TWO_BY_ROOT_PI * exp(-(x * x)),))
erfc = elementwise("erfc", numpy=_scipy("erfc"), special="erfc", code="erfc({x})", cost=40,
                   partials=lambda x, out: (-_TWO_BY_ROOT_PI * exp(-(x * x)),))

expit: Elementwise = elementwise(
    "expit", numpy=_scipy("expit"), special="expit", code="expit({x})", cost=25, mpmath=lambda x: 1 / (1 + _mp("exp")(-x)),
    partials=lambda x, out: (out * expit(-x),))
logit = elementwise("logit", numpy=_scipy("logit"), special="logit", code="logit({x})", cost=25, domain=(0.1, 0.9),
                    mpmath=lambda x: _mp("log")(x / (1 - x)), partials=lambda x, out: (1.0 / (x * (1.0 - x)),))
xlogy = elementwise("xlogy", numpy=_scipy("xlogy"), special="xlogy", code="xlogy({x}, {y})", arity=2, cost=25,
                    domain=((0.5, 3), (0.5, 3)), mpmath=lambda x, y: x * _mp("log")(y),
                    partials=lambda x, y, out: (log(y), x / y))
xlog1py = elementwise("xlog1py", numpy=_scipy("xlog1py"), special="xlog1py", code="xlog1py({x}, {y})", arity=2, cost=25,
                      domain=((0.5, 3), (-0.5, 3)), mpmath=lambda x, y: x * _mp("log1p")(y),
                      partials=lambda x, y, out: (log1p(y), x / (1.0 + y)))
entr = elementwise("entr", numpy=_scipy("entr"), special="entr", code="entr({x})", cost=25, domain=(0.1, 4),
                   mpmath=lambda x: -x * _mp("log")(x), partials=lambda x, out: (-log(x) - 1.0,))
rel_entr = elementwise("rel_entr", numpy=_scipy("rel_entr"), special="rel_entr", code="rel_entr({x}, {y})", arity=2, cost=25,
                       domain=((0.5, 3), (0.5, 3)), mpmath=lambda x, y: x * _mp("log")(x / y),
                       partials=lambda x, y, out: (log(x / y) + 1.0, -(x / y)))

# The gamma function and its logarithmic derivatives: each is the derivative of the one before.
polygamma: Elementwise = elementwise(
    "polygamma", numpy=_scipy("polygamma"), code="polygamma(int({x}), {y})", arity=2, whole=(0,), cost=60,
    domain=((0, 7), (0.5, 6)), partials=lambda n, x, out: (None, polygamma(next_order(n, 1), x)))
digamma = elementwise("digamma", numpy=_scipy("psi"), special="psi", code="polygamma(0, {x})", cost=60, domain=(0.5, 6),
                      partials=lambda x, out: (polygamma(full(1, x.dtype, x.shape), x),))
gammaln = elementwise("gammaln", numpy=_scipy("gammaln"), special="gammaln", code="gammaln({x})", cost=60, domain=(0.5, 6),
                      mpmath="loggamma", partials=lambda x, out: (digamma(x),))
gamma = elementwise("gamma", numpy=_scipy("gamma"), special="gamma", code="gamma({x})", cost=60, domain=(0.5, 4),
                    partials=lambda x, out: (out * digamma(x),))

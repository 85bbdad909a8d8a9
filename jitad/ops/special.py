"""Logistic functions, products with a logarithm, functions of degrees, the gamma function."""

from __future__ import annotations

import math

import numpy as np

from jitad.ir.node import Node
from jitad.ops.arithmetic import log, log1p, sin
from jitad.ops.compare import equal, isinf, logical_and, select
from jitad.ops.declare import Elementwise, elementwise
from jitad.ops.leaf import full
from jitad.ops.singular import unless_zero
from jitad.ops.support import degrees, mp, next_order, scipy

expit: Elementwise = elementwise(
    "expit", numpy=scipy("expit"), special="expit", code="expit({x})", cost=25, mpmath=lambda x: 1 / (1 + mp("exp")(-x)),
    partials=lambda x, out: (out * expit(-x),))
log_expit = elementwise("log_expit", numpy=scipy("log_expit"), special="log_expit", code="log_expit({x})", cost=30,
                        mpmath=lambda x: -mp("log1p")(mp("exp")(-x)), partials=lambda x, out: (expit(-x),))


def _logaddexp_partials(x: Node, y: Node, out: Node) -> tuple:
    """The shares of both; of two equal infinities, a half."""
    zero, both = full(0, x.dtype, x.shape), logical_and(equal(x, y), isinf(x))
    gap = select(both, zero, x - y)
    return expit(gap), expit(-gap)


logaddexp = elementwise("logaddexp", numpy=np.logaddexp, code="logaddexp({x}, {y})", arity=2, cost=40, commutes=True,
                        mpmath=lambda x, y: mp("log")(mp("exp")(x) + mp("exp")(y)), partials=_logaddexp_partials)
logit = elementwise("logit", numpy=scipy("logit"), special="logit", code="logit({x})", cost=25, domain=(0.1, 0.9),
                    mpmath=lambda x: mp("log")(x / (1 - x)), partials=lambda x, out: (1.0 / (x * (1.0 - x)),))
xlogy = elementwise("xlogy", numpy=scipy("xlogy"), special="xlogy", code="xlogy({x}, {y})", arity=2, cost=25,
                    domain=((0.5, 3), (0.5, 3)), mpmath=lambda x, y: x * mp("log")(y),
                    partials=lambda x, y, out: (log(y), unless_zero(x, x / y)))
xlog1py = elementwise("xlog1py", numpy=scipy("xlog1py"), special="xlog1py", code="xlog1py({x}, {y})", arity=2, cost=25,
                      domain=((0.5, 3), (-0.5, 3)), mpmath=lambda x, y: x * mp("log1p")(y),
                      partials=lambda x, y, out: (log1p(y), unless_zero(x, x / (1.0 + y))))
entr = elementwise("entr", numpy=scipy("entr"), special="entr", code="entr({x})", cost=25, domain=(0.1, 4),
                   mpmath=lambda x: -x * mp("log")(x), partials=lambda x, out: (-log(x) - 1.0,))
rel_entr = elementwise("rel_entr", numpy=scipy("rel_entr"), special="rel_entr", code="rel_entr({x}, {y})", arity=2, cost=25,
                       domain=((0.5, 3), (0.5, 3)), mpmath=lambda x, y: x * mp("log")(x / y),
                       partials=lambda x, y, out: (log(x / y) + 1.0, -unless_zero(x, x / y)))
kl_div = elementwise("kl_div", numpy=scipy("kl_div"), special="kl_div", code="kl_div({x}, {y})", arity=2, cost=25,
                     domain=((0.5, 3), (0.5, 3)), mpmath=lambda x, y: x * mp("log")(x / y) - x + y,
                     partials=lambda x, y, out: (log(x / y), 1.0 - x / y))

# Of angles in degrees.
_DEGREE = math.pi / 180
sindg: Elementwise = elementwise(
    "sindg", numpy=scipy("sindg"), special="sindg", code="sindg({x})", cost=25, parity="odd",
    mpmath=degrees("sin"), partials=lambda x, out: (_DEGREE * cosdg(x),))
cosdg: Elementwise = elementwise(
    "cosdg", numpy=scipy("cosdg"), special="cosdg", code="cosdg({x})", cost=25, parity="even",
    mpmath=degrees("cos"), partials=lambda x, out: (-_DEGREE * sindg(x),))
tandg = elementwise("tandg", numpy=scipy("tandg"), special="tandg", code="tandg({x})", cost=50, parity="odd",
                    mpmath=degrees("tan"), partials=lambda x, out: (_DEGREE * (1.0 + out * out),))
cotdg = elementwise("cotdg", numpy=scipy("cotdg"), special="cotdg", code="cotdg({x})", cost=50, parity="odd", domain=(5, 175),
                    mpmath=degrees("cot"), partials=lambda x, out: (-_DEGREE * (1.0 + out * out),))
cosm1 = elementwise("cosm1", numpy=scipy("cosm1"), special="cosm1", code="cosm1({x})", cost=25, parity="even",
                    mpmath=lambda x: mp("cos")(x) - 1, partials=lambda x, out: (-sin(x),))

# The gamma function and its logarithmic derivatives: each is the derivative of the one before.
polygamma: Elementwise = elementwise(
    "polygamma", numpy=scipy("polygamma"), code="polygamma(int({x}), {y})", arity=2, whole=(0,), cost=60,
    domain=((0, 7), (0.5, 6)), partials=lambda n, x, out: (None, polygamma(next_order(n, 1), x)))
digamma = elementwise("digamma", numpy=scipy("psi"), special="psi", code="polygamma(0, {x})", cost=60, domain=(0.5, 6),
                      partials=lambda x, out: (polygamma(full(1, x.dtype, x.shape), x),))
gammaln = elementwise("gammaln", numpy=scipy("gammaln"), special="gammaln", code="gammaln({x})", cost=60, domain=(0.5, 6),
                      mpmath="loggamma", partials=lambda x, out: (digamma(x),))
gamma = elementwise("gamma", numpy=scipy("gamma"), special="gamma", code="gamma({x})", cost=60, domain=(0.5, 4),
                    partials=lambda x, out: (out * digamma(x),))
beta = elementwise("beta", numpy=scipy("beta"), special="beta", code="beta({x}, {y})", arity=2, cost=90, commutes=True,
                   domain=((0.5, 6), (0.5, 6)),
                   partials=lambda a, b, out: (out * (digamma(a) - digamma(a + b)), out * (digamma(b) - digamma(a + b))))
betaln = elementwise("betaln", numpy=scipy("betaln"), special="betaln", code="betaln({x}, {y})", arity=2, cost=90, commutes=True,
                     domain=((0.5, 6), (0.5, 6)), mpmath=lambda a, b: mp("log")(mp("beta")(a, b)),
                     partials=lambda a, b, out: (digamma(a) - digamma(a + b), digamma(b) - digamma(a + b)))

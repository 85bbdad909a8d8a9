"""Logistic functions, products with a logarithm, the gamma function."""

from __future__ import annotations

from jitad.ops.arithmetic import log, log1p
from jitad.ops.declare import Elementwise, elementwise
from jitad.ops.leaf import full
from jitad.ops.support import mp, next_order, scipy

expit: Elementwise = elementwise(
    "expit", numpy=scipy("expit"), special="expit", code="expit({x})", cost=25, mpmath=lambda x: 1 / (1 + mp("exp")(-x)),
    partials=lambda x, out: (out * expit(-x),))
logit = elementwise("logit", numpy=scipy("logit"), special="logit", code="logit({x})", cost=25, domain=(0.1, 0.9),
                    mpmath=lambda x: mp("log")(x / (1 - x)), partials=lambda x, out: (1.0 / (x * (1.0 - x)),))
xlogy = elementwise("xlogy", numpy=scipy("xlogy"), special="xlogy", code="xlogy({x}, {y})", arity=2, cost=25,
                    domain=((0.5, 3), (0.5, 3)), mpmath=lambda x, y: x * mp("log")(y),
                    partials=lambda x, y, out: (log(y), x / y))
xlog1py = elementwise("xlog1py", numpy=scipy("xlog1py"), special="xlog1py", code="xlog1py({x}, {y})", arity=2, cost=25,
                      domain=((0.5, 3), (-0.5, 3)), mpmath=lambda x, y: x * mp("log1p")(y),
                      partials=lambda x, y, out: (log1p(y), x / (1.0 + y)))
entr = elementwise("entr", numpy=scipy("entr"), special="entr", code="entr({x})", cost=25, domain=(0.1, 4),
                   mpmath=lambda x: -x * mp("log")(x), partials=lambda x, out: (-log(x) - 1.0,))
rel_entr = elementwise("rel_entr", numpy=scipy("rel_entr"), special="rel_entr", code="rel_entr({x}, {y})", arity=2, cost=25,
                       domain=((0.5, 3), (0.5, 3)), mpmath=lambda x, y: x * mp("log")(x / y),
                       partials=lambda x, y, out: (log(x / y) + 1.0, -(x / y)))

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

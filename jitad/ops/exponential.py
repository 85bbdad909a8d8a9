"""Exponential integrals, and quotients such as (exp(x) - 1)/x that are regular at 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.ir.node import Node
from jitad.ops.arithmetic import exp, log, log1p, power
from jitad.ops.compare import equal, select
from jitad.ops.declare import Elementwise, elementwise
from jitad.ops.leaf import constant_value, full
from jitad.ops.support import mp, next_order, scipy

_RIGHT = (0.2, 5.0)

exp1 = elementwise("exp1", numpy=scipy("exp1"), special="exp1", code="exp1({x})", cost=60, domain=_RIGHT, mpmath="e1",
                   partials=lambda x, out: (-exp(-x) / x,))
expi = elementwise("expi", numpy=scipy("expi"), special="expi", code="expi({x})", cost=60, domain=_RIGHT, mpmath="ei",
                   partials=lambda x, out: (exp(x) / x,))


def _expn_partials(n: Node, x: Node, out: Node) -> tuple:
    """The order before; what would be before 0, where the function is exp(-x)/x, is written out."""
    zero = full(0, n.dtype, n.shape)
    first, order = -(out + out / x), constant_value(n)
    if order is not None:
        return None, first if order == 0 else -expn(next_order(n, -1), x)
    return None, select(equal(n, zero), first, -expn(next_order(n, -1), x))


expn: Elementwise = elementwise(
    "expn", numpy=scipy("expn"), special="expn", code="expn(int({x}), {y})", arity=2, whole=(0,), cost=90,
    domain=((0, 4), _RIGHT), mpmath=lambda n, x: mp("expint")(n, x), partials=_expn_partials)


# The derivatives of (exp(x) - 1)/x and log(1 + x)/x as integrals, which have no pole at 0: DLMF 13.4.1 and 15.6.1.


def _by_parts(n: Any, value: Any, step: Callable) -> Any:
    for k in range(1, int(np.max(n, initial=0)) + 1):
        value = np.where(n >= k, step(k, value), value)
    return value


def _exp_moment(n: Any, x: Any) -> Any:
    near = scipy("hyp1f1")(n + 1, n + 2, np.clip(x, -100, 100)) / (n + 1)
    far = _by_parts(n, scipy("exprel")(x), lambda k, before: (np.exp(x) - k * before) / x)
    return np.where(np.abs(x) < 100, near, np.where(x > 709, np.inf, far))


def _log_moment(n: Any, x: Any) -> Any:
    near = scipy("hyp2f1")(n + 1, n + 1, n + 2, -np.clip(x, -0.99, 20)) / (n + 1)
    far = _by_parts(n, np.log1p(x) / x, lambda k, before: (before - (1 + x) ** -k / k) / x)
    return np.where(x > -1, np.where((x > -0.9) & (x < 20), near, far), np.nan)


exp_moment: Elementwise = elementwise(
    "exp_moment", numpy=_exp_moment, code="exp_moment(int({x}), {y})", arity=2, whole=(0,), cost=90, domain=((0, 3), (-3, 3)),
    mpmath=lambda n, x: mp("hyp1f1")(n + 1, n + 2, x) / (n + 1),
    partials=lambda n, x, out: (None, exp_moment(next_order(n, 1), x)))
log_moment: Elementwise = elementwise(
    "log_moment", numpy=_log_moment, code="log_moment(int({x}), {y})", arity=2, whole=(0,), cost=90, domain=((0, 3), (-0.9, 4)),
    mpmath=lambda n, x: mp("hyp2f1")(n + 1, n + 1, n + 2, -x) / (n + 1),
    partials=lambda n, x, out: (None, -next_order(n, 1) * log_moment(next_order(n, 1), x)))


def _first(moment: Elementwise, x: Node) -> Node:
    return moment(full(1, x.dtype, x.shape), x)


exprel = elementwise("exprel", numpy=scipy("exprel"), special="exprel", code="exprel({x})", cost=30,
                     mpmath=lambda x: mp("expm1")(x) / x, partials=lambda x, out: (_first(exp_moment, x),))

_POWERS = ((0.5, 3.0), (-1.5, 1.5))
boxcox = elementwise(
    "boxcox", numpy=scipy("boxcox"), special="boxcox", code="boxcox({x}, {y})", arity=2, cost=50, domain=_POWERS,
    mpmath=lambda x, c: (x**c - 1) / c,
    partials=lambda x, c, out: (power(x, c - 1.0), log(x) * log(x) * _first(exp_moment, c * log(x))))
boxcox1p = elementwise(
    "boxcox1p", numpy=scipy("boxcox1p"), special="boxcox1p", code="boxcox1p({x}, {y})", arity=2, cost=50, domain=_POWERS,
    mpmath=lambda x, c: ((1 + x) ** c - 1) / c,
    partials=lambda x, c, out: (power(1.0 + x, c - 1.0), log1p(x) * log1p(x) * _first(exp_moment, c * log1p(x))))
_INVERSE = ((0.1, 2.0), (-0.4, 1.5))
inv_boxcox = elementwise(
    "inv_boxcox", numpy=scipy("inv_boxcox"), special="inv_boxcox", code="inv_boxcox({x}, {y})", arity=2, cost=50,
    domain=_INVERSE, mpmath=lambda y, c: (1 + c * y) ** (1 / c),
    partials=lambda y, c, out: (out / (1.0 + c * y), -(out * y * y * _first(log_moment, c * y))))
inv_boxcox1p = elementwise(
    "inv_boxcox1p", numpy=scipy("inv_boxcox1p"), special="inv_boxcox1p", code="inv_boxcox1p({x}, {y})", arity=2, cost=50,
    domain=_INVERSE, mpmath=lambda y, c: (1 + c * y) ** (1 / c) - 1,
    partials=lambda y, c, out: ((out + 1.0) / (1.0 + c * y), -((out + 1.0) * y * y * _first(log_moment, c * y))))

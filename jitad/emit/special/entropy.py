"""Logistic functions, and products with a logarithm."""

from __future__ import annotations

import math

from jitad.emit.special.own import own


@own
def expit(x):  # type: ignore[no-untyped-def]
    """1 / (1 + exp(-x)), right at both ends."""
    e = math.exp(-abs(x))
    return 1.0 / (1.0 + e) if x >= 0.0 else e / (1.0 + e) if x < 0.0 else x


@own
def logit(x):  # type: ignore[no-untyped-def]
    """log(x / (1 - x)); near 1/2 from the distance to it."""
    if x < 0.3 or x > 0.65:
        return math.log(x / (1.0 - x))
    s = 2.0 * (x - 0.5)
    return math.log1p(s) - math.log1p(-s)


@own
def xlogy(x, y):  # type: ignore[no-untyped-def]
    """x log(y), and 0 where x is, whatever y."""
    return 0.0 if x == 0.0 and y == y else x * math.log(y)


@own
def xlog1py(x, y):  # type: ignore[no-untyped-def]
    """x log(1 + y), and 0 where x is, whatever y."""
    return 0.0 if x == 0.0 and y == y else x * math.log1p(y)


@own
def entr(x):  # type: ignore[no-untyped-def]
    """-x log(x); 0 at 0, -inf below."""
    if x > 0.0:
        return -x * math.log(x)
    return 0.0 if x == 0.0 else x if x != x else -math.inf


@own
def rel_entr(x, y):  # type: ignore[no-untyped-def]
    """x log(x / y); 0 where x is and y is not negative, inf where one is negative."""
    if x != x or y != y:
        return math.nan
    if x > 0.0 and y > 0.0:
        ratio = x / y
        if 0.5 < ratio < 2.0:
            return x * math.log1p((x - y) / y)
        if 2.2250738585072014e-308 < ratio < math.inf:
            return x * math.log(ratio)
        return x * (math.log(x) - math.log(y))
    return 0.0 if x == 0.0 and y >= 0.0 else math.inf

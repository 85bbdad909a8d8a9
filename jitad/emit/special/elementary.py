"""Logistic functions, products with a logarithm, functions of angles in degrees."""

from __future__ import annotations

import math

import numpy as np

from jitad.emit.special.own import own


@own
def expit(x):  # type: ignore[no-untyped-def]
    """1 / (1 + exp(-x)), right at both ends."""
    e = math.exp(-abs(x))
    return 1.0 / (1.0 + e) if x >= 0.0 else e / (1.0 + e) if x < 0.0 else x


@own
def log_expit(x):  # type: ignore[no-untyped-def]
    """log(expit(x))."""
    return x - math.log1p(math.exp(x)) if x < 0.0 else -math.log1p(math.exp(-x))


@own
def logaddexp(x, y):  # type: ignore[no-untyped-def]
    """log(exp(x) + exp(y)); the larger one is taken out first."""
    gap = 0.0 if x == y else abs(x - y)
    return (x if x > y or x != x else y) + math.log1p(math.exp(-gap))


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


@own
def kl_div(x, y):  # type: ignore[no-untyped-def]
    """x log(x / y) - x + y; where both are near, by the series in their relative distance."""
    distance = (x - y) / y
    if not (x > 0.0 and y > 0.0 and abs(distance) < 0.25):
        return y if x == 0.0 and y >= 0.0 else rel_entr(x, y) - x + y if x > 0.0 and y > 0.0 else rel_entr(x, y)
    total = 0.0
    for k in range(28, 1, -1):
        total = 1.0 / (k * (k - 1.0)) - total * distance
    return y * distance * distance * total


@own
def cosm1(x):  # type: ignore[no-untyped-def]
    """cos(x) - 1."""
    half = math.sin(0.5 * x)
    return 0.0 - 2.0 * half * half


_DEGREE = math.pi / 180


@own
def sindg(x):  # type: ignore[no-untyped-def]
    """sin of degrees, exact at multiples of 90."""
    sign, angle = -1.0 if x < 0.0 else 1.0, np.fmod(abs(x), 360.0)
    if angle >= 180.0:
        sign, angle = -sign, angle - 180.0
    if angle > 90.0:
        angle = 180.0 - angle
    return sign * (math.sin(_DEGREE * angle) if angle <= 45.0 else math.cos(_DEGREE * (90.0 - angle)))


@own
def cosdg(x):  # type: ignore[no-untyped-def]
    """cos of degrees, exact at multiples of 90."""
    angle = np.fmod(abs(x), 360.0)
    if angle > 180.0:
        angle = 360.0 - angle
    sign, angle = (-1.0, 180.0 - angle) if angle > 90.0 else (1.0, angle)
    return sign * (math.cos(_DEGREE * angle) if angle <= 45.0 else math.sin(_DEGREE * (90.0 - angle)))


@own
def tandg(x):  # type: ignore[no-untyped-def]
    """tan of degrees."""
    return sindg(x) / cosdg(x)


@own
def cotdg(x):  # type: ignore[no-untyped-def]
    """cot of degrees."""
    return cosdg(x) / sindg(x)

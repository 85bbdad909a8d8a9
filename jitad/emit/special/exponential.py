"""Exponential integrals, and quotients such as (exp(x) - 1)/x that are regular at 0."""

from __future__ import annotations

import math

import numpy as np

from jitad.emit.special.factorials import polygamma
from jitad.emit.special.own import chebyshev, own

_EULER = 0.5772156649015329
# x exp(x) E1(x) by (x - 1)/(x + 2), by interpolation in 40-digit arithmetic.
_E1 = np.array([
    1.9180866301112135e-18, 4.9899616519743245e-18, 1.2407903097726667e-17, 3.402500091202205e-17, 8.263153846691172e-17,
    2.4856648220534434e-16, 5.5754607643578855e-16, 1.992148815013435e-15, 3.647060613875213e-15, 1.8061305202331017e-14,
    1.9976803734972913e-14, 1.9034983784207435e-13, 1.921631896960905e-14, 2.350337637930449e-12, -2.330605548854824e-12,
    3.344891116610805e-11, -6.525881950383355e-11, 5.340360951053552e-10, -1.430990110218307e-09, 9.367192724736652e-09,
    -2.997531758156375e-08, 1.794013017306885e-07, -6.424367330990174e-07, 3.8005682780246923e-06, -1.4795052892102334e-05,
    9.295514456059183e-05, -0.0003907636762266594, 0.0029498916375537004, -0.013589634127867593, 0.19877948214947017,
    0.8121695479291701])


@own
def exp1(x):  # type: ignore[no-untyped-def]
    """The exponential integral E1: DLMF 6.6.2 up to 1."""
    if x >= 1.0:
        return chebyshev(_E1, 1.0 - 6.0 / (x + 2.0)) / x * math.exp(-x)
    if x <= 0.0:
        return math.inf if x == 0.0 else math.nan
    return -_regular(-x) - math.log(x)


@own
def _regular(x):  # type: ignore[no-untyped-def]
    """Ei(x) or -E1(-x) without the logarithm."""
    total, term, k = 0.0, x, 1.0
    while abs(term) > 1e-17 * abs(total):
        total += term / k
        k += 1.0
        term *= x / k
    return total + _EULER


@own
def expi(x):  # type: ignore[no-untyped-def]
    """The exponential integral Ei: DLMF 6.6.1, and the asymptotic series 6.12.2 from 40 on."""
    if x <= 0.0:
        return -exp1(-x)
    if x < 40.0:
        return _regular(x) + math.log(x)
    if not x < 720.0:
        return x * math.inf
    total, term = 1.0, 1.0
    for k in range(1, 40):
        term *= k / x
        total += term
    half = math.exp(0.5 * x)  # their product may be infinite where the quotient is not
    return half * (total / x) * half


@own
def expn(n, x):  # type: ignore[no-untyped-def]
    """The exponential integral of order n: DLMF 8.19.8 up to 1, then the continued fraction A&S 5.1.22 in its even part."""
    if n < 0 or not x >= 0.0:
        return math.nan
    if n < 2 and x == 0.0:
        return math.inf
    if n == 0:
        return math.exp(-x) / x
    if n == 1:
        return exp1(x)
    if x >= 1.0:
        last = 12 + int(90.0 / x)
        below = x + n + 2.0 * last
        for k in range(last, 0, -1):
            below = x + n + 2.0 * (k - 1) - k * (n + k - 1.0) / below
        return math.exp(-x) / below
    total, term, k = 0.0, 1.0, 0
    while k < n or abs(term) > 1e-17 * abs(total):
        if k == n - 1:
            total += term * (polygamma(0, float(n)) - math.log(x)) if x > 0.0 else 0.0
        else:
            total -= term / (k - n + 1.0)
        k += 1
        term *= -x / k
        if term == 0.0:
            break
    return total


@own
def exprel(x):  # type: ignore[no-untyped-def]
    """(exp(x) - 1)/x."""
    return 1.0 if x == 0.0 else math.inf if x > 717.0 else math.expm1(x) / x


@own
def exp_moment(n, x):  # type: ignore[no-untyped-def]
    """The integral of t**n exp(x t) over t from 0 to 1: the derivative of order n of exprel.

    Kummer's function M(n + 1, n + 2, x)/(n + 1) by its series, of positive terms (DLMF 13.2.2 and 13.2.39); far from 0 the
    recurrence by parts, which cancels nothing there.
    """
    if n == 0:
        return exprel(x)
    if x > 709.0:
        return math.inf
    if not abs(x) < 30.0 + n:
        value = exprel(x)
        for k in range(1, n + 1):
            value = (math.exp(x) - k * value) / x
        return value
    total, term, k = 0.0, 1.0, 0
    if x >= 0.0:
        while term > 1e-17 * total:
            total += term / (n + k + 1.0)
            k += 1
            term *= x / k
        return total
    term = math.exp(x) / (n + 1.0)
    while term > 1e-17 * total:
        total += term
        k += 1
        term *= -x / (n + k + 1.0)
    return total


@own
def log_moment(n, x):  # type: ignore[no-untyped-def]
    """The integral of t**n/(1 + x t)**(n + 1) over t from 0 to 1: up to (-1)**n n! the derivative of order n of log(1 + x)/x.

    Hypergeometric functions of positive terms near 0 (DLMF 15.8.1); far from it the recurrence by parts.
    """
    if not x > -1.0:
        return math.nan
    inside = 1.0 / (1.0 + x)
    if x < -0.5 or x > 2.0 + n:
        value = math.log1p(x) / x
        for k in range(1, n + 1):
            value = (value - inside**k / k) / x
        return value
    total, power, k = 0.0, 1.0, 0
    if x >= 0.0:
        while power > 1e-17 * total:
            total += power / (n + 1.0 + k)
            power *= x * inside
            k += 1
        return total * inside ** (n + 1)
    while power > 1e-17 * total:
        total += power
        k += 1
        power *= -x * k / (n + 1.0 + k)
    return total / (n + 1.0) * inside**n


@own
def boxcox(x, power):  # type: ignore[no-untyped-def]
    """(x**power - 1)/power, log(x) for 0."""
    return _boxcox(math.log(x), power)


@own
def boxcox1p(x, power):  # type: ignore[no-untyped-def]
    """The same of 1 + x."""
    return _boxcox(math.log1p(x), power)


@own
def _boxcox(log, power):  # type: ignore[no-untyped-def]
    if abs(power) < 1e-19:
        return log
    return math.expm1(power * log) / power


@own
def inv_boxcox(y, power):  # type: ignore[no-untyped-def]
    """The inverse of boxcox in x."""
    return math.exp(_inv_boxcox(y, power))


@own
def inv_boxcox1p(y, power):  # type: ignore[no-untyped-def]
    """The inverse of boxcox1p in x."""
    return math.expm1(_inv_boxcox(y, power))


@own
def _inv_boxcox(y, power):  # type: ignore[no-untyped-def]
    """log(1 + power*y)/power, also where the product has no number."""
    product = power * y
    if power == 0.0 or abs(product) < 1e-17:
        return y
    if product == math.inf and abs(y) < math.inf and abs(power) < math.inf:
        return (math.log(abs(power)) + math.log(abs(y))) / power
    return math.log1p(product) / power

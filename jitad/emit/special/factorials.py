"""The gamma function and what belongs to it."""

from __future__ import annotations

import math

import numpy as np

from jitad.emit.special.own import own

_BERNOULLI = np.array([1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330])
_FAR = 14.0  # from here on the asymptotic series is exact to rounding


@own
def gammaln(x):  # type: ignore[no-untyped-def]
    """log \\|gamma(x)\\|; infinite at the poles."""
    if x == -math.inf:
        return -math.inf
    return math.inf if x <= 0.0 and x == math.floor(x) else math.lgamma(x)


@own
def gamma(x):  # type: ignore[no-untyped-def]
    """The gamma function: nan at negative integers, signed infinities at zeros."""
    if x == 0.0:
        return math.copysign(math.inf, x)
    if x < 0.0 and x == math.floor(x):
        return math.nan
    if x > 171.7:
        return math.inf
    return math.gamma(x)


@own
def polygamma(n, x):  # type: ignore[no-untyped-def]
    """The derivative of order n + 1 of log gamma: recurrence up to where the asymptotic series holds.

    Abramowitz & Stegun, 6.3.18, 6.4.6 and 6.4.11; for negative x the recurrence reaches over the poles.
    """
    if x != x or x == math.inf:
        return x if n == 0 or x != x else 0.0 if n % 2 == 1 else -0.0
    if x <= 0.0 and x == math.floor(x):
        if n == 0:
            return math.copysign(math.inf, -x) if x == 0.0 else math.nan
        return math.inf if n % 2 == 1 else -math.inf
    if n == 0 and x < -50.0:
        return polygamma_right(0, 1.0 - x) - math.pi / math.tan(math.pi * (x - math.floor(x)))
    return polygamma_right(n, x) if x > -1e5 else math.nan


@own
def polygamma_right(n, x):  # type: ignore[no-untyped-def]
    """The same away from the poles."""
    sign = 1.0 if n % 2 == 1 else -1.0  # (-1)**(n + 1)
    factorial = 1.0
    for k in range(2, n + 1):
        factorial *= k
    near = 0.0
    while x < _FAR + n:
        near += x ** -(n + 1.0)
        x += 1.0
    y = 1.0 / (x * x)
    if n == 0:
        power, far = 1.0, math.log(x) - 0.5 / x
        for k in range(len(_BERNOULLI)):
            power *= y
            far -= _BERNOULLI[k] * power / (2.0 * (k + 1))
        return far - near
    far = factorial / n + 0.5 * factorial / x  # times x**-n
    term = factorial * (n + 1.0)  # (2k + n - 1)! / (2k)! at k = 1, times 2: (n + 1)! / 2!, doubled below
    power = 1.0
    for k in range(1, len(_BERNOULLI) + 1):
        power *= y
        if k > 1:
            term *= (2.0 * k + n - 1.0) * (2.0 * k + n - 2.0) / ((2.0 * k) * (2.0 * k - 1.0))
        far += _BERNOULLI[k - 1] * 0.5 * term * power
    return sign * (far * x ** -float(n) + factorial * near)


@own
def _stirling(x):  # type: ignore[no-untyped-def]
    """What is left of log gamma(x), x >= 10, beside (x - 1/2) log(x) - x + log(2 pi)/2: DLMF 5.11.1."""
    y = 1.0 / (x * x)
    total = 0.0
    for k in range(len(_BERNOULLI), 0, -1):
        total = total * y + _BERNOULLI[k - 1] / (2.0 * k * (2.0 * k - 1.0))
    return total / x


@own
def _quotient(x, shift):  # type: ignore[no-untyped-def]
    """log(gamma(x)/gamma(x + shift)) where both are from 10 on; the large logarithms are taken as one."""
    far = (x + shift - 0.5) * math.log1p(shift / x) + shift * (math.log(x) - 1.0)
    return _stirling(x) - _stirling(x + shift) - far


@own
def _beta(a, b):  # type: ignore[no-untyped-def]
    """The beta function of positive numbers as (f, log) that stand for f*exp(log)."""
    low, high = min(a, b), max(a, b)
    if high < 10.0:
        return gamma(low) * (gamma(high) / gamma(a + b)), 0.0
    if low < 10.0:
        return gamma(low), _quotient(high, low)
    rest = _stirling(low) + _stirling(high) - _stirling(a + b)
    power = (low - 0.5) * math.log(low / (a + b)) - high * math.log1p(low / high)
    return math.sqrt(2.0 * math.pi / high), rest + power


@own
def _beta_left(a, b):  # type: ignore[no-untyped-def]
    """The same where one is negative, but neither a negative integer."""
    low, high, both = min(a, b), max(a, b), a + b
    if both <= 0.0 and both == math.floor(both):  # a pole of the denominator
        return math.copysign(0.0, gamma(low) * gamma(high)), 0.0
    if high >= 10.0 and both >= 10.0:
        return gamma(low), _quotient(high, low)
    if low > -160.0 and high < 160.0:
        return gamma(low) / gamma(both) * gamma(high), 0.0
    sign = 1.0
    for x in (low, high, both):
        if x < 0.0 and math.floor(x) % 2.0 != 0.0:
            sign = -sign
    return sign, math.lgamma(low) + math.lgamma(high) - math.lgamma(both)


@own
def _beta_parts(a, b):  # type: ignore[no-untyped-def]
    """The beta function of real numbers as (f, log) that stand for f*exp(log); infinite at poles, but see the last line."""
    low, other = (a, b) if a <= 0.0 and a == math.floor(a) else (b, a)
    if not (low <= 0.0 and low == math.floor(low)):
        if a != a or b != b:
            return math.nan, 0.0
        return _beta(a, b) if a > 0.0 and b > 0.0 else _beta_left(a, b)
    if other != math.floor(other) or not 1.0 - low - other > 0.0 or low < -2e9 or other < -2e9:
        return math.inf, 0.0
    sign = 1.0 if other % 2.0 == 0.0 else -1.0
    if other <= 0.0:
        return sign * math.inf, 0.0
    factor, log = _beta(1.0 - low - other, other)  # both gamma functions have a pole: as on the line through these points
    return sign * factor, log


@own
def beta(a, b):  # type: ignore[no-untyped-def]
    """gamma(a) gamma(b)/gamma(a + b)."""
    factor, log = _beta_parts(a, b)
    return factor * math.exp(log)


@own
def betaln(a, b):  # type: ignore[no-untyped-def]
    """log \\|beta(a, b)\\|."""
    factor, log = _beta_parts(a, b)
    return math.log(abs(factor)) + log

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

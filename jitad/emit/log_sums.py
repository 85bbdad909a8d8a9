"""Sums of logarithms in lanes, as the logarithm of a product: two operations for each factor in place of thirty.

The product of what was met is ``(1 + p) * 2**k``. It is kept as p so that a factor 1 + u with a tiny u counts to all its digits:
``(1 + p)*(1 + u) - 1 = p + u + p*u``. While 1 + p is more than 1/2 that is exact to a unit or two in the last place of p, however
large p becomes, so only now and then it is brought between 1/2 and 2, and so are factors below 1/2. Each factor adds an error of
up to 2e-16 to the sum of logarithms: what a sum of logarithms one by one adds once it is of order one itself.

Where a factor is zero, negative, infinite or NaN, the logarithm is added to k.
"""

from __future__ import annotations

import numpy as np

from jitad.emit.lanes import bits, choose, double, everywhere, fused
from jitad.emit.vmath import _own, log1p

_LARGE = 2.0**900
_LEAST, _LN2 = 2.2250738585072014e-308, 0.6931471805599453
_MANTISSA, _ONE = (1 << 52) - 1, 1023 << 52
_SHIFTED = 2.0**52 + 1023  # 2**52 with a biased exponent in its low bits is so much more than the exponent
_LOW_BITS = 1075 << 52  # the bits of 2**52


@_own
def _parts(y):  # type: ignore[no-untyped-def]
    """Mantissa in [1, 2) and exponent of normal numbers y > 0."""
    return double((bits(y) & _MANTISSA) | _ONE), double((bits(y) >> 52) | _LOW_BITS) - _SHIFTED


@_own
def _with_any(p, k, u, y):  # type: ignore[no-untyped-def]
    """The product and a factor y = 1 + u of any kind."""
    plain = (y > 0.0) & (y < np.inf)
    k = choose(plain, k, k + choose(y == 0.0, -np.inf, choose(y > 0.0, np.inf, np.nan)))
    u, y = choose(plain, u, 0.0), choose(plain, y, 1.0)
    tiny = y < _LEAST
    y, k = choose(tiny, y * 2.0**54, y), choose(tiny, k - 54.0, k)
    mantissa, exponent = _parts(1.0 + p)
    p, k = choose(p > 1.0, mantissa - 1.0, p), choose(p > 1.0, k + exponent, k)
    mantissa, exponent = _parts(y)
    near = (u > -0.5) & (u < 1.0)
    u, k = choose(near, u, mantissa - 1.0), choose(near, k, k + exponent)
    p = fused(p, u, p + u)
    low = p < -0.5
    return choose(low, fused(2.0, p, 1.0), p), choose(low, k - 1.0, k)


@_own
def _with_factor(p, k, u, y):  # type: ignore[no-untyped-def]
    longer = fused(p, u, p + u)
    if everywhere((choose(u < longer, u, longer) > -0.5) & (longer < _LARGE)):
        return longer, k
    return _with_any(p, k, u, y)


@_own
def with_log(product, x):  # type: ignore[no-untyped-def]
    """A product p, k after log(x) was added."""
    return _with_factor(product[0], product[1], x - 1.0, x)


@_own
def with_log1p(product, u):  # type: ignore[no-untyped-def]
    """A product p, k after log(1 + u) was added."""
    return _with_factor(product[0], product[1], u, 1.0 + u)


@_own
def log_of(product):  # type: ignore[no-untyped-def]
    """The logarithm of a product p, k."""
    return product[1] * _LN2 + log1p(product[0])

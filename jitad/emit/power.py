"""Powers of lanes.

x**y is 2**(y*log2(x)). An error of this exponent counts as many times as it is large, up to a thousand, so that it is the sum of
two numbers. Errors are at most 1.3 units in the last place; powers that are floats themselves, 10.0**3 say, come out as these.
"""

from __future__ import annotations

import operator

import numpy as np

from jitad.emit.lane_math import of_lanes
from jitad.emit.lanes import below, bits, choose, everywhere, fused
from jitad.emit.vmath import (
    _LN2_HIGH,
    _LN2_LOW,
    _ROUND,
    _beyond_linear,
    _exactly,
    _own,
    _power_of_two,
    _scaled,
    _split,
    _split_normal,
    reciprocal,
)

_C1, _C1_LOW = 2.8853900817779268, 4.0710547481862066e-17  # 2/log(2)
_C3, _C3_LOW = 0.9617966939259756, 5.0577616648125907e-17  # a third of it
_TWO52 = 4503599627370496.0
_LEAST_BITS, _NORMAL = 1 << 52, 2046 << 52  # those of the least normal number, and how many such numbers there are
_FAR = 1100.0  # 2**_FAR is infinite, 2**-_FAR zero


@_own
def _rest_of_log2(z):  # type: ignore[no-untyped-def]
    """(log2((1 + s)/(1 - s))/s - c1 - c3*z)/z**2 for z = s**2 <= 0.0295, by interpolation at Chebyshev's points."""
    z2 = z * z
    high = 0.19238056603036385 + z * 0.16888529114458137 + z2 * 0.16912971664122153
    rest = 0.4121985831111439 + z * 0.3205988979671547 + z2 * (0.2623081914681522 + z * 0.2219527885851067) + z2 * z2 * high
    return 0.5770780163555853 + z * rest


@_exactly
def _log2(m, k):  # type: ignore[no-untyped-def]
    """log2(m * 2**k) to 2**-64 in two parts: k + s*(c1 + z*(c3 + ...)), s = (m - 1)/(m + 1)."""
    f, under = m - 1.0, m + 1.0
    inverse = reciprocal(under)
    s = f * inverse
    s_low = fused(-s, m - (under - 1.0), fused(-s, under, f)) * inverse
    z = s * s
    z_low = fused(s + s, s_low, fused(s, s, -z))
    p = z * _rest_of_log2(z)
    t = _C3 + p
    t_low = (_C3 - t) + p + _C3_LOW
    u = z * t
    u_low = fused(z, t_low, fused(z_low, t, fused(z, t, -u)))
    w = _C1 + u
    w_low = (_C1 - w) + u + (u_low + _C1_LOW)
    v = s * w
    v_low = fused(s, w_low, fused(s_low, w, fused(s, w, -v)))
    high = k + v
    return high, (k - high) + v + v_low


@_exactly
def _exp2(high, low):  # type: ignore[no-untyped-def]
    """y and _ROUND + k, where 2**(high + low) = y * 2**k, the second one small."""
    t = high + _ROUND
    f = high - (t - _ROUND)
    r = fused(f, _LN2_HIGH, low * _LN2_HIGH)
    r_low = fused(f, _LN2_LOW, fused(low, _LN2_HIGH, fused(f, _LN2_HIGH, -r)))
    return 1.0 + (r + (r_low + _beyond_linear(r))), t


@_exactly
def _broken(x):  # type: ignore[no-untyped-def]
    """Whether x is no whole number."""
    size = abs(x)
    return (size < _TWO52) & ((size + _TWO52) - _TWO52 != size)


@_exactly
def _any_power(x, y):  # type: ignore[no-untyped-def]
    """x**y; zeros, infinities, NaN and negative x by the C library's definition."""
    size = abs(x)
    m, k = _split(size)
    high, low = _log2(m, k)
    high = choose(size == 0.0, -np.inf, choose(size < np.inf, high, size))
    some = choose(y > 1e30, 1e30, choose(y < -1e30, -1e30, y))  # large enough, and no infinity times zero
    product = some * high
    rest = choose(abs(product) < _FAR, fused(some, high, -product) + some * low, 0.0)
    m, t = _exp2(choose(product > _FAR, _FAR, choose(product < -_FAR, -_FAR, product)), rest)
    out = _scaled(m, t - _ROUND)
    odd = choose(_broken(0.5 * y) & (bits(x) < 0), -out, out)
    out = choose(_broken(y), choose((x < 0.0) & (x > -np.inf), np.nan, out), odd)
    return choose((y == 0.0) | (x == 1.0), 1.0, out)


@_exactly
def _ordinary(x, product):  # type: ignore[no-untyped-def]
    """Whether all x are normal positive numbers, and no 2**product is one of the largest or smallest."""
    return everywhere(choose(below(bits(x) - _LEAST_BITS, _NORMAL), abs(product), np.inf) < 1000.0)


@_exactly
def _power(x, y):  # type: ignore[no-untyped-def]
    """x**y; at once where nothing is out of the ordinary."""
    m, k = _split_normal(x)
    high, low = _log2(m, k)
    product = y * high
    if not _ordinary(x, product):
        return _any_power(x, y)
    m, t = _exp2(product, fused(y, low, fused(y, high, -product)))
    return m * _power_of_two(t)


@of_lanes(operator.pow, several=True)
def power(x, y):  # type: ignore[no-untyped-def]
    """x**y."""
    return _power(x, y)

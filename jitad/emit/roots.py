"""Cube roots, and lengths of vectors, without branches or calls: see :mod:`jitad.emit.vmath`."""

from __future__ import annotations

import math

import numpy as np

from jitad.emit.lanes import choose, fused
from jitad.emit.vmath import _ROUND, _own, _power_of_two, _split


@_own
def cbrt(x):  # type: ignore[no-untyped-def]
    """The cube root: a polynomial of the mantissa times a root of 1, 2 or 1/2, and one step of Halley's."""
    size = abs(x)
    m, k = _split(size)
    t = k * 0.3333333333333333 + _ROUND
    rest = k - 3.0 * (t - _ROUND)
    y = -0.01926717343884374
    y = y * m + 0.14865407435804498
    y = y * m + -0.49622535361458026
    y = y * m + 0.9453125400840441
    y = y * m + -1.167199483864666
    y = y * m + 1.1890300949279746
    y = y * m + 0.3996951446865334
    y = y * choose(rest == 0.0, 1.0, choose(rest > 0.0, 1.2599210498948732, 0.7937005259840998))
    m = m * choose(rest == 0.0, 1.0, choose(rest > 0.0, 2.0, 0.5))
    square = y * y
    error = fused(-square, y, m) - fused(y, y, -square) * y
    out = (y + y * (error / (2.0 * square * y + m))) * _power_of_two(t)
    return choose((size < np.inf) & (size > 0.0), choose(x < 0.0, -out, out), x)


_UP, _DOWN = 2.0**600, 2.0**-600


@_own
def hypot(x, y):  # type: ignore[no-untyped-def]
    """sqrt(x**2 + y**2), where no square over- or underflows; infinite if one is, whatever the other is."""
    x, y = abs(x), abs(y)
    large, small = (x > 1e150) | (y > 1e150), (x < 1e-150) & (y < 1e-150)
    scale = choose(large, _DOWN, choose(small, _UP, 1.0))
    a, b = x * scale, y * scale
    out = math.sqrt(fused(a, a, b * b)) * choose(large, _UP, choose(small, _DOWN, 1.0))
    return choose((x == np.inf) | (y == np.inf), np.inf, out)

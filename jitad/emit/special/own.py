"""How special functions are compiled, and what they have in common."""

from __future__ import annotations

import math

from numba import njit

own = njit(fastmath={"contract"}, error_model="numpy", nogil=True)


@own
def chebyshev(c, t):  # type: ignore[no-untyped-def]
    """The series of Chebyshev polynomials of t in [-1, 1], by Clenshaw's recurrence; the last coefficient stands first."""
    a, b = 0.0, 0.0
    for k in range(len(c) - 1):
        a, b = 2.0 * t * a - b + c[k], a
    return t * a - b + c[-1]


@own
def near_zero(n, y):  # type: ignore[no-untyped-def]
    """The sum of y**k/(k! (k + n)!) for \\|y\\| <= 1/4, n 0 or 1: what Bessel functions are, exactly at 0 (DLMF 10.2.2)."""
    total = 1.0
    for k in range(9, 0, -1):
        total = 1.0 + total * (y / (k * (k + n)))
    return total


@own
def exp_square(x, c):  # type: ignore[no-untyped-def]
    """exp(c*x**2) with \\|x\\| < 100: the rounding of a large square would be an error of as many units of the result."""
    high = math.floor(x * 65536.0) / 65536.0  # its square is exact
    return math.exp(c * high * high) * math.exp(c * (x - high) * (x + high))

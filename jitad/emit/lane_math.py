"""Elementary functions of lanes: what the C library computes one number at a time.

Coefficients are by interpolation at Chebyshev's points in 50-digit arithmetic. Arguments for which a method does not hold,
enormous ones of sine and cosine, are left to the C library, lane by lane. Errors are at most two units in the last place.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from numba.extending import overload

from jitad.emit.lanes import Lanes, bits, choose, everywhere, fused, lane, pack, spread
from jitad.emit.vmath import _ROUND, OVERLOADS, _beyond_linear, _exactly, _own, _reduction, _scaled, exp, expm1

_TWO_OVER_PI = 0.6366197723675814
_HALF_PI, _HALF_PI_LOW, _HALF_PI_LOWEST = 1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33
_FAR = 1e9  # where the quotient by pi/2 has 30 bits


def of_lanes(function: Callable, several: bool = False) -> Callable:
    """Have a function of the C library, called with lanes, be the decorated one."""

    def register(own: Callable) -> Callable:
        compiled: Any = _own(own)
        if several:
            @overload(function, jit_options=OVERLOADS)
            def of_two(y, x):  # type: ignore[no-untyped-def]
                if isinstance(x, Lanes) or isinstance(y, Lanes):
                    return lambda y, x: compiled(spread(y), spread(x))
                return None
        else:
            @overload(function, jit_options=OVERLOADS)
            def of_one(x):  # type: ignore[no-untyped-def]
                return (lambda x: compiled(x)) if isinstance(x, Lanes) else None
        return compiled

    return register


# Sine and cosine: x = k pi/2 + r + low, by three parts of pi/2.


@_exactly
def _turned_back(x, k):  # type: ignore[no-untyped-def]
    """r and low; the difference to the first part is exact, of the second one what it loses is kept."""
    first = fused(-k, _HALF_PI, x)
    second = k * _HALF_PI_LOW
    high = first - second
    lost = ((first - high) - second) - fused(k, _HALF_PI_LOW, -second)
    r = high + lost
    return r, ((high - r) + lost) - k * _HALF_PI_LOWEST


@_own
def _quadrant(x, turn):  # type: ignore[no-untyped-def]
    """sin(x + turn*pi/2) for \\|x\\| < 1e9."""
    t = x * _TWO_OVER_PI + _ROUND
    r, low = _turned_back(x, t - _ROUND)
    z = r * r
    s = 1.591810123027412e-10
    s = s * z + -2.5051131455427946e-08
    s = s * z + 2.755731610068303e-06
    s = s * z + -0.0001984126983675497
    s = s * z + 0.008333333333330946
    s = s * z + -0.16666666666666666
    sine = r + (low + r * (z * s))
    c = -1.1382614868556325e-11
    c = c * z + 2.0876146024689747e-09
    c = c * z + -2.7557317270560326e-07
    c = c * z + 2.4801587298763433e-05
    c = c * z + -0.0013888888888887395
    c = c * z + 0.041666666666666664
    half = 0.5 * z
    one = 1.0 - half
    cosine = one + (((1.0 - one) - half) + (z * (z * c) - r * low))
    quarter = bits(t) + turn
    out = choose((quarter & 1) == 1, cosine, sine)
    return choose((quarter & 2) == 2, -out, out)


def _each(function: Callable) -> Any:
    """The C library's, lane by lane."""
    return _own(lambda x: pack((
        function(lane(x, 0)), function(lane(x, 1)), function(lane(x, 2)), function(lane(x, 3)),
        function(lane(x, 4)), function(lane(x, 5)), function(lane(x, 6)), function(lane(x, 7)))))


_each_sin, _each_cos = _each(math.sin), _each(math.cos)


@of_lanes(math.sin)
def sin(x):  # type: ignore[no-untyped-def]
    """sin(x)."""
    if not everywhere(abs(x) < _FAR):
        return _each_sin(x)
    return choose(x == 0.0, x, _quadrant(x, 0))


@of_lanes(math.cos)
def cos(x):  # type: ignore[no-untyped-def]
    """cos(x)."""
    return _quadrant(x, 1) if everywhere(abs(x) < _FAR) else _each_cos(x)


@of_lanes(math.tan)
def tan(x):  # type: ignore[no-untyped-def]
    """sin(x)/cos(x)."""
    return math.sin(x) / math.cos(x)


# Arcs.


@_own
def _small_arc(x):  # type: ignore[no-untyped-def]
    """atan(x) - x for \\|x\\| < 0.4143."""
    z = x * x
    p = -0.019174543572021332
    p = p * z + 0.03922974453661223
    p = p * z + -0.05085383488842831
    p = p * z + 0.058581362519061465
    p = p * z + -0.06664509989818045
    p = p * z + 0.07692183087342026
    p = p * z + -0.0909090457366906
    p = p * z + 0.11111111015146714
    p = p * z + -0.1428571428466518
    p = p * z + 0.19999999999995513
    p = p * z + -0.3333333333333333
    return x * (z * p)


@_own
def _arc(y, x):  # type: ignore[no-untyped-def]
    """atan(y/x) in [0, pi/2] for y, x >= 0, not both zero or infinite."""
    steep = y > 2.414213562373095 * x
    middle = y > 0.41421356237309503 * x
    above = choose(steep, -x, choose(middle, y - x, y))
    below = choose(steep, y, choose(middle, y + x, x))
    r = above / below
    base = choose(steep, _HALF_PI, choose(middle, 0.5 * _HALF_PI, 0.0))
    low = choose(steep, _HALF_PI_LOW, choose(middle, 0.5 * _HALF_PI_LOW, 0.0))
    return base + (r + (_small_arc(r) + low))


@of_lanes(math.atan)
def atan(x):  # type: ignore[no-untyped-def]
    """atan(x)."""
    size = abs(x)
    out = choose(size < 1e17, _arc(choose(size < 1e17, size, 1.0), spread(1.0)), _HALF_PI)
    out = choose(x < 0.0, -out, out)
    return choose((x != x) | (x == 0.0), x, out)


@of_lanes(math.atan2, several=True)
def atan2(y, x):  # type: ignore[no-untyped-def]
    """atan2(y, x): the arc of the absolute values, mirrored; zeros and infinities by the C library's definition."""
    up, across = abs(y), abs(x)
    plain = (up < 1e150) & (across < 1e150) & ((up > 1e-150) | (across > 1e-150))
    if not everywhere(plain):
        return _each_atan2(y, x)
    out = _arc(up, across)
    out = choose(x < 0.0, (2.0 * _HALF_PI - out) + 2.0 * _HALF_PI_LOW, out)
    out = choose(up == 0.0, choose(bits(x) < 0, 2.0 * _HALF_PI, 0.0), out)
    return choose(bits(y) < 0, -out, out)


@_own
def _each_atan2(y, x):  # type: ignore[no-untyped-def]
    return pack((math.atan2(lane(y, 0), lane(x, 0)), math.atan2(lane(y, 1), lane(x, 1)),
                 math.atan2(lane(y, 2), lane(x, 2)), math.atan2(lane(y, 3), lane(x, 3)),
                 math.atan2(lane(y, 4), lane(x, 4)), math.atan2(lane(y, 5), lane(x, 5)),
                 math.atan2(lane(y, 6), lane(x, 6)), math.atan2(lane(y, 7), lane(x, 7))))


@_own
def _small_arcsine(x, z):  # type: ignore[no-untyped-def]
    """asin(x) - x for z = x**2 <= 1/4."""
    p = 0.028757851367421566
    p = p * z + -0.014851887071247204
    p = p * z + 0.01740087944269402
    p = p * z + 0.005457506718640358
    p = p * z + 0.01032281435018578
    p = p * z + 0.011479177415184906
    p = p * z + 0.013971212973552933
    p = p * z + 0.017352392720869973
    p = p * z + 0.02237217294214989
    p = p * z + 0.030381944138531247
    p = p * z + 0.04464285714635543
    p = p * z + 0.07499999999998433
    p = p * z + 0.16666666666666669
    return x * (z * p)


@_own
def _arcsine(x):  # type: ignore[no-untyped-def]
    """Whether \\|x\\| <= 1/2, and asin(x) in two parts; else asin(sqrt((1 - \\|x\\|)/2)), with what the root loses."""
    size = abs(x)
    inner = size <= 0.5
    z = choose(inner, x * x, 0.5 * (1.0 - size))
    r = choose(inner, x, math.sqrt(z))
    low = choose(inner, 0.0, fused(-r, r, z) / (2.0 * choose(r == 0.0, 1.0, r)))
    return inner, r, _small_arcsine(r, z) + low


@of_lanes(math.asin)
def asin(x):  # type: ignore[no-untyped-def]
    """asin(x); beyond 1/2 it is pi/2 - 2 asin(sqrt((1 - x)/2))."""
    inner, r, rest = _arcsine(x)
    far = _HALF_PI - (2.0 * r + (2.0 * rest - _HALF_PI_LOW))
    return choose(x == 0.0, x, choose(inner, r + rest, choose(x < 0.0, -far, far)))


@of_lanes(math.acos)
def acos(x):  # type: ignore[no-untyped-def]
    """acos(x)."""
    inner, r, rest = _arcsine(x)
    far = 2.0 * (r + rest)
    far = choose(x < 0.0, (2.0 * _HALF_PI - far) + 2.0 * _HALF_PI_LOW, far)
    return choose(inner, _HALF_PI - (r + (rest - _HALF_PI_LOW)), far)


# Error functions.


_FIRST = 1.2617972159126063


@_own
def _beside_first(x):  # type: ignore[no-untyped-def]
    """What is left of exp(x**2) erfc(x) (1 + 2x) beside _FIRST, as p*t, for 1/2 <= x <= 27.3."""
    t = (x - 2.625) / (x + 2.625)
    p = 3.4762818322258555e-08
    p = p * t + -4.30245659023565e-08
    p = p * t + -2.1026690869715602e-07
    p = p * t + 1.2006842656778786e-07
    p = p * t + 9.618678846101104e-07
    p = p * t + 3.632828597039084e-07
    p = p * t + -3.943303318244417e-06
    p = p * t + -5.344196777591066e-06
    p = p * t + 1.535863828327623e-05
    p = p * t + 3.775320890230591e-05
    p = p * t + -6.639391750668797e-05
    p = p * t + -0.00023185042451733345
    p = p * t + 0.00041149224603671337
    p = p * t + 0.0013359821377351597
    p = p * t + -0.0039614381086671355
    p = p * t + -0.004410225696656917
    p = p * t + 0.04290919436828997
    p = p * t + -0.10967904551088799
    p = p * t + 0.1517208620770624
    p = p * t + -0.08465534302717581
    p = p * t + -0.12683633399711614
    return p, t


@_own
def _complement(x):  # type: ignore[no-untyped-def]
    """erfc(x) for x >= 1/2, to four units."""
    x = choose(x > 27.3, 27.3, x)
    p, t = _beside_first(x)
    square = x * x
    scaled = (_FIRST + p * t) / (1.0 + 2.0 * x)
    return exp(-square) * (scaled - scaled * fused(x, x, -square))


@_own
def _exact_complement(x):  # type: ignore[no-untyped-def]
    """The same where what each step loses is kept."""
    x = choose(x > 27.3, 27.3, x)
    p, t = _beside_first(x)
    above = fused(p, t, _FIRST)
    above_low = fused(p, t, _FIRST - above)
    below = 1.0 + 2.0 * x
    below_low = 2.0 * x - (below - 1.0)
    inverse = 1.0 / below
    q = above * inverse
    q_low = (fused(-q, below, above) + (above_low - q * below_low)) * inverse
    square = x * x
    t, r, low = _reduction(-square)
    low -= fused(x, x, -square)
    beyond = _beyond_linear(r)
    y = r + (beyond + low * (1.0 + (r + beyond)))
    return _scaled(q + (q * y + (q_low + q_low * y)), t - _ROUND)


@_own
def _central(x):  # type: ignore[no-untyped-def]
    """erf(x) - x for \\|x\\| <= 3/4."""
    z = x * x
    p = 1.1472499701094691e-08
    p = p * z + -1.5940066854661717e-07
    p = p * z + 1.643068417974155e-06
    p = p * z + -1.4924196306569617e-05
    p = p * z + 0.00012055289567541706
    p = p * z + -0.0008548326188759752
    p = p * z + 0.005223977615420539
    p = p * z + -0.026866170644428485
    p = p * z + 0.11283791670952596
    p = p * z + -0.37612638903183715
    return x * (0.1283791670955126 + z * p)


@of_lanes(math.erf)
def erf(x):  # type: ignore[no-untyped-def]
    """erf(x)."""
    size = abs(x)
    near = size < 0.75
    far = 1.0 - _complement(choose(near, 1.0, size))
    return choose(near | (x != x), x + _central(x), choose(x < 0.0, -far, far))


@of_lanes(math.erfc)
def erfc(x):  # type: ignore[no-untyped-def]
    """erfc(x)."""
    size = abs(x)
    near = size < 0.5
    tail = _exact_complement(choose(near, 1.0, size))
    inside = 1.0 - (x + _central(x))
    out = choose(near | (x != x), inside, choose(x < 0.0, 2.0 - tail, tail))
    return choose(x > 27.3, 0.0, out)


# Hyperbolic functions; beyond 40 half an exponential, of one less near the largest numbers.


@_own
def _half_exp(size):  # type: ignore[no-untyped-def]
    large = size > 709.0
    return exp(choose(large, size - 1.0, size)) * choose(large, 0.5 * math.e, 0.5)


@of_lanes(math.sinh)
def sinh(x):  # type: ignore[no-untyped-def]
    """(e**x - e**-x)/2."""
    size = abs(x)
    e = expm1(choose(size > 40.0, 1.0, size))
    out = choose(size > 40.0, _half_exp(size), 0.5 * (e + e / (e + 1.0)))
    return choose((x == 0.0) | (x != x), x, choose(x < 0.0, -out, out))


@of_lanes(math.cosh)
def cosh(x):  # type: ignore[no-untyped-def]
    """(e**x + e**-x)/2."""
    size = abs(x)
    e = exp(choose(size > 40.0, 1.0, size))
    return choose(x != x, x, choose(size > 40.0, _half_exp(size), 0.5 * (e + 1.0 / e)))

"""Functions of float32: computed in float64, with as many terms as float32 needs, and rounded once by their caller.

No argument or result of float32 is out of the ordinary in float64, nor is any denormal there, so that these have half the
operations of their counterparts in :mod:`jitad.emit.vmath` and beside it. Errors are below a hundredth of a unit of float32.

Coefficients are by interpolation at Chebyshev's points in 50-digit arithmetic.
"""

from __future__ import annotations

import math

from jitad.emit.lane_math import _each_cos, _each_sin
from jitad.emit.lanes import bits, choose, double, everywhere, fused, spread
from jitad.emit.power import _any_power, _ordinary
from jitad.emit.special.lane_gamma import _HALF_LOG_2_PI, _each_gammaln
from jitad.emit.vmath import _LN2_HIGH, _LOG2E, _ROUND, _own, _split_normal, _with_ends, reciprocal


@_own
def _exp2(whole, part):  # type: ignore[no-untyped-def]
    """2**(k + part) for \\|part\\| <= 1/2 and whole = _ROUND + k, an ordinary number."""
    r, r2 = part, part * part
    low = (0.6931471805599453 + r * 0.24022650922288757) + r2 * (0.055504108839096185 + r * 0.009618056678524637)
    high = (0.001333350238616277 + r * 0.0001546144469856913) + r2 * 1.5297323760701075e-05
    return double(bits(1.0 + r * (low + r2 * r2 * high)) + (bits(whole) << 52))


@_own
def exp_of_singles(x):  # type: ignore[no-untyped-def]
    """e**x."""
    x = choose(x > 200.0, 200.0, x)
    x = choose(x < -200.0, -200.0, x)
    t = x * _LOG2E + _ROUND
    return _exp2(t, fused(x, _LOG2E, -(t - _ROUND)))


@_own
def exp2_of_singles(x):  # type: ignore[no-untyped-def]
    """2**x."""
    x = choose(x > 300.0, 300.0, x)
    x = choose(x < -300.0, -300.0, x)
    t = x + _ROUND
    return _exp2(t, x - (t - _ROUND))


@_own
def _log_of_mantissa(m):  # type: ignore[no-untyped-def]
    """log(m) by a polynomial in s = (m - 1)/(m + 1)."""
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    p = 0.2333046721630384
    p = p * z + 0.28550820815960665
    p = p * z + 0.40000121839806124
    p = p * z + 0.6666666655449709
    return s * (2.0 + z * p)


@_own
def log_of_singles(x):  # type: ignore[no-untyped-def]
    """log(x)."""
    m, k = _split_normal(x)
    return _with_ends(x, k * _LN2_HIGH + _log_of_mantissa(m))


@_own
def log2_of_singles(x):  # type: ignore[no-untyped-def]
    """log2(x), exact where it is a whole number."""
    m, k = _split_normal(x)
    return _with_ends(x, k + _LOG2E * _log_of_mantissa(m))


@_own
def arccosh_of_singles(x):  # type: ignore[no-untyped-def]
    """log(x + sqrt(x**2 - 1)), which is 1e-4 from 0 where it is not 0."""
    return choose(x < 1.0, math.nan, log_of_singles(x + math.sqrt((x - 1.0) * (x + 1.0))))


# What follows takes lanes.

_FAR = 1e9  # from here on sines are left to the C library
_OVER_PI, _PI, _PI_LOW = 0.3183098861837907, 3.141592653589793, 1.2246467991473532e-16


@_own
def _sine(x, whole, k):  # type: ignore[no-untyped-def]
    """sin(x - k*pi), or less that where whole = _ROUND + n and n is odd."""
    r = fused(-k, _PI_LOW, fused(-k, _PI, x))
    z = r * r
    p = -2.4080190432969638e-08
    p = p * z + 2.75364635625748e-06
    p = p * z + -0.000198410865614788
    p = p * z + 0.008333332768753579
    p = p * z + -0.16666666663881236
    out = r * (1.0 + z * p)
    return choose((bits(whole) & 1) == 1, -out, out)


@_own
def sin_of_singles(x):  # type: ignore[no-untyped-def]
    """sin(x)."""
    if not everywhere(abs(x) < _FAR):
        return _each_sin(x)
    t = x * _OVER_PI + _ROUND
    return _sine(x, t, t - _ROUND)


@_own
def cos_of_singles(x):  # type: ignore[no-untyped-def]
    """cos(x) as sin(x + pi/2)."""
    if not everywhere(abs(x) < _FAR):
        return _each_cos(x)
    t = (x * _OVER_PI + 0.5) + _ROUND
    return _sine(x, t, (t - _ROUND) - 0.5)


@_own
def _arcsine(x):  # type: ignore[no-untyped-def]
    """Whether \\|x\\| <= 1/2, and asin(x); else asin(sqrt((1 - \\|x\\|)/2))."""
    size = abs(x)
    inner = size <= 0.5
    z = choose(inner, x * x, 0.5 * (1.0 - size))
    r = choose(inner, x, math.sqrt(z))
    p = 0.030974540371355073
    p = p * z + 0.010574415516912909
    p = p * z + 0.023611817008891752
    p = p * z + 0.030269138728589183
    p = p * z + 0.04464766388813485
    p = p * z + 0.07499992404401838
    p = p * z + 0.16666666686085643
    return inner, r * (1.0 + z * p)


@_own
def arcsin_of_singles(x):  # type: ignore[no-untyped-def]
    """asin(x); beyond 1/2 it is pi/2 - 2 asin(sqrt((1 - x)/2))."""
    inner, arc = _arcsine(x)
    far = 0.5 * _PI - 2.0 * arc
    return choose(inner, arc, choose(x < 0.0, -far, far))


@_own
def arccos_of_singles(x):  # type: ignore[no-untyped-def]
    """acos(x)."""
    inner, arc = _arcsine(x)
    return choose(inner, 0.5 * _PI - arc, choose(x < 0.0, _PI - 2.0 * arc, 2.0 * arc))


@_own
def power_of_singles(x, y):  # type: ignore[no-untyped-def]
    """x**y as 2**(y*log2(x)), of which log2 has 43 bits: an error of it counts as many times as y is large."""
    x, y = spread(x), spread(y)
    m, k = _split_normal(x)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    p = 0.19362653714202008
    p = p * z + 0.22191400830308503
    p = p * z + 0.2857175453591449
    p = p * z + 0.3999999879733759
    p = p * z + 0.6666666666737509
    product = y * (k + _LOG2E * (s * (2.0 + z * p)))
    if not _ordinary(x, product):
        return _any_power(x, y)
    t = product + _ROUND
    return _exp2(t, product - (t - _ROUND))


@_own
def _log_of_ratio(d):  # type: ignore[no-untyped-def]
    """log gamma(2 + d)/d for -3/4 <= d <= 1/2."""
    d2 = d * d
    even = -2.844251487055805e-05
    even = even * d2 + -3.179741121414106e-05
    even = even * d2 + -0.00022673037451543924
    even = even * d2 + -0.0011922845104517786
    even = even * d2 + -0.007385580924698802
    even = even * d2 + -0.06735230028234632
    even = even * d2 + 0.422784335094865
    odd = 1.5028170217751441e-05
    odd = odd * d2 + 0.00010507219259527626
    odd = odd * d2 + 0.0005080195120012258
    odd = odd * d2 + 0.002890713095688065
    odd = odd * d2 + 0.020580798462424978
    odd = odd * d2 + 0.32246703355814793
    return even + d * odd


@_own
def gammaln_of_singles(x):  # type: ignore[no-untyped-def]
    """log \\|gamma(x)\\|: from 3.5 on by Stirling's formula, below from the interval around 2, by recurrence."""
    if not everywhere((x > 1e-300) & (x < 1e300)):
        return _each_gammaln(x)
    first, second, third, far = x < 0.5, x < 1.25, x < 2.5, x >= 3.5
    product = choose(first, x * (x + 1.0), choose(second, x, choose(third, 1.0, x - 1.0)))
    m, k = _split_normal(choose(far, x, product))
    log = k * _LN2_HIGH + _log_of_mantissa(m)
    d = x - choose(first, 0.0, choose(second, 1.0, choose(third, 2.0, 3.0)))
    near = choose(second, -log, log) + d * _log_of_ratio(choose(far, 0.0, d))
    inverse = reciprocal(choose(far, x, 4.0))
    u = inverse * inverse
    rest = 0.08333333312119086 + u * (-0.0027776941948215584 + u * (0.0007883901767175485 + u * -0.0004847634002560771))
    return choose(far, (x - 0.5) * (log - 1.0) + (inverse * rest + (_HALF_LOG_2_PI - 0.5)), near)

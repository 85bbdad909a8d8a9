"""Elementary functions without branches or calls, so that LLVM vectorises loops that use them.

Numba's exp and log are calls into the C library, one number at a time. These are polynomials on a reduced argument: exp costs a
tenth of it in a loop. Errors stay below two units in the last place, mostly below one; infinities, NaN, denormals and signed
zeros are right.

They keep floating-point flags of their own: with the caller's ``reassoc`` LLVM would cancel the rounding by a magic constant.
So they must stay plain functions that LLVM inlines, never ``inline="always"``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numba.extending import overload

from jitad.emit import lanes
from jitad.emit.callee import LinkedCompiler
from jitad.emit.lanes import AVX512, Lanes, bits, choose, double, everywhere, fused

FLAGS = {"contract"}
_OPTIONS: Any = {"error_model": "numpy", "nogil": True, "pipeline_class": LinkedCompiler}
_own = njit(fastmath=FLAGS, **_OPTIONS)
_exactly = njit(fastmath=False, **_OPTIONS)  # nothing is fused but what says so
OVERLOADS: Any = {"fastmath": FLAGS, **_OPTIONS}

_ROUND = 6755399441055744.0  # 1.5 * 2**52: adding it rounds to an integer, which then stands in the low bits
_LOG2E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 0.6931471805599453, 2.3190468138462996e-17
_BIAS = 1023


@_own
def _power_of_two(t):  # type: ignore[no-untyped-def]
    """2**k, where t = _ROUND + k."""
    return double((bits(t) + _BIAS) << 52)


def _scaled(y, k):  # type: ignore[no-untyped-def]
    """``y * 2**k``, where the result may lie beyond the exponents of normal numbers."""
    raise NotImplementedError


@overload(_scaled, jit_options=OVERLOADS)
def _(y, k):  # type: ignore[no-untyped-def]
    if isinstance(y, Lanes) and AVX512:
        return lambda y, k: lanes.scaled(y, k)

    def in_two_factors(y, k):  # type: ignore[no-untyped-def]
        half = 0.5 * k + _ROUND
        return y * _power_of_two(half) * _power_of_two((k - (half - _ROUND)) + _ROUND)

    return in_two_factors


@_own
def _beyond_linear(r):  # type: ignore[no-untyped-def]
    """e**r - 1 - r for \\|r\\| <= log(2)/2, over r**2 a minimax polynomial; in pairs of pairs: short chains of operations."""
    r2 = r * r
    r4 = r2 * r2
    low = (0.5000000000000001 + r * 0.16666666666666674) + r2 * (0.041666666666623824 + r * 0.00833333333332214)
    middle = (0.001388888891736682 + r * 0.0001984126988679151) + r2 * (2.4801521058387743e-05 + r * 2.7557242116139604e-06)
    return r2 * (low + r4 * (middle + r4 * (2.76202013497138e-07 + r * 2.5110130600994397e-08)))


@_own
def _reduction(x):  # type: ignore[no-untyped-def]
    """t, r and what r loses, where t = _ROUND + k and x = k*log(2) + r with \\|r\\| <= log(2)/2."""
    t = x * _LOG2E + _ROUND
    k = t - _ROUND
    high = x - k * _LN2_HIGH
    r = high - k * _LN2_LOW
    return t, r, (high - r) - k * _LN2_LOW


@_own
def _reduced(x):  # type: ignore[no-untyped-def]
    """t and e**r - 1, where e**x = 2**k * e**r."""
    t, r, _ = _reduction(x)
    return t, r + _beyond_linear(r)


@_own
def _any_exp(x):  # type: ignore[no-untyped-def]
    """e**x; beyond the limits it is infinite, or zero."""
    x = choose(x > 709.8, 709.8, x)
    x = choose(x < -745.5, -745.5, x)
    t, y = _reduced(x)
    return _scaled(1.0 + y, t - _ROUND)


@_own
def _exp_in_lanes(x):  # type: ignore[no-untyped-def]
    """e**x, soonest where that is a normal number."""
    if not everywhere(abs(x) < 708.0):
        return _any_exp(x)
    t, y = _reduced(x)
    return double(bits(1.0 + y) + (bits(t) << 52))


# With AVX-512 a table of 16 numbers is as good as an operation, and a third of the polynomial's are saved.
_sixteenth = lanes.table_of_16([int(np.float64(2.0 ** (j / 16)).view(np.int64)) for j in range(16)])
_ROUND_SIXTEENTHS = _ROUND / 16  # adding it rounds to sixteenths, whose number then stands in the low bits


@_own
def _exp_by_table(x):  # type: ignore[no-untyped-def]
    """e**x in lanes as 2**k * e**r for whole sixteenths k; of r a minimax polynomial, up to log(2)/32."""
    x = choose(x > 709.8, 709.8, x)
    x = choose(x < -745.5, -745.5, x)
    t = x * _LOG2E + _ROUND_SIXTEENTHS
    k = t - _ROUND_SIXTEENTHS
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    r2 = r * r
    high = (0.04166666666495703 + r * 0.008333449817651228) + r2 * 0.0013889034494096299
    y = r + r2 * ((0.5 + r * 0.1666666666529896) + r2 * high)
    part = double(_sixteenth(bits(t)))
    return lanes.scaled(part + part * y, k)


def exp(x):  # type: ignore[no-untyped-def]
    """e**x."""
    return _any_exp(x)


@overload(exp, jit_options=OVERLOADS)
def _(x):  # type: ignore[no-untyped-def]
    if isinstance(x, Lanes):
        return (lambda x: _exp_by_table(x)) if AVX512 else lambda x: _exp_in_lanes(x)
    return lambda x: _any_exp(x)


@_own
def exp2(x):  # type: ignore[no-untyped-def]
    """2**x."""
    x = choose(x > 1100.0, 1100.0, x)
    x = choose(x < -1100.0, -1100.0, x)
    k = (x + _ROUND) - _ROUND
    r = (x - k) * _LN2_HIGH
    return _scaled(1.0 + (r + _beyond_linear(r)), k)


@_own
def expm1(x):  # type: ignore[no-untyped-def]
    """e**x - 1 as 2**k * (e**r - 1 + (1 - 2**-k))."""
    inside = choose(x > 709.8, 709.8, x)
    inside = choose(inside < -45.0, -45.0, inside)
    t, r, low = _reduction(inside)
    k, y = t - _ROUND, r + (_beyond_linear(r) + low)
    rest = 1.0 - _power_of_two(choose(k > 60.0, 60.0, k) * -1.0 + _ROUND)
    return choose(x == 0.0, x, _scaled(y + rest, k))


@_own
def tanh(x):  # type: ignore[no-untyped-def]
    """y/(1 + y) for y = (e**(2*x) - 1)/2, as in :func:`expm1`; where that is small, less rounded, y - y*y/(1 + y)."""
    size = abs(x)
    t, r, low = _reduction(2.0 * choose(size > 22.0, 22.0, size))
    half = 0.5 * _power_of_two(t)
    y = (r + (_beyond_linear(r) + low)) * half + (half - 0.5)
    out = y / (1.0 + y)
    out = choose(size < 0.2555, y - y * out, out)
    return choose(x == 0.0, x, choose(x < 0.0, -out, out))


_MANTISSA = (1 << 52) - 1
_ROOT_HALF = 0x3FE6A09E667F3BCD  # the bits of sqrt(1/2)
_TWO52 = 4503599627370496.0
_LEAST = 2.2250738585072014e-308  # normal number


@_own
def _split_normal(x):  # type: ignore[no-untyped-def]
    """m in [sqrt(1/2), sqrt(2)) and k, where x = m * 2**k, for normal numbers x > 0."""
    shifted = bits(x) + ((_BIAS << 52) - _ROOT_HALF)
    k = double(((shifted >> 52) & 4095) | bits(_TWO52)) - (_TWO52 + _BIAS)
    return double((shifted & _MANTISSA) + _ROOT_HALF), k


@_own
def _split(x):  # type: ignore[no-untyped-def]
    """The same for all numbers x > 0 but infinity."""
    tiny = x < _LEAST
    mantissa, k = _split_normal(choose(tiny, x * 18014398509481984.0, x))
    return mantissa, choose(tiny, k - 54.0, k)


@_own
def _log_in_two(m, extra):  # type: ignore[no-untyped-def]
    """log(m) + extra, which is small, as a difference: by a polynomial in f/(2 + f), where m = 1 + f."""
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    p = 0.14619091909227452
    p = p * z + 0.1533149815911172
    p = p * z + 0.1818289619675807
    p = p * z + 0.22222211031875044
    p = p * z + 0.28571428626650863
    p = p * z + 0.3999999999989789
    p = p * z + 0.666666666666667
    half = 0.5 * f * f
    return f, half - (s * (half + z * p) + extra)


@_own
def _log_of_mantissa(m, extra):  # type: ignore[no-untyped-def]
    """log(m) + extra, which is small."""
    f, rest = _log_in_two(m, extra)
    return f - rest


@_own
def _with_ends(x, out):  # type: ignore[no-untyped-def]
    """A logarithm of x, `out` where x is between 0 and infinity."""
    out = choose(x < np.inf, out, x)  # infinity and nan
    out = choose(x == 0.0, -np.inf, out)
    return choose(x < 0.0, np.nan, out)


@_own
def _log(x, extra):  # type: ignore[no-untyped-def]
    """log(x) + extra, which is small."""
    m, k = _split(x)
    return _with_ends(x, k * _LN2_HIGH_SHORT + _log_of_mantissa(m, k * _LN2_LOW_SHORT + extra))


@_own
def log(x):  # type: ignore[no-untyped-def]
    """log(x)."""
    return _log(x, 0.0)


@_own
def log2(x):  # type: ignore[no-untyped-def]
    """log2(x), exact where it is a whole number."""
    m, k = _split(x)
    return _with_ends(x, k + _LOG2E * _log_of_mantissa(m, 0.0))


@_own
def log10(x):  # type: ignore[no-untyped-def]
    """log10(x)."""
    m, k = _split(x)
    return _with_ends(x, k * _LOG10_2_HIGH + (k * _LOG10_2_LOW + _LOG10E * _log_of_mantissa(m, 0.0)))


@_own
def log1p(x):  # type: ignore[no-untyped-def]
    """log(1 + x), of the rounded sum and of what was lost."""
    u = 1.0 + x
    lost = choose(x > 1.0, 1.0 - (u - x), x - (u - 1.0))
    return choose(x == 0.0, x, _log(u, lost / u))


_LN2_HIGH_SHORT, _LN2_LOW_SHORT = 0.6931471803691238, 1.9082149292705877e-10  # k times the first is exact
_LOG10_2_HIGH, _LOG10_2_LOW = 0.301029995663157, 8.241712586023572e-13
_LOG10E = 0.4342944819032518


# Reciprocals and roots of lanes: with AVX-512 an estimate and one correction, which cost less than half of the machine's own.
# Where the estimate is of no use (zeros, infinities, NaN), the correction is no small number, and the machine's own are taken.

_SMALL = 1e-3


@_own
def reciprocal(x):  # type: ignore[no-untyped-def]
    """1/x of lanes, to one unit in the last place."""
    if not AVX512:
        return 1.0 / x
    y = lanes.reciprocal_estimate(x)
    e = fused(-x, y, 1.0)
    near = abs(e) < _SMALL
    out = fused(y, fused(e, fused(e, e, e), e), y)
    return out if everywhere(near) else choose(near, out, 1.0 / x)


@_own
def rsqrt(x):  # type: ignore[no-untyped-def]
    """1/sqrt(x) of lanes, to two units in the last place."""
    if not AVX512:
        return 1.0 / lanes.exact_sqrt(x)
    y = lanes.root_estimate(x)
    e = fused(-x * y, y, 1.0)
    near = abs(e) < _SMALL
    out = fused(y * e, fused(e, fused(e, 0.3125, 0.375), 0.5), y)
    return out if everywhere(near) else choose(near, out, 1.0 / lanes.exact_sqrt(x))


@overload(math.sqrt, jit_options=OVERLOADS)
def _(x):  # type: ignore[no-untyped-def]
    if not isinstance(x, Lanes):
        return None
    if not AVX512:
        return lambda x: lanes.exact_sqrt(x)

    def sqrt(x):  # type: ignore[no-untyped-def]
        y = lanes.root_estimate(x)
        root = x * y
        e = fused(-root, y, 1.0)
        near = abs(e) < _SMALL
        out = fused(root * e, fused(e, fused(e, 0.3125, 0.375), 0.5), root)
        return out if everywhere(near) else choose(near, out, lanes.exact_sqrt(x))

    return sqrt

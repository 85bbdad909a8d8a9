"""Elementary functions without branches or calls, so that LLVM vectorises loops that use them.

Numba's exp and log are calls into the C library, one number at a time. These are polynomials on a reduced argument: exp costs a
tenth of it in a loop. Errors stay below one unit in the last place; infinities, NaN, denormals and signed zeros are right.

They keep floating-point flags of their own: with the caller's ``reassoc`` LLVM would cancel the rounding by a magic constant.
So they must stay plain functions that LLVM inlines, never ``inline="always"``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

_own = njit(fastmath={"contract"}, error_model="numpy", nogil=True)


def _bitcast(source: types.Type, target: types.Type, to: ir.Type) -> Any:
    """The same 64 bits as another type."""

    def signature(typingctx, x):  # type: ignore[no-untyped-def]
        return target(source), lambda context, builder, sig, args: builder.bitcast(args[0], to)

    return intrinsic(signature)


_bits = _bitcast(types.float64, types.int64, ir.IntType(64))
_double = _bitcast(types.int64, types.float64, ir.DoubleType())

_ROUND = 6755399441055744.0  # 1.5 * 2**52: adding it rounds to an integer, which then stands in the low bits
_LOG2E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 0.6931471805599453, 2.3190468138462996e-17
_BIAS = 1023


@_own
def _power_of_two(t):  # type: ignore[no-untyped-def]
    """2**k, where t = _ROUND + k."""
    return _double((_bits(t) + _BIAS) << 52)


@_own
def exp(x):  # type: ignore[no-untyped-def]
    """e**x = 2**k * e**r with \\|r\\| <= log(2)/2; (e**r - 1 - r)/r**2 by a minimax polynomial."""
    x = 709.8 if x > 709.8 else x  # beyond, the result is infinite, or zero
    x = -745.5 if x < -745.5 else x
    t = x * _LOG2E + _ROUND
    k = t - _ROUND
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    tail = 2.5110130600994397e-08
    tail = tail * r + 2.76202013497138e-07
    tail = tail * r + 2.7557242116139604e-06
    tail = tail * r + 2.4801521058387743e-05
    tail = tail * r + 0.0001984126988679151
    tail = tail * r + 0.001388888891736682
    tail = tail * r + 0.00833333333332214
    tail = tail * r + 0.041666666666623824
    tail = tail * r + 0.16666666666666674
    tail = tail * r + 0.5000000000000001
    y = 1.0 + (r + r * r * tail)
    half = 0.5 * k + _ROUND  # 2**k in two factors: k may be below the exponents of normal numbers
    return y * _power_of_two(half) * _power_of_two((k - (half - _ROUND)) + _ROUND)


_MANTISSA = (1 << 52) - 1
_TWO52 = 4503599627370496.0


@_own
def log(x):  # type: ignore[no-untyped-def]
    """log(x) = k*log(2) + log(1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), by a polynomial in f/(2 + f)."""
    tiny = x < 2.2250738585072014e-308
    bits = _bits(x * 18014398509481984.0 if tiny else x)
    mantissa = _double((bits & _MANTISSA) | (_BIAS << 52))
    k = _double(((bits >> 52) & 2047) | _bits(_TWO52)) - (_TWO52 + _BIAS)
    k = k - 54.0 if tiny else k
    large = mantissa > 1.4142135623730951
    mantissa = 0.5 * mantissa if large else mantissa
    k = k + 1.0 if large else k
    f = mantissa - 1.0
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
    out = k * _LN2_HIGH_SHORT + (f - (half - (s * (half + z * p) + k * _LN2_LOW_SHORT)))
    out = out if x < np.inf else x  # infinity and nan
    out = -np.inf if x == 0.0 else out
    return np.nan if x < 0.0 else out


_LN2_HIGH_SHORT, _LN2_LOW_SHORT = 0.6931471803691238, 1.9082149292705877e-10  # k times the first is exact

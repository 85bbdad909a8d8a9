"""Error functions, the normal distribution, and their inverses.

Coefficients of Chebyshev series are by interpolation in 40-digit arithmetic.
"""

from __future__ import annotations

import math

import numpy as np

from jitad.emit.special.own import chebyshev, exp_square, own

_ROOT_PI, _ROOT_HALF, _ROOT_TWO = math.sqrt(math.pi), math.sqrt(0.5), math.sqrt(2.0)

# (1 + 2x) erfcx(x) by (x - 3.75)/(x + 3.75).
_SCALED = np.array([
    -2.187342991440203e-18, -2.237056753604493e-18, 5.068148893229274e-17, 7.418235246060553e-17, -1.2507950531355352e-15,
    -1.8645628804286153e-15, 3.347811948291892e-14, 3.252548148158481e-14, -9.654696748432264e-13, 1.945586854578792e-13,
    2.8687950109306763e-11, -6.318088340886684e-11, -7.754400208831352e-10, 4.521959811218287e-09, 1.076499946567091e-08,
    -2.1886401049234397e-07, 7.74038306619849e-07, 4.13902798607301e-06, -6.916973302501207e-05, 0.0004907758365258086,
    -0.002413163540417608, 0.009074997670705265, -0.026658668435305753, 0.05920993999819189, -0.08424913336651792,
    -0.004590054580646478, 1.1775789345674017])
# erfinv(y)/y for y**2 < 0.81, to six digits.
_CENTRAL = np.array([
    1.4694856993967138e-06, 4.145439435510596e-06, 1.1820736959957676e-05, 3.415600259203186e-05, 0.00010035485796698383,
    0.0003013208425703464, 0.0009316342798311339, 0.003003167866522013, 0.010320664638598487, 0.039597989644761473,
    0.19167990475380156, 1.0463316078822302])
# w * x for erfc(x) = exp(-1/w**2), from w = 1/27.3 to 1/1.5, to six digits.
_TAIL = np.array([
    1.8864545318010026e-06, -4.7200063066024246e-06, 1.2465894958519741e-05, -3.535612132321647e-05, 0.00012344855770475468,
    -0.0006366157285792247, 0.0035602429036891993, -0.008465338648684222, -0.12074159288475472, 0.8894953208447914])


@own
def erfcx_right(x):  # type: ignore[no-untyped-def]
    """exp(x**2) erfc(x) for x >= 0."""
    if x < 0.5:
        return math.exp(x * x) * math.erfc(x)
    return 0.5 * chebyshev(_SCALED, 1.0 - 7.5 / (x + 3.75)) / (0.5 + x)


@own
def erfcx(x):  # type: ignore[no-untyped-def]
    """exp(x**2) erfc(x); on the left by erfc(-x) = 2 - erfc(x), DLMF 7.4.2."""
    if x < -27.0:
        return math.inf
    return 2.0 * exp_square(x, 1.0) - erfcx_right(-x) if x < 0.0 else erfcx_right(x)


@own
def ndtr(x):  # type: ignore[no-untyped-def]
    """The normal distribution; from its tail where that is small."""
    if abs(x) <= 1.0:
        return 0.5 + 0.5 * math.erf(_ROOT_HALF * x)
    tail = 0.0 if abs(x) > 39.0 else 0.5 * exp_square(x, -0.5) * erfcx_right(_ROOT_HALF * abs(x))
    return 1.0 - tail if x > 0.0 else tail if x < 0.0 else x


@own
def density(x):  # type: ignore[no-untyped-def]
    """The normal density."""
    return 0.0 if abs(x) > 39.0 else _ROOT_HALF / _ROOT_PI * exp_square(x, -0.5)


@own
def log_ndtr(x):  # type: ignore[no-untyped-def]
    """log(ndtr(x)), also where that is too small for a number."""
    if x < -1.0:
        return math.log(0.5 * erfcx_right(-_ROOT_HALF * x)) - 0.5 * x * x
    return math.log1p(-ndtr(-x))


@own
def hazard(x):  # type: ignore[no-untyped-def]
    """The normal density over its integral from x to infinity: the inverse of Mills' ratio."""
    return density(x) / ndtr(-x) if x < -1.0 else _ROOT_TWO / _ROOT_PI / erfcx(_ROOT_HALF * x)


@own
def tail_ratio(n, x):  # type: ignore[no-untyped-def]
    """I(n)/I(n - 1), where I(n) is the n-th integral from x to infinity of the normal density I(-1), for n > 0.

    From I(n - 2) = x I(n - 1) + n I(n) (DLMF 7.18.7) follows the next one, on the left, and the continued fraction (DLMF 7.9.2)
    on the right, where that recurrence would cancel.
    """
    if not x >= 1.5:
        inverse = hazard(x)
        x = max(x, -40.0)  # the density is zero there: what it is multiplied with stays finite
        for k in range(1, n + 1):
            inverse = k / (inverse - x)
        return 1.0 / inverse
    last = n + 20 + int(330.0 / (x * x))
    ratio = 2.0 / (x + math.sqrt(x * x + 4.0 * last))
    for k in range(last, n, -1):
        ratio = 1.0 / (x + k * ratio)
    return ratio


@own
def _erfinv_central(y):  # type: ignore[no-untyped-def]
    """The inverse of erf for \\|y\\| < 0.9: six digits, and one step of Halley's."""
    x = y * chebyshev(_CENTRAL, y * y / 0.405 - 1.0)
    step = (math.erf(x) - y) * (0.5 * _ROOT_PI) * math.exp(x * x)
    return x - step / (1.0 + x * step)


@own
def _erfcinv_tail(q):  # type: ignore[no-untyped-def]
    """The inverse of erfc for q < 0.1: six digits, and one step of Halley's on the logarithm, which is nearly a square."""
    below = math.log(q)
    w = 1.0 / math.sqrt(-below)
    x = chebyshev(_TAIL, (2.0 * w - (1 / 1.5 + 1 / 27.3)) / (1 / 1.5 - 1 / 27.3)) / w
    scaled = erfcx_right(x)
    slope = -2.0 / (_ROOT_PI * scaled)
    step = (math.log(scaled) - x * x - below) / slope
    return x - step / (1.0 + 0.5 * step * (slope + 2.0 * x))


@own
def erfinv(y):  # type: ignore[no-untyped-def]
    """The inverse of erf."""
    if abs(y) < 0.9:
        return _erfinv_central(y) + 0.0
    if abs(y) < 1.0:
        return math.copysign(_erfcinv_tail(1.0 - abs(y)), y)
    return math.copysign(math.inf, y) if abs(y) == 1.0 else math.nan


@own
def erfcinv(q):  # type: ignore[no-untyped-def]
    """The inverse of erfc."""
    if 0.1 < q < 1.9:
        return -_erfinv_central(q - 1.0)
    if 0.0 < q < 2.0:
        return _erfcinv_tail(q) if q < 1.0 else -_erfcinv_tail(2.0 - q)
    return math.inf if q == 0.0 else -math.inf if q == 2.0 else math.nan


@own
def ndtri(p):  # type: ignore[no-untyped-def]
    """The inverse of ndtr."""
    if 0.05 < p < 0.95:
        return _ROOT_TWO * _erfinv_central(2.0 * p - 1.0)
    if 0.0 < p < 1.0:
        return -_ROOT_TWO * _erfcinv_tail(2.0 * p) if p < 0.5 else _ROOT_TWO * _erfcinv_tail(2.0 * (1.0 - p))
    return -math.inf if p == 0.0 else math.inf if p == 1.0 else math.nan

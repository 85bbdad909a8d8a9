"""The logarithm of the gamma function and its derivative, of lanes. Those of negative numbers are left to scalars, one by one.

Errors are at most two units in the last place of the logarithm, three between its zeros 1 and 2; of the derivative at most eight
of the larger one of it and 1.

Coefficients are by interpolation at Chebyshev's points in 50-digit arithmetic.
"""

from __future__ import annotations

from jitad.emit.lanes import choose, everywhere, fused, lane, pack
from jitad.emit.special.factorials import gammaln, polygamma
from jitad.emit.vmath import _LN2_HIGH_SHORT, _LN2_LOW_SHORT, _exactly, _log_of_mantissa, _own, _split_normal, reciprocal

_HALF_LOG_2_PI = 0.9189385332046728


@_own
def _log(x):  # type: ignore[no-untyped-def]
    """log(x) in two parts, of which the first one has 32 bits."""
    m, k = _split_normal(x)
    return k * _LN2_HIGH_SHORT, _log_of_mantissa(m, k * _LN2_LOW_SHORT)


@_own
def _around_two(d):  # type: ignore[no-untyped-def]
    """log gamma(2 + d)/d for -3/4 <= d <= 1/2."""
    z = d * d
    even = 7.558472696788447e-08
    even = even * z + 6.2426286817793866e-09
    even = even * z + 2.0758927598859588e-07
    even = even * z + 9.670254916827003e-07
    even = even * z + 4.370089307840295e-06
    even = even * z + 2.0508175353649692e-05
    even = even * z + 9.945740198894934e-05
    even = even * z + 0.0005096695320648715
    even = even * z + 0.002890510330482064
    even = even * z + 0.020580808427788703
    even = even * z + 0.3224670334241132
    odd = 5.025731736555141e-08
    odd = odd * z + -1.9264000508094273e-07
    odd = odd * z + -4.018330416059452e-07
    odd = odd * z + -2.052482416724873e-06
    odd = odd * z + -9.43727020655551e-06
    odd = odd * z + -4.4926464931326535e-05
    odd = odd * z + -0.00022315474408602818
    odd = odd * z + -0.0011927539122376619
    odd = odd * z + -0.007385551028663193
    odd = odd * z + -0.06735230105319819
    return 0.42278433509846713 + d * (even + d * odd)


@_own
def _stirling(u):  # type: ignore[no-untyped-def]
    """x*(log gamma(x) - (x - 1/2)*(log(x) - 1) + 1/2 - log(2*pi)/2) for u = 1/x**2, x >= 3.5."""
    p = 0.025861403409854166
    p = p * u + -0.015567824365089652
    p = p * u + 0.005518189637862123
    p = p * u + -0.0018803146175344362
    p = p * u + 0.0008407851917152409
    p = p * u + -0.0005952235546221815
    p = p * u + 0.0007936506816625898
    p = p * u + -0.0027777777774405845
    p = p * u + 0.08333333333333316
    return p


@_exactly
def _gammaln_right(x):  # type: ignore[no-untyped-def]
    """log gamma(x) for x > 0: from 3.5 on by Stirling's formula, below from the interval around 2, by recurrence."""
    first, second, third, far = x < 0.5, x < 1.25, x < 2.5, x >= 3.5
    product = choose(first, x * (x + 1.0), choose(second, x, choose(third, 1.0, x - 1.0)))
    high, low = _log(choose(far, x, product))
    d = choose(first, x, choose(second, x - 1.0, choose(third, x - 2.0, x - 3.0)))
    d = choose(far, 0.0, d)
    sign = choose(second, -1.0, 1.0)
    near = fused(sign, high, fused(d, _around_two(d), sign * low))
    inverse = reciprocal(choose(far, x, 4.0))
    shifted = x - 0.5
    main = shifted * (high - 1.0)
    rest = fused(shifted, high - 1.0, -main) + fused(shifted, low, inverse * _stirling(inverse * inverse))
    return choose(far, main + (rest + (_HALF_LOG_2_PI - 0.5)), near)


@_own
def _each_gammaln(x):  # type: ignore[no-untyped-def]
    return pack((gammaln(lane(x, 0)), gammaln(lane(x, 1)), gammaln(lane(x, 2)), gammaln(lane(x, 3)),
                 gammaln(lane(x, 4)), gammaln(lane(x, 5)), gammaln(lane(x, 6)), gammaln(lane(x, 7))))


@_own
def gammaln_of_lanes(x):  # type: ignore[no-untyped-def]
    """log \\|gamma(x)\\|."""
    return _gammaln_right(x) if everywhere((x > 1e-300) & (x < 1e300)) else _each_gammaln(x)


@_own
def _digamma_far(u):  # type: ignore[no-untyped-def]
    """x**2*(log(x) - 1/(2*x) - psi(x)) for u = 1/x**2, x >= 6."""
    p = 0.05278357044405221
    p = p * u + -0.02005781244262451
    p = p * u + 0.007557240323462052
    p = p * u + -0.004166492133359842
    p = p * u + 0.003968253174193183
    p = p * u + -0.008333333331966718
    p = p * u + 0.08333333333333294
    return p


@_own
def _digamma_right(x):  # type: ignore[no-untyped-def]
    """psi(x) for x > 0: below 6 from that of x + 6, by the sum of 1/(x + k) as one quotient."""
    near = x < 6.0
    z = choose(near, x, 1.0)
    above = ((((6.0 * z + 75.0) * z + 340.0) * z + 675.0) * z + 548.0) * z + 120.0
    below = (((((z + 15.0) * z + 85.0) * z + 225.0) * z + 274.0) * z + 120.0) * z
    y = choose(near, x + 6.0, x)
    high, low = _log(y)
    inverse = reciprocal(y)
    u = inverse * inverse
    return high + (low - choose(near, above / below, 0.0) - (0.5 * inverse + u * _digamma_far(u)))


@_own
def _each_digamma(x):  # type: ignore[no-untyped-def]
    return pack((polygamma(0, lane(x, 0)), polygamma(0, lane(x, 1)), polygamma(0, lane(x, 2)), polygamma(0, lane(x, 3)),
                 polygamma(0, lane(x, 4)), polygamma(0, lane(x, 5)), polygamma(0, lane(x, 6)), polygamma(0, lane(x, 7))))


@_own
def digamma_of_lanes(x):  # type: ignore[no-untyped-def]
    """The derivative of log gamma."""
    return _digamma_right(x) if everywhere((x > 1e-300) & (x < 1e300)) else _each_digamma(x)

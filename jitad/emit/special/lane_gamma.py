"""The logarithm of the gamma function and its derivative, of lanes. Those of negative numbers are left to scalars, one by one.

Errors are at most two units in the last place of the logarithm, of the derivative eight of the larger one of it and 1.

Coefficients are by interpolation at Chebyshev's points in 50-digit arithmetic.
"""

from __future__ import annotations

from jitad.emit.lanes import choose, everywhere, fused, lane, pack
from jitad.emit.special.factorials import gammaln, polygamma
from jitad.emit.vmath import (
    _LN2_HIGH_SHORT,
    _LN2_LOW_SHORT,
    _exactly,
    _log_in_two,
    _log_of_mantissa,
    _own,
    _split_normal,
    reciprocal,
)

_HALF_LOG_2_PI = 0.9189385332046728


@_own
def _log(x):  # type: ignore[no-untyped-def]
    """log(x) in two parts, of which the first one has 32 bits."""
    m, k = _split_normal(x)
    return k * _LN2_HIGH_SHORT, _log_of_mantissa(m, k * _LN2_LOW_SHORT)


@_own
def _around_two(d):  # type: ignore[no-untyped-def]
    """log gamma(2 + d)/(d*(1 + d)) for -1 <= d <= 1/2, which has no zero there."""
    z = d * d
    even = 3.643989079466685e-07
    even = even * z + 1.8395768716045376e-07
    even = even * z + -5.537169839509246e-07
    even = even * z + 9.073699076316843e-08
    even = even * z + -9.245157000958534e-07
    even = even * z + -3.839035423924593e-06
    even = even * z + -1.7661739189592744e-05
    even = even * z + -8.309521942411957e-05
    even = even * z + -0.0004057073872248709
    even = even * z + -0.00210813083441574
    even = even * z + -0.012384192193362962
    even = even * z + -0.10031730167435396
    odd = 8.702854149462274e-08
    odd = odd * z + 5.744899173364975e-07
    odd = odd * z + -4.4290756469897444e-07
    odd = odd * z + 1.1084049197760587e-07
    odd = odd * z + 4.982476839417464e-07
    odd = odd * z + 1.7637617122412775e-06
    odd = odd * z + 8.232056232593648e-06
    odd = odd * z + 3.816762356244622e-05
    odd = odd * z + 0.00018255273610136508
    odd = odd * z + 0.0009153769179414426
    odd = odd * z + 0.0049986411647973406
    odd = odd * z + 0.032965000621154886
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
    """log gamma(x) for x > 0: from 3.5 on by Stirling's formula, below from the interval from 1 to 2.5, by recurrence."""
    first, second, far = x < 1.0, x < 2.5, x >= 3.5
    m, k = _split_normal(choose(first | far, x, choose(second, 1.0, x - 1.0)))
    high = k * _LN2_HIGH_SHORT
    f, rest = _log_in_two(m, k * _LN2_LOW_SHORT)
    low = f - rest
    d = x - choose(first, 1.0, choose(second, 2.0, 3.0))
    e, q = choose(first, x, d + 1.0), _around_two(choose(far, 0.0, d))
    product = d * e
    sign = choose(first, -1.0, 1.0)
    lost = fused(fused(d, e, -product), q, sign * ((f - low) - rest))
    near = fused(sign, high, fused(product, q, fused(sign, low, lost)))
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

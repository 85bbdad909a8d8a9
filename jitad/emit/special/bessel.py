"""Bessel functions of the first and second kind, of integer order.

Up to 1 by the series in x, up to 8 by Chebyshev series in x**2, from there on by Hankel's expansion (DLMF 10.17.3), whose
amplitudes are Chebyshev series in (8/x)**2; coefficients by interpolation in 40-digit arithmetic. Near the zeros of J0 and J1
below 8, which are factors, the error is small against the value, near other zeros against the amplitude.
"""

from __future__ import annotations

import math

import numpy as np

from jitad.emit.special.own import chebyshev, near_zero, own

# J0(x) over (x**2 - a**2)*(x**2 - b**2), J1(x)/x over the same with its own zeros; and these zeros in two parts.
_J0 = np.array([
    4.8912290055811176e-20, -3.0475993756698376e-18, 1.6632588015211278e-16, -7.875041254709154e-15, 3.1989232970233477e-13,
    -1.1003860827939697e-11, 3.1559927583611334e-10, -7.406701254344167e-09, 1.3898025173428905e-07, -2.0248894980012834e-06,
    2.204908639454817e-05, -0.00017040584951557357, 0.0008687721472062577, -0.002620939138497025, 0.0019903555001601486])
_J1 = np.array([
    1.4418291781315051e-21, -9.546930865755219e-20, 5.558821065951572e-18, -2.8205466239524856e-16, 1.2341465589619718e-14,
    -4.60007822413452e-13, 1.4395417669312554e-11, -3.716577146675772e-10, 7.747614077073057e-09, -1.269075502369425e-07,
    1.576470099225889e-06, -1.4149356425623485e-05, 8.553646588540538e-05, -0.0003115684036643562, 0.00027895709887613106])
_ZEROS0 = ((2.404825557695773, -1.176691651530894e-16), (5.520078110286311, 8.088597146146722e-17))
_ZEROS1 = ((3.8317059702075125, -1.5269184090088067e-16), (7.015586669815619, -9.414165653410389e-17))
# What Y0(x) and Y1(x)/x are beside log(x/2) times J (and the pole), DLMF 10.8.1.
_Y0 = np.array([
    3.136863182479938e-19, -2.1586201986914482e-17, 1.3086308625876684e-15, -6.926956032431002e-14, 3.1685725528945945e-12,
    -1.2374148898289854e-10, 4.06651736597911e-09, -1.1049969793472957e-07, 2.4290361107923793e-06, -4.1996983149420134e-05,
    0.0005498525320039012, -0.005161397105810715, 0.031799074084414514, -0.10755155280627783, 0.09825508408187864,
    0.2960499990207148, -0.2783237094075825, 0.03645469809116044])
_Y1 = np.array([
    -6.596060978723042e-19, 4.268126513072962e-17, -2.423162442712473e-15, 1.1956162517587948e-13, -5.070666636591129e-12,
    1.8245086841229007e-10, -5.483524110336276e-09, 1.350602691325434e-07, -2.6617695125295625e-06, 4.06940026958087e-05,
    -0.0004627254060293369, 0.003680607687823511, -0.01852588451089802, 0.047967452752746984, -0.0248677076121964,
    -0.08182561412732826, 0.038300769852423776])
# The amplitudes of the cosine and of 8/x times the sine.
_P0 = np.array([
    -2.880866169482871e-18, 1.6305919233744186e-17, -1.0011513723467786e-16, 6.748072215733873e-16, -5.069034095935236e-15,
    4.3265957431549404e-14, -4.3045788699253914e-13, 5.168262387349193e-12, -7.86409137723707e-11, 1.6306464635151382e-09,
    -5.1705945376060975e-08, 3.0751847875194745e-06, -0.0005365220468132117, 0.9994603493475187])
_Q0 = np.array([
    -2.9211627152642775e-20, 1.3091448717220122e-19, -6.191115787358145e-19, 3.1082440486738143e-18, -1.6686065214378146e-17,
    9.662128970303257e-17, -6.09993013164005e-16, 4.255225040245461e-15, -3.336328185322427e-14, 3.006145125351706e-13,
    -3.206747420996635e-12, 4.2201219046687385e-11, -7.27191593686632e-10, 1.7972457247968992e-08, -7.414498411060647e-07,
    6.838519942611649e-05, -0.015555854605337009])
_P1 = np.array([
    3.0492991197665872e-18, -1.7312313216116335e-17, 1.0667689114335412e-16, -7.221180842274018e-16, 5.452674896044717e-15,
    -4.6842237839904895e-14, 4.699195515230542e-13, -5.704863640395645e-12, 8.816898659582339e-11, -1.8718907491063067e-09,
    6.177633960644299e-08, -3.987284300488908e-06, 0.0008989898330859408, 1.0009030408600137])
_Q1 = np.array([
    -1.3765771484849487e-19, 6.524081149589261e-19, -3.2834519872981614e-18, 1.767635548776479e-17, -1.0269147531823243e-16,
    6.508282957783384e-16, -4.5612523950772974e-15, 3.5967765829165294e-14, -3.2643156743279e-13, 3.5152187949686082e-12,
    -4.686363688176945e-11, 8.229193327650554e-10, -2.0959781384083424e-08, 9.138615257955454e-07, -9.62772354915708e-05,
    0.04677778706953532])
_NEAR, _TWO_BY_PI, _LOG2 = 8.0, 2 / math.pi, math.log(2)


@own
def _between(x, zeros):  # type: ignore[no-untyped-def]
    """(x**2 - a**2)*(x**2 - b**2), exact near the zeros."""
    (a, a_low), (b, b_low) = zeros
    return ((x - a) - a_low) * (x + a) * (((x - b) - b_low) * (x + b))


@own
def _far(x, p, q, turn, quarter):  # type: ignore[no-untyped-def]
    """sqrt(2/(pi x)) (P cos(t) - Q sin(t)), t = x - turn*pi/4 (turn is 1 or 3), or with `quarter` the sine and cosine."""
    z = _NEAR / x
    t = 2.0 * z * z - 1.0
    even, odd = chebyshev(p, t), z * chebyshev(q, t)
    if quarter:
        even, odd = odd, -even
    sine, cosine = math.sin(x), math.cos(x)
    plus, minus = (sine + cosine, sine - cosine) if turn == 1 else (sine - cosine, -sine - cosine)
    return (even * plus - odd * minus) / math.sqrt(math.pi) / math.sqrt(x)


@own
def bessel_j0(x):  # type: ignore[no-untyped-def]
    """The Bessel function of order 0."""
    x = abs(x)
    if x < 1.0:
        return near_zero(0, -0.25 * x * x)
    if x < _NEAR:
        return _between(x, _ZEROS0) * chebyshev(_J0, x * x / 32.0 - 1.0)
    return _far(x, _P0, _Q0, 1, False)


@own
def bessel_j1(x):  # type: ignore[no-untyped-def]
    """The Bessel function of order 1."""
    if abs(x) < 1.0:
        return 0.5 * x * near_zero(1, -0.25 * x * x)
    if abs(x) < _NEAR:
        return x * (_between(abs(x), _ZEROS1) * chebyshev(_J1, x * x / 32.0 - 1.0))
    far = _far(abs(x), _P1, _Q1, 3, False)
    return far if x > 0.0 else -far


@own
def bessel_y0(x):  # type: ignore[no-untyped-def]
    """The Bessel function of the second kind of order 0."""
    if x < _NEAR:
        if x <= 0.0:
            return -math.inf if x == 0.0 else math.nan
        return _TWO_BY_PI * (math.log(x) - _LOG2) * bessel_j0(x) + chebyshev(_Y0, x * x / 32.0 - 1.0)
    return _far(x, _P0, _Q0, 1, True)


@own
def bessel_y1(x):  # type: ignore[no-untyped-def]
    """The Bessel function of the second kind of order 1."""
    if x < _NEAR:
        if x <= 0.0:
            return -math.inf if x == 0.0 else math.nan
        return _TWO_BY_PI * ((math.log(x) - _LOG2) * bessel_j1(x) - 1.0 / x) + x * chebyshev(_Y1, x * x / 32.0 - 1.0)
    return _far(x, _P1, _Q1, 3, True)


@own
def bessel_yn(n, x):  # type: ignore[no-untyped-def]
    """The Bessel function of the second kind of order n, by recurrence (DLMF 10.6.1), which is stable here."""
    sign = -1.0 if n < 0 and n % 2 == 1 else 1.0
    n = abs(n)
    before, value = bessel_y0(x), bessel_y1(x)
    if n == 0:
        return before
    for k in range(1, n):
        if abs(value) < math.inf:
            before, value = value, 2.0 * k / x * value - before
    return sign * value


@own
def _upward(n, x, before, value, odd):  # type: ignore[no-untyped-def]
    """Order n > 1 from orders 0 and 1, by f(k + 1) = (2k + odd)/x f(k) - f(k - 1), for x > 0.

    As far as the order is below x; from there the ratios of neighbours, by the continued fraction that the same recurrence is.
    """
    reached = min(n, int(min(x, 2e9)))
    if reached == 0:
        value = before
    for k in range(1, reached):
        before, value = value, (2.0 * k + odd) / x * value - before
    if reached < n:
        ratio = 0.0
        for k in range(n + 20 + int(14.0 * x ** (1.0 / 3.0)), n, -1):
            ratio = 1.0 / ((2.0 * k + odd) / x - ratio)
        for k in range(n, reached, -1):
            ratio = 1.0 / ((2.0 * k + odd) / x - ratio)
            value *= ratio
    return value


@own
def bessel_jn(n, x):  # type: ignore[no-untyped-def]
    """The Bessel function of order n: DLMF 10.6.1 and 10.10.1."""
    sign = -1.0 if n % 2 == 1 and (x < 0.0) != (n < 0) else 1.0
    n, x = abs(n), abs(x)
    zero, one = bessel_j0(x), bessel_j1(x)
    if n < 2 or x == 0.0 or not x < math.inf:
        return sign * (zero if n == 0 else one)
    return sign * _upward(n, x, zero, one, 0.0)


@own
def spherical_jn(n, x):  # type: ignore[no-untyped-def]
    """The spherical Bessel function of order n: DLMF 10.49.3 and 10.51.1."""
    sign = -1.0 if n % 2 == 1 and x < 0.0 else 1.0
    x = abs(x)
    if n < 0 or x != x:
        return math.nan
    if x == 0.0 or x == math.inf:
        return 1.0 if n == 0 and x == 0.0 else sign * 0.0
    zero = math.sin(x) / x
    if n == 0:
        return zero
    one = (zero - math.cos(x)) / x
    return sign * (one if n == 1 and x >= 1.0 else _upward(n, x, zero, one, 1.0))

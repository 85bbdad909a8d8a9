"""Inverse hyperbolic functions without branches or calls: see :mod:`jitad.emit.vmath`. They are logarithms of 1 + w."""

from __future__ import annotations

import math

import numpy as np

from jitad.emit.lanes import choose
from jitad.emit.vmath import _LN2_HIGH, _own, log1p

_FAR = 1e17  # from here on they are log(2*x)


@_own
def _with_sign(x, out):  # type: ignore[no-untyped-def]
    return choose(x == 0.0, x, choose(x < 0.0, -out, out))


@_own
def _log_of_double(size, w):  # type: ignore[no-untyped-def]
    """log(1 + w), of large numbers log(2*size)."""
    far = size > _FAR
    return log1p(choose(far, size, w)) + choose(far, _LN2_HIGH, 0.0)


@_own
def asinh(x):  # type: ignore[no-untyped-def]
    """log(x + sqrt(x**2 + 1))."""
    size = abs(x)
    square = size * size
    return _with_sign(x, _log_of_double(size, size + square / (1.0 + math.sqrt(square + 1.0))))


@_own
def acosh(x):  # type: ignore[no-untyped-def]
    """log(x + sqrt(x**2 - 1))."""
    t = x - 1.0
    return choose(x < 1.0, np.nan, _log_of_double(x, t + math.sqrt(t * (2.0 + t))))


@_own
def atanh(x):  # type: ignore[no-untyped-def]
    """log((1 + x)/(1 - x))/2."""
    size = abs(x)
    return _with_sign(x, 0.5 * log1p(2.0 * size / (1.0 - size)))

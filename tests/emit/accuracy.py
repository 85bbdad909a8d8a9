"""Functions of emitted code against 40-digit arithmetic, and their derivatives as users write them."""

from __future__ import annotations

import mpmath
import numpy as np

import jitad


def worst(function, exact, points, scale=abs):
    """The largest error relative to `scale` of the exact value, in points (of several arguments: tuples)."""
    errors = []
    with mpmath.workdps(40):
        for point in points:
            args = [float(v) for v in np.atleast_1d(point)]
            want = exact(*map(mpmath.mpf, args))
            errors.append(float(abs(mpmath.mpf(float(function(*args))) - want) / scale(want)))
    assert errors and np.isfinite(errors).all()
    return max(errors)


def both_ways(f, x):
    """Derivatives of orders 0 to 3 of a function of one number, compiled; the interpreter gives the same."""
    def every(x):  # one kernel
        out, g = [], f
        for _ in range(4):
            out.append(g(x))
            g = jitad.grad(g)
        return out

    compiled = jitad.jit(every)(x)
    with jitad.disable_jit():
        interpreted = jitad.jit(every)(x)
    np.testing.assert_allclose(compiled, interpreted, rtol=1e-10, atol=1e-15)
    return [float(v) for v in compiled]

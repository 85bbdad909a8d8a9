"""The vectorisable functions against mpmath, inside a caller that reassociates."""

import functools
import math

import mpmath
import numpy as np
import pytest
from numba import njit

import jitad
from jitad.emit import hyperbolic, lane_math, roots, vmath
from tests.emit.callers import FLAGS, in_a_loop, in_lanes, two_in_lanes

ALL = [np.logspace(-323, 308, 4001), np.linspace(0.5, 2, 2001)]
LOGARITHMS = [*ALL, 1 + np.logspace(-16, -1, 200), 1 - np.logspace(-16, -1, 200)]
TURNS = [np.linspace(-30, 30, 3001), np.arange(-800, 800) * (np.pi / 2), np.logspace(-320, 8.99, 1001),
         np.logspace(9, 300, 101)]  # the zeros; what is left to the C library
UNIT = [np.linspace(-1, 1, 3001), 1 - np.logspace(-16, -1, 301), np.logspace(-16, -1, 301) - 1, np.logspace(-307, -1, 301)]
CASES = {
    "exp": (mpmath.exp, [np.linspace(-745, 709.7, 4001), np.linspace(-1, 1, 2001),
                         np.logspace(-320, 0, 400), -np.logspace(-320, 0, 400)]),
    "log": (mpmath.log, LOGARITHMS),
    "expm1": (mpmath.expm1, [np.linspace(-60, 709.7, 4001), np.linspace(-1.5, 1.5, 8001),
                             np.logspace(-320, 0, 400), -np.logspace(-320, 0, 400)]),
    "log1p": (mpmath.log1p, [np.logspace(-320, 308, 4001), -np.logspace(-320, -1e-9, 1001), np.linspace(-0.999, 3, 4001)]),
    "tanh": (mpmath.tanh, [np.linspace(-25, 25, 4001), np.linspace(-0.7, 0.7, 4001), np.logspace(-320, 0, 400)]),
    "sin": (mpmath.sin, TURNS), "cos": (mpmath.cos, TURNS), "tan": (mpmath.tan, TURNS[:3]),
    "atan": (mpmath.atan, [np.linspace(-5, 5, 2001), np.logspace(-320, 308, 801), -np.logspace(-320, 308, 801)]),
    "asin": (mpmath.asin, UNIT), "acos": (mpmath.acos, UNIT),
    "erf": (mpmath.erf, [np.linspace(-6.5, 6.5, 4001), np.logspace(-307, 2, 801)]),
    "erfc": (mpmath.erfc, [np.linspace(-6.5, 26.5, 4001), np.logspace(-320, 0, 401)]),
    "sinh": (mpmath.sinh, [np.linspace(-710.4, 710.4, 3001), np.linspace(-45, 45, 3001), np.logspace(-307, 0, 401)]),
    "cosh": (mpmath.cosh, [np.linspace(-710.4, 710.4, 3001), np.linspace(-45, 45, 3001)]),
    "log2": (lambda x: mpmath.log(x, 2), LOGARITHMS), "log10": (mpmath.log10, LOGARITHMS),
    "exp2": (lambda x: mpmath.mpf(2) ** x, [np.linspace(-1074, 1023.9, 4001), np.linspace(-1, 1, 2001)]),
    "cbrt": (lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), [*ALL, -np.logspace(-323, 308, 1001)]),
    "asinh": (mpmath.asinh, [*ALL, -np.logspace(-323, 308, 1001)]),
    "acosh": (mpmath.acosh, [1 + np.logspace(-15, 308, 3001), np.linspace(1, 4, 2001)]),
    "atanh": (mpmath.atanh, [x[abs(x) < 1] for x in UNIT]),
    "reciprocal": (lambda x: 1 / x, ALL), "rsqrt": (lambda x: 1 / mpmath.sqrt(x), ALL), "sqrt": (mpmath.sqrt, ALL),
}
ULPS = {"exp": 1.0, "log": 1.0, "expm1": 2.0, "log1p": 1.0, "tanh": 2.0, "reciprocal": 1.0, "rsqrt": 2.0, "sqrt": 2.0,
        "sin": 1.0, "cos": 1.0, "tan": 2.0, "atan": 1.0, "asin": 1.5, "acos": 1.5, "erf": 1.5, "erfc": 1.5, "sinh": 2.0,
        "cosh": 1.5, "log2": 2.0, "log10": 2.0, "exp2": 1.5, "cbrt": 0.6, "asinh": 2.0, "acosh": 2.0, "atanh": 2.0}
IN_LANES = ULPS | {"exp": 1.2, "cosh": 1.6}  # with a table, whose numbers are rounded
SPECIAL = {
    "exp": [(0.0, 1.0), (-0.0, 1.0), (np.inf, np.inf), (-np.inf, 0.0), (710.0, np.inf), (1e300, np.inf),
            (-746.0, 0.0), (-1e300, 0.0)],
    "log": [(1.0, 0.0), (0.0, -np.inf), (-0.0, -np.inf), (np.inf, np.inf), (-1.0, np.nan), (-np.inf, np.nan),
            (-1e-320, np.nan)],
    "expm1": [(0.0, 0.0), (-0.0, -0.0), (np.inf, np.inf), (-np.inf, -1.0), (710.0, np.inf), (1e300, np.inf), (-1e300, -1.0),
              (5e-324, 5e-324)],
    "log1p": [(0.0, 0.0), (-0.0, -0.0), (-1.0, -np.inf), (np.inf, np.inf), (-1.5, np.nan), (-np.inf, np.nan), (5e-324, 5e-324)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (np.inf, 1.0), (-np.inf, -1.0), (1e300, 1.0), (-800.0, -1.0), (5e-324, 5e-324)],
    "reciprocal": [(0.0, np.inf), (-0.0, -np.inf), (np.inf, 0.0), (-np.inf, -0.0), (1.0, 1.0), (-4.0, -0.25), (5e-324, np.inf)],
    "rsqrt": [(0.0, np.inf), (np.inf, 0.0), (-1.0, np.nan), (-np.inf, np.nan), (4.0, 0.5)],
    "sin": [(0.0, 0.0), (np.inf, np.nan), (-np.inf, np.nan), (5e-324, 5e-324)],
    "cos": [(0.0, 1.0), (np.inf, np.nan), (-np.inf, np.nan), (5e-324, 1.0)],
    "tan": [(0.0, 0.0), (np.inf, np.nan), (5e-324, 5e-324)],
    "atan": [(0.0, 0.0), (np.inf, np.pi / 2), (-np.inf, -np.pi / 2), (1.0, np.pi / 4), (5e-324, 5e-324)],
    "asin": [(0.0, 0.0), (1.0, np.pi / 2), (-1.0, -np.pi / 2), (1.0000001, np.nan), (np.inf, np.nan), (5e-324, 5e-324)],
    "acos": [(0.0, np.pi / 2), (1.0, 0.0), (-1.0, np.pi), (-1.0000001, np.nan), (-np.inf, np.nan)],
    "erf": [(0.0, 0.0), (np.inf, 1.0), (-np.inf, -1.0), (1e300, 1.0)],
    "erfc": [(0.0, 1.0), (np.inf, 0.0), (-np.inf, 2.0), (1e300, 0.0), (28.0, 0.0), (-1e300, 2.0)],
    "sinh": [(0.0, 0.0), (np.inf, np.inf), (-np.inf, -np.inf), (711.0, np.inf), (1e300, np.inf), (5e-324, 5e-324)],
    "cosh": [(0.0, 1.0), (np.inf, np.inf), (-np.inf, np.inf), (711.0, np.inf), (-1e300, np.inf)],
    "log2": [(1.0, 0.0), (0.0, -np.inf), (-0.0, -np.inf), (np.inf, np.inf), (-1.0, np.nan), (2.0**-1074, -1074.0),
             (2.0**1023, 1023.0), (8.0, 3.0)],
    "log10": [(1.0, 0.0), (0.0, -np.inf), (np.inf, np.inf), (-1.0, np.nan), (1000.0, 3.0), (1e22, 22.0), (0.01, -2.0)],
    "exp2": [(0.0, 1.0), (-0.0, 1.0), (np.inf, np.inf), (-np.inf, 0.0), (1024.0, np.inf), (-1074.0, 5e-324), (-1076.0, 0.0),
             (10.0, 1024.0)],
    "cbrt": [(0.0, 0.0), (-0.0, -0.0), (np.inf, np.inf), (-np.inf, -np.inf), (-8.0, -2.0), (27e300, 3e100)],
    "asinh": [(0.0, 0.0), (-0.0, -0.0), (np.inf, np.inf), (-np.inf, -np.inf), (5e-324, 5e-324)],
    "acosh": [(1.0, 0.0), (np.inf, np.inf), (0.5, np.nan), (-5.0, np.nan), (-np.inf, np.nan)],
    "atanh": [(0.0, 0.0), (-0.0, -0.0), (1.0, np.inf), (-1.0, -np.inf), (1.5, np.nan), (-np.inf, np.nan), (5e-324, 5e-324)],
    "sqrt": [(0.0, 0.0), (np.inf, np.inf), (-1.0, np.nan), (-np.inf, np.nan), (4.0, 2.0)],
}


VECTORISED = ["exp", "expm1", "log", "log1p", "tanh", "log2", "log10", "exp2", "cbrt", "asinh", "acosh", "atanh"]
SQRT = njit(lambda x: math.sqrt(x), **FLAGS)


def named(name):
    return next(getattr(m, name) for m in (vmath, lane_math, roots, hyperbolic) if hasattr(m, name))


@functools.cache
def looped(name):
    return in_a_loop(named(name))


@pytest.fixture(scope="module", params=[*VECTORISED, *(f"{name} in lanes" for name in CASES)])
def function(request):
    name, *lanes = request.param.split()
    return name, in_lanes(SQRT if name == "sqrt" else named(name)) if lanes else looped(name), IN_LANES if lanes else ULPS


def test_accuracy(function):
    name, call, ulps = function
    exact, points = CASES[name]
    x = np.concatenate(points)
    got = call(x)
    with mpmath.workdps(40):
        for a, b in zip(x, got, strict=True):
            want = exact(mpmath.mpf(float(a)))
            if abs(want) > np.finfo(float).max:
                assert b == np.inf
                continue
            ulp = np.spacing(abs(float(want))) if want else 5e-324
            assert abs(mpmath.mpf(float(b)) - want) <= ulps[name] * ulp, (a, b, float(want))


def test_special_values(function):
    name, call, _ = function
    x, want = map(np.array, zip(*SPECIAL[name], strict=True))
    np.testing.assert_array_equal(call(x), want)
    if name in ("expm1", "log1p", "tanh", "cbrt", "asinh", "atanh"):
        np.testing.assert_array_equal(np.signbit(call(x))[:2], [False, True])
    assert np.isnan(call(np.array([np.nan]))).all()


@pytest.mark.parametrize("name", VECTORISED)
def test_the_loop_is_vectorised(name):
    call = looped(name)
    call(np.ones(3))
    (text,) = call.loop.inspect_llvm().values()
    assert "x double>" in text


def test_arcs_of_two_numbers():
    """All signs of zeros and infinities, tiny and huge ones, and accuracy."""
    numbers = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, 5e-324, -1e-310, 1e308, -1e200, 3.0, -0.1, np.nan]
    rng = np.random.default_rng(0)
    y, x = (np.array(v) for v in zip(*[(a, b) for a in numbers for b in numbers], strict=True))
    y, x = np.concatenate([y, rng.normal(size=2000)]), np.concatenate([x, rng.normal(size=2000)])
    x[-500:] *= 10.0 ** rng.integers(-12, 12, 500)

    out = two_in_lanes(lane_math.atan2)(y, x)
    want = np.arctan2(y, x)
    np.testing.assert_allclose(out, want, rtol=4e-16, atol=0)
    np.testing.assert_array_equal(np.signbit(out)[~np.isnan(want)], np.signbit(want)[~np.isnan(want)])


def test_lengths():
    numbers = np.array([0.0, -0.0, 3.0, -4.0, np.inf, -np.inf, 5e-324, -1e-310, 1e308, 1.7e308, -1e200, 1e-170, np.nan])
    rng = np.random.default_rng(1)
    x, y = (g.ravel() for g in np.meshgrid(numbers, numbers))
    x, y = np.concatenate([x, 10 ** rng.uniform(-323, 308, 3000)]), np.concatenate([y, 10 ** rng.uniform(-3, 3, 3000)])
    y[-3000:] *= x[-3000:] * 1e-4
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(two_in_lanes(roots.hypot)(x, y), np.hypot(x, y), rtol=4e-16, atol=5e-324)


@pytest.mark.parametrize("name", ["sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "arctan2"])
def test_kernels_use_lanes(name):
    """Also for numbers that lanes leave to the C library, and what is left over behind the blocks."""
    def f(x):
        return (np.linspace(-1, 2, 21) * (getattr(np, name)(x, 1 + x * x) if name == "arctan2" else getattr(np, name)(x))).sum()

    slope = jitad.value_and_grad(f)
    for x in (np.linspace(-0.5, 0.9, 21), np.where(np.arange(21) == 3, 1e22, 0.3)):
        found = slope(x)
        with jitad.disable_jit(), np.errstate(all="ignore"):
            want = slope(x)
        np.testing.assert_allclose(found[0], want[0], rtol=1e-14)
        np.testing.assert_allclose(found[1], want[1], rtol=1e-14)
    assert "block(" in slope.specialize(x).source

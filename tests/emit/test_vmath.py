"""The vectorisable functions against mpmath, inside a caller that reassociates."""

import math

import mpmath
import numpy as np
import pytest
from numba import njit

from jitad.emit import vmath
from jitad.emit.lanes import WIDTH, consecutive, load, push

ALL = [np.logspace(-323, 308, 4001), np.linspace(0.5, 2, 2001)]
CASES = {
    "exp": (mpmath.exp, [np.linspace(-745, 709.7, 4001), np.linspace(-1, 1, 2001),
                         np.logspace(-320, 0, 400), -np.logspace(-320, 0, 400)]),
    "log": (mpmath.log, [np.logspace(-323, 308, 4001), np.linspace(0.5, 2, 2001),
                         1 + np.logspace(-16, -1, 200), 1 - np.logspace(-16, -1, 200)]),
    "expm1": (mpmath.expm1, [np.linspace(-60, 709.7, 4001), np.linspace(-1.5, 1.5, 8001),
                             np.logspace(-320, 0, 400), -np.logspace(-320, 0, 400)]),
    "log1p": (mpmath.log1p, [np.logspace(-320, 308, 4001), -np.logspace(-320, -1e-9, 1001), np.linspace(-0.999, 3, 4001)]),
    "tanh": (mpmath.tanh, [np.linspace(-25, 25, 4001), np.linspace(-0.7, 0.7, 4001), np.logspace(-320, 0, 400)]),
    "reciprocal": (lambda x: 1 / x, ALL), "rsqrt": (lambda x: 1 / mpmath.sqrt(x), ALL), "sqrt": (mpmath.sqrt, ALL),
}
ULPS = {"exp": 1.0, "log": 1.0, "expm1": 2.0, "log1p": 1.0, "tanh": 1.5, "reciprocal": 1.0, "rsqrt": 2.0, "sqrt": 2.0}
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
    "sqrt": [(0.0, 0.0), (np.inf, np.inf), (-1.0, np.nan), (-np.inf, np.nan), (4.0, 2.0)],
}


FLAGS = {"fastmath": {"reassoc", "nsz", "contract", "arcp"}, "error_model": "numpy"}


def in_a_loop(function):
    """Vectorised, under the flags of kernels."""

    @njit(**FLAGS)
    def loop(x, out):
        total = 0.0
        for i in range(x.shape[0]):
            out[i] = function(x[i])
            total += out[i]
        return total

    def call(x):
        out = np.empty_like(x)
        loop(x, out)
        return out

    call.loop = loop
    return call


def in_lanes(function):
    """The same of explicit lanes."""

    @njit(**FLAGS)
    def loop(x, out):
        for i in range(0, x.shape[0], WIDTH):
            push(out, (i,), function(load(x, (i,), consecutive(i) < x.shape[0])))

    def call(x):
        out = np.zeros(len(x) + WIDTH)
        loop(x, out)
        return out[: len(x)]

    return call


VECTORISED = ["exp", "expm1", "log", "log1p", "tanh"]
SQRT = njit(lambda x: math.sqrt(x), **FLAGS)


@pytest.fixture(scope="module", params=[*VECTORISED, *(f"{name} in lanes" for name in CASES)])
def function(request):
    name, *lanes = request.param.split()
    scalar = getattr(vmath, name, SQRT)
    return name, in_lanes(scalar) if lanes else in_a_loop(scalar)


def test_accuracy(function):
    name, call = function
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
            assert abs(mpmath.mpf(float(b)) - want) <= ULPS[name] * ulp, (a, b, float(want))


def test_special_values(function):
    name, call = function
    x, want = map(np.array, zip(*SPECIAL[name], strict=True))
    np.testing.assert_array_equal(call(x), want)
    if name in ("expm1", "log1p", "tanh") and hasattr(call, "loop"):  # lanes are added to zeros here
        np.testing.assert_array_equal(np.signbit(call(x))[:2], [False, True])
    assert np.isnan(call(np.array([np.nan]))).all()


@pytest.mark.parametrize("name", VECTORISED)
def test_the_loop_is_vectorised(name):
    call = in_a_loop(getattr(vmath, name))
    call(np.ones(3))
    (text,) = call.loop.inspect_llvm().values()
    assert "x double>" in text

"""The vectorisable functions against mpmath, inside a caller that reassociates."""

import mpmath
import numpy as np
import pytest
from numba import njit

from jitad.emit import vmath

CASES = {
    "exp": (mpmath.exp, [np.linspace(-745, 709.7, 4001), np.linspace(-1, 1, 2001),
                         np.logspace(-320, 0, 400), -np.logspace(-320, 0, 400)]),
    "log": (mpmath.log, [np.logspace(-323, 308, 4001), np.linspace(0.5, 2, 2001),
                         1 + np.logspace(-16, -1, 200), 1 - np.logspace(-16, -1, 200)]),
}
SPECIAL = {
    "exp": [(0.0, 1.0), (-0.0, 1.0), (np.inf, np.inf), (-np.inf, 0.0), (710.0, np.inf), (1e300, np.inf),
            (-746.0, 0.0), (-1e300, 0.0)],
    "log": [(1.0, 0.0), (0.0, -np.inf), (-0.0, -np.inf), (np.inf, np.inf), (-1.0, np.nan), (-np.inf, np.nan),
            (-1e-320, np.nan)],
}


def in_a_loop(function):
    """Vectorised, under the flags of kernels."""

    @njit(fastmath={"reassoc", "nsz", "contract", "arcp"}, error_model="numpy")
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


@pytest.fixture(scope="module", params=CASES)
def function(request):
    return request.param, in_a_loop(getattr(vmath, request.param))


def test_within_one_ulp(function):
    name, call = function
    exact, points = CASES[name]
    x = np.concatenate(points)
    got = call(x)
    with mpmath.workdps(40):
        for a, b in zip(x, got, strict=True):
            want = exact(mpmath.mpf(float(a)))
            ulp = np.spacing(abs(float(want))) if want else 5e-324
            assert abs(mpmath.mpf(float(b)) - want) <= 1.0 * ulp, (a, b, float(want))


def test_special_values(function):
    name, call = function
    x, want = map(np.array, zip(*SPECIAL[name], strict=True))
    np.testing.assert_array_equal(call(x), want)
    assert np.isnan(call(np.array([np.nan]))).all()


def test_the_loop_is_vectorised(function):
    _, call = function
    call(np.ones(3))
    (text,) = call.loop.inspect_llvm().values()
    assert "x double>" in text

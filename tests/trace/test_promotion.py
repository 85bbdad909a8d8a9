"""Numbers of Python beside traced values, as NumPy 2 promotes them: a value that does not fit is never wrapped around."""

import itertools
import operator

import numpy as np
import pytest

import jitad
from jitad import errors

OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow,
             operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne, np.maximum, np.fmod, np.arctan2]
VALUES = [3, -7, 300, -1, 0.5, True, np.float32(1.5), np.int8(-3), np.uint8(250), np.uint64(5), np.True_,
          np.array([0, 1, 255], np.uint8), np.array([-128, 3, 127], np.int8), np.array([1, 2, 3], np.uint64),
          np.array([-5, 2, 7], np.int32), np.array([0.5, -1.5, 2.0], np.float32), np.array([True, False, True])]


def outcome(f, *args):
    with np.errstate(all="ignore"):
        try:
            return f(*args)
        except (ArithmeticError, TypeError, ValueError) as error:
            return error


@pytest.mark.parametrize("f", OPERATORS, ids=lambda f: f.__name__)
def test_constants_beside_traced_values(f):
    """With the number written in the function; what plain code refuses may raise anything."""
    for x, c in itertools.product(VALUES, VALUES):
        for g in (lambda x, c=c: f(x, c), lambda x, c=c: f(c, x)):
            want = outcome(g, x)
            if isinstance(want, Exception) or np.asarray(want).dtype in (np.float16, complex, object):
                continue
            with jitad.disable_jit():
                got = outcome(jitad.jit(g), x)
            if isinstance(got, errors.JitadError):
                continue
            np.testing.assert_allclose(got, want, rtol=1e-6, err_msg=f"{x!r} {c!r}")
            assert np.asarray(got).dtype == np.asarray(want).dtype, (x, c)


def test_what_does_not_fit_raises():
    pixels = np.array([10, 200, 250], np.uint8)
    with jitad.disable_jit():
        for f in (lambda i: i - 256, lambda i: i * -1, lambda i: np.maximum(i, 300)):
            with pytest.raises(OverflowError, match=r"out of bounds for uint8\n  at .*test_promotion.py, line"):
                jitad.jit(f)(pixels)
        with pytest.raises(errors.DTypeError, match="a Python integer that is not known .* dtype uint8"):
            jitad.jit(lambda i, n: i + n)(pixels, 3)
        assert jitad.jit(lambda i, n: (i < n).sum())(pixels, 300) == 3


def test_compiled():
    pixels, x = np.array([10, 200, 250, 3, 4, 5], np.uint8), np.ones(6)
    f = jitad.value_and_grad(lambda x, i: (x * (i / 256) + np.where(i > -1, x, 0) + np.where(i != 300, x, 0)).sum())
    value, slope = f(x, pixels)
    assert value == pytest.approx((pixels / 256 + 2).sum())
    np.testing.assert_allclose(slope, pixels / 256 + 2)


def test_booleans_of_python_are_numbers_of_python():
    with jitad.disable_jit():
        sign = jitad.value_and_grad(lambda x: ((x > 0) - (x < 0)) * x)
        assert sign(-2.0) == (2.0, -1.0) and sign(3.0) == (3.0, 1.0)
        assert jitad.jit(lambda x, y: ((x > 0) + (y > 0)) * x)(1.5, 1.0) == 3.0
        assert jitad.jit(lambda flag, x: (flag + flag) * x)(True, 3.0) == 6.0
        assert isinstance(jitad.jit(lambda x: x > 0)(1.0), bool)
        both = jitad.jit(lambda x: (x > 0) & (x < 2))
        assert both(1.0) is True and both(3.0) is False
        assert jitad.jit(lambda n: n**-1)(4) == 0.25


def test_integers_stay_integers():
    with jitad.disable_jit():
        for f in (np.floor, np.ceil, np.trunc):
            assert jitad.jit(f)(np.arange(3)).dtype == np.int64
        out = jitad.jit(np.fmod)(np.array([-7, 7, 3, 5]), np.array([3, -3, 2, 0]))
        np.testing.assert_array_equal(out, [-1, 1, 1, 0])
        assert jitad.jit(lambda x: x * round(x))(2.5) == 5.0 and jitad.jit(round)(2.5) == 2
        assert jitad.jit(lambda x: np.heaviside(x, 0.5))(np.ones(2, np.float32)).dtype == np.float32


def test_signs_of_zeros_in_strict_kernels():
    f = jitad.jit(lambda x, y: (x - y, y - x, np.arctan2(y - x, -1.0)), strict=True)
    np.testing.assert_array_equal(np.signbit(f(2.0, 2.0)), [False, False, False])

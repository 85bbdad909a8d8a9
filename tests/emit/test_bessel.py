"""Bessel functions of emitted code, and their derivatives of every order at 0."""

import mpmath
import numpy as np
import pytest
import scipy.special
from scipy.special import jv

import jitad
from jitad.emit import special
from jitad.errors import TraceError
from tests.emit.accuracy import both_ways, worst

RNG = np.random.default_rng(2)
POINTS = [*RNG.uniform(0, 8, 60), *RNG.uniform(8, 60, 60), *10 ** RNG.uniform(-8, 4, 40),
          *(p + s for p in (1, 8) for s in (-1e-3, -1e-9, 0, 1e-3))]
ZEROS = {"j0": [2.404825557695773, 5.520078110286311], "j1": [3.8317059702075125, 7.015586669815619]}


def amplitude(x):
    return mpmath.sqrt(2 / (mpmath.pi * x))


@pytest.mark.parametrize("n, name", list(enumerate(ZEROS)))
def test_near_zeros(n, name):
    """Relative to the value, which is small there."""
    points = [z + d for z in ZEROS[name] for d in (-1e-3, -1e-9, 0, 2e-15, 1e-6, 1e-2)]
    assert worst(getattr(special, f"bessel_{name}"), lambda x: mpmath.besselj(n, x), points) < 1e-15
    assert worst(getattr(special, f"bessel_{name}"), lambda x: mpmath.besselj(n, x), RNG.uniform(0, 7.9, 100)) < 5e-15


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 10, 30, 100])
def test_first_and_second_kind(n):
    """Relative to the value, but to the amplitude where it oscillates."""
    function = {0: special.bessel_j0, 1: special.bessel_j1}.get(n, lambda x: special.bessel_jn(n, x))
    second = {0: special.bessel_y0, 1: special.bessel_y1}.get(n, lambda x: special.bessel_yn(n, x))

    def error(f, exact, x):
        with mpmath.workdps(40):
            x = mpmath.mpf(float(x))
            want = exact(n, x)
            return float(abs(f(float(x)) - want) / max(abs(want), amplitude(x) if x > n + 0.5 else 1e-290))

    for x in [*POINTS, *(n + RNG.uniform(-5, 5, 10) % (n + 5))]:
        assert error(function, mpmath.besselj, x) < 1e-14
        if x > n / 40:
            assert error(second, mpmath.bessely, x) < 1e-14


def test_orders_far_above_and_of_a_thousand():
    for n in (2, 7, 40, 200):
        points = n * 10 ** RNG.uniform(-0.5, 0, 30)
        assert worst(lambda x: special.bessel_jn(n, x), lambda x: mpmath.besselj(n, x), points) < 1e-14
    points = RNG.uniform(900, 1000, 20)  # where a half unit of x changes the value by 5e-14
    assert worst(lambda x: special.bessel_jn(1000, x), lambda x: mpmath.besselj(1000, x), points) < 2e-13


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 10, 30, 100])
def test_modified(n):
    scaled = {0: special.bessel_i0e, 1: special.bessel_i1e}.get(n, lambda x: special.bessel_ive(n, x))
    plain = {0: special.bessel_i0, 1: special.bessel_i1}.get(n, lambda x: special.bessel_iv(n, x))
    points = [x for x in [*POINTS, *(-x for x in POINTS[:20]), n * n - 0.5, n * n + 0.5] if abs(x) > n / 40]
    assert worst(scaled, lambda x: mpmath.besseli(n, x) * mpmath.exp(-abs(x)), points) < 1e-14
    assert worst(plain, lambda x: mpmath.besseli(n, x), [x for x in points if abs(x) < 713]) < 1e-14


AT_ZERO = {  # orders 0 to 3
    "j0": [1.0, 0.0, -0.5, 0.0], "j1": [0.0, 0.5, 0.0, -0.375], "i0": [1.0, 0.0, 0.5, 0.0], "i1": [0.0, 0.5, 0.0, 0.375],
    "i1e": [0.0, 0.5, 0.0, 0.375]}


@pytest.mark.parametrize("name", AT_ZERO)
def test_at_zero(name):
    assert both_ways(lambda x: getattr(scipy.special, name)(x), 0.0) == AT_ZERO[name]


def test_at_zero_of_other_orders():
    assert both_ways(lambda x: scipy.special.jv(2, x), 0.0) == [0.0, 0.0, 0.25, 0.0]
    assert both_ways(lambda x: scipy.special.jn(3, x), 0.0) == [0.0, 0.0, 0.0, 0.125]
    assert both_ways(lambda x: scipy.special.iv(2, x), 0.0) == [0.0, 0.0, 0.25, 0.0]
    assert both_ways(lambda x: np.i0(x), 0.0) == [1.0, 0.0, 0.5, 0.0]
    assert jitad.grad(np.i0)(0.0) == 0.0


def test_the_kink_of_the_scaled_function():
    """From both sides, and 0 in the middle."""
    f = lambda x: scipy.special.i0e(x)
    assert both_ways(f, 1e-300) == [1.0, -1.0, 1.5, -2.5] and both_ways(f, -1e-300) == [1.0, 1.0, 1.5, 2.5]
    assert jitad.grad(f)(0.0) == 0.0


@pytest.mark.parametrize("x", [0.3, 2.404825557695773, 7.99, 8.01, 40.0])
@pytest.mark.parametrize("name", ["j0", "j1", "y0", "y1", "i0", "i1"])
def test_derivatives(name, x):
    n, kind = int(name[1]), {"j": mpmath.besselj, "y": mpmath.bessely, "i": mpmath.besseli}[name[0]]
    with mpmath.workdps(40):
        want = [float(mpmath.diff(lambda t: kind(n, t), x, k)) for k in range(4)]
    np.testing.assert_allclose(both_ways(lambda x: getattr(scipy.special, name)(x), x), want, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("n", [0, 1, 2, 5, 20, 60])
def test_spherical(n):
    def exact(x):
        return mpmath.sqrt(mpmath.pi / (2 * x)) * mpmath.besselj(n + mpmath.mpf(1) / 2, x)

    points = [x for x in POINTS if x > n / 40]
    assert worst(lambda x: special.spherical_jn(n, x), exact, [x for x in points if x <= n + 1]) < 1e-14
    with mpmath.workdps(40):
        for x in points:
            assert abs(special.spherical_jn(n, x) - exact(mpmath.mpf(x))) * max(x, 1) < 5e-15


def test_sinc():
    """Of orders 0 to 3 at 0 and near it, where quotients cancel."""
    np.testing.assert_allclose(both_ways(lambda x: np.sinc(x), 0.0), [1, 0, -(np.pi**2) / 3, 0], rtol=1e-15)
    with mpmath.workdps(60):
        for x in (1e-9, 1e-4, 0.3, 2.0, -7.5):
            want = [float(mpmath.diff(mpmath.sincpi, mpmath.mpf(x), k)) for k in range(4)]
            np.testing.assert_allclose(both_ways(lambda x: np.sinc(x), x), want, rtol=1e-13, atol=5e-15)
    orders = np.arange(4)
    for derivative in (False, True):
        got = jitad.jit(lambda x: scipy.special.spherical_jn(orders, x, derivative))(0.7)
        np.testing.assert_allclose(got, scipy.special.spherical_jn(orders, 0.7, derivative), rtol=1e-13)


def test_orders():
    """Constant or of integer arrays, of either sign; an order that is no whole number is refused."""
    orders, x = np.arange(-3, 6), np.array([0.0, 0.7, -3.1, 12.0])
    np.testing.assert_allclose(jitad.jit(lambda x: jv(orders[:, None], x))(x), jv(orders[:, None], x), rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(jitad.jacobian(lambda x: jv(orders, x))(1.5), scipy.special.jvp(orders, 1.5), rtol=1e-13)
    np.testing.assert_allclose(jitad.grad(lambda x: scipy.special.yv(2, x))(1.5), scipy.special.yvp(2, 1.5), rtol=1e-13)
    f = lambda x: jv(500, x)
    np.testing.assert_allclose(jitad.grad(jitad.grad(f))(510.0), scipy.special.jvp(500, 510.0, 2), rtol=1e-10)
    g = lambda x: scipy.special.j0(x)
    for _ in range(9):
        g = jitad.grad(g)
    np.testing.assert_allclose(g(2.0), scipy.special.jvp(0, 2.0, 9), rtol=1e-12)
    for order in (1.5, np.array([0.5, 1.0])):
        with pytest.raises(TraceError, match="whole numbers"):
            jitad.grad(lambda x: jv(order, x).sum())(1.0)
    with pytest.raises(TraceError, match="whole numbers"):
        jitad.grad(lambda x: jv(x, 1.0))(1.0)


def test_single_precision():
    x = np.linspace(0.5, 20, 9, dtype=np.float32)
    for name in ("j0", "y1", "i1e"):
        f = getattr(scipy.special, name)
        got = jitad.jit(lambda x: f(x) * 1)(x)
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, f(x.astype(float)), rtol=1e-5, atol=1e-7)
    assert jitad.jit(lambda x: jv(2, x))(x).dtype == np.float32

"""Powers of lanes against mpmath, and in kernels."""

import mpmath
import numpy as np
import pytest

import jitad
from jitad.emit import power
from tests.emit.callers import two_in_lanes

RNG = np.random.default_rng(3)
POWER = two_in_lanes(power.power)
BASES = {
    "ordinary": RNG.uniform(0.1, 4, 3000), "any": 10 ** RNG.uniform(-308, 308, 3000),
    "subnormal": 10 ** RNG.uniform(-323, -307, 600), "near 1": 1 + RNG.normal(size=3000) * 10 ** RNG.uniform(-15, -1, 3000),
    "at the ends of the reduced range": np.sqrt(0.5) * 2.0 ** RNG.integers(-3, 4, 1500) * (1 + 1e-3 * RNG.normal(size=1500))}


@pytest.mark.parametrize("largest", [1, 30, 1080])
@pytest.mark.parametrize("which", BASES)
def test_accuracy(which, largest):
    """Results from the smallest subnormal number to the largest, and beyond."""
    x = BASES[which]
    with np.errstate(all="ignore"):
        exponents = np.random.default_rng(largest).uniform(-largest, largest, len(x))
        y = np.nan_to_num(exponents / np.log2(x), posinf=1e9, neginf=-1e9)
    with mpmath.workprec(250):
        for a, b, got in zip(x, y, POWER(x, y), strict=True):
            want = mpmath.mpf(float(a)) ** mpmath.mpf(float(b))
            nearest = float(want) if want < mpmath.mpf(2) ** 1025 else np.inf
            if np.isinf(nearest) or np.isinf(got):
                assert got == nearest or want > np.finfo(float).max
                continue
            assert abs(mpmath.mpf(float(got)) - want) <= 1.3 * np.spacing(nearest), (a, b)


def test_special_values():
    """As NumPy has them, which are C's: also the signs of zeros."""
    odd = 2.0**52 + 1
    numbers = [0.0, 1.0, 2.0, 3.0, 0.5, 2.5, np.inf, 5e-324, 1e308, 1e-200, odd, 2.0**53 - 1, 2.0**53, 1e300,
               np.nextafter(1, 2), np.nextafter(1, 0)]
    numbers = np.array([*numbers, *np.negative(numbers), np.nan])
    x, y = (np.ravel(g).copy() for g in np.meshgrid(numbers, numbers))
    with np.errstate(all="ignore"):
        want = x**y
    got = POWER(x, y)
    np.testing.assert_allclose(got, want, rtol=2.3e-16, atol=5e-324)
    known = ~np.isnan(want)
    np.testing.assert_array_equal(np.signbit(got)[known], np.signbit(want)[known])


def test_powers_that_are_numbers_are_exact():
    x, n = (g.ravel() for g in np.meshgrid(np.arange(2.0, 130.0) / 4, np.arange(-4.0, 54.0)))
    with mpmath.workprec(500):
        want = [mpmath.mpf(a) ** int(k) for a, k in zip(x, n, strict=True)]
        exact = np.array([float(w) == w for w in want])
    assert exact.sum() > 1900
    np.testing.assert_array_equal(POWER(x, n)[exact], np.array([float(w) for w in want])[exact])


@pytest.mark.parametrize("exponent", [2.3, -0.7, 3.0, 0.0, 0.5])
def test_in_kernels(exponent):
    """Values and derivatives by both, also at 0, what is left over behind the blocks included."""
    f = jitad.value_and_grad(lambda x, p: (np.linspace(-1, 2, 21) * x**p).sum(), argnums=(0, 1))
    for x in (RNG.uniform(0.1, 3, 21), np.where(np.arange(21) == 5, 0.0, 1.7)):
        found = f(x, exponent)
        with jitad.disable_jit(), np.errstate(all="ignore"):
            want = f(x, exponent)
        for a, b in zip((found[0], *found[1]), (want[0], *want[1]), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-14, atol=1e-14)
    source = f.specialize(x, exponent).source
    assert "block(" in source and " ** " in source


def test_what_is_compared_stays_exact_in_lanes():
    """The largest quotient is found again by equality: in lanes it is the same number."""
    def f(x, p):
        ratio = np.sqrt(x / (1 + x * x))
        return np.where(ratio == ratio.max(), ratio**p, 0.0).sum() + (x**p).sum()

    x = RNG.uniform(0.2, 4, 37)
    found = jitad.grad(f)(x, 1.7)
    with jitad.disable_jit():
        np.testing.assert_allclose(found, jitad.grad(f)(x, 1.7), rtol=1e-13)
    assert ", 8):" in jitad.grad(f).specialize(x, 1.7).source

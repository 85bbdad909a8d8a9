"""Numbers in front of products, and where they go."""

import itertools
import re

import numpy as np
import pytest

import jitad

RNG = np.random.default_rng(4)


def numbers(f, *args):
    """The multiplications by numbers in the first of the innermost loops."""
    lines = f.specialize(*args).source.split("\n")
    inner = max(len(x) - len(x.lstrip()) for x in lines if x.lstrip().startswith("for "))
    start = next(k for k, x in enumerate(lines) if x.startswith(" " * inner + "for "))
    body = itertools.takewhile(lambda x: x.startswith(" " * (inner + 1)), lines[start + 1:])
    return [x.strip() for x in body if re.search(r"= \(?-?\d+(\.\d+)?\)? \* |\* -?\d+(\.\d+)?$", x)]


def compare(f, *args):
    with jitad.disable_jit():
        want = f(*args)
    for a, b in zip(f(*args), want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("strict", [False, True])
def test_a_number_is_multiplied_with_what_components_share(strict):
    @jitad.jit(strict=strict)
    def f(x, y, z, s):
        t = np.sin(s)
        return 3.0 * (x * t) + z, 3.0 * (y * t) - z, 3.0 * (z * t) + x

    args = RNG.normal(size=(4, 40))
    assert len(numbers(f, *args)) == (3 if strict else 1)
    compare(f, *args)


def test_a_number_goes_to_what_the_inner_loop_does_not_change():
    @jitad.jit
    def f(x, y):
        return ((x[:, None] * y) * 3.0 + np.tanh(x[:, None] - y),)

    x, y = RNG.normal(size=9), RNG.normal(size=30)
    assert not numbers(f, x, y)
    compare(f, x, y)


def test_what_sums_of_numbers_have_in_common_stands_in_front():
    """Of 6, 12 and 24 the 6 is multiplied behind the sum."""
    f = jitad.jit(lambda x, y, z: ((6 * x * y - 12 * y * z + 24 * x * z).sum(),))
    args = RNG.normal(size=(3, 50))
    assert [re.findall(r"[0-9]\.0", line) for line in numbers(f, *args)] == [["2.0"], ["4.0"]]
    compare(f, *args)


@pytest.mark.parametrize("a, b", [(0.5, 1.5), (-2.0, 6.0), (3.0, 2.0), (1.0, 2.0), (-1.0, -4.0), (7.0, 0.0), (4.0, 0.5)])
def test_numbers_with_and_without_a_common_one(a, b):
    f = jitad.jit(eval(f"lambda x, y: ({a} * x + {b} * y, {a} * x - {b} * y, {b} * x - {a} * y)"))  # names would be arguments
    assert "a2" not in f.specialize(np.ones(20), np.ones(20)).source
    compare(f, *RNG.normal(size=(2, 20)))


def test_infinite_factors_stay():
    f = jitad.jit(lambda x, y: (np.inf * (x * y), 0.0 * (x * y), np.nan * (y * x)))
    found = f(np.array([1.0, 0.0, np.inf]), np.ones(3))
    np.testing.assert_array_equal(found[0], [np.inf, np.nan, np.inf])
    np.testing.assert_array_equal(found[1], [0.0, 0.0, np.nan])
    assert np.isnan(found[2]).all()


def test_second_derivatives_of_pairs():
    def energy(x):
        d = x[:, None] - x
        s6 = 1 / ((d * d).sum(-1) + np.eye(len(x))) ** 3
        return (4 * (s6 * s6 - s6) * (1 - np.eye(len(x)))).sum() / 2

    x, v = RNG.normal(size=(2, 20, 3)) * 3
    f = jitad.jit(lambda x, v: (jitad.jvp(jitad.grad(energy), (x,), (v,))[1],))
    assert len(numbers(f, x, v)) == 3
    compare(f, x, v)


def test_numbers_far_apart_have_nothing_in_common():
    """As one times 2**120 the second would overflow, where the sum does not."""
    def f(x, y):
        for _ in range(10):
            x, y = x / 64, y * 64
        return (x + y,)

    args = np.array([1, 2, 3, 4.0], np.float32), np.array([1e3, -2, 3, 1e6], np.float32)
    np.testing.assert_array_equal(jitad.jit(f)(*args), f(*args))

"""Sums of logarithms as logarithms of products."""

import mpmath
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import jitad
from tests.written import written

RNG = np.random.default_rng(5)
N = 4003  # not whole blocks
SUMS = {"log": jitad.jit(lambda x: np.log(x).sum()), "log1p": jitad.jit(lambda x: np.log1p(x).sum())}


def exact(name, x):
    """The sum, and that of absolute values."""
    with mpmath.workdps(40):
        logs = [mpmath.log(mpmath.mpf(float(v))) if name == "log" else mpmath.log(1 + mpmath.mpf(float(v))) for v in x]
        return float(mpmath.fsum(logs)), float(mpmath.fsum(map(abs, logs)))


FACTORS = {
    "around one": 1 + RNG.normal(size=N) * 1e-6,
    "closer to one": 1 + RNG.integers(-9, 9, N) * 2.0**-52,
    "probabilities": RNG.random(N),
    "small probabilities": RNG.random(N) ** 30,
    "half to two": 2.0 ** RNG.uniform(-1, 1, N),
    "large": 10.0 ** RNG.uniform(0, 300, N),
    "tiny": 10.0 ** RNG.uniform(-300, 0, N),
    "all sizes": 10.0 ** RNG.uniform(-300, 300, N),
    "denormal": RNG.random(N) * 1e-310,
    "the largest": np.full(N, np.finfo(float).max),
    "the least": np.full(N, 5e-324),
    "just below a half": np.full(N, np.nextafter(0.5, 0)),
    "growing, then shrinking": np.repeat([1e3, 1e-3], [N // 2, N - N // 2]),
    "half": np.full(N, 0.5),
}


@pytest.mark.parametrize("kind", FACTORS)
def test_logarithms(kind):
    x = FACTORS[kind]
    assert "with_log(" in SUMS["log"].specialize(x).source
    want, size = exact("log", x)
    assert abs(SUMS["log"](x) - want) <= 4e-16 * size + 3e-16 * np.sqrt(N) * min(1.0, size)


SUMMANDS = {
    "tiny": 10.0 ** RNG.uniform(-300, -17, N),
    "tiny, of both signs": RNG.normal(size=N) * 1e-17,
    "small": RNG.random(N) * 1e-9,
    "small and negative": -RNG.random(N) * 1e-9,
    "squares": RNG.normal(size=N) ** 2,
    "down to -1": -RNG.random(N),
    "close to -1": -1 + 2.0 ** RNG.uniform(-53, -1, N),
    "-1 after large ones": np.where(np.arange(N) % 20, 1e3, -1 + 2.0**-50),
    "all sizes": 10.0 ** RNG.uniform(-300, 300, N),
    "zero": np.zeros(N),
}


@pytest.mark.parametrize("kind", SUMMANDS)
def test_logarithms_of_one_and_more(kind):
    u = SUMMANDS[kind]
    assert "with_log1p(" in SUMS["log1p"].specialize(u).source
    want, size = exact("log1p", u)
    assert abs(SUMS["log1p"](u) - want) <= 4e-16 * size + 3e-16 * np.sqrt(N) * min(1.0, size)


ENDS = [0.0, -0.0, np.inf, -np.inf, np.nan, -1.0, -2.0, -1e300, 5e-324, 1.7e308]


@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("place", [0, 3, 30, 36])
def test_ends_of_the_range(name, end, place):
    x = RNG.uniform(0.1, 9, 37)
    x[place] = end
    with np.errstate(all="ignore"):
        want = getattr(np, name)(x).sum()
    np.testing.assert_allclose(SUMS[name](x), want, rtol=1e-14)


def test_infinities_of_both_signs():
    assert np.isnan(SUMS["log"](np.tile([0.0, np.inf], 20)))
    assert SUMS["log"](np.tile([1.0, np.inf], 20)) == np.inf
    assert SUMS["log1p"](np.tile([-1.0, 1e300], 20)) == -np.inf


@settings(max_examples=300, deadline=None)
@given(st.lists(st.floats(width=64), min_size=8, max_size=40), st.sampled_from(sorted(SUMS)))
@example([1.0] * 40, "log")
def test_any_numbers(numbers, name):
    x = np.array(numbers)
    with np.errstate(all="ignore"):
        logs = getattr(np, name)(x)
        want = logs.sum()
    size = 1.0 if not np.isfinite(want) else 1e-15 * (np.abs(logs).sum() + min(len(x), np.abs(logs).sum()))
    np.testing.assert_allclose(SUMS[name](x), want, rtol=0, atol=size)


def compare(f, *args, rtol=1e-12):
    found = f(*args)
    with jitad.disable_jit():
        want = f(*args)
    for a, b in zip(jitad.tree.flatten(found)[0], jitad.tree.flatten(want)[0], strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-12)


@pytest.mark.parametrize("parallel", [False, True])
def test_likelihoods_and_their_derivatives(parallel):
    def student(p, x):
        z = (x - p[0]) / p[1]
        return 2.5 * np.log1p(z * z / 4).sum() + len(x) * np.log(p[1])

    def mixture(p, x):
        return -np.log(p[0] * np.exp(-x**2) + (1 - p[0]) * np.exp(-((x - p[1]) ** 2) / 2)).sum()

    def logit(p, x):
        return np.log(np.where(x > p[0], 1 + np.exp(-p[1] * x), 2.0)).sum()

    x, p = RNG.normal(size=N), np.array([0.3, 1.2])
    for f in (student, mixture, logit):
        g = jitad.jit(jitad.value_and_grad(f), parallel=parallel)
        assert "with_log" in g.specialize(p, x).source
        compare(g, p, x)
        compare(jitad.jit(jitad.hessian(f), parallel=parallel), p, x, rtol=1e-10)


def test_logarithms_that_are_also_stored():
    def f(x):
        y = np.log(x)
        return y.sum(), y

    g = jitad.jit(f)
    x = RNG.random(101) + 0.1
    assert "with_log" not in g.specialize(x).source
    compare(g, x)


def test_where_a_condition_holds():
    """Of pairs, in a triangle and over a square: charges in a plane."""
    def gas(x):
        d = x[:, None] - x
        r2 = (d * d).sum(-1)
        return -0.5 * np.where(r2 > 0.01, np.log(np.where(r2 > 0.01, r2, 1.0)), 0.0).sum() + (x * x).sum()

    def chain(x, y):
        return np.where(x > y, np.log1p(x * y), 0.0).sum()

    for n in (3, 8, 21, 64):
        compare(jitad.value_and_grad(gas), RNG.normal(size=(n, 2)))
    g = jitad.value_and_grad(chain, (0, 1))
    assert "with_log1p(w" in written(g, np.ones(40), np.ones(40)).source
    compare(g, RNG.random(41), RNG.random(41))


def test_between_inner_loops():
    def regression(w, x):
        return np.log1p(np.exp(-(x @ w))).sum()

    w, x = RNG.normal(size=6), RNG.normal(size=(53, 6))
    g = jitad.value_and_grad(regression)
    assert "with_log1p" in g.specialize(w, x).source
    compare(g, w, x)


def test_short_and_strict_sums_are_sums():
    assert "with_log" not in SUMS["log"].specialize(np.ones((3, 3))).source
    strict = jitad.jit(lambda x: np.log(x).sum(), strict=True)
    assert "with_log" not in strict.specialize(np.ones(40)).source


def test_single_precision():
    f = jitad.jit(lambda x: np.log1p(x).sum())
    x = RNG.random(1001).astype(np.float32)
    found = f(x)
    assert found.dtype == np.float32
    assert abs(found - np.log1p(x.astype(float)).sum()) <= 2e-7 * found
    with jitad.disable_jit():
        assert f(x).dtype == np.float32


def test_the_same_from_run_to_run():
    x = RNG.random(10_007)
    f = jitad.jit(lambda x: np.log(x).sum(), parallel=True)
    assert len({float(f(x.copy())) for _ in range(20)}) == 1
    assert np.isclose(f(x), np.log(x).sum(), rtol=1e-13)


def test_factors_in_front():
    """What is the same in all turns stands in front of the sum of logarithms."""
    def gamma(p, x):
        return ((p[0] - 1) * np.log(x)).sum() - (p[1] * x).sum() + len(x) * p[0] * np.log(p[1])

    g = jitad.value_and_grad(gamma)
    x = RNG.random(77) + 0.1
    assert "with_log" in g.specialize(np.ones(2), x).source
    compare(g, np.array([1.3, 0.4]), x)
    rows = jitad.jit(lambda w, x: (w[:, None] * np.log(x)).sum(1))
    assert "with_log" in rows.specialize(np.ones(9), np.ones((9, 50))).source
    compare(rows, RNG.normal(size=9), RNG.random((9, 50)))


def test_infinite_numbers_stay():
    x = np.r_[np.full(20, 0.5), np.full(19, 2.0)]
    for f in (lambda x: (np.inf * np.log(x)).sum(), lambda x: (np.log(x) * -np.inf).sum()):
        with np.errstate(invalid="ignore"):
            assert np.isnan(f(x))
        assert np.isnan(jitad.jit(f)(x))
        assert jitad.jit(f)(x + 1) == f(x + 1)

"""The table of docs/singular_points.md, row by row, and second derivatives."""

import math
import pathlib
import re

import numpy as np
import pytest
import scipy.special

import jitad

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "singular_points.md"
ROWS = [re.findall(r"`(.*?)`", line) for line in PAGE.read_text().splitlines() if line.startswith("| `")]
SCOPE = {"np": np, "scipy": scipy, "inf": np.inf, "nan": np.nan}
ZERO = np.zeros(3)


@pytest.fixture(autouse=True)
def interpreted():
    with jitad.disable_jit():
        yield


def function(text):
    return eval(f"lambda x: {text}", dict(SCOPE))


def value(text):
    found = eval(text, SCOPE)
    return np.array(found) if isinstance(found, list) else found


@pytest.mark.parametrize("text, at, want, strict", ROWS, ids=lambda v: v)
def test_row(text, at, want, strict):
    f, x = function(text), value(at)
    for wanted, is_strict in ((want, False), (strict, True)):
        for slope in (jitad.grad, jitad.jacfwd, jitad.jacrev):
            np.testing.assert_allclose(jitad.jit(slope(f), strict=is_strict)(x), value(wanted), rtol=1e-14, atol=1e-14)


def loop(x):
    total = 0.0
    for v in x:
        total += v * v
    return np.sqrt(total)


def filled(x):
    squares = np.zeros(3)
    for k in range(3):
        squares[k] = x[k] ** 2
    return np.sqrt(squares.sum())


@pytest.mark.parametrize("f", [
    loop, filled, lambda x: np.sqrt(sum(v * v for v in x)), lambda x: math.sqrt(sum(v**2 for v in x)),
    lambda x: math.dist(x, ZERO), lambda x: np.sqrt(0.0 + x[0] ** 2 + x[1] ** 2),
    lambda x: np.sqrt(np.array([x[0] * x[0], x[1] * x[1]]).sum()), lambda x: np.sqrt(np.stack([x[0] ** 2, x[1] ** 2]).sum()),
    lambda x: np.sqrt(np.maximum((x**2).sum(), 0)), lambda x: np.sqrt(np.clip((x**2).sum(), 0, None)),
    lambda x: np.sqrt(np.max(x**2)), lambda x: np.sqrt((x**4).sum()), lambda x: np.sqrt(abs(x @ x)),
    lambda x: (x @ x) ** 0.75, lambda x: (x @ x) ** 0.25, lambda x: np.cbrt(x @ x)])
def test_norms_however_they_are_written(f):
    for slope in (jitad.grad, jitad.jacfwd):
        np.testing.assert_array_equal(slope(f)(ZERO), ZERO)
    x = np.array([0.3, -0.4, 0.2])
    want = [(f(x + e) - f(x - e)) / 2e-6 for e in 1e-6 * np.eye(3)]
    np.testing.assert_allclose(jitad.grad(f)(x), want, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(jitad.hessian(f)(x), jitad.jacfwd(jitad.jacfwd(f))(x), rtol=1e-12, atol=1e-12)


def test_weights_may_be_negative_so_that_zero_says_nothing():
    weights = np.array([1.0, -1.0, 0.0])
    assert np.isnan(jitad.grad(lambda x: np.sqrt((weights * x**2).sum()))(ZERO)).all()
    assert np.isinf(jitad.grad(lambda x: np.sqrt((weights * x**2).sum()))(np.array([1.0, 1.0, 0.0]))[:2]).all()


def test_the_root_of_a_fourth_power():
    f = jitad.grad(jitad.grad(lambda x: np.sqrt(x**4)))
    assert f(0.0) == 2.0 and f(-3.0) == 2.0


def test_nan_is_not_hidden_by_extremes():
    for f in (lambda x: np.maximum(x, 0.0), lambda x: np.minimum(0.0, x), lambda x: np.clip(x, -1, 1)):
        for slope in (jitad.grad, jitad.jacfwd):
            assert np.isnan(slope(f)(np.nan))


def test_one_zero_row_among_many():
    x = np.array([[0.0, 0.0], [3.0, 4.0]])
    for slope in (jitad.grad, jitad.jacfwd):
        np.testing.assert_allclose(slope(lambda x: np.linalg.norm(x, axis=1).sum())(x), [[0, 0], [0.6, 0.8]])


def test_the_table_is_read():
    assert len(ROWS) > 40 and all(len(row) == 4 for row in ROWS)


def test_compiled(monkeypatch):
    """In one kernel, as it is used: rows of a pair sum with zero distance."""
    def f(x):
        gap = x[:, None] - x[None]
        return np.sqrt((gap**2).sum(-1)).sum() + np.linalg.norm(x - x[0], axis=1).sum()

    x = np.random.default_rng(0).normal(size=(6, 3))
    want = jitad.grad(f)(x)
    assert np.isfinite(want).all()
    monkeypatch.setattr("jitad.config._local.depth", 0)
    np.testing.assert_allclose(jitad.grad(f)(x), want, rtol=1e-12)
    assert np.isnan(jitad.jit(jitad.grad(f), strict=True)(x)).any()


@pytest.mark.parametrize("f, x, want", [
    (np.sinc, 0.0, -np.pi**2 / 3), (lambda x: x**0.0, 0.0, 0.0), (np.abs, 0.0, 0.0), (np.linalg.norm, ZERO, np.zeros((3, 3))),
    (np.std, np.ones(4), np.zeros((4, 4))), (lambda x: np.hypot(x[0], x[1]), ZERO[:2], np.zeros((2, 2))),
    (np.prod, np.array([0.0, 2, 3]), [[0, 3, 2], [3, 0, 0], [2, 0, 0]]),
    (lambda x: np.cumprod(x).sum(), np.array([0.0, 2, 0]), [[0, 1, 2], [1, 0, 0], [2, 0, 0]]),
    (lambda x: x[0] ** x[1], ZERO[:2], np.zeros((2, 2)))])
def test_second_derivatives(f, x, want):
    np.testing.assert_allclose(jitad.hessian(f)(x), want, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(jitad.jacfwd(jitad.jacfwd(f))(x), want, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("f, x, want", [
    (lambda x: np.linalg.norm(x) ** 2, ZERO, 2 * np.eye(3)),
    (lambda x: np.linalg.norm(x) * np.linalg.norm(x), ZERO, 2 * np.eye(3)), (lambda x: np.abs(x) ** 2, 0.0, 2.0),
    (lambda x: np.abs(x) ** 4, 1.0, 12.0), (lambda x: np.sqrt(x @ x) ** 2.0, ZERO, 2 * np.eye(3)),
    (lambda x: np.hypot(x[0], x[1]) ** 2, ZERO[:2], 2 * np.eye(2)),
    (lambda x: np.exp(-np.linalg.norm(x) ** 2), ZERO, -2 * np.eye(3)),
    (lambda x: np.std(x) ** 2, np.ones(2), [[0.5, -0.5], [-0.5, 0.5]]),
    (lambda x: np.linalg.norm(x) ** 4, ZERO, np.zeros((3, 3)))])
def test_even_powers_of_norms(f, x, want):
    """They are smooth, and differentiated as what they are."""
    for hessian in (jitad.hessian, lambda f: jitad.jacfwd(jitad.jacfwd(f)), lambda f: jitad.jacrev(jitad.jacrev(f))):
        np.testing.assert_allclose(hessian(f)(x), want, atol=1e-14)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("f", [
    lambda x: np.sqrt(-(x[0] ** 2)), lambda x: np.sqrt(-2.0 * x[0] ** 2), lambda x: np.sqrt(x[0] ** 2 / -x[1]),
    lambda x: np.sqrt(x[0] ** 2 / -x[1]) ** 2, lambda x: np.sqrt(np.sum(x**2) * np.nan), lambda x: np.hypot(x[0], np.nan)])
def test_nan_is_not_hidden(f):
    """Where the value is nan, so is the derivative."""
    assert np.isnan(f(np.ones(2)))
    for slope in (jitad.grad, jitad.jacfwd):
        assert np.isnan(slope(f)(np.ones(2))[0])


def test_the_largest_of_what_has_nan():
    for f in (np.max, np.min, lambda x: np.linalg.norm(x, np.inf)):
        for slope in (jitad.grad, jitad.jacfwd):
            found = slope(f)(np.array([2.0, np.nan, 1.0]))
            np.testing.assert_array_equal(found != 0, [False, True, False])  # the element that is the result


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_angles_of_any_size(size):
    for slope in (jitad.grad, jitad.jacfwd):
        np.testing.assert_allclose(slope(lambda x: np.arctan2(x[0], x[1]))(np.full(2, size)) * size, [0.5, -0.5], rtol=1e-14)


def test_std_of_some():
    f = lambda x: np.std(x, where=np.array([True, True, False]))  # noqa: E731
    for slope in (jitad.jacfwd, jitad.jacrev):
        np.testing.assert_array_equal(slope(f)(np.array([2.0, 2.0, 3.0])), np.zeros(3))


def test_sinc_to_every_order():
    g = np.sinc
    for order in range(1, 7):
        g = jitad.grad(g)
        exact = 0.0 if order % 2 else (-1) ** (order // 2) * np.pi**order / (order + 1)
        assert g(0.0) == pytest.approx(exact, rel=1e-13)


def test_second_derivative_of_a_singular_determinant():
    hessian = jitad.hessian(np.linalg.det)
    assert np.isnan(hessian(np.diag([1.0, 2, 3, 0]))).all()
    assert np.isfinite(hessian(np.diag([1.0, 2, 3, 1]))).all()
    small = hessian(np.zeros((3, 3)) + np.diag([2.0, 0, 0]))
    assert small[1, 1, 2, 2] == 2.0 and small[1, 2, 2, 1] == -2.0


def test_an_eigenvector_apart_from_equal_ones():
    """What no derivative is taken of does not count, in both modes and in second derivatives."""
    a = np.diag([1.0, 1.0, 3.0])

    def f(t):
        w, v = np.linalg.eigh(a + t * np.ones((3, 3)) / 10)
        return w[2] + v[0, 2] ** 2

    with np.errstate(all="raise"):
        for t in (0.0,):
            first = jitad.grad(f)(t)
            assert first == pytest.approx((f(1e-5) - f(-1e-5)) / 2e-5, rel=1e-6)
            assert jitad.jacfwd(f)(t) == pytest.approx(first, rel=1e-13)
            second = (f(1e-3) - 2 * f(0.0) + f(-1e-3)) / 1e-6
            assert jitad.grad(jitad.grad(f))(t) == pytest.approx(second, rel=1e-3)

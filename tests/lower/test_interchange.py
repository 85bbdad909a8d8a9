"""Loops that change places, copies with the first axis last, loops that are left out: against NumPy and the interpreter."""

import numpy as np
import pytest

import jitad

RNG = np.random.default_rng(5)
PARTS, POINTS, AXES, ENTRIES = 6, 11, 5, 9


def arguments(parts=PARTS, points=POINTS, axes=AXES):
    """Factors by entry, centres, points, and one weight of each point."""
    rng = np.random.default_rng(3)
    place = rng.integers(-ENTRIES, ENTRIES, size=(axes, axes))
    return rng.normal(size=(parts, ENTRIES)), rng.normal(size=(parts, axes)), rng.normal(size=(points, axes)), \
        rng.normal(size=points), place


def moved(f, c, x, w, place):
    """What a mixture of Gaussians makes of its factors: (points, parts, axes)."""
    return np.einsum("kij,nkj->nki", f[:, place], x[:, None] - c)


def by_points(f, c, x, w, place):
    """The same as (parts, axes, points)."""
    return np.einsum("kij,nkj->kin", f[:, place], x[:, None] - c)


CASES = {
    "points last": lambda f, c, x, w, p: by_points(f, c, x, w, p),
    "differences": lambda f, c, x, w, p: w * (x.T - 2 * by_points(f, c, x, w, p)),
    "negative, masked": lambda f, c, x, w, p: np.where(w > 0, -by_points(f, c, x, w, p) * w - x.T, 0.0),
    "squares": lambda f, c, x, w, p: (moved(f, c, x, w, p) ** 2).sum((1, 2)) @ w,
    "logsumexp": lambda f, c, x, w, p: np.log(np.exp(-0.5 * (moved(f, c, x, w, p) ** 2).sum(-1)).sum(1)).sum(),
    "masked": lambda f, c, x, w, p: np.where(w[:, None, None] > 0, moved(f, c, x, w, p) * w[:, None, None], 0.0).sum(0),
    "stored": lambda f, c, x, w, p: moved(f, c, x, w, p),
    "sums of sums": lambda f, c, x, w, p: (w * (x @ f[0, p])[:, 0]).sum() - (x @ f[1, p]).sum(0),
    "padded": lambda f, c, x, w, p: np.concatenate([(w[:, None] * x).sum(0), f.sum(0), np.zeros(2)]),
    "one after the other": lambda f, c, x, w, p: (np.tanh(c - moved(f, c, x, w, p)) * w[:, None, None]).sum() - (
        (np.einsum("j,nj->n", f[0, p[0]], x) * w + w) ** 2).sum(),
    "of neighbours": lambda f, c, x, w, p: ((x[1:] - x[:-1]) ** 2).sum() + ((x[:, 1:] - x[:, :-1]) ** 2).sum(),
}


@pytest.mark.parametrize("name", CASES)
def test_values_and_derivatives(name):
    f = CASES[name]
    weights = RNG.normal(size=256)

    def total(*args):
        out = f(*args)
        return (weights[:out.shape[0]] * out.T).sum() if np.ndim(out) else out

    g = jitad.value_and_grad(total, (0, 1, 2, 3))
    for sizes in ((), (9, 9, 9), (5, 40, 7), (5, 0, 6)):
        args = arguments(*sizes)
        value, gradient = g(*args)
        np.testing.assert_allclose(value, total(*args), rtol=1e-11, atol=1e-12)
        with jitad.disable_jit():
            want = g(*args)[1]
        for a, b in zip(gradient, want, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10 * max(1, np.abs(b).max(initial=0)))
    assert len(g.specializations) <= 2  # none is a length of its own


def test_loops_change_places():
    """What does not depend on the points is looked up outside of the loop over them, which reads a copy of theirs."""
    kernel = jitad.value_and_grad(CASES["logsumexp"], (0, 1)).specialize(*arguments())
    assert "] +=" in kernel.source
    for line in kernel.source.splitlines():
        if line.startswith(" " * 16) and "a0[" in line:
            assert "i3" not in line
    assert not any(f"a2[i{k}, i" in line and line.startswith(" " * 12) for line in kernel.source.splitlines() for k in (2, 3))


def test_infinite_and_missing_numbers():
    f, c, x, w, place = arguments()
    g = jitad.jit(CASES["stored"])
    x[3, 2], x[5, 1], w[2] = np.nan, np.inf, np.inf
    with np.errstate(invalid="ignore"):
        want = CASES["stored"](f, c, x, w, place)
    np.testing.assert_array_equal(np.isnan(g(f, c, x, w, place)), np.isnan(want))


def test_infinite_factors_of_sums():
    """A sum times infinity is infinite, whatever its terms are: they are not multiplied one by one."""
    f, c, x, w, place = arguments()
    w[2] = np.inf
    factors = f[:, place[0]]
    for total in (
        lambda w: by_points(f, c, x, w, place) * w,
        lambda w: 1 / (w * by_points(f, c, x, w, place) - x.T) + x.T,
        lambda w: (w * np.einsum("j,nj->n", factors[0], x)).sum(),
        lambda w: (2 * w * np.einsum("kj,nj->kn", factors, x)).sum(0),
    ):
        with np.errstate(invalid="ignore"):
            want = total(w)
        np.testing.assert_allclose(jitad.jit(total)(w), want, rtol=1e-9)
    moving = jitad.jit(lambda f, c, x, w, place: by_points(f, c, x, w, place) * w - 3 * by_points(f, c, x, w, place[::-1]))
    np.testing.assert_allclose(moving(f, c, x, w, place), moving.__wrapped__(f, c, x, w, place), rtol=1e-9)


def test_what_nobody_asks_for_is_left_out():
    """Sums of a padded array are those of its own elements; behind them none is computed."""
    def padded(x, n):
        return np.concatenate([(x * x).sum(1), np.zeros(len(n))])

    x, n = RNG.normal(size=(9, 7)), np.ones(4)
    kernel = jitad.jit(padded).specialize(x, n)
    np.testing.assert_allclose(kernel.njit(x, n), padded(x, n), rtol=1e-14)
    assert any(line.strip().startswith("if v") for line in kernel.source.splitlines())


def test_what_somebody_asks_for_is_not_left_out():
    """A sum that counts under a condition for one result, and always for another."""
    def both(x, c, w):
        s = np.exp(x * np.where(w[:, None] > 0, c, x)).sum(1)
        return s.max(), s.min() + np.where(w > 0, s * w, 0.0).sum()

    x, c, w = RNG.normal(size=(9, 6)), RNG.normal(size=6), np.arange(9.0) - 5
    np.testing.assert_allclose(jitad.jit(both)(x, c, w), both(x, c, w), rtol=1e-14)


def test_maxima_that_are_stored():
    """Where the maximum was is asked of numbers that are computed again: they are the very same."""
    def f(x):
        v = x / (1.5 + x**2)
        e = np.exp(v - v.max(0))
        return (e / (e.sum(0) + 1e-3)).sum()

    x = np.random.default_rng(0).normal(size=(5, 40))
    with jitad.disable_jit():
        want = jitad.grad(f)(x)
    np.testing.assert_allclose(jitad.grad(f)(x), want, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layouts_and_precisions(dtype):
    f, c, x, w, place = arguments(5, 40, 7)
    total = CASES["logsumexp"]
    g = jitad.value_and_grad(total, (0, 1))
    want = g(f, c, x, w, place)
    args = [a.astype(dtype) for a in (f, c, x, w)]
    for change in (np.asfortranarray, lambda a: np.repeat(a, 2, 0)[::2]):
        value, gradient = g(*map(change, args), place)
        rtol = 1e-3 if dtype == np.float32 else 1e-12
        np.testing.assert_allclose(value, want[0], rtol=rtol)
        for a, b in zip(gradient, want[1], strict=True):
            assert a.dtype == dtype
            np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * np.abs(b).max())


def test_strictly_and_in_parts():
    args = arguments(7, 900, 4)
    want = CASES["logsumexp"](*args)
    for options in ({"strict": True}, {"parallel": True}):
        g = jitad.jit(jitad.value_and_grad(CASES["logsumexp"], (0, 1)), **options)
        value, gradient = g(*args)
        assert value == pytest.approx(want, rel=1e-12)
        for a, b in zip(gradient, jitad.grad(CASES["logsumexp"], (0, 1))(*args), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-11)

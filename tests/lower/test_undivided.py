"""Axes that are several in a row are gone through without division."""

import numpy as np
import pytest

import jitad
from tests.written import written

RNG = np.random.default_rng(4)


def gates(w, x):
    """Four gates out of one row, as recurrent networks have them."""
    w = w.reshape(4, len(x))
    return (np.tanh(w[0] * x) * np.exp(w[1] * x) + w[2] * x**2 - w[3] / (1 + x**2)).sum()


def flat(x, k):
    """Rows of three, handed over and added to as one long array."""
    rows = x.reshape(len(k), 3)
    return (np.sin(rows).sum(1) * k).sum() + (x**3).sum()


def steps(f):
    """The same in a loop, whose carry is the long array: what is stored has its length."""
    def loss(w, x):
        return (jitad.scan(lambda c, _: (c - 0.1 * jitad.grad(f)(c, x), None), w, length=3)[0] ** 2).sum()

    return loss


@pytest.mark.parametrize("f, times", [(gates, 4), (flat, 3)])
def test_no_division_and_the_same_numbers(f, times):
    g = jitad.value_and_grad(steps(f), (0, 1))
    for n in (5, 7, 12):
        w, x = RNG.normal(size=times * n), RNG.normal(size=n)
        (value, slopes), source = g(w, x), written(g, w, x).source
        assert "floor_divide" not in source and "%" not in source
        with jitad.disable_jit():
            want, others = g(w, x)
        assert np.isclose(value, want, rtol=1e-12)
        for a, b in zip(slopes, others, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def layers(main, x):
    """Layers of gates, two rows of weights for each."""
    for k in range(2):
        w, b = main[2 * k].reshape(4, len(x)), main[2 * k + 1].reshape(4, len(x))
        cell = np.tanh(x * w[0] + b[0]) * np.exp(-((x * w[1] + b[1]) ** 2)) + np.sin(x * w[2] + b[2])
        x = np.tanh(cell) / (1 + np.exp(x * w[3] + b[3]))
    return x


def test_rows_of_weights_are_added_to_where_they_lie():
    """Parts of rows are no second computation of the whole: nothing as long as they are is stored in between."""
    def loss(main, x):
        return (jitad.scan(lambda c, _: (layers(main, c), None), x, length=4)[0] ** 2).sum()

    g = jitad.value_and_grad(loss, (0, 1))
    main, x = RNG.normal(size=(4, 28)), RNG.normal(size=7)
    source = written(g, main, x).source
    back = source[source.index("def step1"):source.index("def turns1")]
    assert back.count("for i0") <= 8 and "range(s" not in back
    assert back.count("exp(") + back.count("tanh(") <= 2 * 8  # once, in lanes and for what is left over
    value, slopes = g(main, x)
    with jitad.disable_jit():
        want, others = g(main, x)
    assert np.isclose(value, want, rtol=1e-12)
    for a, b in zip(slopes, others, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)

"""What is compared for equality is rounded in the same way wherever it is computed."""

import numpy as np

import jitad


def test_the_derivative_of_an_extreme_finds_its_element():
    def f(x, y):
        w = x + y.sum(-1)
        d = w[:, None] - w
        r = np.tanh(d) * np.cos(0.3 + d)
        return r.sum() + (np.tanh(d.min(-1)) * np.cos(0.3 + d.max(0))).sum()

    for seed in range(5):
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(2, 9)), rng.normal(size=(9, 3))
        got = jitad.grad(f)(x[0], y)
        with jitad.disable_jit():
            want = jitad.grad(f)(x[0], y)
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13)


def test_a_choice_by_comparison_with_an_extreme_finds_one_element():
    def f(x):
        r = np.sqrt((x**2).sum(-1)) * 0.1 + x[:, 0] / 3.0
        return np.where(r >= r.max(), 1.0, 0.0).sum() + np.where(r == r.min(), 1.0, 0.0).sum()

    x = np.random.default_rng(0).normal(size=(1000, 3))
    assert jitad.jit(f)(x) == 2.0

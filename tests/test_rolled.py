"""Unrolled loops that are rolled up again: against the same graph as it was written, by the interpreter."""

import pickle

import numpy as np
import pytest

import jitad
from tests.written import written

RNG = np.random.default_rng(2)
W, X, XS = RNG.normal(size=(6, 7)) / 2, RNG.normal(size=7), RNG.normal(size=(12, 7))


def step(w, c, x):
    """Some fifty nodes."""
    a = 1 / (1 + np.exp(-(c * w[0] + x * w[1])))
    b = np.tanh(c * w[2] + np.sin(x) * w[3])
    c = a * c + (1 - a) * b
    d = np.sqrt(1.0 + c * c) - np.cos(b * w[4]) / (2.0 + a)
    return c + 0.1 * np.log1p(d * d) * w[5] / (1.0 + np.exp(-d)) - 0.01 * np.arctan(a * d) * np.exp(-b * b)


def last(w, c, xs):
    for x in xs[:12]:
        c = step(w, c, x)
    return (c * c).sum()


def sums(w, c, xs):
    """A total that is carried, rows that are read twice, a number that is different in every step."""
    total = 0.0
    for k in range(11):
        c = step(w, c, xs[k] * (1 + 0.1 * k))
        total = total + (c * xs[k + 1]).sum()
    return total


def path(w, c, xs):
    """What every step gives is used."""
    cs = []
    for k in range(12):
        c = step(w, c, xs[k])
        cs.append(c)
    return (np.stack(cs)[1:] * np.stack(cs)[:-1]).sum() + cs[5][0] * cs[11][1]


def starts_elsewhere(w, c, xs):
    """The first step goes on from something else, and something comes behind the last."""
    c = np.exp(c) * w[0]
    for k in range(10):
        c = step(w, c, xs[k])
    return np.sin(c).sum() * c[0]


def two_carries(w, c, xs):
    b = c * 2.0
    for k in range(10):
        b, c = c, step(w, b + c, xs[k])
    return (b * c).sum()


def backwards(w, c, xs):
    """Rows from the last to the first."""
    for k in reversed(range(10)):
        c = step(w, c, xs[k])
    return c.sum()


def parameters(w, c, xs):
    """Numbers that differ from step to step."""
    for rate in (0.3, 0.1, 0.7, 0.2, 0.25, 0.35, 0.15, 0.45, 0.55, 0.05):
        c = step(w, c * rate, xs[0] + rate)
    return c.sum()


def second_order(w, c, xs):
    """What a step takes from the one before the last."""
    before = c * 0.5
    for k in range(10):
        before, c = c, step(w, c, xs[k]) + np.sin(before) * before
    return (c * before).sum()


def rows_of_two_shapes(w, c, xs):
    """Rows that were arrays of other shapes."""
    rows = np.sin(c[:, None]), np.cos(c[None, :])
    for k in range(10):
        c = step(w, c, rows[k % 2].reshape(-1) * (1 + 0.1 * k))
    return c.sum() + xs[0, 0]


ROLLED = {f.__name__: f for f in (last, sums, path, starts_elsewhere, two_carries, backwards, parameters, second_order,
                                   rows_of_two_shapes)}


def compare(g, *args):
    with jitad.disable_jit():
        want = g(*args)
    found = g(*args)
    np.testing.assert_allclose(found[0], want[0], rtol=1e-12)
    for a, b in zip(found[1], want[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12 * max(1, np.abs(b).max()))


@pytest.mark.parametrize("name", ROLLED)
def test_rolled(name):
    f = ROLLED[name]
    g = jitad.value_and_grad(f, (0, 1, 2))
    compare(g, W, X, XS)
    kernel = written(g, W, X, XS)
    assert "turns0(" in kernel.source
    compare(g, W[:, :5].copy(), X[:5].copy(), XS[:, :5].copy())


def other_ops(w, c, xs):
    for k in range(12):
        c = step(w, c, xs[k])
        c = np.sin(c) if k % 3 else np.cos(c) + c.sum()
    return c.sum()


def few(w, c, xs):
    for k in range(3):
        c = step(w, c, xs[k])
    return c.sum()


def three_back(w, c, xs):
    cs = [c, c + 1, c + 2]
    for k in range(10):
        cs.append(step(w, cs[-1], xs[k]) + cs[-3])
    return cs[-1].sum()


def crossed(w, c, xs):
    """A later step takes from a much earlier one."""
    first = None
    for k in range(10):
        c = step(w, c, xs[k]) if k != 6 else step(w, first, xs[k])
        first = c if first is None else first
    return c.sum()


@pytest.mark.parametrize("f", [other_ops, few, three_back, crossed])
def test_what_is_no_loop_of_one_step(f):
    """It stays, or what of it is a loop becomes one."""
    value = jitad.jit(f)
    if f in (few, three_back):
        assert "turns" not in value.specialize(W, X, XS).source
    assert value(W, X, XS) == pytest.approx(f(W, X, XS), rel=1e-12)


def test_all_steps_are_rolled():
    """The first as well, whose nodes come in another order."""
    kernel = jitad.jit(last).specialize(W, X, XS)
    assert "turns0(12, " in kernel.source
    assert kernel.source.count("tanh(") <= 2  # in lanes and one by one


def test_very_many_short_steps():
    """A chain that would be no kernel at all."""
    def chain(x):
        for _ in range(6000):
            x = np.sin(x) + 0.5 * x
        return x

    x, slope = 0.3, 1.0
    for _ in range(6000):
        x, slope = np.sin(x) + 0.5 * x, slope * (np.cos(x) + 0.5)
    value, found = jitad.value_and_grad(chain)(0.3)
    assert value == pytest.approx(x, rel=1e-12)
    assert found == pytest.approx(slope, rel=1e-9)


def test_second_derivatives():
    def slopes(scale):
        return jitad.jvp(lambda s: jitad.grad(lambda c: last(W * s, c, XS))(X * s), (scale,), (1.0,))[1]

    with jitad.disable_jit():
        want = slopes(0.9)
    np.testing.assert_allclose(slopes(0.9), want, rtol=1e-9)


def counted(x, steps, factor=1.0):
    for k in range(steps):
        x = np.sin(x) + factor * (k + 0.3)
    return (x**2).sum()


def test_constants_of_steps_are_a_table():
    """Numbers that differ from step to step are looked up: one short kernel, whatever they are."""
    functions = [jitad.value_and_grad(lambda x: counted(x, 1300, 0.7)), jitad.value_and_grad(lambda x: counted(x, 1300, 1.1))]
    kernels = [g.specialize(X) for g in functions]
    assert kernels[0].source == kernels[1].source and kernels[0].source.count("\n") < 120
    assert any(np.shape(c) == (1300,) for c in kernels[0].captured)
    for g, kernel, factor in zip(functions, kernels, (0.7, 1.1), strict=True):
        value, slope = g(X)
        product = jitad.hvp(lambda x, f=factor: counted(x, 1300, f))
        with jitad.disable_jit():
            want, expected = g(X)
            expected_product = product(X, X)
        assert value == pytest.approx(want, rel=1e-13) and value == pytest.approx(counted(X, 1300, factor), rel=1e-13)
        np.testing.assert_allclose(slope, expected, rtol=1e-11)
        np.testing.assert_allclose(product(X, X), expected_product, rtol=1e-10)
        loaded = pickle.loads(pickle.dumps(kernel.njit))
        np.testing.assert_array_equal(loaded(X, *kernel.captured)[1], slope)


def test_thousands_of_counted_steps():
    g = jitad.grad(lambda x: counted(x, 3000))
    with jitad.disable_jit():
        want = g(X)
    np.testing.assert_allclose(g(X), want, rtol=1e-11)

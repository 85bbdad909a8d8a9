"""Arrays that are put together of many pieces, and sums of many numbers that each have their place: written one by one."""

import numpy as np
import pytest

import jitad
from jitad.tree import flatten
from tests.written import written

RNG = np.random.default_rng(4)
N = 12
X, V, A, Y = RNG.uniform(0.2, 1, N), RNG.normal(size=N), RNG.normal(size=(N, N)), RNG.normal(size=(N, 3))


def numbers(x):
    v = np.array([np.sin(x[i]) * x[(i * 7) % N] for i in range(N)])
    return (A @ v) @ v


def rows(x):
    v = np.stack([Y[i] * x[i] * x[i - 1] for i in range(N)])
    return np.tanh(v.sum(0)).sum() * (v[3:] ** 2).sum()


def columns(x):
    v = np.stack([Y[i] * x[i] for i in range(N)], axis=1)
    return np.tanh(v.sum(1)).sum() + v[1, 5] ** 2


def of_several_lengths(x):
    v = np.concatenate([x[:3] ** 2, *(x[i:i + 1] * x[i] for i in range(9)), np.cos(x[8:])])
    return (v * np.arange(len(v))).sum() * v[2]


def sums_of_elements(x):
    return sum(x[i] * x[i - 2] for i in range(N)) - sum(np.sin(x[i]) for i in range(N)) + (x**3).sum()


def sums_of_rows(x):
    y = x.reshape(3, 4)
    return sum((y[k] * y[k - 1]).sum() * y[k, 2] for k in range(3)) * sum(y[k % 3, k % 4] ** 2 for k in range(N))


def element_by_element(x):
    for i in range(1, N):
        x = x.copy()
        x[i] = x[i - 1] * 0.5 + x[i]
    return (x**2).sum()


@pytest.mark.parametrize("options", [{}, {"strict": True}, {"parallel": True}], ids=str)
@pytest.mark.parametrize("f", [numbers, rows, columns, of_several_lengths, sums_of_elements, sums_of_rows, element_by_element],
                         ids=lambda f: f.__name__)
def test_values_and_derivatives(f, options):
    g = jitad.jit(lambda x: (jitad.value_and_grad(f)(x), jitad.jvp(f, (x,), (V,))[1], jitad.hvp(f)(x, V)), **options)
    with jitad.disable_jit():
        want = flatten(g(X))[0]
        jitad.testing.check_grads(f, (X,), order=1)
    found = flatten(g(X))[0]
    for a, b in zip(found, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)
    assert found[1] @ V == pytest.approx(found[2], rel=1e-12)


def test_a_result_of_pieces():
    f = jitad.jit(lambda x: (np.array([x[i] ** 2 for i in range(N)]), np.stack([x * x[i] for i in range(N)], 1)))
    np.testing.assert_allclose(f(X)[0], X**2, rtol=1e-15)
    np.testing.assert_allclose(f(X)[1], np.outer(X, X), rtol=1e-15)


def test_the_source_grows_with_the_number_of_pieces():
    """Nothing asks of an element which of the pieces it is in."""
    def sum_of(n):
        return jitad.grad(lambda x: np.exp(-np.array([np.sin(x[i]) * x[i - 1] for i in range(n)])).sum())

    few, many = (written(sum_of(n), np.ones(n)).source.count("\n") for n in (20, 40))
    assert many < 2.2 * few


def test_along_a_short_axis_nothing_is_stored():
    """There it is known which piece an element is in."""
    x = RNG.normal(size=50)

    def f(x):
        return np.tanh(np.stack([np.sin(k * x) for k in range(8)], 1) @ np.arange(8.0)).sum()

    source = written(jitad.jit(f), x).source
    assert "empty(" not in source and "zeros(" not in source
    assert jitad.jit(f)(x) == pytest.approx(f(x), rel=1e-13)


def test_sixty_pieces():
    """Against the derivative by hand."""
    x, a = np.linspace(0.1, 1, 60), RNG.normal(size=(60, 60))

    def f(x, a):
        v = np.array([np.sin(x[i]) * x[(i * 7) % 60] for i in range(60)])
        return (a @ v) @ v

    value, slope = jitad.value_and_grad(f)(x, a)
    v, w = np.sin(x) * x[np.arange(60) * 7 % 60], np.zeros(60)
    ct = (a + a.T) @ v
    w += ct * np.cos(x) * x[np.arange(60) * 7 % 60]
    np.add.at(w, np.arange(60) * 7 % 60, ct * np.sin(x))
    assert value == pytest.approx(v @ a @ v)
    np.testing.assert_allclose(slope, w, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("axes", [1, 2, 4])
def test_what_is_looked_up_is_added_after_all_is_stored(axes):
    """Four neighbours each: the loop that stores what falls on the atom itself must not add to its neighbours, stored later."""
    rng = np.random.default_rng(0)
    table = rng.integers(0, 26, (26, 4))

    def energy(x, p):
        r = np.sqrt(((x[table] - x[:, None]) ** 2).sum(-1) + 1)
        return ((np.log(2 + np.cos(r)) * p).sum(1) ** 2).sum()

    @jitad.jit
    def product(x, p, a, b):
        return jitad.jvp(jitad.grad(energy, (0, 1)), (x, p), (a, b))[1]

    x, a = rng.normal(size=(2, 26, axes))
    p, b = rng.normal(size=(2, 4))
    with jitad.disable_jit():
        want = product(x, p, a, b)
    found = product(x, p, a, b)
    for one, other in zip(found, want, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10)
    step = 1e-6
    there, here = (jitad.grad(energy)(x + h * a, p + h * b) for h in (step, -step))
    np.testing.assert_allclose(found[0], (there - here) / (2 * step), rtol=1e-6, atol=1e-6)

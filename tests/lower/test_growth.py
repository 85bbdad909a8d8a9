"""Steps that are repeated: what is written grows with their number, no faster."""

import numpy as np
import pytest

import jitad
from jitad.emit.cpu import emit
from jitad.lower.index import Elements
from jitad.lower.nest import Store, walk
from jitad.lower.placed import Effect
from jitad.lower.scalar import Buffer, load
from jitad.lower.schedule import lower
from jitad.lower.works import grouped, works_of
from jitad.ops.leaf import constant_value

Q, W, P = np.random.default_rng(0).normal(size=(3, 9))


def updates(q, w, steps):
    for _ in range(steps):
        q = q.copy()
        q[1:] += 0.1 * q[:-1] * w[1:]
        q[::2] *= 0.9
    return (q * q).sum()


def norms(q, w, steps):
    p = P
    for _ in range(steps):
        q = q + 0.05 * p
        p = p + 0.05 * w * q
        p = p / np.sqrt((p**2).mean() + 0.5)
    return (q * q).sum()


def upwind(q, w, steps):
    for _ in range(steps):
        q = q - 0.1 * np.where(q > 0, q * (q - np.roll(q, 1)), q * (np.roll(q, -1) - q)) * w
    return (q * q).sum()


def network(main, extra, state, text):
    """An LSTM of two layers whose gates are element by element; as many steps as rows of text."""
    d = extra.shape[1]
    states, total = list(state), 0.0
    for before, after in zip(text[:-1], text[1:], strict=True):
        x = before * extra[0]
        for k in (0, 2):
            w, b = main[k].reshape(4, d), main[k + 1].reshape(4, d)
            hidden, cell = states[k], states[k + 1]
            forget, ingate, outgate = (1 / (1 + np.exp(-(v * w[j] + b[j]))) for j, v in enumerate((x, hidden, x)))
            cell = cell * forget + ingate * np.tanh(hidden * w[3] + b[3])
            x = outgate * np.tanh(cell)
            states[k], states[k + 1] = x, cell
        y = x * extra[1] + extra[2]
        total = total + (after * (y - np.log(np.exp(y).sum() + 2))).sum()
    return total


def network_arguments(steps, width=14):
    rng = np.random.default_rng(0)
    shapes = (4, 4 * width), (3, width), (4, width), (steps + 1, width)
    return tuple(rng.normal(size=shape) for shape in shapes)


def lines(f, *args):
    with jitad.disable_jit():
        f(*args)
    ((_, made),) = f._caller.every()
    return emit(lower(made.graph)).count("\n")


@pytest.mark.parametrize("f", [updates, norms, upwind])
def test_source_of_a_gradient(f):
    four, eight, twelve = (lines(jitad.value_and_grad(lambda q, w, n=n: f(q, w, n)), Q, W) for n in (4, 8, 12))
    assert eight - four < 900 and twelve - eight <= 1.5 * max(eight - four, 30)


def test_source_of_a_network():
    """Thousands of statements, one elementwise loop for all steps, are cut into loops that are equal."""
    eight, sixteen, many = (lines(jitad.value_and_grad(network, argnums=(0, 1)), *network_arguments(n)) for n in (8, 16, 32))
    assert max(sixteen, many) < 1.2 * eight < 1600


@pytest.mark.parametrize("options", [{}, {"strict": True}], ids=str)
def test_values_of_a_network(options):
    g = jitad.value_and_grad(network, argnums=(0, 1, 2))
    compiled = jitad.jit(g, **options)
    for width in (14, 5, 70):
        args = network_arguments(6, width)
        with jitad.disable_jit():
            value, slopes = g(*args)
        found = compiled(*args)
        assert found[0] == pytest.approx(value, rel=1e-12)
        for a, b in zip(found[1], slopes, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    if options:
        return
    kernel = compiled.specialize(*args)
    out = kernel.buffers(*args)
    for _ in range(2):  # memory that was used before
        assert kernel.njit_into(*args, *kernel.captured, out) == pytest.approx(value, rel=1e-12)
        np.testing.assert_allclose(out[0], slopes[0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("f", [updates, norms, upwind])
def test_values(f):
    g = jitad.value_and_grad(lambda q, w: f(q, w, 5), argnums=(0, 1))
    with jitad.disable_jit():
        value, slopes = g(Q, W)
    found = g(Q, W)
    assert found[0] == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(found[1], slopes, rtol=1e-10, atol=1e-12)


def test_powers_that_are_whole_numbers_in_arrays():
    x = np.array([-1.0, -2.0, 0.5, 3.0, -0.3, 2.0])
    f = jitad.jit(lambda x: (x[:, None] ** np.arange(4), x ** np.full(len(x), 2), np.power(x, 3 * np.ones_like(x)),
                             x ** (0.0 * x + 1), x ** (0.0 * np.ones_like(x)), (x * x) ** -1.5, abs(x) ** 2.5))
    want = f.fn(x)
    for a, b in zip(f(x), want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)
    slope = jitad.grad(lambda x: (x ** (1 + np.ones_like(x))).sum())
    np.testing.assert_allclose(slope(x), 2 * x)


def test_powers_by_the_root_are_of_what_is_not_negative():
    x = np.array([0.0, -1.0, np.inf, -np.inf, np.nan, 2.0])
    with np.errstate(all="ignore"):
        for a, b in zip(jitad.jit(lambda x: (x**1.5, x**2.5, x**-1.5))(x), (x**1.5, x**2.5, x**-1.5), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-14)


def test_rows_of_two_dtypes_in_memory_that_is_handed_in():
    def f(x):
        for _ in range(12):
            x = x + 0.1 * np.roll(x, 1) * np.exp(-x * x) + 0.05 * np.sin(x) * np.roll(x, 2) + 0.01 * np.cos(np.roll(x, -1)) * x
        return sum((x * np.cumsum((x > t).astype(np.int64))).sum() for t in (0.0, 0.11, 0.22))

    kernel = jitad.jit(f).specialize(Q)
    out = kernel.buffers(Q)
    assert {b.dtype.kind for b in out} == {"f", "i"}
    assert kernel.njit_into(Q, *kernel.captured, out) == pytest.approx(f(Q), rel=1e-12)


def test_lengths_that_are_one_in_an_assignment():
    def f(x, y):
        t = np.zeros_like(y)
        t[:, 1:-1] = x.reshape(len(y), -1)[:, 1:-1]
        t[:, 1:-1] += x.reshape(len(y), -1)[:, :1]
        return (t * y).sum()

    x, y = np.random.default_rng(0).normal(size=(2, 6, 3))
    with jitad.disable_jit():
        assert jitad.jit(f)(x, y) == pytest.approx(f(x, y))


MATRICES = {
    "pinv": lambda a: (np.linalg.pinv(a) * np.cos(a)).sum(), "cube": lambda a: ((a @ a @ a) * np.cos(a)).sum(),
    "function": lambda a: (lambda w, v: (np.cos(a) * ((v * np.exp(w / 9)) @ v.T)).sum())(*np.linalg.eigh(a))}


@pytest.mark.parametrize("derivative", [jitad.grad, jitad.jacfwd, jitad.hessian])
@pytest.mark.parametrize("name", MATRICES)
def test_derivatives_of_small_matrices(name, derivative):
    """Whose axes are all short: they are not all written out."""
    g = derivative(MATRICES[name])
    with jitad.disable_jit():
        g(np.random.default_rng(0).normal(size=(4, 4)) + 4 * np.diag([1.0, 2, 3, 4]))
    ((_, made),) = g._caller.every()
    assert emit(lower(made.graph)).count("\n") < 3000


def test_rows_of_what_was_cut():
    """What a list of pairs adds to has its rows as they are, though sums that a cut stores have their short axes first."""
    def f(x, pairs):
        h = x
        for _ in range(8):
            h = np.tanh(h * x + np.sin(h) - h * h / (1 + x * x))
        i, j = pairs.T
        return h.sum() + np.sin(x[i] * x[j]).sum()

    g = jitad.value_and_grad(f)
    x, pairs = np.random.default_rng(0).normal(size=(9, 3)), np.random.default_rng(0).integers(0, 9, (12, 2))
    with jitad.disable_jit():
        g(x, pairs)
    ((_, made),) = g._caller.every()
    stores = [s for s in walk(lower(made.graph).block) if isinstance(s, Store)]
    assert any(s.add for s in stores) and any(isinstance(s.buffer.shape[0], int) for s in stores)
    for s in stores:
        assert [isinstance(n, int) for n in s.buffer.shape] == [constant_value(i) is not None for i in s.idx]


def test_what_is_read_outside_of_loops_is_stored_before():
    """In one turn of a loop things are done in order; between loops stores are written last."""
    e = Elements({})
    first, second = (Buffer("temp", np.dtype(float), (3,)) for _ in range(2))
    place = (e.int(0),)
    there = load(first, place)
    effects = [Effect((), first, place, e.zero(there.dtype)), Effect((), second, place, e.add(there, there))]
    groups = grouped(works_of(e.free, 0, [], effects, set(), {first: 0, second: 0}))
    assert [[w.source for w in g] for g in groups] == [[s] for s in effects]

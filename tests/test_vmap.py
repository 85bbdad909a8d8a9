"""`vmap`: against the function of each one, one after the other."""

import inspect
import pickle

import numpy as np
import pytest
import scipy.linalg
import scipy.special

import jitad
from jitad.errors import ShapeError
from jitad.tree import flatten

RNG = np.random.default_rng(4)
X, Y, S = RNG.normal(size=(5, 7)), RNG.normal(size=(5, 4)), RNG.normal(size=5)
M, K = RNG.normal(size=(5, 4, 4)), RNG.integers(0, 7, size=(5, 3))


def pairs(x):
    i, j = np.triu_indices(len(x), 1)
    return ((x[i] - x[j]) ** 2).sum()


def filled(x, k):
    out = np.zeros(7)
    np.add.at(out, k, x[:3])
    out[1:3] += x[:2]
    return out


FLOATS = {
    "element by element": (lambda x: np.sin(x) * 2 + np.where(x > 0, np.sqrt(np.abs(x)), 0.0), X),
    "sums": (lambda x: {"s": (x * x).sum(), "m": x.mean() / x.std(), "p": np.prod(x[:3])}, X),
    "order": (lambda x: (np.sort(x), np.cumsum(x), np.median(x), x.max() - x.min()), X),
    "all pairs": (lambda x: (np.abs(x[:, None] - x[None]) + np.eye(len(x))).sum(0) ** 1.5, X),
    "a triangle": (pairs, X),
    "products": (lambda m, y: m @ y + np.einsum("ij,jk->ki", m, m)[0], M, Y),
    "linear algebra": (lambda m, y: (np.linalg.solve(m, y), np.linalg.det(m), np.linalg.eigvalsh(m + m.T)), M, Y),
    "inverses": (lambda m: np.linalg.inv(m) + scipy.linalg.expm(m / 4), M),
    "moves": (lambda x: np.concatenate([np.roll(x, 2), np.diff(x), x[::-1][:2]]), X),
    "special functions": (lambda x: scipy.special.logsumexp(x) + scipy.special.erf(x), X),
    "a loop": (lambda x: jitad.scan(lambda c, w: (np.sin(c) * w + c, c), 1.0, x), X),
    "a loop that carries arrays": (lambda s, x: jitad.scan(lambda c, w: (c * s + w, c.sum()), x, x[:3], reverse=True), S, X),
    "what is the same for all": (lambda x: np.arange(3.0), X),
    "numbers": (lambda s: np.exp(s) * s, S),
}
SLOW = {"order", "linear algebra", "inverses"}  # routines over many matrices and rows: compiled in `test_every_op`
WHOLE = {
    "lookups": (lambda x, k: (x[k], x[k[0]] * k[1]), X, K),
    "filled": (filled, X, K),
    "places": (lambda x: (np.argsort(x), np.argmax(x)), X),
    "whole numbers": (lambda k: k + 1, K),
}


def one_by_one(f, *args):
    results = [flatten(f(*(a[k] for a in args)))[0] for k in range(5)]
    return [np.stack(row) for row in zip(*results, strict=True)]


def close(found, want):
    found = flatten(found)[0]
    for a, b in zip(found, want, strict=True):
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", [*FLOATS, *WHOLE])
def test_values(name):
    f, *args = (FLOATS | WHOLE)[name]
    with jitad.disable_jit():
        want = one_by_one(jitad.jit(f), *args)
        close(jitad.vmap(f)(*args), want)
    if name not in SLOW:
        close(jitad.vmap(f)(*args), want)


@pytest.mark.parametrize("name", FLOATS)
def test_gradients_of_many_and_of_each(name):
    f, *args = FLOATS[name]
    numbers = tuple(range(len(args)))

    def total(*one):
        return sum((np.cos(np.arange(np.size(v))).reshape(np.shape(v)) * v).sum() for v in flatten(f(*one))[0])

    with jitad.disable_jit():
        want = one_by_one(jitad.grad(total, numbers), *args)
        close(jitad.vmap(jitad.grad(total, numbers))(*args), want)
        close(jitad.grad(lambda *many: jitad.vmap(total)(*many).sum(), numbers)(*args), want)


def test_compiled_derivatives():
    def energy(x, k):
        return ((np.abs(x[:, None] - x[None]) + 0.1) ** -0.5).sum() + (x[k] ** 3).sum()

    each = jitad.vmap(jitad.value_and_grad(energy))
    value, slope = each(X, K)
    for k in range(5):
        v, s = jitad.value_and_grad(energy)(X[k], K[k])
        assert value[k] == pytest.approx(v, rel=1e-13)
        np.testing.assert_allclose(slope[k], s, rtol=1e-12)
    each(RNG.normal(size=(9, 7)), RNG.integers(0, 7, (9, 3)))
    assert len(each.specializations) == 1
    np.testing.assert_allclose(jitad.vmap(jitad.hessian(lambda x: (x**3).sum()))(X), 6 * X[:, :, None] * np.eye(7), rtol=1e-13)


def test_axes():
    f = jitad.vmap(lambda x, y: x * y.sum(), in_axes=(1, None), out_axes=-1)
    np.testing.assert_allclose(f(X, S), X * S.sum(), rtol=1e-14)
    table = jitad.vmap(jitad.vmap(lambda a, b: a - b * b, (None, 0)), (0, None))
    np.testing.assert_allclose(table(S, X[0]), S[:, None] - X[0] ** 2, rtol=1e-14)
    g = jitad.vmap(lambda p, x: {"v": p["w"] @ x + p["b"], "b": p["b"]},
                   in_axes=({"w": None, "b": 0}, -1), out_axes={"v": 1, "b": 0})
    found = g({"w": M[0], "b": S}, Y.T)
    np.testing.assert_allclose(found["v"], (Y @ M[0].T + S[:, None]).T, rtol=1e-13)
    np.testing.assert_array_equal(found["b"], S)
    same = jitad.vmap(lambda x: (x, 2.0), out_axes=(0, None))(S)
    assert same[1] == 2.0
    np.testing.assert_array_equal(jitad.vmap(lambda x: x * 2, in_axes=None, axis_size=3)(1.5), [3.0] * 3)
    np.testing.assert_array_equal(jitad.vmap(lambda x, k: x * k)(S, k=S), S * S)


def test_the_names_and_places_of_jax():
    jax = pytest.importorskip("jax")
    for name in ("scan", "fori_loop", "while_loop", "cond", "switch", "map", "vmap", "checkpoint", "custom_vjp", "custom_jvp"):
        ours, theirs = (list(inspect.signature(getattr(m, name)).parameters) for m in (
            jitad, jax.lax if hasattr(jax.lax, name) else jax))
        known = [n for n in theirs if n not in {"_split_transpose", "spmd_axis_name", "sum_match", "concrete", "linear"}]
        assert [n for n in ours if n in known] == known, name


def test_closed_over_and_inside():
    def f(w, x):
        return jitad.vmap(lambda row: np.tanh(row @ w))(x).sum()

    w = RNG.normal(size=7)
    slope = jitad.grad(f, (0, 1))(w, X)
    t = 1 - np.tanh(X @ w) ** 2
    np.testing.assert_allclose(slope[0], X.T @ t, rtol=1e-12)
    np.testing.assert_allclose(slope[1], t[:, None] * w, rtol=1e-12)
    steps = jitad.jit(lambda x: jitad.scan(lambda c, w: (jitad.vmap(np.sin)(c) * w, c), x, S)[0])
    want = X[0]
    for s in S:
        want = np.sin(want) * s
    np.testing.assert_allclose(steps(X[0]), want, rtol=1e-13)


def cubed(x):
    return x**3


def test_pickled_and_named():
    f = jitad.vmap(cubed)
    assert f.__name__ == "cubed"
    np.testing.assert_allclose(pickle.loads(pickle.dumps(f))(S), cubed(S), rtol=1e-15)


ERRORS = {
    "different lengths": (ShapeError, "5 and 4", lambda: jitad.vmap(lambda x, y: x + y)(S, S[:4])),
    "no axis": (ValueError, "axis 0 of an array of 0", lambda: jitad.vmap(np.sin)(1.0)),
    "another axis": (ValueError, "axis 2 of an array of 2", lambda: jitad.vmap(np.sin, in_axes=2)(X)),
    "too many axes": (ValueError, "in_axes of vmap", lambda: jitad.vmap(np.sin, in_axes=(0, 0))(X)),
    "a wrong axis": (ValueError, "in_axes of vmap", lambda: jitad.vmap(np.sin, in_axes="x")(X)),
    "nothing": (ValueError, "maps over nothing", lambda: jitad.vmap(np.sin, in_axes=None)(X)),
    "it depends": (ValueError, "depends on what is mapped", lambda: jitad.vmap(np.sin, out_axes=None)(X)),
    "no function": (TypeError, "takes a function", lambda: jitad.vmap(3)),
    "another size": (ShapeError, "axis_size=4", lambda: jitad.vmap(np.sin, axis_size=4)(S)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    error, text, call = ERRORS[name]
    with pytest.raises(error, match=text):
        call()

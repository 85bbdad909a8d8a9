"""`x.at[i]`, segment sums, `bincount`, `put`, `place`, `putmask`; `jitad.special` and `jitad.linalg`."""

import numpy as np
import pytest
import scipy.special

import jitad
import jitad.numpy as jnp

X = np.array([0.3, 0.7, 1.2, 2.0, 0.1, 0.9])
IDS = np.array([2, 0, 0, 3, 2, 2])
MASK = np.array([True, False, True, False, False, True])


@pytest.fixture(autouse=True)
def interpreted():
    with jitad.disable_jit():
        yield


def changed(x, change):
    out = x.copy()
    change(out)
    return out


CASES = {
    "set": (lambda x: x.at[1].set(5.0), lambda x: changed(x, lambda o: o.__setitem__(1, 5.0))),
    "set slice": (lambda x: x.at[1:3].set(x[0]), lambda x: changed(x, lambda o: o.__setitem__(slice(1, 3), x[0]))),
    "set index": (lambda x: x.at[np.array([0, 2])].set(x[3:5]), lambda x: changed(x, lambda o: o.__setitem__([0, 2], x[3:5]))),
    "set mask": (lambda x: x.at[MASK].set(0.5), lambda x: np.where(MASK, 0.5, x)),
    "add": (lambda x: x.at[IDS].add(x), lambda x: changed(x, lambda o: np.add.at(o, IDS, x))),
    "add slice": (lambda x: x.at[::2].add(1.0), lambda x: changed(x, lambda o: o.__setitem__(slice(None, None, 2), o[::2] + 1))),
    "subtract": (lambda x: x.at[IDS].subtract(x**2), lambda x: changed(x, lambda o: np.subtract.at(o, IDS, x**2))),
    "multiply": (lambda x: x.at[2:].multiply(x[0]), lambda x: np.concatenate([x[:2], x[2:] * x[0]])),
    "divide": (lambda x: x.at[0].divide(x[1]), lambda x: np.concatenate([x[:1] / x[1], x[1:]])),
    "power": (lambda x: x.at[0].power(3), lambda x: np.concatenate([x[:1] ** 3, x[1:]])),
    "min": (lambda x: x.at[:4].min(0.5), lambda x: np.concatenate([np.minimum(x[:4], 0.5), x[4:]])),
    "max": (lambda x: x.at[np.array([0, 1])].max(0.5), lambda x: np.concatenate([np.maximum(x[:2], 0.5), x[2:]])),
    "get": (lambda x: x.at[1:3].get(), lambda x: x[1:3]),
    "segment_sum": (lambda x: jnp.segment_sum(x**2, IDS, 5), lambda x: np.bincount(IDS, x**2, 5)),
    "segments of rows": (lambda x: jnp.segment_sum(x.reshape(3, 2), IDS[:3]), lambda x: np.stack(
        [x[2:4] + x[4:], 0 * x[:2], x[:2]])),
    "bincount": (lambda x: np.bincount(IDS, weights=x, minlength=5), None),
    "logsumexp": (lambda x: jitad.special.logsumexp(x, b=x), lambda x: scipy.special.logsumexp(x, b=x)),
    "softmax": (lambda x: jitad.special.softmax(x), None), "log_softmax": (lambda x: jitad.special.log_softmax(x), None),
    "expm": (lambda x: jitad.linalg.expm(x[:4].reshape(2, 2)), None),
    "solve_triangular": (lambda x: jitad.linalg.solve_triangular(x[:4].reshape(2, 2), x[4:], lower=True), None),
    "cho_solve": (lambda x: jitad.linalg.cho_solve(jitad.linalg.cho_factor(np.diag(x[:2])), x[2:4]), None),
}


@pytest.mark.parametrize("name", CASES)
def test_values_and_derivatives(name):
    f, plain = CASES[name]
    want = (plain or f)(X)
    traced = jitad.jit(f)  # plain arrays have no .at
    got = traced(X)
    np.testing.assert_allclose(got, want, rtol=1e-13)
    weights = np.random.default_rng(0).normal(size=np.shape(want))
    jitad.testing.check_grads(lambda x: (weights * traced(x)).sum(), (X,), seed=1)


@pytest.mark.parametrize("change", [
    lambda o, x: np.put(o, [0, 2], x[3:5]), lambda o, x: np.put(o, [7, 2], 0.5, mode="wrap"),
    lambda o, x: np.putmask(o, MASK, x**2), lambda o, x: np.place(o, MASK, x[:1]), lambda o, x: np.place(o, MASK, x[:2]),
    lambda o, x: o.__setitem__(MASK, x[0])])
def test_changes_in_place(change):
    def f(x):
        out = np.zeros(6) + x
        change(out, x)
        return (out * np.arange(6)).sum()

    value, slope = jitad.value_and_grad(f)(X)
    assert value == pytest.approx(f(X), rel=1e-14)
    np.testing.assert_allclose(slope, [(f(X + e) - f(X - e)) / 2e-6 for e in 1e-6 * np.eye(6)], rtol=1e-7, atol=1e-8)


def test_out_of_range():
    g = jitad.jit(lambda x, ids: jnp.segment_sum(x, ids, 3))
    with pytest.raises(IndexError):
        g(X, IDS)


def test_negative_numbers_do_not_count_from_the_end():
    cells = np.array([0, -1, 2, 1, 0, 1])
    with pytest.raises(IndexError):
        jnp.segment_sum(X, cells, 3)
    for f in (lambda x: jnp.segment_sum(x, cells, 3), lambda x: np.bincount(np.floor(x - 1).astype(int), x, minlength=3)):
        with pytest.raises(IndexError):
            jitad.jit(f)(X)


def test_an_index_named_twice():
    with pytest.raises(jitad.errors.TraceError, match="names an element twice"):
        jitad.jit(lambda x: x.at[IDS].set(x))(X)

"""NumPy's functions on traced arrays: the same value, shape and dtype as NumPy's own, interpreted and compiled."""

import numpy as np
import pytest

import jitad

rng = np.random.default_rng(0)
A = {
    "v": rng.normal(size=7), "w": rng.normal(size=7), "m": rng.normal(size=(7, 3)), "k": rng.normal(size=(3, 7)),
    "s": rng.normal(size=(6, 6)), "t": rng.normal(size=(2, 6, 5)), "one": rng.normal(size=(1,)), "o": rng.normal(size=()),
    "row": rng.normal(size=(1, 6)), "p": rng.uniform(0.5, 2, size=6), "i": rng.integers(-5, 5, size=6),
    "b": rng.normal(size=6) > 0, "f": rng.normal(size=6).astype(np.float32), "z": np.zeros((0, 3)), "c": rng.normal(size=3),
}

CALLS = {
    # arithmetic and promotion
    "m + 1": "m", "m * 2 - m / 3": "m", "v + 1j.real": "v", "f * 2.0": "f", "f + 1": "f", "i + 1": "i", "i / 2": "i",
    "i * 0.5": "i", "i // 2 + i % 3": "i", "v // 0.3 + v % 0.7": "v", "b + b": "b", "b * v[:6]": "bv",
    "b & ~b | (i > 0)": "bi", "-m + abs(m)": "m", "p**2 + p**-3 + p**0.5 + p**1.7 + p**0": "p", "2.0**p": "p",
    "i**2": "i", "v**3": "v", "np.float64(2) * f": "f", "np.float32(2) * v": "v", "m @ c": "mc", "m @ k": "mk",
    "k @ m": "mk", "s @ s": "s", "t @ np.ones((5, 2))": "t", "c @ c": "c", "(v > 0) == (w > 0)": "vw",
    "divmod(v, 0.3)[1]": "v", "v.round(2)": "v", "f + v[:6]": "fv", "+v": "v", "v.real": "v", "1 / p": "p",
    "(1 + o) * m": "om",
    # ufuncs
    "np.hypot(v, w) + np.arctan2(v, w)": "vw", "np.maximum(v, w) - np.minimum(v, 0)": "vw", "np.sign(v)": "v",
    "np.logaddexp(v, w)": "vw", "np.square(v) + np.reciprocal(p[0])": "vp", "np.expm1(v) + np.log1p(p[:1])": "vp",
    "np.floor(v) + np.ceil(v) + np.rint(v) + np.trunc(v)": "v", "np.deg2rad(v) + np.degrees(v)": "v",
    "np.cbrt(p) + np.exp2(p) + np.log2(p) + np.log10(p)": "p", "np.heaviside(v, 0.5)": "v", "np.fmax(v, w)": "vw",
    "np.logical_xor(b, i > 0)": "bi", "np.isfinite(v) & ~np.isnan(v)": "v", "np.sin(i)": "i", "np.sqrt(f * f)": "f",
    "np.add(v, w, dtype=np.float32)": "vw", "np.fabs(i)": "i", "np.float_power(i, 2)": "i", "np.positive(v)": "v",
    # reductions
    "m.sum()": "m", "m.sum(0)": "m", "m.sum(axis=-1, keepdims=True)": "m", "t.sum((0, 2))": "t", "b.sum()": "b",
    "i.mean()": "i", "f.mean()": "f", "m.max(1)": "m", "m.min()": "m", "np.prod(m, axis=1)": "m",
    "t.mean((1, 2))": "t", "m.std(0, ddof=1)": "m", "m.var()": "m", "np.ptp(m, 0)": "m", "b.any()": "b",
    "b.all()": "b", "np.any(m > 1, axis=1)": "m", "z.sum(0)": "z", "z.sum()": "z", "z.prod()": "z",
    "np.linalg.norm(v)": "v", "np.linalg.norm(m, axis=1)": "m", "np.linalg.norm(m, 1, 1)": "m",
    "np.average(v, weights=w**2)": "vw", "np.average(m, 0, weights=v**2)": "mv", "np.count_nonzero(i)": "i",
    "i.sum()": "i", "np.add.reduce(m)": "m", "np.maximum.reduce(m, axis=1)": "m", "f.sum(dtype=np.float64)": "f",
    "i.max()": "i", "o.sum()": "o",
    # shape
    "m.reshape(-1)": "m", "m.reshape(3, -1)": "m", "m.ravel().reshape(7, 3)": "m", "m.T": "m",
    "t.transpose(2, 0, 1)": "t", "t.reshape(12, 5)": "t", "t.reshape(2, 30)": "t", "t.reshape(10, 6)": "t",
    "np.swapaxes(t, 0, 2)": "t", "row.squeeze()": "row", "np.moveaxis(t, 0, -1)": "t",
    "np.expand_dims(v, (0, 2))": "v", "np.broadcast_to(v, (2, 7))": "v", "np.atleast_2d(v)": "v",
    "np.atleast_3d(v)": "v", "np.atleast_1d(o)": "o", "np.concatenate([m, m + 1])": "m",
    "np.concatenate([m, k.T], 1)": "mk", "np.stack([v, w])": "vw", "np.stack([v, w], -1)": "vw",
    "np.vstack([v, w])": "vw", "np.hstack([m, k.T])": "mk", "np.column_stack([v, w])": "vw", "np.append(v, 1.0)": "v",
    "np.tile(v, 2)": "v", "np.tile(c, (2, 2))": "c", "np.repeat(v, 2)": "v", "np.repeat(m, 2, axis=1)": "m",
    "np.split(v, [2, 5])[1]": "v", "np.flip(m)": "m", "m[::-1]": "m", "np.roll(v, 2)": "v", "np.roll(m, -1, 0)": "m",
    "np.roll(m, 1)": "m", "np.roll(v, 9)": "v", "m.reshape(21, order='F')": "m", "np.dstack([v, w])": "vw",
    "np.array_split(v, 3)[0]": "v", "np.array([v[0], v[1]])": "v", "np.array([[v, w]])": "vw",
    "np.full(3, v[0])": "v", "np.broadcast_arrays(v, m.T)[0]": "vm", "m.flatten()": "m",
    "np.asarray(v) + np.copy(v)": "v",
    # creation
    "np.zeros_like(m) + np.ones_like(m)": "m", "np.eye(len(v)) * v": "v", "np.eye(7, k=1) @ v": "v",
    "np.arange(v.shape[0]) * v": "v", "np.arange(1, len(v)) * v[1:]": "v", "np.arange(0, len(v), 2) * v[::2]": "v",
    "np.linspace(0, 1, len(v)) * v": "v", "np.linspace(v[0], w[0], 5)": "vw", "np.identity(v.size) + v": "v",
    "np.tri(len(v)) @ v": "v", "np.zeros((len(v), 2))": "v", "np.tril(s) - np.triu(s, 1)": "s",
    "np.full_like(v, 2) * v": "v", "np.indices((len(v), 2))[0] * v[:, None]": "v", "np.meshgrid(v, c)[0]": "vc",
    "np.meshgrid(v, c, indexing='ij')[1]": "vc", "np.triu_indices(len(v), 1)[0]": "v",
    "np.triu_indices(len(v), 2)[1]": "v", "np.triu_indices(len(v))[1]": "v", "np.tril_indices(len(v), -1)[0]": "v",
    # products
    "np.dot(v, w)": "vw", "np.dot(m, k)": "mk", "np.dot(t, s[0, :5])": "ts", "np.inner(m, m)": "m",
    "np.outer(v, c)": "vc", "np.vdot(m, m)": "m", "np.tensordot(m, k, 1)": "mk",
    "np.tensordot(t, t, ([0, 1], [0, 1]))": "t", "np.trace(s)": "s", "np.einsum('ij,ij->i', m, m)": "m",
    "np.einsum('ij,kj', m, m)": "m", "np.einsum('ii', s)": "s", "np.einsum('ii->i', s)": "s",
    "np.einsum('...i,i', m, c)": "mc", "np.einsum('ij->ji', m)": "m", "np.einsum('ij->', m)": "m",
    "np.cross(m, c)": "mc", "np.einsum('ij,jk,kl->il', m, k, m)": "mk", "np.einsum('i,j->ij', v, c)": "vc",
    "np.multiply.outer(v, c)": "vc", "np.einsum('bij,bik->bjk', t, t)": "t", "row @ s": "row s",
    "np.matmul(t, t.transpose(0, 2, 1))": "t",
    # selection and indexing
    "np.where(v > 0, v, 0)": "v", "np.where(b, p, -1.0)": "bp", "np.clip(v, -0.5, 0.5)": "v", "v.clip(0)": "v",
    "v[1:-1]": "v", "np.select([v > 1, v > 0], [v, 2 * v], 0.5)": "v", "np.take(m, [0, 2], axis=1)": "m",
    "m[[0, -1, 3]]": "m", "m[2]": "m", "m[:, 1]": "m", "m[-1, -1]": "m", "t[..., 0]": "t", "t[:, [1, 2], 0]": "t",
    "t[0, [1, 2]]": "t", "t[[0, 1], :, [1, 2]]": "t", "t[:, None, ::2, 1:4]": "t",
    "m[np.array([[0, 1], [2, 3]])]": "m", "v[np.arange(len(v)) - 1]": "v", "v[::-2]": "v", "v[5:1:-1]": "v",
    "v[10:]": "v", "v[-20:3]": "v", "m[np.array([0, 1]), np.array([2, 0])]": "m",
    "s[np.arange(6), np.arange(6)]": "s", "v[:len(v) // 2]": "v", "v[len(v) - 2]": "v", "np.diagonal(s, 1)": "s",
    "np.diag(v)": "v", "np.diag(v, -1)": "v", "np.diag(s)": "s", "np.pad(v, 2)": "v",
    "np.pad(m, ((1, 0), (0, 2)), constant_values=3.0)": "m", "np.pad(v, (0, 2))": "v", "np.diff(m, axis=0)": "m",
    "np.diff(v, 2)": "v", "np.nan_to_num(v)": "v", "np.round(v, 1)": "v", "m[b.shape[0]:]": "mb", "v[[]]": "v",
    "t[1][2][3]": "t", "m[np.array([True, False, True, False, False, False, True])]": "m",
    "v.astype(np.float32)": "v", "v.astype(int)": "v", "m[..., None] + c": "mc", "t[0, :, 0]": "t", "sum(v)": "v",
    "np.shape(v)[0] + np.size(m) + np.ndim(t)": "vmt", "(v[:, None] - v)[np.triu_indices(len(v), 1)]": "v",
    "v[np.tril_indices(3, -1)[0]]": "v",
}


def arguments(names):
    return [A[k] for k in (names.split() if " " in names else [names] if names in A else list(names))], (
        names.split() if " " in names else [names] if names in A else list(names))


def function(text, names):
    scope = {"np": np}
    exec(f"def f({', '.join(names)}):\n    return {text}", scope)
    return scope["f"]


@pytest.mark.parametrize("text", CALLS)
def test_value(text):
    args, names = arguments(CALLS[text])
    f = function(text, names)
    want = f(*args)
    with jitad.disable_jit():
        got = jitad.jit(f)(*args)
    compare(got, want)


def compare(got, want):
    assert np.shape(got) == np.shape(want)
    assert np.asarray(got).dtype == np.asarray(want).dtype
    tolerance = 1e-5 if np.asarray(want).dtype == np.float32 else 1e-12
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


GROUPS = [list(CALLS)[k::12] for k in range(12)]


@pytest.mark.parametrize("group", range(12))
def test_compiled(group):
    """Many expressions in one kernel."""
    texts = GROUPS[group]
    functions = [(function(t, arguments(CALLS[t])[1]), arguments(CALLS[t])[1]) for t in texts]

    def every(a):
        return [f(*[a[k] for k in names]) for f, names in functions]

    for text, got, want in zip(texts, jitad.jit(every)(A), every(A), strict=True):
        try:
            compare(got, want)
        except AssertionError as error:
            raise AssertionError(f"{text}: {error}") from None

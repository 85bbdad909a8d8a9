"""What shares memory in NumPy: a change is seen where NumPy shows it, or raises where that depends on how memory is laid out."""

import numpy as np
import pytest

import jitad
from jitad.errors import TraceError

X = np.arange(24.0).reshape(4, 6)
SHARED_OR_NOT = """
np.ascontiguousarray(v) | np.asfortranarray(v) | np.array(v, copy=None) | np.array(v, copy=False) | np.asarray(v, float)
np.asarray(v, order="F") | np.asarray(v, order="C") | np.require(v, float, "W") | np.require(v, float, "C")
np.require(v, None, ["F"]) | np.nan_to_num(v, copy=False) | v.astype(float, copy=False)
v.astype(float, order="F", copy=False) | np.ravel(v, "F") | v.ravel("K") | v.ravel() | v.reshape(-1, order="F")
np.reshape(v, (-1,)) | v.flatten() | np.asanyarray(v) | np.squeeze(v) | np.diag(v) | v.real | np.diagonal(v) | v.T
np.rot90(v, 2) | np.flip(v) | np.roll(v, 0) | np.broadcast_arrays(v, v)[0] | np.split(v, 2)[0] | np.tile(v, 1)
np.clip(v, None, None) | np.moveaxis(v, 0, 1) | np.nan_to_num(v) | np.concatenate([v]) | np.copy(v) | v.copy("F")
v.T.copy() | v.view() | v[...] | v[0:1] | v[0] | v[1][2:] | v[[0, 1]] | np.triu(v, -9) | np.astype(v, float, copy=False)
np.einsum("ij->ij", v) | np.einsum("ij->ji", v) | np.einsum("ii->i", v[:4, :4])
np.lib.stride_tricks.sliding_window_view(v[0], 2) | v.flat[:] | v.T.ravel() | v.T.reshape(-1) | v.T.T
v[:, ::2].reshape(-1) | np.array(v) | np.vectorize(lambda r: r)(v) | np.array(v, order="F").ravel()
"""
EXPRESSIONS = [e.strip() for line in SHARED_OR_NOT.strip().splitlines() for e in line.split("|")]


def outcome(f):
    try:
        return f(X.copy())
    except ValueError as error:  # a view that is read-only
        return error


@pytest.mark.parametrize("made", ["x.copy()", "x.copy().T.copy().T"])
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_changes_are_seen_as_in_numpy_or_raise(expression, made):
    for change in ("w[...] = 5.0", "v[...] = 7.0"):
        names = {"np": np}
        exec(f"def f(x):\n v = {made}\n w = {expression}\n {change}\n return v * 1.0, np.asarray(w) * 1.0", names)
        want = outcome(names["f"])
        with jitad.disable_jit():
            try:
                got = jitad.jit(names["f"])(X)
            except TraceError:
                continue
        assert not isinstance(want, Exception), want
        for a, b in zip(got, want, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("expression", [
    "np.ascontiguousarray(v)", "np.asarray(v, float)", "v.astype(float, copy=False)", "v.ravel()", "v.T", "v.T.copy().ravel()",
    "np.array(v, copy=None)", "np.nan_to_num(v, copy=False)", "np.require(v, float, 'C')", "v[0]", "np.copy(v)"])
def test_what_is_certain_does_not_raise(expression):
    names = {"np": np}
    exec(f"def f(x):\n v = x.copy()\n w = {expression}\n w[...] = 5.0\n v[1] = 7.0\n return v * 1.0, w * 1.0", names)
    with jitad.disable_jit():
        for a, b in zip(jitad.jit(names["f"])(X), names["f"](X.copy()), strict=True):
            np.testing.assert_array_equal(a, b)

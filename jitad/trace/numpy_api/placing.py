"""Values put to places: `put`, `place`, `putmask`, sums by number (`bincount`, segments), and ``x.at[i]``."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.errors import TraceError
from jitad.ir.types import INT
from jitad.ops.arithmetic import cast
from jitad.ops.index import scatter_add
from jitad.trace.capture import content, is_known
from jitad.trace.numpy_api.advice import advice
from jitad.trace.numpy_api.creation import arange, zeros
from jitad.trace.numpy_api.registry import functions, implements, ufuncs
from jitad.trace.numpy_api.selection import where_
from jitad.trace.numpy_api.shaping import ravel
from jitad.trace.tracer import Tracer, as_tracer, broadcast_shapes, broadcast_to, promote, wrap
from jitad.trace.tracing import where


def _ours(a: Any, name: str) -> Tracer:
    if type(a) is not Tracer:
        raise TraceError(f"numpy.{name} cannot write a traced array into a plain one; make it inside of the traced function"
                         + where())
    return a


@implements(np.put)
def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    t, index = _ours(a, "put"), as_tracer(ind)
    if mode != "raise":
        index = index % t.size if mode == "wrap" else ufuncs[np.minimum](ufuncs[np.maximum](index, 0), t.size - 1)
    t.flat[ravel(index)] = v if np.ndim(v) == 0 else ravel(v)


@implements(np.putmask)
def putmask(a: Any, mask: Any, values: Any) -> None:
    t, v = _ours(a, "putmask"), as_tracer(values)
    if v.ndim and v.shape != t.shape:
        raise TraceError("numpy.putmask with values of another shape repeats them; write np.where(mask, values, a)" + where())
    t[...] = where_(mask, v, t)


@implements(np.place)
def place(arr: Any, mask: Any, vals: Any) -> None:
    t, v = _ours(arr, "place"), ravel(vals)
    if v.node.shape[0] != 1:
        at = np.flatnonzero(content(as_tracer(mask), "the mask of numpy.place", "write np.where(mask, a, b)"))
        t.flat[at] = v[np.arange(len(at)) % int(v.shape[0])]
    else:
        t[...] = where_(mask, v[0], t)


@implements(np.nonzero)
def nonzero(a: Any, name: str = "numpy.nonzero") -> tuple[Tracer, ...]:
    """Where a known array is not zero."""
    known = content(as_tracer(a), name, advice(name))
    return tuple(as_tracer(i) for i in np.nonzero(np.atleast_1d(known)))


@implements(np.flatnonzero)
def flatnonzero(a: Any) -> Tracer:
    return nonzero(ravel(a), "numpy.flatnonzero")[0]


@implements(np.argwhere)
def argwhere(a: Any) -> Tracer:
    return functions[np.stack](nonzero(a, "numpy.argwhere"), -1)


@implements(np.bincount)
def bincount(x: Any, /, weights: Any = None, minlength: Any = 0) -> Tracer:
    """The length of the result depends on values. Where these are not known it is `minlength`, and larger ones raise."""
    if not is_known(as_tracer(x)) and minlength:
        return segment_sum(as_tracer(x) * 0 + 1 if weights is None else as_tracer(weights) * 1.0, x, int(minlength))
    numbers = content(as_tracer(x), "the values that numpy.bincount counts", "give minlength=")
    n = max(int(numbers.max(initial=-1)) + 1, int(minlength))
    if weights is None:
        return as_tracer(np.bincount(numbers, minlength=n))
    return segment_sum(as_tracer(weights) * 1.0, x, n)


def segment_sum(data: Any, segment_ids: Any, num_segments: Any = None) -> Tracer:
    """Rows of `data` added up by number; numbers out of range raise."""
    t, ids = as_tracer(data), as_tracer(segment_ids)
    if num_segments is None:
        num_segments = int(content(ids, "the largest number of segment_sum", "give num_segments").max(initial=-1)) + 1
    ids = where_(ufuncs[np.less](ids, 0), num_segments, ids)  # which raises: they do not count from the end
    return add_at(zeros((num_segments, *t.shape[ids.ndim :]), t.dtype), ids, t)


def add_at(a: Any, indices: Any, values: Any) -> Tracer:
    """A copy of `a` with `values` added at `indices` (integer arrays; repeated ones add up): ``np.add.at`` as a function."""
    t = as_tracer(a)
    index = [as_tracer(i) for i in (indices if isinstance(indices, tuple) else (indices,))]
    if any(i.dtype.kind not in "iu" for i in index):
        raise IndexError("add_at takes integer arrays as indices" + where())
    shape = broadcast_shapes(*(i.node.shape for i in index))
    nodes = [cast(broadcast_to(i.node, shape), INT) for i in index]
    base, v = promote(t, values)
    updates = broadcast_to(v, (*shape, *t.node.shape[len(nodes) :]))
    return wrap(base + scatter_add(updates, nodes, t.node.shape))  # type: ignore[operator]


class At:
    """``x.at``: changes of a copy. ``x.at[i].add(v)`` is a new array, `x` stays."""

    def __init__(self, t: Tracer, key: Any = None):
        self._t, self._key = t, key

    def __getitem__(self, key: Any) -> At:
        return At(self._t, key)

    def _changed(self, ufunc: Any, values: Any) -> Tracer:
        from jitad.trace.indexing import is_basic

        out, key = self._t.copy(), self._key
        mask = as_tracer(key) if isinstance(key, (list, np.ndarray, Tracer)) else None
        if ufunc is None:
            out[key] = values
        elif mask is not None and mask.dtype == bool and not is_known(mask):
            spread = mask[(...,) + (None,) * (out.ndim - mask.ndim)]
            return where_(spread, ufuncs[ufunc](out, values), out).astype(out.dtype)
        elif ufunc is np.add and not is_basic(key) and (mask is None or mask.dtype != bool):
            places = arange(out.size).reshape(out.shape)[key]  # named twice, elements add up
            return add_at(out.ravel(), places, as_tracer(values).astype(out.dtype)).reshape(out.shape)
        else:  # elements that are named once; others raise
            out[key] = ufuncs[ufunc](out[key], values)
        return out

    def get(self) -> Tracer:
        """``x[i]``."""
        return self._t[self._key]

    def set(self, values: Any) -> Tracer:
        """``x[i] = values`` in a copy."""
        return self._changed(None, values)

    def add(self, values: Any) -> Tracer:
        """``x[i] += values`` in a copy; repeated indices add up."""
        return self._changed(np.add, values)

    def subtract(self, values: Any) -> Tracer:
        """``x[i] -= values`` in a copy; repeated indices add up."""
        return self._changed(np.add, 0 - as_tracer(values))

    def multiply(self, values: Any) -> Tracer:
        """``x[i] *= values`` in a copy."""
        return self._changed(np.multiply, values)

    mul = multiply

    def divide(self, values: Any) -> Tracer:
        """``x[i] /= values`` in a copy."""
        return self._changed(np.true_divide, values)

    def power(self, values: Any) -> Tracer:
        """``x[i] **= values`` in a copy."""
        return self._changed(np.power, values)

    def min(self, values: Any) -> Tracer:
        """``x[i] = minimum(x[i], values)`` in a copy."""
        return self._changed(np.minimum, values)

    def max(self, values: Any) -> Tracer:
        """``x[i] = maximum(x[i], values)`` in a copy."""
        return self._changed(np.maximum, values)

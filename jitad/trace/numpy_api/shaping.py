"""Functions that change the shape of arrays."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from jitad.errors import ShapeError
from jitad.ir import sizes
from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.ir.types import Shape, normalize_axes
from jitad.ops import shape as ops
from jitad.trace.dim import Dim
from jitad.trace.numpy_api.registry import implements, reject
from jitad.trace.tracer import Tracer, as_tracer, broadcast_shapes, broadcast_to, promote, wrap
from jitad.trace.tracing import current, where


def length(n: Any) -> int | Size:
    """A length that the user gave."""
    return n.size if type(n) is Dim else n.__index__()


def shape_of(given: Any) -> Shape:
    """A shape that the user gave: a length or a sequence of them."""
    if isinstance(given, (tuple, list)):
        return tuple(length(n) for n in given)
    return (length(given),)


def one_axis(axis: Any, ndim: int) -> int:
    """An axis as a non-negative number."""
    if isinstance(axis, (tuple, list)):
        raise TypeError(f"'{type(axis).__name__}' object cannot be interpreted as an integer" + where())
    try:
        return normalize_axes(axis, ndim)[0]
    except ShapeError as error:
        raise np.exceptions.AxisError(f"{error}{where()}") from None


def reshaped(x: Node, shape: Shape) -> Node:
    """Reshape; one length may be -1, lengths may fit under a guard."""
    trace = current()
    assert trace is not None
    total = sizes.product(x.shape)
    if builtins.sum(n == -1 for n in shape) == 1:
        rest = sizes.product(n for n in shape if n != -1)
        missing = sizes.floordiv(total, rest) if rest != 0 else 0
        if not trace.assume("==", sizes.mul(missing, rest), total):
            raise ShapeError(f"cannot reshape array of size {trace.value(total)} into shape {shape}" + where())
        shape = tuple(missing if n == -1 else n for n in shape)
    wanted = sizes.product(shape)
    if wanted != total and not trace.same_size(wanted, total):
        actual = tuple(trace.value(n) for n in shape)
        raise ShapeError(f"cannot reshape array of size {trace.value(total)} into shape {actual}" + where())
    if wanted == total:
        return ops.reshape(x, shape)
    known = tuple(trace.known(n) for n in shape)
    x = ops.retype(x, tuple(trace.known(n) for n in x.shape))
    if sizes.product(known) == sizes.product(x.shape):
        return ops.retype(ops.reshape(x, known), shape)
    number = tuple(trace.concrete(n) for n in x.shape)  # equal in this call only
    out = tuple(trace.concrete(n) for n in shape)
    return ops.retype(ops.reshape(ops.retype(x, number), out), shape)


@implements(np.reshape)
def reshape(a: Any, shape: Any = None, order: str = "C", *, newshape: Any = None, copy: Any = None) -> Tracer:
    x = as_tracer(a).node
    if order not in ("C", "F"):  # a traced array has no order in memory
        reject("numpy.reshape", order=order)
    shape = shape_of(shape if shape is not None else newshape)
    if order == "F":
        back = tuple(reversed(range(x.ndim)))
        x = reshaped(ops.transpose(x, back), tuple(reversed(shape)))
        return wrap(ops.transpose(x, tuple(reversed(range(x.ndim)))))
    return wrap(reshaped(x, shape))


@implements(np.ravel)
def ravel(a: Any, order: str = "C") -> Tracer:
    return reshape(a, (-1,), order=order)


@implements(np.transpose, np.permute_dims)
def transpose(a: Any, axes: Any = None) -> Tracer:
    x = as_tracer(a).node
    if axes is None or (isinstance(axes, (tuple, list)) and axes == (None,)):
        return wrap(ops.transpose(x, tuple(reversed(range(x.ndim)))))
    perm = tuple(one_axis(k, x.ndim) for k in axes)
    if sorted(perm) != list(range(x.ndim)):
        raise ValueError("axes don't match array" + where())
    return wrap(ops.transpose(x, perm))


@implements(np.matrix_transpose)
def matrix_transpose(x: Any) -> Tracer:
    return swapaxes(x, -1, -2)


@implements(np.swapaxes)
def swapaxes(a: Any, axis1: Any, axis2: Any) -> Tracer:
    x = as_tracer(a).node
    perm = list(range(x.ndim))
    i, j = one_axis(axis1, x.ndim), one_axis(axis2, x.ndim)
    perm[i], perm[j] = perm[j], perm[i]
    return wrap(ops.transpose(x, tuple(perm)))


@implements(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Tracer:
    x = as_tracer(a).node
    listed = [[s] if isinstance(s, int) else list(s) for s in (source, destination)]
    src, dst = ([one_axis(k, x.ndim) for k in s] for s in listed)
    order = [k for k in range(x.ndim) if k not in src]
    for d, s in sorted(zip(dst, src, strict=True)):
        order.insert(d, s)
    return wrap(ops.transpose(x, tuple(order)))


@implements(np.squeeze)
def squeeze(a: Any, axis: Any = None) -> Tracer:
    x = as_tracer(a).node
    axes = [k for k, n in enumerate(x.shape) if n == 1] if axis is None else normalize_axes(axis, x.ndim)
    if any(x.shape[k] != 1 for k in axes):
        raise ValueError("cannot select an axis to squeeze out which has size not equal to one" + where())
    return wrap(ops.reshape(x, tuple(n for k, n in enumerate(x.shape) if k not in axes)))


@implements(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> Tracer:
    x = as_tracer(a).node
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    ndim = x.ndim + len(axes)
    new, old = {one_axis(k, ndim) for k in axes}, iter(x.shape)
    return wrap(ops.reshape(x, tuple(1 if k in new else next(old) for k in range(ndim))))


@implements(np.broadcast_to)
def broadcast_to_(array: Any, shape: Any, subok: bool = False) -> Tracer:
    return wrap(broadcast_to(as_tracer(array).node, shape_of(shape)))


@implements(np.broadcast_arrays)
def _broadcast_views(*args: Any, subok: bool = False) -> tuple:
    from jitad.trace.mutation import as_view

    given = [as_tracer(a) for a in args]
    out = broadcast_arrays(*given)
    return tuple(as_view(r, t, lambda b, r=r: wrap(broadcast_to(b.node, r.node.shape)), False)
                 for r, t in zip(out, given, strict=True))


def broadcast_arrays(*args: Any, subok: bool = False) -> tuple:
    nodes = [as_tracer(a).node for a in args]
    shape = broadcast_shapes(*(n.shape for n in nodes))
    return tuple(wrap(broadcast_to(n, shape)) for n in nodes)


def _at_least(ndim: int) -> Any:
    def call(*arrays: Any) -> Any:
        out = []
        for a in arrays:
            x = as_tracer(a).node
            s = x.shape
            if x.ndim < ndim:
                s = {0: (1,) * ndim, 1: (1,) * (ndim == 2) + s + (1,) * (ndim == 3) if ndim > 1 else s}.get(x.ndim, (*s, 1))
                if x.ndim == 1 and ndim == 3:
                    s = (1, *x.shape, 1)
            out.append(wrap(ops.reshape(x, s)))
        return out[0] if len(out) == 1 else tuple(out)

    return call


implements(np.atleast_1d)(_at_least(1))
implements(np.atleast_2d)(_at_least(2))
implements(np.atleast_3d)(_at_least(3))


def _joinable(arrays: Any, axis: int) -> list[Node]:
    """Arrays of one dtype, whose other axes are equal (if need be under a guard)."""
    nodes = promote(*arrays)
    trace = current()
    first = nodes[0]
    out = []
    for n in nodes:
        same = n.ndim == first.ndim and all(
            k == axis or trace.same_size(a, b)  # type: ignore[union-attr]
            for k, (a, b) in enumerate(zip(n.shape, first.shape, strict=True)))
        if not same:
            raise ShapeError("all the input array dimensions except for the concatenation axis must match exactly" + where())
        out.append(ops.retype(n, tuple(a if k == axis else b for k, (a, b) in enumerate(zip(n.shape, first.shape, strict=True)))))
    return out


@implements(np.concatenate, np.concat)
def concatenate(arrays: Any, axis: Any = 0, out: Any = None, dtype: Any = None, casting: Any = None) -> Tracer:
    reject("numpy.concatenate", out=out, dtype=dtype, casting=None if casting == "same_kind" else casting)
    ts = [as_tracer(a) for a in arrays]
    if not ts:
        raise ValueError("need at least one array to concatenate" + where())
    if axis is None:
        ts, axis = [ravel(t) for t in ts], 0
    if not ts[0].ndim:
        raise ValueError("zero-dimensional arrays cannot be concatenated" + where())
    k = one_axis(axis, ts[0].ndim)
    return wrap(ops.concatenate(_joinable(ts, k), k))


@implements(np.stack)
def stack(arrays: Any, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: Any = None) -> Tracer:
    reject("numpy.stack", out=out, dtype=dtype, casting=None if casting == "same_kind" else casting)
    ts = [as_tracer(a) for a in arrays]
    if not ts:
        raise ValueError("need at least one array to stack" + where())
    k = one_axis(axis, ts[0].ndim + 1)
    nodes = [ops.expand(n, k) for n in _joinable(ts, -1)]
    return wrap(ops.concatenate(nodes, k))


@implements(np.vstack)
def vstack(tup: Any, *, dtype: Any = None, casting: Any = None) -> Tracer:
    return concatenate([_at_least(2)(a) for a in tup], 0, dtype=dtype, casting=casting)


@implements(np.hstack)
def hstack(tup: Any, *, dtype: Any = None, casting: Any = None) -> Tracer:
    ts = [_at_least(1)(a) for a in tup]
    return concatenate(ts, 0 if ts[0].ndim == 1 else 1, dtype=dtype, casting=casting)


@implements(np.dstack)
def dstack(tup: Any) -> Tracer:
    return concatenate([_at_least(3)(a) for a in tup], 2)


@implements(np.column_stack)
def column_stack(tup: Any) -> Tracer:
    ts = [as_tracer(a) for a in tup]
    return concatenate([reshape(t, (-1, 1)) if t.ndim < 2 else t for t in ts], 1)


@implements(np.append)
def append(arr: Any, values: Any, axis: Any = None) -> Tracer:
    return concatenate([arr, values], axis)


@implements(np.tile)
def tile(a: Any, reps: Any) -> Tracer:
    counts = [int(r) for r in (reps if isinstance(reps, (tuple, list)) else (reps,))]
    t = as_tracer(a)
    ndim = max(t.ndim, len(counts))
    x = reshape(t, (*[1] * (ndim - t.ndim), *t.shape))
    for k, r in enumerate([1] * (ndim - len(counts)) + counts):
        x = concatenate([x] * r, k) if r else x[(slice(None),) * k + (slice(0, 0),)]
    return x


@implements(np.repeat)
def repeat(a: Any, repeats: Any, axis: Any = None) -> Tracer:
    t = as_tracer(a)
    if axis is None:
        t, axis = ravel(t), 0
    k = one_axis(axis, t.ndim)
    if np.ndim(repeats) or not isinstance(repeats, (int, np.integer)):
        from jitad.trace.capture import content

        counts = content(as_tracer(repeats), "how often numpy.repeat repeats", "pass the numbers from outside")
        places = np.repeat(np.arange(current().concrete(t.node.shape[k])), counts)  # type: ignore[union-attr]
        return t[(slice(None),) * k + (places,)]
    wide = broadcast_to_(expand_dims(t, k + 1), (*t.shape[: k + 1], repeats, *t.shape[k + 1 :]))
    return reshape(wide, (*t.shape[:k], t.shape[k] * int(repeats), *t.shape[k + 1 :]))


def _pieces(t: Tracer, parts: Any, axis: Any, exact: bool) -> list:
    k = one_axis(axis, t.ndim)
    n = len(t) if k == 0 else current().concrete(t.node.shape[k])  # type: ignore[union-attr]
    if isinstance(parts, (int, np.integer)):
        if exact and n % parts:
            raise ValueError("array split does not result in an equal division" + where())
        edges = np.cumsum([0] + [n // parts + (q < n % parts) for q in range(parts)]).tolist()
    else:
        edges = [0, *(int(p) for p in parts), n]
    return [t[(slice(None),) * k + (slice(a, b),)] for a, b in zip(edges[:-1], edges[1:], strict=True)]


@implements(np.split)
def split(ary: Any, indices_or_sections: Any, axis: Any = 0) -> list:
    return _pieces(as_tracer(ary), indices_or_sections, axis, True)


@implements(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: Any = 0) -> list:
    return _pieces(as_tracer(ary), indices_or_sections, axis, False)


@implements(np.flip)
def flip(m: Any, axis: Any = None) -> Tracer:
    x = as_tracer(m).node
    return wrap(ops.flip(x, normalize_axes(axis, x.ndim)))


implements(np.flipud)(lambda m: flip(m, 0))
implements(np.fliplr)(lambda m: flip(m, 1))


@implements(np.roll)
def roll(a: Any, shift: Any, axis: Any = None) -> Tracer:
    t = as_tracer(a)
    if axis is None:
        return reshape(roll(ravel(t), shift, 0), t.shape)
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    shifts = shift if isinstance(shift, (tuple, list)) else (shift,) * len(axes)
    x = t.node
    for s, k in zip(shifts, axes, strict=True):
        x = ops.roll(x, length(s), one_axis(k, x.ndim))
    return wrap(x)


@implements(np.shape)
def shape(a: Any) -> tuple:
    return as_tracer(a).shape


@implements(np.ndim)
def ndim(a: Any) -> int:
    return as_tracer(a).ndim


@implements(np.size)
def size(a: Any, axis: Any = None) -> Any:
    t = as_tracer(a)
    return t.size if axis is None else t.shape[axis]

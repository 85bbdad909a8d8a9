"""Arrays made inside a traced function: their lengths stay symbolic, their elements are index arithmetic."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np

from jitad.errors import TraceError
from jitad.ir import sizes
from jitad.ir.node import Node
from jitad.ir.types import INT, Shape
from jitad.ops import compare
from jitad.ops.arithmetic import cast
from jitad.ops.leaf import full as full_node
from jitad.ops.leaf import iota, tri_index
from jitad.ops.shape import broadcast
from jitad.trace.dim import Dim
from jitad.trace.numpy_api.registry import astype, implements
from jitad.trace.numpy_api.shaping import length, shape_of
from jitad.trace.tracer import Tracer, as_tracer, broadcast_to, sample, wrap
from jitad.trace.tracing import current
from jitad.trace.tracing import where as here


def _whole(*values: Any) -> bool:
    return all(type(v) is Dim or isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in values)


@implements(np.zeros, np.empty)
def zeros(shape: Any, dtype: Any = float, order: Any = "C", *, device: Any = None, like: Any = None) -> Tracer:
    return full(shape, 0, dtype)


@implements(np.ones)
def ones(shape: Any, dtype: Any = float, order: Any = "C", *, device: Any = None, like: Any = None) -> Tracer:
    return full(shape, 1, dtype)


@implements(np.full)
def full(shape: Any, fill_value: Any, dtype: Any = None, order: Any = "C", *, device: Any = None, like: Any = None) -> Tracer:
    value = as_tracer(fill_value)
    if dtype is not None:
        value = astype(value, dtype)
    return wrap(broadcast_to(value.node, shape_of(shape)))


def _like(value: Any) -> Any:
    def call(a: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, *,
             device: Any = None) -> Tracer:
        t = as_tracer(a)
        return full(t.shape if shape is None else shape, value, t.dtype if dtype is None else dtype)

    return call


implements(np.zeros_like, np.empty_like)(_like(0))
implements(np.ones_like)(_like(1))


@implements(np.full_like)
def full_like(a: Any, fill_value: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, *,
              device: Any = None) -> Tracer:
    t = as_tracer(a)
    return full(t.shape if shape is None else shape, fill_value, t.dtype if dtype is None else dtype)


def indices_of(shape: Shape) -> list[Node]:
    """The number of every element along each axis."""
    return [broadcast(iota(n), shape, (k,)) for k, n in enumerate(shape)]


@implements(np.eye)
def eye(N: Any, M: Any = None, k: Any = 0, dtype: Any = float, order: Any = "C", *, device: Any = None,  # noqa: N803
        like: Any = None) -> Tracer:
    rows, columns = indices_of((length(N), length(N if M is None else M)))
    offset = full_node(int(k), INT, rows.shape)
    return wrap(cast(compare.equal(rows + offset if int(k) else rows, columns), np.dtype(dtype)))  # type: ignore[operator]


@implements(np.identity)
def identity(n: Any, dtype: Any = None, *, like: Any = None) -> Tracer:
    return eye(n, dtype=float if dtype is None else dtype)


def lower_region(shape: Shape, k: int) -> Node:
    """Where column <= row + k."""
    rows, columns = indices_of(shape)
    return compare.less_equal(columns, rows + full_node(k, INT, rows.shape) if k else rows)  # type: ignore[operator]


@implements(np.tri)
def tri(N: Any, M: Any = None, k: Any = 0, dtype: Any = float, *, like: Any = None) -> Tracer:  # noqa: N803
    return wrap(cast(lower_region((length(N), length(N if M is None else M)), int(k)), np.dtype(dtype)))


def _spread(mask: Node, x: Node) -> Node:
    return broadcast(mask, x.shape, (x.ndim - 2, x.ndim - 1))


@implements(np.tril)
def tril(m: Any, k: Any = 0) -> Tracer:
    x = as_tracer(m).node
    zero = full_node(0, x.dtype, x.shape)
    return wrap(compare.select(_spread(lower_region(x.shape[-2:], int(k)), x), x, zero))


@implements(np.triu)
def triu(m: Any, k: Any = 0) -> Tracer:
    x = as_tracer(m).node
    zero = full_node(0, x.dtype, x.shape)
    return wrap(compare.select(_spread(lower_region(x.shape[-2:], int(k) - 1), x), zero, x))


@implements(np.triu_indices)
def triu_indices(n: Any, k: Any = 0, m: Any = None) -> tuple:
    k = int(k)
    size, trace = length(n), current()
    assert trace is not None
    if m is not None or k < 0 or not trace.assume("<=", k, size):
        return tuple(as_tracer(i) for i in np.triu_indices(int(n), k, None if m is None else int(m)))
    return tuple(wrap(tri_index(size, k, which)) for which in (0, 1))


@implements(np.tril_indices)
def tril_indices(n: Any, k: Any = 0, m: Any = None) -> tuple:
    return tuple(as_tracer(i) for i in np.tril_indices(int(n), int(k), None if m is None else int(m)))


@implements(np.triu_indices_from)
def triu_indices_from(arr: Any, k: Any = 0) -> tuple:
    return triu_indices(as_tracer(arr).shape[0], k)


@implements(np.arange)
def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None, *, device: Any = None, like: Any = None) -> Tracer:
    if stop is None:
        start, stop = 0, start
    if not _whole(start, stop, step):
        out = as_tracer(np.arange(*(float(v) if not _whole(v) else int(v) for v in (start, stop, step))))
        return out if dtype is None else astype(out, dtype)
    trace = current()
    assert trace is not None
    step = int(step)
    a, b = length(start), length(stop)
    distance = sizes.sub(b, a) if step > 0 else sizes.sub(a, b)
    n = sizes.floordiv(sizes.add(distance, abs(step) - 1), abs(step)) if trace.assume("<", 0, distance) else 0
    out = wrap(iota(n))
    if step != 1:
        out = out * step
    if a != 0:
        out = out + start
    return out if dtype is None else astype(out, dtype)


@implements(np.linspace)
def linspace(start: Any, stop: Any, num: Any = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None,
             axis: int = 0, *, device: Any = None) -> Any:
    n = length(num)
    a, b = as_tracer(start), as_tracer(stop)
    parts = wrap_length(sizes.sub(n, 1) if endpoint else n)
    step = (b - a) / (parts if n != 1 else 1)
    i = astype(wrap(iota(n)), float)
    shape = (slice(None), *[None] * max(a.ndim, b.ndim))
    out = a + i[shape] * step
    out = out if dtype is None else astype(out, dtype)
    if axis != 0:
        from jitad.trace.numpy_api.shaping import moveaxis

        out = moveaxis(out, 0, axis)
    return (out, step) if retstep else out


def wrap_length(n: Any) -> Tracer:
    """A length as a traced number."""
    from jitad.ops.leaf import size_value

    return wrap(size_value(n), weak=True)


@implements(np.asarray, np.asanyarray)
def asarray(a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: Any = None, like: Any = None) -> Tracer:
    from jitad.trace.mutation import same_or_copy

    if type(a) is not Tracer or not a.is_array or copy is True or not (dtype is None or np.dtype(dtype) == a.dtype):
        return array(a, dtype, order=order)
    return a if order in (None, "K", "A") or (a.ordered and (order == "C" or a.ndim < 2)) else same_or_copy(a)


@implements(np.ascontiguousarray)
def ascontiguousarray(a: Any, dtype: Any = None, *, like: Any = None) -> Tracer:
    return asarray(a, dtype, "C")


@implements(np.asfortranarray)
def asfortranarray(a: Any, dtype: Any = None, *, like: Any = None) -> Tracer:
    out = asarray(a, dtype, "F")
    out.ordered = out.ndim < 2
    return out


@implements(np.require)
def require(a: Any, dtype: Any = None, requirements: Any = None, *, like: Any = None) -> Tracer:
    letters = {str(r)[0].upper() for r in requirements or ()}
    return asarray(a, dtype, "F" if "F" in letters else "C" if letters & {"C", "O"} else None)


@implements(np.array)
def array(object: Any, dtype: Any = None, *, copy: Any = True, order: Any = None, subok: bool = False, ndmin: int = 0,
          device: Any = None, like: Any = None) -> Tracer:
    if not copy and not ndmin:
        return asarray(object, dtype, order)
    t = as_tracer(object)
    out = wrap(t.node)
    out = out if dtype is None else astype(out, dtype)
    return out[(None,) * (ndmin - out.ndim)] if ndmin > out.ndim else out


@implements(np.fromiter)
def fromiter(iter: Any, dtype: Any, count: int = -1, *, like: Any = None) -> Tracer:
    return array(list(iter if count < 0 else islice(iter, count)), dtype)


@implements(np.real)
def real(val: Any) -> Tracer:
    return as_tracer(val)


@implements(np.imag)
def imag(val: Any) -> Tracer:
    return as_tracer(val) * 0


@implements(np.result_type)
def result_type(*arrays_and_dtypes: Any) -> np.dtype:
    return np.result_type(*(sample(a) if type(a) is Tracer else a for a in arrays_and_dtypes))


@implements(np.copyto)
def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    if type(dst) is not Tracer:
        raise TraceError("numpy.copyto cannot write a traced array into a plain one; make it inside of the traced function"
                         + here())
    from jitad.trace.numpy_api.selection import where_

    dst[...] = src if where is True else where_(where, src, dst)


@implements(np.astype)
def astype_(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Tracer:
    return as_tracer(x).astype(dtype, copy=copy)


implements(np.copy)(lambda a, order="K", subok=False: array(a))


@implements(np.meshgrid)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple:
    from jitad.trace.numpy_api.shaping import broadcast_arrays, ravel, reshape, swapaxes

    ts = [ravel(x) for x in xi]
    grids = [reshape(t, [1] * k + [t.shape[0]] + [1] * (len(ts) - k - 1)) for k, t in enumerate(ts)]
    if indexing == "xy" and len(ts) > 1:
        grids = [swapaxes(g, 0, 1) for g in grids]
    elif indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'." + here())
    return tuple(grids) if sparse else broadcast_arrays(*grids)


@implements(np.indices)
def indices(dimensions: Any, dtype: Any = int, sparse: bool = False) -> Any:
    from jitad.trace.numpy_api.shaping import stack

    if sparse:
        raise TraceError("numpy.indices: sparse=True is not supported on traced lengths; write np.meshgrid(..., sparse=True)"
                         + here())
    return astype(stack([wrap(i) for i in indices_of(shape_of(dimensions))]), dtype)

"""Python functions called from inside of kernels: `pure_callback`, with JAX's signature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from jitad.errors import DTypeError, ShapeError
from jitad.ir import sizes
from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.ir.types import FLOAT, native
from jitad.ops.arithmetic import cast, floor_divide, remainder
from jitad.ops.callback import callback, whom
from jitad.ops.leaf import full, size_value
from jitad.ops.shape import concatenate, reshape, slice_
from jitad.trace.capture import captured_object
from jitad.trace.dim import Dim
from jitad.trace.original import original
from jitad.trace.tracer import KINDS, Tracer, as_tracer, wrap
from jitad.trace.tracing import current, where
from jitad.tree import Tree, flatten, flatten_like, unflatten

__all__ = ["ShapeDtypeStruct", "pure_callback"]

_LOW = 2**32


class ShapeDtypeStruct:
    """The shape and dtype of an array that is not there yet.

    Examples
    --------
    >>> import jitad
    >>> jitad.ShapeDtypeStruct((3,), float)
    ShapeDtypeStruct(shape=(3,), dtype=float64)
    """

    def __init__(self, shape: Sequence[Any], dtype: Any):
        self.shape, self.dtype = tuple(shape), np.dtype(dtype)

    def __repr__(self) -> str:
        return f"ShapeDtypeStruct(shape={self.shape}, dtype={self.dtype})"


def pure_callback(
    callback: Callable, result_shape_dtypes: Any, *args: Any, sharding: Any = None, vmap_method: str | None = None, **kwargs: Any,
) -> Any:
    """The results of a Python function that is not traced: kernels call it when they run.

    Parameters
    ----------
    callback : callable
        Any function of arrays and numbers: NumPy's, SciPy's, of another library. Equal arguments have to give equal results, and
        it may be called more than once, or not at all where nobody needs what it returns. It gets copies.
    result_shape_dtypes : container of ShapeDtypeStruct or array_like
        What it returns: anything with `shape` and `dtype`. Lengths may be those of traced arrays: ``x.shape``.
    *args, **kwargs
        Containers of arrays and numbers.
    sharding
        Accepted, and not needed.
    vmap_method : str, optional
        None or ``"sequential"``: under `vmap` it is called for one after the other.

    Returns
    -------
    container
        Its results, in the container of `result_shape_dtypes`.

    Raises
    ------
    jitad.errors.ShapeError
        If it returns another shape than was said.
    jitad.errors.DTypeError
        If it returns another kind of numbers.
    TypeError
        If it returns another container; or where a derivative is asked for: state it with `custom_jvp` or `custom_vjp`.

    Notes
    -----
    What it raises is raised by the function that was called, with its traceback; so is Ctrl-C. A kernel that is called inside of
    compiled code of your own (``specialize(...).njit``) raises RuntimeError in its place. It may call functions of jitad. In
    several threads it is called in several threads, one holding Python's lock at a time; the kernel itself runs without the lock.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> def norm(x):
    ...     return float(np.linalg.norm(x, 3))
    >>> f = jitad.jit(lambda x: 2 * jitad.pure_callback(norm, jitad.ShapeDtypeStruct((), float), x))
    >>> round(f(np.ones(8)), 12)
    4.0
    """
    if not callable(callback):
        raise TypeError(f"pure_callback takes a function, not a {type(callback).__name__}")
    if vmap_method not in (None, "sequential"):
        raise NotImplementedError(f"vmap_method={vmap_method!r} is not supported: functions are called for one after the other")
    wanted, result_tree = flatten(result_shape_dtypes)
    for w in wanted:
        if not hasattr(w, "shape") or not hasattr(w, "dtype"):
            raise TypeError(f"result_shape_dtypes of pure_callback has a {type(w).__name__}, which has no shape and dtype; use "
                            f"jitad.ShapeDtypeStruct{where()}")
    dtypes = tuple(_supported(w.dtype) for w in wanted)
    if current() is None:
        found = _results(callback(*args, **kwargs), result_tree, dtypes, [tuple(map(int, w.shape)) for w in wanted],
                         _named(callback))
        return unflatten(result_tree, found)
    return _traced(callback, [_lengths(w.shape) for w in wanted], dtypes, result_tree, args, kwargs)


def _named(function: Any) -> str:
    return getattr(function, "__name__", type(function).__name__)


def _supported(dtype: Any) -> np.dtype:
    dtype = np.dtype(dtype)
    if dtype.kind not in KINDS or dtype.itemsize > 8 or dtype == np.float16:
        raise DTypeError(f"pure_callback of dtype {dtype} is not supported{where()}")
    return native(dtype)


def _lengths(shape: Any) -> tuple[int | Size, ...]:
    return tuple(n.size if type(n) is Dim else int(n) for n in shape)


@dataclass(frozen=True)
class _Called:
    """A function, and how what goes in and comes out lies in rows of numbers."""

    function: Callable
    tree: Tree
    arguments: tuple[tuple[np.dtype, int], ...]  # dtypes, and numbers of axes
    result_tree: Tree
    results: tuple[tuple[np.dtype, int], ...]

    def __call__(self, given: np.ndarray, out: np.ndarray) -> None:
        at, shapes = 1, []
        for _, ndim in (*self.arguments, *self.results):
            shapes.append(tuple(map(int, given[at : at + ndim])))
            at += ndim
        values = []
        for (dtype, _), shape in zip(self.arguments, shapes, strict=False):
            n = prod(shape)
            if _is_wide(dtype):
                high, low = given[at : at + n].astype(dtype), given[at + n : at + 2 * n].astype(dtype)
                x, at = high * dtype.type(_LOW) + low, at + 2 * n
            else:
                x, at = given[at : at + n].astype(dtype), at + n
            values.append(x.reshape(shape) if shape else x[0])
        args, kwargs = unflatten(self.tree, values)
        found = _results(self.function(*args, **kwargs), self.result_tree, [d for d, _ in self.results],
                         shapes[len(self.arguments):], _named(self.function))
        parts = [np.zeros(1)]
        for x in found:
            flat = np.ravel(x)
            if _is_wide(flat.dtype):
                parts += [(flat // flat.dtype.type(_LOW)).astype(float), (flat % flat.dtype.type(_LOW)).astype(float)]
            else:
                parts.append(flat.astype(float))
        out[:] = np.concatenate(parts)


def _is_wide(dtype: np.dtype) -> bool:
    """Whether numbers of a dtype may have more digits than float64 has."""
    return dtype.kind in "iu" and dtype.itemsize == 8


def _results(value: Any, tree: Tree, dtypes: Sequence[np.dtype], shapes: Sequence[tuple[int, ...]], name: str) -> list[Any]:
    """What the function returned, checked."""
    leaves, found = flatten_like(value, tree)
    if found != tree:
        raise TypeError(f"{name}, called by pure_callback, returned {found}; {tree} was said")
    out = []
    for leaf, dtype, shape in zip(leaves, dtypes, shapes, strict=True):
        x = np.asarray(leaf)
        if x.shape != shape:
            raise ShapeError(f"{name}, called by pure_callback, returned an array of shape {x.shape}; {shape} was said")
        if not np.can_cast(x.dtype, dtype, "same_kind") and not (x.dtype.kind == "b" and dtype.kind in KINDS):
            raise DTypeError(f"{name}, called by pure_callback, returned dtype {x.dtype}; {dtype} was said")
        out.append(x.astype(dtype)[()])
    return out


def _traced(function: Callable, shapes: list[tuple], dtypes: tuple, result_tree: Tree, args: tuple, kwargs: dict) -> Any:
    trace = current()
    assert trace is not None
    leaves, tree = flatten((args, kwargs))
    nodes = [as_tracer(v).node for v in leaves]
    results = tuple((d, len(s)) for d, s in zip(dtypes, shapes, strict=True))
    called = _Called(original(function, f"{_named(function)}, called by pure_callback,"), tree,
                     tuple((n.dtype, n.ndim) for n in nodes), result_tree, results)
    lengths = [size_value(n) for s in (*(n.shape for n in nodes), *shapes) for n in s]
    row = concatenate([full(0, FLOAT, (1,)), *(_flat(n) for n in lengths), *(p for n in nodes for p in _pieces(n))], 0)
    total: int | Size = 1
    for d, s in zip(dtypes, shapes, strict=True):
        total = sizes.add(total, sizes.mul(2 if _is_wide(d) else 1, sizes.product(s)))
    kept = trace.root.memo.setdefault(("called back", _same(called)), whom(called))
    filled = callback(reshape(row, (1, row.shape[0])), captured_object(kept).node, total)
    filled = reshape(filled, (total,))
    out: list[Tracer] = []
    at: int | Size = 1
    for d, s in zip(dtypes, shapes, strict=True):
        n = sizes.product(s)
        x = slice_(filled, ((at, n, 1),))
        at = sizes.add(at, n)
        if _is_wide(d):
            low = slice_(filled, ((at, n, 1),))
            at = sizes.add(at, n)
            x = cast(x, d) * full(_LOW, d, x.shape) + cast(low, d)  # type: ignore[operator]
        out.append(wrap(reshape(cast(x, d), s)))
    return unflatten(result_tree, out)


def _same(called: _Called) -> tuple:
    """What two calls of one function have in common."""
    return id(called.function), called.tree, called.arguments, called.result_tree, called.results


def _flat(n: Node) -> Node:
    return reshape(cast(n, FLOAT), (sizes.product(n.shape),))


def _pieces(n: Node) -> list[Node]:
    """The elements as float64."""
    if not _is_wide(n.dtype):
        return [_flat(n)]
    low = full(_LOW, n.dtype, n.shape)
    return [_flat(floor_divide(n, low)), _flat(remainder(n, low))]



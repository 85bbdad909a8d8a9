"""Functions that jitad made from functions: what `grad`, `jit` and the others return."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitad.autodiff.modes import jacobian as jacobian_nodes
from jitad.autodiff.modes import pullback, pushforward
from jitad.call import Caller, Specialization
from jitad.errors import DTypeError, ShapeError
from jitad.ir.graph import rebuild
from jitad.ir.node import Node
from jitad.ir.types import FLOAT, is_float, show_shape
from jitad.ops.arithmetic import cast
from jitad.ops.leaf import full
from jitad.trace.rebuild import rebuilt
from jitad.trace.tracer import Tracer, as_tracer, wrap
from jitad.trace.tracing import Trace, current, where
from jitad.tree import Tree, flatten, unflatten


class Transformed:
    """A function made by a transform. Call it as the function; within another one it becomes part of that graph."""

    def __init__(self, fn: Callable, name: str, inline: Callable):
        if not callable(fn):
            raise TypeError(f"jitad.{name} takes a function, not a {type(fn).__name__}")
        self.fn = fn
        self._caller = Caller(inline, getattr(fn, "__name__", type(fn).__name__))
        self._inline = inline
        self._transform = name
        functools.update_wrapper(self, fn, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if current() is not None:
            return self._inline(*args, **kwargs)
        return self._caller(args, kwargs)

    def specialize(self, *args: Any, **kwargs: Any) -> Specialization:
        """Compile for arguments of these types without running.

        Returns
        -------
        Specialization
            With `source`, `graph`, `nests`, `njit` and `captured`.
        """
        return self._caller.specialize(args, kwargs)

    @property
    def specializations(self) -> dict:
        """The kernels compiled so far, by key."""
        return self._caller.specializations

    def __copy__(self) -> Transformed:
        return self

    def __deepcopy__(self, memo: dict) -> Transformed:
        return self  # as functions are

    def __repr__(self) -> str:
        return f"<jitad.{self._transform} of {getattr(self.fn, '__qualname__', self.fn)!s}>"


class Fresh:
    """A function run on fresh inputs in a nested trace, so that its outputs can be differentiated."""

    def __init__(self, fn: Callable, args: Sequence[Any], kwargs: dict, argnums: Sequence[int], has_aux: bool = False):
        self.argnums = [_position(k, len(args), fn) for k in argnums]
        with Trace() as inner:
            f = rebuilt(fn)
            new_args = list(args)
            self.actual: list[Node] = []
            self.inputs: list[Node] = []
            self.in_trees: list[Tree] = []
            for k in self.argnums:
                leaves, tree = flatten(args[k])
                tracers = [_differentiable(leaf, k, fn) for leaf in leaves]
                fresh = [inner.input(t.node.dtype, t.node.shape, t.weak) for t in tracers]
                self.actual += [t.node for t in tracers]
                self.inputs += [t.node for t in fresh]
                self.in_trees.append(tree)
                new_args[k] = unflatten(tree, fresh)
            out = f(*new_args, **kwargs)
            self.aux: Any = None
            if has_aux:
                if not isinstance(out, tuple) or len(out) != 2:
                    raise TypeError(f"{_name(fn)} must return a pair (value, aux) with has_aux=True{where()}")
                out, self.aux = out
            leaves, self.out_tree = flatten(out)
            self.outputs = [as_tracer(v).node for v in leaves]
            aux_leaves, self.aux_tree = flatten(self.aux)
            self.aux_nodes = [as_tracer(v).node for v in aux_leaves]

    def bound(self, nodes: Sequence[Node]) -> list[Tracer]:
        """Nodes with the actual arguments in place of the fresh inputs, as tracers of the outer trace."""
        return [wrap(n) for n in rebuild(nodes, dict(zip(self.inputs, self.actual, strict=True)))]

    def results(self, nodes: Sequence[Node]) -> Any:
        """Outputs (or things shaped like them) in the function's container."""
        return unflatten(self.out_tree, self.bound(nodes))

    def auxiliary(self) -> Any:
        return unflatten(self.aux_tree, self.bound(self.aux_nodes))

    def like_inputs(self, nodes: Sequence[Node]) -> list:
        """Nodes shaped like the inputs, in the containers of the arguments."""
        tracers = iter(self.bound(nodes))
        return [unflatten(t, [next(tracers) for _ in range(t.leaves)]) for t in self.in_trees]


def _name(fn: Any) -> str:
    return getattr(fn, "__name__", type(fn).__name__)


def _position(k: int, n: int, fn: Callable) -> int:
    if not -n <= k < n:
        raise ValueError(f"argnums={k}, but {_name(fn)} was called with {n} positional arguments")
    return k % n


def _differentiable(leaf: Any, k: int, fn: Callable) -> Tracer:
    t = as_tracer(leaf)
    if is_float(t.node.dtype):
        return t
    if t.node.dtype.kind in "iu" and (t.weak or not t.node.shape):  # a Python integer
        return Tracer(cast(t.node, FLOAT), t.trace, t.weak)
    raise DTypeError(
        f"the derivative of {_name(fn)} with respect to argument {k} was asked for, which has dtype {t.node.dtype}; "
        f"pass floats: x.astype(float){where()}")


def _scalar(fresh: Fresh, fn: Callable) -> Node:
    """The one output of a function whose gradient is asked for."""
    if len(fresh.outputs) != 1 or fresh.out_tree.kind != "leaf":
        raise TypeError(f"the gradient is of functions with one scalar result; {_name(fn)} returned {fresh.out_tree}"
                        f" (has_aux=True allows a second result){where()}")
    (out,) = fresh.outputs
    if out.shape:
        raise ShapeError(f"the gradient is of scalar functions; {_name(fn)} returned an array of shape "
                         f"{show_shape(out.shape)}. Sum it, or use jitad.jacobian{where()}")
    if not is_float(out.dtype):
        if not out.args and out.op.name == "constant":
            return cast(out, FLOAT)
        raise DTypeError(f"the gradient is of real functions; {_name(fn)} returned dtype {out.dtype}{where()}")
    return out


Argnums = "int | Sequence[int]"


def _each(argnums: int | Sequence[int]) -> list[int]:
    return [int(argnums)] if isinstance(argnums, (int, np.integer)) else [int(k) for k in argnums]


def _pick(argnums: int | Sequence[int], values: list) -> Any:
    return values[0] if isinstance(argnums, (int, np.integer)) else tuple(values)


def gradient(fn: Callable, argnums: int | Sequence[int], has_aux: bool, with_value: bool) -> Transformed:
    """`grad` and `value_and_grad`."""

    def inline(*args: Any, **kwargs: Any) -> Any:
        fresh = Fresh(fn, args, kwargs, _each(argnums), has_aux)
        out = _scalar(fresh, fn)
        found = pullback([out], fresh.inputs, [full(1, out.dtype, ())])
        slopes = _pick(argnums, fresh.like_inputs(found))
        value = fresh.bound([out])[0]
        if with_value:
            return ((value, fresh.auxiliary()), slopes) if has_aux else (value, slopes)
        return (slopes, fresh.auxiliary()) if has_aux else slopes

    return Transformed(fn, "value_and_grad" if with_value else "grad", inline)


def jacobian(fn: Callable, argnums: int | Sequence[int], has_aux: bool, mode: str | None, name: str) -> Transformed:
    """`jacobian`, `jacfwd` and `jacrev`."""

    def inline(*args: Any, **kwargs: Any) -> Any:
        fresh = Fresh(fn, args, kwargs, _each(argnums), has_aux)
        rows = jacobian_nodes(fresh.outputs, fresh.inputs, mode)
        found = [_pick(argnums, fresh.like_inputs(row)) for row in rows]
        out = unflatten(fresh.out_tree, found)
        return (out, fresh.auxiliary()) if has_aux else out

    return Transformed(fn, name, inline)


def forward(fn: Callable) -> Transformed:
    """``(primals, tangents) -> (outputs, tangents of the outputs)``."""

    def inline(primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        fresh = Fresh(fn, tuple(primals), {}, range(len(primals)))
        directions = _matching("tangent", "argument", tangents, fresh.in_trees, fresh.actual)
        found = pushforward(fresh.outputs, fresh.inputs, directions)
        return fresh.results(fresh.outputs), fresh.results(found)

    return Transformed(fn, "jvp", inline)


def backward(fn: Callable, has_aux: bool = False) -> Transformed:
    """``(primals, cotangents) -> cotangents of the arguments``."""

    def inline(primals: Sequence[Any], cotangents: Any) -> Any:
        fresh = Fresh(fn, tuple(primals), {}, range(len(primals)), has_aux)
        weights = _matching("cotangent", "result", [cotangents], [fresh.out_tree], fresh.outputs)
        return tuple(fresh.like_inputs(pullback(fresh.outputs, fresh.inputs, weights)))

    return Transformed(fn, "vjp", inline)


def _matching(what: str, of: str, given: Sequence[Any], trees: Sequence[Tree], nodes: Sequence[Node]) -> list[Node]:
    """Tangents or cotangents as nodes of the types that they belong to."""
    from jitad.ops.shape import retype

    if len(given) != len(trees):
        raise ValueError(f"{len(trees)} {what}s are needed, one for each {of}; got {len(given)}{where()}")
    out, rest = [], iter(nodes)
    for value, tree in zip(given, trees, strict=True):
        leaves, found = flatten(value)
        if found != tree:
            raise TypeError(f"the {what} must have the container of the {of}: {tree}, not {found}{where()}")
        for leaf in leaves:
            node, want = as_tracer(leaf).node, next(rest)
            trace = current()
            assert trace is not None
            if node.ndim != want.ndim or not all(map(trace.same_size, node.shape, want.shape)):
                raise ShapeError(
                    f"a {what} has shape {show_shape(tuple(map(trace.value, node.shape)))}, its {of} "
                    f"{show_shape(tuple(map(trace.value, want.shape)))}{where()}")
            out.append(retype(cast(node, want.dtype), want.shape))
    return out


def plain(fn: Callable) -> Transformed:
    """`jit`."""

    def inline(*args: Any, **kwargs: Any) -> Any:
        return rebuilt(fn)(*args, **kwargs)

    return Transformed(fn, "jit", inline)

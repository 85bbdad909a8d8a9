"""Functions that jitad made from functions: what `grad`, `jit` and the others return."""

from __future__ import annotations

import copy
import dataclasses
import functools
import pickle
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitad.call import Caller, Specialization
from jitad.config import DEFAULT, Options, detours
from jitad.containers import PLAIN, Static, value_of
from jitad.derivation import Backward, Forward, Gradient, HessianVector, Jacobian, Recording, Transform
from jitad.emit.signals import Interrupted
from jitad.entry import MISS
from jitad.errors import DTypeError, ShapeError, TraceError
from jitad.ir.node import Node
from jitad.ir.types import FLOAT, is_float, show_shape
from jitad.ops.arithmetic import cast
from jitad.ops.shape import retype
from jitad.packed import Parcel, deliver, parcels
from jitad.trace.rebuild import rebuilt, standing
from jitad.trace.tracer import Tracer, as_tracer, wrap
from jitad.trace.tracing import Trace, current, where
from jitad.tree import Tree, flatten, flatten_like, statics, unflatten

Record = Callable[..., Recording]


class Transformed:
    """A function made by a transform. Call it as the function; within another one it becomes part of that graph."""

    def __init__(self, fn: Callable, name: str, record: Record, made: Made, options: Options = DEFAULT):
        if not callable(fn):
            raise TypeError(f"jitad.{name} takes a function, not a {type(fn).__name__}")
        self.fn, self.record = fn, record
        self._made, self._options = made, options
        self._parcels: list[Parcel] = []  # if it came without its function
        self._caller = Caller(record, _name(fn), options)
        self._transform = name
        functools.update_wrapper(self, fn, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not detours:
            try:
                for entry in self._caller.entries:
                    out = entry(args, kwargs)
                    if out is not MISS:
                        return out
            except Interrupted:
                raise KeyboardInterrupt from None  # one that `except Exception` does not catch
        if current() is None:
            return self._caller(args, kwargs)
        recording = self.record(*args, **kwargs)
        return unflatten(recording.result_tree, map(wrap, recording.results))

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
        fn = copy.deepcopy(self.fn, memo)  # the same, unless it belongs to an object that is copied
        return self if fn is self.fn else _remade(self._made[0], fn, self._made[1], self._options)

    def __reduce__(self) -> tuple:
        maker, arguments = self._made
        if _pickles(self.fn) or _is_called_by("cloudpickle"):
            return _remade, (maker, self.fn, arguments, self._options)
        found = parcels(self._caller)
        if not found:
            raise pickle.PicklingError(
                f"{_name(self.fn)} cannot be pickled (no function inside another can, no lambda), and was not called yet, so "
                f"{self!r} has no kernels that could be sent in its place: define it at the top of a module, call it before, or "
                "use cloudpickle")
        return _delivered, (_name(self.fn), self._transform, self._options, found)

    def __repr__(self) -> str:
        return f"<jitad.{self._transform} of {getattr(self.fn, '__qualname__', self.fn)!s}>"


Made = tuple[Callable[..., Transformed], tuple]  # a function of this module, and its arguments behind the first


def _pickles(fn: Any) -> bool:
    """Whether a function can be sent as it is."""
    if isinstance(fn, Transformed):
        return _pickles(fn.fn)
    if isinstance(fn, functools.partial):
        return _pickles(fn.func)
    if not isinstance(fn, types.FunctionType) and not type(fn).__module__.startswith("jitad."):
        return True  # objects and their methods: that is for the pickler to say, who may be pickling them just now
    found: Any = sys.modules.get(fn.__module__)
    for name in fn.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is fn


def _is_called_by(package: str) -> bool:
    """Whether a function of this package is running: of a pickler that can send any function."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).split(".")[0] == package:
            return True
        frame = frame.f_back
    return False


def _remade(maker: Callable[..., Transformed], fn: Callable, arguments: tuple, options: Options) -> Transformed:
    made = maker(fn, *arguments)
    return made if options == DEFAULT else plain(made, options)


def _delivered(name: str, transform: str, options: Options, found: list[Parcel]) -> Transformed:
    """A transformed function without its function."""

    kinds = len({p.trail[0][0] if p.trail else p for p in found})

    def gone(*args: Any, **kwargs: Any) -> Any:
        raise TraceError(
            f"{name} was pickled without its source, as functions inside others and lambdas cannot be pickled: here it can be "
            f"called with arguments of {kinds} types only, those that it had been called with before, and takes the paths only "
            "that it had taken. Define it at the top of a module, or use cloudpickle")

    gone.__name__ = gone.__qualname__ = name
    made = Transformed(gone, transform, gone, (plain, ()), options)
    made._parcels = found
    deliver(found, made._caller, options)
    return made


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
        return Tracer(cast(t.node, FLOAT), t._trace, t.weak)
    raise DTypeError(
        f"the derivative of {_name(fn)} with respect to argument {k} was asked for, which has dtype {t.node.dtype}; "
        f"pass floats: x.astype(float){where()}")


def record(
    transform: Transform, fn: Callable, args: Sequence[Any], kwargs: dict, argnums: Sequence[int],
    seeds: Callable[[Recording], tuple[Node, ...]] | None = None,
) -> Recording:
    """Run a function in a nested trace, on fresh inputs for the arguments `argnums`.

    `seeds` gives tangents or cotangents for what was recorded. If the function is a transformed one, its recording is taken
    in, not its results.
    """
    argnums = [_position(k, len(args), fn) for k in argnums]
    if len(set(argnums)) < len(argnums):
        raise ValueError(f"argnums names an argument of {_name(fn)} twice")
    with Trace() as inner:
        inner.derivatives += transform.derivatives
        inner.backs += transform.backs
        outermost = inner.parent is inner.root  # nothing of the user's has run: the arguments themselves are fresh
        new_args, actual, inputs, in_trees = list(args), [], [], []
        for k in argnums:
            leaves, tree = flatten(args[k])
            if statics(tree) and not leaves:
                raise DTypeError(f"the derivative of {_name(fn)} with respect to argument {k} was asked for, in which there is "
                                 f"no number: {tree} (integers in objects are static: write 2.0 instead of 2){where()}")
            tracers = [_differentiable(leaf, k, fn) for leaf in leaves]
            fresh = [Tracer(t.node, inner, t.weak, fixed=True) if outermost and t.node.op.name == "input" else
                     inner.input(t.node.dtype, t.node.shape, t.weak) for t in tracers]
            actual += [t.node for t in tracers]
            inputs += [t.node for t in fresh]
            inner.stands_for |= {f.node: t.node for f, t in zip(fresh, tracers, strict=True) if f.node is not t.node}
            in_trees.append(tree)
            new_args[k] = unflatten(tree, fresh, standing=standing)
        source: tuple[Node, ...] | Recording
        if isinstance(fn, Transformed):
            source = fn.record(*new_args, **kwargs)
            tree = source.result_tree
        else:
            leaves, tree = flatten(rebuilt(fn)(*new_args, **kwargs))
            _only_data(leaves, statics(tree), fn)
            source = tuple([as_tracer(v).node for v in leaves])
    if transform.has_aux and not (tree.kind is tuple and len(tree.children) == 2):
        raise TypeError(f"{_name(fn)} must return a pair (value, aux) with has_aux=True{where()}")
    found = Recording(transform, _name(fn), source, tree, tuple(inputs), tuple(actual), tuple(in_trees))
    return found if seeds is None else dataclasses.replace(found, seeds=seeds(found))


def _only_data(leaves: list, found: list[Static], fn: Callable) -> None:
    wrong = [type(v) for v in leaves if not isinstance(v, (Tracer, np.ndarray, np.generic, int, float, complex))]
    wrong += [type(value_of(s)) for s in found if not isinstance(value_of(s), (*PLAIN, int))]
    if wrong:
        raise TraceError(f"{_name(fn)} returned a {wrong[0].__name__}: results are numbers, arrays, strings, and containers of "
                         f"them; see jitad.register_pytree_node{where()}")


Argnums = int | Sequence[int]


def _each(argnums: Argnums) -> list[int]:
    return [int(argnums)] if _is_one(argnums) else [int(k) for k in argnums]  # type: ignore[arg-type,union-attr]


def _is_one(argnums: Argnums) -> bool:
    return isinstance(argnums, (int, np.integer))


def plain(fn: Callable, options: Options = DEFAULT) -> Transformed:
    """`jit`; of a transformed function, the same transform with these options."""
    if isinstance(fn, Transformed) and fn._parcels:
        return _delivered(_name(fn.fn), fn._transform, options, fn._parcels)
    if isinstance(fn, Transformed):
        return Transformed(fn.fn, fn._transform, fn.record, fn._made, options)
    return Transformed(fn, "jit", lambda *args, **kwargs: record(Transform(), fn, args, kwargs, ()), (plain, ()), options)


def gradient(fn: Callable, argnums: Argnums, has_aux: bool, with_value: bool) -> Transformed:
    """`grad` and `value_and_grad`."""
    transform = Gradient(has_aux, not _is_one(argnums), with_value)
    return Transformed(fn, "value_and_grad" if with_value else "grad",
                       lambda *args, **kwargs: record(transform, fn, args, kwargs, _each(argnums)),
                       (gradient, (argnums, has_aux, with_value)))


def jacobian(fn: Callable, argnums: Argnums, has_aux: bool, mode: str | None, name: str) -> Transformed:
    """`jacobian`, `jacfwd` and `jacrev`."""
    transform = Jacobian(has_aux, not _is_one(argnums), mode)
    return Transformed(fn, name, lambda *args, **kwargs: record(transform, fn, args, kwargs, _each(argnums)),
                       (jacobian, (argnums, has_aux, mode, name)))


def hessian_vector(fn: Callable) -> Transformed:
    """`hvp`: ``(x, v, *args) -> H v``."""

    def recorded(x: Any, v: Any, *args: Any) -> Recording:
        return record(HessianVector(), fn, (x, *args), {}, (0,),
                      lambda r: _matching("vector", "argument", [v], r.in_trees, r.actual))

    return Transformed(fn, "hvp", recorded, (hessian_vector, ()))


def forward(fn: Callable) -> Transformed:
    """``(primals, tangents) -> (outputs, tangents of the outputs)``."""

    def recorded(primals: Sequence[Any], tangents: Sequence[Any]) -> Recording:
        return record(Forward(), fn, tuple(primals), {}, range(len(primals)),
                      lambda r: _matching("tangent", "argument", tangents, r.in_trees, r.actual))

    return Transformed(fn, "jvp", recorded, (forward, ()))


def backward(fn: Callable, has_aux: bool = False) -> Transformed:
    """``(primals, cotangents) -> cotangents of the arguments``."""

    def recorded(primals: Sequence[Any], cotangents: Any) -> Recording:
        return record(Backward(has_aux), fn, tuple(primals), {}, range(len(primals)),
                      lambda r: _matching("cotangent", "result", [cotangents], [r.value_tree], r.outputs))

    return Transformed(fn, "vjp", recorded, (backward, (has_aux,)))


def _matching(
    what: str, of: str, given: Sequence[Any], trees: Sequence[Tree], nodes: Sequence[Node],
) -> tuple[Node, ...]:
    """Tangents or cotangents as nodes of the types that they belong to."""
    if len(given) != len(trees):
        raise ValueError(f"{len(trees)} {what}s are needed, one for each {of}; got {len(given)}{where()}")
    trace = current()
    assert trace is not None
    out, rest = [], iter(nodes)
    for value, tree in zip(given, trees, strict=True):
        leaves, found = flatten_like(value, tree)
        if found != tree:
            raise TypeError(f"the {what} must have the container of the {of}: {tree}, not {found}{where()}")
        for leaf in leaves:
            node, want = as_tracer(leaf).node, next(rest)
            if node.ndim != want.ndim or not all(map(trace.same_size, node.shape, want.shape)):
                raise ShapeError(
                    f"a {what} has shape {show_shape(tuple(map(trace.value, node.shape)))}, its {of} "
                    f"{show_shape(tuple(map(trace.value, want.shape)))}{where()}")
            out.append(retype(cast(node, want.dtype), want.shape))
    return tuple(out)

"""A function of one thing as a function of many, along one more axis: `vmap`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitad.errors import ShapeError
from jitad.ir.node import Node, topological
from jitad.ir.sizes import Size
from jitad.ops.closed import closed
from jitad.ops.length import Sequential
from jitad.ops.scan import Loop, output
from jitad.ops.shape import retype
from jitad.ops.shape import transpose as permute
from jitad.trace.rebuild import rebuilt
from jitad.trace.tracer import Tracer, as_tracer, wrap
from jitad.trace.tracing import Trace, current, where
from jitad.tree import Tree, flatten, unflatten

Batch = Callable[[Sequence[Node], dict[Node, Node], "int | Size"], list[Node]]
Axis = int | None


def vmap(f: Callable, args: tuple, kwargs: dict, in_axes: Any, out_axes: Any, axis_size: Any, batch: Batch) -> Any:
    """:func:`jitad.vmap`, inside of a trace; `batch` maps a graph."""
    trace = current()
    assert trace is not None
    leaves, tree = flatten((args, kwargs))
    tracers = [as_tracer(leaf) for leaf in leaves]
    found = _axes(in_axes, args, "in_axes") + [0] * (len(leaves) - _count(args))  # keywords are mapped along the first
    axes = [None if a is None else _axis(a, t.node.ndim, "in_axes") for a, t in zip(found, tracers, strict=True)]
    fronts = [t.node if a is None else _to_front(t.node, a) for t, a in zip(tracers, axes, strict=True)]
    size = _size(trace, [n for n, a in zip(fronts, axes, strict=True) if a is not None], axis_size)
    with Trace("vmap") as inner:
        fresh = [Tracer(n, inner, t.weak, fixed=True) if a is None else inner.input(n.dtype, n.shape[1:], t.weak)
                 for n, a, t in zip(fronts, axes, tracers, strict=True)]
        one, options = unflatten(tree, fresh)
        results, out_tree = flatten(rebuilt(f)(*one, **options))
        outputs = [as_tracer(v).node for v in results]
    mapped = {t.node: retype(n, (size, *n.shape[1:])) for t, n, a in zip(fresh, fronts, axes, strict=True) if a is not None}
    try:
        many = batch(outputs, mapped, size)
    except Sequential:
        many = _one_by_one(outputs, mapped, size)
    back = _axes(out_axes, unflatten(out_tree, results), "out_axes")
    moved = [_moved(n, o, a, mapped) for n, o, a in zip(many, outputs, back, strict=True)]
    return unflatten(out_tree, map(wrap, moved))


def _one_by_one(outputs: Sequence[Node], mapped: dict[Node, Node], size: int | Size) -> list[Node]:
    """What cannot be done at once, as a loop."""
    body, constants = closed(list(mapped), list(outputs), 0, len(mapped))
    loop = Loop(body, size)
    return [output(loop, [*mapped.values(), *constants], k) for k in range(len(outputs))]


def _count(value: Any) -> int:
    return len(flatten(value)[0])


def _axes(axes: Any, value: Any, what: str) -> list[Axis]:
    """One axis for each leaf, given one for each of some containers."""
    if axes is None:
        return [None] * _count(value)
    if isinstance(axes, (int, np.integer)) and not isinstance(axes, bool):
        return [int(axes)] * _count(value)
    leaves, tree = flatten(value)
    if isinstance(axes, (tuple, list)) and tree.kind in (tuple, list) and len(axes) == len(tree.children):
        parts = _children(tree, leaves)
        return [a for part, axis in zip(parts, axes, strict=True) for a in _axes(axis, part, what)]
    if isinstance(axes, dict) and tree.kind == "dict" and axes.keys() == set(tree.keys):
        parts = _children(tree, leaves)
        return [a for part, key in zip(parts, tree.keys, strict=True) for a in _axes(axes[key], part, what)]
    raise ValueError(f"{what} of vmap is an axis, None, or containers of such in the place of those that it belongs to; got "
                     f"{axes!r} for {tree}{where()}")


def _children(tree: Tree, leaves: list) -> list[Any]:
    out, at = [], 0
    for child in tree.children:
        out.append(unflatten(child, leaves[at : at + child.leaves]))
        at += child.leaves
    return out


def _axis(axis: int, ndim: int, what: str) -> int:
    if not -ndim <= axis < ndim:
        raise ValueError(f"{what} of vmap names axis {axis} of an array of {ndim} axes{where()}")
    return axis % ndim


def _size(trace: Trace, fronts: list[Node], axis_size: Any) -> int | Size:
    """The length of what is mapped over."""
    if not fronts and axis_size is None:
        raise ValueError(f"vmap maps over nothing: in_axes is None for all arguments{where()}")
    if not fronts:
        return int(axis_size)
    first = fronts[0].shape[0]
    for n in fronts[1:]:
        if not trace.same_size(first, n.shape[0]):
            raise ShapeError(f"vmap got arguments of different lengths along the mapped axis: {trace.value(first)} and "
                             f"{trace.value(n.shape[0])}{where()}")
    if axis_size is not None and not trace.same_size(first, int(axis_size)):
        raise ShapeError(f"vmap got axis_size={axis_size}, and arguments of {trace.value(first)}{where()}")
    return first


def _to_front(node: Node, axis: int) -> Node:
    return permute(node, (axis, *(k for k in range(node.ndim) if k != axis))) if axis else node


def _moved(node: Node, one: Node, axis: Axis, mapped: dict[Node, Node]) -> Node:
    """A result with the mapped axis where it is wanted; or, with None, what does not depend on it."""
    if axis is None:
        if any(n in mapped for n in topological([one])):
            raise ValueError(f"out_axes of vmap is None for a result that depends on what is mapped over{where()}")
        return one
    place = _axis(axis, node.ndim, "out_axes")
    return permute(node, (*range(1, place + 1), 0, *range(place + 1, node.ndim))) if place else node

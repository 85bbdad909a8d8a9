"""Carries of a few numbers, taken apart: each number is a carry of its own, which stays in a register.

A step that reads its carry from memory and writes the next one there waits for the memory in each turn: a step of three numbers
takes a third of the time like this.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from jitad.ir import sizes
from jitad.ir.body import Body
from jitad.ir.graph import Graph, Rebuilt, in_order, rebuild
from jitad.ir.node import Node
from jitad.ir.types import Shape
from jitad.lower.loops import counts_first
from jitad.ops.leaf import new_input
from jitad.ops.scan import Loop, arguments, lengths, loop_of, output
from jitad.ops.shape import concatenate, expand, reshape, slice_

FEW = 16  # numbers of one carry
ALL = 40  # of all carries of a loop


def take_apart(graph: Graph) -> Graph:
    """The graph with loops of single numbers."""
    order = in_order(graph.outputs)
    if not any(n.op.name == "scan" and any(_splits(loop_of(n).body)) for n in order):
        return graph
    made = Rebuilt({n: n for n in graph.inputs})
    parts: dict[Node, list[Node]] = {}  # of outputs of loops: carries as they were, by number
    whole = _asked_whole(graph, order)
    for node in order:
        if node.op.name == "scan":
            made.new[node] = _output(node, made, parts, whole)
        elif node not in made.new:
            made.add(node)
    return Graph(graph.inputs, tuple(made.new[o] for o in graph.outputs), graph.guards)


def _asked_whole(graph: Graph, order: Sequence[Node]) -> set[tuple]:
    """Loops and carries whose rows somebody asks for who is no loop: they stay as they are, lest they be stored twice."""
    users = [(a, a in arguments(n)[n.params[0].carries :] if n.op.name == "scan" else False)  # type: ignore[union-attr]
             for n in order for a in n.args]
    asked = [*graph.outputs, *(a for a, along in users if not along)]
    found = {(_loop(n), n.params[3] - len(n.params[0].outputs), counts_first(n)) for n in asked  # type: ignore
             if n.op.name == "scan" and n.params[1] is not None and n.params[3] >= len(n.params[0].outputs)}  # type: ignore
    return {(loop, k) for own, k, first in found for loop in (own, first)}  # both runs take the same step


def _loop(node: Node) -> tuple:
    return node.args, node.params[:3]


def _splits(body: Body) -> list[bool]:
    """Which carries are taken apart."""
    small = [n.ndim > 0 and 0 < _count(n) <= FEW for n in body.inputs[: body.carries]]
    many = sum(_count(n) if s else 1 for n, s in zip(body.inputs, small, strict=False))
    return small if many <= ALL else [False] * body.carries


def _output(node: Node, made: Rebuilt, parts: dict[Node, list[Node]], whole: set[tuple]) -> Node:
    """An output of a loop, in terms of one whose small carries, and rows that are such carries of another, are single numbers."""
    loop, args, which = loop_of(node), arguments(node), node.params[3]
    assert isinstance(which, int)
    body = loop.body
    slices = range(body.carries, body.carries + body.slices)
    splits = [s and (_loop(node), k) not in whole for k, s in enumerate(_splits(body))]
    splits += [k in slices and args[k] in parts for k in range(body.carries, len(args))]
    length = None if loop.length is None else made.size(loop.length)
    step = _apart(body, tuple(splits))
    loop = Loop(step.resized(made.size) if step.lengths else step, length, loop.reverse)
    known = [made.new[a] for a in lengths(node)]
    given: list[Node] = []
    for k, (a, split) in enumerate(zip(args, splits, strict=True)):
        given += parts[a] if split and k in slices else _elements(made.new[a]) if split else [made.new[a]]
    counts = [_count(n) if s else 1 for n, s in zip(body.inputs[: body.carries], splits, strict=False)]
    places = [sum(counts[:k]) for k in range(body.carries + 1)]
    if body.carries <= which < len(body.outputs) or (loop.length is None and which == body.carries):
        return output(loop, given, places[-1] + which - body.carries, known)
    history = which >= body.carries
    carry = which - len(body.outputs) if history else which
    first = places[carry] + (len(loop.body.outputs) if history else 0)
    if not splits[carry]:
        return output(loop, given, first, known)
    found = [output(loop, given, first + k, known) for k in range(counts[carry])]
    if history:
        parts[node] = found
    return _stacked(found, tuple(map(made.size, node.shape)))


def _apart(body: Body, splits: tuple[bool, ...]) -> Body:
    """The step with single numbers."""
    key = "apart", splits
    if key not in body.memo:
        inputs: list[Node] = []
        whole: dict[Node, Node] = {}
        for n, split in zip(body.inputs, splits, strict=True):
            fresh = [new_input(n.dtype, ()) for _ in range(_count(n))] if split else [n]
            whole[n] = _stacked(fresh, n.shape) if split else n
            inputs += fresh
        outputs: list[Node] = []
        for k, o in enumerate(rebuild(body.outputs, whole)):
            outputs += _elements(o) if k < body.carries and splits[k] else [o]
        carries = sum(_count(o) if s else 1 for o, s in zip(body.outputs[: body.carries], splits, strict=False))
        rows = len(inputs) - carries - len(body.constants)
        body.memo[key] = Body(inputs, outputs, carries, rows, body.levels)
    return body.memo[key]


def _count(x: Node) -> int:
    """How many numbers there are in an array of known lengths; 0 of others."""
    n = sizes.product(x.shape)
    return n if isinstance(n, int) else 0


def _elements(x: Node) -> list[Node]:
    """The numbers of a small array."""
    return [reshape(slice_(x, tuple((i, 1, 1) for i in idx)), ()) for idx in product(*map(range, x.shape))]  # type: ignore[arg-type]


def _stacked(numbers: Sequence[Node], shape: Shape) -> Node:
    """An array of them; its first axis is theirs, if they have one."""
    last = numbers[0].ndim
    return reshape(concatenate([expand(n, last) for n in numbers], last), shape)

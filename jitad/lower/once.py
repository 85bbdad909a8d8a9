"""Loops of one turn: those that carry nothing are what their step computes; others are handed all, and nothing has a first axis.

The latter are what is derived of the former, see :mod:`jitad.ops.once`. They have results of the shapes that the step gives them,
which others read as they lie.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from jitad.ir.body import Body
from jitad.ir.graph import Graph, Rebuilt, in_order
from jitad.ir.node import Node, topological
from jitad.ops.closed import VIEWS, closed_over, taken_by
from jitad.ops.leaf import constant_value, new_input
from jitad.ops.once import without
from jitad.ops.scan import Loop, arguments, lengths, loop_of, output
from jitad.ops.shape import expand, reshape, zeros


def take_once(graph: Graph) -> Graph:
    """The graph with such loops in their simplest form."""
    outputs = without(graph.outputs)
    if any(map(is_turn, topological(outputs))):
        made = Rebuilt({n: n for n in graph.inputs})
        closed: dict[tuple, tuple[Body, list[Node]]] = {}  # the steps, and what they are handed
        for node in in_order(outputs):
            if node not in made.new:
                made.add(node)
                if is_turn(node):
                    made.put(node, _simplest(made.new[node], closed))
        outputs = [made.new[o] for o in outputs]
    return Graph(graph.inputs, tuple(outputs), graph.guards)


def is_turn(node: Node) -> bool:
    """Whether a node is an output of a loop of one turn."""
    return node.op.name == "scan" and node.params[1] == 1


def _simplest(node: Node, closed: dict[tuple, tuple[Body, list[Node]]]) -> Node:
    """An output of a loop of one turn whose step is handed all that it needs; its results are carries that it does not read."""
    body, args, which = loop_of(node).body, arguments(node), node.params[3]
    assert isinstance(which, int)
    if which >= len(body.outputs):  # a carry before the step
        return expand(args[which - len(body.outputs)], 0)
    loop = node.args, node.params[:3]
    if loop not in closed:
        closed[loop] = _closed(body, [reshape(a, n.shape) for n, a in zip(body.inputs, args, strict=True)])
    step, handed = closed[loop]
    found = output(Loop(step, 1), [*map(zeros, step.outputs), *handed], which, lengths(node))
    return found if which < body.carries else expand(found, 0)


def _closed(body: Body, given: list[Node]) -> tuple[Body, list[Node]]:
    """The step, and what it is handed: views are made in it, and so is what is made of nothing."""
    made = Rebuilt(dict(zip(body.inputs, given, strict=True)))
    computed = [n for n in in_order(body.outputs) if n not in made.new]
    for n in computed:
        made.add(n)
    outputs = [_without_zero(made.new[o]) for o in body.outputs]
    inside = {made.new[n] for n in computed} - _with_views(given)  # a view of a view may come to one of these
    unread = [new_input(n.dtype, n.shape) for n in outputs]
    return closed_over(taken_by(inside, outputs), unread, outputs, len(outputs), 0)


def _with_views(nodes: Iterable[Node]) -> set[Node]:
    """Nodes, and what they are views of."""
    out: set[Node] = set()
    stack = list(nodes)
    while stack:
        n = stack.pop()
        if n not in out:
            out.add(n)
            stack += n.args if n.op.name in VIEWS else ()
    return out


def _without_zero(node: Node) -> Node:
    """A sum without what it starts from, if that is zero."""
    if node.op.name == "add":
        for a, b in (node.args, node.args[::-1]):
            if _is_zero(a) and a.shape == b.shape:
                return b
    return node


def _is_zero(node: Node) -> bool:
    while node.op.name in VIEWS:
        node, = node.args
    return node.op.name == "constant" and not np.any(constant_value(node))

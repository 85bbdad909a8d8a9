"""Graphs that are closed over what they take from outside: the bodies of loops and of rules."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from jitad.ir.body import Body
from jitad.ir.graph import rebuild
from jitad.ir.node import Node, topological
from jitad.ops.leaf import new_input, size_value
from jitad.ops.length import size_of

VIEWS = {"broadcast", "retype", "reshape", "transpose", "slice", "flip"}  # cost nothing in a step, and memory outside of it


def closed(inputs: list[Node], outputs: list[Node], carries: int, slices: int, levels: int = 0) -> tuple[Body, list[Node]]:
    """The step as a closed graph: what it takes from outside is computed once, before it, and handed in."""
    return closed_over(taken(inputs, outputs), inputs, outputs, carries, slices, levels)


def closed_over(outside: Sequence[Node], inputs: list[Node], outputs: list[Node], carries: int, slices: int,
                levels: int = 0) -> tuple[Body, list[Node]]:
    """The same for what is known to be taken."""
    handed = {n: handed_in(n) for n in outside}
    given = [n for n in handed if n.op.name != "length"]
    return Body([*inputs, *(handed[n] for n in given)], rebuild(outputs, handed), carries, slices, levels), given


def taken(inputs: list[Node], outputs: list[Node]) -> list[Node]:
    """What a graph takes from outside, beside its inputs; views of it are made inside."""
    inside = set(inputs)
    for n in topological(outputs):
        if not inside.isdisjoint(n.args):
            inside.add(n)
    return taken_by(inside, outputs)


def taken_by(inside: Collection[Node], outputs: list[Node]) -> list[Node]:
    """What nodes that are inside take from outside."""
    order = topological(outputs)
    varies: set[Node] = set()  # what is made of no argument, the step makes as well
    for n in order:
        if n.op.name == "input" or not varies.isdisjoint(n.args):
            varies.add(n)
    asked = [a for n in reversed(order) if n in inside for a in n.args] + outputs
    outside: dict[Node, None] = {}
    while asked:
        n = asked.pop()
        if n in inside or n in outside or n not in varies:
            continue
        if n.op.name in VIEWS:
            asked += n.args[::-1]
        else:
            outside[n] = None
    return list(outside)


def handed_in(n: Node) -> Node:
    """What stands in a step for a node from outside: an input. A length is the same there as here."""
    return size_value(size_of(n)) if n.op.name == "length" else new_input(n.dtype, n.shape)

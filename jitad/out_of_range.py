"""Which index was out of range, and where: looked for when a kernel has said that one is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jitad.ir.evaluate import Sizer, bind, run_nodes
from jitad.ir.graph import Graph
from jitad.ir.node import Node, topological
from jitad.ops.custom import everywhere
from jitad.ops.index import indices


def explain(graph: Graph, every: Sequence) -> str | None:
    """Which number it was, if finding that takes no loop."""
    size = Sizer(bind(every))
    known = dict(zip(graph.inputs, every, strict=True))
    order = graph.nodes()
    by_loops = _by_loops(order)
    for node in order:
        for axis, (index, bound) in enumerate(indices(node)):
            if index not in by_loops:
                values, n = np.asarray(run_nodes([index], known, size)[0]), size(bound)
                bad = values[(values < -n) | (values >= n)]
                if bad.size:
                    return f"index {bad.flat[0]} is out of bounds for axis {axis} with size {n}{_at([_made(node, index)])}"
    return None


def suspects(graph: Graph) -> str:
    """The lines that look up in a loop, or with an index that a loop finds."""
    order = graph.nodes()
    own, by_loops = set(order), _by_loops(order)
    found: dict[Node, Node] = {}  # what looks up with each, best something that is of a line
    for n in everywhere(graph.outputs):
        for i, _ in indices(n):
            if (n not in own or i in by_loops) and not (i in found and found[i].origin):
                found[i] = n
    places = [_made(n, i) for i, n in found.items()]
    return f"an index that is found in a loop, or looked up in one, is out of bounds{_at(places)}"


def _by_loops(order: Sequence[Node]) -> set[Node]:
    found: set[Node] = set()
    for node in order:
        if node.op.name in ("scan", "callback", "extern") or not found.isdisjoint(node.args):
            found.add(node)
    return found


def _made(node: Node, index: Node) -> Node:
    """What is known to be of a line: derivatives are of none, but the indices that they look up with are."""
    return next((n for n in (node, *reversed(topological([index]))) if n.origin), node)


def _at(nodes: Sequence[Node]) -> str:
    """Where nodes were made."""
    lines = dict.fromkeys(n.origin for n in nodes if n.origin)
    return "".join(f"\n  {'or ' * (k > 0)}at {place[0]}, line {place[1]}" for k, place in enumerate(lines))

"""A graph mapped over a new leading axis: how Jacobians get their rows from one linear graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jitad.ir.node import Node, topological
from jitad.ir.sizes import Size
from jitad.ops.declare import lead


def batch(outputs: Sequence[Node], mapped: Mapping[Node, Node], size: int | Size) -> list[Node]:
    """The outputs with a leading axis of length `size`.

    Parameters
    ----------
    outputs : sequence of Node
        The graph.
    mapped : mapping of Node to Node
        What replaces some nodes: the same with a leading axis. What does not depend on them is computed once.
    """
    from jitad.autodiff.many_loops import batched

    new: dict[Node, Node] = dict(mapped)
    for node in topological(outputs, stop=new.__contains__):
        if any(a in new for a in node.args):
            flags, args = [a in new for a in node.args], tuple(new.get(a, a) for a in node.args)
            new[node] = batched(node, args, flags, size) if node.op.name == "scan" else node.op.batch(node, args, flags, size)
    return [new[o] if o in new else lead(o, size) for o in outputs]

"""Indices that are computed by routines, loops or scatters are checked when they are there: before that nothing is known of them.

Index checks otherwise come first, see :mod:`jitad.lower.checks`. A checked array takes the place of such an index: so nothing is
looked up with one that is out of range, in whatever order loops are.
"""

from __future__ import annotations

from jitad.ir import sizes
from jitad.ir.graph import Graph, Guard, Rebuilt
from jitad.ir.node import Node
from jitad.ir.sizes import Size, at_least
from jitad.lower.index import is_structured
from jitad.ops.index import indices
from jitad.ops.leaf import fill, size_value
from jitad.ops.routine import Inside, Routine, inside, order_behind
from jitad.ops.shape import reshape


def check_late(graph: Graph) -> Graph:
    """The graph with checked indices where an index cannot be checked before anything else."""
    order = graph.nodes()
    computed: set[Node] = set()  # with what is computed from them
    for n in order:
        if _is_computed(n) or not computed.isdisjoint(n.args):
            computed.add(n)
    late = {(i, bound) for n in order for i, bound in indices(n) if i in computed and not is_safe(i, bound, graph)}
    if not late:
        return graph
    made = Rebuilt({n: n for n in graph.inputs})
    for node in order:
        if node not in made.new:
            made.add(node)
            if not late.isdisjoint(indices(node)):
                new = made.new[node]
                now = [_checked(i, bound) if key in late else i
                       for key, (i, bound) in zip(indices(node), indices(new), strict=True)]
                made.put(node, new.op.build((new.args[0], *now), new.params))
    return Graph(graph.inputs, tuple(made.new[o] for o in graph.outputs), graph.guards)


def _is_computed(node: Node) -> bool:
    """By something that is no loop over elements."""
    return isinstance(node.op, Routine) or node.op.name == "scan" or (
        node.op.name == "scatter_add" and not all(is_structured(i) for i, _ in indices(node)))


def is_safe(index: Node, bound: int | Size, graph: Graph) -> bool:
    """Whether an index array is checked, or is the order of what is no longer than this."""
    if index.op.name == "reshape" and isinstance(index.args[0].op, Inside):
        return True
    order = order_behind(index)
    if order is None:
        return False
    gap = at_least(sizes.sub(bound, order.shape[1]))
    return (gap is not None and gap >= 0) or Guard("<=", order.shape[1], bound) in graph.guards


def _checked(index: Node, bound: int | Size) -> Node:
    row = reshape(index, (1, sizes.product(index.shape)))
    return reshape(inside(row, fill(size_value(bound), row.shape[:1])), index.shape)

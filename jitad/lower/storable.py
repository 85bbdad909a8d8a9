"""Which arrays may be stored at all: those that take computing, and grow no faster than what goes in or comes out.

Or, where their lengths are all different, with no more of them than what goes in: points by hidden layer as points by features.
"""

from __future__ import annotations

from collections.abc import Sequence

from jitad.ir import sizes
from jitad.ir.graph import Graph
from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.lower.index import STRUCTURE, unrolled_axes

FREE = STRUCTURE | {"pad", "cast", "select", "logical_and", "logical_or", "logical_not", "equal", "not_equal", "less",
                    "less_equal", "greater", "greater_equal"}

FEW = 300  # nodes


class Storable:
    """Of one graph, whether a node may be stored."""

    def __init__(self, graph: Graph, order: Sequence[Node]):
        self._free: set[Node] = set()  # index arithmetic, masks made of it, and constants: cheaper to compute than to load
        for n in order:
            if n.op.name in FREE and self._free.issuperset(n.args):
                self._free.add(n)
        self._have = _monomials([*graph.inputs, *graph.outputs])
        self._known: dict[Node, bool] = {}
        self.few = len(order) <= FEW

    def __call__(self, node: Node, cheap: bool = False) -> bool:
        return self.takes_computing(node, cheap) and self.affordable(node)

    def takes_computing(self, node: Node, cheap: bool = False) -> bool:
        """Whether a node has long axes and takes some computing, or may be `cheap`."""
        return not all(unrolled_axes(node.shape)) and (node not in self._free or (cheap and bool(node.args)))

    def affordable(self, node: Node) -> bool:
        """Whether an array of this shape grows no faster than some argument or result."""
        if node not in self._known:
            self._known[node] = self._is_affordable(node)
        return self._known[node]

    def _is_affordable(self, node: Node) -> bool:
        if len([n for n in node.shape if isinstance(n, Size)]) <= 1 and sizes.degree(sizes.product(node.shape)) <= 1:
            return True
        return all(any(all(h.get(a, 0) >= p for a, p in m.items()) for h in self._have) or self._like_a_layer(m)
                   for m in _monomials([node]))

    def _like_a_layer(self, m: dict) -> bool:
        """Whether a product of different lengths is one of as many as an argument with each of them has: points by layer, say."""
        return max(m.values(), default=0) == 1 and all(
            any(a in h and sum(h.values()) >= len(m) for h in self._have) for a in m)


def _monomials(nodes: Sequence[Node]) -> list[dict]:
    found = []
    for n in nodes:
        total = sizes.product(n.shape)
        found += [dict(m) for m, _ in total.terms] if isinstance(total, Size) else [{}]
    return found

"""In which order the axes of an array lie that is stored on the way.

Short axes first, so that elements along a long one are side by side. Last what no result has, points of data say: all that is
made of them is summed over them in the end, and those sums then read side by side what they add. Not where an argument has these
axes in this order: what is read and what is stored lie alike then.
"""

from __future__ import annotations

from jitad.ir.graph import Graph
from jitad.ir.sizes import Size
from jitad.ir.types import Shape
from jitad.lower.index import unrolled_axes


class Layouts:
    """Of one graph, the order of axes by shape."""

    def __init__(self, graph: Graph):
        self._kept = {n for o in graph.outputs for n in o.shape if isinstance(n, Size)}
        self._arguments = {_long(n.shape) for n in graph.inputs}

    def order(self, shape: Shape) -> tuple[int, ...]:
        """Which axis comes first, second, ..; nothing if they lie as they stand."""
        short = unrolled_axes(shape)
        alike = _long(shape) in self._arguments

        def late(k: int) -> int:
            if short[k]:
                return 0
            return 2 if isinstance(shape[k], Size) and shape[k] not in self._kept and not alike else 1

        order = tuple(sorted(range(len(shape)), key=late))
        return () if order == tuple(range(len(shape))) else order


def _long(shape: Shape) -> Shape:
    short = unrolled_axes(shape)
    return tuple(n for n, s in zip(shape, short, strict=True) if not s)

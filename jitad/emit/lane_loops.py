"""Loops over triangles in explicit lanes: eight iterations at a time, under a mask instead of a remainder loop.

For the gradient of the harmonic energy of all pairs, inside the loop over rows::

    w3 = spread(0.0)
    for i1 in range(i0 + 1, n0_0, 8):
        j1 = consecutive(i1)
        m1 = j1 < n0_0
        v4 = load(p0, (i1,), m1)
        v5 = v1 - v4
        push(t0, (i1,), choose(m1, v5, 0.0))
        w3 += choose(m1, v5, 0.0)
    v3 = total(w3)
"""

from __future__ import annotations

from jitad.emit.expression import Expressions
from jitad.emit.lane_code import LaneCode
from jitad.emit.lanes import WIDTH
from jitad.emit.writer import Writer
from jitad.ir.node import Node
from jitad.lower.nest import Accumulate, Let, Loop, Store
from jitad.lower.scalar import Buffer


def room(size: str) -> str:
    """The length of an array with room for lanes behind its end."""
    return f"{size} + {WIDTH}"


class LaneLoop(LaneCode):
    """Writes one innermost loop."""

    def __init__(self, expressions: Expressions, loop: Loop):
        super().__init__(expressions, loop)
        self.mask = f"m{loop.depth}"

    def write(self, w: Writer) -> None:
        sums = {n: "w" + self.e.name(n).removeprefix("v") for n in self.loop.accumulators}
        size = self.e.size(self.loop.size)
        for name in sums.values():
            w.line(f"{name} = spread(0.0)")
        with w.indented(f"for {self.start} in range(i{self.loop.depth - 1} + 1, {size}, {WIDTH}):"):
            w.line(f"{self.lanes} = consecutive({self.start})")
            w.line(f"{self.mask} = {self.lanes} < {size}")
            for step in self.loop.body.steps:
                if isinstance(step, Let):
                    if step.node not in self.e.fused:
                        w.line(f"{self.name(step.node)} = {self.code(step.node)}")
                elif isinstance(step, Store):
                    w.line(f"push({self._element(step.buffer, step.idx)}, {self._counted(step.value)})")
                elif isinstance(step, Accumulate):
                    w.line(f"{sums[step.node]} += {self._counted(step.node.args[0])}")
        for node, name in sums.items():
            w.line(f"{self.e.name(node)} = total({name})")

    def _counted(self, value: Node) -> str:
        return f"choose({self.mask}, {self.name(value)}, 0.0)"

    def _element(self, buffer: Buffer, idx: tuple[Node, ...]) -> str:
        """A buffer, and the index of the first lane."""
        *outer, last = idx
        inside = [self.e.name(i) for i in outer]
        inside.append(self.start if last is self.var else f"{self.start} + {self.e.name(last.args[1])}")
        return f"{self.e.buffer(buffer)}, ({', '.join(inside)},)"

    def load(self, node: Node) -> str:
        return f"load({self._element(node.params[0], node.args)}, {self.mask})"  # type: ignore[arg-type]

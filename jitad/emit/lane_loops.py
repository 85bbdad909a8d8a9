"""Loops over triangles in explicit lanes: eight iterations at a time, and what is left in one block under a mask.

For the gradient of the harmonic energy of all pairs, inside the loop over rows::

    w3 = spread(0.0)
    g1 = n0_0 - (n0_0 - (i0 + 1)) % 8
    for i1 in range(i0 + 1, g1, 8):
        v4 = block(p0, (i1,))
        v5 = v1 - v4
        push(t0, (i1,), v5)
        w3 += v5
    if g1 < n0_0:
        i1 = g1
        j1 = consecutive(i1)
        m1 = j1 < n0_0
        v4 = load(p0, (i1,), m1)
        v5 = v1 - v4
        push(t0, (i1,), choose(m1, v5, 0.0))
        w3 += choose(m1, v5, 0.0)
    v3 = total(w3)

Where much is computed, all blocks are under masks: code that is there twice no longer fits in LLVM's measure of what to inline.
"""

from __future__ import annotations

from jitad.emit.expression import Expressions
from jitad.emit.lane_code import LaneCode
from jitad.emit.lane_sums import LaneSums
from jitad.emit.lanes import WIDTH
from jitad.emit.shared import names_of
from jitad.emit.writer import Writer
from jitad.ir.node import Node
from jitad.lower.nest import Accumulate, Let, Loop, Store
from jitad.lower.scalar import Buffer, cost

TWICE = 80  # multiplications: bodies of no more are written twice, with and without masks


class LaneLoop(LaneCode):
    """Writes one innermost loop."""

    def __init__(self, expressions: Expressions, loop: Loop):
        super().__init__(expressions, loop)
        self.mask = f"m{loop.depth}"
        self.masked = True
        self.size = expressions.size(loop.size)

    def write(self, w: Writer) -> None:
        sums = LaneSums(self, self.loop.body.steps)
        first, rest = f"i{self.loop.depth - 1} + 1", f"g{self.loop.depth}"
        sums.start(w)
        if sum(cost(s.node) for s in self.loop.body.steps if isinstance(s, Let)) > TWICE:
            self._blocks(w, sums, first, self.size)
        else:
            w.line(f"{rest} = {self.size} - ({self.size} - ({first})) % {WIDTH}")
            self.masked = False
            self._blocks(w, sums, first, rest)
            self.masked = True
            with w.indented(f"if {rest} < {self.size}:"):
                w.line(f"{self.start} = {rest}")
                self._block(w, sums)
        sums.finish(w, "=")

    def _blocks(self, w: Writer, sums: LaneSums, first: str, end: str) -> None:
        with w.indented(f"for {self.start} in range({first}, {end}, {WIDTH}):"):
            self._block(w, sums)

    def _block(self, w: Writer, sums: LaneSums) -> None:
        body = Writer(w.depth)
        for step in self.loop.body.steps:
            if isinstance(step, Let):
                if step.node not in self.e.fused and step.node not in sums.unneeded:
                    body.line(f"{self.name(step.node)} = {self.code(step.node)}")
            elif isinstance(step, Store):
                body.line(f"push({self._element(step.buffer, step.idx)}, {self._counted(step.value)})")
            elif isinstance(step, Accumulate):
                sums.add(body, step, self.mask if self.masked else "")
        if self.masked or self.lanes in names_of(body.text()):
            w.line(f"{self.lanes} = consecutive({self.start})")
        if self.masked:
            w.line(f"{self.mask} = {self.lanes} < {self.size}")
        w.lines += body.lines

    def _counted(self, value: Node) -> str:
        if self.masked:
            return f"choose({self.mask}, {self.name(value)}, 0.0)"
        return self.in_lanes(value)

    def _element(self, buffer: Buffer, idx: tuple[Node, ...]) -> str:
        """A buffer, and the index of the first lane."""
        *outer, last = idx
        inside = [self.e.name(i) for i in outer]
        inside.append(self.start if last is self.var else f"{self.start} + {self.e.name(last.args[1])}")
        return f"{self.e.buffer(buffer)}, ({', '.join(inside)},)"

    def load(self, node: Node) -> str:
        place = self._element(node.params[0], node.args)  # type: ignore[arg-type]
        return f"load({place}, {self.mask})" if self.masked else f"block({place})"

"""Loops with costly scalars between inner loops, eight turns at a time.

For a logistic regression::

    w0 = spread(0.0)
    g0 = n1_0 // 8 * 8
    for b0 in range(0, g0, 8):
        for i0 in range(b0, b0 + 8):
            v1 = 0.0
            for i1 in range(n0_0):
                v1 += a1[i0, i1] * a0[i1]
            t1[0, uint64(i0 - b0)] = v1
        i0 = b0
        l1 = block(t1, (0, 0,))
        l5 = block(a2, (i0,))
        ...
        l8 = exp(l7)
        put(t1, (1, 0,), l11)
        w0 += l13
        for i0 in range(b0, b0 + 8):
            v11 = t1[1, uint64(i0 - b0)]
            for i1 in range(n0_0):
                t0[i1] += a1[i0, i1] * v11
    v0 += total(w0)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

from jitad.emit.expression import Expressions
from jitad.emit.lane_sums import LaneSums
from jitad.emit.lanes import WIDTH
from jitad.emit.list_loops import ListLoop
from jitad.emit.shared import names_of
from jitad.emit.writer import Writer
from jitad.ir.node import Node
from jitad.lower.lists import Entries
from jitad.lower.nest import Block, Let, Loop


class RowLoop(ListLoop):
    """Writes all of a loop but the last few turns; `block` writes steps of one turn."""

    def __init__(self, expressions: Expressions, loop: Loop, number: int, block: Callable[[Block], None]):
        super().__init__(expressions, loop, number)
        assert loop.stages is not None
        self.stages, self.block = loop.stages, block
        self.entries = Entries(replace(loop, body=Block(self.stages.between)))  # what else is stored is stored one by one
        self.row, self.staying = None, {}
        self.vectors = {self.var, *self.stages.found, *(s.node for s in self.stages.between if isinstance(s, Let))}
        self.rows, self.first = self.stages.rows, f"b{loop.depth}"
        self.memory = f"c{number}" if self.stages.memory is None else expressions.buffer(self.stages.memory)

    @contextmanager
    def around(self, w: Writer, first: str, end: str) -> Iterator[tuple[str, str]]:
        first, behind = self.whole(w, first, end)
        sums = LaneSums(self, self.stages.between, self.stages.kept)
        if self.stages.memory is None:
            w.line(f"{self.memory} = empty(({len(self.rows)}, {WIDTH}), float64)")
        sums.start(w)
        with w.indented(f"for {self.first} in range({first}, {behind}, {WIDTH}):"):
            with self._turn(w):
                self.block(Block(self.stages.before))
                for n in self.stages.found:
                    w.line(f"{self._kept(n)} = {self.e.name(n)}")
            w.line(f"{self.start} = {self.first}")
            self._between(w, sums)
            if self.stages.after:
                with self._turn(w):
                    for n in self.stages.kept:
                        w.line(f"{self.e.name(n)} = {self._kept(n)}")
                    self.block(Block(self.stages.after))
        sums.finish(w)
        yield behind, end

    def _turn(self, w: Writer) -> AbstractContextManager[None]:
        return w.indented(f"for {self.start} in range({self.first}, {self.first} + {WIDTH}):")

    def _kept(self, n: Node) -> str:
        return f"{self.memory}[{self.rows[n]}, uint64({self.start} - {self.first})]"

    def _between(self, w: Writer, sums: LaneSums) -> None:
        body = Writer(w.depth)
        for n in self.stages.found:
            body.line(f"{self.name(n)} = block({self.memory}, ({self.rows[n]}, 0))")
        for step in self.stages.between:
            self.step(body, step, sums)
        for n in self.stages.kept:
            if n not in self.stages.found:
                body.line(f"put({self.memory}, ({self.rows[n]}, 0), {self.name(n)})")
        if self.lanes in names_of(body.text()):
            w.line(f"{self.lanes} = consecutive({self.start})")
        w.lines += body.lines

"""Loops over what lies side by side: the last block of eight turns begins before the end of the one before it.

For ``sin(x)``::

    g0 = n0_0 if n0_0 >= 8 else 0
    for h0 in range(0, g0, 8):
        i0 = min(h0, g0 - 8)
        l0 = block(a0, (i0,))
        l1 = sin(l0)
        put(o0, (i0,), l1)
    for i0 in range(g0, n0_0):
        ...

Seven turns with a sine, one by one, take as long as thirty in lanes. What adds, to sums or to an array, adds nothing in turns
that were taken before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jitad.emit.lane_code import zero
from jitad.emit.lane_sums import LaneSums
from jitad.emit.lanes import WIDTH
from jitad.emit.list_loops import ListLoop
from jitad.emit.shared import names_of
from jitad.emit.writer import Writer
from jitad.lower.nest import Accumulate, Step, Store


class WholeLoop(ListLoop):
    """Writes a loop of at least eight turns."""

    @contextmanager
    def around(self, w: Writer, first: str, end: str) -> Iterator[tuple[str, str]]:
        depth, sums = self.loop.depth, LaneSums(self, self.loop.body.steps)
        behind, block, turns = f"g{depth}", f"h{depth}", end if first == "0" else f"{end} - {first}"
        w.line(f"{behind} = {end} if {turns} >= {WIDTH} else {first}")
        sums.start(w)
        with w.indented(f"for {block} in range({first}, {behind}, {WIDTH}):"):
            w.line(f"{self.start} = min({block}, {behind} - {WIDTH})")
            self._turns(w, sums, block)
        sums.finish(w)
        yield behind, end

    def _turns(self, w: Writer, sums: LaneSums, new: str) -> None:
        """A block; turns before the one that is `new` were taken already."""
        self.new = f"m{self.loop.depth}"
        body = Writer(w.depth)
        self._body(body, sums, {})
        used = names_of("\n".join(body.lines))
        if used & {self.lanes, self.new}:
            w.line(f"{self.lanes} = consecutive({self.start})")
        if self.new in used:
            w.line(f"{self.new} = {self.lanes} >= {new}")
        w.lines += body.lines

    def step(self, w: Writer, step: Step, sums: LaneSums) -> None:
        if isinstance(step, Accumulate):
            sums.add(w, step, self.new)
        elif isinstance(step, Store) and step.add:
            w.line(f"push({self.e.buffer(step.buffer)}, {self._block(step.idx)}, "
                   f"choose({self.new}, {self.name(step.value)}, {zero(step.value.dtype)}))")
        else:
            super().step(w, step, sums)

"""Loops in explicit lanes: eight turns at a time, what is left over one by one.

LLVM does not vectorise calls of the C library, nor a loop that adds to places which it looks up. For a list of pairs::

    q0 = -1
    d0 = False
    z0 = spread(0.0), spread(0.0), spread(0.0)
    y0_0 = spread(0.0)
    h0 = 0
    while h0 < n1_0:
        g0 = h0 + (n1_0 - h0) // 8 * 8
        for i0 in range(h0, g0, 8):
            l1 = column(a1, (i0,), 0, 2)
            if negative(l1 | (s1 - l1) | ...):     # some index is below 0, or above n - 1 = s1
                g0 = i0
                break
            l4 = l1
            r4 = apart(a1, (i0,), (0,))
            k0 = everywhere(l4 == q0)
            if not k0:
                z0 = rows(a0, r4, 3)
            l5 = z0[0]
            z1 = rows(a0, r3, 3)
            l6 = z1[0]
            l7 = l5 - l6
            ...
            push_rows(t0, r3, (l37, l39, l41, spread(0.0)))
            if k0:
                y0_0 += l42
                d0 = True
            else:
                if d0:
                    t0[q0, 0] += total(y0_0)
                    y0_0 = spread(0.0)
                    d0 = False
                push_rows(t0, r4, (l42, l43, l44, spread(0.0)))
                q0 = lane(l4, 7)
                z0 = spread(lane(z0[0], 7)), ...
        h0 = min(g0 + 8, n1_0)
        for i0 in range(g0, h0):
            ...

Lists are sorted by their first atom, mostly: its row stays in lanes while it is the same in all of them, see
:mod:`jitad.emit.runs`. Indices that count from the end, and those that are out of range, are left to the turns one by one, so
that those in lanes can take theirs from the list as they stand there.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager

from jitad.emit.expression import Expressions
from jitad.emit.lane_code import LaneCode, zero
from jitad.emit.lane_sums import LaneSums
from jitad.emit.lanes import WIDTH
from jitad.emit.shared import names_of
from jitad.emit.writer import Writer
from jitad.ir.node import Node
from jitad.ir.sizes import sub
from jitad.lower.lanes import COLUMNS
from jitad.lower.lists import Entries, looked_up
from jitad.lower.nest import Accumulate, Let, Loop, Step, Store, mentioned
from jitad.lower.scalar import LOAD, Buffer
from jitad.ops.leaf import constant_value

RAISE = "raise IndexError('an index is out of range')"


class ListLoop(LaneCode):
    """Writes all of a loop over a list but the last few turns."""

    prefix = "l"

    def __init__(self, expressions: Expressions, loop: Loop, number: int):
        super().__init__(expressions, loop)
        self.entries = Entries(loop)
        self.row = self.entries.staying[0].idx[0] if self.entries.staying else None
        self.staying = {id(s): (s, f"y{number}_{k}") for k, s in enumerate(self.entries.staying)}  # equal ones may be there twice
        self.last, self.dirty, self.same = f"q{number}", f"d{number}", f"k{number}"
        self.number = number
        self.read: dict[tuple[Buffer, Node], str] = {}  # rows in lanes
        self.apart: dict[Node, str] = {}  # indices one by one
        self.kept: list[tuple[str, int, str]] = []  # those of the row that stays, their widths, and a zero

    @contextmanager
    def around(self, w: Writer, first: str, end: str) -> Iterator[tuple[str, str]]:
        """Write turns from `first` to `end` in blocks; those between the two results are to be written inside of this."""
        sums = LaneSums(self, self.loop.body.steps)
        wraps = {n: index for n, index in self.entries.wraps().items() if self._side_by_side(looked_up(index)) is not None}
        depth, leaves = self.loop.depth, bool(self.loop.checks or wraps)
        body = Writer(w.depth + 1 + leaves)
        self._body(body, sums, wraps)
        self._start(w)
        sums.start(w)
        if leaves:
            start, behind = f"h{depth}", f"g{depth}"
            w.line(f"{start} = {first}")
            with w.indented(f"while {start} < {end}:"):
                w.line(f"{behind} = {start} + ({end} - {start}) // {WIDTH} * {WIDTH}")
                self._blocks(w, body, start, behind)
                w.line(f"{start} = min({behind} + {WIDTH}, {end})")
                yield behind, start
        else:
            start, behind = self.whole(w, first, end)
            self._blocks(w, body, start, behind)
            yield behind, end
        sums.finish(w)
        if self.row is not None:
            with w.indented(f"if {self.dirty}:"):
                self._flush(w)

    def _blocks(self, w: Writer, body: Writer, start: str, behind: str) -> None:
        with w.indented(f"for {self.start} in range({start}, {behind}, {WIDTH}):"):
            if self.lanes in names_of("\n".join(body.lines)):
                w.line(f"{self.lanes} = consecutive({self.start})")
            w.lines += body.lines

    def whole(self, w: Writer, first: str, end: str) -> tuple[str, str]:
        """Where blocks begin and end."""
        depth, behind = self.loop.depth, f"g{self.loop.depth}"
        if first == "0":
            w.line(f"{behind} = {end} // {WIDTH} * {WIDTH}")
            return first, behind
        w.line(f"h{depth} = {first}")
        w.line(f"{behind} = h{depth} + ({end} - h{depth}) // {WIDTH} * {WIDTH}")
        return f"h{depth}", behind

    def _body(self, w: Writer, sums: LaneSums, wraps: dict[Node, Node]) -> None:
        written = self._indices(w, wraps)
        for step in sorted(self.loop.body.steps, key=lambda s: not isinstance(s, Let)):  # a store may change the row that stays
            if not (isinstance(step, Let) and step.node in written):
                self.step(w, step, sums)

    def step(self, w: Writer, step: Step, sums: LaneSums) -> None:
        """One step, for eight turns."""
        if isinstance(step, Let):
            if step.node not in self.e.fused and step.node not in sums.unneeded:
                self._let(w, step.node)
        elif isinstance(step, Store):
            self._store(w, step)
        elif isinstance(step, Accumulate):
            sums.add(w, step)

    def _indices(self, w: Writer, wraps: dict[Node, Node]) -> set[Node]:
        """Leave the block if an index is negative or out of range. What is written so."""
        checked = [(n, check.bound) for check in self.loop.checks for n in check.reads]
        self.vectors |= dict(checked).keys()
        written = dict.fromkeys([*dict(checked), *wraps.values()])
        for n in written:
            self._let(w, n)
        tests = [f"{self.name(n)} | ({self.e.size(sub(bound, 1))} - {self.name(n)})" for n, bound in checked]
        tests += dict.fromkeys(self.name(n) for n in wraps.values() if looked_up(n) not in dict(checked))
        if tests:
            with w.indented(f"if negative({' | '.join(tests)}):"):
                w.line(f"g{self.loop.depth} = {self.start}")
                w.line("break")
        for wrap, n in wraps.items():
            w.line(f"{self.name(wrap)} = {self.name(n)}")
            self.apart[wrap] = f"apart({self._side_by_side(looked_up(n))})"
            if wrap is not self.row:  # which is seldom asked for
                w.line(f"r{self.e.name(wrap)[1:]} = {self.apart[wrap]}")
                self.apart[wrap] = "r" + self.e.name(wrap)[1:]
        return written.keys() | wraps.keys() | self._only_for(wraps)

    def _only_for(self, wraps: Container[Node]) -> set[Node]:
        """What is computed for nothing else."""
        asked = {n for step in self.loop.body.steps for n in mentioned(step)}
        others = {n for n in self.vectors | asked if n not in wraps}
        return others - asked - {a for n in others for a in n.args}

    def _let(self, w: Writer, n: Node) -> None:
        if n.op is LOAD and (width := self.entries.width(n.params[0], n.args)):  # type: ignore[arg-type]
            self._read_rows(w, n.params[0], n.args, width)  # type: ignore[arg-type]
        w.line(f"{self.name(n)} = {self.code(n)}")

    # Reading.

    def load(self, node: Node) -> str:
        buffer, idx = node.params[0], node.args
        assert isinstance(buffer, Buffer)
        if self.entries.width(buffer, idx):
            return f"{self.read[buffer, idx[0]]}[{_column(idx)}]"
        if (block := self._block(idx)) is not None:
            return f"block({self.e.buffer(buffer)}, {block})"
        width = buffer.shape[-1]
        if len(idx) > 1 and constant_value(idx[-1]) is not None and isinstance(width, int) and width <= COLUMNS:
            if (block := self._block(idx[:-1])) is not None:
                return f"column({self.e.buffer(buffer)}, {block}, {_column(idx)}, {width})"
        return f"gather({self.e.buffer(buffer)}, {self._index(idx)})"

    def _side_by_side(self, node: Node) -> str | None:
        """The array, the block and the column of what subsequent turns read from subsequent rows."""
        buffer, idx = node.params[0], node.args
        for block, column in ((idx, ()), (idx[:-1], idx[-1:])):
            if block and self.vectors.isdisjoint(column) and (rows := self._block(block)) is not None:
                return f"{self.e.buffer(buffer)}, {rows}, {_tuple(list(map(self.e.name, column)))}"  # type: ignore[arg-type]
        return None

    def _block(self, idx: Sequence[Node]) -> str | None:
        """An index of eight elements that are side by side."""
        if not self.entries.is_block(idx):
            return None
        *outer, last = idx
        ahead = "" if last is self.var else f" + {self.e.name(last.args[1])}"
        return _tuple([*map(self.e.name, outer), self.start + ahead])

    def _read_rows(self, w: Writer, buffer: Buffer, idx: Sequence[Node], width: int) -> None:
        row = idx[0]
        if (buffer, row) in self.read:
            return
        name = self.read[buffer, row] = f"z{self.number}_{len(self.read)}"
        array, lanes, places = self.e.buffer(buffer), self.name(row), self._places(row)
        found = f"rows({array}, {places}, {width})" if width > 1 else f"(gather({array}, {self._index(idx)}),)"
        if row is not self.row:
            return w.line(f"{name} = {found}")
        if not self.kept:
            w.line(f"{self.same} = everywhere({lanes} == {self.last})")
        self.kept.append((name, width, zero(buffer.dtype)))
        with w.indented(f"if not {self.same}:"):
            w.line(f"{name} = {found}")

    # Writing.

    def _store(self, w: Writer, store: Store) -> None:
        group = self.entries.groups.get((store.buffer, store.idx[0]), [])
        if id(store) in self.staying:
            if store is self.entries.staying[-1]:
                self._add_to_row(w)
        elif any(store is s for s in group):
            if store is group[-1]:
                w.line(self._push(group))
        else:
            block = self._block(store.idx)
            verb = ("push" if store.add else "put") + ("_each" if block is None else "")
            w.line(f"{verb}({self.e.buffer(store.buffer)}, {block or self._index(store.idx)}, {self.in_lanes(store.value)})")

    def _push(self, group: list[Store]) -> str:
        buffer, idx = group[0].buffer, group[0].idx
        sums: dict[int, list[str]] = {}
        for store in group:
            sums.setdefault(_column(store.idx), []).append(self.in_lanes(store.value))
        values = [" + ".join(sums.get(k, [zero(buffer.dtype)])) for k in range(self.entries.width(buffer, idx))]
        if len(values) == 1:
            return f"push_each({self.e.buffer(buffer)}, {self._index(idx)}, {values[0]})"
        return f"push_rows({self.e.buffer(buffer)}, {self._places(idx[0])}, {_tuple(values)})"

    # The row that stays.

    def _start(self, w: Writer) -> None:
        if self.row is None:
            return
        w.line(f"{self.last} = -1")
        w.line(f"{self.dirty} = False")
        for name, width, nothing in self.kept:
            w.line(f"{name} = {_tuple([nothing] * width)}")
        for store, name in self.staying.values():
            w.line(f"{name} = {zero(store.buffer.dtype)}")

    def _add_to_row(self, w: Writer) -> None:
        row = self.name(self.row)  # type: ignore[arg-type]
        if not self.kept:
            w.line(f"{self.same} = everywhere({row} == {self.last})")
        with w.indented(f"if {self.same}:"):
            for store, name in self.staying.values():
                w.line(f"{name} += {self.name(store.value)}")
            w.line(f"{self.dirty} = True")
        with w.indented("else:"):
            with w.indented(f"if {self.dirty}:"):
                self._flush(w)
            for (_, index), group in self.entries.groups.items():
                if index is self.row:
                    w.line(self._push(group))
            w.line(f"{self.last} = lane({row}, {WIDTH - 1})")
            for name, width, _ in self.kept:
                w.line(f"{name} = {_tuple([f'spread(lane({name}[{k}], {WIDTH - 1}))' for k in range(width)])}")

    def _flush(self, w: Writer) -> None:
        for store, name in self.staying.values():
            place = ", ".join([f"uint64({self.last})", *map(self.e.name, store.idx[1:])])
            w.line(f"{self.e.buffer(store.buffer)}[{place}] += total({name})")
            w.line(f"{name} = {zero(store.buffer.dtype)}")
        w.line(f"{self.dirty} = False")

    def _index(self, idx: Sequence[Node]) -> str:
        return _tuple(list(map(self._places, idx)))

    def _places(self, index: Node) -> str:
        """An index that each lane is looked up by."""
        return self.apart.get(index) or self.name(index)


def _column(idx: Sequence[Node]) -> int:
    return int(constant_value(idx[-1])) if len(idx) > 1 else 0  # type: ignore[arg-type]


def _tuple(items: list[str]) -> str:
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"

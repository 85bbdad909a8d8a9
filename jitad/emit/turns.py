"""The function that takes all steps of a loop.

For ``x = x + 0.1*v[t]`` along v, where only the end is asked for::

    @step
    def step0(a0, a1, r0, n0_0):
        ...

    @part
    def turns0(n, c0, x0, n0_0):
        tick = 0
        for s in range(n):
            if s > 0 and seconds() != tick:  # ask for Ctrl-C, once in a second
                tick = seconds()
                if interrupted():
                    raise Interrupted
            step0(row_of(c0, s & 1), row_of(x0, s), row_of(c0, s + 1 & 1), n0_0)

    def kernel(a0, a1):
        t0 = empty((2, n0_0), float64)
        ...
        turns0(n1_0, t0, a1, n0_0)

Of loops in stretches (:mod:`jitad.lower.stretch`), the way forth, for a carry that is a number, and the way back, which has the
way forth take steps again::

    @part
    def turns0(first, last, n, top, size, c0, m0):
        lo = first
        row = k = top  # where carries before step lo lie; and before step s, or at its end
        m0[1 + top] = first
        end = lo + ahead(last - lo, size - top)
        g0 = c0[row]
        while lo < last:
            hi = min(end, lo + size - row)
            for s in range(lo, hi):
                c0[row + s - lo] = g0
                g0 = step0(g0)
            row = top + 1 if hi < last else size + 1
            if hi < last or last == n:
                c0[row] = g0
            if hi < last and hi == end:
                top += 1
                m0[1 + top] = hi
                end = hi + ahead(last - hi, size - top)
            lo = hi
        m0[0] = top

    @part
    def turns1(n, size, c0, x0, _c0, _m0):
        ...
        hi = n
        top = _m0[0]
        while hi > 0:
            lo = _m0[1 + top]
            for s in range(n - hi, n - lo):
                g0 = step1(g0, x0[top + n - 1 - s - lo])
            hi = lo
            if hi > 0:
                top -= 1
                turns0(_m0[1 + top], hi, n, top, size, _c0, _m0)
                top = _m0[0]
        c0[n & 1] = g0
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext

from jitad.emit.handed import Handed, handed_on, is_number
from jitad.emit.signals import TURNS
from jitad.emit.writer import Writer
from jitad.ir.types import BOOL, FLOAT, INT
from jitad.lower.nest import Turns
from jitad.lower.scalar import Buffer

ROWS: dict[object, str] = {1: "0", 2: "{} & 1"}  # of a carry, by how many it has


class AllTurns:
    """Writes it. Each turn calls `step`, which takes `lengths` besides."""

    def __init__(self, turns: Turns, handed: Handed, step: str, lengths: Sequence[str]):
        self.turns, self.handed, self.step, self.lengths = turns, handed, step, lengths
        self.w = Writer()
        self.carries = list(zip(turns.carries, handed.carries, strict=True))
        self.local = {b: f"g{k}" for k, b in enumerate(turns.carries) if is_number(b)}  # in registers

    def write(self, name: str, decorator: str, forth: str = "", others: Handed | None = None) -> str:
        """The function; `forth` is the one that it has take steps again, which is handed `others`."""
        w, turns, names = self.w, self.turns, ", ".join(self.handed.names)
        end = "n" if turns.count is None else "s"
        w.line(f"@{decorator}")
        if turns.rows is not None:
            with w.indented(f"def {name}(first, last, n, top, size, {names}):"):
                self._forth()
        else:
            with w.indented(f"def {name}({'n' if others is None else 'n, size'}, {names}):"):
                w.line("tick = 0")
                for b, c in self.carries:
                    if b in self.local:
                        w.line(f"{self.local[b]} = {c.at('0')}")
                if others is not None:
                    self._back(forth, others)
                else:
                    self._through("0", "n")
                w.line(f"last = {end} & 1")
                for b, c in self.carries:
                    if b in self.local:
                        w.line(f"{c.at('0' if b.shape[0] == 1 else 'last' if b.shape[0] == 2 else end)} = {self.local[b]}")
        return w.text()

    def _forth(self) -> None:
        w, starts = self.w, self.handed.starts
        w.line("tick = 0")
        w.line("lo = first")
        w.line("row = k = top")
        w.line(f"{starts}[1 + top] = first")
        w.line("end = lo + ahead(last - lo, size - top)")
        self._marked("row", "lo", take=True)
        with w.indented("while lo < last:"):
            w.line("hi = min(end, lo + size - row)")
            _look(w, "lo > first")
            self._through("lo", "hi")
            w.line("k = row + hi - lo")
            w.line("row = top + 1 if hi < last else size + 1")
            with w.indented("if hi < last or last == n:"):
                self._marked("row", "hi")
            with w.indented("if hi < last and hi == end:"):
                w.line("top += 1")
                w.line(f"{starts}[1 + top] = hi")
                w.line("end = hi + ahead(last - hi, size - top)")
            w.line("lo = hi")
        w.line(f"{starts}[0] = top")
        with w.indented("if n == 0:"):
            self._marked("size + 1", "0")

    def _marked(self, row: str, s: str, take: bool = False) -> None:
        """Keep the carries before step s in that row, where they lie in row k of arrays that keep them all; or `take` them."""
        for (b, c), m in zip(self.carries, self.handed.marks, strict=True):
            if b in self.local or m is not c:
                own = self.local.get(b) or c.at(ROWS[b.shape[0]].format(s))
                self._copy(b, *((own, m.at(row)) if take else (m.at(row), own)))
            elif not take:
                self._copy(b, m.at(row), c.at("k"))

    def _copy(self, b: Buffer, to: str, source: str) -> None:
        """``to = source`` for a row of a carry, element by element: of arrays, Numba would compile long."""
        array, index = to.partition("[")[0], "".join(f", j{k}" for k in range(1, len(b.shape)))
        with ExitStack() as loops:
            for k in range(1, len(b.shape)):
                loops.enter_context(self.w.indented(f"for j{k} in range({array}.shape[{k}]):"))
            if index:
                to, source = (f"{text[:-1]}{index}]" for text in (to, source))
            self.w.line(f"{to} = {source}")

    def _back(self, forth: str, others: Handed) -> None:
        w, starts = self.w, handed_on(others.starts)
        given = f"n, {{}}, size, {', '.join(map(handed_on, others.names))})"
        w.line("hi = n")
        if others.turns.several:
            with w.indented(f"if {starts}[0] < 0:  # another loop has gone back"):
                w.line(f"{forth}(0, n, {given.format(0)}")
        w.line(f"top = {starts}[0]")
        with w.indented("while hi > 0:"):
            w.line(f"lo = {starts}[1 + top]")
            _look(w, "hi < n")
            self._through("n - hi", "n - lo")
            w.line("hi = lo")
            with w.indented("if hi > 0:"):
                w.line("top -= 1")
                w.line(f"{forth}({starts}[1 + top], hi, {given.format('top')}")
                w.line(f"top = {starts}[0]")
        if others.turns.several:
            w.line(f"{starts}[0] = -1")

    def _through(self, start: str, end: str) -> None:
        """The turns from one to another."""
        w, turns, local = self.w, self.turns, self.local
        t = "t" if turns.reverse else "s"
        far = set() if turns.again is None else set(turns.again.carries)  # of which rows are used again
        then = [(local.get(b) or c.handed(b, self._row(b, "s + 1", "k + 1")), b) for b, c in self.carries]
        then += [(y.handed(b, t), b) for y, b in zip(self.handed.results, turns.results, strict=True)]
        arrays, numbers = [[place for place, b in then if is_number(b) == is_one] for is_one in (False, True)]
        given = [local.get(b) or c.handed(b, self._row(b, "s", "k")) for b, c in self.carries]
        slices = [t if b is None else x.handed(b, "k" if b in far else t)
                  for x, b in zip(self.handed.slices, turns.slices, strict=True)]
        others = [*slices, *self.handed.constants, *arrays, *self.handed.scratch, *self.lengths]
        call = f"{self.step}({', '.join([*given, *others])})"
        kept = [(b, c) for b, c in self.carries if b in local and b.shape[0] not in ROWS]  # numbers of all steps
        with _loop(w, turns, start, end, given[-1] if given else ""):
            if turns.reverse:
                w.line("t = n - 1 - s")
            if far:
                w.line("k = top + n - 1 - s - lo")
            if turns.rows is not None:
                w.line("k = row + s - lo")
                for b, c in kept:
                    w.line(f"{c.at('k')} = {local[b]}")
            w.line(f"{', '.join(numbers)} = {call}" if numbers else call)
            for b, g in local.items():
                if b.dtype not in (FLOAT, INT, BOOL):
                    w.line(f"{g} = {b.dtype.name}({g})")
            if turns.rows is None:
                for b, c in kept:
                    w.line(f"{c.at('s + 1')} = {local[b]}")

    def _row(self, b: Buffer, s: str, k: str) -> str:
        """Which row of a carry holds what it is before step s; k is the number of the row if rows are used again."""
        if b.shape[0] in ROWS:
            return ROWS[b.shape[0]].format(s)
        return s if self.turns.rows is None else k


@contextmanager
def _loop(w: Writer, turns: Turns, start: str, end: str, goes_on: str) -> Iterator[None]:
    """The loop itself, in which signals are asked for; what is inside of this is one turn."""
    if turns.count is not None:
        w.line("s = 0")
        with w.indented(f"while {goes_on}:"):
            _look(w, "s > 0")
            if turns.is_straight:
                w.line(f"b = s + {TURNS}")
            with w.indented(f"while {goes_on} and s < b:") if turns.is_straight else nullcontext():
                yield
                w.line("s += 1")
        w.line("n[0] = s")
    elif turns.is_straight:
        with w.indented(f"for b in range({start}, {end}, {TURNS}):"):
            _look(w, f"b > {start}")
            with w.indented(f"for s in range(b, min(b + {TURNS}, {end})):"):
                yield
    else:
        with w.indented(f"for s in range({start}, {end}):"):
            _look(w, f"s > {start}")
            yield


def _look(w: Writer, later: str) -> None:
    """Ask for signals, if there were some turns and it is another second."""
    with w.indented(f"if {later} and seconds() != tick:"):
        w.line("tick = seconds()")
        with w.indented("if interrupted():"):
            w.line("raise Interrupted")

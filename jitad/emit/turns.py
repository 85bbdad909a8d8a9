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
way forth go through a stretch again::

    @part
    def turns0(first, n, size, c0, m0):
        row = first // size
        g0 = m0[0, row]
        for lo in range(first, n, size):
            hi = min(lo + size, n)
            m0[0, row] = g0
            row += 1
            for s in range(lo, hi):
                c0[s - lo] = g0
                g0 = step0(g0)
        m0[0, row] = g0

    @part
    def turns1(n, size, c0, x0, _c0, m0):
        ...
        for lo in range((n - 1) // size * size, -1, -size):
            hi = min(lo + size, n)
            if hi < n:
                turns0(lo, hi, size, _c0, m0)
            for s in range(n - hi, n - lo):
                t = n - 1 - s
                g0 = step1(g0, x0[t - lo])
        c0[n & 1] = g0
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext

from jitad.emit.handed import Handed, is_number
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

    def write(self, name: str, decorator: str, again: str = "") -> str:
        """The function; `again` is the call that has the way forth go through a stretch again."""
        w, turns, names = self.w, self.turns, ", ".join(self.handed.names)
        end = "n" if turns.count is None else "s"
        w.line(f"@{decorator}")
        if turns.stretch is not None:
            with w.indented(f"def {name}(first, n, size, {names}):"):
                self._forth()
        else:
            with w.indented(f"def {name}({'n, size' if again else 'n'}, {names}):"):
                w.line("tick = 0")
                for b, c in self.carries:
                    if b in self.local:
                        w.line(f"{self.local[b]} = {c.at('0')}")
                if again:
                    self._back(again)
                else:
                    self._through("0", "n")
                w.line(f"last = {end} & 1")
                for b, c in self.carries:
                    if b in self.local:
                        w.line(f"{c.at('0' if b.shape[0] == 1 else 'last' if b.shape[0] == 2 else end)} = {self.local[b]}")
        return w.text()

    def _forth(self) -> None:
        w, marked = self.w, list(zip(self.carries, self.handed.marks, strict=True))
        whole = [(b, c) for b, c in self.carries if b not in self.local and b.shape[0] not in ROWS]  # arrays of all steps
        w.line("tick = 0")
        w.line("row = first // size")
        for (b, c), m in marked:
            self._copy(b, self.local.get(b) or c.at(self._row(b, "first", "0")), m.at("row"))
        with w.indented("for lo in range(first, n, size):"):
            w.line("hi = min(lo + size, n)")
            with w.indented("if lo > first:") if whole else nullcontext():
                for b, c in whole:
                    self._copy(b, c.at("0"), c.at("size"))
            for (b, c), m in marked:
                self._copy(b, m.at("row"), self.local.get(b) or c.at(self._row(b, "lo", "0")))
            w.line("row += 1")
            _look(w, "lo > first")
            self._through("lo", "hi")
        with w.indented("if n > first:"):  # else what is at the end is what was at the start
            for (b, c), m in marked:
                self._copy(b, m.at("row"), self.local.get(b) or c.at(self._row(b, "n", "n - (row - 1) * size")))

    def _copy(self, b: Buffer, to: str, source: str) -> None:
        """``to = source`` for a row of a carry, element by element: of arrays, Numba would compile long."""
        array, index = to.partition("[")[0], "".join(f", j{k}" for k in range(1, len(b.shape)))
        with ExitStack() as loops:
            for k in range(1, len(b.shape)):
                loops.enter_context(self.w.indented(f"for j{k} in range({array}.shape[{k}]):"))
            if index:
                to, source = (f"{text[:-1]}{index}]" for text in (to, source))
            self.w.line(f"{to} = {source}")

    def _back(self, again: str) -> None:
        w = self.w
        with w.indented("for lo in range((n - 1) // size * size, -1, -size):"):
            w.line("hi = min(lo + size, n)")
            _look(w, "hi < n")
            with w.indented("if hi < n:"):
                w.line(again)
            self._through("n - hi", "n - lo")

    def _through(self, start: str, end: str) -> None:
        """The turns from one to another."""
        w, turns, local = self.w, self.turns, self.local
        t = "t" if turns.reverse else "s"
        far = set() if turns.again is None else set(turns.again.carries)  # of which there is one stretch
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
            if turns.stretch is not None or far:
                w.line(f"k = {t} - lo")
            if turns.stretch is not None:
                for b, c in kept:
                    w.line(f"{c.at('k')} = {local[b]}")
            w.line(f"{', '.join(numbers)} = {call}" if numbers else call)
            for b, g in local.items():
                if b.dtype not in (FLOAT, INT, BOOL):
                    w.line(f"{g} = {b.dtype.name}({g})")
            if turns.stretch is None:
                for b, c in kept:
                    w.line(f"{c.at('s + 1')} = {local[b]}")

    def _row(self, b: Buffer, s: str, k: str) -> str:
        """Which row of a carry holds what it is before step s; k is the number of the row if a stretch is all that is kept."""
        if b.shape[0] in ROWS:
            return ROWS[b.shape[0]].format(s)
        return s if self.turns.stretch is None else k


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

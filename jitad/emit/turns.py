"""Loops whose step is a program of its own: a function for the step, and one that takes all steps.

For ``x = x + 0.1*v[t]`` along v, where only the end is asked for::

    @step
    def step0(a0, a1, r0, n0_0):
        ...

    @part
    def turns0(n, c0, x0, n0_0):
        tick = 0
        for s in range(n):
            if s and seconds() != tick:  # ask for Ctrl-C, once in a second
                tick = seconds()
                if interrupted():
                    raise Interrupted
            step0(c0[s & 1], x0[s], c0[s + 1 & 1], n0_0)

    def kernel(a0, a1):
        t0 = empty((2, n0_0), float64)
        ...
        turns0(n1_0, t0, a1, n0_0)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext

from jitad.emit.handed import Handed, is_number
from jitad.emit.signals import TURNS
from jitad.emit.writer import Writer
from jitad.ir.types import BOOL, FLOAT, INT
from jitad.lower.nest import Let, Store, Turns
from jitad.lower.scalar import Buffer

ROWS: dict[object, str] = {1: "0", 2: "{} & 1"}  # of a carry, by how many it has


def all_turns(turns: Turns, name: str, step: str, lengths: Iterable[str], handed: Handed, decorator: str) -> str:
    """The function that takes all steps, or those of one stretch, by calls of `step`, which takes `lengths` besides."""
    parted = turns.stretch is not None or turns.again is not None
    before = set() if turns.again is None else set(turns.again.carries)  # of which there is one stretch
    t = "t" if turns.reverse else "s"
    start, end = ("lo", "hi") if parted else ("0", "n" if turns.count is None else "s")
    carries = list(zip(turns.carries, handed.carries, strict=True))
    local = {b: f"g{k}" for k, b in enumerate(turns.carries) if is_number(b)}  # in registers
    then = [(local.get(b) or c.format(row_of(turns, b, "s", 1)), b) for b, c in carries]
    then += [(y.format(t), b) for y, b in zip(handed.results, turns.results, strict=True)]
    arrays, numbers = [[place for place, b in then if is_number(b) == is_one] for is_one in (False, True)]
    given = [local.get(b) or c.format(row_of(turns, b, "s")) for b, c in carries]
    slices = [x.format(f"{t} - first" if b in before else t) for x, b in zip(handed.slices, turns.slices, strict=True)]
    call = f"{step}({', '.join([*given, *slices, *handed.constants, *arrays, *handed.scratch, *lengths])})"
    w = Writer()
    w.line(f"@{decorator}")
    with w.indented(f"def {name}({', '.join([*(['lo', 'hi'] if parted else []), 'n', *handed.names])}):"):
        w.line("tick = 0")
        if before:
            w.line("first = n - hi")
        for b, c in carries:
            if b in local:
                w.line(f"{local[b]} = {c.format(row_of(turns, b, start))}")
        with _loop(w, turns, start, end, given[-1] if given else ""):
            if turns.reverse:
                w.line("t = n - 1 - s")
            w.line(f"{', '.join(numbers)} = {call}" if numbers else call)
            for b, c in carries:
                if b in local and b.dtype not in (FLOAT, INT, BOOL):
                    w.line(f"{local[b]} = {b.dtype.name}({local[b]})")
                if b in local and b.shape[0] not in ROWS:
                    w.line(f"{c.format(row_of(turns, b, 's', 1))} = {local[b]}")
        for b, c in carries:
            if b in local:
                w.line(f"{c.format(row_of(turns, b, end))} = {local[b]}")
    return w.text()


def row_of(turns: Turns, b: Buffer, s: str, more: int = 0) -> str:
    """Which row of a carry holds what it is before step s, or some steps later."""
    later = f"{s} + {more}" if more else s
    if b.shape[0] in ROWS:
        return ROWS[b.shape[0]].format(later)
    return later if turns.stretch is None else "0" if later == "lo" else f"{later} - lo"


@contextmanager
def _loop(w: Writer, turns: Turns, start: str, end: str, goes_on: str) -> Iterator[None]:
    """The loop itself, in which signals are asked for; what is inside of this is one turn."""
    short = all(isinstance(step, (Let, Store)) for step in turns.step.block.steps)  # nothing but arithmetic
    if turns.count is not None:
        w.line("s = 0")
        with w.indented(f"while {goes_on}:"):
            look(w, "s")
            if short:
                w.line(f"b = s + {TURNS}")
            with w.indented(f"while {goes_on} and s < b:") if short else nullcontext():
                yield
                w.line("s += 1")
        w.line("n[0] = s")
    elif short:
        with w.indented(f"for b in range({start}, {end}, {TURNS}):"):
            look(w, "b" if start == "0" else f"b > {start}")
            with w.indented(f"for s in range(b, min(b + {TURNS}, {end})):"):
                yield
    else:
        with w.indented(f"for s in range({end if start == '0' else f'{start}, {end}'}):"):
            look(w, "s" if start == "0" else f"s > {start}")
            yield


def look(w: Writer, taken: str) -> None:
    """Ask for signals, if there were some turns and it is another second."""
    with w.indented(f"if {taken} and seconds() != tick:"):
        w.line("tick = seconds()")
        with w.indented("if interrupted():"):
            w.line("raise Interrupted")

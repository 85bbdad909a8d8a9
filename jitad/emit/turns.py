"""Loops whose step is a program of its own: a function for the step, and one that takes all steps.

For ``x = x + 0.1*v[t]`` along v, where only the end is asked for::

    @step
    def step0(a0, a1, r0, n0_0):
        ...

    @part
    def turns0(n, c0, x0, n0_0):
        for s in range(n):
            step0(c0[s & 1], x0[s], c0[s + 1 & 1], n0_0)

    def kernel(a0, a1):
        t0 = empty((2, n0_0), float64)
        ...
        turns0(n1_0, t0, a1, n0_0)
"""

from __future__ import annotations

import re

from jitad.config import Options
from jitad.emit.cpu import NAME, Emitter
from jitad.emit.into import Into
from jitad.emit.writer import Writer
from jitad.lower.nest import Repeat, Turns
from jitad.lower.scalar import Buffer

HELPERS = re.compile(r"\b(same|part|run|rows|step|turns)(\d+(?:_\d+)*)\b")
ROWS: dict[object, str] = {1: "0", 2: "s{} & 1"}  # of a carry, by how many it has


class _Step(Into):
    """Writes the function of a step: lengths, results and memory are arguments."""

    def __init__(self, turns: Turns, options: Options):
        super().__init__(turns.step, options)
        self.taken: list[str] = []

    def arguments(self) -> list[str]:
        return [*Emitter.arguments(self), *self.taken, *self.e.symbols.values()]

    def take(self, names: list[str]) -> None:
        self.taken = names

    def lengths(self, w: Writer) -> None:
        """Those of the caller."""


def write_turns(outer: Emitter, step: Repeat, w: Writer) -> None:
    """The call of a loop; its functions go to the helpers of the kernel."""
    turns = step.turns
    number = sum(name.startswith("turns") for name in outer.e.helpers)
    inner = _Step(turns, outer.options)
    text = HELPERS.sub(lambda m: f"{m[1]}{number}_{m[2]}", inner.emit())
    before, _, own = text.rpartition(f"def {NAME}(")
    lengths = list(inner.e.symbols.values())
    outer.e.helpers[f"step{number}"] = f"{before}@{outer.decorator.replace('part', 'step')}\ndef step{number}({own}"
    outer.e.helpers[f"turns{number}"] = _all_turns(turns, number, outer.decorator, lengths)
    for symbol, name in inner.e.symbols.items():
        outer.e.symbols.setdefault(symbol, name)
    numbers = iter(step.numbers)
    constants = [outer.e.name(next(numbers)) if b is None else outer.e.buffer(b) for b in turns.constants]
    arrays = [b for b in (*turns.carries, *turns.slices, *turns.results, *turns.scratch) if b is not None]
    first = outer.e.buffer(turns.count) if turns.count is not None else outer.e.size(turns.length)  # type: ignore[arg-type]
    arguments = [first, *map(outer.e.buffer, arrays), *constants, *lengths]
    w.line(f"turns{number}({', '.join(arguments)})")


def _all_turns(turns: Turns, number: int, decorator: str, lengths: list[str]) -> str:
    """The function that takes all steps."""
    t = "t" if turns.reverse else "s"
    carries, results = _named("c", turns.carries), _named("y", turns.results)
    slices = [name if b is not None else "" for name, b in zip(_named("x", turns.slices), turns.slices, strict=True)]
    scratch, constants = _named("w", turns.scratch), _named("k", turns.constants)
    then = [(f"{name}[{_row(b).format(' + 1')}]", b) for name, b in zip(carries, turns.carries, strict=True)]
    then += [(f"{name}[{t}]", b) for name, b in zip(results, turns.results, strict=True)]
    arrays, numbers = [[place for place, b in then if (len(b.shape) == 1) == is_number] for is_number in (False, True)]
    given = [f"{name}[{_row(b).format('')}]" for name, b in zip(carries, turns.carries, strict=True)]
    given += [f"{name}[{t}]" if name else t for name in slices]
    call = f"step{number}({', '.join([*given, *constants, *arrays, *scratch, *lengths])})"
    w = Writer()
    w.line(f"@{decorator}")
    taken = ["n", *carries, *filter(None, slices), *results, *scratch, *constants, *lengths]
    with w.indented(f"def turns{number}({', '.join(taken)}):"):
        if turns.count is None:
            with w.indented("for s in range(n):"):
                if turns.reverse:
                    w.line("t = n - 1 - s")
                w.line(f"{', '.join(numbers)} = {call}" if numbers else call)
        else:
            w.line("s = 0")
            with w.indented(f"while {given[len(carries) - 1]}:"):
                w.line(f"{', '.join(numbers)} = {call}")
                w.line("s += 1")
            w.line("n[0] = s")
    return w.text()


def _named(letter: str, found: tuple) -> list[str]:
    return [f"{letter}{k}" for k in range(len(found))]


def _row(b: Buffer) -> str:
    """Which row of a carry a step reads."""
    return ROWS.get(b.shape[0], "s{}")

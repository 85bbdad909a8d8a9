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

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from jitad.config import Options
from jitad.emit.cpu import NAME, Emitter
from jitad.emit.into import Into
from jitad.emit.signals import TURNS
from jitad.emit.writer import Writer
from jitad.ir.sizes import Steps, Sym
from jitad.ir.types import BOOL, FLOAT, INT
from jitad.lower.nest import Let, Repeat, Store, Turns
from jitad.lower.scalar import Buffer

HELPERS = re.compile(r"\b(same|part|run|rows|step|turns)(\d+(?:_\d+)*)\b")
ROWS: dict[object, str] = {1: "0", 2: "s{} & 1"}  # of a carry, by how many it has


class _Step(Into):
    """Writes the function of a step: lengths, results and memory are arguments."""

    def __init__(self, turns: Turns, options: Options):
        super().__init__(turns.step, options)
        self.taken: list[str] = []

    def arguments(self) -> list[str]:
        return [*Emitter.arguments(self), *self.taken, *self.taken_lengths().values()]

    def taken_lengths(self) -> dict[Sym, str]:
        """Those of the caller, which may have computed them, by their names here."""
        own = self.program.measured
        return self.e.symbols | {s: name for s, name in self.e.lengths.items() if s not in own}

    def take(self, names: list[str]) -> None:
        self.taken = names

    def lengths(self, w: Writer) -> None:
        """Those of the caller."""


def write_turns(outer: Emitter, step: Repeat, w: Writer) -> None:
    """The call of a loop; its functions go to the helpers of the kernel."""
    turns = step.turns
    number = sum(name.startswith("turns") for name in outer.e.helpers)
    inner = _Step(turns, outer.options)
    written = inner.emit()
    text = HELPERS.sub(lambda m: f"{m[1]}{number}_{m[2]}", written)
    before, _, own = text.rpartition(f"def {NAME}(")
    taken = inner.taken_lengths()
    lengths = list(taken.values())
    name = outer.e.steps.setdefault(written, f"step{number}") if turns.twice else f"step{number}"
    if name not in outer.e.helpers:
        decorator = outer.decorator if turns.twice else outer.decorator.replace("part", "step")
        outer.e.helpers[name] = f"{before}@{decorator}\ndef {name}({own}"
    outer.e.helpers[f"turns{number}"] = _all_turns(turns, number, name, outer.decorator, lengths)
    given = [outer.e.length(s) if isinstance(s, Steps) else outer.e.symbols.setdefault(s, name) for s, name in taken.items()]
    numbers = iter(step.numbers)
    constants = [outer.e.name(next(numbers)) if b is None else outer.e.buffer(b) for b in turns.constants]
    arrays = [b for b in (*turns.carries, *turns.slices, *turns.results, *turns.scratch) if b is not None]
    first = outer.e.buffer(turns.count) if turns.count is not None else outer.e.size(turns.length)  # type: ignore[arg-type]
    arguments = [first, *map(outer.e.buffer, arrays), *constants, *given]
    w.line(f"turns{number}({', '.join(arguments)})")


def _all_turns(turns: Turns, number: int, step: str, decorator: str, lengths: list[str]) -> str:
    """The function that takes all steps."""
    t = "t" if turns.reverse else "s"
    carries, results = _named("c", turns.carries), _named("y", turns.results)
    slices = [name if b is not None else "" for name, b in zip(_named("x", turns.slices), turns.slices, strict=True)]
    scratch, constants = _named("w", turns.scratch), _named("k", turns.constants)
    local = {c: f"g{k}" for k, (c, b) in enumerate(zip(carries, turns.carries, strict=True)) if _is_number(b)}  # in registers
    kept = dict(zip(carries, turns.carries, strict=True))
    then = [(local.get(c) or f"{c}[{_row(b).format(' + 1')}]", b) for c, b in kept.items()]
    then += [(f"{name}[{t}]", b) for name, b in zip(results, turns.results, strict=True)]
    arrays, numbers = [[place for place, b in then if _is_number(b) == is_number] for is_number in (False, True)]
    given = [local.get(c) or f"{c}[{_row(b).format('')}]" for c, b in kept.items()]
    given += [f"{name}[{t}]" if name else t for name in slices]
    call = f"{step}({', '.join([*given, *constants, *arrays, *scratch, *lengths])})"
    w = Writer()
    w.line(f"@{decorator}")
    taken = ["n", *carries, *filter(None, slices), *results, *scratch, *constants, *lengths]
    with w.indented(f"def turns{number}({', '.join(taken)}):"):
        w.line("tick = 0")
        for c, name in local.items():
            w.line(f"{name} = {c}[0]")
        with _loop(w, turns, given[len(carries) - 1] if carries else ""):
            if turns.reverse:
                w.line("t = n - 1 - s")
            w.line(f"{', '.join(numbers)} = {call}" if numbers else call)
            for c, name in local.items():
                if kept[c].dtype not in (FLOAT, INT, BOOL):
                    w.line(f"{name} = {kept[c].dtype.name}({name})")
                if _row(kept[c]) == "s{}":
                    w.line(f"{c}[s + 1] = {name}")
        for c, name in local.items():
            w.line(f"{c}[{_row(kept[c]).format('').replace('s', 'n' if turns.count is None else 's')}] = {name}")
    return w.text()


def _is_number(b: Buffer) -> bool:
    """Whether there is a number in each row."""
    return len(b.shape) == 1


@contextmanager
def _loop(w: Writer, turns: Turns, goes_on: str) -> Iterator[None]:
    """The loop itself, in which signals are asked for; what is inside of this is one turn."""
    short = all(isinstance(step, (Let, Store)) for step in turns.step.block.steps)  # nothing but arithmetic
    if turns.count is not None:
        w.line("s = 0")
        with w.indented(f"while {goes_on}:"):
            _look(w, "s")
            if short:
                w.line(f"b = s + {TURNS}")
            with w.indented(f"while {goes_on} and s < b:") if short else nullcontext():
                yield
                w.line("s += 1")
        w.line("n[0] = s")
    elif short:
        with w.indented(f"for b in range(0, n, {TURNS}):"):
            _look(w, "b")
            with w.indented(f"for s in range(b, min(b + {TURNS}, n)):"):
                yield
    else:
        with w.indented("for s in range(n):"):
            _look(w, "s")
            yield


def _look(w: Writer, taken: str) -> None:
    """Ask for signals, if there were some turns and it is another second."""
    with w.indented(f"if {taken} and seconds() != tick:"):
        w.line("tick = seconds()")
        with w.indented("if interrupted():"):
            w.line("raise Interrupted")


def _named(letter: str, found: tuple) -> list[str]:
    return [f"{letter}{k}" for k in range(len(found))]


def _row(b: Buffer) -> str:
    """Which row of a carry a step reads."""
    return ROWS.get(b.shape[0], "s{}")

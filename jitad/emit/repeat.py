"""Loops of steps in a kernel: the functions that they are made of, and the call.

The function of the step (see :mod:`jitad.emit.into`), and the one that takes all steps (:mod:`jitad.emit.turns`).
"""

from __future__ import annotations

import re

from jitad.config import Options
from jitad.emit.cpu import NAME, Emitter
from jitad.emit.expression import Expressions
from jitad.emit.handed import Handed
from jitad.emit.into import Into
from jitad.emit.memory import laid_out
from jitad.emit.turns import AllTurns
from jitad.emit.writer import Writer
from jitad.ir.sizes import Steps, Sym
from jitad.lower.memory import scratch_of
from jitad.lower.nest import Repeat, Turns
from jitad.lower.scalar import Buffer

LENGTH = re.compile(r"\bn\d+_\d+\b")
HELPERS = re.compile(r"\b(same|part|run|rows|step|turns)(\d+(?:_\d+)*)\b")


class _Step(Into):
    """Writes the function of a step: lengths, results and memory are arguments.

    What calls it has looked whether all lies within the memory: once, and not in the loop, where a way out would keep LLVM from
    taking out what counts references to arrays.
    """

    view = "laid"

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
    turns, e = step.turns, outer.e
    number = len(e.turns)
    function, taken, scratch = _step_of(outer, turns, number)
    lengths = {name: e.length(s) if isinstance(s, Steps) else e.symbols.setdefault(s, name) for s, name in taken.items()}
    for b, buffers in zip(turns.scratch, scratch, strict=True):
        w.all(f"shaped({e.buffer(b)}, {start}, {shape})" for _, start, shape in laid_out(buffers, e)[0])
    if turns.length == 1:
        e.turns[turns] = function, None
        return _call(step, function, list(lengths.values()), e, w)
    handed = Handed(turns, map(e.name, step.numbers), lengths, e)
    writer, name = AllTurns(turns, handed, function, list(lengths)), f"turns{number}"
    decorator = outer.compiled("part", apart=turns.again is None)  # that has another one write what it reads
    n = e.buffer(turns.count) if turns.count is not None else e.size(turns.length)  # type: ignore[arg-type]
    if turns.again is not None:
        forth, others = e.turns[turns.again]
        arguments = [n, e.size(turns.again.rows)]  # type: ignore[arg-type]
        handed.append(others)
        e.helpers[name] = writer.write(name, decorator, forth, others)
    else:
        arguments = [n] if turns.rows is None else ["int64(0)", n, n, "int64(0)", e.size(turns.rows)]
        e.helpers[name] = writer.write(name, decorator)
    e.turns[turns] = name, handed
    w.line(f"{name}({', '.join([*arguments, *handed.given])})")


def _call(step: Repeat, function: str, lengths: list[str], e: Expressions, w: Writer) -> None:
    """The call of the step itself, where there is one turn only."""
    turns, numbers = step.turns, map(e.name, step.numbers)
    given = [next(numbers) if b is None else e.buffer(b) for b in turns.constants]
    call = f"{function}({', '.join([*given, *map(e.buffer, (*turns.whole, *turns.scratch)), *lengths])})"
    results = [f"{e.buffer(b)}[0]" for b in turns.results]
    w.line(f"{', '.join(results)} = {call}" if results else call)


def _step_of(outer: Emitter, turns: Turns, number: int) -> tuple[str, dict[Sym, str], list[list[Buffer]]]:
    """The name of the function of the step, the lengths that it takes by their names there, and what it has in its memory."""
    inner = _Step(turns, outer.options)
    written = inner.emit()
    several = turns.twice or turns.length == 1  # loops may take the same step
    if several:  # whatever the lengths are called
        names = {name: f"n{k}" for k, name in enumerate(inner.taken_lengths().values())}
        written = LENGTH.sub(lambda m: names.get(m[0], m[0]), written)
    text = HELPERS.sub(lambda m: f"{m[1]}{number}_{m[2]}", written)
    before, _, own = text.rpartition(f"def {NAME}(")
    name = outer.e.steps.setdefault(written, f"step{number}") if several else f"step{number}"
    if name not in outer.e.helpers:
        kind = "part" if several else "straight" if turns.is_straight else "step"
        decorator = outer.compiled(kind, apart=not turns.step.in_place)
        outer.e.helpers[name] = f"{before}@{decorator}\ndef {name}({own}"
    return name, inner.taken_lengths(), list(scratch_of(inner.program).values())

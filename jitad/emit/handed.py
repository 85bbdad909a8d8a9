"""What the function that takes all steps of a loop is handed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from jitad.emit.expression import Expressions
from jitad.lower.nest import Turns
from jitad.lower.scalar import Buffer


@dataclass(frozen=True)
class Rows:
    """An array by steps, as a function calls it: an argument, or one of several that are one argument; without a name, none."""

    name: str = ""
    number: int | None = None

    def at(self, row: str) -> str:
        """What belongs to one step; of no array, the number of the step."""
        if not self.name:
            return row
        return f"{self.name}[{row}]" if self.number is None else f"{self.name}[{self.number}, {row}]"

    def handed(self, b: Buffer, row: str) -> str:
        """The same where it is handed over: a number, or an array."""
        return self.at(row) if is_number(b) else f"row_of({self.name}, {row})"


class Handed:
    """How the function calls what it is handed (`names`), what that is where it is called (`given`), and the arrays by steps.

    Arrays of numbers that are rows of one array in the kernel are handed over as that: each that is handed over takes its time.
    """

    def __init__(self, turns: Turns, numbers: Iterable[str], lengths: Mapping[str, str], e: Expressions):
        self.e, self.turns = e, turns
        self.names: list[str] = []
        self.given: list[str] = []
        alone = turns.rows is not None  # numbers of which no steps are kept are in no memory but the marks
        self.carries = self._rows("c", [None if alone and is_number(b) and b.shape[0] == 2 else b for b in turns.carries])
        self.slices = self._rows("x", turns.slices)
        self.results = self._rows("y", turns.results)
        there = iter(numbers)
        self.constants = self._whole("k", [next(there) if b is None else e.buffer(b) for b in turns.constants])
        self.scratch = self._whole("w", [e.buffer(b) for b in turns.scratch])
        marks = dict(zip(turns.kept, self._whole("m", [e.buffer(b) for b in turns.kept]), strict=True))
        self.marks = [c if m is None else Rows(marks[m[0]], m[1]) for c, m in zip(self.carries, turns.marks, strict=False)]
        self.starts = "" if turns.starts is None else marks[turns.starts]
        self.names += lengths
        self.given += lengths.values()

    def append(self, other: Handed) -> None:
        """Have what another function is handed handed on."""
        self.names += map(handed_on, other.names)
        self.given += other.given

    def _rows(self, letter: str, arrays: Sequence[Buffer | None]) -> list[Rows]:
        out = []
        known: dict[str, str] = {}
        for k, b in enumerate(arrays):
            if b is None:
                out.append(Rows())
                continue
            place = self.e.places.get(b) if is_number(b) else None
            name = known.setdefault(self.e.buffer(b) if place is None else place.array, f"{letter}{k}")
            out.append(Rows(name, None if place is None else place.row))
        self.names += known.values()
        self.given += known
        return out

    def _whole(self, letter: str, found: list[str]) -> list[str]:
        names = [f"{letter}{k}" for k in range(len(found))]
        self.names += names
        self.given += found
        return names


def handed_on(name: str) -> str:
    """How a function calls what another one calls so."""
    return f"_{name}"


def is_number(b: Buffer) -> bool:
    """Whether there is a number in each row."""
    return len(b.shape) == 1

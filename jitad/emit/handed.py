"""What the function that takes all steps of a loop is handed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from jitad.emit.expression import Expressions
from jitad.lower.nest import Turns
from jitad.lower.scalar import Buffer


class Handed:
    """How the function calls what it is handed (`names`), what that is where it is called (`given`), and how rows are written.

    `carries`, `slices` and `results` have a text for each, into which the number of the row goes: ``c0[{}]``. Arrays of numbers
    that are rows of one array in the kernel are handed over as that, ``c0[3, {}]``: each that is handed over takes its time.
    """

    def __init__(self, turns: Turns, numbers: Iterable[str], lengths: Mapping[str, str], e: Expressions):
        self.e = e
        self.names: list[str] = []
        self.given: list[str] = []
        self.carries = self._rows("c", turns.carries)
        self.slices = self._rows("x", turns.slices)
        self.results = self._rows("y", turns.results)
        there = iter(numbers)
        self.constants = self._whole("k", [next(there) if b is None else e.buffer(b) for b in turns.constants])
        self.scratch = self._whole("w", [e.buffer(b) for b in turns.scratch])
        self.names += lengths
        self.given += lengths.values()

    def _rows(self, letter: str, arrays: Sequence[Buffer | None]) -> list[str]:
        out = []
        known: dict[str, str] = {}
        for k, b in enumerate(arrays):
            if b is None:
                out.append("{}")  # the number of the turn
                continue
            place = self.e.places.get(b) if is_number(b) else None
            name = known.setdefault(self.e.buffer(b) if place is None else place.array, f"{letter}{k}")
            out.append(f"{name}[{{}}]" if place is None else f"{name}[{place.row}, {{}}]")
        self.names += known.values()
        self.given += known
        return out

    def _whole(self, letter: str, found: list[str]) -> list[str]:
        names = [f"{letter}{k}" for k in range(len(found))]
        self.names += names
        self.given += found
        return names


def is_number(b: Buffer) -> bool:
    """Whether there is a number in each row."""
    return len(b.shape) == 1

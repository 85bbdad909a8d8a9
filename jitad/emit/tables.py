"""Calls that follow one another again and again, with other arrays each time: one loop over a table of which arrays.

Arrays of one kind lie in a row, as one array with an axis more, so that a number picks one. Forty steps of an integrator are then
one loop, and compile as fast as one step.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_CALL = re.compile(r"^(\s*)((?:same|run)\d+)\((.*)\)$")
LONGEST = 8  # calls that are repeated together
TIMES = 4  # as often they have to be


@dataclass
class Rolled:
    """A kernel with loops over tables.

    Attributes
    ----------
    lines : list of str
    tables : list of str
        Definitions of the tables.
    rows : dict
        For each kind of arrays its members, in order.
    """

    lines: list[str]
    tables: list[str] = field(default_factory=list)
    rows: dict[int, list[str]] = field(default_factory=dict)


def roll(lines: Sequence[str], kinds: Mapping[str, int]) -> Rolled:
    """Lines with runs of calls rolled up. `kinds` gives arrays, by name, that may lie in a row, and which with which."""
    out = Rolled([])
    calls = [_CALL.match(line) for line in lines]
    texts = [(m[2], m[3].split(", ")) if m else None for m in calls]
    k = 0
    while k < len(lines):
        period, times = _run(texts, k, kinds)
        if times < TIMES:
            out.lines.append(lines[k])
            k += 1
            continue
        indent = calls[k][1]  # type: ignore[index]
        repeats = [[texts[k + t * period + j] for j in range(period)] for t in range(times)]
        out.lines += [indent + line for line in _loop(repeats, kinds, out)]
        k += period * times
    return out


_Call = tuple[str, list[str]]


def _run(texts: Sequence[_Call | None], start: int, kinds: Mapping[str, int]) -> tuple[int, int]:
    """Of the longest run of repeated calls from here on, how many are repeated and how often."""
    best = (1, 1)
    for period in range(1, LONGEST + 1):
        times = 1
        while _alike(texts[start : start + period], texts[start + times * period : start + (times + 1) * period], kinds):
            times += 1
        if (times - 1) * period > (best[1] - 1) * best[0]:
            best = (period, times)
    return best


def _alike(first: Sequence[_Call | None], other: Sequence[_Call | None], kinds: Mapping[str, int]) -> bool:
    """Whether calls differ in arrays of one kind, and in numbers, at most."""
    if len(first) != len(other):
        return False
    for a, b in zip(first, other, strict=True):
        if a is None or b is None or a[0] != b[0]:
            return False
        if not all(_may_differ(x, y, kinds) for x, y in zip(a[1], b[1], strict=True)):
            return False
    return True


def _may_differ(x: str, y: str, kinds: Mapping[str, int]) -> bool:
    both = x.isdigit() and y.isdigit()
    return x == y or both or (x in kinds and kinds[x] == kinds.get(y))


def _loop(repeats: list, kinds: Mapping[str, int], out: Rolled) -> list[str]:
    """A loop over the repeats."""
    number = len(out.tables)
    columns: list[list[int]] = []
    body = []
    for j, (function, arguments) in enumerate(repeats[0]):
        given = []
        for p, name in enumerate(arguments):
            found = [r[j][1][p] for r in repeats]
            if len(set(found)) == 1:
                given.append(name)
                continue
            if name.isdigit():
                column = [int(n) for n in found]
            else:
                row = out.rows.setdefault(kinds[name], [])
                row += [n for n in dict.fromkeys(found) if n not in row]
                column = [row.index(n) for n in found]
            if column not in columns:
                columns.append(column)
            looked_up = f"rows{number}[k, {columns.index(column)}]"
            given.append(looked_up if name.isdigit() else f"u{kinds[name]}[{looked_up}]")
        body.append(f"    {function}({', '.join(given)})")
    out.tables.append(f"rows{number} = table({tuple(zip(*columns, strict=True))})\n")
    return [f"for k in range({len(repeats)}):", *body]

"""Statements that follow one another again and again, with other arrays each time: one loop over a table of which arrays.

Arrays of one kind lie in a row, as one array with an axis more, so that a number picks one. Forty steps of an integrator are then
one loop, and compile as fast as one step.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jitad.emit.expression import Place

_VARIES = re.compile(r"int64\((\d+)\)|\b(t\d+)\b(?:\[(\d+)\])?")
LONGEST = 40  # statements that are repeated together
MARK = "#"
INDENT = "    "
TIMES = 4  # as often they have to be


@dataclass
class Rolled:
    """A kernel with loops over tables.

    Attributes
    ----------
    lines : list of str
    tables : list of str
        Definitions of the tables.
    """

    lines: list[str]
    tables: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Statement:
    """A line, and what in it may be looked up: `form` has a mark in place of each number of `values`."""

    line: str
    form: str
    values: tuple[int, ...]


def roll(lines: Sequence[str], places: Mapping[str, Place], numbers: str = "") -> Rolled:
    """Lines with runs of statements rolled up that differ in numbers, and in arrays, at most.

    `places` gives arrays, by name, that lie in a row, and where; `numbers` is the name of an array of scalars.
    """
    out = Rolled([])
    statements = [_statement(line, places, numbers) for line in lines]
    k = 0
    while k < len(lines):
        period, times = _run(statements, k)
        if times < TIMES:
            out.lines.append(lines[k])
            k += 1
            continue
        repeats = [[statements[k + t * period + j] for t in range(times)] for j in range(period)]
        out.lines += _loop(repeats, out)
        k += period * times
    return out


def _statement(line: str, places: Mapping[str, Place], numbers: str) -> _Statement | None:
    """A line that is a whole statement; None if it is part of a block."""
    if line.startswith(INDENT + " ") or line.endswith(":"):
        return None
    values: list[int] = []

    def marked(found: re.Match) -> str:
        number, array, element = found.groups()
        if number is not None:
            values.append(int(number))
            return MARK
        if array == numbers and element is not None:
            values.append(int(element))
            return f"{array}[{MARK}]"
        if array in places:
            values.append(places[array].row)
            return f"{places[array].array}[{MARK}]" + found[0][len(array):]
        return found[0]

    return _Statement(line, _VARIES.sub(marked, line), tuple(values))


def _run(statements: Sequence[_Statement | None], start: int) -> tuple[int, int]:
    """Of the longest run of repeated statements from here on, how many are repeated and how often."""
    best = (1, 1)
    forms = [s.form if s else None for s in statements[start : start + LONGEST]]
    for period in range(1, LONGEST + 1):
        if None in forms[:period]:
            break
        end = start
        while end + period < len(statements) and (s := statements[end + period]) and s.form == statements[end].form:  # type: ignore
            end += 1
        times = (end - start) // period + 1
        if (times - 1) * period > (best[1] - 1) * best[0]:
            best = (period, times)
    return best


def _loop(repeats: list, out: Rolled) -> list[str]:
    """A loop over the repeats of each statement."""
    table = len(out.tables)
    columns: list[tuple[int, ...]] = []
    body = []
    for found in repeats:
        texts: list[str | None] = []
        for values in zip(*(s.values for s in found), strict=True):
            if len(set(values)) == 1:
                texts.append(None)
                continue
            if values not in columns:
                columns.append(values)
            texts.append(f"rows{table}[k, {columns.index(values)}]")
        body.append(INDENT + _filled(found[0], texts))
    out.tables.append(f"rows{table} = table({tuple(zip(*columns, strict=True))})\n")
    return [f"{INDENT}for k in range({len(repeats[0])}):", *body]


def _filled(statement: _Statement, texts: Sequence[str | None]) -> str:
    """The statement with what is looked up in place of its numbers; with a number where it is always the same."""
    out, *rest = statement.form.split(MARK)
    for text, value, after in zip(texts, statement.values, rest, strict=True):
        plain = str(value) if out.endswith("[") else f"int64({value})"
        out += (plain if text is None else text) + after
    return out

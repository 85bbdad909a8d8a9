"""Loops that differ in names only: written once, as a function, and called.

Twenty steps of an integrator in one function are twenty times the same loops over other arrays; compile time is then that of one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NAME = re.compile(r"\b[a-z]\d+(?:_\d+)?\b")
_ASSIGNED = re.compile(r"^\s*(?:for )?([a-z]\d+(?:_\d+)?) (?:=|in) ")
WORTH = 20  # lines that are not written again


@dataclass(frozen=True)
class Piece:
    """Lines of a kernel from `start` to `end` that are a loop; what is used of it behind are the names in `results`."""

    start: int
    end: int
    results: tuple[str, ...]


@dataclass(frozen=True)
class Form:
    """A piece with names in order of appearance: equal for pieces that are the same up to names."""

    text: str
    free: tuple[int, ...]
    results: tuple[int, ...]


def share(lines: list[str], pieces: Sequence[Piece], decorator: str) -> tuple[list[str], dict[str, str]]:
    """The lines with pieces that occur several times replaced by calls, and the functions that are called."""
    forms: dict[Form, list[tuple[Piece, list[str]]]] = {}
    for piece in pieces:
        form, names = form_of(lines[piece.start : piece.end], piece.results)
        forms.setdefault(form, []).append((piece, names))
    functions: dict[str, str] = {}
    out = list(lines)
    for form, found in forms.items():
        length = form.text.count("\n")
        if (len(found) - 1) * length < WORTH:
            continue
        name = f"same{len(functions)}"
        functions[name] = function_of(name, form, decorator)
        for piece, names in found:
            indent = re.match(r"\s*", lines[piece.start])[0]  # type: ignore[index]
            call = f"{name}({', '.join(names[k] for k in form.free)})"
            results = ", ".join(names[k] for k in form.results)
            out[piece.start : piece.end] = [f"{indent}{results} = {call}" if results else indent + call] + [
                ""] * (piece.end - piece.start - 1)  # which keeps the places of others
    return [line for line in out if line], functions


def names_of(text: str) -> set[str]:
    """The names of variables in a text."""
    return set(_NAME.findall(text))


def form_of(lines: Sequence[str], results: Sequence[str] = ()) -> tuple[Form, list[str]]:
    """Lines up to names, and the names."""
    numbers: dict[str, int] = {}
    assigned: set[str] = set()
    free: dict[str, None] = {}
    indent = len(lines[0]) - len(lines[0].lstrip())
    text = []
    for line in lines:
        target = _ASSIGNED.match(line)
        for found in _NAME.finditer(line):
            if found[0] not in assigned and not (target and found.span() == target.span(1)):
                free[found[0]] = None
        if target:
            assigned.add(target[1])
        text.append(_NAME.sub(lambda m: f"x{numbers.setdefault(m[0], len(numbers))}", line[indent:]) + "\n")
    return Form("".join(text), tuple(numbers[n] for n in free), tuple(numbers[n] for n in results)), list(numbers)


def function_of(name: str, form: Form, decorator: str, first: Sequence[str] = ()) -> str:
    """A piece as a function of what it takes from around itself, and of `first`."""
    body = "".join(f"    {line}\n" for line in form.text.splitlines())
    back = f"    return {', '.join(f'x{k}' for k in form.results)}\n" if form.results else ""
    return f"@{decorator}\ndef {name}({', '.join([*first, *(f'x{k}' for k in form.free)])}):\n{body}{back}"

"""Loops that differ in names and in rows of arrays only: written once, as a function, and called.

Twenty steps of an integrator in one function are twenty times the same loops over other arrays; compile time is then that of one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_NAME = re.compile(r"\b[a-z]\d+(?:_\d+)?\b")
_FREE = re.compile(_NAME.pattern + r"|(?<=\b[au]\d\[)\d+(?=, )|(?<=\b[au]\d\d\[)\d+(?=, )")
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


def share(
    lines: list[str], pieces: Sequence[Piece], decorator: Callable[[list[str]], str], every: bool = False,
) -> tuple[list[str], dict[str, str]]:
    """The lines with pieces that occur several times, or `every` piece, replaced by calls; and the functions that are called.

    `decorator` is what compiles a function of what it takes.
    """
    forms: dict[tuple[Form, str], list[tuple[Piece, list[str]]]] = {}
    for piece in pieces:
        form, names = form_of(lines[piece.start : piece.end], piece.results)
        forms.setdefault((form, decorator([names[k] for k in form.free])), []).append((piece, names))
    functions: dict[str, str] = {}
    out = list(lines)
    for (form, compiled_by), found in forms.items():
        length = form.text.count("\n")
        if (len(found) - 1) * length < WORTH and not every:
            continue
        name = f"same{len(functions)}"
        functions[name] = function_of(name, form, compiled_by)
        for piece, names in found:
            indent = re.match(r"\s*", lines[piece.start])[0]  # type: ignore[index]
            call = f"{name}({', '.join(given(names[k]) for k in form.free)})"
            results = ", ".join(names[k] for k in form.results)
            out[piece.start : piece.end] = [f"{indent}{results} = {call}" if results else indent + call] + [
                ""] * (piece.end - piece.start - 1)  # which keeps the places of others
    return [line for line in out if line], functions


def given(name: str) -> str:
    """An argument: of a plain number Numba would make a type, and compile the function anew for each."""
    return f"int64({name})" if name.isdigit() else name


def names_of(text: str) -> set[str]:
    """The names of variables in a text."""
    return set(_NAME.findall(text))


def form_of(lines: Sequence[str], results: Sequence[str] = ()) -> tuple[Form, list[str]]:
    """Lines up to names and up to which rows of arrays they read and write; and these."""
    numbers: dict[str, int] = {}
    texts: list[str] = []
    assigned: set[str] = set()
    free: dict[int, None] = {}
    indent = len(lines[0]) - len(lines[0].lstrip())
    text = []

    def number(key: str, name: str) -> int:
        if key not in numbers:
            numbers[key] = len(texts)
            texts.append(name)
        return numbers[key]

    for line in lines:
        target = _ASSIGNED.match(line)
        out, last, array = [], 0, ""
        for found in _FREE.finditer(line, indent):
            name = found[0]
            k = number(f"{array}[{name}" if name.isdigit() else name, name)
            if name not in assigned and not (target and found.span() == target.span(1)):
                free[k] = None
            out += [line[max(last, indent) : found.start()], f"x{k}"]
            last, array = found.end(), name
        if target:
            assigned.add(target[1])
        text.append("".join(out) + line[max(last, indent):] + "\n")
    return Form("".join(text), tuple(free), tuple(numbers[n] for n in results)), texts


def function_of(name: str, form: Form, decorator: str, first: Sequence[str] = ()) -> str:
    """A piece as a function of what it takes from around itself, and of `first`."""
    body = "".join(f"    {line}\n" for line in form.text.splitlines())
    back = f"    return {', '.join(f'x{k}' for k in form.results)}\n" if form.results else ""
    return f"@{decorator}\ndef {name}({', '.join([*first, *(f'x{k}' for k in form.free)])}):\n{body}{back}"

"""Graphs as plain data: what the keys of kernels are made of.

A graph becomes tuples of numbers, strings and bytes, the same whichever process wrote them: nodes are numbers,
lengths are named by the position and axis of the input that they are read from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jitad.errors import InternalError
from jitad.ir.graph import in_order
from jitad.ir.node import Node
from jitad.ir.sizes import Call, Size, Steps, Sym

Numbers = tuple[Mapping[Node, int] | None, ...]
"""Of the nodes of a graph, then of those of the graphs around it. None stands for all that is around a graph that is
written alone: lengths from there are told apart in this process only."""


def write(inputs: Sequence[Node], roots: Sequence[Node], around: Numbers = ()) -> tuple:
    """Inputs and roots as data; `around` are the numbers of nodes in the graphs of which this one is a part."""
    number = {n: k for k, n in enumerate(inputs)}
    numbers = (number, *around)
    lines: list[tuple] = [("input", plain(n.params[:2], numbers)) for n in inputs]
    for n in in_order(roots, number.__contains__):
        number[n] = len(number)
        lines.append((n.op.name, tuple(number[a] for a in n.args), plain(n.params, numbers)))
    return len(inputs), tuple(lines), tuple(number[r] for r in roots)


def digest(*data: Any) -> str:
    """sha256 of plain data."""
    return hashlib.sha256(repr(data).encode()).hexdigest()


def plain(value: Any, numbers: Numbers = ()) -> Any:
    """A parameter or a size as plain data; `numbers` are those of nodes, of which lengths are computed."""
    if isinstance(value, tuple):
        return ("tuple", *(plain(v, numbers) for v in value))
    if isinstance(value, np.dtype):
        return "dtype", value.str
    if isinstance(value, Size):
        return "size", tuple((tuple((_atom(a, numbers), p) for a, p in monomial), c) for monomial, c in value.terms)
    if value is None or type(value) in (int, float, bool, str, bytes):
        return value
    if isinstance(value, np.integer):
        return int(value)
    if hasattr(value, "written"):  # the body of a loop
        return "body", *(value.written_in(numbers) if value.lengths else value.written)
    raise InternalError(f"a parameter of type {type(value).__name__} cannot be written")


def _atom(atom: Sym | Call, numbers: Numbers) -> tuple:
    if isinstance(atom, Steps):
        for level, number in enumerate(numbers):
            if number is None:
                return "steps", "around", atom.serial
            if atom.node in number:
                return "steps", level, number[atom.node]
        raise InternalError("a length is computed by nothing in the graph")
    if isinstance(atom, Sym):
        return "axis", atom.position, atom.axis
    return "call", atom.function, *(plain(a, numbers) for a in atom.args)

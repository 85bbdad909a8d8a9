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


def write(inputs: Sequence[Node], roots: Sequence[Node]) -> tuple:
    """Inputs and roots as data."""
    number = {n: k for k, n in enumerate(inputs)}
    lines: list[tuple] = [("input", plain(n.params[:2])) for n in inputs]
    for n in in_order(roots, number.__contains__):
        number[n] = len(number)
        lines.append((n.op.name, tuple(number[a] for a in n.args), plain(n.params, number)))
    return len(inputs), tuple(lines), tuple(number[r] for r in roots)


def digest(*data: Any) -> str:
    """sha256 of plain data."""
    return hashlib.sha256(repr(data).encode()).hexdigest()


def plain(value: Any, number: Mapping[Node, int] | None = None) -> Any:
    """A parameter or a size as plain data; `number` are those of nodes, of which lengths are computed."""
    if isinstance(value, tuple):
        return ("tuple", *(plain(v, number) for v in value))
    if isinstance(value, np.dtype):
        return "dtype", value.str
    if isinstance(value, Size):
        return "size", tuple((tuple((_atom(a, number), p) for a, p in monomial), c) for monomial, c in value.terms)
    if value is None or type(value) in (int, float, bool, str, bytes):
        return value
    if isinstance(value, np.integer):
        return int(value)
    if hasattr(value, "written"):  # the body of a loop
        return "body", *value.written
    raise InternalError(f"a parameter of type {type(value).__name__} cannot be written")


def _atom(atom: Sym | Call, number: Mapping[Node, int] | None) -> tuple:
    if isinstance(atom, Steps):
        return "steps", (number or {})[atom.node]
    if isinstance(atom, Sym):
        return "axis", atom.position, atom.axis
    return "call", atom.function, *(plain(a, number) for a in atom.args)

"""Graphs that travel: nodes as plain data that pickles, and back, in this process or another."""

from __future__ import annotations

import copyreg
from collections.abc import Sequence
from typing import Any

from jitad.ir.body import Body
from jitad.ir.node import Node, topological
from jitad.ops.declare import REGISTRY
from jitad.ops.leaf import new_input

Packed = tuple[tuple[tuple[str, tuple[int, ...], tuple[Any, ...]], ...], tuple[int, ...]]


def pack(nodes: Sequence[Node]) -> Packed:
    """All that the nodes depend on, as (op, arguments, parameters) in order, and the numbers of the nodes themselves."""
    number: dict[Node, int] = {}
    lines = []
    for n in topological(nodes):
        number[n] = len(number)
        params = n.params[:2] if n.op.name == "input" else n.params
        lines.append((n.op.name, tuple(number[a] for a in n.args), params))
    return tuple(lines), tuple(number[n] for n in nodes)


def unpack(packed: Packed) -> list[Node]:
    """The nodes again; inputs are fresh ones."""
    lines, wanted = packed
    made: list[Node] = []
    for name, args, params in lines:
        made.append(new_input(*params) if name == "input" else REGISTRY[name].build(tuple(made[k] for k in args), params))
    return [made[k] for k in wanted]


def _body(packed: Packed, inputs: int, carries: int, slices: int) -> Body:
    nodes = unpack(packed)
    return Body(nodes[:inputs], nodes[inputs:], carries, slices)


copyreg.pickle(Body, lambda b: (_body, (pack([*b.inputs, *b.outputs]), len(b.inputs), b.carries, b.slices)))  # type: ignore

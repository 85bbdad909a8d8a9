"""Graphs that travel: nodes as plain data that pickles, and back, in this process or another."""

from __future__ import annotations

import copyreg
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from jitad.ir.body import Body
from jitad.ir.graph import in_order
from jitad.ir.node import Node
from jitad.ir.sizes import Size, Sym, as_symbol, substitute
from jitad.ops.declare import REGISTRY
from jitad.ops.leaf import new_input
from jitad.ops.length import size_of

Packed = tuple[tuple[tuple[str, tuple[int, ...], tuple[Any, ...]], ...], tuple[int, ...]]
Lengths = Mapping[Sym, "int | Size"]


class _PackedBody(NamedTuple):
    """The step of a loop: its inputs, then its outputs."""

    carries: int
    slices: int
    levels: int
    inputs: int
    nodes: Packed


def pack(nodes: Sequence[Node]) -> Packed:
    """All that the nodes depend on, as (op, arguments, parameters) in order, and the numbers of the nodes themselves."""
    number: dict[Node, int] = {}
    lines = []
    for n in in_order(nodes):
        number[n] = len(number)
        params = n.params[:2] if n.op.name == "input" else n.params
        if n.op.name == "length":
            params = (as_symbol(size_of(n)),)  # a symbol like others where it arrives, until there is a node again
        lines.append((n.op.name, tuple(number[a] for a in n.args), tuple(map(_packed, params))))
    return tuple(lines), tuple(number[n] for n in nodes)


def _packed(param: Any) -> Any:
    if isinstance(param, Body):
        return _PackedBody(param.carries, param.slices, param.levels, len(param.inputs), pack([*param.inputs, *param.outputs]))
    return param


def unpack(packed: Packed, around: Lengths | None = None) -> list[Node]:
    """The nodes again; inputs are fresh ones. `around` are the lengths that are computed around them."""
    lines, wanted = packed
    made: list[Node] = []
    lengths = dict(around or {})
    for name, args, params in lines:
        given = tuple(made[k] for k in args)
        if name == "length":
            made.append(REGISTRY[name].build(given, ()))
            lengths[params[0]] = size_of(made[-1])
        else:
            params = tuple(_unpacked(p, lengths) for p in params)
            made.append(new_input(*params) if name == "input" else REGISTRY[name].build(given, params))
    return [made[k] for k in wanted]


def _unpacked(param: Any, lengths: Lengths) -> Any:
    if isinstance(param, _PackedBody):
        nodes = unpack(param.nodes, lengths)
        return Body(nodes[: param.inputs], nodes[param.inputs:], param.carries, param.slices, param.levels)
    if isinstance(param, tuple):
        return tuple(_unpacked(p, lengths) for p in param)
    return substitute(param, lengths) if isinstance(param, Size) else param


def _body(packed: Packed, inputs: int, *numbers: int) -> Body:
    nodes = unpack(packed)
    return Body(nodes[:inputs], nodes[inputs:], *numbers)


copyreg.pickle(Body, lambda b: (_body, (pack([*b.inputs, *b.outputs]), len(b.inputs), b.carries, b.slices, b.levels)))  # type: ignore

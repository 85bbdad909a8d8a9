"""The typechecker: run after every pass in tests."""

from __future__ import annotations

from jitad.errors import InternalError, JitadError
from jitad.ir import sizes
from jitad.ir.graph import Graph
from jitad.ir.node import topological


def check(graph: Graph) -> None:
    """Raise :class:`InternalError` unless the graph is well formed.

    Every node must have the type that its op's rule gives; only the graph's own inputs may be used; every symbol
    must be readable from an input's shape.
    """
    inputs = set(graph.inputs)
    if len(inputs) != len(graph.inputs):
        raise InternalError("an input is listed twice")
    known = {sizes.as_symbol(n) for node in graph.inputs for n in node.shape}
    for node in topological([*graph.outputs, *graph.inputs]):
        if node.op.name == "input":
            if node not in inputs:
                raise InternalError(f"an input of type {node.type} is not one of the graph's")
        else:
            try:
                expected = node.op.type_of(node.args, node.params)
            except JitadError as error:
                raise InternalError(f"{node.op.name}: {error}") from error
            if expected != node.type:
                raise InternalError(f"{node.op.name} has type {node.type}, its rule says {expected}")
        for n in node.shape:
            for symbol in sizes.symbols(n):
                if symbol not in known and not isinstance(symbol, sizes.Steps):
                    raise InternalError(f"{node.op.name}: the length {symbol} cannot be read from an input")

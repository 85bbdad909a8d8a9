"""Run a graph with NumPy: the meaning of every op, and the oracle of every later pass.

With arrays of dtype object that hold mpmath numbers the same graph runs in extended precision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from jitad.errors import InternalError
from jitad.ir import sizes
from jitad.ir.graph import Graph, in_order
from jitad.ir.node import Node
from jitad.ir.sizes import Steps, Sym

Run = Callable[[Node, list, Callable[[Any], Any]], Any]


def bind(args: Sequence[Any]) -> Callable[[Sym], int]:
    """The value of every symbol, read from the arguments of a graph."""
    return lambda symbol: np.shape(args[symbol.position])[symbol.axis]


class Sizer:
    """A function that turns sizes, also in tuples, into integers; `lengths` are those that were computed on the way."""

    def __init__(self, value_of: Callable[[Sym], int]):
        self._value_of = value_of
        self.lengths: dict[Node, int] = {}

    def _value(self, symbol: Sym) -> int:
        return self.lengths[symbol.node] if isinstance(symbol, Steps) else self._value_of(symbol)

    def __call__(self, s: Any) -> Any:
        if isinstance(s, tuple):
            return tuple(self(k) for k in s)
        return s if isinstance(s, int) else sizes.evaluate(s, self._value)


def with_numpy(node: Node, args: list, size: Callable[[Any], Any]) -> Any:
    """One op in NumPy's own arithmetic."""
    return node.op.evaluate(node, args, size)


def evaluate(graph: Graph, args: Sequence[Any], run: Run = with_numpy) -> list[np.ndarray]:
    """The values of the outputs, as fresh arrays of the outputs' dtypes.

    Parameters
    ----------
    graph : Graph
        What to run.
    args : sequence of array_like
        One value for each input.
    run : callable
        How one op is run: :func:`with_numpy`, or :func:`jitad.ir.extended.with_mpmath`.
    """
    value_of = bind(args)
    for guard in graph.guards:
        if not guard.holds(value_of):
            raise InternalError(f"a guard does not hold of the arguments: {guard}")
    values = run_nodes(graph.outputs, dict(zip(graph.inputs, args, strict=True)), Sizer(value_of), run)
    return [np.array(v) for v in values]


def run_nodes(roots: Sequence[Node], known: Mapping[Node, Any], size: Callable[[Any], Any], run: Run = with_numpy) -> list:
    """The values of nodes, given those of some; intermediate values are freed after their last use."""
    order = in_order(roots, known.__contains__)
    last: dict[Node, Node | None] = dict.fromkeys((*known, *roots))  # what uses each node last; None: it is kept
    for node in reversed(order):
        for a in node.args:
            last.setdefault(a, node)
    values = dict(known)
    with np.errstate(all="ignore"):
        for node in order:
            if node.op.name == "input":
                raise InternalError(f"an input of type {node.type} has no value")
            values[node] = run(node, [values[a] for a in node.args], size)
            for a in node.args:
                if last[a] is node:
                    values.pop(a, None)
    return [values[r] for r in roots]

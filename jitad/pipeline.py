"""The passes, in order: from a traced graph to a compiled kernel."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from jitad.emit.cpu import emit
from jitad.ir.graph import Graph, rebuild
from jitad.ir.node import Node, topological
from jitad.lower.nest import Nest, Program
from jitad.lower.schedule import lower
from jitad.ops.leaf import new_input, value_of
from jitad.runtime.compile import compile_source

_kernels: OrderedDict[tuple, Kernel] = OrderedDict()
_lock = threading.RLock()
KEPT = 512  # kernels kept in memory


class Kernel:
    """A compiled graph. Graphs that are equal share one.

    Attributes
    ----------
    graph : Graph
        What it computes; ``print(kernel.graph)``.
    program : Program
        The loops.
    source : str
        The generated Python.
    njit : numba.Dispatcher
        The compiled function of the flattened arguments.
    """

    def __init__(self, graph: Graph):
        self.graph = graph
        self.program: Program = lower(graph)
        self.source = emit(self.program)
        self.njit: Callable = compile_source(self.source, [(n.dtype, n.ndim) for n in graph.inputs])

    @property
    def nests(self) -> list[Nest]:
        """The loop nests: domains, accumulators, what is stored."""
        return self.program.nests


def compile_graph(graph: Graph) -> tuple[tuple, Kernel, list[Any]]:
    """The kernel of a graph, its key, and the constants that it takes as further arguments.

    1. generalize: constants that may differ between traces become arguments, so that the kernel is shared;
    2. key: equal graphs have one kernel;
    3. lower, emit, compile.
    """
    general, constants = generalize(graph)
    key = canonical(general)
    with _lock:
        kernel = _kernels.get(key)
        if kernel is None:
            kernel = _kernels[key] = Kernel(general)
            while len(_kernels) > KEPT:
                _kernels.popitem(last=False)
        _kernels.move_to_end(key)
    return key, kernel, constants


def _stays_literal(value: Any) -> bool:
    """Small multiples of 1/2 belong to a formula; other numbers are its parameters."""
    return value != value or abs(value) == float("inf") or (abs(value) <= 128 and float(2 * value).is_integer())


def generalize(graph: Graph) -> tuple[Graph, list[Any]]:
    """The graph with its float constants as inputs, and their values."""
    found = [n for n in graph.nodes() if n.op.name == "constant" and n.dtype.kind == "f" and not _stays_literal(value_of(n))]
    fresh = [new_input(n.dtype, ()) for n in found]
    outputs = rebuild(graph.outputs, dict(zip(found, fresh, strict=True)))
    return Graph((*graph.inputs, *fresh), tuple(outputs), graph.guards), [value_of(n) for n in found]


def canonical(graph: Graph) -> tuple:
    """A key that is equal for equal computations: positions instead of nodes and serial numbers."""
    number: dict[Node, int] = {n: k for k, n in enumerate(graph.inputs)}
    lines: list[tuple] = [("input", n.dtype, n.shape) for n in graph.inputs]
    for n in topological(graph.outputs, stop=number.__contains__):
        number[n] = len(number)
        lines.append((n.op.name, tuple(number[a] for a in n.args), n.params))
    return tuple(lines), tuple(number[o] for o in graph.outputs)

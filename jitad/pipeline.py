"""The passes, in order: from a recorded function to a compiled kernel."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from jitad.config import DEFAULT, Options, singular_points
from jitad.counters import count
from jitad.derivation import Recording, Transform
from jitad.emit.cpu import emit
from jitad.emit.into import emit_into, written
from jitad.ir.graph import Graph, Guard, rebuild
from jitad.ir.node import Node, topological
from jitad.ir.serial import digest, plain, write
from jitad.limits import completed, derivative_graph
from jitad.lower.nest import Nest, Program
from jitad.lower.scalar import Buffer
from jitad.lower.schedule import lower
from jitad.ops.callback import calls_back, handing_on
from jitad.ops.extern import embedded
from jitad.ops.leaf import new_input, value_of
from jitad.rolled import rolled
from jitad.runtime.compile import Types, compiled, load
from jitad.runtime.dispatcher import KernelDispatcher
from jitad.runtime.machine import fingerprint
from jitad.tree import LEAF, Tree

_kernels: OrderedDict[str, Kernel] = OrderedDict()
_lock = threading.RLock()
KEPT = 512  # kernels kept in memory


class Kernel:
    """A compiled graph. Graphs that are equal share one.

    Attributes
    ----------
    njit : numba.Dispatcher
        The compiled function of the flattened arguments.
    call : callable
        The same, as it may be called from Python.
    outputs : tuple of (dtype, ndim)
        Its results.
    calls_back : bool
        Whether it calls Python functions, which may raise anything.
    """

    def __init__(self, key: str, inputs: Sequence[Node], recording: Recording, guards: Sequence[Guard], options: Options):
        self._key, self._options = key, options
        self._inputs, self._recording, self._guards = tuple(inputs), recording, tuple(guards)
        self._arguments = tuple((n.dtype, n.ndim) for n in inputs)
        self.njit: KernelDispatcher
        self.outputs: Types
        found = load(key, self._arguments, None, options)
        if found is not None:
            self.njit, self.outputs = found
        else:
            self.outputs = tuple((n.dtype, n.ndim) for n in self.graph.outputs)
            self.njit = compiled(self.source, self.outputs, key, self._arguments, None, options)
        self.call: Callable = _one_at_a_time(self.njit) if options.parallel else self.njit
        self.calls_back = calls_back(recording.nodes())
        if self.calls_back:
            self.call = handing_on(self.call)
        if not options.strict and any(n.op.name == "eigh" for n in topological(recording.nodes())):
            self.call = completed(self.call, lambda: self.graph, lambda: self._recording.results)

    @cached_property
    def graph(self) -> Graph:
        """What it computes; ``print(kernel.graph)``."""
        with singular_points(self._options.strict):
            return derivative_graph(self._inputs, self._recording.results, self._guards, self._options.strict)

    @cached_property
    def program(self) -> Program:
        """The loops."""
        count("lowerings")
        return lower(self.graph, self._options)

    @cached_property
    def source(self) -> str:
        """The generated Python."""
        return emit(self.program, self._options)

    @cached_property
    def written(self) -> list[Buffer]:
        """The arrays that :attr:`njit_into` writes to: results, then what it needs for itself."""
        return written(self.program)

    @cached_property
    def njit_into(self) -> KernelDispatcher:
        """The kernel that writes into arrays handed to it: ``njit_into(*arguments, out)``."""
        key, types = digest(self._key, "into"), tuple((b.dtype, len(b.shape)) for b in self.written)
        numbers = tuple((n.dtype, n.ndim) for n in self.graph.outputs if not n.ndim)
        with _lock:
            found = load(key, self._arguments, types, self._options)
            if found is not None:
                return found[0]
            source = emit_into(self.program, self._options)
            return compiled(source, numbers, key, self._arguments, types, self._options)

    @property
    def nests(self) -> list[Nest]:
        """The loop nests: domains, accumulators, what is stored."""
        return self.program.nests


_parallel = threading.RLock()


def _one_at_a_time(function: Callable) -> Callable:
    """A function that runs in one thread of Python's only: the simplest of Numba's threading layers aborts otherwise."""

    def call(*args: Any) -> Any:
        with _parallel:
            return function(*args)

    return call


def kernel_of(
    inputs: Sequence[Node], recording: Recording, guards: Sequence[Guard], options: Options = DEFAULT,
) -> tuple[str, Kernel, list[Any]]:
    """The kernel for what was recorded, its key, and the constants that it takes as further arguments.

    1. rolled: steps that recur become a loop;
    2. generalize: constants that may differ between traces become arguments, so that the kernel is shared;
    3. key: equal primal graphs, transforms and options have one kernel;
    4. look for it in memory and in the store;
    5. else derive, lower, emit, compile, store.
    """
    general, recording, constants = generalize(inputs, rolled(recording))
    if not all(f.is_known for f in embedded(recording.nodes())):
        options = replace(options, cache=False)
    written = write([*general, *recording.fresh()], recording.nodes())
    held = [(g.op, g.truth, plain(g.left), plain(g.right)) for g in guards]
    key = digest(written, recording.plan(), held, *vars(options).items(), fingerprint())
    with _lock:
        kernel = _kernels.get(key)
        if kernel is None:
            kernel = _kernels[key] = Kernel(key, general, recording, guards, options)
            while len(_kernels) > KEPT:
                _kernels.popitem(last=False)
        _kernels.move_to_end(key)
    return key, kernel, constants


def compile_graph(graph: Graph) -> tuple[str, Kernel, list[Any]]:
    """The kernel of a graph as it stands."""
    tree = Tree(tuple, (LEAF,) * len(graph.outputs))
    return kernel_of(graph.inputs, Recording(Transform(), "graph", graph.outputs, tree), graph.guards)


def _stays_literal(value: Any) -> bool:
    """Small multiples of 1/2 belong to a formula; other numbers are its parameters."""
    return value != value or abs(value) == float("inf") or (abs(value) <= 128 and float(2 * value).is_integer())


def generalize(inputs: Sequence[Node], recording: Recording) -> tuple[list[Node], Recording, list[Any]]:
    """What was recorded with its float constants as further inputs, and their values."""
    nodes = recording.nodes()
    found = [n for n in topological(nodes) if n.op.name == "constant" and n.dtype.kind == "f" and not _stays_literal(value_of(n))]
    fresh = [new_input(n.dtype, ()) for n in found]
    nodes = rebuild(nodes, dict(zip(found, fresh, strict=True)))
    return [*inputs, *fresh], recording.with_nodes(nodes), [value_of(n) for n in found]

"""The passes, in order: from a recorded function to a compiled kernel."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from jitad.config import DEFAULT, Options, singular_points
from jitad.counters import count
from jitad.derivation import Recording, Transform
from jitad.emit.cpu import emit
from jitad.emit.into import emit_into, written
from jitad.emit.path import Decision
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
from jitad.runtime.collector import at_leisure
from jitad.runtime.compile import Types, compiled, load
from jitad.runtime.dispatcher import KernelDispatcher
from jitad.runtime.machine import fingerprint
from jitad.tree import LEAF, Tree

_kernels: OrderedDict[str, Kernel] = OrderedDict()
_lock = threading.RLock()
KEPT = 512  # kernels kept in memory
MANY = 16  # constants, which are read from an array then


class Turn(NamedTuple):
    """A kernel that answers questions on the way to another one, and the answers that lead there.

    Its first arguments are those of the function that branches, `given` of them.
    """

    key: str
    kernel: Kernel
    given: int
    answers: tuple[bool | int, ...]


class Kernel:
    """A compiled graph. Graphs that are equal share one, if they are reached on the same path.

    Attributes
    ----------
    call : callable
        The compiled function of the flattened arguments, for calls from Python. It does not look whether its path is taken.
    outputs : tuple of (dtype, ndim)
        Its results.
    calls_back : bool
        Whether it calls Python functions, which may raise anything.
    """

    def __init__(self, key: str, inputs: Sequence[Node], recording: Recording, guards: Sequence[Guard], options: Options,
                 path: Sequence[Turn] = ()):
        self._key, self._options, self._path = key, options, tuple(path)
        self._inputs, self._recording, self._guards = tuple(inputs), recording, tuple(guards)
        self._arguments = tuple((n.dtype, n.ndim) for n in inputs)
        self._taken = sum((t.kernel._arguments[t.given:] for t in path), self._arguments)
        self._compiled: KernelDispatcher
        self.outputs: Types
        found = load(key, self._arguments, None, options)
        if found is not None:
            self._compiled, self.outputs = found
        else:
            with at_leisure():
                self.outputs = tuple((n.dtype, n.ndim) for n in self.graph.outputs)
                self._compiled = compiled(emit(self.program, options), self.outputs, key, self._arguments, None, options)
        self.call: Callable = _one_at_a_time(self._compiled) if options.parallel else self._compiled
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
        return emit(self.program, self._options, self._decisions)

    @cached_property
    def _decisions(self) -> list[Decision]:
        return [Decision(t.kernel.source, len(t.kernel._arguments), t.given, len(t.kernel.outputs) > 1, t.answers)
                for t in self._path]

    @cached_property
    def njit(self) -> KernelDispatcher:
        """The compiled function, for compiled callers: it refuses arguments that it was not made for."""
        if not self._path:
            return self._compiled
        key = digest(self._key, "path")
        with _lock:
            found = load(key, self._taken, None, self._options)
            return found[0] if found is not None else compiled(
                self.source, self.outputs, key, self._taken, None, self._options)

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
            found = load(key, self._taken, types, self._options)
            if found is not None:
                return found[0]
            source = emit_into(self.program, self._options, self._decisions)
            return compiled(source, numbers, key, self._taken, types, self._options)

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
    inputs: Sequence[Node], recording: Recording, guards: Sequence[Guard], options: Options = DEFAULT, path: Sequence[Turn] = (),
) -> tuple[str, Kernel, list[Any]]:
    """The kernel for what was recorded on a path, its key, and the constants that it takes as further arguments.

    1. rolled: steps that recur become a loop;
    2. generalize: constants that may differ between traces become arguments, so that the kernel is shared;
    3. key: equal primal graphs, transforms, options and paths have one kernel;
    4. look for it in memory and in the store;
    5. else derive, lower, emit, compile, store.
    """
    general, recording, constants = generalize(inputs, rolled(recording))
    if not all(f.is_known for f in embedded(recording.nodes())):
        options = replace(options, cache=False)
    written = write([*general, *recording.fresh()], recording.nodes())
    held = [(g.op, g.truth, plain(g.left), plain(g.right)) for g in guards]
    taken = [(t.key, t.given, t.answers) for t in path]
    key = digest(written, recording.plan(), held, taken, *vars(options).items(), fingerprint())
    with _lock:
        kernel = _kernels.get(key)
        if kernel is None:
            kernel = _kernels[key] = Kernel(key, general, recording, guards, options, path)
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
    """What was recorded with its float constants as further inputs, and their values: numbers, and tables of many of them."""
    nodes = recording.nodes()
    tables = {n: table for n in topological(nodes) if (table := _table(n)) is not None}
    fresh = {n: new_input(n.dtype, n.shape) for n in tables}
    nodes = rebuild(nodes, fresh)
    found = [n for n in topological(nodes) if n.op.name == "constant" and n.dtype.kind == "f" and not _stays_literal(value_of(n))]
    numbers = {n: new_input(n.dtype, ()) for n in found}
    nodes = rebuild(nodes, numbers)
    return ([*inputs, *fresh.values(), *numbers.values()], recording.with_nodes(nodes),
            [*tables.values(), *map(value_of, found)])


def _table(node: Node) -> np.ndarray | None:
    """An array that is put together of many constants; as steps that were written out and are rolled up have it."""
    if node.op.name != "concatenate" or node.dtype.kind != "f" or len(node.args) < MANY:
        return None
    pieces = []
    for a in node.args:
        shape: Any = a.shape
        while a.op.name == "reshape":
            a = a.args[0]
        if a.op.name != "constant" or not all(isinstance(k, int) for k in shape):
            return None
        pieces.append(np.reshape(value_of(a), shape))
    out = np.concatenate(pieces, node.params[0], dtype=node.dtype)  # type: ignore[arg-type]
    out.flags.writeable = False
    return out

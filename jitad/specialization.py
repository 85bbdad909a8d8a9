"""One trace of a function, and the kernel that runs it."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.config import DEFAULT, STATIC_AXIS, Options, jit_disabled, singular_points
from jitad.derivation import Recording
from jitad.emit.signals import Interrupted
from jitad.errors import DTypeError, IndexRangeError, KernelSizeError
from jitad.ir.evaluate import Sizer, bind, evaluate
from jitad.ir.graph import Graph, Guard
from jitad.limits import completed, derivative_graph
from jitad.ops.callback import is_handed_on
from jitad.ops.extern import embedded
from jitad.out_of_range import explain, suspects
from jitad.pipeline import Kernel, Turn, kernel_of
from jitad.runtime.arguments import normalize, result, type_key
from jitad.trace.place import ABSENT
from jitad.trace.questions import plain
from jitad.trace.tracing import Traced, where
from jitad.tree import unflatten

if TYPE_CHECKING:
    from jitad.entry import Entry
    from jitad.paths import Trail


class Specialization:
    """One trace of a function, with the kernel that runs it.

    Attributes
    ----------
    source : str
        The generated Python.
    graph : Graph
        The derivative graph; printable.
    nests : list of Nest
        The loop nests: domains, accumulators, what is stored.
    njit : numba.Dispatcher
        The kernel as a function that other Numba code may call: ``njit(*flat_arguments, *captured)``, with float64 arrays
        C-contiguous. It returns the flattened results, as a tuple if there is more than one.
    njit_into : numba.Dispatcher
        The same without making arrays (but for products of large matrices, one for a moment): ``njit_into(*flat_arguments,
        *captured, out)`` writes results that are arrays into those of the tuple `out`, which :meth:`buffers` makes, and returns
        the numbers.
    captured : tuple
        What the kernel takes behind the arguments: captured arrays and floats as they are now, and constants.
    path : list of (str, bool or int)
        If the function branches: where it asked for truth values and integers, and what the answers were. Compiled callers of
        `njit` get a ValueError where others are found.
    """

    def __init__(self, traced: Traced, options: Options, trail: Trail = ()):
        self.traced, self.options = traced, dataclasses.replace(
            options, static_argnums=(), static_argnames=(), max_paths=DEFAULT.max_paths)
        self.trail = trail
        self.recording: Recording = traced.recorded
        self._tree = self.recording.result_tree
        self._shared: tuple[str, Kernel, list] | None = None
        self._capture_keys = [type_key(c.spec) for c in traced.captures]
        self.entry: Entry | None = None
        self._simple = not traced.captures and not traced.guards and not traced.watches

    def is_ready(self) -> bool:
        """Whether its kernel is compiled."""
        return self._shared is not None

    def watched(self) -> bool:
        """Whether everything that the trace took as it was still is so."""
        return all([w.holds() for w in self.traced.watches])

    def captures(self) -> list | None:
        """Values of the captured names now; None if this trace does not hold for them."""
        out = []
        for c, key in zip(self.traced.captures, self._capture_keys, strict=True):
            try:
                found = c.place.fetch()
                value, spec = normalize(found, "a captured value")
            except (*ABSENT, DTypeError):
                return None
            if type_key(spec) != key or not c.holds(found):
                return None
            out.append(value)
        return out

    def match(self, values: list) -> list | None:
        """All inputs of the kernel but constants, if the trace holds for these arguments."""
        if self._simple:
            return values
        return self.bound(values) if self.watched() else None

    def bound(self, values: list) -> list | None:
        """The arguments and the captured values, if types and guards hold for them."""
        captured = self.captures()
        if captured is None:
            return None
        every = values + captured
        value_of = bind(every)
        return every if all([g.holds(value_of) for g in self.traced.guards]) else None

    def run(self, every: list) -> Any:
        """The results, as the user gets them."""
        if not jit_disabled():
            self.shared()  # whose errors are none of what is below
        try:
            values, types = self._computed(every)
        except IndexError as error:
            if is_handed_on(error):
                raise
            found = explain(self.graph, every)
            if found is None and embedded(self.recording.nodes()):
                raise
            raise IndexRangeError(found or suspects(self.graph)) from None
        except np.linalg.LinAlgError as error:
            if is_handed_on(error):
                raise
            raise np.linalg.LinAlgError(f"{error}{where()}") from None
        return unflatten(self._tree, [result(v, d, not n) for v, (d, n) in zip(values, types, strict=True)])

    def numbers(self, every: list) -> list[bool | int]:
        """The results of a kernel that answers questions."""
        if not jit_disabled():
            self.shared()
        try:
            values, _ = self._computed(every)
        except IndexError:
            raise IndexRangeError(explain(self.graph, every) or suspects(self.graph)) from None
        return [plain(n, v) for n, v in zip(self.graph.outputs, values, strict=True)]

    def _computed(self, every: list) -> tuple[Sequence[Any], Sequence[tuple[np.dtype, int]]]:
        """The results, and their types."""
        if jit_disabled():
            return self._interpreter(*every), [(n.dtype, n.ndim) for n in self.graph.outputs]
        _, kernel, constants = self.shared()
        try:
            values = kernel.call(*every, *constants)
        except Interrupted:
            raise KeyboardInterrupt from None  # one that `except Exception` does not catch
        return (values,) if len(kernel.outputs) == 1 else values if kernel.outputs else (), kernel.outputs

    @cached_property
    def _interpreter(self) -> Callable:
        def run(*every: Any) -> list:
            return evaluate(self.graph, every)

        limited = not self.options.strict and any(n.op.name == "eigh" for n in self.graph.nodes())
        return completed(run, lambda: self.graph, lambda: self.recording.results) if limited else run

    def shared(self) -> tuple[str, Kernel, list]:
        """Key, kernel and constants; compiled at the first call."""
        if self._shared is None:
            axes = dict.fromkeys(n for i in self.traced.inputs for n in i.shape if not isinstance(n, int))
            long = (Guard("<", STATIC_AXIS, n) for n in axes)  # what a symbol stands for
            turns = [Turn(*stage.made.shared()[:2], stage.made.arguments, answers) for stage, answers in self.trail]
            try:
                self._shared = kernel_of(self.traced.inputs, self.recording, (*self.traced.guards, *long), self.options, turns)
            except KernelSizeError as error:
                raise KernelSizeError(f"{error}{where()}") from None
        return self._shared

    def __reduce__(self) -> tuple:
        raise pickle.PicklingError("a specialization cannot be pickled; send its .njit, or the function that it is of")

    @property
    def kernel(self) -> Kernel:
        return self.shared()[1]

    @cached_property
    def graph(self) -> Graph:
        with singular_points(self.options.strict):
            return derivative_graph(self.traced.inputs, self.recording.results, self.traced.guards, self.options.strict)

    @property
    def source(self) -> str:
        return self.kernel.source

    @property
    def nests(self) -> list:
        return self.kernel.nests

    @property
    def njit(self) -> Callable:
        return self.kernel.njit

    @property
    def njit_into(self) -> Callable:
        return self.kernel.njit_into

    def buffers(self, *flat_arguments: Any) -> tuple[np.ndarray, ...]:
        """The arrays that ``njit_into`` writes to, for arguments of these shapes.

        First those of the results, in order: other C-contiguous arrays of their shape and dtype may stand in their places. Then
        memory that the kernel needs for itself. None may overlap with an argument, or with another.

        Examples
        --------
        >>> import numba, numpy as np, jitad
        >>> x = np.linspace(0, 1, 8)
        >>> kernel = jitad.value_and_grad(lambda x: (x**2).sum()).specialize(x)
        >>> out, slope = kernel.buffers(x), kernel.njit_into
        >>> @numba.njit
        ... def descend(slope, x, out):
        ...     for _ in range(100):
        ...         value = slope(x, out)
        ...         x -= 0.1 * out[0]
        ...     return value
        >>> bool(descend(slope, x, out) < 1e-15)
        True
        """
        size = Sizer(bind([*flat_arguments, *self.captured]))
        return tuple(np.empty(size(b.shape), b.dtype) for b in self.kernel.written)

    @property
    def captured(self) -> tuple:
        values = self.captures()
        if values is None:
            raise ValueError("a captured value has changed its type; call specialize again")
        asked_too = (stage.made.captured for stage, _ in self.trail)
        return sum(asked_too, (*values, *self.shared()[2]))

    @property
    def arguments(self) -> int:
        """How many values the arguments of the function are."""
        return len(self.traced.inputs) - len(self.traced.captures)

    @property
    def path(self) -> list[tuple[str, bool | int]]:
        return [(q.place.strip(), q.answer) for stage, answers in self.trail for q in stage.taken(answers)]

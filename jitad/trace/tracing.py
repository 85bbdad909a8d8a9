"""Traces: one for each user function that is being run on tracers.

A nested ``grad`` opens a nested trace. Lengths, guards and captured values belong to the outermost one, its root.
"""

from __future__ import annotations

import functools
import os
import sys
import sysconfig
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.config import STATIC_AXIS, detours
from jitad.counters import count
from jitad.errors import JitadError, TraceError
from jitad.ir import sizes
from jitad.ir.graph import Guard, rebuild
from jitad.ir.node import Node, set_observer
from jitad.ir.sizes import Size, Sym
from jitad.ir.types import ArrayType, Shape
from jitad.ops.leaf import new_input

if TYPE_CHECKING:
    from jitad.trace.capture import Capture, Watch
    from jitad.trace.questions import Path
    from jitad.trace.tracer import Tracer



class _PerThread(threading.local):
    trace: Trace | None = None


_local = _PerThread()
_INSTALLED = (
    os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), ""),  # jitad
    *(os.path.join(p, "") for p in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), sysconfig.get_path("stdlib"),
                                    os.path.dirname(os.path.dirname(np.__file__))}))


@functools.cache
def is_installed(file: str) -> bool:
    """Whether a file is no user's, but jitad's, the standard library's or a package's; what has none (builtins) is not either."""
    return not file or file.startswith((*_INSTALLED, "<frozen", "<__array_function__"))


def user_line() -> tuple[str, int] | None:
    """File and line of the user's code that is running."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        if not is_installed(frame.f_code.co_filename):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
    return None


def where() -> str:
    """The user's place, to end a message with."""
    found = user_line()
    return f"\n  at {found[0]}, line {found[1]}" if found else ""


def _note_line(node: Node) -> None:
    if node.origin is None and (node.args or node.op.name == "input"):
        found = user_line()
        if found is not None:
            node.origin = found


class Trace:
    """A function being traced; a context manager.

    The fresh inputs of a nested one stand for nodes of the trace around it; or, of a `kind` such as ``"scan"``, for many values.
    """

    def __init__(self, kind: str = "", derivatives: int | None = None) -> None:
        self.kind = kind
        self.fresh: set[Node] = set()
        self.stands_for: dict[Node, Node] = {}
        self.parent: Trace | None = current()
        self.root: Trace = self.parent.root if self.parent else self
        above: int = self.parent.derivatives if self.parent else 0
        self.derivatives: int = above if derivatives is None else derivatives  # at most of this order
        self.backs: int = self.parent.backs if self.parent else 0  # at most so many of them are of reverse mode
        self.closed = False
        self.thread = threading.get_ident()
        if self.root is self:
            self.guards: list[Guard] = []
            self.actual: dict[Sym, int] = {}
            self.captures: list[Capture] = []
            self.watches: list[Watch] = []
            self.arguments = 0
            self.inputs: list[Node] = []  # those of arguments
            self.path: Path | None = None  # truth values that were asked for; none where arguments have no values
            self.refused: Exception | None = None  # raised once more at the end, lest the function has caught it
            self.equalities: dict[Sym, int | Size] = {}
            self.memo: dict = {}  # rebuilt functions and captured objects
            self.objects: str | None = None  # where an array of objects was made of a traced one
            self.undo: list[Callable[[], Exception | None]] = []  # what takes back what the function did to objects

    def __enter__(self) -> Trace:
        _local.trace = self
        if self.root is self:
            detours.append(self)
            self._observer = set_observer(_note_line)
        return self

    def __exit__(self, kind: type | None, *_: object) -> None:
        self.closed = True
        _local.trace = self.parent
        if self.root is self:
            detours.remove(self)
            wrong = [e for e in (undo() for undo in self.undo) if e is not None]
            set_observer(self._observer)
            if wrong and kind is None:
                raise wrong[0]

    def input(self, dtype: np.dtype, shape: Shape, weak: bool = False) -> Tracer:
        """A tracer of a fresh input."""
        from jitad.trace.tracer import Tracer

        node = new_input(dtype, shape)
        self.fresh.add(node)
        return Tracer(node, self, weak, fixed=True)

    def input_at(self, position: int, dtype: np.dtype, shape: Shape) -> Node:
        """The input for an argument or captured value: the same for all paths, so that what is asked on the way is, too."""
        known = self.path.nodes if self.path is not None else ()
        if position < len(known) and known[position].type == ArrayType(dtype, shape):
            return known[position]
        return new_input(dtype, shape)

    # Lengths. All of these belong to the root.

    def axes(self, shape: Sequence[int], position: int) -> Shape:
        """Sizes for the axes of the input at a position: short ones are numbers."""
        root = self.root
        out: list[int | Size] = []
        for axis, n in enumerate(shape):
            if n <= STATIC_AXIS:
                out.append(int(n))
                continue
            size = sizes.symbol(f"n{len(root.actual)}", 0, position, axis)
            root.actual[sizes.as_symbol(size)] = int(n)  # type: ignore[index]
            out.append(size)
        return tuple(out)

    def value(self, size: int | Size) -> int:
        """What a size is in this call."""
        return sizes.evaluate(size, self.root.actual.__getitem__)

    def known(self, size: int | Size) -> int | Size:
        """The size with equalities found so far put in."""
        return size if isinstance(size, int) else sizes.substitute(size, self.root.equalities)

    def assume(self, op: str, a: int | Size, b: int | Size) -> bool:
        """Whether ``a <op> b`` (``==``, ``<``, ``<=``) in this call; a guard unless it always is so."""
        a, b = self.known(a), self.known(b)
        difference = sizes.sub(a, b)
        if isinstance(difference, int):
            return difference == 0 if op == "==" else difference < 0 if op == "<" else difference <= 0
        above, below = sizes.at_least(difference), sizes.at_least(sizes.mul(-1, difference))
        if above is not None and above >= (0 if op == "<" else 1):
            return False  # a > b (or a >= b) for all lengths
        if below is not None and below >= (0 if op == "<=" else 1):
            return op != "=="
        x, y = self.value(a), self.value(b)
        truth = {"==": x == y, "<": x < y, "<=": x <= y}[op]
        guard = Guard(op, a, b, truth)
        if guard not in self.root.guards:
            self.root.guards.append(guard)
        return truth

    def same_size(self, a: int | Size, b: int | Size) -> bool:
        """Whether two lengths are equal in this call; an equality is remembered."""
        if not self.assume("==", a, b):
            return False
        a, b = self.known(a), self.known(b)
        if a != b:
            self._equate(a, b)
        return True

    def concrete(self, size: int | Size) -> int:
        """The length as a number; the trace then holds for this number only."""
        value = self.value(size)
        self.assume("==", size, value)
        return value

    def _equate(self, a: int | Size, b: int | Size) -> None:
        for old, new in ((b, a), (a, b)):  # the symbol of the later argument goes
            symbol = sizes.as_symbol(old)
            if symbol is None or symbol in sizes.symbols(new) or isinstance(new, int):
                continue
            other = sizes.as_symbol(new)
            if other is not None and other.key() > symbol.key():
                symbol, new = other, old
            self.root.equalities = {s: sizes.substitute(v, {symbol: new}) for s, v in self.root.equalities.items()}
            self.root.equalities[symbol] = new
            return


def current() -> Trace | None:
    """The innermost active trace of this thread."""
    return _local.trace


@dataclass(frozen=True)
class LeafSpec:
    """What is known of an argument before the call: dtype, actual shape, and whether it is a Python number."""

    dtype: np.dtype
    shape: tuple[int, ...]
    weak: bool = False


@dataclass
class Traced:
    """A function on tracers: inputs are its arguments, then captured values; `recorded` is what was made of it."""

    inputs: tuple[Node, ...]
    recorded: Any
    guards: tuple[Guard, ...]
    captures: tuple[Capture, ...]
    watches: tuple[Watch, ...]


def trace(specs: Sequence[LeafSpec], record: Callable[[list], Any], path: Path | None = None) -> Traced:
    """Call `record` on one tracer for each spec; it returns a recording, of which only the nodes are touched here.

    `path` has the values of the arguments, and answers for truth values.
    """
    from jitad.trace.tracer import Tracer

    with Trace() as t:
        if t.root is not t:
            raise RuntimeError("a root trace inside another")
        t.arguments, t.path = len(specs), path
        if path is not None:
            path.root = t
        inputs = t.inputs
        inputs += [t.input_at(k, s.dtype, t.axes(s.shape, k)) for k, s in enumerate(specs)]
        try:
            recorded = record([Tracer(n, t, s.weak, fixed=True) for n, s in zip(inputs, specs, strict=True)])
        except (TypeError, ValueError, AttributeError, RuntimeError) as error:
            if t.objects is None or isinstance(error, JitadError):
                raise
            raise TraceError(
                f"an array of objects was made of a traced array, which the code that it was given to cannot use ({error}); "
                f"write that part with NumPy's functions, or do it outside of the traced function{t.objects}") from error
        if t.refused is not None:
            raise t.refused
    inputs = [*inputs, *(c.node for c in t.captures)]
    if t.equalities:
        both = rebuild([*inputs, *recorded.nodes()], size=t.known)
        inputs, recorded = both[: len(inputs)], recorded.with_nodes(both[len(inputs) :])
    count("traces")
    return Traced(tuple(inputs), recorded, tuple(t.guards), tuple(t.captures), tuple(t.watches))

"""Values that a traced function takes from around itself: watched, not frozen.

Captured arrays and floats are implicit arguments, read anew at every call. What a function takes out of one as a plain value
(``if mask.any():``) makes the trace hold for this content only, and so does the use of a mask by its structure.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.containers import Held
from jitad.errors import ConcreteValueError
from jitad.ir.evaluate import Sizer, run_nodes
from jitad.ir.node import Node, topological
from jitad.ir.types import native
from jitad.trace.place import ABSENT, Place
from jitad.trace.structure import recognise
from jitad.trace.tracing import LeafSpec, current, where

if TYPE_CHECKING:
    from jitad.trace.tracer import Tracer


@dataclass(eq=False)
class Capture:
    """An implicit argument; its value is read anew where the function would find it."""

    place: Place
    node: Node
    spec: LeafSpec
    value: Any
    content: np.ndarray | None = None
    structure: Callable[[np.ndarray], bool] | None = None

    def freeze(self) -> None:
        """Make the trace hold for the present content only."""
        if self.content is None:
            self.content = np.array(self.value)

    def holds(self, value: Any) -> bool:
        """Whether the trace is right for another value of the same type."""
        if self.structure is not None and not self.structure(np.asarray(value)):
            return False
        if self.content is None:
            return True
        value = np.asarray(value)
        return value.shape == self.content.shape and value.dtype == self.content.dtype and (
            value is self.content or value.tobytes() == self.content.tobytes())


@dataclass(eq=False)
class Watch:
    """Something that the trace took as it was: an integer, a string, a function."""

    place: Place
    expected: Any

    def holds(self) -> bool:
        """Whether it still is what it was."""
        try:
            return self.same(self.place.fetch())
        except ABSENT:
            return False

    def same(self, value: Any) -> bool:
        """Whether the trace holds for this value in place of the expected one."""
        if value is self.expected:
            return True
        if type(value) is types.MethodType and type(self.expected) is types.MethodType:  # made anew at every look
            return value.__func__ is self.expected.__func__ and value.__self__ is self.expected.__self__
        return type(value) is type(self.expected) and isinstance(value, (int, str, bytes)) and value == self.expected


class TreeWatch(Watch):
    """A container whose type, and length or keys, the trace took as they were."""

    def same(self, value: Any) -> bool:
        if self.expected.kind == "dict":
            return type(value) is dict and tuple(value) == self.expected.keys
        return type(value) is self.expected.kind and len(value) == len(self.expected.children)


class AbsenceWatch(Watch):
    """Names that are not bound: others, those of builtins, stand for them."""

    def same(self, value: Any) -> bool:
        return not any(name in value for name in self.expected)


class NamesWatch(Watch):
    """A dict whose keys, in their order, the trace took as they were."""

    def same(self, value: Any) -> bool:
        return tuple(value) == self.expected


class MissingWatch(Watch):
    """A place where nothing was."""

    def holds(self) -> bool:
        try:
            self.place.fetch()
        except ABSENT:
            return True
        return False


def is_capturable(value: Any) -> bool:
    """Whether a value becomes an implicit argument: arrays and floats."""
    if isinstance(value, np.ndarray):
        plain = type(value) is np.ndarray or isinstance(value, np.memmap)
        return plain and value.dtype.kind in "fiub" and 1 < value.dtype.itemsize + 1 <= 9 and value.dtype != np.float16
    return type(value) in (float, np.float64, np.float32)


def capture(value: Any, place: Place) -> Tracer:
    """A tracer for an array or float that is found at a place."""
    from jitad.trace.tracer import Tracer

    trace = current()
    assert trace is not None
    root = trace.root
    weak = type(value) is float
    array = np.asarray(value)
    position = root.arguments + len(root.captures)
    shape = root.axes(array.shape, position)
    dtype = native(array.dtype)
    node = root.input_at(position, dtype, shape)
    made = Capture(place, node, LeafSpec(dtype, array.shape, weak), value)
    root.captures.append(made)
    known = recognise(array, shape, root)
    if known is not None:
        node, made.structure = known
    return Tracer(node, root, weak, fixed=True)


def captured_object(x: np.ndarray) -> Tracer:
    """An array that has no name that could be watched: the object itself is the argument."""
    trace = current()
    assert trace is not None
    key = Held(x)
    if key not in trace.root.memo:
        trace.root.memo[key] = capture(x, Place(x))
    return trace.root.memo[key]


def is_known(t: Tracer) -> bool:
    """Whether the value of a tracer depends on captured values and lengths only."""
    by_node = {c.node for c in t._trace.root.captures}
    return not t._trace.closed and all(n in by_node for n in topological([t.node]) if n.op.name == "input")


def content(t: Tracer, what: str, instead: str) -> np.ndarray:
    """The value of a tracer that depends on captured values and lengths only; a guard on them is recorded."""
    from jitad.trace.tracer import check_alive

    check_alive(t)
    root = t._trace.root
    by_node = {c.node: c for c in root.captures}
    order = topological([t.node])
    leaves = [n for n in order if n.op.name == "input"]
    if any(n not in by_node for n in leaves):
        found = t.node.origin
        made = f"\n  the value was made at {found[0]}, line {found[1]}" if found else ""
        root.refused = ConcreteValueError(
            f"{what} of a traced array was asked for, which is another one in every call; {instead}.{where()}{made}")
        raise root.refused
    for n in leaves:
        by_node[n].freeze()
    for n in order:
        for size in n.shape if n.op.name != "input" else ():
            root.concrete(size)
        if n.op.name == "size_value":
            root.concrete(n.params[0])  # type: ignore[arg-type]
    values = {n: np.asarray(by_node[n].value) for n in leaves}
    return np.asarray(run_nodes([t.node], values, Sizer(root.actual.__getitem__))[0])

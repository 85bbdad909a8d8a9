"""The body of a loop: a closed graph, of which equal ones are one object."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

from jitad.errors import InternalError
from jitad.ir.graph import rebuild
from jitad.ir.node import Node, topological
from jitad.ir.serial import Numbers, digest, write
from jitad.ir.sizes import Size, Steps, computed

_bodies: weakref.WeakValueDictionary[str, Body] = weakref.WeakValueDictionary()


class Body:
    """One step: inputs are carries, then slices, then what is the same in every step; outputs are carries, then results.

    Attributes
    ----------
    carries, slices : int
        How many of each there are.
    levels : int
        How many times more the user lets its steps be taken, so that the way back keeps less: see :mod:`jitad.lower.stretch`.
    lengths : tuple of Steps
        The lengths that are computed around it.
    memo : dict
        What was derived from it.
    """

    carries: int
    slices: int
    levels: int
    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]
    memo: dict[Any, Any]

    def __new__(cls, inputs: Sequence[Node], outputs: Sequence[Node], carries: int, slices: int, levels: int = 0) -> Body:
        written = carries, slices, levels, write(inputs, outputs, (None,))
        key = digest(written, [str(n.type) for n in inputs])  # with the names of lengths, which belong to a trace
        found = _bodies.get(key)
        if found is None:
            if any(n.op.name == "input" and n not in inputs for n in topological(outputs)):
                raise InternalError("the step of a loop takes what is not handed to it")
            found = super().__new__(cls)
            found.inputs, found.outputs = tuple(inputs), tuple(outputs)
            found.carries, found.slices, found.levels = carries, slices, levels
            found.written, found.memo, found.lengths = written, {}, _lengths([*inputs, *outputs])
            _bodies[key] = found
        return found

    written: tuple
    """It as plain data."""

    lengths: tuple[Steps, ...]

    def written_in(self, numbers: Numbers) -> tuple:
        """It as plain data, as a part of graphs with these numbers."""
        return self.carries, self.slices, self.levels, write(self.inputs, self.outputs, numbers)

    @property
    def constants(self) -> tuple[Node, ...]:
        """The inputs that are the same in every step."""
        return self.inputs[self.carries + self.slices:]

    @property
    def results(self) -> tuple[Node, ...]:
        """The outputs that are no carries."""
        return self.outputs[self.carries:]

    def resized(self, size: Callable[[int | Size], int | Size]) -> Body:
        """The same with lengths mapped."""
        nodes = rebuild([*self.inputs, *self.outputs], size=size)
        return self.like(nodes[: len(self.inputs)], nodes[len(self.inputs):])

    def like(self, inputs: Sequence[Node], outputs: Sequence[Node]) -> Body:
        """Another step, of as many carries and slices, for this one."""
        return Body(inputs, outputs, self.carries, self.slices, self.levels)


def _lengths(roots: Sequence[Node]) -> tuple[Steps, ...]:
    """Those that nodes ask for, and none of them computes."""
    order = topological(roots)
    made = {n for n in order if n.op.name == "length"}
    asked = {s for n in order for value in (n.type.shape, n.params) for s in _asked(value)}
    return tuple(sorted((s for s in asked if s.node not in made), key=Steps.key))


def _asked(value: Any) -> list[Steps]:
    if isinstance(value, tuple):
        return [s for v in value for s in _asked(v)]
    if hasattr(value, "written"):  # a body, or what has one
        return list(value.lengths)
    return computed(value) if isinstance(value, Size) else []

"""The body of a loop: a closed graph, of which equal ones are one object."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

from jitad.ir.graph import rebuild
from jitad.ir.node import Node
from jitad.ir.serial import digest, write
from jitad.ir.sizes import Size

_bodies: weakref.WeakValueDictionary[str, Body] = weakref.WeakValueDictionary()


class Body:
    """One step: inputs are carries, then slices, then what is the same in every step; outputs are carries, then results.

    Attributes
    ----------
    carries, slices : int
        How many of each there are.
    memo : dict
        What was derived from it.
    """

    carries: int
    slices: int
    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]
    memo: dict[Any, Any]

    def __new__(cls, inputs: Sequence[Node], outputs: Sequence[Node], carries: int, slices: int) -> Body:
        written = carries, slices, write(inputs, outputs)
        key = digest(written, [str(n.type) for n in inputs])  # with the names of lengths, which belong to a trace
        found = _bodies.get(key)
        if found is None:
            found = super().__new__(cls)
            found.inputs, found.outputs, found.carries, found.slices = tuple(inputs), tuple(outputs), carries, slices
            found.written, found.memo = written, {}
            _bodies[key] = found
        return found

    written: tuple
    """It as plain data."""

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
        return Body(nodes[: len(self.inputs)], nodes[len(self.inputs):], self.carries, self.slices)

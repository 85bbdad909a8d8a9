"""A graph as scalars: what is stored where, and what is returned."""

from __future__ import annotations

from dataclasses import dataclass, field

from jitad.ir.node import Node
from jitad.lower.index import Elements, Index
from jitad.lower.nest import Check, Output
from jitad.lower.scalar import Buffer


@dataclass(frozen=True)
class Effect:
    """A store in loops: ``for loops: buffer[idx] (+)= value``; or, with operands, a routine that fills the buffer."""

    loops: tuple[Node, ...]
    buffer: Buffer
    idx: Index
    value: Node
    add: bool = False
    routine: str = ""
    operands: tuple[Buffer, ...] = ()
    params: tuple = ()


@dataclass
class Placed:
    """A graph as scalars: effects on buffers, scalar results, index checks."""

    elements: Elements
    inputs: list[Buffer]
    effects: list[Effect] = field(default_factory=list)
    zeroed: dict[Buffer, None] = field(default_factory=dict)  # in order
    outputs: list[Output] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    pieces: dict[Buffer | Node, int] = field(default_factory=dict)  # of buffers and sums, in loops that were cut: which piece

    def scalars(self) -> list[Node]:
        """Results that are numbers."""
        return [o.value for o in self.outputs if isinstance(o.value, Node)]

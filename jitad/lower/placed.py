"""A graph as scalars: what is stored where, and what is returned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from jitad.ir.node import Node, topological
from jitad.ir.sizes import Steps
from jitad.lower.index import Elements, Index
from jitad.lower.nest import Check, Output, Turns
from jitad.lower.scalar import Buffer


@dataclass(frozen=True)
class Effect:
    """A store in loops: ``for loops: buffer[idx] (+)= value``; or, with operands, a routine that fills the buffer.

    Or `turns` of a loop that fill several; then `idx` are the numbers that its step takes. Or the value of a length, `measures`;
    then the buffer stands for it in the order of things, and is no memory.
    """

    loops: tuple[Node, ...]
    buffer: Buffer
    idx: Index
    value: Node
    add: bool = False
    routine: str = ""
    operands: tuple[Buffer, ...] = ()
    params: tuple = ()
    turns: Turns | None = None
    measures: Steps | None = None

    @property
    def written(self) -> tuple[Buffer, ...]:
        """The buffers that it fills or adds to."""
        return self.turns.written if self.turns is not None else (self.buffer,)


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

    def roots(self) -> list[Node]:
        """Every scalar that is asked for."""
        return [*self.scalars(), *(c.worst for c in self.checks), *(n for e in self.effects for n in (*e.idx, e.value))]

    def rewritten(self, change: Callable[[Node, tuple[Node, ...]], Node | None]) -> tuple[list[Effect], list[Output]]:
        """Effects and outputs with other scalars: of each, and its new arguments, what `change` says, if it does."""
        e = self.elements
        new: dict[Node, Node] = {}
        for n in topological([n for s in self.effects for n in (*s.idx, s.value)] + self.scalars()):
            args = tuple(new[a] for a in n.args)
            found = change(n, args)
            if found is None:
                found = n if args == n.args else e.again(n, args)
            new[n] = found
        effects = [replace(s, idx=tuple(new[i] for i in s.idx), value=new[s.value]) for s in self.effects]
        return effects, [Output(new[o.value] if isinstance(o.value, Node) else o.value, o.shape) for o in self.outputs]

"""Sums over a loop in lanes: one sum in each lane, which are added up behind the loop.

Logarithms that are only added up are not computed, see :mod:`jitad.emit.log_sums`::

    w3 = spread(0.0), spread(0.0)
    for i0 in range(0, g0, 8):
        ...
        w3 = with_log1p(w3, l12)
    v3 += total(log_of(w3))
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jitad.emit.expression import literal
from jitad.emit.lane_code import LaneCode, zero
from jitad.emit.writer import Writer
from jitad.ir.node import Node
from jitad.ir.types import FLOAT32
from jitad.lower.logarithms import only_added
from jitad.lower.nest import Accumulate, Step


class LaneSums:
    """The sums that some steps of a loop add to; of their scalars others may need some `elsewhere`.

    Attributes
    ----------
    unneeded : set of Node
        Scalars that need not be computed.
    """

    def __init__(self, code: LaneCode, steps: Sequence[Step], elsewhere: Iterable[Node] = ()):
        self.code = code
        self.names = {s.node: "w" + code.e.name(s.node)[1:] for s in steps if isinstance(s, Accumulate)}
        self.logs, self.unneeded = only_added(steps, code.vectors, elsewhere)

    def start(self, w: Writer) -> None:
        """Before the loop."""
        for node, name in self.names.items():
            w.line(f"{name} = {'spread(0.0), spread(0.0)' if node in self.logs else zero(node.dtype)}")

    def add(self, w: Writer, step: Accumulate, only: str = "") -> None:
        """One term; `only` a mask of the lanes that count."""
        name = self.names[step.node]
        if (log := self.logs.get(step.node)) is None:
            return w.line(f"{name} += {self._where(only, step.term, 0)}")
        value = self._where(only, log.argument, log.nothing, log.condition)
        value = f"wide({value})" if log.node.dtype == FLOAT32 else value
        w.line(f"{name} = with_{log.node.op.name}({name}, {value})")

    def _where(self, only: str, value: Node, otherwise: int, condition: Node | None = None) -> str:
        text = self.code.in_lanes(value)
        for mask in (only, self.code.name(condition) if condition is not None else ""):
            text = f"choose({mask}, {text}, {literal(otherwise, value.dtype)})" if mask else text
        return text

    def finish(self, w: Writer, sign: str = "+=") -> None:
        """Behind the loop."""
        for node, name in self.names.items():
            found = f"total(log_of({name}))" if node in self.logs else f"total({name})"
            found = f"narrow({found})" if node in self.logs and node.dtype == FLOAT32 else found
            w.line(f"{self.code.e.name(node)} {sign} {found}")

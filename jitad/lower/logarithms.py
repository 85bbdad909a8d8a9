"""Logarithms that are only added up: lanes keep a product in place of them, see :mod:`jitad.emit.log_sums`."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

from jitad.ir.node import Node, topological
from jitad.lower.nest import Accumulate, Step, Store
from jitad.ops.leaf import constant_value


@dataclass(frozen=True)
class Logarithm:
    """A logarithm as a term of a sum; if there is a `condition`, where that holds."""

    node: Node
    condition: Node | None = None
    choice: Node | None = None

    @property
    def argument(self) -> Node:
        return self.node.args[0]

    @property
    def nothing(self) -> int:
        """The argument that adds nothing."""
        return 1 if self.node.op.name == "log" else 0

    @property
    def asked(self) -> list[Node]:
        """What has to be computed."""
        return [n for n in (self.argument, self.condition) if n is not None]

    @property
    def computed(self) -> list[Node]:
        """What has to be computed for nothing else."""
        return [n for n in (self.node, self.choice) if n is not None]


def logarithm(term: Node) -> Logarithm | None:
    """What a term of a sum is, if it is a logarithm."""
    if term.op.name == "select" and constant_value(term.args[2]) == 0 and (log := logarithm(term.args[1])) is not None:
        return Logarithm(log.node, term.args[0], term) if log.condition is None else None
    return Logarithm(term) if term.op.name in ("log", "log1p") else None


def only_added(steps: Iterable[Step], varying: Container[Node], elsewhere: Iterable[Node] = ()) -> tuple[
        dict[Node, Logarithm], set[Node]]:
    """The sums of logarithms among those of a loop, and what of its `varying` scalars need not be computed for them.

    `elsewhere` are scalars that others than these steps ask for.
    """
    ends = [s for s in steps if isinstance(s, (Accumulate, Store))]
    logs = {s.node: log for s in ends if isinstance(s, Accumulate) and (log := logarithm(s.term)) is not None}
    if not logs:
        return {}, set()
    asked = [*elsewhere, *(n for log in logs.values() for n in log.asked)]
    for s in ends:
        if isinstance(s, Store):
            asked += [*s.idx, s.value]
        elif s.node not in logs:
            asked.append(s.term)
    needed = set(topological(asked, stop=lambda n: n not in varying))
    found = {n: log for n, log in logs.items() if log.node not in needed}
    return found, {n for log in found.values() for n in log.computed} - needed

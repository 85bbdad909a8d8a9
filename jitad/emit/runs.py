"""Rows that many turns of a loop add to, one after the other: kept in variables while the row stays the same.

Lists of pairs are sorted by their first atom, mostly. Adding to its row in memory every time makes each turn wait for the one
before; the rows of the second atom, others each time, do not. For a list of pairs::

    q0 = -1
    b0 = 0.0
    for i0 in range(n1_0):
        ...
        if v12 != q0:
            if q0 >= 0:
                o0[uint64(q0), 0] += b0
            q0 = v12
            b0 = 0.0
        b0 += v42
    if q0 >= 0:
        o0[uint64(q0), 0] += b0
"""

from __future__ import annotations

from collections.abc import Iterable

from jitad.emit.expression import Expressions
from jitad.emit.writer import Writer
from jitad.ir.node import Node, topological
from jitad.lower.nest import Loop, Split, Step, Store
from jitad.lower.scalar import LOAD
from jitad.ops.leaf import constant_value

MOST = 8  # variables


class Run:
    """The stores of one loop that add to rows with one index."""

    def __init__(self, e: Expressions, stores: list[Store], number: int):
        self.e, self.stores, self.row = e, stores, stores[0].idx[0]
        self._last = f"q{number}"
        self._sums = {s: f"b{number}_{k}" for k, s in enumerate(stores)}

    def start(self, w: Writer) -> None:
        w.line(f"{self._last} = -1")
        self._clear(w)

    def _clear(self, w: Writer) -> None:
        for store, name in self._sums.items():
            w.line(f"{name} = {store.buffer.dtype.name}(0)")

    def add(self, store: Store, w: Writer) -> None:
        """In place of the store; the first one changes the row."""
        if store is self.stores[0]:
            row = self.e.name(self.row)
            with w.indented(f"if {row} != {self._last}:"):
                self.finish(w)
                w.line(f"{self._last} = {row}")
                self._clear(w)
        w.line(f"{self._sums[store]} += {self.e.name(store.value)}")

    def finish(self, w: Writer) -> None:
        """Add what was found to the row."""
        with w.indented(f"if {self._last} >= 0:"):
            for store, name in self._sums.items():
                place = ", ".join([f"uint64({self._last})", *map(self.e.name, store.idx[1:])])
                w.line(f"{self.e.buffer(store.buffer)}[{place}] += {name}")


def run_in(loop: Loop, e: Expressions, number: int) -> Run | None:
    """The run of a loop, if it adds to rows whose numbers are looked up."""
    if any(isinstance(step, (Loop, Split)) for step in loop.body.steps):
        return None
    stores = row_stores(loop.body.steps)
    return Run(e, stores, number) if stores else None


def row_stores(steps: Iterable[Step]) -> list[Store]:
    """Stores that add to the rows which change most seldom, if the numbers of these are looked up."""
    groups: dict[Node, list[Store]] = {}
    for step in steps:
        if isinstance(step, Store) and step.add and step.buffer.dtype.kind == "f" and step.idx and all(
                i.op.name == "constant" for i in step.idx[1:]):
            groups.setdefault(step.idx[0], []).append(step)
    found = [row for row, stores in groups.items() if len(stores) <= MOST and _column(row) is not None]
    return groups[min(found, key=_column)] if found else []  # type: ignore[arg-type,type-var]


def _column(row: Node) -> tuple | None:
    """Where the number of a row is looked up: first columns of first arguments come first, as lists are sorted by them."""
    loads = [n for n in topological([row]) if n.op is LOAD]
    if not loads:
        return None
    buffer = loads[0].params[0]
    return buffer.position, tuple(int(constant_value(i)) for i in loads[0].args if i.op.name == "constant")  # type: ignore

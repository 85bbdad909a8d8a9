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

from jitad.emit.expression import Expressions
from jitad.emit.writer import Writer
from jitad.lower.lists import row_stores
from jitad.lower.nest import Loop, Split, Store


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

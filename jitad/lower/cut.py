"""Long loops of which parts recur, cut between the parts.

Sixteen steps of a recurrent network, unrolled, are one loop over its units with thousands of statements, which takes minutes to
compile. Where the ops of a graph recur with a period, what goes from one period to a later one is stored: then every step is a
loop of its own, and equal loops are written once (:mod:`jitad.emit.shared`)::

    for i0 in range(n):                      for i0 in range(n):
        v1 = a0[i0]                              t0[i0] = step of a0[i0]
        v20 = step of v1                     for i0 in range(n):
        v40 = step of v20                        t1[i0] = step of t0[i0]
        ...                                  ...
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from jitad.ir.node import Node, topological
from jitad.lower.placed import Placed
from jitad.lower.scalar import REDUCE, TRIVIAL, Buffer
from jitad.lower.storable import Storable
from jitad.lower.works import LONG, Work, outermost
from jitad.ops.declare import Elementwise

SHORT = 6  # nodes between two cuts, at least
PERIODS = 500  # nodes of a period, at most
TIMES = 4  # as often it has to recur
CHEAP = 3  # multiplications that are done again rather than stored
MOVES = {"broadcast", "retype", "transpose", "flip", "slice", "reshape", "pad"}


@dataclass
class Cuts:
    """Nodes that are stored, and for every node of the graph the number of the piece that it belongs to."""

    stored: dict[Node, None]
    pieces: dict[Node, int]

    def pieces_of(self, placed: Placed) -> dict[Buffer | Node, int]:
        """The same for buffers, and for sums over loops."""
        e = placed.elements
        sums: dict[Buffer | Node, int] = {}
        for (node, _), value in e.memo.items():
            if value.op is REDUCE:
                sums[value] = min(self.pieces[node], sums.get(value, self.pieces[node]))
        return {**sums, **{b: self.pieces[n] for n, b in e.buffers.items() if b.kind != "input"}}


def cuts(placed: Placed, order: list[Node], storable: Storable) -> Cuts | None:
    """How to make several loops of those with more than `LONG` statements."""
    inside = _in_long_loops(placed)
    if not inside:
        return None
    runs = [r for r in _runs(order) if not inside.isdisjoint(order[r.start : r.end])]
    if not runs:
        return None
    moves = _moves(order)
    prices = _prices(order, moves)
    last = _last_uses(order, prices, moves)
    ends = sorted({end for r in runs for end in _ends(r, order, last, prices, storable)})
    pieces = {n: bisect_right(ends, k) for k, n in enumerate(order)}
    out: dict[Node, None] = {}
    known = {n for n in order if prices[n] == 0}
    for k, n in enumerate(order):
        near = all(a in known and (prices[a] == 0 or pieces[a] == pieces[n]) for a in n.args)
        if n in moves:
            known.update([n] if known.issuperset(n.args) else [])
        elif pieces[n] < len(ends) and last[k] >= ends[pieces[n]] and prices[n] > CHEAP and storable(n):
            if not (near and isinstance(n.op, Elementwise) and n.op.cost <= CHEAP):
                out[n] = None
                known.add(n)
    return Cuts(out, pieces)


def _in_long_loops(placed: Placed) -> set[Node]:
    """The nodes of which elements are computed in loops that have no loops inside and are rather long, if one is too long."""
    bodies = [_body(placed, group) for group in outermost(placed)]
    if max(map(len, bodies), default=0) <= LONG:
        return set()
    found = {n for body in bodies if len(body) > LONG // 4 for n in body}
    return {node for (node, _), value in placed.elements.memo.items() if value in found}


def _body(placed: Placed, group: list[Work]) -> list[Node]:
    """The statements of a loop; none if there are loops inside, or no loop at all."""
    if group[0].var is None:
        return []
    free = placed.elements.free
    nodes = topological([n for w in group for n in w.roots()], stop=lambda n: n.op is REDUCE)
    if any(a.op is REDUCE and free(a) for n in nodes for a in n.args):
        return []
    return [n for n in nodes if n.op.name not in TRIVIAL and free(n)]


class _Run:
    """Nodes from `start` to `end` that recur with a `period`."""

    def __init__(self, start: int, end: int, period: int):
        self.start, self.end, self.period = start, end, period


def _runs(order: list[Node]) -> list[_Run]:
    """Where ops recur."""
    numbers: dict[tuple, int] = {}
    codes = np.array([numbers.setdefault((n.op.name, n.dtype, n.shape), len(numbers)) for n in order])
    size = len(codes)
    periods = range(1, min(size // TIMES, PERIODS) + 1)
    ahead = np.zeros((len(periods), size), np.int64)  # for how long, from here on, everything is as it is one period later
    for row, p in zip(ahead, periods, strict=True):
        unlike = np.flatnonzero(np.append(codes[:-p] != codes[p:], True))
        places = np.arange(size - p)
        row[: size - p] = unlike[np.searchsorted(unlike, places)] - places
    enough = np.arange(1, len(periods) + 1) * (TIMES - 1)
    out, start = [], 0
    while start < size and len(periods):
        long = np.where(ahead[:, start] >= enough, ahead[:, start], 0)
        best = int(np.argmax(long))
        covered = int(long[best]) + periods[best]
        if long[best] and covered >= SHORT:
            out.append(_Run(start, start + covered, periods[best]))
            start += covered
        else:
            start += 1
    return out


def _moves(order: list[Node]) -> set[Node]:
    """What moves elements about, sums of what is zero but for such included."""
    out: set[Node] = set()
    sparse: set[Node] = set()
    for n in order:
        if n.op.name in MOVES or (n.op.name == "add" and not sparse.isdisjoint(n.args)):
            out.add(n)
            if n.op.name == "pad" or not sparse.isdisjoint(n.args):
                sparse.add(n)
    return out


def _prices(order: list[Node], moves: set[Node]) -> dict[Node, int]:
    """What it takes to compute an element of each node from arguments, in multiplications."""
    out: dict[Node, int] = {}
    for n in order:
        own = 0 if n in moves or not n.args else n.op.cost if isinstance(n.op, Elementwise) else 100
        out[n] = min(own + sum(out[a] for a in n.args), 1000)
    return out


def _last_uses(order: list[Node], prices: dict[Node, int], moves: set[Node]) -> list[int]:
    """Where each node is last used; what is cheap is computed again where it is used."""
    place = {n: k for k, n in enumerate(order)}
    last = list(range(len(order)))
    for k in range(len(order) - 1, -1, -1):
        n = order[k]
        until = last[k] if n in moves or prices[n] <= CHEAP else k
        for a in n.args:
            last[place[a]] = max(last[place[a]], until)
    return last


def _ends(run: _Run, order: list[Node], last: list[int], prices: dict[Node, int], storable: Storable) -> list[int]:
    """Where to cut a run: where the least has to be stored, period by period, and at its end."""
    step = run.period * -(-SHORT // run.period)
    if run.end - run.start < 3 * step:
        return [run.end]
    held = [k for k in range(run.start, run.start + 2 * step) if prices[order[k]] > CHEAP and storable(order[k])]

    def count(first: int) -> int:
        return sum(first <= k < first + step <= last[k] for k in held)

    first = min(range(run.start, run.start + step), key=count)
    return [*range(first, run.end, step), run.end]

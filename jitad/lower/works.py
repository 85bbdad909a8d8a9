"""What is done at one level of loops, what of it needs what, and what shares a loop."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from jitad.ir.node import Node, topological
from jitad.ir.sizes import computed
from jitad.lower.placed import Effect, Placed
from jitad.lower.scalar import LOAD, REDUCE, Buffer, cost, variable

LONG = 160  # statements of a loop: more are several loops, if they recur

Free = Callable[[Node], frozenset[Node]]  # the loop variables that a scalar depends on


@dataclass(eq=False)
class Work:
    """Something that is done at the present level: a reduction or a store, in a loop if `var` is not None."""

    var: Node | None
    source: Node | Effect
    done: Container[Node] = field(repr=False)
    needs: set[Work] = field(default_factory=set)
    beside: set[Work] = field(default_factory=set)  # of these what may be done in the same turn of the same loop
    piece: int | None = None  # of a loop that was cut
    level: int = 0

    def roots(self) -> list[Node]:
        """The scalars that it needs."""
        return list(self.source.args) if isinstance(self.source, Node) else [*self.source.idx, self.source.value]

    @cached_property
    def nodes(self) -> list[Node]:
        """All scalars below it that are not there already."""
        return topological(self.roots(), stop=self.done.__contains__)


def inside(free: Free, depth: int, node: Node) -> bool:
    """Whether a scalar can be computed inside `depth` loops."""
    return all(v.params[0] < depth for v in free(node))  # type: ignore[operator]


def works_of(free: Free, depth: int, wanted: Sequence[Node], effects: Sequence[Effect], done: set[Node],
             pieces: Mapping[Buffer | Node, int] | None = None) -> list[Work]:
    """What has to be done inside `depth` loops to compute `wanted` and do `effects`, where `done` is there already.

    If loops were cut, `pieces` says what of them each buffer and each sum belongs to.
    """
    order = topological([*wanted, *(n for e in effects for n in (*e.idx, e.value))], stop=done.__contains__)
    there = frozenset(done)
    works = [Work(variable(n), n, there) for n in order if n.op is REDUCE and inside(free, depth, n)]
    works += [Work(e.loops[depth] if len(e.loops) > depth else None, e, there) for e in effects]
    by_node = {w.source: w for w in works if isinstance(w.source, Node)}
    writers: dict[Buffer, list[Work]] = {}
    for w in works:
        if isinstance(w.source, Effect):
            for buffer in w.source.written:
                before = writers.setdefault(buffer, [])
                if w.source.add or w.source.turns:  # pushes come after what they add to, loops after what they start from
                    w.needs |= {b for b in before if not b.source.add}  # type: ignore[union-attr]
                before.append(w)
    below = _below(order, by_node)
    for w in works:
        if isinstance(w.source, Effect):
            w.needs.update(*(writers.get(b, ()) for b in w.source.operands))
        for source in set().union(*(below[n] for n in w.roots() if n in below)):
            w.needs.update([by_node[source]] if isinstance(source, Node) else writers.get(source, ()))
        w.needs.discard(w)
    _measured(works)
    if pieces:
        _in_pieces(works, pieces, writers)
    _levels(works)
    return works


def _measured(works: list[Work]) -> None:
    """What has a length that is computed comes after it is known."""
    known = {w.source.measures: w for w in works if isinstance(w.source, Effect) and w.source.measures is not None}
    if not known:
        return
    for w in works:
        asked = [s for n in w.nodes if n.op.name in ("size_value", "loop_var")
                 for s in computed(n.params[n.op.name == "loop_var"])]  # type: ignore[arg-type]
        if isinstance(w.source, Effect):
            lengths = [v.params[1] for v in w.source.loops] + [n for b in w.source.written for n in b.shape]
            asked += [s for n in lengths for s in computed(n)]  # type: ignore[arg-type]
            if w.source.turns is not None:
                asked += w.source.turns.lengths
                asked += [] if w.source.turns.length is None else computed(w.source.turns.length)
        w.needs |= {known[s] for s in asked if s in known} - {w}


def _in_pieces(works: list[Work], pieces: Mapping[Buffer | Node, int], writers: Mapping[Buffer, list[Work]]) -> None:
    """What belongs to which piece: to that of the latest thing it needs, if nothing is said."""
    known: dict[Work, int] = {}
    stack = list(works)
    while stack:
        w = stack[-1]
        missing = [n for n in w.needs if n not in known]
        if not missing:
            stack.pop()
            least = max((known[n] for n in w.needs), default=0)
            known[w] = max(least, pieces.get(w.source if isinstance(w.source, Node) else w.source.buffer, 0))
        stack += missing
    for w in works:
        w.piece = known[w]
        w.beside = {n for n in w.needs if known[n] == known[w] and n.var is w.var is not None and _in_turn(w, n.source, writers)}


def _in_turn(work: Work, source: Node | Effect, writers: Mapping[Buffer, list[Work]]) -> bool:
    """Whether each turn of a loop reads of a buffer, or adds to, what it has stored itself."""
    if isinstance(source, Node) or source.routine or source.turns or source.add:
        return False
    if isinstance(work.source, Effect) and source.buffer in work.source.written and work.source.idx != source.idx:
        return False
    stored = {w.source.idx for w in writers[source.buffer]}  # type: ignore[union-attr]
    return all(n.args in stored for n in work.nodes if n.op is LOAD and n.params[0] is source.buffer)


def _below(order: list[Node], reductions: Mapping[Node, Work]) -> dict[Node, frozenset]:
    """Of each scalar the reductions and buffers that it is computed from."""
    found: dict[Node, frozenset] = {}
    for n in order:
        parts = {found[a] for a in n.args if a in found}
        own = next(iter(parts)) if len(parts) == 1 else frozenset().union(*parts)
        if n in reductions:
            own |= {n}
        elif n.op is LOAD:
            own |= {n.params[0]}
        found[n] = own
    return found


def _levels(works: list[Work]) -> None:
    """As early as what it needs allows; then as late as pays."""
    users: dict[Work, list[Work]] = {w: [] for w in works}
    missing = {w: len(w.needs) for w in works}
    for w in works:
        for n in w.needs:
            users[n].append(w)
    ready = [w for w in works if not missing[w]]
    for w in ready:  # which grows
        for u in users[w]:
            if u.piece == w.piece:  # others come in the order of pieces
                u.level = max(u.level, w.level + (w not in u.beside))
            missing[u] -= 1
            if not missing[u]:
                ready.append(u)
    last = max((w.level for w in works), default=0)
    at: dict[int, list[Work]] = {}
    for w in works:
        at.setdefault(w.level, []).append(w)
    for w in reversed(works):
        if w.piece is not None:
            continue
        latest = min((u.level - 1 for u in users[w]), default=last)
        if latest > w.level:
            best = max(range(w.level, latest + 1), key=lambda k: (_shared(w, at.get(k, ())), -k))
            if best != w.level:
                at[w.level].remove(w)
                at.setdefault(best, []).append(w)
                w.level = best


def _shared(work: Work, others: Iterable[Work]) -> int:
    """The cost of what a work has in common with others of the same loop."""
    found: set[Node] = set()
    for w in others:
        if w is not work and w.var is work.var:
            found.update(w.nodes)
    return sum(cost(n) for n in work.nodes if n in found)


def grouped(works: list[Work]) -> list[list[Work]]:
    """Works that share a loop, in order."""
    groups: dict[tuple, list[Work]] = {}
    for w in sorted(works, key=lambda w: (w.piece or 0, w.level)):
        groups.setdefault((w.piece, w.level, w.var), []).append(w)
    return list(groups.values())


def outermost(placed: Placed) -> list[list[Work]]:
    """What shares a loop, of the outermost ones."""
    return grouped(works_of(placed.elements.free, 0, placed.scalars(), placed.effects, set(), placed.pieces))

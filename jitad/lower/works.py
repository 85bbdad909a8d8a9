"""What is done at one level of loops, what of it needs what, and what shares a loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from jitad.ir.node import Node, topological
from jitad.lower.placed import Effect
from jitad.lower.scalar import LOAD, REDUCE, Buffer, cost, variable

Free = Callable[[Node], frozenset[Node]]  # the loop variables that a scalar depends on


@dataclass(eq=False)
class Work:
    """Something that is done at the present level: a reduction or a store, in a loop if `var` is not None."""

    var: Node | None
    source: Node | Effect
    nodes: list[Node]  # all scalars below it
    needs: set[Work] = field(default_factory=set)
    level: int = 0

    def roots(self) -> list[Node]:
        """The scalars that it needs."""
        return list(self.source.args) if isinstance(self.source, Node) else [*self.source.idx, self.source.value]


def inside(free: Free, depth: int, node: Node) -> bool:
    """Whether a scalar can be computed inside `depth` loops."""
    return all(v.params[0] < depth for v in free(node))  # type: ignore[operator]


def works_of(free: Free, depth: int, wanted: Sequence[Node], effects: Sequence[Effect], done: set[Node]) -> list[Work]:
    """What has to be done inside `depth` loops to compute `wanted` and do `effects`, where `done` is there already."""
    roots = [*wanted, *(n for e in effects for n in (*e.idx, e.value))]
    reductions = [n for n in topological(roots, stop=done.__contains__) if n.op is REDUCE and inside(free, depth, n)]
    works = [Work(variable(n), n, topological([n.args[0]], stop=done.__contains__)) for n in reductions]
    for e in effects:
        var = e.loops[depth] if len(e.loops) > depth else None
        works.append(Work(var, e, topological([*e.idx, e.value], stop=done.__contains__)))
    by_node = {w.source: w for w in works if isinstance(w.source, Node)}
    writers: dict[Buffer, list[Work]] = {}
    for w in works:
        if isinstance(w.source, Effect):
            before = writers.setdefault(w.source.buffer, [])
            if w.source.add:  # pushes come after what they add to
                w.needs |= {b for b in before if not b.source.add}  # type: ignore[union-attr]
            before.append(w)
    for w in works:
        if isinstance(w.source, Effect):
            w.needs.update(*(writers.get(b, ()) for b in w.source.operands))
        for n in w.nodes:
            if n in by_node:
                w.needs.add(by_node[n])
            elif n.op is LOAD:
                w.needs.update(writers.get(n.params[0], ()))  # type: ignore[call-overload]
        w.needs.discard(w)
    _levels(works)
    return works


def _levels(works: list[Work]) -> None:
    """As early as what it needs allows; then as late as pays."""
    changed = True
    while changed:
        changed = False
        for w in works:
            level = max((n.level + 1 for n in w.needs), default=0)
            if level > w.level:
                w.level, changed = level, True
    last = max((w.level for w in works), default=0)
    for w in reversed(works):
        latest = min((u.level - 1 for u in works if w in u.needs), default=last)
        if latest > w.level:
            w.level = max(range(w.level, latest + 1), key=lambda k: (_shared(w, works, k), -k))


def _shared(work: Work, works: list[Work], level: int) -> int:
    """The cost of what a work has in common with others of the same loop at a level."""
    others: set[Node] = set()
    for w in works:
        if w is not work and w.level == level and w.var is work.var:
            others.update(w.nodes)
    return sum(cost(n) for n in work.nodes if n in others)


def grouped(works: list[Work]) -> list[list[Work]]:
    """Works that share a loop, in order."""
    groups: dict[tuple, list[Work]] = {}
    for w in sorted(works, key=lambda w: w.level):
        groups.setdefault((w.level, w.var), []).append(w)
    return list(groups.values())

"""Half a square: a sum over all pairs (i, j) is taken over j > i, where the terms of (i, j) and (j, i) share their work.

For the forces of a pair potential, ``sum_j h(i, j)`` with ``h(j, i) = -h(i, j)`` becomes::

    for i:
        for j > i:
            row += h(i, j)
            t[j] += h(j, i)      # one computation with h(i, j), by the normal form of scalars
        t[i] += row + h(i, i)

A sum whose rows are only added up, like the energy, needs no array t. The inner loops are written in lanes: LLVM does not
vectorise them, as it cannot know that t is apart from what is read.
"""

from __future__ import annotations

from collections.abc import Iterable

from jitad.ir.node import Node, topological
from jitad.ir.sizes import Size, key_of
from jitad.ir.types import BOOL, FLOAT, FLOAT32, INT
from jitad.lower.choices import as_size
from jitad.lower.lanes import fits
from jitad.lower.placed import Effect, Placed
from jitad.lower.scalar import LOAD, REDUCE, Buffer, cost, load, loop_var, variable
from jitad.ops.leaf import constant_value

ALIKE = 1.5  # halves may cost this much more than a term, to be taken together


def halve(placed: Placed) -> None:
    """Replace sums over squares in `placed` by sums over triangles where that halves the work."""
    rows: dict[int | Size, list[Node]] = {}
    for node in topological(_roots(placed)):
        if node.op is REDUCE and node.params[1] == 1:
            rows.setdefault(node.params[2], []).append(node)  # type: ignore[arg-type]
    for size in sorted(rows, key=key_of):
        outer = frozenset((loop_var(0, size),))
        if all(r.params[0] == "sum" and r.dtype == FLOAT and placed.elements.free(r) == outer for r in rows[size]):
            _Half(placed, size, rows[size]).apply()


def _roots(placed: Placed) -> list[Node]:
    found = [n for e in placed.effects for n in (*e.idx, e.value)]
    return found + [o.value for o in placed.outputs if isinstance(o.value, Node)]


class _Half:
    """The sums over one square."""

    def __init__(self, placed: Placed, size: int | Size, rows: list[Node]):
        self.placed, self.e, self.rows = placed, placed.elements, set(rows)
        self.i, self.j, self.later = loop_var(0, size), loop_var(1, size), loop_var(1, size, True)
        self.size = size
        self.seen: list[tuple[dict[Node, Node], dict[Node, Node]]] = [
            ({self.j: self.later}, {}), ({self.i: self.later, self.j: self.i}, {}), ({self.j: self.i}, {})]
        self.totals = _only_added_up(_roots(placed), self.rows, self.i)
        self.effects: list[Effect] = []
        self.terms: list[Node] = []  # of (i, j)
        self.halves: list[Node] = []  # of (i, j) and of (j, i), for j > i

    def apply(self) -> None:
        effects, outputs = self.placed.rewritten(lambda n, args: self._row(n, args[0]) if n in self.rows else None)
        if self._pays():
            self.placed.effects = self.effects + effects
            self.placed.outputs = outputs
            self.placed.zeroed |= dict.fromkeys(e.buffer for e in self.effects)

    def _row(self, row: Node, body: Node) -> Node:
        """What stands for ``sum_j body(i, j)``."""
        e = self.e
        here, mirrored, diagonal = (e.substitute(body, replace, known) for replace, known in self.seen)
        self.terms.append(body)
        self.halves += [here, mirrored]
        if row in self.totals:
            return e.add(self._sum(e.add(here, mirrored)), diagonal)
        return self._stored(here, mirrored, diagonal)

    def _stored(self, here: Node, mirrored: Node, diagonal: Node) -> Node:
        """Rows in an array; a number in front of all terms stays out of the loops."""
        e, i = self.e, self.i
        scale, unit = _scale(e, mirrored)
        c, rest = _scale(e, here)
        if abs(c) != abs(scale) or constant_value(diagonal) != 0:
            scale, unit, c, rest = 1, mirrored, 1, here
        t = Buffer("temp", unit.dtype, (self.size,), padded=True)
        own = e.add(e.scaled(1 if c == scale else -1, self._sum(rest)), diagonal)
        self.effects.append(Effect((i,), t, (i,), own, add=True))
        if constant_value(unit) != 0:
            self.effects.append(Effect((i, self.later), t, (self.later,), unit, add=True))
        return e.scaled(scale, load(t, (i,)))

    def _sum(self, body: Node) -> Node:
        """The sum over j > i."""
        return body if constant_value(body) == 0 else self.e.reduce("sum", self.later.params, body)

    def _pays(self) -> bool:
        """Whether lanes can be used, and a term and its mirror image share their work."""
        pairs = self._of_pairs(self.halves)
        return (bool(pairs) and all(map(self._fits, pairs))
                and sum(map(cost, pairs)) <= ALIKE * sum(map(cost, self._of_pairs(self.terms))))

    def _of_pairs(self, roots: Iterable[Node]) -> list[Node]:
        inner = {self.j, self.later}
        return [n for n in topological(roots) if not inner.isdisjoint(self.e.free(n)) or n.op is REDUCE]

    def _fits(self, n: Node) -> bool:
        """Whether a scalar that depends on both indices can be computed in lanes, from memory read along the inner one."""
        if n.op is LOAD:
            *outer, last = n.args
            unit = last is self.later or (n.op.name == "add" and last.args[0] is self.later and as_size(last.args[1]) is not None)
            return unit and all(self.later not in self.e.free(i) for i in outer) and n.dtype in (FLOAT, INT, BOOL)
        equality = n.op.name in ("equal", "not_equal") and n.args[0].dtype.kind == "f"  # they are computed in one way only
        return fits(n) and not equality and FLOAT32 not in (n.dtype, *(a.dtype for a in n.args))


def _scale(e, x: Node) -> tuple:  # type: ignore[no-untyped-def]
    """A product as (number, rest), the sign in the number."""
    sign = -1 if x.op.name == "negative" else 1
    c, rest = e.coefficient(x.args[0] if sign < 0 else x)
    return sign * c, rest


def _only_added_up(roots: list[Node], rows: set[Node], i: Node) -> set[Node]:
    """Rows that do nothing but enter sums over i, linearly."""
    users: dict[Node, list[Node]] = {r: [] for r in roots}
    order = topological(roots)
    for n in order:
        for a in n.args:
            users.setdefault(a, []).append(n)
    held, found = set(roots), set()
    for n in reversed(order):
        if n not in held and all(
                (u.op is REDUCE and u.params[0] == "sum" and variable(u) is i) or (u in found and _is_linear(u, n))
                for u in users[n]):
            found.add(n)
    return rows & found


def _is_linear(user: Node, x: Node) -> bool:
    if user.op.name in ("add", "subtract", "negative"):
        return True
    return user.op.name == "multiply" and any(a is x and constant_value(b) is not None
                                              for a, b in (user.args, user.args[::-1]))

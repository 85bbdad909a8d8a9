"""Sums outside of the loop in which elements lie side by side, where they read in steps themselves.

For ``z[i, n] = sum_j l[place[i, j]] * c[j, n]``, the sum is a loop inside of that over n, walks down columns of c, and looks l
up anew at every n. With the loops the other way round, c and z are what vectors are for::

    for i:
        for j:
            for n:
                z[i, n] += l[place[i, j]] * c[j, n]

In the same way a sum over n of sums over j is a sum over j of sums over n.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from jitad.ir.node import Node, topological
from jitad.lower.choices import is_op
from jitad.lower.placed import Effect, Placed
from jitad.lower.scalar import LOAD, REDUCE, Buffer, cost, load, loop_var, starts_after, variable, work
from jitad.lower.sums import Sums
from jitad.ops.leaf import constant_value

CHEAP = 20  # multiplications of a term: what costs more may be needed by other sums as well, in the loops as they are
SIMPLE = 3  # multiplications of a condition of a sum
AHEAD = ("loop_var", "add", "select", "less", "less_equal", "equal", "not_equal", "logical_and", "logical_or", "logical_not")
DEEP = 100  # of a sum of sums

Parts = list[tuple[Node, Callable[[Node], Node]]]  # sums, and what is made of each of their terms


def interchange(placed: Placed) -> None:
    """Have loops change places in `placed`."""
    uses = Counter(a for n in topological(placed.roots()) for a in n.args)
    uses.update(placed.roots())
    e = placed.elements

    def turned(n: Node, args: tuple[Node, ...]) -> Node | None:
        if n.op is not REDUCE or n.params[0] != "sum" or starts_after(variable(n)) is not None:
            return None
        rest, parts = _taken_apart(e, args[0], variable(n), uses)
        if not parts:
            return None
        total = rest if constant_value(rest) == 0 else e.reduce("sum", variable(n).params, rest)  # type: ignore[arg-type]
        for m, made in parts:
            total = e.add(total, _reversed(e, n, m, made))
        return total

    effects, placed.outputs = placed.rewritten(turned)
    uses = Counter(a for n in topological([x for s in effects for x in (*s.idx, s.value)]) for a in n.args)
    uses.update(s.value for s in effects)
    placed.effects = [new for s in effects for new in _pushed(e, s, uses)]


def _reversed(e: Sums, outer: Node, inner: Node, made: Callable[[Node], Node]) -> Node:
    """A sum of sums with the loops the other way round."""
    n, j = variable(outer), variable(inner)
    depth = e.depth(outer, *(e.free(inner) - {n, j}))
    first, last = loop_var(depth, j.params[1]), loop_var(depth + 1, n.params[1])  # type: ignore[arg-type]
    body = e.substitute(made(inner.args[0]), {n: last, j: first})
    return e.reduce("sum", first.params, e.reduce("sum", last.params, body))  # type: ignore[arg-type]


def _pushed(e: Sums, store: Effect, uses: Counter[Node]) -> list[Effect]:
    """A store of sums as a store of the rest, and what is added to it."""
    if store.add or store.routine or not store.loops or store.idx[-1] is not store.loops[-1]:
        return [store]
    out: list[Effect] = []

    def stored(x: Node, parts: Parts) -> Node:
        """A factor of what is stored, as it is before it is multiplied."""
        buffer = Buffer("temp", x.dtype, tuple(v.params[1] for v in store.loops))  # type: ignore[misc]
        out.extend(_added(e, Effect(store.loops, buffer, store.loops, x), parts))
        return load(buffer, store.loops)

    rest, parts = _taken_apart(e, store.value, store.loops[-1], uses, stored)
    return out + _added(e, replace(store, value=rest), parts)


def _added(e: Sums, store: Effect, parts: Parts) -> list[Effect]:
    """A store, and what is added to it."""
    *around, column = store.loops
    out = [store]
    for m, made in parts:
        j = variable(m)
        row, last = (loop_var(len(around) + k, v.params[1]) for k, v in enumerate((j, column)))  # type: ignore[arg-type]
        value = e.substitute(made(m.args[0]), {j: row, column: last})
        idx = tuple(e.substituted(list(store.idx), {column: last}))
        out.append(Effect((*around, row, last), store.buffer, idx, value, add=True))
    return out


def _taken_apart(e: Sums, value: Node, column: Node, uses: Counter[Node],
                 stored: Callable[[Node, Parts], Node] | None = None) -> tuple[Node, Parts]:
    """A scalar that is linear in sums which had better be outside of a loop: what else there is, and those.

    A factor of a sum stays one, as each term times infinity is not their sum times infinity: the sum has to be `stored` then.
    """

    def apart(n: Node, left: int) -> tuple[Node, Parts]:
        if not left or uses[n] != 1 or n.dtype.kind != "f" or column not in e.free(n):
            return n, []
        if n.op is REDUCE:
            return (e.zero(n.dtype), [(n, lambda x: x)]) if _in_steps(e, n, column) else (n, [])
        if is_op(n, "select") and constant_value(n.args[2]) == 0 and simple(n.args[0]):
            p, x, zero = n.args
            return along(n, x, apart(x, left - 1), lambda x: e.select(p, x, zero))
        if n.op.name == "negative":
            return along(n, n.args[0], apart(n.args[0], left - 1), e.neg)
        if n.op.name in ("add", "subtract"):
            (x, xs), (y, ys) = (apart(a, left - 1) for a in n.args)
            if (x, y) == n.args:
                return n, []
            if n.op.name == "add":
                return e.add(x, y), xs + ys
            return e.sub(x, y), xs + [(m, _then(first, e.neg)) for m, first in ys]
        if n.op.name == "multiply":
            c, rest = e.coefficient(n)
            if c != 1:
                return along(n, rest, apart(rest, left - 1), lambda x: e.scaled(c, x)) if np.isfinite(c) else (n, [])
            for a, b in (n.args, n.args[::-1]) if stored is not None else ():
                rest, parts = apart(a, left - 1)
                if rest is not a:
                    return e.mul(stored(rest, parts) if parts else rest, b), []
        return n, []

    def simple(condition: Node) -> bool:
        """Whether it may be computed anew for every term."""
        return column not in e.free(condition) or work(condition, SIMPLE) < SIMPLE

    def along(n: Node, old: Node, found: tuple[Node, Parts], made: Callable[[Node], Node]) -> tuple[Node, Parts]:
        rest, parts = found
        if rest is old:
            return n, []
        return rest if constant_value(rest) == 0 else made(rest), [(m, _then(first, made)) for m, first in parts]

    return apart(value, DEEP)


def _then(first: Callable[[Node], Node], second: Callable[[Node], Node]) -> Callable[[Node], Node]:
    return lambda x: second(first(x))


def _in_steps(e: Sums, n: Node, column: Node) -> bool:
    """Whether a sum reads in steps, or looks up, what lies side by side along `column`."""
    row = variable(n)
    body = topological([n.args[0]])
    if n.params[0] != "sum" or starts_after(row) is not None or any(m.op is REDUCE for m in body):
        return False
    if sum(cost(m) for m in body if row in e.free(m) and m.dtype.kind == "f" and m.op is not LOAD) > CHEAP:
        return False
    loads = [m for m in body if m.op is LOAD]
    along = [m for m in loads if column in e.free(m)]
    return bool(along) and all(_beside(e, m, column) or _could_be(e, m, column) for m in along) and not all(
        _beside(e, m, row) for m in loads if row in e.free(m))


def _beside(e: Sums, n: Node, var: Node) -> bool:
    """Whether elements that a loop reads lie side by side, but for its ends."""
    last = topological([n.args[-1]], stop=lambda m: var not in e.free(m))
    return not any(var in e.free(i) for i in n.args[:-1]) and all(m.op.name in AHEAD for m in last if var in e.free(m))


def _could_be(e: Sums, n: Node, var: Node) -> bool:
    """The same of a copy of an argument."""
    return n.params[0].kind == "input" and n.args[0] is var and not any(var in e.free(i) for i in n.args[1:])  # type: ignore

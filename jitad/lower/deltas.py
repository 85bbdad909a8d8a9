"""Sums and stores of what is zero but in a few turns of a loop that are known: second derivatives of sums over pairs, say.

The Hessian of a pair potential is its linear derivative along all unit vectors. Along that of atom t, differences of positions of
atoms i and j change by ``[i == t] - [j == t]``, so that terms of other pairs are zero::

    sum_j ((j == t) | (i == t) ? h(i, j) : 0)    is    i == t ? sum_j h(i, j) : h(i, t)

The sum has t in place of i, or i in place of t, whichever is further out: it is computed once for each. Over a list of pairs i
and j are looked up, and for each pair only the turns t = i and t = j are left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from jitad.ir.node import Node, topological
from jitad.ir.types import INT
from jitad.lower.choices import is_op
from jitad.lower.scalar import LOOP_VAR, loop_var
from jitad.ops.leaf import constant_value

WHOLE = 1e6  # below, sums of whole numbers are exact
MANY, LARGE = 8, 600  # conditions and scalars that are looked through

if TYPE_CHECKING:
    from jitad.lower.placed import Effect
    from jitad.lower.sums import Sums


def counted(e: Sums, loop: tuple, var: Node, body: Node) -> Node | None:
    """A sum of whole numbers that conditions choose, some each for itself: ``sum_j ([i == t] - [j == t])``."""
    quick: list[tuple[object, Node]] = []
    rest: list[tuple[object, Node]] = []
    for sign, t in _terms(body):
        c, n = e.coefficient(t)
        if not (is_op(n, "select") and all(_whole(a) for a in n.args[1:]) and _whole(c)):
            return None
        turns = (e.solved(q, var) for q in parts(n.args[0], "logical_and"))
        known = var not in e.free(n) or (constant_value(n.args[2]) == 0 and any(t is not None for t in turns))
        (quick if known else rest).append((sign * c, n))
    if not quick or len(quick) + len(rest) < 2:
        return None
    zero = e.zero(body.dtype)
    total = zero
    for c, n in quick:
        total = e.add(total, e.scaled(c, e.reduce("sum", loop, n)))
    others = zero
    for c, n in rest:
        others = e.add(others, e.scaled(c, n))
    return e.add(total, e.reduce("sum", loop, others)) if rest else total


def few_terms(e: Sums, loop: tuple, var: Node, body: Node) -> Node | None:
    """A sum over a loop as single terms, if that can be told; and as a whole where a condition outside the loop holds.

    Of a sum of several numbers those that are zero for one reason.
    """
    zero = e.zero(body.dtype)
    terms = _terms(body)
    for p, turns, outside, found in _alternatives(e, body, var, [t for _, t in terms]):
        rest = [(s, t) for s, t in terms if t not in found]
        few = _added(e, [(s, t) for s, t in terms if t in found], zero) if rest else body
        total = zero
        within = e.substitute(few, {p: e.true()})
        single = e.substitute(within, dict.fromkeys(outside, e.false()))
        for once in _one_by_one(e, turns):
            total = e.add(total, e.reduce("sum", loop, e.select(once, single, zero)))
        for q in outside:
            total = e.select(q, e.reduce("sum", loop, e.substitute(within, {q: e.true()})), total)
        return e.add(total, e.reduce("sum", loop, _added(e, rest, zero))) if rest else total
    return None


def _terms(body: Node) -> list[tuple[int, Node]]:
    """What a scalar is the sum of, with signs."""
    out, stack = [], [(1, body)]
    while stack:
        sign, n = stack.pop()
        if n.op.name in ("add", "subtract", "negative"):
            stack.append((sign if is_op(n, "add") else -sign, n.args[-1]))
            stack += [(sign, a) for a in n.args[:-1]]
        else:
            out.append((sign, n))
    return out


def _added(e: Sums, terms: list[tuple[int, Node]], zero: Node) -> Node:
    for sign, t in terms:
        zero = e.add(zero, t) if sign > 0 else e.sub(zero, t)
    return zero


def few_stores(e: Sums, store: Effect) -> list[Effect]:
    """What adds to an array in a loop, in a few turns only: those, without the loop."""
    for var in store.loops:
        for p, turns, outside, _ in _alternatives(e, store.value, var, [store.value]):
            if outside:
                continue
            others = [v for v in store.loops if v is not var]
            moved = {v: loop_var(k, v.params[1]) for k, v in enumerate(others)}  # type: ignore[arg-type]
            value, zero = e.substitute(store.value, {p: e.true()}), e.zero(store.value.dtype)
            out: list[Effect] = []
            for once, place in zip(_one_by_one(e, turns), turns.values(), strict=True):
                met, safe = e.in_range(place, var.params[1])  # type: ignore[arg-type]
                scalars = e.substituted([e.select(once, value, zero), *store.idx], {var: safe})
                value_there, *idx = e.substituted([e.select(met, scalars[0], zero), *scalars[1:]], moved)
                there = replace(store, loops=tuple(moved.values()), idx=tuple(idx), value=value_there)
                out += few_stores(e, there)
            return out
    return [store]


def _alternatives(e: Sums, body: Node, var: Node, terms: list[Node]) -> Iterator[
        tuple[Node, dict[Node, Node], list[Node], set[Node]]]:
    """Conditions without which some of the terms of a scalar are zero: what each is the alternative of, and these terms.

    That is, conditions that name a turn of the loop, with the turn, and at most one outside of the loop.
    """
    inside = topological([body], stop=lambda n: var not in e.free(n))
    conditions = [p for p in inside if is_op(p, "logical_or") and var in e.free(p)]
    if not conditions or len(inside) > LARGE:
        return
    for p in conditions[:MANY]:
        zero = vanishing(body, p)
        found = {t for t in terms if t in zero}
        turns: dict[Node, Node] = {}
        outside: list[Node] = []
        for q in parts(p, "logical_or") if found else ():
            place = e.solved(q, var) if var in e.free(q) else None
            if place is not None:
                turns[q] = place
            else:
                outside.append(q)
        known = not outside or (len(outside) == 1 and same_index(outside[0]) is not None)
        if turns and known and not _chooses_indices(body, p, *outside):
            yield p, turns, outside, found


def _one_by_one(e: Sums, conditions: dict[Node, Node]) -> list[Node]:
    """Each condition where none of those before it holds."""
    out, earlier = [], e.false()
    for q in conditions:
        out.append(e.both(q, e.negation(earlier)))
        earlier = e.either(earlier, q)
    return out


def vanishing(x: Node, p: Node) -> set[Node]:
    """What of a scalar is zero where p does not hold, whatever else it is made of."""
    found: set[Node] = set()
    for n in topological([x]):
        a = [m in found for m in n.args]
        if is_op(n, "select"):
            zero = (a[1] or p in parts(n.args[0], "logical_and")) and a[2]
        elif is_op(n, "multiply"):
            zero = any(a)
        elif n.op.name in ("add", "subtract", "negative"):
            zero = all(a)
        elif is_op(n, "divide"):
            zero = a[0]
        else:
            zero = n.dtype.kind == "f" and constant_value(n) == 0
        if zero:
            found.add(n)
    return found


def _whole(value: object) -> bool:
    """Whether that is a whole number, or a scalar known to be one."""
    number = constant_value(value) if isinstance(value, Node) else value
    return number is not None and abs(number) < WHOLE and number == int(number)  # type: ignore[operator,call-overload,arg-type]


def same_index(q: Node) -> tuple[Node, Node] | None:
    """The loop variables that are equal, the inner one first, if a condition says that of two."""
    if is_op(q, "equal") and all(a.op is LOOP_VAR and len(a.params) == 2 for a in q.args):
        inner, outer = sorted(q.args, key=lambda a: -a.params[0])  # type: ignore[operator]
        return (inner, outer) if inner.params[1] == outer.params[1] else None
    return None


def _chooses_indices(body: Node, *conditions: Node) -> bool:
    """Whether an index depends on one of the conditions: it has to be in range where they do not hold, too."""
    return any(is_op(n, "select") and n.dtype == INT and not set(topological([n.args[0]])).isdisjoint(conditions)
               for n in topological([body]))


def parts(p: Node, name: str) -> list[Node]:
    """The operands of a condition made by one operation, through brackets."""
    out, stack = [], [p]
    while stack:
        q = stack.pop()
        if is_op(q, name):
            stack.extend(reversed(q.args))
        else:
            out.append(q)
    return out

"""What is known of integers without running: the range of an index, so that comparisons can be decided."""

from __future__ import annotations

import functools

from jitad.ir import sizes
from jitad.ir.node import Node
from jitad.ir.sizes import Size, at_least
from jitad.ir.types import INT
from jitad.lower.scalar import LOOP_VAR, starts_after
from jitad.ops.leaf import constant_value

KEPT = 4096  # answers: the same places are compared again and again


@functools.lru_cache(maxsize=KEPT)
def extent(node: Node) -> tuple[int | Size | None, int | Size | None]:
    """Lower and upper bound (inclusive) of an integer scalar; None is unknown."""
    name = node.op.name
    if node.dtype != INT:
        return None, None
    if name == "constant":
        value = int(constant_value(node))
        return value, value
    if name == "size_value":
        return node.params[0], node.params[0]
    if name == "loop_var":
        return 0, sizes.sub(node.params[1], 1)
    if name == "triangle":
        n, k, which = node.params  # row i and column j of a pair: 0 <= i, i + k <= j < n
        return (k, sizes.sub(n, 1)) if which else (0, sizes.sub(sizes.sub(n, k), 1))  # type: ignore[arg-type]
    if name == "add":
        (a, b), (c, d) = extent(node.args[0]), extent(node.args[1])
        return _sum(a, c), _sum(b, d)
    if name == "multiply":
        c = constant_value(node.args[1])
        if c is None or constant_value(node.args[0]) is not None:
            return None, None
        low, high = extent(node.args[0])
        low, high = (None if v is None else sizes.mul(v, int(c)) for v in (low, high))
        return (low, high) if c >= 0 else (high, low)
    if name == "select":
        (a, b), (c, d) = _where(node.args[1], node.args[0]), extent(node.args[2])
        low = None if a is None or c is None else sizes.call("min", a, c)
        high = None if b is None or d is None else sizes.call("max", b, d)
        return low, high
    return None, None


def _sum(a: int | Size | None, b: int | Size | None) -> int | Size | None:
    return None if a is None or b is None else sizes.add(a, b)


def _where(x: Node, p: Node) -> tuple[int | Size | None, int | Size | None]:
    """The extent of x where the condition holds, which may be that x is in a range."""
    low, high = extent(x)
    stack = [p]
    while stack:
        q = stack.pop()
        if q.op.name == "logical_and":
            stack += q.args
        elif q.op.name in ("less", "less_equal") and x in q.args:
            strict = int(q.op.name == "less")
            if q.args[0] is x:
                high = _tighter(high, _sum(extent(q.args[1])[1], -strict), "min")
            else:
                low = _tighter(low, _sum(extent(q.args[0])[0], strict), "max")
    return low, high


def _tighter(bound: int | Size | None, other: int | Size | None, which: str) -> int | Size | None:
    if bound is None or other is None:
        return other if bound is None else bound
    return sizes.call(which, bound, other)


def _by_place(x: Node, y: Node) -> bool | None:
    """x < y for two places counted from one loop variable, or from one and another that starts after it."""
    (i, a), (j, b) = counted(x), counted(y)
    gap = sizes.sub(b, a)
    if not isinstance(gap, int) or i is None or j is None:
        return None
    if i is j:
        return gap > 0
    if starts_after(j) is i and gap >= 0:
        return True
    return False if starts_after(i) is j and gap <= 1 else None


def counted(x: Node) -> tuple[Node | None, int | Size]:
    """An index as a loop variable and a number to add, if it is that."""
    if x.op is LOOP_VAR:
        return x, 0
    if x.op.name == "add" and x.args[0].op is LOOP_VAR and x.args[1].op.name in ("constant", "size_value"):
        return x.args[0], extent(x.args[1])[0]  # type: ignore[return-value]
    return None, 0


@functools.lru_cache(maxsize=KEPT)
def less(x: Node, y: Node) -> bool | None:
    """Whether x < y for all indices, if that is known."""
    by_place = _by_place(x, y)
    if by_place is not None:
        return by_place
    (a, b), (c, d) = extent(x), extent(y)
    if b is not None and c is not None:
        gap = at_least(sizes.sub(c, b))
        if gap is not None and gap > 0:
            return True
    if a is not None and d is not None:
        gap = at_least(sizes.sub(a, d))
        if gap is not None and gap >= 0:
            return False
    return None

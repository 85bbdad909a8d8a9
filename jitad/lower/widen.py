"""Sums over almost as many turns as there are elements, in the loops over all of these: memory is read once.

Differences of neighbours are one less than what they are made of. For ``((u[1:] - u[:-1])**2).sum()`` beside ``(u*u).sum()``::

    sum_{i < n - 1} f(i)    is    sum_{i < n} (i < n - 1 ? f(i) : 0)

where f is asked for at an index of its own in any case. :mod:`jitad.lower.peel` makes a loop without the condition of it.
"""

from __future__ import annotations

from jitad.ir import sizes
from jitad.ir.node import Node, topological
from jitad.ir.sizes import Size, at_least
from jitad.lower.peel import LONGEST, MOST
from jitad.lower.placed import Placed
from jitad.lower.scalar import LOAD, REDUCE, TRIVIAL, Buffer, loop_var, starts_after, variable

Loops = dict[int | Size, set[Buffer]]  # by length what they read


def widen(placed: Placed) -> None:
    """Have sums over shorter loops share those that read the same arrays."""
    e = placed.elements
    order = topological(placed.roots())
    read = _read(placed, order)
    longer = {n: size for n in order if n.op is REDUCE and (size := _longer(n, read)) is not None}

    def wide(n: Node, args: tuple[Node, ...]) -> Node | None:
        if n not in longer:
            return None
        _, depth, own = n.params
        var = loop_var(depth, longer[n])  # type: ignore[arg-type]
        inside = e.lt(var, e.size(own))
        body = e.substitute(args[0], {variable(n): e.select(inside, var, e.int(0))})
        return e.reduce("sum", var.params, e.select(inside, body, e.zero(n.dtype)))

    if longer:
        placed.effects, placed.outputs = placed.rewritten(wide)


def _read(placed: Placed, order: list[Node]) -> Loops:
    """Lengths of loops, and the arrays that are read in them."""
    out: Loops = {}
    for n in order:
        if n.op is REDUCE:
            out.setdefault(variable(n).params[1], set()).update(_arrays([n.args[0]]))  # type: ignore[arg-type]
    for s in placed.effects:
        for var in s.loops:
            out.setdefault(var.params[1], set()).update(_arrays([*s.idx, s.value]))  # type: ignore[arg-type]
    return out


def _arrays(roots: list[Node]) -> set[Buffer]:
    return {n.params[0] for n in topological(roots) if n.op is LOAD}  # type: ignore[misc]


def _longer(n: Node, read: Loops) -> int | Size | None:
    """The length of another loop that a sum had better share."""
    own = n.params[2]
    body = topological([n.args[0]])
    if n.params[0] != "sum" or starts_after(variable(n)) is not None or not isinstance(own, Size):
        return None
    if (at_least(own) or 0) < 1 or sum(m.op.name not in TRIVIAL for m in body) > LONGEST:
        return None
    arrays = _arrays([n.args[0]])
    gaps = {size: sizes.sub(size, own) for size, others in read.items() if not arrays.isdisjoint(others)}
    found = {size: gap for size, gap in gaps.items() if isinstance(gap, int) and 0 < gap <= MOST}
    return max(found, key=found.__getitem__) if found else None

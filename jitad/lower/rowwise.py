"""Sums over the first axis of arrays, row by row: elements of a row are side by side, those of a column are not.

For the gradient of a regression, ``sum_i a[i, j] * r[i]`` for every j becomes::

    for i:
        for j:
            t[j] += a[i, j] * r(i)

in place of a loop over i inside one over j, which would read a in steps of whole rows, and ask for r anew at every j, so that it
would have to be stored: here it is computed once for each row, in the loop that may need it for other sums as well.
"""

from __future__ import annotations

from jitad.ir.node import Node, topological
from jitad.lower.placed import Effect, Placed
from jitad.lower.scalar import LOAD, REDUCE, Buffer, load, loop_var, starts_after, variable


def go_by_rows(placed: Placed) -> None:
    """Turn sums over rows in `placed` into rows that are added up."""
    found = [n for n in topological(placed.roots()) if n.op is REDUCE and _is_by_columns(placed, n)]
    if not found:
        return
    e = placed.elements
    new: dict[Node, Node] = {}
    pushes: list[Effect] = []
    for n in found:
        (column,), row = e.free(n), variable(n)
        outer, inner = loop_var(0, row.params[1]), loop_var(1, column.params[1])  # type: ignore[arg-type]
        total = Buffer("temp", n.dtype, (column.params[1],), padded=True)  # type: ignore[arg-type]
        pushes.append(Effect((outer, inner), total, (inner,), e.substitute(n.args[0], {row: outer, column: inner}), add=True))
        placed.zeroed[total] = None
        new[n] = load(total, (column,))
    effects, placed.outputs = placed.rewritten(lambda n, args: new.get(n))
    placed.effects = pushes + effects


def _is_by_columns(placed: Placed, n: Node) -> bool:
    """Whether a sum runs over rows, for one column after the other."""
    e, row = placed.elements, variable(n)
    outside = e.free(n)
    if n.params[0] != "sum" or n.dtype.kind != "f" or len(outside) != 1 or starts_after(row) is not None:
        return False
    (column,) = outside
    if column.params[0] != 0 or len(column.params) != 2 or row.params[0] != 1:
        return False
    along = across = 0
    for m in topological([n.args[0]], stop=lambda m: row not in e.free(m) or m.op is REDUCE):
        if m.op is LOAD and len(m.args) > 1:
            along += m.args[-1] is column and any(row in e.free(i) for i in m.args[:-1])
            across += m.args[-1] is row and any(column in e.free(i) for i in m.args[:-1])
    return along > across

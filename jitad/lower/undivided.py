"""Loops over an axis that is several in a row, as reshapes make it: one after the other, so that nothing is divided.

For an array of 4*n numbers that are computed by (4, n)::

    for i0 in range(4*n):                    for i0 in range(n):
        v0 = i0 // n                             t0[i0] = ...
        v1 = i0 % n                              t0[i0 + n] = ...
        t0[i0] = ... if v0 < 1 else ...          ...
"""

from __future__ import annotations

from collections.abc import Sequence

from jitad.config import UNROLL_AXIS
from jitad.ir import sizes
from jitad.ir.node import Node, topological
from jitad.ir.sizes import Size
from jitad.lower.choices import as_size
from jitad.lower.index import Elements, Index
from jitad.lower.scalar import LOOP_VAR, loop_var

MOST = UNROLL_AXIS  # values of one turn


def undivided(e: Elements, loops: Sequence[Node], points: Sequence[Index], values: Sequence[Node]) -> tuple[
        tuple[Node, ...], list[Index]] | None:
    """Other loops, and the indices of what one turn computes, where values ask for quotients of a variable; else None."""
    for n in topological(values):
        if n.op.name in ("floor_divide", "remainder") and n.args[0] in loops:
            var, length = n.args[0], as_size(n.args[1])
            found = None if length is None else _blocks(e, var, length)
            if found is not None and len(found[1]) * len(points) <= MOST:
                inner, places = found
                return (tuple(inner if v is var else v for v in loops),
                        [tuple(place if i is var else i for i in p) for p in points for place in places])
    return None


def _blocks(e: Elements, var: Node, length: int | Size) -> tuple[Node, list[Node]] | None:
    """A variable over the long one of two axes that another runs through, and what that is for each place of the short one."""
    assert var.op is LOOP_VAR
    depth, size, *after = var.params
    times, rest = sizes.divided(size, length)  # type: ignore[arg-type]
    if after or rest != 0 or isinstance(times, int) == isinstance(length, int):
        return None
    if isinstance(times, int):
        inner = loop_var(depth, length)  # type: ignore[arg-type]
        return inner, [e.add(inner, e.size(sizes.mul(k, length))) for k in range(times)]
    inner = loop_var(depth, times)  # type: ignore[arg-type]
    return inner, [e.add(e.mul(inner, e.int(length)), e.int(k)) for k in range(length)]  # type: ignore[arg-type]

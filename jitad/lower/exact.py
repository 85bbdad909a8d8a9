"""What has to be computed in one way only, as it is compared with itself."""

from __future__ import annotations

from jitad.ir.node import Node, topological
from jitad.lower.scalar import REDUCE

_EQUALITIES = ("equal", "not_equal")
_STEPS = ("less", "less_equal", "greater", "greater_equal", "sign", "floor", "ceil", "trunc", "rint", "floor_divide")


def compared(roots: list[Node]) -> set[Node]:
    """What an equality of floats, or a comparison with a maximum or minimum (or the sign of a difference to one), depends on.

    ``x == x.max()`` computes x a second time, and must find the very number: so it may not be associated differently there.
    """
    order = topological(roots)
    extreme: set[Node] = set()
    for n in order:
        if (n.op is REDUCE and n.params[0] in ("max", "min")) or not extreme.isdisjoint(n.args):
            extreme.add(n)
    found = [n for n in order if n.op.name in _EQUALITIES or (n.op.name in _STEPS and n in extreme)]
    return set(topological([a for n in found for a in n.args if a.dtype.kind == "f"]))

"""What has to be computed in one way only, as it is compared with itself."""

from __future__ import annotations

from collections.abc import Iterable

from jitad.ir.node import Node, topological
from jitad.ir.types import INT
from jitad.lower.scalar import LOAD, REDUCE, Buffer

_EQUALITIES = ("equal", "not_equal")
_STEPS = ("less", "less_equal", "greater", "greater_equal", "sign", "floor", "ceil", "trunc", "rint", "floor_divide")


def compared(roots: list[Node], stored: Iterable[tuple[Buffer, Node]]) -> set[Node]:
    """What equalities of floats, comparisons with an extreme (or the sign of a difference to one) and indices depend on.

    ``x == x.max()`` computes x a second time, and must find the very number: so it may not be associated differently there. The
    maximum may have been `stored` before. The largest index is looked at in one place, whether it is in
    range, and indices are used in others.
    """
    order = topological(roots)
    held: dict[Buffer, list[Node]] = {}
    for b, value in stored:
        if _is_extreme(value):
            held.setdefault(b, []).append(value)
    extreme: set[Node] = set()
    for n in order:
        if _is_extreme(n) or (n.op is LOAD and n.params[0] in held) or not extreme.isdisjoint(n.args):
            extreme.add(n)
    asked = [n for n in order if n.op.name in _EQUALITIES or (n.op.name in _STEPS and n in extreme) or _is_index(n)]
    indices = topological([a for n in order if n.op is LOAD or (_is_extreme(n) and n.dtype.kind in "iu") for a in n.args])
    found = topological([a for n in asked for a in n.args if a.dtype.kind == "f"] + [n for n in indices if n.dtype.kind == "f"])
    return set(topological([*found, *(v for n in found if n.op is LOAD for v in held.get(n.params[0], ()))]))  # type: ignore


def _is_index(n: Node) -> bool:
    """Whether a float was made an index, perhaps."""
    return n.dtype == INT and n.op.name == "cast" and n.args[0].dtype.kind == "f"


def _is_extreme(n: Node) -> bool:
    return n.op is REDUCE and n.params[0] in ("max", "min")

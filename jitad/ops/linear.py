"""Whether a graph is linear in some of its inputs, as far as that can be read off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jitad.ir.node import Node, topological
from jitad.ir.types import is_float
from jitad.ops.leaf import constant_value

_VIEWS = {"retype", "reshape", "transpose", "slice", "flip", "roll", "cast"}

LINEAR, AFFINE, UNKNOWN = "linear", "affine", "unknown"


def linearity(outputs: Sequence[Node], inputs: Iterable[Node]) -> str:
    """`LINEAR`, if the outputs surely are so in the inputs; `AFFINE`, if something is added that does not depend on these."""
    depends = set(inputs)
    for n in topological(outputs, stop=depends.__contains__):
        has = [a in depends for a in n.args]
        if any(has):
            depends.add(n)
            found = _of(n, has)
            if found is not LINEAR:
                return found
    return LINEAR if all(o in depends or _is_zero(o) for o in outputs) else AFFINE


def _of(n: Node, has: list[bool]) -> str:
    """What an op makes of arguments of which it is linear in those that are marked."""
    name = n.op.name
    if not is_float(n.dtype) or name in ("custom", "pulled", "scan"):
        return UNKNOWN
    if name == "multiply" or n.op.bilinear:
        return LINEAR if sum(has) == 1 else UNKNOWN
    if name == "divide":
        return UNKNOWN if has[1] else LINEAR
    places = (1, 2) if name == "select" else n.op.linear_in(n)
    if not all(k in places for k, h in enumerate(has) if h):
        return UNKNOWN
    return LINEAR if all(has[k] or _is_zero(n.args[k]) for k in places) else AFFINE


def _is_zero(n: Node) -> bool:
    """Whether a node is zero as written, also times something."""
    while n.op.name in _VIEWS:
        n = n.args[0]
    if n.op.name == "multiply":
        return any(map(_is_zero, n.args))
    return bool(constant_value(n) == 0)

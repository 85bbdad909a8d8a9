"""Whether a graph is linear in some of its inputs, as far as that can be read off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jitad.ir.node import Node, topological
from jitad.ir.types import is_float
from jitad.ops.leaf import constant_value

_VIEWS = {"broadcast", "retype", "reshape", "transpose", "slice", "flip", "roll", "cast"}


def is_linear(outputs: Sequence[Node], inputs: Iterable[Node]) -> bool:
    """Whether the outputs surely are linear in the inputs: what is added to them is zero."""
    depends = set(inputs)
    for n in topological(outputs, stop=depends.__contains__):
        has = [a in depends for a in n.args]
        if any(has):
            depends.add(n)
            if not _is_linear_op(n, has):
                return False
    return all(o in depends or _is_zero(o) for o in outputs)


def _is_linear_op(n: Node, has: list[bool]) -> bool:
    name = n.op.name
    if not is_float(n.dtype) or name in ("custom", "pulled", "scan"):
        return False
    if name == "multiply" or n.op.bilinear:
        return sum(has) == 1
    if name == "divide":
        return not has[1]
    if name == "select":
        return not has[0] and all(h or _is_zero(a) for a, h in zip(n.args[1:], has[1:], strict=True))
    places = n.op.linear_in(n)
    return all(k in places for k, h in enumerate(has) if h) and all(has[k] or _is_zero(n.args[k]) for k in places)


def _is_zero(n: Node) -> bool:
    while n.op.name in _VIEWS and n.op.name != "broadcast":
        n = n.args[0]
    return bool(constant_value(n) == 0)

"""Whether a graph is linear in some of its inputs, as far as that can be read off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jitad.ir.node import Node, topological
from jitad.ir.types import is_float
from jitad.ops.leaf import value_of

LINEAR, AFFINE, UNKNOWN = "linear", "affine", "unknown"


def linearity(outputs: Sequence[Node], inputs: Iterable[Node]) -> str:
    """`LINEAR`, if the outputs surely are so in the inputs; `AFFINE`, if something is added that does not depend on these."""
    depends, zeros = set(inputs), _Zeros()
    for n in topological(outputs, stop=depends.__contains__):
        has = [a in depends for a in n.args]
        if any(has):
            depends.add(n)
            found = _of(n, has, zeros)
            if found is not LINEAR:
                return found
    return LINEAR if all(o in depends or zeros.has(o) for o in outputs) else AFFINE


def _of(n: Node, has: list[bool], zeros: _Zeros) -> str:
    """What an op makes of arguments of which it is linear in those that are marked."""
    name = n.op.name
    if not is_float(n.dtype) or name in ("custom", "pulled", "scan"):
        return UNKNOWN
    if name == "multiply" or n.op.bilinear:
        return LINEAR if sum(has) == 1 else UNKNOWN
    if name == "divide":
        return UNKNOWN if has[1] else LINEAR
    places = _places(n)
    if not all(k in places for k, h in enumerate(has) if h):
        return UNKNOWN
    return LINEAR if all(has[k] or zeros.has(n.args[k]) for k in places) else AFFINE


def _places(n: Node) -> tuple[int, ...]:
    return (1, 2) if n.op.name == "select" else (0,) if n.op.name == "divide" else n.op.linear_in(n)


class _Zeros:
    """Nodes that are zero as written: times something, moved, summed."""

    def __init__(self) -> None:
        self._known: dict[Node, bool] = {}

    def has(self, node: Node) -> bool:
        for n in topological([node], stop=self._known.__contains__):
            inner = [self._known[a] for a in n.args]
            if n.op.name == "multiply" or n.op.bilinear:
                self._known[n] = any(inner)
            elif n.op.name == "constant":
                self._known[n] = bool(value_of(n) == 0)
            else:
                places = _places(n)
                self._known[n] = bool(places) and all(inner[k] for k in places)
        return self._known[node]

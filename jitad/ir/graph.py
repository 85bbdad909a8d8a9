"""A traced function: numbered inputs, outputs, and what must hold of a call for the graph to be its meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from jitad.ir import sizes
from jitad.ir.node import Node, topological
from jitad.ir.sizes import Size, Sym


@dataclass(frozen=True)
class Guard:
    """``left <op> right`` over sizes must be `truth`. `op` is one of ``== < <=``."""

    op: str
    left: int | Size
    right: int | Size
    truth: bool = True

    def holds(self, value_of: Callable[[Sym], int]) -> bool:
        a, b = sizes.evaluate(self.left, value_of), sizes.evaluate(self.right, value_of)
        return {"==": a == b, "<": a < b, "<=": a <= b}[self.op] == self.truth

    def __str__(self) -> str:
        text = f"{self.left} {self.op} {self.right}"
        return text if self.truth else f"not {text}"


@dataclass(frozen=True)
class Graph:
    """`inputs` are ``input`` nodes; `outputs` may use nothing else that varies between calls."""

    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]
    guards: tuple[Guard, ...] = field(default=())

    def nodes(self) -> list[Node]:
        """Every node that the outputs need, arguments first."""
        return topological(self.outputs)

    def __str__(self) -> str:
        from jitad.ir.show import show

        return show(self)


def in_order(roots: Iterable[Node], stop: Callable[[Node], bool] | None = None) -> list[Node]:
    """:func:`topological`, with lengths that are computed before all that has them in its type."""
    roots = list(roots)
    order = topological(roots, stop)
    lengths = [n for n in order if n.op.name == "length"]
    return topological([*lengths, *roots], stop) if lengths else order


def rebuild(
    outputs: Iterable[Node],
    replace: Mapping[Node, Node] | None = None,
    size: Callable[[int | Size], int | Size] | None = None,
) -> list[Node]:
    """The outputs with nodes replaced and sizes mapped, every op applied anew (so that types follow)."""
    outputs = list(outputs)
    new: dict[Node, Node] = dict(replace or {})
    lengths: dict[Sym, int | Size] = {}
    for node in in_order(outputs, new.__contains__):
        args = tuple(new[a] for a in node.args)
        if size is None and not lengths and all(a is b for a, b in zip(args, node.args, strict=True)):
            new[node] = node
            continue
        new[node] = node.op.reapply(node, args, _sized(size, lengths))
        if new[node].origin is None:
            new[node].origin = node.origin
        if node.op.name == "length" and new[node] is not node:
            lengths |= node.op.renamed(node, new[node])  # type: ignore[attr-defined]
    return [new[o] for o in outputs]


def _sized(size: Callable[[int | Size], int | Size] | None, lengths: Mapping[Sym, int | Size]) -> Callable:
    if size is None:
        return lambda s: sizes.substitute(s, lengths)
    return lambda s: sizes.substitute(size(s), lengths)

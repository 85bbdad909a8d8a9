"""Values with a derivative that is stated, not followed: how it was computed does not matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jitad.ir.node import Node
from jitad.ir.types import ArrayType
from jitad.ops.declare import REGISTRY, AtRule, Scalar
from jitad.ops.routine import Repeated

Rule = Callable[..., "Node | None"]
RULES: dict[str, Rule] = {}


def rule(function: Rule) -> Rule:
    """Name a derivative: ``rule(out, x, tangent of x, ...)``, the tangents None where there are none.

    It gives the tangent of `out`, linear in the tangents. The first axis of all only repeats.
    """
    RULES[function.__name__] = function
    return function


class Custom(Repeated):
    """out = the first argument; its derivative in the others is the rule's, and none is taken in the first."""

    name = "custom"

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        return args[0].type

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        return args[0]

    def jvp(self, node: Node, *tangents: Node | None) -> Node | None:
        pairs = [p for pair in zip(node.args[1:], tangents[1:], strict=True) for p in pair]
        return RULES[node.params[0]](node, *pairs)  # type: ignore[index]

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        return (yield node.args[0], idx)


def custom(rule: Rule, value: Node, *args: Node) -> Node:
    """`value`, as a function of `args` with the derivative that the rule gives."""
    return REGISTRY["custom"].build((value, *args), (rule.__name__,))


@rule
def no_derivative(out: Node) -> None:
    """A constant, to derivatives."""


def stopped(x: Node) -> Node:
    """`x`, of which no derivative is taken."""
    return custom(no_derivative, x)

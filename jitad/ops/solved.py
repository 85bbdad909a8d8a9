"""Linear systems of which only products with the matrix are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jitad.errors import InternalError
from jitad.ir.body import Body
from jitad.ir.node import Node
from jitad.ir.types import ArrayType
from jitad.ops.declare import REGISTRY, AtRule, Op, Scalar, SizeMap

APPLIED, SOLVED = (0, 1), (2, 3)  # results of the body: of the matrix, and of the transposed one


class Solved(Op):
    """x with A x = b; arguments are b and what A depends on.

    Params are a body that gives, of a vector and these, A v, Aᵀ v, A⁻¹ v and A⁻ᵀ v; and 1 where A is transposed, else 0.
    Before lowering, A⁻¹ v as the body has it is put in place.
    """

    name = "solved"
    linear = (0,)

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        return args[0].type

    def reapply(self, node: Node, args: tuple[Node, ...], size: SizeMap) -> Node:
        return self.build(args, (node.params[0].resized(size), node.params[1]))

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        body, transposed = node.params
        return [self.build((ct, *node.args[1:]), (body, 1 - transposed)), *(None for _ in node.args[1:])]

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        raise InternalError("a linear system is solved by what is put in its place")

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        raise InternalError("a linear system is solved by what is put in its place")
        yield


def solved(body: Body, b: Node, *args: Node) -> Node:
    """x with A x = b."""
    return REGISTRY["solved"].build((b, *args), (body, 0))

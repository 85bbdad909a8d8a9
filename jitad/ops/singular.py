"""Derivatives at singular points: 0 where the derivative of IEEE arithmetic is nan, so that a minimiser can go on.

The table is docs/singular_points.md. With ``strict=True`` they are what IEEE arithmetic gives.
"""

from __future__ import annotations

from jitad.config import ieee_derivatives
from jitad.ir.node import Node
from jitad.ops.compare import equal, less_equal, select
from jitad.ops.leaf import full


def unless_zero(x: Node, value: Node, positive: bool = False) -> Node:
    """`value`, but 0 where `x` is zero; `positive` if it is never less."""
    if ieee_derivatives():
        return value
    zero = full(0, value.dtype, value.shape)
    return select((less_equal if positive else equal)(x, full(0, x.dtype, x.shape)), zero, value)


def is_sum_of_squares(x: Node) -> bool:
    """Whether a node is zero only where all that it is made of is: its root is a norm, with derivative 0 there."""
    stack = [x]
    while stack:
        n = stack.pop()
        name = n.op.name
        if name == "integer_pow" and n.params[0] in (2, 4) and n.args[0].op.name != "divide":
            continue
        if (name == "multiply" and n.args[0] is n.args[1]) or (
                name == "contract" and n.args[0] is n.args[1] and n.params[0] == n.params[1]):
            continue
        if name == "add":
            stack += n.args
        elif name in ("sum", "reshape", "broadcast", "transpose", "slice", "retype", "gather", "cast"):
            stack.append(n.args[0])
        elif name == "divide" or (name == "multiply" and _is_number(n.args[1])):
            stack.append(n.args[0])
        elif name == "multiply" and _is_number(n.args[0]):
            stack.append(n.args[1])
        else:
            return False
    return True


def _is_number(n: Node) -> bool:
    while n.op.name in ("broadcast", "cast"):
        n = n.args[0]
    return n.op.name in ("constant", "size_value")

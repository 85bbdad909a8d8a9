"""Derivatives at singular points: 0 where the derivative of IEEE arithmetic is nan, so that a minimiser can go on.

The table is docs/singular_points.md. With ``strict=True`` they are what IEEE arithmetic gives.
"""

from __future__ import annotations

from typing import NamedTuple

from jitad.config import ieee_derivatives
from jitad.ir.node import Node, topological
from jitad.ir.types import is_float
from jitad.ops.arithmetic import integer_pow
from jitad.ops.compare import equal, less_equal, select
from jitad.ops.leaf import constant_value, full


def unless_zero(x: Node, value: Node, positive: bool = False) -> Node:
    """`value`, but 0 where `x` is zero; `positive` if it is never less."""
    if ieee_derivatives():
        return value
    zero = full(0, value.dtype, value.shape)
    return select((less_equal if positive else equal)(x, full(0, x.dtype, x.shape)), zero, value)


class Squares(NamedTuple):
    """What is known of a sum of squares: whether it is divided by lengths and constants at most, and surely never negative."""

    of_numbers: bool = True
    positive: bool = True


_KEEPING = {"sum", "max", "absolute", "reshape", "broadcast", "transpose", "slice", "pad", "flip", "roll", "retype", "gather",
            "cast"}


def sum_of_squares(x: Node) -> Squares | None:
    """Whether a node is zero only where all that it is made of is: its root is a norm, with derivative 0 there."""
    found, stack = Squares(), [x]
    while stack:
        n = stack.pop()
        name = n.op.name
        if name == "integer_pow" and n.params[0] > 0 and n.params[0] % 2 == 0 and n.args[0].op.name != "divide":
            continue
        if (name == "multiply" and n.args[0] is n.args[1]) or (
                name == "contract" and n.args[0] is n.args[1] and n.params[0] == n.params[1]):
            continue
        if name in ("add", "concatenate", "maximum"):
            stack += [a for a in n.args if constant_value(a) != 0]
        elif name == "select":  # of which some do not count
            stack += [b for b in n.args[1:] if constant_value(b) != 0]
        elif name == "minimum" and any(map(_is_positive, n.args)):
            stack.append(n.args[0] if _is_positive(n.args[1]) else n.args[1])
        elif name in _KEEPING:
            stack.append(n.args[0])
        elif name == "divide":
            stack.append(n.args[0])
            found = Squares(found.of_numbers and _is_number(n.args[1]), found.positive and _is_positive(n.args[1]))
        elif name == "multiply" and any(map(_is_positive, n.args)):
            stack.append(n.args[0] if _is_positive(n.args[1]) else n.args[1])
        else:
            return None
    return found


def even_power_of_norm(node: Node) -> Node | None:
    """An even power of a norm or an absolute value, written without the root; None if a node is nothing of the kind."""
    name = node.op.name
    if name == "integer_pow" and node.params[0] and node.params[0] % 2 == 0:
        power: int = node.params[0]
    elif name == "multiply" and node.args[0] is node.args[1]:
        power = 2
    elif name == "sqrt" and node.args[0].op.name == "integer_pow" and node.args[0].params[0] % 4 == 0:
        power = 0  # the root of x**4
    else:
        return None
    if ieee_derivatives() or not is_float(node.dtype):
        return None
    x = node.args[0]
    if not power:
        return integer_pow(x.args[0], x.params[0] // 2)
    if x.op.name == "sqrt":
        squares = sum_of_squares(x.args[0])
        return integer_pow(x.args[0], power // 2) if squares is not None and squares.of_numbers else None
    if x.op.name == "absolute":
        return integer_pow(x.args[0], power)
    if x.op.name == "hypot":
        return integer_pow(integer_pow(x.args[0], 2) + integer_pow(x.args[1], 2), power // 2)  # type: ignore[operator]
    return None


def _is_number(n: Node) -> bool:
    """Whether a node is made of constants and lengths."""
    return all(m.op.name != "input" for m in topological([n]) if not m.args)


def _is_positive(n: Node) -> bool:
    """Whether a node is a positive constant or a length, if need be repeated."""
    while n.op.name in ("broadcast", "cast"):
        n = n.args[0]
    return n.op.name == "size_value" or (n.op.name == "constant" and bool(constant_value(n) > 0))

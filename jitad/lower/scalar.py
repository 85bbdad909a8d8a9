"""What scalars are made of besides elementwise ops: loop variables, loads, sums over a loop, pairs of a triangle.

A scalar is a 0-d node. Loop variables are named by depth, so that equal computations in different nests are one node.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.ir.types import INT, ArrayType, Shape
from jitad.ops.declare import Elementwise, Op


@dataclass(frozen=True, eq=False)
class Buffer:
    """Memory that a kernel reads or writes.

    `kind` is ``input`` (position `position`), ``output``, ``temp``, ``flat`` (an input seen with one axis), or ``packed``
    (a copy of an input whose first axis is the last one; or, of a matrix of many columns, the one of its columns that is
    `fixed`). Behind the end of rows of a `padded` one there is room for a whole vector. With an `order` the axes of what it holds
    lie in that order: short ones first, so that elements along a long one are side by side.
    """

    kind: str
    dtype: np.dtype
    shape: Shape
    position: int = -1
    source: Any = None
    fixed: tuple[int, ...] = ()
    padded: bool = False
    order: tuple[int, ...] = ()

    def at(self, idx: tuple[Node, ...]) -> tuple[Node, ...]:
        """Where the element with this index lies."""
        return tuple(idx[k] for k in self.order) if self.order else idx


class _ScalarOp(Op):
    def __init__(self, name: str):
        self.name = name

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        if self is REDUCE:
            return args[0].type
        return ArrayType(params[0].dtype, ()) if self is LOAD else ArrayType(INT, ())


TRIVIAL = ("constant", "loop_var", "size_value")  # written where they are used
LOOP_VAR = _ScalarOp("loop_var")  # params (depth, size), or (depth, size, True): starts after the variable outside it
LOAD = _ScalarOp("load")  # args indices, params (buffer,)
REDUCE = _ScalarOp("reduce")  # args (body,), params (kind, *loop): over loop_var(*loop)
TRIANGLE = _ScalarOp("triangle")  # args (p,), params (n, k, which): row or column of the p-th pair


def loop_var(depth: int, size: int | Size, after: bool = False) -> Node:
    return LOOP_VAR.build((), (depth, size, True) if after else (depth, size))


def starts_after(var: Node) -> Node | None:
    """The variable outside that a loop variable exceeds."""
    depth, size, *after = var.params
    return loop_var(depth - 1, size) if after else None  # type: ignore[operator,arg-type]


def load(buffer: Buffer, idx: tuple[Node, ...]) -> Node:
    return LOAD.build(idx, (buffer,))


def variable(node: Node) -> Node:
    """The loop variable that a reduction runs over."""
    return loop_var(*node.params[1:])  # type: ignore[arg-type]


def cost(node: Node) -> int:
    """Of one scalar, in multiplications."""
    if node.op is REDUCE:
        return 100
    return node.op.cost if isinstance(node.op, Elementwise) else 1


def work(node: Node, enough: int) -> int:
    """What a scalar costs to compute from what is loaded, up to `enough`."""
    total, stack, seen = 0, [node], set()
    while stack and total < enough:
        n = stack.pop()
        if n not in seen and n.op.name not in TRIVIAL:
            seen.add(n)
            total += cost(n)
            stack += n.args if n.op is not LOAD else ()
    return total

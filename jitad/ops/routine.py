"""Ops that are no sum and no move of elements: a routine of its own computes the whole array.

Operands and result lie in memory. Their first axis only repeats the task: here rows, in `jitad.ops.matrix` matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitad.ir import sizes
from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.ir.types import INT, ArrayType
from jitad.ops.declare import REGISTRY, Op, lead
from jitad.ops.shape import flip, reshape


class Repeated(Op):
    """An op whose first axis, of arguments and result, only repeats it."""

    def batch(self, node: Node, args: tuple[Node, ...], batched: Sequence[bool], size: int | Size) -> Node:
        long = []
        for x, has in zip(args, batched, strict=True):
            x = x if has else lead(x, size)
            long.append(reshape(x, (sizes.mul(size, x.shape[1]), *x.shape[2:])))
        out = self.build(tuple(long), node.params)
        return reshape(out, (size, node.shape[0], *out.shape[1:]))


class Routine(Repeated):
    """An op that emitted code calls as ``name(result, *operands, *params)``."""

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        return args[0].type

    def operands(self, node: Node) -> tuple[Node, ...]:
        """The arguments that the routine reads."""
        return node.args


class CumSum(Routine):
    """Running sums of rows."""

    name = "cumsum"
    linear = (0,)

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        return np.cumsum(args[0], axis=1, dtype=None if np.asarray(args[0]).dtype == object else node.dtype)

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        return [flip(cumsum(flip(ct, (1,))), (1,))]


class ArgSort(Routine):
    """The order of rows: stable, NaN last."""

    name = "argsort"

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        return ArrayType(INT, args[0].shape)

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        x = np.asarray(args[0])
        return np.argsort(x.astype(float) if x.dtype == object else x, axis=1, kind="stable")


def cumsum(x: Node) -> Node:
    return REGISTRY["cumsum"].build((x,), ())


def argsort(x: Node) -> Node:
    return REGISTRY["argsort"].build((x,), ())

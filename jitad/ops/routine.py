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
from jitad.ops.shape import flip, pad, reshape, slice_


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

    def called(self, node: Node) -> tuple[str, tuple]:
        """The name under which emitted code calls it, and what it hands over besides operands."""
        return self.name, node.params


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


class Inside(Routine):
    """Rows of indices, all of which are indices of an axis that is as long as is said, of each row by a number."""

    name = "inside"

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        index, bound = args
        if np.any((index < -bound[:, None]) | (index >= bound[:, None])):
            raise IndexError("an index is out of range")
        return index


class Recurrence(Routine):
    """y[i] = a[i]*y[i-1] + b[i] along rows, from y[-1] = 0."""

    name = "recurrence"
    linear = (1,)

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        a, b = args
        out = np.empty_like(b)
        for i in range(np.shape(b)[1]):
            out[:, i] = a[:, i] * out[:, i - 1] + b[:, i] if i else b[:, i]
        return out

    def jvp(self, node: Node, ta: Node | None, tb: Node | None) -> Node:
        a = node.args[0]
        grown = None if ta is None else ta * shifted(node, 1)  # type: ignore[operator]
        return recurrence(a, tb + grown if tb is not None and grown is not None else tb or grown)  # type: ignore

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        turned = flip(shifted(node.args[0], -1), (1,))
        return [None, flip(recurrence(turned, flip(ct, (1,))), (1,))]


def shifted(x: Node, by: int) -> Node:
    """Rows moved one place on (by = 1) or back (-1), a zero in the place that becomes free."""
    b, n = x.shape
    less = sizes.sub(n, 1)
    part = slice_(x, ((0, b, 1), (0 if by > 0 else 1, less, 1)))
    return pad(part, x.shape, ((0, 1), (1 if by > 0 else 0, 1)))


def recurrence(a: Node, b: Node) -> Node:
    return REGISTRY["recurrence"].build((a, b), ())


def cumsum(x: Node) -> Node:
    return REGISTRY["cumsum"].build((x,), ())


def inside(index: Node, bound: Node) -> Node:
    return REGISTRY["inside"].build((index, bound), ())


def order_behind(index: Node) -> Node | None:
    """The order of rows, an argsort, of which an index array has some elements."""
    while index.op.name in ("reshape", "transpose", "slice", "flip", "broadcast", "retype", "gather", "cast"):
        index = index.args[0]
    return index if index.op.name == "argsort" else None


def argsort(x: Node) -> Node:
    return REGISTRY["argsort"].build((x,), ())

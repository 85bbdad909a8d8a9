"""Gather by index arrays, and its transpose, scatter-add."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitad.errors import DTypeError, ShapeError
from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.ir.types import INT, ArrayType, Shape, show_shape
from jitad.ops.declare import REGISTRY, AtRule, Op, Scalar, lead
from jitad.ops.leaf import iota
from jitad.ops.shape import broadcast


def _check(index: Sequence[Node]) -> Shape:
    for i in index:
        if i.dtype != INT:
            raise DTypeError(f"an index must be int64, not {i.dtype}")
        if i.shape != index[0].shape:
            raise ShapeError(f"index arrays of shapes {show_shape(index[0].shape)} and {show_shape(i.shape)}")
    return index[0].shape


def _batched_rows(index: Sequence[Node], flags: Sequence[bool], size: int | Size) -> list[Node]:
    """Index arrays for a batched operand: the row number first."""
    index = [i if b else lead(i, size) for i, b in zip(index, flags, strict=True)]
    return [broadcast(iota(size), index[0].shape, (0,)), *index]


class Gather(Op):
    """out[b..., r...] = x[index1[b...], index2[b...], ..., r...]; negative indices count from the end."""

    name = "gather"
    linear = (0,)
    moves = True

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        x, *index = args
        return ArrayType(x.dtype, (*_check(index), *x.shape[len(index) :]))

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        return np.asarray(args[0])[tuple(np.asarray(i) for i in args[1:])]

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        x, *index = node.args
        return [scatter_add(ct, index, x.shape), *(None for _ in index)]

    def batch(self, node: Node, args: tuple[Node, ...], batched: Sequence[bool], size: int | Size) -> Node:
        x, *index = args
        if not batched[0]:
            return self.build((x, *(i if b else lead(i, size) for i, b in zip(index, batched[1:], strict=True))), ())
        return self.build((x, *_batched_rows(index, batched[1:], size)), ())

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        x, *index = node.args
        where = []
        for k, i in enumerate(index):
            at = yield i, idx[: i.ndim]
            where.append(s.wrapped(at, x.shape[k]))
        return (yield x, (*where, *idx[index[0].ndim :]))


class ScatterAdd(Op):
    """Zeros of params[0] with out[index1[b...], ..., r...] += updates[b..., r...]."""

    name = "scatter_add"
    linear = (0,)

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        updates, *index = args
        expected = (*_check(index), *params[0][len(index) :])
        if updates.shape != expected:
            raise ShapeError(f"updates of shape {show_shape(updates.shape)}, expected {show_shape(expected)}")
        return ArrayType(updates.dtype, params[0])

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        out = np.zeros(size(node.params[0]), np.asarray(args[0]).dtype)
        np.add.at(out, tuple(np.asarray(i) for i in args[1:]), args[0])
        return out

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        return [gather(ct, node.args[1:]), *(None for _ in node.args[1:])]

    def batch(self, node: Node, args: tuple[Node, ...], batched: Sequence[bool], size: int | Size) -> Node:
        updates = args[0] if batched[0] else lead(args[0], size)
        return self.build((updates, *_batched_rows(args[1:], batched[1:], size)), ((size, *node.params[0]),))

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        return (yield from s.pull_scatter(node, idx))


def gather(x: Node, index: Sequence[Node]) -> Node:
    return REGISTRY["gather"].build((x, *index), ())


def scatter_add(updates: Node, index: Sequence[Node], shape: Shape) -> Node:
    return REGISTRY["scatter_add"].build((updates, *index), (tuple(shape),))


def indices(node: Node) -> list[tuple[Node, int | Size]]:
    """The index arrays of a gather or scatter, each with the length of the axis that it is for."""
    if node.op.name not in ("gather", "scatter_add"):
        return []
    target = node.args[0] if node.op.name == "gather" else node
    return list(zip(node.args[1:], target.shape, strict=False))

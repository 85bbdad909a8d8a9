"""Where values come from: inputs, constants, lengths, iota, and the index pairs of a triangle."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitad.ir.node import Node, make
from jitad.ir.sizes import Size, floordiv, mul, sub
from jitad.ir.types import INT, ArrayType, Shape
from jitad.ops.declare import REGISTRY, AtRule, Op, Scalar, lead

_serials = itertools.count()


class _Leaf(Op):
    """An op without arguments: the same for every row of a batch."""

    def batch(self, node: Node, args: tuple[Node, ...], batched: Sequence[bool], size: int | Size) -> Node:
        return lead(node, size)


class Input(_Leaf):
    """An argument. Its serial number keeps the inputs of nested transforms apart."""

    name = "input"

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        return ArrayType(*params[:2])

    def reapply(self, node: Node, args: tuple[Node, ...], size: Callable) -> Node:
        dtype, shape, serial = node.params
        return make(self, (), (dtype, tuple(size(n) for n in shape), serial))


class Constant(_Leaf):
    """A number; its bytes are its identity."""

    name = "constant"

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        return ArrayType(params[0], ())

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        return value_of(node)

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        return node
        yield


class SizeValue(_Leaf):
    """A length as a number."""

    name = "size_value"

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        return ArrayType(INT, ())

    def build(self, args: tuple[Node, ...], params: tuple) -> Node:
        return constant(params[0], INT) if isinstance(params[0], int) else super().build(args, params)

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        return np.asarray(size(node.params[0]), INT)

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        return node
        yield


class Iota(_Leaf):
    """out[i] = i."""

    name = "iota"

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        return ArrayType(INT, (params[0],))

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        return np.arange(size(node.params[0]))

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        return idx[0]
        yield


class TriIndex(_Leaf):
    """Rows (``which=0``) or columns (1) of the pairs j - i >= k of an n x n square, in row order; 0 <= k <= n."""

    name = "tri_index"

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        n, k, _ = params
        return ArrayType(INT, (triangle_size(n, k),))

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        n, k, which = size(node.params)
        return np.triu_indices(n, k)[which]

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        return s.triangle(idx[0], *node.params)
        yield


def triangle_size(n: int | Size, k: int) -> int | Size:
    """The number of pairs j - i >= k below n."""
    t = sub(n, k)
    return floordiv(mul(t, t + 1), 2)


def new_input(dtype: np.dtype, shape: Shape) -> Node:
    """A fresh input, different from every other."""
    return make(REGISTRY["input"], (), (dtype, shape, next(_serials)))


def constant(value: Any, dtype: np.dtype) -> Node:
    """A scalar constant of the dtype."""
    return REGISTRY["constant"].build((), (dtype, np.asarray(value, dtype).tobytes()))


def value_of(node: Node) -> Any:
    """The number of a constant."""
    dtype, data = node.params
    return np.frombuffer(data, dtype)[0]


def full(value: Any, dtype: np.dtype, shape: Shape) -> Node:
    """A constant repeated over a shape."""
    return fill(constant(value, dtype), shape)


def fill(scalar: Node, shape: Shape) -> Node:
    """A scalar node repeated over a shape."""
    return REGISTRY["broadcast"].build((scalar,), (tuple(shape), ())) if shape else scalar


def constant_value(node: Node) -> Any:
    """The number, if the node is a constant or a repeated one, else None."""
    if node.op.name == "broadcast":
        node = node.args[0]
    return value_of(node) if node.op.name == "constant" else None


def size_value(size: int | Size) -> Node:
    return REGISTRY["size_value"].build((), (size,))


def iota(size: int | Size) -> Node:
    return REGISTRY["iota"].build((), (size,))


def tri_index(n: int | Size, k: int, which: int) -> Node:
    return REGISTRY["tri_index"].build((), (n, k, which))

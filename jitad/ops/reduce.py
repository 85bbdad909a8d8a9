"""Sum, product, maximum and minimum over axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.ir.types import ArrayType
from jitad.ops.arithmetic import cast
from jitad.ops.compare import equal, isnan, logical_or, select
from jitad.ops.declare import REGISTRY, AtRule, Op, Scalar
from jitad.ops.leaf import full, iota
from jitad.ops.shape import broadcast


class Reduction(Op):
    """out[i] = x[i, j1] o x[i, j2] o ... over the axes in params[0] (sorted)."""

    numpy: np.ufunc

    def build(self, args: tuple[Node, ...], params: tuple) -> Node:
        return super().build(args, params) if params[0] else args[0]

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        (x,), (axes,) = args, params
        return ArrayType(x.dtype, tuple(n for k, n in enumerate(x.shape) if k not in axes))

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        return self.numpy.reduce(args[0], axis=node.params[0], dtype=None if node.dtype.kind == "b" else args[0].dtype)

    def batch(self, node: Node, args: tuple[Node, ...], batched: Sequence[bool], size: int | Size) -> Node:
        return self.build(args, (tuple(k + 1 for k in node.params[0]),))

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        return (yield from s.reduce_axes(self.name, node.args[0], node.params[0], idx))

    def kept(self, node: Node) -> tuple[int, ...]:
        """The axes of the operand that remain."""
        return tuple(k for k in range(node.args[0].ndim) if k not in node.params[0])

    def spread(self, node: Node, value: Node) -> Node:
        """Something of the result's shape, repeated over the operand's."""
        return broadcast(value, node.args[0].shape, self.kept(node))


class Sum(Reduction):
    """Sum; linear."""

    name = "sum"
    numpy = np.add
    linear = (0,)

    def build(self, args: tuple[Node, ...], params: tuple) -> Node:
        (x,), (axes,) = args, params
        if x.op is self:  # a sum of a sum is one sum
            inner = x.op.kept(x)  # type: ignore[attr-defined]
            x, axes = x.args[0], tuple(sorted((*x.params[0], *(inner[k] for k in axes))))
        return super().build((x,), (axes,))

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        return [self.spread(node, ct)]


class _Extreme(Reduction):
    def jvp(self, node: Node, t: Node) -> Node:
        """The derivative is shared equally among ties; those with NaN are the elements that are NaN."""
        x = node.args[0]
        ties = logical_or(equal(x, self.spread(node, node)), isnan(x))
        count = reduce_sum(select(ties, full(1, x.dtype, x.shape), full(0, x.dtype, x.shape)), node.params[0])
        return reduce_sum(select(ties, t, full(0, t.dtype, t.shape)), node.params[0]) / count


class Max(_Extreme):
    """Maximum; nan wins."""

    name = "max"
    numpy = np.maximum


class Min(_Extreme):
    """Minimum; nan wins."""

    name = "min"
    numpy = np.minimum


class Prod(Reduction):
    """Product. Its derivative takes the products of all others, never a quotient: right at zeros, to every order."""

    name = "prod"
    numpy = np.multiply

    def jvp(self, node: Node, t: Node) -> Node:
        x, axes = node.args[0], node.params[0]
        others = x  # one axis at a time: prod over the last axis, then over the one before
        inner = axes[-1]
        exclusive = _products_of_others(x, inner)
        t = reduce_sum(exclusive * t, (inner,))
        rest = axes[:-1]
        others = self.build((x,), ((inner,),))
        return t if not rest else self.jvp(self.build((others,), (rest,)), t)


def _products_of_others(x: Node, axis: int) -> Node:
    """out[.., i, ..] = product of x[.., j, ..] over j != i; takes n*n multiplications."""
    n, ndim = x.shape[axis], x.ndim
    shape = (*x.shape[: axis + 1], n, *x.shape[axis + 1 :])  # i at axis, j behind it
    source = broadcast(x, shape, tuple(k if k < axis else k + 1 for k in range(ndim)))
    i, j = broadcast(iota(n), shape, (axis,)), broadcast(iota(n), shape, (axis + 1,))
    return REGISTRY["prod"].build((select(equal(i, j), full(1, x.dtype, shape), source),), ((axis + 1,),))


def reduce_sum(x: Node, axes: tuple[int, ...]) -> Node:
    return REGISTRY["sum"].build((x,), (tuple(axes),))


def reduce_max(x: Node, axes: tuple[int, ...]) -> Node:
    return REGISTRY["max"].build((x,), (tuple(axes),))


def reduce_min(x: Node, axes: tuple[int, ...]) -> Node:
    return REGISTRY["min"].build((x,), (tuple(axes),))


def reduce_prod(x: Node, axes: tuple[int, ...]) -> Node:
    return REGISTRY["prod"].build((x,), (tuple(axes),))


def count(p: Node, axes: tuple[int, ...], dtype: np.dtype) -> Node:
    """How often a predicate holds."""
    return reduce_sum(cast(p, dtype), axes)

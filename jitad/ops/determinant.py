"""Determinants and their logarithms, and cofactors, which are their derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jitad.ir.node import Node
from jitad.ops.arithmetic import cast, log
from jitad.ops.compare import absolute, equal, greater, select, sign
from jitad.ops.custom import custom, rule
from jitad.ops.declare import REGISTRY
from jitad.ops.leaf import full, iota, size_value
from jitad.ops.matrix import Numbers, diagonal, identity, lu, matmul, solve, spread, swap, trace_of_product
from jitad.ops.reduce import reduce_max, reduce_min, reduce_prod, reduce_sum
from jitad.ops.routine import Routine
from jitad.ops.shape import broadcast, reshape, slice_


class Cofactors(Routine):
    """Derivative of the determinant: right also where a matrix has no inverse, from its singular values."""

    name = "cofactors"

    def evaluate(self, node: Node, args: Sequence[Any], size: Numbers) -> Any:
        u, s, vt = np.linalg.svd(args[0])
        n = s.shape[-1]
        others = np.prod(np.where(np.eye(n, dtype=bool), node.dtype.type(1), s[:, None, :]), -1)
        return (np.linalg.det(u) * np.linalg.det(vt))[:, None, None] * (u * others[:, None, :]) @ vt

    def jvp(self, node: Node, ta: Node) -> Node:
        """By the inverse: nan where A has none to working precision."""
        (a,) = node.args
        factors = lu(a)
        inverse = solve(factors, a, identity(a), transposed=True, strict=False)
        slope = spread(trace_of_product(node, ta), a) * inverse - matmul(matmul(inverse, swap(ta)), node)  # type: ignore
        pivots = absolute(diagonal(factors))
        low, high = reduce_min(pivots, (1,)), reduce_max(pivots, (1,))
        rounding = broadcast(cast(size_value(a.shape[1]), a.dtype), high.shape, ()) * (8 * float(np.finfo(a.dtype).eps))  # type: ignore
        regular = greater(low, high * rounding)  # type: ignore[operator]
        return select(spread(regular, a), slope, full(np.nan, a.dtype, a.shape))


@rule
def det_rule(out: Node, a: Node, ta: Node) -> Node:
    return trace_of_product(cofactors(a), ta)


@rule
def logdet_rule(out: Node, a: Node, ta: Node) -> Node:
    inverse = solve(lu(a), a, identity(a), transposed=True)
    return trace_of_product(inverse, ta)


def cofactors(a: Node) -> Node:
    return REGISTRY["cofactors"].build((a,), ())


def det(a: Node) -> Node:
    """Determinants of a stack of matrices."""
    factors = lu(a)
    return custom(det_rule, _parity(factors) * reduce_prod(diagonal(factors), (1,)), a)  # type: ignore[operator]


def slogdet(a: Node) -> tuple[Node, Node]:
    """Signs of the determinants, and the logarithms of their absolute values."""
    factors = lu(a)
    pivots = diagonal(factors)
    size = reduce_sum(log(absolute(pivots)), (1,))
    return _parity(factors) * reduce_prod(sign(pivots), (1,)), custom(logdet_rule, size, a)  # type: ignore[operator]


def _parity(factors: Node) -> Node:
    """-1 where rows were exchanged an odd number of times, else 1."""
    b, _, n = factors.shape
    exchanged = reshape(slice_(factors, ((0, b, 1), (n, 1, 1), (0, n, 1))), (b, n))
    own = cast(broadcast(iota(n), (b, n), (1,)), factors.dtype)
    one = full(1, factors.dtype, (b, n))
    return reduce_prod(select(equal(exchanged, own), one, -one), (1,))  # type: ignore[operator]

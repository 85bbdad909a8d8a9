"""Eigenvalues and eigenvectors of symmetric matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jitad.ir.node import Node
from jitad.ops.compare import absolute, equal, greater, select
from jitad.ops.contract import contract
from jitad.ops.custom import custom, rule
from jitad.ops.declare import REGISTRY
from jitad.ops.leaf import full
from jitad.ops.matrix import Factorization, Numbers, diagonal, rows_and_columns, swap, symmetric
from jitad.ops.reduce import reduce_sum
from jitad.ops.shape import broadcast, reshape, slice_


class Eigh(Factorization):
    """Eigenvalues, rising, as one row, and below it the eigenvectors as columns; A is given by its lower triangle."""

    name = "eigh"

    def evaluate(self, node: Node, args: Sequence[Any], size: Numbers) -> Any:
        values, vectors = np.linalg.eigh(args[0])
        return np.concatenate([values[:, None], vectors], 1)


def _matmul(a: Node, b: Node) -> Node:
    return contract(a, b, (0, 1, 2), (0, 2, 3), (0, 1, 3))


@rule
def eigenvalues_rule(out: Node, a: Node, ta: Node) -> Node:
    """The diagonal of Vᵀ dA V."""
    return diagonal(_in_eigenvectors(eigenvectors(a), ta))


@rule
def eigenvectors_rule(out: Node, a: Node, ta: Node) -> Node:
    """V (G * Vᵀ dA V), G[i, j] = 1 / (w[j] - w[i]).

    Where eigenvalues are equal, all that is made of this is nan, and :mod:`jitad.autodiff.ties` finds the limit. Zero times
    infinity is not zero: the other factor may vanish there only.
    """
    return _matmul(out, gaps(eigenvalues(a)) * _in_eigenvectors(out, ta))  # type: ignore[operator]


@rule
def gaps_rule(out: Node, w: Node, tw: Node) -> Node:
    """-G**2 (dw[j] - dw[i])."""
    i, j = (broadcast(tw, out.shape, axes) for axes in ((0, 1), (0, 2)))
    return -(out * out) * (j - i)  # type: ignore[operator]


def gaps(w: Node, tolerance: float | None = None) -> Node:
    """1 / (w[j] - w[i]): 0 on the diagonal, and infinite between eigenvalues that are equal.

    That is, to rounding; or to `tolerance`, of the sum of their absolute values.
    """
    b, n = w.shape
    shape = (b, n, n)
    i, j = (broadcast(w, shape, axes) for axes in ((0, 1), (0, 2)))
    near = 4 * float(np.finfo(w.dtype).eps) if tolerance is None else tolerance
    scale = broadcast(reduce_sum(absolute(w), (1,)) * near, shape, (0,))  # type: ignore[operator]
    gap = j - i  # type: ignore[operator]
    is_open = greater(absolute(gap), scale)
    one, row, column = full(1, w.dtype, shape), *rows_and_columns(shape)
    found = select(is_open, one / select(is_open, gap, one), full(np.inf, w.dtype, shape))  # type: ignore[operator]
    return custom(gaps_rule, select(equal(row, column), full(0, w.dtype, shape), found), w)


def _in_eigenvectors(v: Node, ta: Node) -> Node:
    return _matmul(swap(v), _matmul(symmetric(ta), v))


def _factors(a: Node) -> Node:
    return REGISTRY["eigh"].build((a,), ())


def eigenvalues(a: Node) -> Node:
    """Eigenvalues of a stack of symmetric matrices, given by their lower triangles; rising."""
    b, n, _ = a.shape
    return custom(eigenvalues_rule, reshape(slice_(_factors(a), ((0, b, 1), (0, 1, 1), (0, n, 1))), (b, n)), a)


def eigenvectors(a: Node) -> Node:
    """Their eigenvectors, as columns."""
    b, n, _ = a.shape
    return custom(eigenvectors_rule, slice_(_factors(a), ((0, b, 1), (1, n, 1), (0, n, 1))), a)

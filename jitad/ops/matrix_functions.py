"""The pseudo-inverse and the exponential."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jitad.ir.node import Node
from jitad.ir.types import ArrayType
from jitad.ops.declare import REGISTRY
from jitad.ops.matrix import Numbers, matmul, plus, swap
from jitad.ops.routine import Routine
from jitad.ops.shape import concatenate, slice_, zeros


class Pinv(Routine):
    """The pseudo-inverse; params: singular values below this fraction of the largest one count as zero."""

    name = "pinv"

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        b, n, m = args[0].shape
        return ArrayType(args[0].dtype, (b, m, n))

    def evaluate(self, node: Node, args: Sequence[Any], size: Numbers) -> Any:
        return np.linalg.pinv(args[0], node.params[0])

    def jvp(self, node: Node, ta: Node) -> Node:
        """For a fixed rank: Golub & Pereyra, SIAM J. Numer. Anal. 10 (1973) 413, eq. 4.12."""
        (a,) = node.args
        pt, tt = swap(node), swap(ta)
        left, right = matmul(a, node), matmul(node, a)
        grow = matmul(matmul(node, pt), tt)
        back = matmul(tt, matmul(pt, node))
        return (grow - matmul(grow, left)) + (back - matmul(right, back)) - matmul(matmul(node, ta), node)  # type: ignore


class Expm(Routine):
    """The exponential of a matrix."""

    name = "expm"

    def evaluate(self, node: Node, args: Sequence[Any], size: Numbers) -> Any:
        from scipy.linalg import expm

        return np.asarray(expm(args[0]), node.dtype)

    def jvp(self, node: Node, ta: Node) -> Node:
        return frechet(node.args[0], ta)


class Frechet(Routine):
    """Derivative of the exponential of A along E: the corner of that of [[A, E], [0, A]] (Van Loan, IEEE TAC 23 (1978) 395)."""

    name = "expm_frechet"
    linear = (1,)

    def evaluate(self, node: Node, args: Sequence[Any], size: Numbers) -> Any:
        from scipy.linalg import expm

        n = np.shape(args[0])[1]
        return np.asarray(expm(np.block([[args[0], args[1]], [np.zeros_like(args[0]), args[0]]])), node.dtype)[:, :n, n:]

    def jvp(self, node: Node, ta: Node | None, te: Node | None) -> Node:
        a, e = node.args
        grown = None
        if ta is not None:  # the corner of the same with matrices of twice the size
            n = a.shape[1]
            wide = frechet(corner(a, e), corner(ta, zeros(ta)))
            grown = slice_(wide, ((0, a.shape[0], 1), (0, n, 1), (n, n, 1)))
        return plus(None if te is None else frechet(a, te), grown)

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        return [None, frechet(swap(node.args[0]), ct)]


def pinv(a: Node, cutoff: float) -> Node:
    return REGISTRY["pinv"].build((a,), (cutoff,))


def expm(a: Node) -> Node:
    return REGISTRY["expm"].build((a,), ())


def frechet(a: Node, e: Node) -> Node:
    return REGISTRY["expm_frechet"].build((a, e), ())


def corner(a: Node, e: Node) -> Node:
    """[[a, e], [0, a]]."""
    return concatenate([concatenate([a, e], 2), concatenate([zeros(a), a], 2)], 1)

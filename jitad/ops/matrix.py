"""Linear algebra of stacks of matrices, by LAPACK: arrays with three axes, of which the first only repeats.

A factorization is an op without derivative; what is made of it takes the matrix as a further argument, of which it is the
function that is differentiated. So a factorization is computed once for the value and for derivatives of every order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitad.ir import sizes
from jitad.ir.node import Node
from jitad.ir.types import ArrayType, Shape
from jitad.ops.compare import equal, greater, greater_equal, less_equal, select
from jitad.ops.contract import contract
from jitad.ops.declare import REGISTRY
from jitad.ops.index import gather
from jitad.ops.leaf import full, iota
from jitad.ops.routine import Routine
from jitad.ops.shape import broadcast, transpose, zeros

Numbers = Callable[[Any], Any]


class Factorization(Routine):
    """Numbers to compute others from: a matrix with one more row."""

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        b, n, _ = args[0].shape
        return ArrayType(args[0].dtype, (b, sizes.add(n, 1), n))

    def jvp(self, node: Node, *tangents: Node | None) -> None:
        """None: nothing that is a function of the factors alone is differentiated."""


class LU(Factorization):
    """Rows of ``L + U - 1``, transposed, and one more row: with which row each was exchanged."""

    name = "lu"

    def evaluate(self, node: Node, args: Sequence[Any], size: Numbers) -> Any:
        from scipy.linalg.lapack import get_lapack_funcs

        b, n = np.shape(args[0])[:2]
        out = np.empty((b, n + 1, n), node.dtype)
        (getrf,) = get_lapack_funcs(("getrf",), (out,))
        for a, o in zip(args[0], out, strict=True):
            o[:n], o[n] = (lambda lu, piv, info: (lu.T, piv))(*getrf(a)) if n else (a, 0)
        return out


class Solve(Routine):
    """X with A X = B, or with Aᵀ X = B: arguments LU of A, A, B.

    Params are whether A is transposed, and whether a singular matrix raises; else the result is nan.
    """

    name = "lu_solve"
    linear = (2,)

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        return args[2].type

    def operands(self, node: Node) -> tuple[Node, ...]:
        return node.args[0], node.args[2]

    def evaluate(self, node: Node, args: Sequence[Any], size: Numbers) -> Any:
        _, a, b = args
        transposed, strict = node.params
        a = _T(a) if transposed else a
        if not np.size(b):
            return np.zeros_like(b)
        singular = np.zeros(len(a), bool) if strict else np.linalg.det(a) == 0
        out = np.linalg.solve(np.where(singular[:, None, None], np.eye(a.shape[1], dtype=a.dtype), a), b)
        return np.where(singular[:, None, None], np.asarray(np.nan, b.dtype), out)

    def jvp(self, node: Node, _: Node | None, ta: Node | None, tb: Node | None) -> Node:
        factors, a, _ = node.args  # type: ignore[assignment]
        moved = plus(tb, None if ta is None else -matmul(swap(ta) if node.params[0] else ta, node))  # type: ignore[operator]
        return self.build((factors, a, moved), node.params)

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        return [None, None, self.build((*node.args[:2], ct), (not node.params[0], node.params[1]))]


class SolveTriangular(Routine):
    """X with T X = B, or with Tᵀ X = B, of one triangle T of A; params whether lower, transposed, with ones as diagonal."""

    name = "solve_triangular"
    linear = (1,)

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        return args[1].type

    def evaluate(self, node: Node, args: Sequence[Any], size: Numbers) -> Any:
        from scipy.linalg import solve_triangular

        lower, transposed, unit = node.params
        return np.asarray([solve_triangular(a, b, transposed, lower, unit, check_finite=False) if b.size else b
                           for a, b in zip(*args, strict=True)]).reshape(np.shape(args[1]))

    def jvp(self, node: Node, ta: Node | None, tb: Node | None) -> Node:
        a, _ = node.args
        lower, transposed, unit = node.params
        if ta is not None:
            ta = triangle(ta, lower, unit)  # type: ignore[arg-type]
            ta = -matmul(swap(ta) if transposed else ta, node)  # type: ignore[operator]
        return self.build((a, plus(tb, ta)), node.params)

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        lower, transposed, unit = node.params
        return [None, self.build((node.args[0], ct), (lower, not transposed, unit))]


class Cholesky(Routine):
    """L with L Lᵀ = A and zeros above the diagonal; of A, the part above the diagonal is not looked at, as in NumPy."""

    name = "cholesky"

    def evaluate(self, node: Node, args: Sequence[Any], size: Numbers) -> Any:
        return np.linalg.cholesky(args[0]) if np.size(args[0]) else np.zeros_like(args[0])

    def jvp(self, node: Node, ta: Node) -> Node:
        """L half(L⁻¹ dA L⁻ᵀ), where `half` is the lower triangle with half the diagonal (Murray, arXiv:1602.07527)."""
        half = swap(solve_triangular(node, symmetric(ta)))
        half = triangle(solve_triangular(node, half), True, False)
        diagonal = on_diagonal(half, lambda x: x * 0.5)
        return matmul(node, diagonal)


def _T(a: Any) -> Any:
    return np.swapaxes(a, -1, -2)


def plus(x: Node | None, y: Node | None) -> Node:
    """A sum of tangents, of which one may be missing."""
    if x is None or y is None:
        return y if x is None else x  # type: ignore[return-value]
    return x + y  # type: ignore[operator]


def lu(a: Node) -> Node:
    return REGISTRY["lu"].build((a,), ())


def solve(factors: Node, a: Node, b: Node, transposed: bool = False, strict: bool = True) -> Node:
    return REGISTRY["lu_solve"].build((factors, a, b), (transposed, strict))


def solve_triangular(a: Node, b: Node, lower: bool = True, transposed: bool = False, unit: bool = False) -> Node:
    return REGISTRY["solve_triangular"].build((a, b), (lower, transposed, unit))


def cholesky(a: Node) -> Node:
    return REGISTRY["cholesky"].build((a,), ())


def matmul(a: Node, b: Node) -> Node:
    return contract(a, b, (0, 1, 2), (0, 2, 3), (0, 1, 3))


def swap(a: Node) -> Node:
    """The matrices transposed."""
    return transpose(a, (0, 2, 1))


def trace_of_product(a: Node, b: Node) -> Node:
    """The sum of all a*b, for each matrix."""
    return contract(a, b, (0, 1, 2), (0, 1, 2), (0,))


def spread(x: Node, a: Node) -> Node:
    """One number for each matrix, repeated over it."""
    return broadcast(x, a.shape, (0,))


def rows_and_columns(shape: Shape) -> tuple[Node, Node]:
    """The indices of every element within its matrix."""
    return broadcast(iota(shape[1]), shape, (1,)), broadcast(iota(shape[2]), shape, (2,))


def identity(a: Node) -> Node:
    """Identity matrices of the shape of `a`."""
    i, j = rows_and_columns(a.shape)
    return select(equal(i, j), full(1, a.dtype, a.shape), zeros(a))


def triangle(a: Node, lower: bool, unit: bool) -> Node:
    """One triangle, other elements zero; the diagonal as well if it is `unit`."""
    i, j = rows_and_columns(a.shape) if lower else rows_and_columns(a.shape)[::-1]
    return select((greater if unit else greater_equal)(i, j), a, zeros(a))


def on_diagonal(a: Node, change: Callable[[Node], Node]) -> Node:
    """The matrices with their diagonal changed."""
    i, j = rows_and_columns(a.shape)
    return select(equal(i, j), change(a), a)


def symmetric(a: Node) -> Node:
    """The symmetric matrices that have these lower triangles."""
    i, j = rows_and_columns(a.shape)
    return select(less_equal(j, i), a, swap(a))


def diagonal(a: Node) -> Node:
    """The diagonals, as long as the matrices are wide."""
    shape = (a.shape[0], a.shape[2])
    k = broadcast(iota(shape[1]), shape, (1,))
    return gather(a, [broadcast(iota(shape[0]), shape, (0,)), k, k])

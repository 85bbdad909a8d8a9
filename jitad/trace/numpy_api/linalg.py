"""`numpy.linalg`: systems of equations, determinants, eigenvalues, norms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from jitad.errors import TraceError
from jitad.ir import sizes
from jitad.ir.node import Node
from jitad.ir.types import Shape
from jitad.ops import determinant, matrix, matrix_functions, spectral
from jitad.ops import shape as ops
from jitad.ops.arithmetic import cast
from jitad.ops.leaf import full
from jitad.ops.matrix import identity, swap
from jitad.trace.numpy_api.products import matmul
from jitad.trace.numpy_api.reductions import is_empty
from jitad.trace.numpy_api.registry import implements, refuse, ufuncs
from jitad.trace.numpy_api.selection import diagonal, where_
from jitad.trace.numpy_api.shaping import reshaped
from jitad.trace.tracer import Tracer, as_tracer, broadcast_shapes, broadcast_to, float_dtype, promote, wrap
from jitad.trace.tracing import current, where

EighResult: Any = type(np.linalg.eigh(np.eye(1)))
SlogdetResult: Any = type(np.linalg.slogdet(np.eye(1)))


class Stack(NamedTuple):
    """Matrices as an op takes them, and the axes that they had in front."""

    node: Node
    front: Shape

    def restored(self, out: Node) -> Tracer:
        """A result, its first axis as the given ones were."""
        return wrap(reshaped(out, (*self.front, *out.shape[1:])))


def stack(a: Any, square: bool = True) -> Stack:
    """Anything as a stack of float matrices."""
    node = as_tracer(a).node
    node = cast(node, float_dtype(node.dtype))
    if node.ndim < 2:
        raise LinAlgError(f"{node.ndim}-dimensional array given. Array must be at least two-dimensional" + where())
    if square:
        n, m = node.shape[-2:]
        if not current().same_size(n, m):  # type: ignore[union-attr]
            raise LinAlgError("Last 2 dimensions of the array must be square" + where())
        node = ops.retype(node, (*node.shape[:-1], n))
    return Stack(_flat(node, node.shape[:-2]), node.shape[:-2])


def _flat(node: Node, front: Shape) -> Node:
    return reshaped(node, (sizes.product(front), *node.shape[len(front):]))


def system(what: str, a: Any, b: Any) -> tuple[Stack, Node, Callable[[Node], Tracer]]:
    """Matrices and right-hand sides, one vector or columns, their axes in front brought to one shape; what a solution becomes."""
    x, y = promote(a, b)
    x, y = (cast(n, float_dtype(n.dtype)) for n in (x, y))
    left, one = stack(wrap(x)), y.ndim == 1
    if one:
        y = reshaped(y, (*y.shape, 1))
    n, m = left.node.shape[-1], y.shape[-2] if y.ndim > 1 else None
    if m is None or not current().same_size(n, m):  # type: ignore[union-attr]
        rows, given = current().value(n), 1 if m is None else current().value(m)  # type: ignore[union-attr]
        raise ValueError(f"{what}: the right-hand side has {given} rows, the matrix {rows}" + where())
    front = broadcast_shapes(left.front, y.shape[:-2])
    x = broadcast_to(reshaped(left.node, (*left.front, n, n)), (*front, n, n))
    y = broadcast_to(y, (*front, m, y.shape[-1]))
    y = ops.retype(y, (*front, n, y.shape[-1]))
    whole = Stack(_flat(x, front), front)

    def finished(out: Node) -> Tracer:
        t = whole.restored(out)
        return t[..., 0] if one else t

    return whole, _flat(y, front), finished


@implements(np.linalg.solve)
def solve(a: Any, b: Any) -> Tracer:
    a, b, finished = system("numpy.linalg.solve", a, b)
    return finished(matrix.solve(matrix.lu(a.node), a.node, b))


@implements(np.linalg.inv)
def inv(a: Any) -> Tracer:
    s = stack(a)
    return s.restored(matrix.solve(matrix.lu(s.node), s.node, identity(s.node)))


@implements(np.linalg.pinv)
def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = np._NoValue) -> Tracer:  # type: ignore[attr-defined]
    s = stack(a, square=False)
    if rcond is None:
        rcond = 1e-15 if rtol is np._NoValue else rtol  # type: ignore[attr-defined]
    return s.restored(matrix_functions.pinv(s.node, _number("rcond", rcond, s)))


def _number(name: str, value: Any, s: Stack) -> float:
    if value is None:
        return float(np.finfo(s.node.dtype).eps) * max(int(current().concrete(n)) for n in s.node.shape[1:])  # type: ignore
    if type(value) is Tracer or np.ndim(value):
        raise TraceError(f"{name} must be a number that is known while tracing" + where())
    return float(value)


@implements(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: Any = None) -> tuple:
    """By the pseudo-inverse; the residuals are those of a matrix of full rank."""
    s, y = stack(a, square=False), as_tracer(b)
    if s.front:
        raise LinAlgError("lstsq takes one matrix" + where())
    cutoff = _number("rcond", rcond, s)
    x = matmul(wrap(reshaped(matrix_functions.pinv(s.node, cutoff), s.node.shape[:0:-1])), y)
    gap = matmul(a, x) - y
    m, n = (current().value(k) for k in s.node.shape[1:])  # type: ignore[union-attr]
    overdetermined = current().assume("<", s.node.shape[2], s.node.shape[1])  # type: ignore[union-attr]
    residuals = (gap * gap).sum(0) if overdetermined else as_tracer(np.zeros(0))
    if y.ndim == 1 and overdetermined:
        residuals = residuals[None]
    s_ = svdvals(a)
    return x, residuals, (s_ > cutoff * s_[0]).sum() if min(m, n) else 0, s_


@implements(np.linalg.det)
def det(a: Any) -> Tracer:
    """Up to three rows as a polynomial, which has derivatives of every order whatever the rank; else from LU factors."""
    s = stack(a)
    n = s.node.shape[-1]
    for small in range(4):
        if n == small or (not isinstance(n, int) and current().assume("==", n, small)):  # type: ignore[union-attr]
            return _polynomial(as_tracer(a).astype(s.node.dtype), small)
    return s.restored(determinant.det(s.node))


def _polynomial(a: Tracer, n: int) -> Tracer:
    def minor(i: int, j: int) -> Tracer:
        return a[..., 1, i] * a[..., 2, j] - a[..., 1, j] * a[..., 2, i]

    if n == 0:
        return as_tracer(np.ones(())) if a.ndim == 2 else a.sum((-1, -2)) + 1.0
    if n == 1:
        return a[..., 0, 0]
    if n == 2:
        return a[..., 0, 0] * a[..., 1, 1] - a[..., 0, 1] * a[..., 1, 0]
    return a[..., 0, 0] * minor(1, 2) - a[..., 0, 1] * minor(0, 2) + a[..., 0, 2] * minor(0, 1)


@implements(np.linalg.slogdet)
def slogdet(a: Any) -> Any:
    s = stack(a)
    return SlogdetResult(*map(s.restored, determinant.slogdet(s.node)))


@implements(np.linalg.cholesky)
def cholesky(a: Any, *, upper: bool = False) -> Tracer:
    s = stack(a)
    node = swap(s.node) if upper else s.node
    out = matrix.cholesky(node)
    return s.restored(swap(out) if upper else out)


def _symmetric(a: Any, UPLO: str) -> Stack:
    if UPLO.upper() not in ("L", "U"):
        raise ValueError("UPLO argument must be 'L' or 'U'" + where())
    s = stack(a)
    return s if UPLO.upper() == "L" else Stack(swap(s.node), s.front)


@implements(np.linalg.eigh)
def eigh(a: Any, UPLO: str = "L") -> Any:
    s = _symmetric(a, UPLO)
    return EighResult(s.restored(spectral.eigenvalues(s.node)), s.restored(spectral.eigenvectors(s.node)))


@implements(np.linalg.eigvalsh)
def eigvalsh(a: Any, UPLO: str = "L") -> Tracer:
    s = _symmetric(a, UPLO)
    return s.restored(spectral.eigenvalues(s.node))


@implements(np.linalg.svdvals)
def svdvals(x: Any, /) -> Tracer:
    """The upper half of the eigenvalues of [[0, A], [Aᵀ, 0]]."""
    s = stack(x, square=False)
    a = s.node
    b, m, n = a.shape
    upper = ops.concatenate([full(0, a.dtype, (b, m, m)), a], 2)
    lower = ops.concatenate([swap(a), full(0, a.dtype, (b, n, n))], 2)
    values = spectral.eigenvalues(ops.concatenate([upper, lower], 1))
    if m != n and not current().assume("<=", m, n):  # type: ignore[union-attr]
        m, n = n, m
    largest = s.restored(ops.flip(ops.slice_(values, ((0, b, 1), (n, m, 1))), (1,)))
    vanished = ufuncs[np.less_equal](largest, 0)  # but for rounding: then they have no derivative, which is 0
    return where_(vanished, 0.0, largest)


@implements(np.linalg.svd)
def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Tracer:
    if compute_uv:
        raise refuse("numpy.linalg.svd", "with compute_uv=True is not supported on traced arrays")
    return svdvals(a)


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Tracer:
    t = as_tracer(x)
    t = t.astype(float_dtype(t.dtype))
    if axis is None and (ord is None or (ord in ("f", "fro") and t.ndim == 2) or (ord == 2 and t.ndim == 1)):
        return _root_of_squares(t, None, keepdims)
    if axis is None:
        if t.ndim not in (1, 2):
            raise ValueError("Improper number of dimensions to norm." + where())
        axis = tuple(range(t.ndim))
    axes = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    if len(axes) == 1:
        return _of_vectors(t, ord, axes[0], keepdims)
    if len(axes) != 2:
        raise ValueError("Improper number of dimensions to norm." + where())
    return _of_matrices(t, ord, axes, keepdims)


def _root_of_squares(t: Tracer, axis: Any, keepdims: Any = False) -> Tracer:
    return ufuncs[np.sqrt]((t * t).sum(axis, keepdims=keepdims))


def _largest(size: Tracer, axis: int = -1, keepdims: Any = False) -> Tracer:
    """The largest of what is not negative, 0 of nothing."""
    return size.max(axis, keepdims=keepdims, **({"initial": 0.0} if is_empty(size.node, axis) else {}))


def _of_vectors(t: Tracer, ord: Any, axis: int, keepdims: Any) -> Tracer:
    if ord is None or (isinstance(ord, (int, float)) and ord == 2):
        return _root_of_squares(t, axis, keepdims)
    if isinstance(ord, str):
        raise ValueError(f"Invalid norm order '{ord}' for vectors" + where())
    size = abs(t)
    if isinstance(ord, (int, float)) and ord in (np.inf, -np.inf):
        return _largest(size, axis, keepdims) if ord > 0 else size.min(axis, keepdims=keepdims)
    if isinstance(ord, (int, float)) and ord == 0:
        return (t != 0).astype(t.dtype).sum(axis, keepdims=keepdims)
    if isinstance(ord, (int, float)) and ord == 1:
        return size.sum(axis, keepdims=keepdims)
    total = (size**ord).sum(axis, keepdims=keepdims)
    empty = total == 0 if ord > 0 else total != total  # there its derivative is 0
    return where_(empty, total, where_(empty, 1.0, total) ** (1.0 / ord))


def _of_matrices(t: Tracer, ord: Any, axes: tuple, keepdims: Any) -> Tracer:
    from jitad.trace.numpy_api.shaping import expand_dims, moveaxis, one_axis

    row, column = (one_axis(k, t.ndim) for k in axes)
    if row == column:
        raise ValueError("Duplicate axes given." + where())
    if ord in (None, "f", "fro"):
        return _root_of_squares(t, (row, column), keepdims)
    m = moveaxis(t, (row, column), (-2, -1))
    if ord in (1, -1):
        sums = abs(m).sum(-2)
    elif ord in (np.inf, -np.inf):
        sums = abs(m).sum(-1)
    elif ord in (2, -2, "nuc"):
        sums = svdvals(m)
    else:
        raise ValueError("Invalid norm order for matrices." + where())
    out = sums.sum(-1) if ord == "nuc" else _largest(sums) if ord > 0 else sums.min(-1)
    return expand_dims(out, tuple(sorted((row, column)))) if keepdims else out


@implements(np.linalg.matrix_rank)
def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Tracer:
    s = svdvals(A)
    if tol is None:
        scale = np.finfo(s.dtype).eps * max(as_tracer(A).shape[-2:]) if rtol is None else rtol
        tol = s.max(-1, keepdims=True) * scale
    return (s > tol).sum(-1)


@implements(np.linalg.cond)
def cond(x: Any, p: Any = None) -> Tracer:
    if p in (None, 2, -2):
        s = svdvals(x)
        return s[..., 0] / s[..., -1] if p != -2 else s[..., -1] / s[..., 0]
    return norm(x, p, (-2, -1)) * norm(inv(x), p, (-2, -1))


@implements(np.linalg.trace)
def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Tracer:
    return _diagonal(x, offset=offset).sum(-1, dtype)


@implements(np.linalg.diagonal)
def _diagonal(x: Any, /, *, offset: int = 0) -> Tracer:
    return diagonal(x, offset, -2, -1)


@implements(np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Tracer:
    return (as_tracer(x1) * as_tracer(x2)).sum(axis)


@implements(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Tracer:
    from jitad.trace.numpy_api.shaping import moveaxis

    t, y = as_tracer(a), as_tracer(b)
    if axes is not None:
        t = moveaxis(t, axes, tuple(range(t.ndim - len(tuple(axes)), t.ndim)))
    shape = t.shape[y.ndim:]
    return solve(t.reshape((y.size, y.size)), y.ravel()).reshape(shape)


@implements(np.kron)
def kron(a: Any, b: Any) -> Tracer:
    x, y = as_tracer(a), as_tracer(b)
    ndim = max(x.ndim, y.ndim)
    x, y = (t.reshape((1,) * (ndim - t.ndim) + tuple(t.shape)) for t in (x, y))
    pairs = x.reshape(tuple(n for k in x.shape for n in (k, 1))) * y.reshape(tuple(n for k in y.shape for n in (1, k)))
    return pairs.reshape(tuple(n * m for n, m in zip(x.shape, y.shape, strict=True)))

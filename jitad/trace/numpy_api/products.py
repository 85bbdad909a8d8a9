"""Products summed over shared axes: dot, matmul, einsum and their relatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.errors import ShapeError
from jitad.ir.node import Node
from jitad.ir.types import BOOL, INT
from jitad.ops import shape as ops
from jitad.ops.arithmetic import cast
from jitad.ops.contract import contract
from jitad.ops.index import gather
from jitad.ops.leaf import iota
from jitad.ops.reduce import reduce_sum
from jitad.trace.mutation import as_view
from jitad.trace.numpy_api.registry import implements, reject, ufuncs
from jitad.trace.numpy_api.shaping import one_axis, reshape
from jitad.trace.tracer import Tracer, as_tracer, promote, wrap
from jitad.trace.tracing import current, where


def _numbers(*xs: Any) -> list[Node]:
    return [cast(n, INT) if n.dtype == BOOL else n for n in promote(*xs)]


def _mismatch(what: str, a: Node, b: Node) -> ShapeError:
    trace = current()
    shapes = [tuple(trace.value(n) for n in x.shape) for x in (a, b)]  # type: ignore[union-attr]
    return ShapeError(f"{what}: shapes {shapes[0]} and {shapes[1]} not aligned" + where())


def contracted(what: str, a: Node, b: Node, la: list[int], lb: list[int], lo: list[int]) -> Node:
    """Contract, lengths of shared labels equal (if need be under a guard); length 1 broadcasts."""
    trace = current()
    assert trace is not None
    size = dict(zip(la, a.shape, strict=True))
    shape = []
    for k, n in zip(lb, b.shape, strict=True):
        m = size.get(k, n)
        if m != n and 1 in (m, n):
            return _broadcast_ones(what, a, b, la, lb, lo)
        if not trace.same_size(m, n):
            raise _mismatch(what, a, b)
        shape.append(m)
    return contract(a, ops.retype(b, tuple(shape)), tuple(la), tuple(lb), tuple(lo))


def _broadcast_ones(what: str, a: Node, b: Node, la: list[int], lb: list[int], lo: list[int]) -> Node:
    """Drop axes of length 1 that the other operand has longer."""
    sa, sb = dict(zip(la, a.shape, strict=True)), dict(zip(lb, b.shape, strict=True))

    def dropped(x: Node, labels: list[int], mine: dict, other: dict) -> tuple[Node, list[int]]:
        gone = [p for p, k in enumerate(labels) if mine[k] == 1 and other.get(k, 1) != 1]
        keep = tuple(n for p, n in enumerate(x.shape) if p not in gone)
        return ops.reshape(x, keep), [k for p, k in enumerate(labels) if p not in gone]

    a, la = dropped(a, la, sa, sb)
    b, lb = dropped(b, lb, sb, sa)
    return contracted(what, a, b, la, lb, lo)


@implements(np.dot)
def dot(a: Any, b: Any, out: Any = None) -> Tracer:
    reject("numpy.dot", out=out)
    x, y = _numbers(a, b)
    if not x.ndim or not y.ndim:
        return ufuncs[np.multiply](wrap(x), wrap(y))
    k = max(y.ndim - 2, 0)
    la = list(range(x.ndim))
    lb = [100 + p for p in range(y.ndim)]
    lb[k] = la[-1]
    return wrap(contracted("dot", x, y, la, lb, [*la[:-1], *(p for p in lb if p >= 100)]))


@implements(np.matmul)
def matmul(a: Any, b: Any) -> Tracer:
    x, y = _numbers(a, b)
    if not x.ndim or not y.ndim:
        raise ValueError("matmul: Input operand does not have enough dimensions" + where())
    batch = [200 + k for k in range(max(x.ndim, y.ndim, 2) - 2)]
    la = [0] if x.ndim == 1 else [*batch[len(batch) - (x.ndim - 2) :], 1, 0]
    lb = [0] if y.ndim == 1 else [*batch[len(batch) - (y.ndim - 2) :], 0, 2]
    lo = [*(k for k in batch if k in la or k in lb), *([1] if x.ndim > 1 else []), *([2] if y.ndim > 1 else [])]
    inner = x.shape[-1], y.shape[-1 if y.ndim == 1 else -2]
    if not current().same_size(*inner):  # type: ignore[union-attr]
        raise _mismatch("matmul", x, y)
    return wrap(contracted("matmul", x, y, la, lb, lo))


@implements(np.inner)
def inner(a: Any, b: Any) -> Tracer:
    x, y = _numbers(a, b)
    if not x.ndim or not y.ndim:
        return ufuncs[np.multiply](wrap(x), wrap(y))
    la, lb = [*range(x.ndim - 1), 99], [*range(100, 99 + y.ndim), 99]
    return wrap(contracted("inner", x, y, la, lb, [*la[:-1], *lb[:-1]]))


@implements(np.vdot)
def vdot(a: Any, b: Any) -> Tracer:
    return dot(reshape(a, -1), reshape(b, -1))


@implements(np.vecdot)
def vecdot(a: Any, b: Any) -> Tracer:
    return wrap(reduce_sum((as_tracer(a) * as_tracer(b)).node, (max(as_tracer(a).ndim, as_tracer(b).ndim) - 1,)))


@implements(np.outer)
def outer(a: Any, b: Any, out: Any = None) -> Tracer:
    reject("numpy.outer", out=out)
    return reshape(a, (-1, 1)) * reshape(b, (1, -1))


@implements(np.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Tracer:
    x, y = _numbers(a, b)
    if isinstance(axes, (int, np.integer)):
        left, right = list(range(x.ndim - axes, x.ndim)), list(range(axes))
    else:
        left, right = ([k] if isinstance(k, int) else list(k) for k in axes)
        left, right = [one_axis(k, x.ndim) for k in left], [one_axis(k, y.ndim) for k in right]
    la, lb = list(range(x.ndim)), [100 + k for k in range(y.ndim)]
    for i, j in zip(left, right, strict=True):
        lb[j] = la[i]
    return wrap(contracted("tensordot", x, y, la, lb, [*(k for k in la if k not in left), *(k for k in lb if k >= 100)]))


@implements(np.cross)
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None) -> Tracer:
    from jitad.trace.numpy_api.shaping import moveaxis, stack

    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = moveaxis(a, axisa, -1), moveaxis(b, axisb, -1)
    lengths = [int(t.shape[-1]) for t in (x, y)]  # a guard, where they are not fixed
    if lengths == [2, 2]:
        return x[..., 0] * y[..., 1] - x[..., 1] * y[..., 0]
    if not all(n in (2, 3) for n in lengths):
        raise ValueError("incompatible dimensions for cross product (dimension must be 2 or 3)" + where())
    x0, x1, x2, y0, y1, y2 = (t[..., k] if k < n else 0.0 for t, n in zip((x, y), lengths, strict=True) for k in range(3))
    return moveaxis(stack([x1 * y2 - x2 * y1, x2 * y0 - x0 * y2, x0 * y1 - x1 * y0], -1), -1, axisc)


@implements(np.einsum)
def einsum(*operands: Any, out: Any = None, dtype: Any = None, order: Any = "K", casting: Any = "safe",
           optimize: Any = False) -> Tracer:
    reject("numpy.einsum", out=out, dtype=dtype)
    if not isinstance(operands[0], str):
        operands = _with_subscripts(operands)
    nodes = _numbers(*operands[1:])
    inputs, result = _subscripts(operands[0], nodes)
    pairs = [_diagonal(n, labels) for n, labels in zip(nodes, inputs, strict=True)]
    x, lx = pairs[0]
    for p, (y, ly) in enumerate(pairs[1:], 1):
        later = {k for _, labels in pairs[p + 1 :] for k in labels} | set(result)
        keep = [k for k in dict.fromkeys([*lx, *ly]) if k in later]
        x, lx = contracted("einsum", x, y, lx, ly, keep), keep
    lone = tuple(p for p, k in enumerate(lx) if k not in result)
    x, lx = reduce_sum(x, lone), [k for k in lx if k in result]
    out = wrap(ops.transpose(x, tuple(lx.index(k) for k in result)))
    if len(nodes) > 1 or lone:
        return out
    return as_view(out, as_tracer(operands[1]), lambda base: einsum(operands[0], base), certain=False)


def _with_subscripts(operands: tuple) -> tuple:
    """``einsum(a, [0, 1], b, [1, 2], [0, 2])`` as ``einsum("ab,bc->ac", a, b)``."""
    def letters(labels: Any) -> str:
        return "".join("..." if k is Ellipsis else chr(ord("a") + int(k) if k < 26 else ord("A") + int(k) - 26) for k in labels)

    pairs = len(operands) // 2
    text = ",".join(letters(operands[2 * k + 1]) for k in range(pairs))
    if len(operands) % 2:
        text += "->" + letters(operands[-1])
    return (text, *operands[: 2 * pairs : 2])


def _subscripts(text: str, nodes: list[Node]) -> tuple[list[list[int]], list[int]]:
    """Labels of the operands and of the result as numbers; those of the ellipsis are negative."""
    text = text.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(nodes):
        raise ValueError("einsum: more operands or subscripts than the other" + where())

    def numbers(term: str, ndim: int) -> list[int]:
        head, dots, tail = term.partition("...")
        free = ndim - len(head) - len(tail)
        if free < 0 or (free and not dots):
            raise ValueError(f"einsum: operand of {ndim} dimensions for subscripts {term!r}" + where())
        return [*map(ord, head), *range(-free, 0), *map(ord, tail)]

    inputs = [numbers(t, n.ndim) for t, n in zip(terms, nodes, strict=True)]
    dots = sorted({k for labels in inputs for k in labels if k < 0})
    if arrow:
        head, found, tail = right.partition("...")
        return inputs, [*map(ord, head), *(dots if found else []), *map(ord, tail)]
    every = [k for labels in inputs for k in labels if k >= 0]
    return inputs, [*dots, *sorted(k for k in set(every) if every.count(k) == 1)]


def _diagonal(x: Node, labels: list[int]) -> tuple[Node, list[int]]:
    """An operand without repeated labels: its diagonals taken."""
    while len(set(labels)) < len(labels):
        k = next(k for k in labels if labels.count(k) > 1)
        i = labels.index(k)
        j = labels.index(k, i + 1)
        if not current().same_size(x.shape[i], x.shape[j]):  # type: ignore[union-attr]
            raise ShapeError("einsum: axes of one label differ in length" + where())
        rest = [p for p in range(x.ndim) if p not in (i, j)]
        x = ops.transpose(x, (i, j, *rest))
        d = iota(x.shape[0])
        x = gather(x, [d, d])
        labels = [k, *(labels[p] for p in rest)]
    return x, labels



"""Products of two arrays summed over shared axes: dot, matmul and einsum in one op."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitad.errors import ShapeError
from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.ir.types import ArrayType
from jitad.ops.declare import REGISTRY, AtRule, Op, Scalar

Labels = tuple[int, ...]


class Contract(Op):
    """out[k...] = sum a[i...]*b[j...], params = (labels of a, of b, of out).

    No label occurs twice in one operand; every label that is in one operand only is in the result.
    """

    name = "contract"
    linear = (0, 1)
    bilinear = True

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        a, b = args
        size: dict[int, int | Size] = {}
        for x, labels in zip(args, params[:2], strict=True):
            for k, n in zip(labels, x.shape, strict=True):
                if size.setdefault(k, n) != n:
                    raise ShapeError(f"contraction of {a.type} and {b.type}: lengths {size[k]} and {n} differ")
        return ArrayType(a.dtype, tuple(size[k] for k in params[2]))

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        la, lb, lo = (list(p) for p in node.params)
        if np.asarray(args[0]).dtype == object:  # einsum has no object loop that sums
            return _by_broadcast(args, la, lb, lo)
        return np.einsum(args[0], la, args[1], lb, lo, optimize=True)

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        (a, b), (la, lb, lo) = node.args, node.params
        return [contract(ct, b, lo, lb, la) if linear[0] else None, contract(ct, a, lo, la, lb) if linear[1] else None]

    def batch(self, node: Node, args: tuple[Node, ...], batched: Sequence[bool], size: int | Size) -> Node:
        la, lb, lo = node.params
        new = max((*la, *lb, -1)) + 1
        return self.build(args, ((new, *la) if batched[0] else la, (new, *lb) if batched[1] else lb, (new, *lo)))

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        a, (la, _, lo) = node.args[0], node.params
        known = dict(zip(lo, idx, strict=True))
        summed = [k for k in la if k not in known]
        terms = yield from s.reduce_over(
            "sum", [a.shape[la.index(k)] for k in summed], idx, node.dtype,
            lambda extra: self._term(node, {**known, **dict(zip(summed, extra, strict=True))}, s))
        return terms

    def _term(self, node: Node, at: dict[int, Scalar], s: Any) -> AtRule:
        (a, b), (la, lb, _) = node.args, node.params
        x = yield a, tuple(at[k] for k in la)
        y = yield b, tuple(at[k] for k in lb)
        return s.mul(x, y)


def _by_broadcast(args: Sequence[Any], la: list[int], lb: list[int], lo: list[int]) -> Any:
    every = lo + [k for k in la if k not in lo]

    def spread(x: Any, labels: list[int]) -> Any:
        order = sorted(range(len(labels)), key=lambda p: every.index(labels[p]))
        x = np.transpose(x, order)
        return x[tuple(slice(None) if k in labels else None for k in every)]

    return np.asarray(spread(args[0], la) * spread(args[1], lb)).sum(tuple(range(len(lo), len(every))))


def contract(a: Node, b: Node, la: Labels, lb: Labels, lo: Labels) -> Node:
    """Products of a and b, summed over the labels that are not in `lo`. Labels are any integers.

    A label in one operand only and not in `lo` is summed there first; where `lo` has one that neither operand has
    the caller broadcasts.
    """
    from jitad.ops.reduce import reduce_sum

    def prepared(x: Node, labels: Labels, other: Labels) -> tuple[Node, Labels]:
        lone = tuple(p for p, k in enumerate(labels) if k not in other and k not in lo)
        return reduce_sum(x, lone), tuple(k for p, k in enumerate(labels) if p not in lone)

    (a2, la2), (b2, lb2) = prepared(a, la, lb), prepared(b, lb, la)
    number = {k: p for p, k in enumerate(dict.fromkeys((*lo, *la2, *lb2)))}  # one name for one contraction
    return REGISTRY["contract"].build((a2, b2), tuple(tuple(number[k] for k in labels) for labels in (la2, lb2, lo)))

"""Comparisons, choices and logic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitad.errors import DTypeError, ShapeError
from jitad.ir.node import Node
from jitad.ir.types import BOOL, ArrayType
from jitad.ops.declare import REGISTRY, AtRule, Elementwise, Op, Scalar, elementwise, lead
from jitad.ops.leaf import full

ANY = "fiub"


def _comparison(name: str, numpy: np.ufunc, sign: str, commutes: bool = False) -> Elementwise:
    return elementwise(name, numpy=numpy, code=f"{{x}} {sign} {{y}}", arity=2, accepts=ANY, returns="bool",
                       commutes=commutes)


equal = _comparison("equal", np.equal, "==", commutes=True)
not_equal = _comparison("not_equal", np.not_equal, "!=", commutes=True)
less = _comparison("less", np.less, "<")
less_equal = _comparison("less_equal", np.less_equal, "<=")
greater = _comparison("greater", np.greater, ">")
greater_equal = _comparison("greater_equal", np.greater_equal, ">=")

logical_and = elementwise("logical_and", numpy=np.logical_and, code="{x} & {y}", arity=2, accepts="b", returns="bool",
                          commutes=True)
logical_or = elementwise("logical_or", numpy=np.logical_or, code="{x} | {y}", arity=2, accepts="b", returns="bool",
                         commutes=True)
logical_not = elementwise("logical_not", numpy=np.logical_not, code="not {x}", accepts="b", returns="bool")
isnan = elementwise("isnan", numpy=np.isnan, code="isnan({x})", returns="bool", parity="even")
isinf = elementwise("isinf", numpy=np.isinf, code="isinf({x})", returns="bool", parity="even")
isfinite = elementwise("isfinite", numpy=np.isfinite, code="abs({x}) < inf", returns="bool", parity="even")


class Select(Op):
    """out = x where p else y."""

    name = "select"
    linear = (1, 2)

    def __call__(self, p: Node, x: Node, y: Node) -> Node:  # type: ignore[override]
        return self.build((p, x, y), ())

    def build(self, args: tuple[Node, ...], params: tuple) -> Node:
        p, x, y = args
        if x.op is self and x.args[0] is p:  # chosen already
            x = x.args[1]
        if y.op is self and y.args[0] is p:
            y = y.args[2]
        return x if x is y else super().build((p, x, y), params)

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        p, x, y = args
        if p.dtype != BOOL:
            raise DTypeError(f"a condition must be boolean, not {p.dtype}")
        if x.type != y.type or p.shape != x.shape:
            raise ShapeError(f"select of types {p.type}, {x.type}, {y.type}")
        return x.type

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        return np.where(*args)

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        zero, p = full(0, ct.dtype, ct.shape), node.args[0]
        return [None, select(p, ct, zero) if linear[1] else None, select(p, zero, ct) if linear[2] else None]

    def batch(self, node: Node, args: tuple[Node, ...], batched: Sequence[bool], size: Any) -> Node:
        return self.build(tuple(a if b else lead(a, size) for a, b in zip(args, batched, strict=True)), ())

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        p = yield node.args[0], idx
        x = yield node.args[1], idx
        y = yield node.args[2], idx
        return s.select(p, x, y)


select: Select = REGISTRY["select"]  # type: ignore[assignment]


def _shared(x: Node, y: Node, wins: Elementwise) -> tuple[Node, Node]:
    """1 for the one that wins, 1/2 at a tie, 0 for the other; nan where one of them is."""
    zero, half, one, nan = (full(v, x.dtype, x.shape) for v in (0, 0.5, 1, np.nan))
    first, second, otherwise = wins(x, y), wins(y, x), select(equal(x, y), half, nan)
    return (select(first, one, select(second, zero, otherwise)), select(second, one, select(first, zero, otherwise)))


absolute = elementwise("absolute", numpy=np.absolute, code="abs({x})", accepts="fiu", parity="even", mpmath="fabs",
                       partials=lambda x, out: (sign(x),))
sign: Elementwise = elementwise("sign", numpy=np.sign, code="sign({x})", accepts="fiu", parity="odd")
minimum = elementwise("minimum", numpy=np.minimum, code="{x} if {x} < {y} or {x} != {x} else {y}", arity=2, accepts=ANY,
                      commutes=True,
                      partials=lambda x, y, out: _shared(x, y, less))
maximum = elementwise("maximum", numpy=np.maximum, code="{x} if {x} > {y} or {x} != {x} else {y}", arity=2, accepts=ANY,
                      commutes=True,
                      partials=lambda x, y, out: _shared(x, y, greater))

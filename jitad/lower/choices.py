"""Comparisons and choices of scalars in normal form: what is known is decided, what is chosen twice is chosen once."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.ir.node import Node, topological
from jitad.ir.sizes import Size
from jitad.ir.types import BOOL, INT
from jitad.lower import bounds
from jitad.ops import compare
from jitad.ops.declare import Elementwise
from jitad.ops.leaf import constant, constant_value, size_value


def is_op(node: Node, name: str) -> bool:
    return node.op.name == name


def as_size(node: Node) -> int | Size | None:
    """The size that an index is, if it is the same in every iteration."""
    if node.dtype != INT:
        return None
    if is_op(node, "constant"):
        return int(constant_value(node))
    return node.params[0] if is_op(node, "size_value") else None  # type: ignore[return-value]


SMALL = 40


def _on_indices(p: Node) -> bool:
    """Whether a condition compares indices, not values."""
    return all(n.dtype.kind != "f" and not is_op(n, "load") for n in topological([p]))


class Choices:
    """Leaves, comparisons and choices. One object for one kernel: it fixes the order of operands."""

    neg: Any  # of `jitad.lower.normal`
    coefficient: Any
    scaled: Any
    substituted: Any

    strict = False  # whether zeros keep their signs
    has_alternatives = False  # whether any condition is "or"
    apart = False  # whether sums over the same loop stay several

    def __init__(self) -> None:
        self._order: dict[Node, int] = {}

    def rank(self, node: Node) -> int:
        """A number for each node, in the order in which they are first seen."""
        return self._order.setdefault(node, len(self._order))

    def sorted(self, x: Node, y: Node) -> tuple[Node, Node]:
        return (x, y) if self.rank(x) <= self.rank(y) else (y, x)

    # Leaves.

    def int(self, value: Any) -> Node:
        return constant(value, INT)

    def size(self, value: Any) -> Node:
        return size_value(value)

    def zero(self, dtype: np.dtype) -> Node:
        return constant(0, dtype)

    def true(self) -> Node:
        return constant(True, BOOL)

    def false(self) -> Node:
        return constant(False, BOOL)

    def is_true(self, p: Node) -> bool:
        return constant_value(p) is not None and bool(constant_value(p))

    def is_false(self, p: Node) -> bool:
        return constant_value(p) is not None and not constant_value(p)

    def made(self, op: Elementwise, *args: Node) -> Node:
        """An op in no simpler form; its value, where that of all arguments is known."""
        values = [constant_value(a) for a in args]
        if all(v is not None and np.isfinite(v) for v in values):
            with np.errstate(all="ignore"):
                out = op.numpy(*(np.asarray(v, a.dtype) for v, a in zip(values, args, strict=True)))
            if np.isfinite(out):
                return constant(out, BOOL if op.returns == "bool" else args[0].dtype)
        return op.build(args, ())

    # Comparisons and choices.

    def lt(self, x: Node, y: Node) -> Node:
        known = bounds.less(x, y)
        return self.made(compare.less, x, y) if known is None else constant(known, BOOL)

    def le(self, x: Node, y: Node) -> Node:
        known = bounds.less(y, x)
        return self.made(compare.less_equal, x, y) if known is None else constant(not known, BOOL)

    def gt(self, x: Node, y: Node) -> Node:
        return self.lt(y, x)

    def ge(self, x: Node, y: Node) -> Node:
        return self.le(y, x)

    def eq(self, x: Node, y: Node) -> Node:
        if x.dtype == INT:
            if x is y:
                return self.true()
            if bounds.less(x, y) or bounds.less(y, x):
                return self.false()
        return self.made(compare.equal, *self.sorted(x, y))

    def ne(self, x: Node, y: Node) -> Node:
        if x.dtype == INT:
            return self.negation(self.eq(x, y))
        return self.made(compare.not_equal, *self.sorted(x, y))

    def negation(self, p: Node) -> Node:
        value = constant_value(p)
        if value is not None:
            return constant(not value, BOOL)
        if is_op(p, "logical_not"):
            return p.args[0]
        if p.args and p.args[0].dtype == INT:  # no NaN among integers
            x, y = p.args[0], p.args[-1]
            if is_op(p, "equal"):
                return self.made(compare.not_equal, x, y)
            if is_op(p, "not_equal"):
                return self.made(compare.equal, x, y)
            if is_op(p, "less"):
                return self.le(y, x)
            if is_op(p, "less_equal"):
                return self.lt(y, x)
        return compare.logical_not(p)

    def both(self, p: Node, q: Node) -> Node:
        if p is q or self.is_true(q) or self.is_false(p):
            return p
        if self.is_true(p) or self.is_false(q):
            return q
        if self.negation(p) is q:
            return self.false()
        return compare.logical_and(*self.sorted(p, q))

    def either(self, p: Node, q: Node) -> Node:
        if p is q or self.is_true(p) or self.is_false(q):
            return p
        if self.is_true(q) or self.is_false(p):
            return q
        if self.negation(p) is q:
            return self.true()
        self.has_alternatives = True
        return compare.logical_or(*self.sorted(p, q))

    def select(self, p: Node, x: Node, y: Node) -> Node:
        if self.is_true(p):
            return x
        if self.is_false(p) or x is y:
            return y
        if is_op(p, "logical_not"):
            return self.select(p.args[0], y, x)
        if x.dtype == BOOL:
            return self._select_bool(p, x, y)
        x, y = self._given(x, p, 1), self._given(y, p, 2)
        if x is y:
            return x
        zero_x, zero_y = constant_value(x) == 0, constant_value(y) == 0
        opposite = self.negation(p)
        if zero_x and not zero_y and not is_op(opposite, "logical_not"):  # the zero stands last
            return self.select(opposite, y, x)
        if x.dtype.kind == "f":
            if is_op(x, "negative") and (zero_y or is_op(y, "negative")):
                return self.neg(self.select(p, x.args[0], y if zero_y else y.args[0]))
            if is_op(y, "negative") and zero_x:
                return self.neg(self.select(p, x, y.args[0]))
            c, rest = self.coefficient(x)
            if zero_y and c != 1 and np.isfinite(c):
                return self.scaled(c, self.select(p, rest, y))
            if zero_y and is_op(x, "select") and constant_value(x.args[2]) == 0:
                return self.select(self.both(p, x.args[0]), x.args[1], y)
        return compare.select(p, x, y)

    def _select_bool(self, p: Node, x: Node, y: Node) -> Node:
        if self.is_true(x):
            return self.either(p, y)
        if self.is_false(x):
            return self.both(self.negation(p), y)
        if self.is_true(y):
            return self.either(self.negation(p), x)
        return self.both(p, x) if self.is_false(y) else compare.select(p, x, y)

    def _given(self, x: Node, p: Node, branch: Any) -> Node:
        """x where p is known: choices by p inside it are made.

        For conditions on values only in small expressions: a chain of such choices would be written out for every branch.
        Chosen indices stay, as both branches are computed: that x is not wanted does not make an index out of range harmless.
        """
        opposite = self.negation(p)
        below = topological([x])
        made = {
            n: n.args[branch if n.args[0] is p else 3 - branch]
            for n in below if is_op(n, "select") and n.dtype != INT and (n.args[0] is p or n.args[0] is opposite)}
        if not made or (len(below) > SMALL and not _on_indices(p)):
            return x
        return self.substituted([x], self._resolved(made))[0]

    def _resolved(self, made: dict[Node, Node]) -> dict[Node, Node]:
        """Choices whose results hold choices themselves: innermost first."""
        out: dict[Node, Node] = {}
        for n, value in made.items():  # in topological order
            out[n] = self.substituted([value], out)[0]
        return out

"""Scalars in normal form, so that r2(j, i) and r2(i, j) are one node.

Signs are pulled out of products, differences, odd functions and sums; operands of what commutes stand in one order; powers
of one base are one chain of products; comparisons of indices that are known are decided. Nothing here changes what is NaN:
``0*x`` and ``x - x`` stay.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.ir import sizes
from jitad.ir.node import Node, make
from jitad.ir.sizes import Size
from jitad.ir.types import BOOL, INT
from jitad.lower import bounds
from jitad.ops import arithmetic, compare
from jitad.ops.arithmetic import cast as cast_node
from jitad.ops.declare import REGISTRY, Elementwise, Op
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


class Normal:
    """Constructors of scalars in normal form. One object for one kernel: it fixes the order of operands."""

    def __init__(self) -> None:
        self._order: dict[Node, int] = {}
        self._powers: dict[Node, tuple[Node, int]] = {}

    def rank(self, node: Node) -> int:
        """A number for each node, in the order in which they are first seen."""
        return self._order.setdefault(node, len(self._order))

    def sorted(self, x: Node, y: Node) -> tuple[Node, Node]:
        return (x, y) if self.rank(x) <= self.rank(y) else (y, x)

    # Leaves.

    def int(self, value: int) -> Node:
        return constant(value, INT)

    def size(self, value: int | Size) -> Node:
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

    def cast(self, x: Node, dtype: np.dtype) -> Node:
        if x.dtype == dtype:
            return x
        if x.dtype == BOOL:
            return self.select(x, constant(1, dtype), constant(0, dtype))
        value = constant_value(x)
        return cast_node(x, dtype) if value is None or not np.isfinite(value) else constant(value, dtype)

    # Arithmetic.

    def apply(self, op: Op, *args: Node) -> Node:
        """Any elementwise op."""
        rule = getattr(self, _RULES.get(op.name, ""), None)
        if rule is not None:
            return rule(*args)
        if isinstance(op, Elementwise):
            if op.parity is not None and is_op(args[0], "negative"):
                inner = self.apply(op, args[0].args[0])
                return self.neg(inner) if op.parity == "odd" else inner
            if op.commutes:
                args = self.sorted(*args)
        for a in args:
            self.rank(a)
        return op.build(args, ())

    def neg(self, x: Node) -> Node:
        if is_op(x, "negative"):
            return x.args[0]
        value = constant_value(x)
        return constant(-value, x.dtype) if value is not None else arithmetic.negative(x)

    def add(self, x: Node, y: Node) -> Node:
        if x.dtype == INT:
            return self._add_int(x, y)
        if constant_value(y) == 0:
            return x
        if constant_value(x) == 0:
            return y
        if is_op(x, "negative"):
            return self.neg(self.add(x.args[0], y.args[0])) if is_op(y, "negative") else self.sub(y, x.args[0])
        if is_op(y, "negative"):
            return self.sub(x, y.args[0])
        merged = self._merged(x, y, self.add)
        return merged if merged is not None else arithmetic.add(*self.sorted(x, y))

    def sub(self, x: Node, y: Node) -> Node:
        if x.dtype == INT:
            return self._add_int(x, self.mul(self.int(-1), y))
        if constant_value(y) == 0:
            return x
        if constant_value(x) == 0:
            return self.neg(y)
        if is_op(y, "negative"):
            return self.add(x, y.args[0])
        if is_op(x, "negative"):
            return self.neg(self.add(x.args[0], y))
        merged = self._merged(x, y, self.sub)
        if merged is not None:
            return merged
        if constant_value(x) is None and constant_value(y) is None and self.rank(x) > self.rank(y):
            return self.neg(arithmetic.subtract(y, x))
        return arithmetic.subtract(x, y)

    def _merged(self, x: Node, y: Node, combine: Any) -> Node | None:
        """Two sums over one loop as one sum."""
        if is_op(x, "reduce") and is_op(y, "reduce") and x.params == y.params and x.params[0] == "sum":
            return self.reduce("sum", x.params[1:], combine(x.args[0], y.args[0]))  # type: ignore[arg-type]
        return None

    def reduce(self, kind: str, loop: tuple, body: Node) -> Node:
        """A reduction over a loop; `jitad.lower.sums` overrides it with the rules for sums."""
        raise NotImplementedError

    def _add_int(self, x: Node, y: Node) -> Node:
        a, b = as_size(x), as_size(y)
        if a is not None and b is not None:
            return self.size(sizes.add(a, b))
        if a is not None:
            x, y, a, b = y, x, b, a
        if b == 0:
            return x
        if is_op(x, "add") and as_size(x.args[1]) is not None:  # (i + a) + b
            inner = as_size(x.args[1])
            return self._add_int(x.args[0], self._add_int(self.size(inner), y))  # type: ignore[arg-type]
        if b is None and is_op(y, "add") and as_size(y.args[1]) is not None:
            return self._add_int(self._add_int(x, y.args[0]), y.args[1])
        if b is None:
            if self._opposite(x, y):
                return self.int(0)
            x, y = self.sorted(x, y)
        return arithmetic.add(x, y)

    def _opposite(self, x: Node, y: Node) -> bool:
        return self.mul(self.int(-1), x) is y

    def mul(self, x: Node, y: Node) -> Node:
        if x.dtype == INT:
            return self._mul_int(x, y)
        for a, b in ((x, y), (y, x)):
            if is_op(a, "negative"):
                return self.neg(self.mul(a.args[0], b))
            value = constant_value(a)
            if value == 1:
                return b
            if value == -1:
                return self.neg(b)
            if value is not None and constant_value(b) is not None:
                return constant(value * constant_value(b), x.dtype)
        (p, m), (q, n) = self._powers.get(x, (x, 1)), self._powers.get(y, (y, 1))
        if p is q and constant_value(p) is None:
            return self._chain(p, m + n)
        return arithmetic.multiply(*self.sorted(x, y))

    def _mul_int(self, x: Node, y: Node) -> Node:
        a, b = as_size(x), as_size(y)
        if a is not None and b is not None:
            return self.size(sizes.mul(a, b))
        if a is not None:
            x, y, a, b = y, x, b, a
        if b == 1:
            return x
        if b == 0:
            return self.int(0)
        if b is not None and is_op(x, "add"):
            return self._add_int(self.mul(x.args[0], y), self.mul(x.args[1], y))
        if b is not None and is_op(x, "multiply") and as_size(x.args[1]) is not None:
            return self._mul_int(x.args[0], self.mul(x.args[1], y))
        if b is None:
            x, y = self.sorted(x, y)
        return arithmetic.multiply(x, y)

    def _chain(self, base: Node, n: int) -> Node:
        """base**n, n > 0, by repeated squaring; shared with every other power of the base."""
        if n == 1:
            return base
        half = self._chain(base, n // 2 if n % 2 == 0 else n - 1)
        other = half if n % 2 == 0 else base
        out = arithmetic.multiply(*self.sorted(half, other))
        self._powers[out] = (base, n)
        return out

    def reciprocal(self, x: Node) -> Node:
        if is_op(x, "negative"):
            return self.neg(self.reciprocal(x.args[0]))
        value = constant_value(x)
        if value is not None and value != 0 and np.frexp(value)[0] in (0.5, -0.5):
            return constant(1 / value, x.dtype)
        base, n = self._powers.get(x, (x, 1))
        if n > 1:
            return self._chain(self.reciprocal(base), n)
        return arithmetic.divide(constant(1, x.dtype), x)

    def div(self, x: Node, y: Node) -> Node:
        """x times the reciprocal: emitted as a division where the reciprocal has one use."""
        return self.mul(x, self.reciprocal(y))

    def integer_pow(self, x: Node, n: int) -> Node:
        if x.dtype == INT and as_size(x) is not None:
            return self.size(sizes.product([as_size(x)] * n))  # type: ignore[list-item]
        if is_op(x, "negative"):
            inner = self.integer_pow(x.args[0], n)
            return inner if n % 2 == 0 else self.neg(inner)
        if n < 0:
            x, n = self.reciprocal(x), -n
        base, m = self._powers.get(x, (x, 1))
        return self._chain(base, m * n)

    def floordiv(self, x: Node, y: Node) -> Node:
        a, b = as_size(x), as_size(y)
        if a is not None and b is not None:
            return self.size(sizes.floordiv(a, b))
        return x if b == 1 else arithmetic.floor_divide(x, y)

    def mod(self, x: Node, y: Node) -> Node:
        a, b = as_size(x), as_size(y)
        if a is not None and b is not None:
            return self.size(sizes.call("mod", a, b))
        return self.int(0) if b == 1 else arithmetic.remainder(x, y)

    # Comparisons and choices.

    def lt(self, x: Node, y: Node) -> Node:
        known = bounds.less(x, y)
        return compare.less(x, y) if known is None else constant(known, BOOL)

    def le(self, x: Node, y: Node) -> Node:
        known = bounds.less(y, x)
        return compare.less_equal(x, y) if known is None else constant(not known, BOOL)

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
        return compare.equal(*self.sorted(x, y))

    def ne(self, x: Node, y: Node) -> Node:
        if x.dtype == INT:
            return self.negation(self.eq(x, y))
        return compare.not_equal(*self.sorted(x, y))

    def negation(self, p: Node) -> Node:
        value = constant_value(p)
        if value is not None:
            return constant(not value, BOOL)
        if is_op(p, "logical_not"):
            return p.args[0]
        if p.args and p.args[0].dtype == INT:  # no NaN among integers
            x, y = p.args[0], p.args[-1]
            if is_op(p, "equal"):
                return compare.not_equal(x, y)
            if is_op(p, "not_equal"):
                return compare.equal(x, y)
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
        if x.dtype.kind == "f":
            if is_op(x, "negative") and (zero_y or is_op(y, "negative")):
                return self.neg(self.select(p, x.args[0], y if zero_y else y.args[0]))
            if is_op(y, "negative") and zero_x:
                return self.neg(self.select(p, x, y.args[0]))
            if zero_y and is_op(x, "select") and constant_value(x.args[2]) == 0:
                return self.select(self.both(p, x.args[0]), x.args[1], y)
            if is_op(p, "not_equal") and zero_y and constant_value(x) is not None:
                return self.select(self.negation(p), y, x)  # one form for 1 - eye and where(i != j, 1, 0)
        return compare.select(p, x, y)

    def _select_bool(self, p: Node, x: Node, y: Node) -> Node:
        if self.is_true(x):
            return self.either(p, y)
        if self.is_false(x):
            return self.both(self.negation(p), y)
        if self.is_true(y):
            return self.either(self.negation(p), x)
        return self.both(p, x) if self.is_false(y) else compare.select(p, x, y)

    def _given(self, x: Node, p: Node, branch: int, depth: int = 4) -> Node:
        """x where p is known: choices by p inside it are made."""
        if is_op(x, "select") and x.args[0] is p:
            return self._given(x.args[branch], p, branch, depth)
        if depth and x.op.name in ("negative", "multiply", "add", "subtract") and x.dtype.kind == "f":
            args = [self._given(a, p, branch, depth - 1) for a in x.args]
            if any(a is not b for a, b in zip(args, x.args, strict=True)):
                return self.apply(x.op, *args)
        return x


_RULES = {
    "add": "add", "subtract": "sub", "multiply": "mul", "negative": "neg", "divide": "div",
    "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge", "equal": "eq", "not_equal": "ne",
    "logical_and": "both", "logical_or": "either", "logical_not": "negation", "select": "select",
    "floor_divide": "_floor_divide", "remainder": "_remainder",
}


def _int_only(rule: str, op: str) -> Any:
    def method(self: Normal, x: Node, y: Node) -> Node:
        return getattr(self, rule)(x, y) if x.dtype == INT else make(REGISTRY[op], (x, y), (), x.type)

    return method


Normal._floor_divide = _int_only("floordiv", "floor_divide")  # type: ignore[attr-defined]
Normal._remainder = _int_only("mod", "remainder")  # type: ignore[attr-defined]

"""Scalars in normal form, so that r2(j, i) and r2(i, j) are one node.

Signs are pulled out of products, differences, odd functions and sums; operands of what commutes stand in one order; powers
of one base are one chain of products; comparisons of indices that are known are decided. ``0*x``, ``x - x`` and infinite factors
stay, as they may be NaN; beyond that, sums and products are associated anew, as the compiler does as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.ir import sizes
from jitad.ir.node import Node, make, topological
from jitad.ir.types import BOOL, INT
from jitad.lower.choices import as_size, is_op
from jitad.lower.integers import Integers
from jitad.ops import arithmetic, compare
from jitad.ops.arithmetic import cast as cast_node
from jitad.ops.declare import REGISTRY, Elementwise, Op
from jitad.ops.leaf import constant, constant_value

MOST = 64  # times that one number goes into another


class Normal(Integers):
    """Constructors of scalars in normal form. One object for one kernel: it fixes the order of operands."""

    def __init__(self) -> None:
        super().__init__()
        self._powers: dict[Node, tuple[Node, int]] = {}
        self._nonnegative: dict[Node, bool] = {}
        self._exponentials: dict[Node, dict[float, Node]] = {}  # exp(c*x) by x and c

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
        return self.made(op, *args) if isinstance(op, Elementwise) else op.build(args, ())

    def exp(self, x: Node) -> Node:
        """An exponential; of a multiple of what was seen before, its power."""
        sign, inner = (-1, x.args[0]) if is_op(x, "negative") else (1, x)
        c, rest = self.coefficient(inner)
        for known, found in self._exponentials.setdefault(rest, {}).items():
            for times in (2, 3, 4):
                if times * known == sign * c:
                    return self._chain(found, times)
        out = self.made(arithmetic.exp, x)
        self._exponentials[rest][sign * c] = out
        return out

    def neg(self, x: Node) -> Node:
        if is_op(x, "negative"):
            return x.args[0]
        value = constant_value(x)
        return constant(-value, x.dtype) if value is not None else arithmetic.negative(x)

    def add(self, x: Node, y: Node) -> Node:
        if x.dtype == INT:
            return self.add_int(x, y)
        if constant_value(y) == 0:
            return x
        if constant_value(x) == 0:
            return y
        if is_op(x, "negative"):
            return self.neg(self.add(x.args[0], y.args[0])) if is_op(y, "negative") else self.sub(y, x.args[0])
        if is_op(y, "negative"):
            return self.sub(x, y.args[0])
        merged = self._together(x, y, 1)
        return merged if merged is not None else arithmetic.add(*self.sorted(x, y))

    def sub(self, x: Node, y: Node) -> Node:
        if x.dtype == INT:
            return self.add_int(x, self.mul(self.int(-1), y))
        if constant_value(y) == 0:
            return x
        if constant_value(x) == 0:
            return self.neg(y)
        if is_op(y, "negative"):
            return self.add(x, y.args[0])
        if is_op(x, "negative"):
            return self.neg(self.add(x.args[0], y))
        merged = self._together(x, y, -1)
        if merged is not None:
            return merged
        if not self.strict and constant_value(x) is None and constant_value(y) is None and self.rank(x) > self.rank(y):
            return self.neg(arithmetic.subtract(y, x))
        return arithmetic.subtract(x, y)

    def _together(self, x: Node, y: Node, sign: int) -> Node | None:
        """x + y or x - y as one sum over a loop, one choice, one product, or one number."""
        combine = self.add if sign > 0 else self.sub
        if constant_value(x) is not None and constant_value(y) is not None:
            return self.made(arithmetic.add if sign > 0 else arithmetic.subtract, x, y)
        if is_op(x, "reduce") and is_op(y, "reduce") and x.params == y.params and x.params[0] == "sum" and not self.apart:
            return self.reduce("sum", x.params[1:], combine(x.args[0], y.args[0]))  # type: ignore[arg-type]
        if is_op(x, "select") and is_op(y, "select") and x.args[0] is y.args[0] and x.args[2] is y.args[2] and (
                constant_value(x.args[2]) == 0):
            return self.select(x.args[0], combine(x.args[1], y.args[1]), x.args[2])
        return self._collected(x, y, sign)

    def _collected(self, x: Node, y: Node, sign: int) -> Node | None:
        """x + y or x - y where they share a factor: the number in front, everything else, or part of it."""
        (a, p), (b, q) = self.coefficient(x), self.coefficient(y)
        if not (a and b and np.isfinite(a) and np.isfinite(b)):
            return None
        if p is q and a + sign * b != 0:
            return self.scaled(a + sign * b, p)
        combine = self.add if sign > 0 else self.sub
        if a == b != 1:
            return self.scaled(a, combine(p, q))
        if _divides(a, b):
            return self.scaled(a, combine(p, self.scaled(b / a, q)))
        if _divides(b, a):
            return self.scaled(b, combine(self.scaled(a / b, p), q))
        if is_op(p, "multiply") and is_op(q, "multiply") and p not in self._powers and q not in self._powers:
            for shared, r in (p.args, p.args[::-1]):
                if shared in q.args:
                    s = q.args[1] if q.args[0] is shared else q.args[0]
                    return self.mul(shared, self.add(self.scaled(a, r), self.scaled(sign * b, s)))
        return None

    def coefficient(self, x: Node) -> tuple[Any, Node]:
        """A product as (number, rest)."""
        if is_op(x, "multiply"):
            for a, b in (x.args, x.args[::-1]):
                value = constant_value(a)
                if value is not None:
                    return value, b
        return 1, x

    def scaled(self, c: Any, x: Node) -> Node:
        """c*x: numbers stand in front of products, signs in front of numbers."""
        if is_op(x, "negative"):
            return self.neg(self.scaled(c, x.args[0]))
        inner, rest = self.coefficient(x)
        c = c * inner
        value = constant_value(rest)
        if value is not None:
            return constant(c * value, x.dtype)
        if c == 1:
            return rest
        if c < 0:
            return self.neg(self.scaled(-c, rest))
        return arithmetic.multiply(*self.sorted(constant(c, x.dtype), rest))

    def reduce(self, kind: str, loop: tuple, body: Node) -> Node:
        """A reduction over a loop; `jitad.lower.sums` overrides it with the rules for sums."""
        raise NotImplementedError

    def mul(self, x: Node, y: Node) -> Node:
        if x.dtype == INT:
            return self.mul_int(x, y)
        for a, b in ((x, y), (y, x)):
            if is_op(a, "negative"):
                return self.neg(self.mul(a.args[0], b))
            value = constant_value(a)
            if value is not None:
                return self.scaled(value, b) if value != 0 else self.made(arithmetic.multiply, *self.sorted(a, b))
        (c, p), (d, q) = self.coefficient(x), self.coefficient(y)
        if c != 1 or d != 1:
            return self.scaled(c * d, self.mul(p, q))
        for a, b in ((x, y), (y, x)):
            base, n = self._powers.get(b, (b, 1))
            if constant_value(base) is None:
                merged = self._absorbed(a, base, n)
                if merged is not None:
                    return merged
        return arithmetic.multiply(*self.sorted(x, y))

    def _absorbed(self, x: Node, base: Node, n: int, depth: int = 3) -> Node | None:
        """x*base**n as one product, if x has a power of the base among its factors."""
        found, m = self._powers.get(x, (x, 1))
        if found is base:
            return self._chain(base, m + n)
        if depth and is_op(x, "multiply") and x not in self._powers:
            for a, b in (x.args, x.args[::-1]):
                inner = self._absorbed(a, base, n, depth - 1)
                if inner is not None:
                    return self.mul(inner, b)
        return None

    def _chain(self, base: Node, n: int) -> Node:
        """base**n, n > 0, by repeated squaring; shared with every other power of the base."""
        if n == 1:
            return base
        root, inverse = (base.args[1], True) if is_op(base, "divide") else (base, False)
        if is_op(root, "sqrt") and self.nonnegative(root.args[0]):  # sqrt(y)**2 is y
            whole = self._chain(self.reciprocal(root.args[0]) if inverse else root.args[0], n // 2)
            return whole if n % 2 == 0 else arithmetic.multiply(*self.sorted(whole, base))
        half = self._chain(base, n // 2 if n % 2 == 0 else n - 1)
        other = half if n % 2 == 0 else base
        out = arithmetic.multiply(*self.sorted(half, other))
        self._powers[out] = (base, n)
        return out

    def nonnegative(self, x: Node) -> bool:
        """Whether a scalar is known to be >= 0 or NaN."""
        for n in topological([x], stop=self._nonnegative.__contains__):
            self._nonnegative[n] = self._is_nonnegative(n)
        return self._nonnegative[x]

    def _is_nonnegative(self, x: Node) -> bool:
        """The same, where it is known of the arguments."""
        name = x.op.name
        value = constant_value(x)
        if value is not None:
            return bool(value >= 0)
        if name in ("exp", "sqrt", "absolute") or self._powers.get(x, (x, 1))[1] % 2 == 0:
            return True
        relevant = x.args[1:] if name == "select" else x.args
        return (name in ("add", "multiply", "divide", "select") or (name == "reduce" and x.params[0] == "sum")) and all(
            self._nonnegative[a] for a in relevant)

    def reciprocal(self, x: Node) -> Node:
        if is_op(x, "negative"):
            return self.neg(self.reciprocal(x.args[0]))
        value = constant_value(x)
        if value is not None and value != 0 and np.frexp(value)[0] in (0.5, -0.5):
            return constant(1 / value, x.dtype)
        c, rest = self.coefficient(x)
        if c != 1 and c != 0:
            return self.scaled(1 / c, self.reciprocal(rest))
        base, n = self._powers.get(x, (x, 1))
        if n > 1:
            return self._chain(self.reciprocal(base), n)
        return self.made(arithmetic.divide, constant(1, x.dtype), x)

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

    def power(self, x: Node, y: Node) -> Node:
        """x**1.5 and its like are products of x and its root."""
        c = constant_value(y)
        half = c is not None and x.dtype.kind == "f" and abs(c) <= 8 and float(c - 0.5).is_integer()
        if half and not self.strict:
            return self._half_power(x, int(2 * c))  # type: ignore[operator]
        self.rank(x), self.rank(y)
        return self.made(arithmetic.power, x, y)

    def _half_power(self, x: Node, n: int) -> Node:
        """x**(n/2) for odd n; powers of -0.0 are what those of 0 are, but for the root (as NumPy has it)."""
        if n == 1 or self.nonnegative(x):
            return self.integer_pow(self.apply(arithmetic.sqrt, x), n)
        zero, nan, at_infinity = (constant(v, x.dtype) for v in (0, np.nan, np.inf if n > 0 else 0))
        infinite = self.lt(x, constant(-np.finfo(x.dtype).max, x.dtype))
        whole = abs(n) // 2
        if whole % 2 == 1:  # then -0.0 has its sign twice
            base, root = x, self.apply(arithmetic.sqrt, x)
            if n < 0:
                base, root = self.reciprocal(base), self.reciprocal(root)
            return self.select(infinite, at_infinity, self.mul(self.integer_pow(base, whole), root))
        found = self.integer_pow(self.apply(arithmetic.sqrt, self.apply(compare.absolute, x)), n)
        return self.select(self.lt(x, zero), self.select(infinite, at_infinity, nan), found)

    # What `jitad.lower.sums` adds.

    def substituted(self, nodes: list[Node], replace: dict[Node, Node]) -> list[Node]:
        """Scalars with others replaced in them; `jitad.lower.sums` does it."""
        raise NotImplementedError


_RULES = {
    "add": "add", "subtract": "sub", "multiply": "mul", "negative": "neg", "divide": "div", "exp": "exp", "power": "power",
    "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge", "equal": "eq", "not_equal": "ne",
    "logical_and": "both", "logical_or": "either", "logical_not": "negation", "select": "select",
    "floor_divide": "_floor_divide", "remainder": "_remainder",
}


def _divides(a: Any, b: Any) -> bool:
    """Whether a number other than 1 goes into another a whole number of times, exactly; not too often, as that might overflow."""
    return abs(a) != 1 and abs(b / a) <= MOST and float(b / a).is_integer() and a * (b / a) == b


def _int_only(rule: str, op: str) -> Any:
    def method(self: Normal, x: Node, y: Node) -> Node:
        return getattr(self, rule)(x, y) if x.dtype == INT else make(REGISTRY[op], (x, y), ())

    return method


Normal._floor_divide = _int_only("floordiv", "floor_divide")  # type: ignore[attr-defined]
Normal._remainder = _int_only("mod", "remainder")  # type: ignore[attr-defined]

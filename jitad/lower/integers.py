"""Integer scalars in normal form: indices, of which divisions by lengths are taken apart."""

from __future__ import annotations

from jitad.ir import sizes
from jitad.ir.node import Node
from jitad.ir.sizes import Size, at_least
from jitad.lower.bounds import extent
from jitad.lower.choices import Choices, as_size, is_op
from jitad.ops import arithmetic


def _size_last(x: Node, y: Node) -> tuple[Node, Node, int | Size | None, int | Size | None]:
    """Both operands, one that is a size behind, and the sizes that they are."""
    a, b = as_size(x), as_size(y)
    return (y, x, b, a) if b is None and a is not None else (x, y, a, b)


class Integers(Choices):
    """Sums, products and divisions of indices."""

    def add_int(self, x: Node, y: Node) -> Node:
        x, y, a, b = _size_last(x, y)
        if a is not None and b is not None:
            return self.size(sizes.add(a, b))
        if b == 0:
            return x
        if is_op(x, "add") and as_size(x.args[1]) is not None:  # (i + a) + b
            inner = as_size(x.args[1])
            return self.add_int(x.args[0], self.add_int(self.size(inner), y))
        if b is None and is_op(y, "add") and as_size(y.args[1]) is not None:
            return self.add_int(self.add_int(x, y.args[0]), y.args[1])
        if b is None:
            if self._opposite(x, y):
                return self.int(0)
            x, y = self.sorted(x, y)
        return arithmetic.add(x, y)

    def _opposite(self, x: Node, y: Node) -> bool:
        return self.mul_int(self.int(-1), x) is y

    def mul_int(self, x: Node, y: Node) -> Node:
        x, y, a, b = _size_last(x, y)
        if a is not None and b is not None:
            return self.size(sizes.mul(a, b))
        if b == 1:
            return x
        if b == 0:
            return self.int(0)
        if b is not None and is_op(x, "add"):
            return self.add_int(self.mul_int(x.args[0], y), self.mul_int(x.args[1], y))
        if b is not None and is_op(x, "multiply") and as_size(x.args[1]) is not None:
            return self.mul_int(x.args[0], self.mul_int(x.args[1], y))
        if b is None:
            x, y = self.sorted(x, y)
        return arithmetic.multiply(x, y)

    def floordiv(self, x: Node, y: Node) -> Node:
        a, b = as_size(x), as_size(y)
        if a is not None and b is not None:
            return self.size(sizes.floordiv(a, b))
        known = None if b is None else self._divided(x, b)
        return arithmetic.floor_divide(x, y) if known is None else known[0]

    def mod(self, x: Node, y: Node) -> Node:
        a, b = as_size(x), as_size(y)
        if a is not None and b is not None:
            return self.size(sizes.call("mod", a, b))
        known = None if b is None else self._divided(x, b)
        return arithmetic.remainder(x, y) if known is None else known[1]

    def _divided(self, x: Node, n: int | Size) -> tuple[Node, Node] | None:
        """Quotient and rest, if the terms of x that are no multiples of n are known to be a rest, but for n or -n."""
        quotient = rest = self.int(0)
        stack = [x]
        while stack:
            term = stack.pop()
            size, factor = as_size(term), as_size(term.args[1]) if is_op(term, "multiply") else None
            if is_op(term, "add"):
                stack += reversed(term.args)
            elif size is not None:
                whole, left = sizes.divided(size, n)
                quotient, rest = self.add_int(quotient, self.size(whole)), self.add_int(rest, self.size(left))
            elif factor is not None and sizes.divided(factor, n)[1] == 0:
                quotient = self.add_int(quotient, self.mul_int(term.args[0], self.size(sizes.divided(factor, n)[0])))
            else:
                rest = self.add_int(rest, term)
        for more in (0, 1, -1):
            moved = self.add_int(rest, self.size(sizes.mul(more, n)))
            low, high = extent(moved)
            if low is not None and high is not None:
                gaps = at_least(low), at_least(sizes.sub(sizes.sub(n, 1), high))
                if all(g is not None and g >= 0 for g in gaps):
                    return self.add_int(quotient, self.int(-more)), moved
        return None

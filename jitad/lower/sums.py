"""Reductions over loops, in normal form.

Four rules turn index patterns into fewer or simpler loops: a sum over a Kronecker delta is one element; a condition that does
not depend on the loop is moved out of it; a sum over the pairs of a triangle is a sum over the square with a condition; a sum of
what does not depend on the loop is a product.
"""

from __future__ import annotations

import numpy as np

from jitad.ir import sizes
from jitad.ir.node import Node, topological
from jitad.ir.sizes import Size
from jitad.ir.types import BOOL, INT
from jitad.lower.choices import as_size, is_op
from jitad.lower.deltas import counted, few_terms, parts, same_index
from jitad.lower.logarithms import logarithm
from jitad.lower.normal import Normal
from jitad.lower.scalar import LOAD, REDUCE, TRIANGLE, Buffer, load, loop_var, starts_after, variable
from jitad.ops.leaf import constant, constant_value, triangle_size


def identity(kind: str, dtype: np.dtype) -> object:
    """The value of a reduction over nothing."""
    if kind in ("sum", "prod"):
        return 0 if kind == "sum" else 1
    low = kind == "max"
    if dtype.kind == "f":
        return -np.inf if low else np.inf
    if dtype.kind == "b":
        return not low
    return np.iinfo(dtype).min if low else np.iinfo(dtype).max


class Sums(Normal):
    """Scalars with reductions."""

    def __init__(self) -> None:
        super().__init__()
        self._free: dict[Node, frozenset[Node]] = {}
        self._triangles = False  # whether there are any
        self.inside: dict[Node, int | Size] = {}  # indices that are checked, with what they are below

    # Which loops a scalar depends on.

    def free(self, node: Node) -> frozenset[Node]:
        """The loop variables that a scalar depends on."""
        found = self._free.get(node)
        if found is not None:
            return found
        for n in topological([node], stop=self._free.__contains__):
            if is_op(n, "loop_var"):
                self._free[n] = frozenset((n,)) | _around(n)
            else:
                inner = frozenset().union(*(self._free[a] for a in n.args))
                self._free[n] = (inner - {variable(n)}) | _around(variable(n)) if n.op is REDUCE else inner
        return self._free[node]

    def depth(self, *nodes: Node) -> int:
        """The depth of a new loop inside all loops that the nodes depend on."""
        return max((v.params[0] + 1 for n in nodes for v in self.free(n)), default=0)  # type: ignore[operator]

    # Building.

    def combine(self, kind: str, x: Node, y: Node) -> Node:
        """x o y for one kind of reduction."""
        if kind == "sum":
            return self.add(x, y)
        if kind == "prod":
            return self.mul(x, y)
        if x.dtype == BOOL:
            return self.either(x, y) if kind == "max" else self.both(x, y)
        from jitad.ops.compare import maximum, minimum

        return self.apply(maximum if kind == "max" else minimum, x, y)

    def select(self, p: Node, x: Node, y: Node) -> Node:
        """A choice; sums where two indices are equal are those of the outer one."""
        same = same_index(p)
        if same is not None and not self.strict:
            inner, outer = same
            sums = (n for n in topological([x], stop=lambda n: inner not in self.free(n)) if n.op is REDUCE)
            if any(inner in self.free(n) for n in sums):
                x = self.substitute(x, {inner: outer})
        return super().select(p, x, y)

    def reduce(self, kind: str, loop: tuple, body: Node) -> Node:
        depth, size, *after = loop
        var = loop_var(*loop)
        if self._pairs_in(body, var):
            return self._over_square(kind, var, body)
        if kind == "sum":
            if is_op(body, "negative"):
                return self.neg(self.reduce(kind, loop, body.args[0]))
            c, rest = self.coefficient(body)
            if c != 1 and body.dtype.kind == "f" and np.isfinite(c):
                return self.scaled(c, self.reduce(kind, loop, rest))
            if (found := self._taken_out(loop, var, body)) is not None:
                return found
            if var not in self.free(body):
                count = self.sub(self.size(sizes.sub(size, 1)), *_around(var)) if after else self.size(size)
                some = self.lt(self.int(0), count)  # none of what is infinite is zero
                return self.select(some, self.mul(self.cast(count, body.dtype), body), self.zero(body.dtype))
        if after:
            return REDUCE.build((body,), (kind, *loop))
        if var not in self.free(body) and kind in ("max", "min"):
            return body
        if kind == "sum":
            if is_op(body, "select") and constant_value(body.args[2]) == 0 and body.dtype != BOOL:
                out = self._conditional(loop, var, body)
                if out is not None:
                    return out
            if not self.strict and body.dtype.kind == "f":
                for rule in (few_terms, counted) if self.has_alternatives else (counted,):
                    if (found := rule(self, loop, var, body)) is not None:
                        return found
        canonical = self.depth(*self.free(body) - {var})
        if canonical != depth:
            return self.reduce(kind, (canonical, size), self.substitute(body, {var: loop_var(canonical, size)}))
        return REDUCE.build((body,), (kind, depth, size))

    def _taken_out(self, loop: tuple, var: Node, body: Node) -> Node | None:
        """A sum of products in front of which a factor stands, if that leaves a sum over fewer loops, or of logarithms.

        Where the factor is infinite, the sum in front of which it stands may be infinite as well where it was NaN before.
        """
        if is_op(body, "multiply") and body.dtype.kind == "f" and not self.strict:
            for a, b in (body.args, body.args[::-1]):
                if var not in self.free(a) and var in self.free(b) and constant_value(a) is None and (
                        not self.free(a) <= self.free(b) or self._is_logarithm(var, b)):
                    return self.mul(a, self.reduce("sum", loop, b))
        return None

    def _is_logarithm(self, var: Node, n: Node) -> bool:
        """Whether a scalar is a logarithm, or one times what does not depend on the loop."""
        varying = [a for a in n.args if var in self.free(a)] if is_op(n, "multiply") else []
        return self._is_logarithm(var, varying[0]) if len(varying) == 1 else logarithm(n) is not None

    def _conditional(self, loop: tuple, var: Node, body: Node) -> Node | None:
        """A sum of ``value if condition else 0``."""
        inside: list[Node] = []
        outside: list[Node] = []
        for p in parts(body.args[0], "logical_and"):
            (inside if var in self.free(p) else outside).append(p)
        for p in inside:
            place = self.solved(p, var)
            if place is not None:
                rest = [q for q in (*inside, *outside) if q is not p]
                met, safe = self.in_range(place, loop[1])
                p_here, value = self.substituted([self.all(rest), body.args[1]], {var: safe})
                p_here = self.both(met, p_here)
                return self.select(p_here, value, body.args[2])
        if outside:
            inner = self.select(self.all(inside), body.args[1], body.args[2])
            return self.select(self.all(outside), self.reduce("sum", loop, inner), body.args[2])
        return None

    def in_range(self, place: Node, size: int | Size) -> tuple[Node, Node]:
        """Whether a loop has a turn, and an index that is one: no index may be out of range, whichever branch is taken."""
        if self.inside.get(place) == size:
            return self.true(), place
        met = self.both(self.le(self.int(0), place), self.lt(place, self.size(size)))
        return met, self.select(met, place, self.int(0))

    def all(self, ps: list[Node]) -> Node:
        out = self.true()
        for p in ps:
            out = self.both(out, p)
        return out

    def solved(self, p: Node, var: Node) -> Node | None:
        """The index at which ``var + c == place``, if that is what the predicate says."""
        if not is_op(p, "equal") or p.args[0].dtype != INT:
            return None
        for a, b in (p.args, p.args[::-1]):
            if var in self.free(b):
                continue
            if a is var:
                return b
            if is_op(a, "add") and a.args[0] is var and as_size(a.args[1]) is not None:
                return self.sub(b, a.args[1])
        return None

    # Substitution.

    def substitute(self, node: Node, replace: dict[Node, Node], known: dict[Node, Node] | None = None) -> Node:
        return self.substituted([node], replace, known)[0]

    def substituted(self, nodes: list[Node], replace: dict[Node, Node], known: dict[Node, Node] | None = None) -> list[Node]:
        """Scalars with loop variables (or other nodes) replaced, in normal form again; `known` is kept from call to call.

        Variables are named by depth, so a reduction may bind the name of a loop around it: inside, what depends on that
        name is something else and stays, and the reduction takes another name before one comes in from outside.
        """
        new = {} if known is None else known
        new.update(replace)
        for n in topological(nodes, stop=lambda n: n in new or n.op is REDUCE):
            for a in n.args:
                if a not in new:
                    new[a] = self._within(a, replace)
            args = tuple(new[a] for a in n.args)
            new[n] = n if all(a is b for a, b in zip(args, n.args, strict=True)) else self.again(n, args)
        return [new[n] if n in new else self._within(n, replace) for n in nodes]

    def _within(self, node: Node, replace: dict[Node, Node]) -> Node:
        """A reduction in which nodes are replaced."""
        kind, *loop = node.params
        var, body = variable(node), node.args[0]
        replace = {old: new for old, new in replace.items() if var not in self.free(old)}
        if not any(n in replace for n in topological([body])):
            return node
        if any(var in self.free(new) for new in replace.values()):
            loop[0] = self.depth(body, *replace, *replace.values())
            body = self.substitute(body, {var: loop_var(*loop)})  # type: ignore[arg-type]
        return self.reduce(kind, tuple(loop), self.substituted([body], replace)[0])  # type: ignore[arg-type]

    def again(self, node: Node, args: tuple[Node, ...]) -> Node:
        if node.op is LOAD:
            return self.load(node.params[0], args)  # type: ignore[arg-type]
        if node.op is REDUCE:
            return self.reduce(node.params[0], variable(node).params, args[0])  # type: ignore[arg-type]
        if node.op is TRIANGLE:
            return TRIANGLE.build(args, node.params)
        if node.op.name == "cast":
            return self.cast(args[0], node.dtype)
        if node.op.name == "multiply" and node.dtype.kind == "f" and node in self._powers:
            base, n = self._powers[node]
            if len({*node.args}) == 1 and args[0] is args[1]:
                return self.mul(*args)
        return self.apply(node.op, *args)

    def load(self, buffer: Buffer, idx: tuple[Node, ...]) -> Node:
        return load(buffer, idx)

    # Triangles.

    def triangle(self, p: Node, n: int | Size, k: int, which: int) -> Node:
        """Row or column of the p-th pair."""
        self._triangles = True
        return TRIANGLE.build((p,), (n, k, which))

    def _pairs_in(self, body: Node, var: Node) -> bool:
        return self._triangles and var in self.free(body) and any(
            _whole_triangle(n, var) for n in topological([body], stop=lambda n: var not in self.free(n)))

    def _over_square(self, kind: str, var: Node, body: Node) -> Node:
        """A reduction over pairs p as one over rows i and columns j with j - i >= k."""
        triangle = next(n for n in topological([body]) if _whole_triangle(n, var))
        n, k, _ = triangle.params
        depth = max([self.depth(body), *(m.params[1] + 1 for m in topological([body]) if m.op is REDUCE)])  # type: ignore
        i, j = loop_var(depth, n), loop_var(depth + 1, n)  # type: ignore[arg-type]
        inside = self.le(self.add(i, self.int(k)), j)  # type: ignore[arg-type]
        row = self.sub(self.size(n), self.int(k))  # type: ignore[arg-type]
        before = self.sub(self.mul(i, row), self.floordiv(self.mul(i, self.sub(i, self.int(1))), self.int(2)))
        flat = self.add(before, self.sub(self.sub(j, i), self.int(k)))  # type: ignore[arg-type]
        replace = {TRIANGLE.build((var,), (n, k, 0)): i, TRIANGLE.build((var,), (n, k, 1)): j,
                   var: self.select(inside, flat, self.int(0))}
        replace |= self._beside_triangle(body, var, replace)
        value = self.substitute(body, replace)
        nothing = constant(identity(kind, body.dtype), body.dtype)
        value = self.select(inside, value, nothing)
        return self.reduce(kind, i.params, self.reduce(kind, j.params, value))


    def _beside_triangle(self, body: Node, var: Node, replace: dict[Node, Node]) -> dict[Node, Node]:
        """Indices counted from rows or columns of pairs, which in the rest of the square may be out of range."""
        out: dict[Node, Node] = {}
        for n in topological([body]):
            for place, size in zip(n.args, n.params[0].shape, strict=True) if n.op is LOAD else ():  # type: ignore[attr-defined]
                if place.op is not TRIANGLE and var in self.free(place) and any(
                        m.op is TRIANGLE for m in topological([place], stop=lambda m: m.op is LOAD)):
                    out[place] = self.in_range(out.get(place) or self.substitute(place, replace), size)[1]
        return out


def _whole_triangle(node: Node, var: Node) -> bool:
    """Whether a node is the row or column of pair `var`, and `var` runs over all pairs and no further."""
    return node.op is TRIANGLE and node.args[0] is var and triangle_size(*node.params[:2]) == var.params[1]  # type: ignore


def _around(var: Node) -> frozenset[Node]:
    """The loop variable that decides where another one starts, if there is one."""
    outer = starts_after(var)
    return frozenset() if outer is None else frozenset((outer,))

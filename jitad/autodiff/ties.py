"""Derivatives where eigenvalues are equal: the limit of what they are where these are apart.

Derivatives of eigenvectors divide by differences of eigenvalues, G[i, j] = 1/(w[j] - w[i]). Of a function that is smooth as a
whole, V g(w) Vᵀ say, or any symmetric function of the eigenvalues, the infinities cancel. To find what is left, move the
eigenvalues apart along A + ε V diag(s) Vᵀ, with s = 0, 1, 2, ...: the eigenvectors stay, w becomes w + ε s, and G becomes
G₀ + T/ε, where G₀ has the differences that are not zero and T[i, j] = 1/(s[j] - s[i]) stands where they are. A derivative y is a
polynomial in G. Its limit for ε -> 0 is the coefficient of ε⁰,

    y⁰ = Σ_k (1/k!)² D^k P^k y  at G = G₀,

P being the derivative by G along T and D that by ε of all else; both are linearisations of the graph. Where a coefficient of a
negative power of ε is not zero, there is no limit: nan.

Between eigenvalues that are nearly equal, derivatives of order k are wrong by eps/gap**k, and the limit by the gap. Which of the
two is taken changes at eps**(1/(k + 1)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import factorial, inf

import numpy as np

from jitad.autodiff.linearize import linearize
from jitad.autodiff.zeros import Linear, masked
from jitad.ir.graph import rebuild
from jitad.ir.node import Node, topological
from jitad.ir.types import BOOL, is_float
from jitad.ops.arithmetic import cast
from jitad.ops.compare import absolute, equal, greater, less, maximum, select
from jitad.ops.contract import contract
from jitad.ops.leaf import full, iota, new_input
from jitad.ops.matrix import rows_and_columns, swap
from jitad.ops.reduce import reduce_max, reduce_sum
from jitad.ops.shape import broadcast, reshape, zeros
from jitad.ops.spectral import eigenvectors, gaps

HIGHEST = 3  # power of G: derivatives to third order
_DATA = {"reshape", "retype"}  # the same numbers


def separated(outputs: Sequence[Node], near: bool = True, show: bool = True) -> list[Node]:
    """The outputs, infinite or nan between eigenvalues that are equal; `show`, also those that would not show it.

    Equal are those that are so to rounding; `near`, all whose difference would cost more digits than the limit does.
    """
    found = _gaps_in(outputs)
    if not found:
        return list(outputs)
    known = _degrees(outputs, set(found))
    tolerance = nearness(outputs) if near else None
    new = {g: gaps(g.args[1], tolerance) for g in found}
    apart = rebuild(outputs, new)
    if show:
        for k, o in enumerate(outputs):
            if known[o] == inf and is_float(o.dtype):
                tied = broadcast(_any_tied(list(new.values())), o.shape, ())
                apart[k] = select(tied, full(np.nan, o.dtype, o.shape), apart[k])
    return apart


def nearness(outputs: Sequence[Node]) -> float:
    """The difference of eigenvalues, by the sum of their absolute values, up to which the limit is taken."""
    found = _gaps_in(outputs)
    known = _degrees(outputs, set(found))
    order = int(max((d for d in known.values() if d != inf), default=1))
    return max((_tolerance(g.dtype, order) for g in found), default=0.0)


def _tolerance(dtype: np.dtype, order: int) -> float:
    return float(np.finfo(dtype).eps) ** (1 / (min(order, HIGHEST) + 1))


def are_tied(outputs: Sequence[Node]) -> Node | None:
    """Whether any eigenvalues that the outputs divide by the difference of are equal; None if they do not divide by any."""
    found = _gaps_in(outputs)
    return _any_tied(found) if found else None


def hide_ties(outputs: Sequence[Node]) -> bool:
    """Whether there are outputs, integers or booleans, that cannot be nan where eigenvalues are equal."""
    known = _degrees(outputs, set(_gaps_in(outputs)))
    return any(known[o] and not is_float(o.dtype) for o in outputs)


def limits(outputs: Sequence[Node]) -> tuple[list[Node], list[Node]]:
    """What `separated` gave, as it is where eigenvalues are equal, and the size of the terms that it is the sum of.

    It is nan where there is no limit, or none is found.
    """
    splits = [_Split(n) for n in _gaps_in(outputs)]
    nothing = list(outputs), [zeros(o) for o in outputs]
    if any(_depends_on_eigenvectors(s.matrix) for s in splits):
        return nothing
    known = _degrees(outputs, {s.gaps for s in splits})
    used = {a: None for n in topological(outputs) if known[n] == inf for a in n.args if 0 < known[a] < inf}
    frontier = list(used | dict.fromkeys(o for o in outputs if 0 < known[o] < inf))
    order = int(max((known[n] for n in frontier), default=0))
    if not frontier or order > HIGHEST:
        return nothing
    found, terms = _limits_of(frontier, splits, order)
    size_of = dict(zip(frontier, terms, strict=True))
    return rebuild(outputs, dict(zip(frontier, found, strict=True))), [size_of.get(o, zeros(o)) for o in outputs]


def _limits_of(outputs: Sequence[Node], splits: Sequence[_Split], order: int) -> tuple[list[Node], list[Node]]:
    """Of polynomials in G."""
    y = rebuild(outputs, {s.gaps: s.fresh for s in splits})
    back = {s.fresh: s.finite for s in splits}
    poles, terms = ([rebuild(c, back) for c in _coefficients(y, splits, order, cancelling)] for cancelling in (True, False))
    found = poles[0]
    for pole, term in zip(poles[1:], terms[1:], strict=True):
        found = [_unless(c, m, o, order) for o, c, m in zip(found, pole, term, strict=True)]
    apart = rebuild(y, {s.fresh: absolute(s.finite) * s.above for s in splits})  # type: ignore[operator]
    return found, [absolute(a) + absolute(b) for a, b in zip(terms[0], apart, strict=True)]  # type: ignore[operator]


def _gaps_in(outputs: Sequence[Node]) -> list[Node]:
    return [n for n in topological(outputs) if n.op.name == "custom" and n.params[0] == "gaps_rule"]


def _tied(found: Node) -> Node:
    value = found.args[0]
    return equal(absolute(value), full(inf, value.dtype, value.shape))


def _any_tied(found: Sequence[Node]) -> Node:
    counts = [reduce_sum(cast(_tied(g), g.dtype), (0, 1, 2)) for g in found]
    total = counts[0]
    for c in counts[1:]:
        total = total + cast(c, total.dtype)  # type: ignore[operator]
    return less(zeros(total), total)


class _Split:
    """One matrix whose eigenvalues are moved apart."""

    def __init__(self, found: Node):
        self.gaps, (value, self.values) = found, found.args
        self.matrix = self.values.args[1]
        self.fresh = new_input(found.dtype, found.shape)
        one, zero = full(1, found.dtype, found.shape), zeros(found)
        tied = _tied(found)
        self.finite = select(tied, zero, value)
        row, column = rows_and_columns(found.shape)
        self.steps = cast(column - row, found.dtype)  # type: ignore[operator]
        safe = select(equal(row, column), one, self.steps)
        self.infinite = select(tied, one / safe, zero)  # type: ignore[operator]
        self.above = select(less(row, column), full(1.5, found.dtype, found.shape), one)  # neither symmetric nor antisymmetric
        self.uncancelled = absolute(self.infinite) * self.above  # type: ignore[operator]

    def directions(self) -> dict[Node, Linear | None]:
        """What changes with ε, and how fast."""
        v = eigenvectors(self.matrix)
        shape = self.values.shape
        s = broadcast(cast(iota(shape[1]), self.values.dtype), shape, (1,))
        columns = v * broadcast(s, v.shape, (0, 2))  # type: ignore[operator]
        moved = contract(columns, swap(v), (0, 1, 2), (0, 2, 3), (0, 1, 3))
        out = {self.values: Linear(s), v: None, self.fresh: Linear(-(self.fresh * self.fresh) * self.steps)}  # type: ignore
        matrix = self.matrix
        while True:  # what holds the same numbers changes with them
            out[matrix] = Linear(moved if moved.shape == matrix.shape else reshape(moved, matrix.shape))
            if matrix.op.name not in _DATA:
                return out
            matrix = matrix.args[0]


def _depends_on_eigenvectors(matrix: Node) -> bool:
    return any(n.op.name == "eigh" for n in topological([matrix]))


def _coefficients(y: Sequence[Node], splits: Sequence[_Split], highest: int, cancelling: bool) -> list[list[Node]]:
    """Of ε⁰, ε⁻¹, ...; or, not `cancelling`, something of the size of what they are made of before it cancels."""
    infinite = {s.fresh: Linear(s.infinite if cancelling else s.uncancelled) for s in splits}
    directions = {node: t for s in splits for node, t in s.directions().items()}
    out: list[list[Node]] = [list(y)] + [[zeros(n) for n in y] for _ in range(highest)]
    term = list(y)
    for k in range(1, highest + 1):
        term = _along(term, infinite)
        part = term
        for m in range(k, -1, -1):  # D^(k - m) P^k y belongs to ε^-m
            weight = 1 / (factorial(k) * factorial(k - m))
            out[m] = [a + b * weight for a, b in zip(out[m], part, strict=True)]  # type: ignore[operator]
            part = _along(part, directions) if m else part
    return out


def _along(nodes: Sequence[Node], tangents: Mapping[Node, Linear | None]) -> list[Node]:
    found = linearize(nodes, tangents)  # type: ignore[arg-type]
    return [zeros(n) if t is None else masked(t.node, t.support) for n, t in zip(nodes, found, strict=True)]


def _unless(pole: Node, term: Node, value: Node, order: int) -> Node:
    """`value`, nan where the coefficient of a pole is not zero but for rounding and for the differences taken for zero."""
    size = absolute(term)
    bound = size * (30 * _tolerance(value.dtype, order))  # type: ignore[operator]
    if pole.ndim and 0 not in pole.shape:  # by what is larger in its matrix; and the noise of zeros among larger numbers
        matrix, eps = 30e-4 * _tolerance(value.dtype, order), float(np.finfo(value.dtype).eps)
        bound = maximum(bound, _largest(size, 2) * matrix) + _largest(size, pole.ndim) * (1e2 * eps)  # type: ignore[operator]
    bad = greater(absolute(pole), bound)
    return select(bad, full(np.nan, value.dtype, value.shape), value)


def _largest(x: Node, last: int) -> Node:
    """The largest along as many last axes."""
    first = max(x.ndim - last, 0)
    return broadcast(reduce_max(x, tuple(range(first, x.ndim))), x.shape, tuple(range(first)))


def _degrees(outputs: Sequence[Node], variables: set[Node]) -> dict[Node, float]:
    """The degree of each node as a polynomial in some; infinite if it is none."""
    known: dict[Node, float] = {}
    for n in topological(outputs):
        known[n] = 1 if n in variables else _degree(n, [known[a] for a in n.args])
    return known


def _degree(n: Node, inner: Sequence[float]) -> float:
    highest = max(inner, default=0)
    if not highest:
        return 0
    if n.op.name == "select":
        return inf if inner[0] else highest
    if n.op.bilinear or n.op.name == "multiply":
        return sum(inner)
    if n.op.name == "integer_pow" and n.params[0] > 0:  # type: ignore[operator]
        return highest * n.params[0]  # type: ignore[operator]
    linear = n.op.linear_in(n)
    return highest if linear and all(k in linear for k, d in enumerate(inner) if d) and n.dtype != BOOL else inf

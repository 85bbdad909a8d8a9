"""Derivatives where eigenvalues are equal: the limit of what they are where these are apart.

Derivatives of eigenvectors divide by differences of eigenvalues, G[i, j] = 1/(w[j] - w[i]). Of a function that is smooth as a
whole, V g(w) Vᵀ say, or any symmetric function of the eigenvalues, the infinities cancel. To find what is left, move the
eigenvalues apart along A + ε V diag(s) Vᵀ, with s = 0, 1, 2, ...: the eigenvectors stay, w becomes w + ε s, and G becomes
G₀ + T/ε, where G₀ has the differences that are not zero and T[i, j] = 1/(s[j] - s[i]) stands where they are. A derivative y is a
polynomial in G. Its limit for ε -> 0 is the coefficient of ε⁰,

    y⁰ = Σ_k (1/k!)² D^k P^k y  at G = G₀,

P being the derivative by G along T and D that by ε of all else; both are linearisations of the graph. Where a coefficient of a
negative power of ε is not zero, there is no limit: nan.
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
from jitad.ops.compare import absolute, equal, greater, select
from jitad.ops.contract import contract
from jitad.ops.leaf import full, iota, new_input
from jitad.ops.matrix import rows_and_columns, swap
from jitad.ops.reduce import reduce_max
from jitad.ops.shape import broadcast, zeros
from jitad.ops.spectral import eigenvectors

HIGHEST = 3  # power of G: derivatives to third order
ROUNDING = {8: 1e-9, 4: 1e-4}  # by bytes: of a coefficient that is zero, beside the terms that cancel


def at_ties(outputs: Sequence[Node]) -> list[Node] | None:
    """The outputs as they are where eigenvalues are equal; None if they do not divide by differences, or not as polynomials."""
    splits = [_Split(n) for n in topological(outputs) if n.op.name == "custom" and n.params[0] == "gaps_rule"]
    if not splits or any(_depends_on_eigenvectors(s.matrix) for s in splits):
        return None
    apart = {s.gaps: s.fresh for s in splits}
    y = rebuild(outputs, apart)
    degrees = _degrees(y, {s.fresh for s in splits})
    highest = max(degrees)
    if not 0 < highest <= HIGHEST:
        return None
    back = {s.fresh: s.finite for s in splits}
    poles, sizes = (_coefficients(y, splits, int(highest), signed) for signed in (True, False))
    limit = rebuild(poles[0], back)
    for pole, size in zip(poles[1:], sizes[1:], strict=True):
        limit = [_unless(c, m, o) for o, c, m in zip(limit, rebuild(pole, back), rebuild(size, back), strict=True)]
    return [new if d else old for new, old, d in zip(limit, outputs, degrees, strict=True)]


class _Split:
    """One matrix whose eigenvalues are moved apart."""

    def __init__(self, gaps: Node):
        self.gaps, (self.value, self.values) = gaps, gaps.args
        self.matrix = self.values.args[1]
        self.fresh = new_input(gaps.dtype, gaps.shape)
        one, zero = full(1, gaps.dtype, gaps.shape), zeros(gaps)
        tied = equal(absolute(self.value), full(inf, gaps.dtype, gaps.shape))
        self.finite = select(tied, zero, self.value)
        row, column = rows_and_columns(gaps.shape)
        self.steps = cast(column - row, gaps.dtype)  # type: ignore[operator]
        safe = select(equal(row, column), one, self.steps)
        self.infinite = select(tied, one / safe, zero)  # type: ignore[operator]

    def directions(self) -> dict[Node, Linear | None]:
        """What changes with ε, and how fast."""
        v = eigenvectors(self.matrix)
        shape = self.values.shape
        s = broadcast(cast(iota(shape[1]), self.values.dtype), shape, (1,))
        columns = v * broadcast(s, v.shape, (0, 2))  # type: ignore[operator]
        moved = contract(columns, swap(v), (0, 1, 2), (0, 2, 3), (0, 1, 3))
        return {self.matrix: Linear(moved), self.values: Linear(s), v: None,
                self.fresh: Linear(-(self.fresh * self.fresh) * self.steps)}  # type: ignore[operator]


def _depends_on_eigenvectors(matrix: Node) -> bool:
    return any(n.op.name == "eigh" for n in topological([matrix]))


def _coefficients(y: Sequence[Node], splits: Sequence[_Split], highest: int, signed: bool) -> list[list[Node]]:
    """Of ε⁰, ε⁻¹, ...; or, not `signed`, of what they are made of before it cancels."""
    infinite = {s.fresh: Linear(s.infinite if signed else absolute(s.infinite)) for s in splits}
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


def _unless(pole: Node, size: Node, value: Node) -> Node:
    """`value`, nan where the coefficient of a pole is not zero but for rounding."""
    if not is_float(value.dtype):
        return value
    axes = tuple(range(pole.ndim))
    most = absolute(size) if not axes else broadcast(reduce_max(absolute(size), axes), pole.shape, ())
    bad = greater(absolute(pole), most * ROUNDING[value.dtype.itemsize])  # type: ignore[operator]
    return select(bad, full(np.nan, value.dtype, value.shape), value)


def _degrees(outputs: Sequence[Node], variables: set[Node]) -> list[float]:
    """The degree of each output as a polynomial in some nodes; infinite if it is none."""
    known: dict[Node, float] = dict.fromkeys(variables, 1)
    for n in topological(outputs):
        if n not in known:
            known[n] = _degree(n, [known[a] for a in n.args])
    return [known[o] for o in outputs]


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

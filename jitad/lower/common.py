"""Sums of products that have factors in common: these are multiplied once, behind the sum.

The derivative of a product is a sum of such, and every component of a second derivative has its own factor in all of its terms::

    x = (a*b)*c - (d*a)*e        is    x = a*(b*c - d*e)

What is left in the brackets is the same for all components, then. Products that something else asks for stay as they are.
"""

from __future__ import annotations

import functools
from collections import Counter
from itertools import islice

import numpy as np

from jitad.ir.node import Node, topological
from jitad.lower.exact import compared
from jitad.lower.factors import Factors
from jitad.lower.placed import Placed
from jitad.ops import arithmetic
from jitad.ops.leaf import constant_value

ROUNDS = 8  # sums of sums of products: one within the other
FEW = 400  # sums of one kernel


def share_terms(placed: Placed) -> None:
    """Write sums in terms of shorter ones."""
    for _ in range(ROUNDS):
        found = _found(placed)
        if not 0 < len(found) <= FEW:
            return
        _take_out(placed, found)


def _take_out(placed: Placed, found: dict[Node, tuple[Factors, Factors, Factors]]) -> None:
    e = placed.elements
    parts = {n: [f for some in of for f in sorted(some.elements(), key=lambda f: (e.depth(f), e.rank(f)))]
             for n, of in found.items()}

    def build(n: Node, args: list[Node]) -> Node:
        there = iter(args)
        shared, x, y = (functools.reduce(e.mul, islice(there, some.total())) for some in found[n])
        inner = arithmetic.subtract(x, y) if n.op.name == "subtract" else arithmetic.add(*e.sorted(x, y))
        return e.mul(shared, inner)

    placed.rebuild(parts, build)


def _found(placed: Placed) -> dict[Node, tuple[Factors, Factors, Factors]]:
    """Sums whose terms have factors in common: these, and what is left of both."""
    roots = placed.roots()
    order = topological(roots)
    fixed = compared(roots, ((s.buffer, s.value) for s in placed.effects))
    users = Counter(a for n in order for a in n.args)
    users.update(roots)
    factors: dict[Node, Factors] = {}  # of products that one place asks for
    out: dict[Node, tuple[Factors, Factors, Factors]] = {}
    for n in order:
        if n.dtype.kind != "f" or n in fixed:
            continue
        if n.op.name == "multiply" and users[n] == 1 and all(map(_is_factor, n.args)):
            factors[n] = Counter()
            for a in n.args:
                factors[n].update(factors.get(a) or (a,))
        elif n.op.name in ("add", "subtract") and all(a in factors for a in n.args):
            x, y = (factors[a] for a in n.args)
            common = Counter({f: k for f, k in (x & y).items() if constant_value(f) is None})
            if common and x != common and y != common:
                out[n] = common, x - common, y - common
    return out


def _is_factor(n: Node) -> bool:
    """Whether products with it are what others in their place are: 0 and infinite numbers may make NaN of other factors."""
    value = constant_value(n)
    return value is None or bool(value != 0 and np.isfinite(value))

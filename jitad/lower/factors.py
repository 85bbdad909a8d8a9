"""Products that contain others: what they share is multiplied once, whatever order the factors were written in.

Derivatives multiply the same numbers in several orders, ``(a*b)*c`` here and ``(a*c)*b`` there, where ``a*c`` is wanted as well::

    x = a*b;  y = x*c;  s = a*c;  z = s*b        is    s = a*c;  y = s*b;  z = y

Products of which no part is used elsewhere are taken apart for that. A product takes the place of factors only where it saves
something in the innermost loop of theirs.
"""

from __future__ import annotations

import functools
from collections import Counter

from jitad.ir.node import Node, topological
from jitad.lower.exact import compared
from jitad.lower.placed import Placed
from jitad.ops.leaf import constant_value

Factors = Counter[Node]
FEW = 200  # products of one kernel: every one is compared with every other


def share_factors(placed: Placed) -> None:
    """Write products in terms of others."""
    roots = placed.roots()
    order = topological(roots)
    fixed = compared(roots, ((s.buffer, s.value) for s in placed.effects))
    products = _products(order, roots, fixed)
    if not 1 < len(products) <= FEW:
        return
    changed = {n: found for n, own in products.items() if (found := _shorter(placed, n, own, products)) != own}
    if not changed:
        return
    e = placed.elements
    new: dict[Node, Node] = {}
    stack = list(reversed(order))
    while stack:
        n = stack[-1]
        parts = sorted(changed[n].elements(), key=lambda f: (e.depth(f), e.rank(f))) if n in changed else n.args
        missing = [f for f in parts if f not in new]
        if missing:
            stack += missing
            continue
        stack.pop()
        args = tuple(new[f] for f in parts)
        if n in changed:
            new[n] = functools.reduce(e.mul, args)
        else:
            new[n] = n if args == n.args else e.again(n, args)
    placed.effects, placed.outputs = placed.rewritten(lambda n, args: new[n])


def _products(order: list[Node], roots: list[Node], fixed: set[Node]) -> dict[Node, Factors]:
    """Products that are used elsewhere than in one product, with their factors."""
    users: dict[Node, list[Node]] = {}
    for n in order:
        for a in n.args:
            users.setdefault(a, []).append(n)
    held = set(roots)

    def is_product(n: Node) -> bool:  # numbers stand in front of products
        return n.op.name == "multiply" and n.dtype.kind == "f" and n not in fixed and all(
            constant_value(a) is None for a in n.args)

    def is_part(n: Node) -> bool:
        return is_product(n) and n not in held and len(users[n]) == 1 and is_product(users[n][0])

    factors: dict[Node, Factors] = {}
    for n in order:
        if is_product(n):
            factors[n] = Counter()
            for a in n.args:
                factors[n].update(factors[a] if is_part(a) else (a,))
    return {n: f for n, f in factors.items() if not is_part(n)}


def _shorter(placed: Placed, n: Node, own: Factors, products: dict[Node, Factors]) -> Factors:
    """The factors of a product, with other products in the places of some."""
    e = placed.elements
    depth = e.depth(n)
    out = Counter(own)
    while True:
        best: Node | None = None
        for m, inside in products.items():
            if m is n or not inside <= out or (inside == out and e.rank(m) >= e.rank(n)):
                continue
            innermost = sum(k for f, k in inside.items() if e.depth(f) == depth)
            if innermost > 1 and (best is None or inside.total() > products[best].total()):
                best = m
        if best is None:
            return out
        out = out - products[best] + Counter((best,))

"""Numbers in front of products go to a factor that several of these share, or that an inner loop does not change.

In normal form numbers stand in front, where sums lose them. What is left multiplies each component of a gradient::

    x = 3*(a*s);  y = 3*(b*s);  z = 3*(c*s)        is    t = 3*s;  x = a*t;  y = b*t;  z = c*t
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from jitad.ir.node import Node, topological
from jitad.lower.exact import compared
from jitad.lower.nest import Output
from jitad.lower.placed import Placed
from jitad.ops import arithmetic
from jitad.ops.leaf import constant_value


def share_numbers(placed: Placed) -> None:
    """Have numbers stand where they are multiplied least often. That is no normal form: it has to come last."""
    e, roots = placed.elements, placed.roots()
    order = topological(roots)
    fixed = compared(roots, ((s.buffer, s.value) for s in placed.effects)) | set(topological([c.worst for c in placed.checks]))
    found = {n: (number, product) for n, number, product in _in_front(order, roots) if n not in fixed}
    together = Counter((number, f) for number, product in found.values() for f in product.args)
    new: dict[Node, Node] = {}
    for n in order:
        args = tuple(new[a] for a in n.args)
        new[n] = n if args == n.args else n.op.build(args, n.params)
        if n in found:
            number, (x, y) = found[n][0], found[n][1].args
            saved = {f: together[number, f] - (e.depth(f) == e.depth(n)) for f in (x, y)}
            if max(saved.values()) > 0:
                best, other = (x, y) if saved[x] >= saved[y] else (y, x)
                scaled = arithmetic.multiply(*e.sorted(number, new[best]))
                new[n] = arithmetic.multiply(*e.sorted(new[other], scaled))
    placed.effects = [replace(s, idx=tuple(new[i] for i in s.idx), value=new[s.value]) for s in placed.effects]
    placed.outputs = [Output(new[o.value] if isinstance(o.value, Node) else o.value, o.shape) for o in placed.outputs]
    placed.pieces = {new.get(k, k) if isinstance(k, Node) else k: piece for k, piece in placed.pieces.items()}


def _in_front(order: list[Node], roots: list[Node]) -> Iterator[tuple[Node, Node, Node]]:
    """Products of numbers and products that nothing else asks for, with these two."""
    users = Counter(a for n in order for a in n.args)
    held = set(roots)
    for n in order:
        if n.op.name == "multiply" and n.dtype.kind == "f":
            for number, product in (n.args, n.args[::-1]):
                value = constant_value(number)
                if value and np.isfinite(value) and product.op.name == "multiply" and product.args[0] is not product.args[1] and (
                        users[product] == 1 and product not in held and all(constant_value(a) is None for a in product.args)):
                    yield n, number, product

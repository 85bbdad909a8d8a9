"""Products of matrices that are left to BLAS: of stored matrices all of whose lengths may be large.

What is multiplied and what comes out lie in memory then, if that is no more than some argument or result takes. Products of a
matrix with a vector are loops like any other, which share their work with what is around them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.lower.storable import Storable


@dataclass(frozen=True)
class Product:
    """A call ``routine(result, left, right)``."""

    routine: str
    left: Node
    right: Node


def products(order: Sequence[Node], storable: Storable) -> dict[Node, Product]:
    """The contractions of a graph that are such products."""
    found = {n: _product(n) for n in order if n.op.name == "contract" and n.dtype.kind == "f"}
    return {n: p for n, p in found.items() if p is not None and all(
        storable.affordable(m) and (m.op.name == "input" or storable.takes_computing(m)) for m in (n, p.left, p.right))}


def _product(n: Node) -> Product | None:
    (a, b), (la, lb, lo) = n.args, n.params
    shared = set(la) & set(lb)
    if not all(isinstance(s, Size) for x in (a, b, n) for s in x.shape) or len(shared) != 1 or not shared.isdisjoint(lo):
        return None
    if len(lo) != 2 or len(la) != 2 or len(lb) != 2:
        return None
    if la[0] != lo[0] and la[1] != lo[0]:  # the transposed product is that of the factors transposed
        a, b, la, lb = b, a, lb, la
    return Product(f"product_{'nt'[la[0] != lo[0]]}{'nt'[lb[1] != lo[1]]}", a, b)

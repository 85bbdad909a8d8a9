"""Structural zeros: where a tangent or cotangent is zero because a branch was not taken.

``np.where(mask, f(r), 0)`` must have derivative zero where the mask is false, also where f'(r) is infinite there; so zero
times infinity may not be computed. Every linear value carries its *support*, a predicate that holds wherever it may differ
from zero (None: everywhere). Choosing narrows the support, adding joins supports, moving elements moves them, and a
product with a factor that may be infinite is computed under the support: ``select(support, c*t, 0)``.

Only linear values have supports. A tangent that merely happens to be 0.0 has none, and 0*inf is not "treated as 0".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from jitad.ir.node import Node, topological
from jitad.ir.types import BOOL
from jitad.ops.arithmetic import like
from jitad.ops.compare import logical_and, logical_not, logical_or, select
from jitad.ops.leaf import constant_value, full
from jitad.ops.shape import broadcast, retype, zeros


class Linear(NamedTuple):
    """A tangent or cotangent and where it can differ from zero."""

    node: Node
    support: Node | None = None


def both(p: Node | None, q: Node | None) -> Node | None:
    """Where both hold; None is everywhere."""
    if p is None or q is None or p is q:
        return q if p is None else p
    if _opposite(p, q):
        return full(False, BOOL, p.shape)
    return logical_and(p, q)


def either(p: Node | None, q: Node | None) -> Node | None:
    """Where one holds; None is everywhere."""
    if p is None or q is None or _opposite(p, q):
        return None
    return p if p is q else logical_or(p, q)


def _opposite(p: Node, q: Node) -> bool:
    return any(a.op.name == "logical_not" and a.args[0] is b for a, b in ((p, q), (q, p)))


def plus(a: Linear | None, b: Linear | None) -> Linear | None:
    """The sum; None is the zero that is nowhere computed."""
    if a is None or b is None:
        return b if a is None else a
    return Linear(a.node + b.node, either(a.support, b.support))  # type: ignore[operator]


def masked(x: Node, support: Node | None) -> Node:
    """x where the support holds, exactly zero elsewhere."""
    return x if support is None else select(support, x, zeros(x))


def scale(factor: Node | float, t: Linear) -> Linear:
    """factor*t, zero off the support of t whatever the factor is there."""
    if not isinstance(factor, Node):
        if factor == 1.0:
            return t
        if factor == -1.0:
            return Linear(-t.node, t.support)  # type: ignore[operator]
    c = like(factor, t.node)
    product = c * t.node  # type: ignore[operator]
    if t.support is None or constant_value(c) is not None:
        return Linear(product, t.support)
    return Linear(masked(product, t.support), t.support)


def choose(p: Node, a: Linear | None, b: Linear | None) -> Linear | None:
    """a where p holds, else b."""
    if a is None and b is None:
        return None
    some: Linear = a or b  # type: ignore[assignment]
    values = [zeros(some.node) if t is None else t.node for t in (a, b)]
    node = select(p, *values)
    if a is None:
        return Linear(node, both(logical_not(p), b.support))  # type: ignore[union-attr]
    if b is None:
        return Linear(node, both(p, a.support))
    if a.support is None and b.support is None:
        return Linear(node)
    sides = [full(True, BOOL, p.shape) if t.support is None else t.support for t in (a, b)]
    return Linear(node, select(p, *sides))


def moved(support: Node | None, node: Node, move: Callable[[Node], Node]) -> Node | None:
    """The support after an op (`node`) that moves elements."""
    return None if support is None or not node.op.moves else move(support)


def reduced(support: Node | None, axes: tuple[int, ...]) -> Node | None:
    """The support of a sum over `axes`: kept where the predicate does not depend on them, else everywhere."""
    return support if support is None or not axes else without_axes(support, axes)


def without_axes(p: Node, axes: tuple[int, ...]) -> Node | None:
    """The predicate as one of fewer axes, if it is repeated along `axes`."""
    narrow: dict[Node, Node | None] = {}
    for n in topological([p], stop=lambda n: n.op.name not in _LOGIC and n is not p):
        if n.op.name not in _LOGIC:
            return _fewer(n, axes)
        parts = [narrow[a] if a in narrow else _fewer(a, axes) for a in n.args]
        narrow[n] = None if any(a is None for a in parts) else n.op.build(tuple(parts), ())  # type: ignore[arg-type]
    return narrow[p]


_LOGIC = ("logical_and", "logical_or", "logical_not", "select")


def _fewer(p: Node, axes: tuple[int, ...]) -> Node | None:
    if p.op.name == "retype":
        inner = _fewer(p.args[0], axes)
        return None if inner is None else retype(inner, tuple(n for k, n in enumerate(p.shape) if k not in axes))
    if p.op.name != "broadcast":
        return None
    shape, places = p.params
    if set(places) & set(axes):
        return None
    left = [k for k in range(len(shape)) if k not in axes]
    return broadcast(p.args[0], tuple(shape[k] for k in left), tuple(left.index(k) for k in places))

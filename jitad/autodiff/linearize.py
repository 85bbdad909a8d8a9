"""Forward mode: from a graph to its linearisation, in ops of the same graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jitad.autodiff.zeros import Linear, choose, moved, plus, reduced, scale
from jitad.errors import InternalError
from jitad.ir.node import Node, topological
from jitad.ir.types import BOOL, is_float
from jitad.ops.custom import recorded
from jitad.ops.declare import Elementwise
from jitad.ops.leaf import constant_value, full
from jitad.ops.shape import zeros
from jitad.ops.singular import even_power_of_norm, sum_of_squares, unless_zero


def linearize(outputs: Sequence[Node], tangents: Mapping[Node, Linear]) -> list[Linear | None]:
    """The tangents of the outputs, given those of some nodes below them.

    Parameters
    ----------
    outputs : sequence of Node
        What to differentiate.
    tangents : mapping of Node to Linear
        The directions; every other leaf is constant. They enter the result linearly.

    Returns
    -------
    list of Linear or None
        None for an output that does not depend on `tangents`, or has no derivative (integers, comparisons).
    """
    known: dict[Node, Linear | None] = dict(tangents)
    for node in _followed(outputs, known):
        smooth = even_power_of_norm(node)
        if smooth is not None:  # the same function, none of whose derivatives is singular
            for n in topological([smooth], stop=known.__contains__):
                known[n] = _of(n, [known[a] for a in n.args])
            known[node] = known[smooth]
            continue
        known[node] = _of(node, [known.get(a) for a in node.args])
    return [known[o] for o in outputs]


def _followed(outputs: Sequence[Node], known: Mapping[Node, Linear | None]) -> list[Node]:
    """All nodes below the outputs whose derivative is followed: not what goes into a value whose derivative is stated."""
    order = topological(outputs, stop=known.__contains__)
    if not any(n.op.name == "custom" for n in order):
        return order
    needed = set(outputs)
    for n in reversed(order):
        if n in needed:
            needed.update(n.args[1:] if n.op.name == "custom" else n.args)
    return [n for n in order if n in needed]


def _of(node: Node, inner: Sequence[Linear | None]) -> Linear | None:
    """The tangent of a node, given those of its arguments."""
    return None if inner.count(None) == len(inner) or not is_float(node.dtype) else _tangent(node, inner)


def _tangent(node: Node, inner: Sequence[Linear | None]) -> Linear | None:
    op = node.op
    if op.name == "select":
        return choose(node.args[0], inner[1], inner[2])
    if op.bilinear:
        parts = [_in_argument(node, k, t) for k, t in enumerate(inner) if t is not None]
        return parts[0] if len(parts) == 1 else plus(*parts)
    if isinstance(op, Elementwise):
        return _elementwise(node, inner)
    if recorded(node):
        from jitad.autodiff.custom import tangent

        return tangent(node, inner)
    if op.name == "solved":
        from jitad.autodiff import solved

        return solved.tangent(node, inner)
    if hasattr(op, "jvp") or op.name == "scan":
        tangents = [None if t is None else t.node for t in inner]
        found = _of_loop(node, tangents) if op.name == "scan" else op.jvp(node, *tangents)  # type: ignore[attr-defined]
        return None if found is None else Linear(found)
    if op.linear_in(node):
        return _linear(node, inner)
    raise InternalError(f"{op.name} has no derivative rule")


def _of_loop(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    from jitad.autodiff.loops import tangent

    return tangent(node, tangents)


def _elementwise(node: Node, inner: Sequence[Linear | None]) -> Linear | None:
    if node.op.name == "integer_pow":
        (n,) = node.params
        x = node.args[0]
        return scale(x * float(n) if n == 2 else node.op.build((x,), (n - 1,)) * float(n), inner[0])  # type: ignore
    partials = node.op.partials  # type: ignore[attr-defined]
    if partials is None:
        return None
    squares = sum_of_squares(node.args[0]) if _is_root(node) else None
    if squares is not None:
        slope = unless_zero(node.args[0], partials(*node.args, out=node)[0], positive=squares.positive)
        return scale(slope, inner[0])  # type: ignore[arg-type]
    out: Linear | None = None
    for factor, t in zip(partials(*node.args, out=node), inner, strict=True):
        if t is not None and factor is not None:
            out = plus(out, scale(factor, t))
    return out


def _is_root(node: Node) -> bool:
    """Whether a node is a power between 0 and 1."""
    if node.op.name == "power":
        exponent = constant_value(node.args[1])
        return exponent is not None and bool(0 < exponent < 1)
    return node.op.name in ("sqrt", "cbrt")


def _in_argument(node: Node, k: int, t: Linear) -> Linear:
    args = list(node.args)
    args[k] = t.node
    return Linear(node.op.apply_linear(node, tuple(args)))


def _linear(node: Node, inner: Sequence[Linear | None]) -> Linear | None:
    """An op that is linear in some arguments together: it is its own derivative in them."""
    op, places = node.op, node.op.linear_in(node)
    if any(t is not None for k, t in enumerate(inner) if k not in places):
        raise InternalError(f"{op.name} is not linear in an argument that has a tangent")
    found = [inner[k] for k in places]
    args, supports = list(node.args), list(node.args)
    for k, t in zip(places, found, strict=True):
        args[k] = zeros(node.args[k]) if t is None else t.node
    if all([t is not None and t.support is None for t in found]):
        return Linear(op.apply_linear(node, tuple(args)))
    for k, t in zip(places, found, strict=True):
        supports[k] = full(t is not None, BOOL, args[k].shape) if t is None or t.support is None else t.support
    value = op.apply_linear(node, tuple(args))
    if op.name == "cast":
        return Linear(value, inner[0].support)  # type: ignore[union-attr]
    if op.name == "sum":
        return Linear(value, reduced(inner[0].support, node.params[0]))  # type: ignore[union-attr]
    return Linear(value, moved(supports[0], node, lambda _: op.apply_linear(node, tuple(supports))))

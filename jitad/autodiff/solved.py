"""Linear systems of which only products with the matrix are known: derivatives are such systems, with the same matrix."""

from __future__ import annotations

from collections.abc import Sequence

from jitad.autodiff.batch import batch
from jitad.autodiff.linearize import linearize
from jitad.autodiff.zeros import Linear, masked, plus
from jitad.ir.body import Body
from jitad.ir.graph import rebuild
from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.ops.declare import lead
from jitad.ops.leaf import new_input
from jitad.ops.solved import APPLIED


def tangent(node: Node, tangents: Sequence[Linear | None]) -> Linear:
    """A x' = b' - A' x."""
    body, transposed = node.params
    given = {n: t for n, t in zip(body.inputs[1:], tangents[1:], strict=True) if t is not None}  # type: ignore[union-attr]
    moved = tangents[0]
    if given:
        change = linearize([body.outputs[APPLIED[transposed]]], given)[0]  # type: ignore[union-attr,index]
        if change is not None:
            known = dict(zip(body.inputs, (node, *node.args[1:]), strict=True))  # type: ignore[union-attr]
            found = rebuild([masked(change.node, change.support)], known)[0]
            moved = plus(moved, Linear(-found))  # type: ignore[operator]
    if moved is None:
        return None  # type: ignore[return-value]
    return Linear(node.op.build((masked(moved.node, moved.support), *node.args[1:]), node.params))


def batched(node: Node, args: Sequence[Node], given: Sequence[bool], size: int | Size) -> Node:
    """Many systems at once."""
    body, transposed = node.params
    key = "batched system", tuple(given[1:]), size
    if key not in body.memo:  # type: ignore[union-attr]
        many = [True, *given[1:]]
        new = {n: new_input(n.dtype, (size, *n.shape)) for n, has in zip(body.inputs, many, strict=True) if has}  # type: ignore
        outputs = batch(body.outputs, new, size)  # type: ignore[union-attr]
        body.memo[key] = Body([new.get(n, n) for n in body.inputs], outputs, 0, 0)  # type: ignore[union-attr]
    right = args[0] if given[0] else lead(args[0], size)
    return node.op.build((right, *args[1:]), (body.memo[key], transposed))  # type: ignore[union-attr]

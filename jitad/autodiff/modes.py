"""Derivatives of outputs with respect to inputs, as nodes: what linearize, transpose and batch give together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from jitad.autodiff.batch import batch
from jitad.autodiff.custom import settled
from jitad.autodiff.linearize import linearize
from jitad.autodiff.transpose import transpose
from jitad.autodiff.zeros import Linear, plus
from jitad.ir import sizes
from jitad.ir.graph import rebuild
from jitad.ir.node import Node
from jitad.ir.types import BOOL, Shape, is_float
from jitad.ops.arithmetic import cast
from jitad.ops.compare import equal, logical_and
from jitad.ops.leaf import full, iota, new_input
from jitad.ops.shape import broadcast, zeros
from jitad.ops.shape import transpose as permute


def _node(t: Linear | None, like: Node) -> Node:
    return zeros(like) if t is None else t.node


def pushforward(outputs: Sequence[Node], inputs: Sequence[Node], tangents: Sequence[Node]) -> list[Node]:
    """J t: the derivative of the outputs along tangents of the inputs."""
    found = linearize(outputs, {x: Linear(t) for x, t in zip(inputs, tangents, strict=True)})
    return settled([_node(t, o) for t, o in zip(found, outputs, strict=True)], outputs, inputs)


def pullback(outputs: Sequence[Node], inputs: Sequence[Node], cotangents: Sequence[Node]) -> list[Node]:
    """J' c: the derivatives with respect to the inputs, the outputs weighted by cotangents."""
    found = _pulled(outputs, inputs, [Linear(c) for c in cotangents])
    return settled([_node(c, x) for c, x in zip(found, inputs, strict=True)], outputs, inputs)


def values(outputs: Sequence[Node], inputs: Sequence[Node]) -> list[Node]:
    """The outputs themselves, beside derivatives by the inputs: where a rule states the derivative, its values."""
    return settled(outputs, outputs, inputs)


def _pulled(outputs: Sequence[Node], inputs: Sequence[Node], cts: Sequence[Linear]) -> list[Linear | None]:
    fresh = [new_input(x.dtype, x.shape) for x in inputs]
    found = linearize(outputs, {x: Linear(t) for x, t in zip(inputs, fresh, strict=True)})
    weights: dict[Node, Linear | None] = {}
    for t, c in zip(found, cts, strict=True):
        if t is not None:
            weights[t.node] = plus(weights.get(t.node), c)
    return transpose(list(weights), fresh, {k: w for k, w in weights.items() if w is not None})


def jacobian(outputs: Sequence[Node], inputs: Sequence[Node], mode: str | None = None) -> list[list[Node]]:
    """Derivative of every output by every input, of shape (*output, *input).

    `mode` is ``forward``, ``reverse``, or None for whichever has fewer rows.
    """
    if mode is None:
        mode = "reverse" if _smaller(outputs, inputs) else "forward"
    if mode == "forward":
        columns = [_forward_columns(outputs, x) for x in inputs]
        return [[column[k] for column in columns] for k in range(len(outputs))]
    return [_reverse_rows(o, inputs) for o in outputs]


def _smaller(outputs: Sequence[Node], inputs: Sequence[Node]) -> bool:
    def total(nodes: Sequence[Node]) -> tuple[int, int]:
        all_sizes = [sizes.product(n.shape) for n in nodes]
        return max(map(sizes.degree, all_sizes), default=0), sum(s for s in all_sizes if isinstance(s, int))

    return total(outputs) < total(inputs)


def _forward_columns(outputs: Sequence[Node], x: Node) -> list[Node]:
    """dout/dx for every output; the linear graph is mapped over the axes of x."""
    seed, where = new_input(x.dtype, x.shape), new_input(BOOL, x.shape)
    found = linearize(outputs, {x: Linear(seed, where)})
    columns = _over_basis(settled([_node(t, o) for t, o in zip(found, outputs, strict=True)], outputs, [x]), seed, where)
    k = x.ndim
    return [permute(c, (*range(k, c.ndim), *range(k))) for c in columns]


def _reverse_rows(output: Node, inputs: Sequence[Node]) -> list[Node]:
    """doutput/dx for every input; the transposed graph is mapped over the axes of the output."""
    if not is_float(output.dtype):
        return [full(0, x.dtype, (*output.shape, *x.shape)) for x in inputs]
    seed, where = new_input(output.dtype, output.shape), new_input(BOOL, output.shape)
    found = _pulled([output], inputs, [Linear(seed, where)])
    return _over_basis(settled([_node(c, x) for c, x in zip(found, inputs, strict=True)], [output], inputs), seed, where)


def _over_basis(linear: Sequence[Node], seed: Node, where: Node) -> list[Node]:
    """The linear graph for every unit vector in place of the seed; axes of the seed lead the result."""
    shape, nodes = seed.shape, list(linear)
    seeds, masks = seed, where
    for axis in reversed(range(len(shape))):
        size = shape[axis]
        bigger = new_input(seed.dtype, (size, *seeds.shape)), new_input(BOOL, (size, *masks.shape))
        nodes = batch(nodes, {seeds: bigger[0], masks: bigger[1]}, size)
        seeds, masks = bigger
    unit = unit_vectors(shape)
    return rebuild(nodes, {seeds: cast(unit, seed.dtype), masks: unit})


def unit_vectors(shape: Shape) -> Node:
    """True where the first half of the axes has the index of the second half."""
    whole = (*shape, *shape)
    matches = [
        equal(broadcast(iota(n), whole, (k,)), broadcast(iota(n), whole, (k + len(shape),)))
        for k, n in enumerate(shape)]
    return reduce(logical_and, matches) if matches else full(True, BOOL, ())

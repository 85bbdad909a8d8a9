"""Loops: derivatives of steps are steps.

The linearised loop carries tangents, and reads the carries as they were. Turned around it runs the other way, carries cotangents,
and computes each step once more: nothing but carries is stored. Each is a loop again, so that there are derivatives of any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jitad.autodiff.linearize import linearize
from jitad.autodiff.transpose import transpose
from jitad.autodiff.zeros import Linear, masked, plus
from jitad.config import ieee_derivatives
from jitad.ir.body import Body
from jitad.ir.node import Node, topological
from jitad.ops.leaf import new_input
from jitad.ops.scan import Loop, arguments, loop_of, output, recorded
from jitad.ops.shape import zeros


def tangent(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    """The tangent of one output of a loop, given those of its arguments: an output of the linearised loop."""
    args, which, body = arguments(node), node.params[3], loop_of(node).body
    loop, tangents = recorded(loop_of(node), args), tangents[: len(args)]
    step = _linear_step(body, tuple(t is not None for t in tangents))
    inner = [zeros(args[k]) if tangents[k] is None else tangents[k] for k in step.carries]
    slices, constants = args[body.carries : body.carries + body.slices], args[body.carries + body.slices:]
    histories = [output(loop, args, len(body.outputs) + k) for k in range(body.carries)]
    given = [*inner, *histories, *slices, *(t for t in tangents[body.carries : body.carries + body.slices] if t is not None),
             *constants, *(t for t in tangents[body.carries + body.slices:] if t is not None)]
    places = step.outputs
    if which not in places:  # type: ignore[comparison-overlap]
        return None
    return output(Loop(step.body, loop.length, loop.reverse), step.used(given), places[which])  # type: ignore[index,arg-type]


@dataclass(frozen=True)
class _Derived:
    """The body of another loop, and how its arguments and outputs belong to those of the first."""

    body: Body
    kept: tuple[int, ...]  # the numbers of the given arguments that it uses
    carries: tuple[int, ...]  # of which carries of the first it has derivatives
    outputs: Mapping[int, int]

    def used(self, given: Sequence[Node | None]) -> list[Node]:
        return [given[k] for k in self.kept]  # type: ignore[misc]


def _slim(inputs: Sequence[Node], outputs: Sequence[Node], carries: int, slices: int) -> tuple[Body, tuple[int, ...]]:
    """A body without the slices and constants that it does not use, and the numbers of the inputs that are left."""
    used = set(topological(outputs))
    kept = tuple(k for k, n in enumerate(inputs) if k < carries or n in used)
    return Body([inputs[k] for k in kept], outputs, carries, sum(carries <= k < carries + slices for k in kept)), kept


def _linear_step(body: Body, given: tuple[bool, ...]) -> _Derived:
    """The linearised step: it carries tangents, and reads the carries as they were."""
    key = "linear", given, ieee_derivatives()
    if key in body.memo:
        return body.memo[key]
    fresh = [new_input(n.dtype, n.shape) for n in body.inputs]
    moving = {k for k, has in enumerate(given) if has}
    while True:  # what a carry depends on may be moved by others
        tangents = {body.inputs[k]: Linear(fresh[k]) for k in sorted(moving)}
        found = linearize(body.outputs, tangents)
        more = {k for k in range(body.carries) if found[k] is not None} - moving
        if not more:
            break
        moving |= more
    carries = tuple(k for k in range(body.carries) if k in moving)
    results = tuple(k for k in range(body.carries, len(body.outputs)) if found[k] is not None)
    outputs = [zeros(body.outputs[k]) if (t := found[k]) is None else masked(t.node, t.support) for k in (*carries, *results)]
    first, last = body.carries, body.carries + body.slices
    tangent_slices = [fresh[k] for k in range(first, last) if given[k]]
    inputs = [*(fresh[k] for k in carries), *body.inputs[:last], *tangent_slices,
              *body.constants, *(fresh[k] for k in range(last, len(given)) if given[k])]
    slim, kept = _slim(inputs, outputs, len(carries), last + len(tangent_slices))
    places = {k: number for number, k in enumerate((*carries, *results))}
    places |= {len(body.outputs) + k: len(outputs) + number for number, k in enumerate(carries)}
    body.memo[key] = out = _Derived(slim, kept, carries, places)
    return out


def transposed(nodes: Sequence[Node], cts: Sequence[Node], linear: Sequence[bool]) -> list[Node | None]:
    """Cotangents of the arguments that are marked linear, given those of outputs of one loop, which is linear in its carries.

    The transposed loop runs the other way round.
    """
    loop = loop_of(nodes[0])
    body, args = loop.body, arguments(nodes[0])
    given = {n.params[3]: ct for n, ct in zip(nodes, cts, strict=True)}
    along = tuple(sorted(k for k in given if k >= body.carries))  # type: ignore[operator]
    linear = (True,) * body.carries + tuple(linear[body.carries : len(args)])
    step = _transposed_step(body, linear, along)  # type: ignore[arg-type]
    last = body.carries + body.slices
    summed = [k for k in range(last, len(args)) if linear[k]]
    start = [given.get(k, zeros(args[k])) for k in range(body.carries)] + [zeros(args[k]) for k in summed]
    fixed = [a for k, a in enumerate(args) if k >= body.carries and not linear[k]]
    slices = sum(not linear[k] for k in range(body.carries, last))
    all_args = [*start, *fixed[:slices], *(given[k] for k in along), *fixed[slices:]]
    back = Loop(step.body, loop.length, not loop.reverse)

    def found(which: int) -> Node:
        return output(back, step.used(all_args), which)

    out: list[Node | None] = [found(k) for k in range(body.carries)]
    out += [found(step.outputs[k]) if linear[k] else None for k in range(body.carries, last)]
    out += [found(body.carries + summed.index(k)) if linear[k] else None for k in range(last, len(args))]
    return out + [None] * (len(nodes[0].args) - len(args))


def _transposed_step(body: Body, linear: tuple[bool, ...], along: tuple[int, ...]) -> _Derived:
    """One step back. It carries cotangents of the carries, and of constants, which add up."""
    key = "transposed", linear, along
    if key in body.memo:
        return body.memo[key]
    last = body.carries + body.slices
    ends = [new_input(n.dtype, n.shape) for n in body.outputs[: body.carries]]
    rows = {k: new_input(n.dtype, n.shape) for k in along for n in [(*body.outputs, *body.inputs)[k]]}
    weights: dict[Node, Linear | None] = {}
    for k, ct in [*enumerate(ends), *rows.items()]:
        if k < len(body.outputs):
            weights[body.outputs[k]] = plus(weights.get(body.outputs[k]), Linear(ct))
    wanted = [n for n, has in zip(body.inputs, linear, strict=True) if has]
    pulled = dict(zip(wanted, transpose(list(weights), wanted, {n: w for n, w in weights.items() if w}), strict=True))

    def ct_of(n: Node) -> Node:
        found = pulled[n]
        return zeros(n) if found is None else masked(found.node, found.support)

    carried = []
    for k, n in enumerate(body.inputs[: body.carries]):
        ct = ct_of(n)
        row = rows.get(len(body.outputs) + k)  # of the carry before this step
        carried.append(ct if row is None else ct + row)  # type: ignore[operator]
    summed = [n for n, has in zip(body.constants, linear[last:], strict=True) if has]
    sums = [new_input(n.dtype, n.shape) for n in summed]
    found_slices = [k for k in range(body.carries, last) if linear[k]]
    outputs = [*carried, *(s + ct_of(n) for s, n in zip(sums, summed, strict=True)),  # type: ignore[operator]
               *(ct_of(body.inputs[k]) for k in found_slices)]
    fixed = [n for n, has in zip(body.inputs, linear, strict=True) if not has]
    slices = sum(not linear[k] for k in range(body.carries, last))
    inputs = [*ends, *sums, *fixed[:slices], *rows.values(), *fixed[slices:]]
    slim, kept = _slim(inputs, outputs, len(ends) + len(sums), slices + len(rows))
    places = {k: len(ends) + len(sums) + number for number, k in enumerate(found_slices)}
    body.memo[key] = out = _Derived(slim, kept, (), places)
    return out

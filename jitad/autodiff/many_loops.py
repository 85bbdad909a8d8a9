"""Loops of many at once: steps with one more axis.

A loop that goes on while something holds goes on while it holds of any; those of which it holds no more stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jitad.autodiff.batch import batch
from jitad.autodiff.zeros import both
from jitad.ir.body import Body
from jitad.ir.node import Node, topological
from jitad.ir.sizes import Size
from jitad.ir.types import BOOL, INT
from jitad.ops.arithmetic import cast
from jitad.ops.compare import select
from jitad.ops.declare import lead
from jitad.ops.leaf import full, new_input
from jitad.ops.length import Sequential
from jitad.ops.reduce import reduce_max
from jitad.ops.routine import Repeated
from jitad.ops.scan import Loop, arguments, lengths, loop_of, output
from jitad.ops.shape import broadcast
from jitad.ops.shape import transpose as permute


def batched(node: Node, args: Sequence[Node], given: Sequence[bool], size: int | Size) -> Node:
    """An output of the loop of many at once, of which those arguments are `given` that carry a leading axis."""
    loop, which = loop_of(node), node.params[3]
    body, known, args = loop.body, lengths(node), args[: len(arguments(node))]
    given = given[: len(args)]
    if loop.length is None and _differ(body, tuple(given)):
        if _may_fail(body, tuple(given)):
            raise Sequential
        return _while_any(loop, args, given, size, which, known)  # type: ignore[arg-type]
    step, flags = _batched_step(body, tuple(given), size)
    handed = []
    for k, (a, has) in enumerate(zip(args, given, strict=True)):
        if k < body.carries:
            handed.append(a if has or not flags[k] else lead(a, size))
        else:
            handed.append(_turned(a) if has and k < body.carries + body.slices else a)
    if loop.length is None and which == body.carries:
        return lead(output(replace(loop, body=step), handed, which, known), size)
    out = output(replace(loop, body=step), handed, which, known)  # type: ignore[arg-type]
    carry = which if which < body.carries else which - len(body.outputs)  # type: ignore[operator]
    if carry >= 0 and not flags[carry]:  # type: ignore[operator]
        return lead(out, size)
    return out if which < body.carries else _turned(out)  # type: ignore[operator]


def _turned(x: Node) -> Node:
    """The first two axes the other way round."""
    return permute(x, (1, 0, *range(2, x.ndim)))


def _moved(body: Body, given: Sequence[bool]) -> list[bool]:
    """Which inputs of a step are many, where those are that are given: carries that depend on these as well."""
    flags = list(given)
    while True:
        moved = {n for n, has in zip(body.inputs, flags, strict=True) if has}
        for n in topological(body.outputs):
            if not moved.isdisjoint(n.args):
                moved.add(n)
        more = [k for k in range(body.carries) if body.outputs[k] in moved and not flags[k]]
        if not more:
            return flags
        for k in more:
            flags[k] = True


def _fresh(body: Body, flags: Sequence[bool], size: int | Size) -> dict[Node, Node]:
    return {n: new_input(n.dtype, (size, *n.shape)) for n, has in zip(body.inputs, flags, strict=True) if has}


def _batched_step(body: Body, given: tuple[bool, ...], size: int | Size) -> tuple[Body, tuple[bool, ...]]:
    """The step for many at once, and which carries are many."""
    key = "batch", given, size
    if key in body.memo:
        return body.memo[key]
    flags = _moved(body, given)
    new = _fresh(body, flags, size)
    outputs = batch(body.outputs, new, size)
    outputs = [o if k >= body.carries or flags[k] else body.outputs[k] for k, o in enumerate(outputs)]
    step = body.like([new.get(n, n) for n in body.inputs], outputs)
    body.memo[key] = out = step, tuple(flags[: body.carries])
    return out


# Loops that go on while something holds.


def _differ(body: Body, given: tuple[bool, ...]) -> bool:
    """Whether some of many may go on where others do not."""
    return _moved(body, given)[body.carries - 1]


def _may_fail(body: Body, given: tuple[bool, ...]) -> bool:
    """Whether a turn may raise, or never end, for one of many that does not go on: of such no turn may be taken."""
    many = {n for n, has in zip(body.inputs, (*(True,) * body.carries, *given[body.carries:]), strict=True) if has}
    for n in topological(body.outputs):
        if many.isdisjoint(n.args):
            continue
        many.add(n)
        if n.op.name in ("gather", "scatter_add"):
            if not many.isdisjoint(n.args[1:]):  # the indices
                return True
        elif isinstance(n.op, Repeated):
            return True
        elif n.op.name == "scan":
            inner = loop_of(n)
            if inner.length is None or _may_fail(inner.body, tuple(a in many for a in arguments(n))):
                return True
    return False


def _while_any(loop: Loop, args: Sequence[Node], given: Sequence[bool], size: int | Size, which: int,
               known: Sequence[Node]) -> Node:
    """An output of a loop that goes on while any of many does."""
    carries = loop.body.carries
    started = [a if has else lead(a, size) for a, has in zip(args[:carries], given, strict=False)]
    start = [*started, full(0, INT, (size,)), reduce_max(started[-1], (0,))]
    step = _any_step(loop.body, tuple(given[carries:]), size)
    return output(replace(loop, body=step), [*start, *args[carries:]], which, known)


def _any_step(body: Body, given: tuple[bool, ...], size: int | Size) -> Body:
    """The step for those of many that go on. Behind its carries: how many each has taken, and whether any goes on."""
    key = "any", given, size
    if key in body.memo:
        return body.memo[key]
    new = _fresh(body, (*(True,) * body.carries, *given), size)
    carried = [new[n] for n in body.inputs[: body.carries]]
    active = carried[-1]
    found = batch(body.outputs, new, size)
    kept = [select(broadcast(active, n.shape, (0,)), o, n) for o, n in zip(found[:-1], carried[:-1], strict=True)]
    on = both(active, found[-1])
    assert on is not None
    taken, any_on = new_input(INT, (size,)), new_input(BOOL, ())
    inputs = [*carried, taken, any_on, *(new.get(n, n) for n in body.constants)]
    outputs = [*kept, on, taken + cast(active, INT), reduce_max(on, (0,))]
    body.memo[key] = out = Body(inputs, outputs, body.carries + 2, 0)
    return out

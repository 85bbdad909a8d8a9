"""The step of a loop, recorded: a closed graph, and what it takes from outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitad.errors import ShapeError, TraceError
from jitad.ir import sizes
from jitad.ir.body import Body
from jitad.ir.graph import rebuild
from jitad.ir.node import Node, topological
from jitad.ir.sizes import Size
from jitad.ir.types import BOOL, show_shape
from jitad.ops.arithmetic import cast
from jitad.ops.leaf import iota, new_input
from jitad.ops.scan import Loop, output
from jitad.ops.shape import retype
from jitad.trace.dim import Dim
from jitad.trace.rebuild import rebuilt
from jitad.trace.tracer import Tracer, as_tracer, result_dtype, wrap
from jitad.trace.tracing import Trace, current, where
from jitad.tree import Tree, flatten, flatten_like, unflatten

VIEWS = {"broadcast", "retype", "reshape", "transpose", "slice", "flip"}  # cost nothing in a step, and memory outside of it


def scan(f: Callable, init: Any, xs: Any, length: Any, reverse: bool) -> tuple[Any, Any]:
    """:func:`jitad.scan`, inside of a trace."""
    return _scan(rebuilt(f), init, xs, length, reverse)


def _scan(f: Callable, init: Any, xs: Any, length: Any, reverse: bool = False) -> tuple[Any, Any]:
    trace = current()
    assert trace is not None
    carries, carry_tree = _leaves(init)
    carries = [wrap(c.node, c.weak and c.node.dtype != BOOL) for c in carries]
    slices, slice_tree = _leaves(xs)
    steps = _length(trace, slices, length)
    while True:  # until carries have the dtypes that they promote to: one more may change in each round
        step = _step(f, carries, carry_tree, slices, slice_tree)
        found = [wrap(cast(c.node, result_dtype(c, o)), c.weak and o.weak) for c, o in zip(carries, step.carries, strict=True)]
        if all(a.node.dtype == b.node.dtype and a.weak == b.weak for a, b in zip(found, carries, strict=True)):
            break
        carries = found
    nodes = [c.node for c in carries]
    ends = [retype(cast(o.node, n.dtype), n.shape) for o, n in zip(step.carries, nodes, strict=True)]
    body, constants = closed([*step.inputs], [*ends, *step.results], len(nodes), len(slices))
    loop, args = Loop(body, steps, reverse), [*nodes, *(s.node for s in slices), *constants]
    out = [wrap(output(loop, args, k), k < len(carries) and carries[k].weak) for k in range(len(body.outputs))]
    return unflatten(carry_tree, out[: len(nodes)]), unflatten(step.tree, out[len(nodes):])


def _leaves(value: Any) -> tuple[list[Tracer], Tree]:
    leaves, tree = flatten(value)
    return [as_tracer(v) for v in leaves], tree


def _length(trace: Trace, slices: Sequence[Tracer], length: Any) -> int | Size:
    """The number of steps: the length of all that is gone along."""
    given = None if length is None else steps_of(trace, length, "length of scan")
    for s in slices:
        if not s.node.shape:
            raise ValueError(f"scan goes along the first axis of xs, in which there is a number without axes{where()}")
        n = s.node.shape[0]
        if given is None:
            given = n
        elif not trace.same_size(n, given):
            raise ValueError(f"scan got xs of different lengths, or another length: {trace.value(n)} and {trace.value(given)}"
                             f"{where()}")
    if given is None:
        raise ValueError(f"scan needs xs or length{where()}")
    return slices[0].node.shape[0] if slices else given


def steps_of(trace: Trace, n: Any, what: str) -> int | Size:
    """A number of steps as a size: the kernel is for any."""
    if type(n) is Dim:
        return n.size
    if _whole(n, what) < 0:
        raise ValueError(f"{what} is {n}{where()}")
    held = trace.root.memo.setdefault(("steps", int(n)), np.zeros(int(n), bool))  # memory that nobody touches
    return as_tracer(held).node.shape[0]


def _whole(n: Any, what: str) -> int:
    if isinstance(n, Tracer):
        raise TraceError(f"{what} is a traced value, which has no value while a function is traced; take it from outside of the "
                         f"function, or from the length of an array{where()}")
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool):
        raise TypeError(f"{what} is an integer, not {n!r}{where()}")
    return int(n)


def fori_loop(lower: Any, upper: Any, f: Callable, init: Any) -> Any:
    """:func:`jitad.fori_loop`, inside of a trace."""
    trace = current()
    assert trace is not None
    first, end = (v.size if type(v) is Dim else v for v in (lower, upper))
    if isinstance(first, Size) or isinstance(end, Size):
        ahead = trace.assume("<=", first, end)
        steps = sizes.sub(end, first) if ahead else 0
    else:
        turns = _whole(upper, "a bound of fori_loop") - _whole(lower, "a bound of fori_loop")
        steps = steps_of(trace, max(turns, 0), "the number of turns of fori_loop")
    start, turn = as_tracer(lower if type(lower) is Dim else int(lower)).node, rebuilt(f)

    def step(carry: Any, k: Tracer) -> tuple[Any, None]:
        return turn(wrap(k.node + start, weak=True), carry), None  # type: ignore[operator]

    return _scan(step, init, wrap(iota(steps)), None)[0]


class _Recorded:
    """What one call of the function did."""

    def __init__(self, inputs: list[Node], carries: list[Tracer], results: list[Node], tree: Tree):
        self.inputs, self.carries, self.results, self.tree = inputs, carries, results, tree


def _step(f: Callable, given: Sequence[Tracer], carry_tree: Tree, slices: Sequence[Tracer], slice_tree: Tree) -> _Recorded:
    types = [t.node.type for t in given]
    with Trace("scan") as inner:
        carries = [inner.input(t.node.dtype, t.node.shape, t.weak) for t in given]
        rows = [inner.input(s.node.dtype, s.node.shape[1:]) for s in slices]
        inputs = [t.node for t in (*carries, *rows)]
        out = f(unflatten(carry_tree, carries), unflatten(slice_tree, rows))
        if not isinstance(out, tuple) or len(out) != 2:
            raise TypeError(f"the function of scan returns (carry, y), not {type(out).__name__}{where()}")
        found, tree = flatten_like(out[0], carry_tree)
        if tree != carry_tree:
            raise TypeError(f"the function of scan got a carry {carry_tree} and returned {tree}{where()}")
        ends = [as_tracer(v) for v in found]
        for n, t in zip((e.node for e in ends), types, strict=True):
            if n.ndim != len(t.shape) or not all(map(inner.same_size, n.shape, t.shape)):
                shapes = [show_shape(tuple(map(inner.value, s))) for s in (t.shape, n.shape)]
                raise ShapeError(f"the function of scan got a carry of shape {shapes[0]} and returned one of shape {shapes[1]}; "
                                 f"start with an array of the shape that it has later{where()}")
        results, tree = flatten(out[1])
        return _Recorded(inputs, ends, [as_tracer(v).node for v in results], tree)


def closed(inputs: list[Node], outputs: list[Node], carries: int, slices: int) -> tuple[Body, list[Node]]:
    """The step as a closed graph: what it takes from outside is computed once, before it, and handed in."""
    inside = set(inputs)
    order = topological(outputs)
    for n in order:
        if not inside.isdisjoint(n.args):
            inside.add(n)
    varies: set[Node] = set()  # what is made of no argument, the step makes as well
    for n in order:
        if n.op.name == "input" or not varies.isdisjoint(n.args):
            varies.add(n)
    asked = [a for n in reversed(order) if n in inside for a in n.args] + outputs
    outside: dict[Node, None] = {}
    while asked:
        n = asked.pop()
        if n in inside or n in outside or n not in varies:
            continue
        if n.op.name in VIEWS:
            asked += n.args[::-1]
        else:
            outside[n] = None
    handed = {n: new_input(n.dtype, n.shape) for n in outside}
    return Body([*inputs, *handed.values()], rebuild(outputs, handed), carries, slices), list(outside)


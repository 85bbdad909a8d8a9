"""The step of a loop, recorded: a closed graph, and what it takes from outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitad.errors import ShapeError, TraceError
from jitad.ir import sizes
from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.ir.types import BOOL, INT, show_shape
from jitad.ops.arithmetic import cast
from jitad.ops.closed import closed
from jitad.ops.compare import maximum
from jitad.ops.leaf import constant, iota, new_input
from jitad.ops.length import as_length, size_of
from jitad.ops.once import opened
from jitad.ops.scan import Loop, output
from jitad.ops.shape import retype
from jitad.trace.dim import Dim
from jitad.trace.rebuild import rebuilt
from jitad.trace.tracer import Tracer, as_tracer, result_dtype, wrap
from jitad.trace.tracing import Trace, current, where
from jitad.tree import Tree, flatten, flatten_like, unflatten


def scan(f: Callable, init: Any, xs: Any, length: Any, reverse: bool) -> tuple[Any, Any]:
    """:func:`jitad.scan`, inside of a trace."""
    return scanned(rebuilt(f), init, xs, length, reverse)


def scanned(f: Callable, init: Any, xs: Any, length: Any, reverse: bool = False, levels: int = 0) -> tuple[Any, Any]:
    """:func:`scan` of a function that is rebuilt; `levels` as a :class:`Body` has them."""
    trace = current()
    assert trace is not None
    carries, carry_tree = _leaves(init)
    slices, slice_tree = _leaves(xs)
    steps = _length(trace, slices, length)
    slices = [wrap(retype(s.node, (steps, *s.node.shape[1:])), s.weak) for s in slices]
    carries, step, ends = _settled(f, carries, carry_tree, slices, slice_tree, "scan")
    nodes = [c.node for c in carries]
    before = {n: k for k, n in enumerate(step.inputs[: len(nodes)])}  # results that are kept anyway: carries as they were
    results = [n for n in step.results if n not in before]
    body, constants = closed([*step.inputs], opened([*ends, *results]), len(nodes), len(slices), levels)
    loop, args = Loop(body, steps, reverse), [*nodes, *(s.node for s in slices), *constants]
    found = [wrap(output(loop, args, k), carries[k].weak) for k in range(len(nodes))]
    numbers = iter(range(len(nodes), len(body.outputs)))
    rows = [output(loop, args, len(body.outputs) + before[n] if n in before else next(numbers)) for n in step.results]
    return unflatten(carry_tree, found), unflatten(step.tree, map(wrap, rows))


def _settled(f: Callable, carries: Sequence[Tracer], carry_tree: Tree, slices: Sequence[Tracer], slice_tree: Tree,
             name: str) -> tuple[list[Tracer], _Recorded, list[Node]]:
    """Carries of the dtypes that they promote to, the step with these, and what it makes of them."""
    carries = [wrap(c.node, c.weak and c.node.dtype != BOOL) for c in carries]
    while True:  # one more may change in each round
        step = _step(f, carries, carry_tree, slices, slice_tree, name)
        found = [wrap(cast(c.node, result_dtype(c, o)), c.weak and o.weak) for c, o in zip(carries, step.carries, strict=True)]
        if all(a.node.dtype == b.node.dtype and a.weak == b.weak for a, b in zip(found, carries, strict=True)):
            break
        carries = found
    ends = [retype(cast(o.node, c.node.dtype), c.node.shape) for o, c in zip(step.carries, carries, strict=True)]
    return carries, step, ends


def whole(xs: Any, length: Any) -> int | Size:
    """The number of steps along `xs`, or of `length`."""
    trace = current()
    assert trace is not None
    return _length(trace, _leaves(xs)[0], length)


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
    """A number of steps as a size: the kernel is for any. What is called otherwise is another one, whatever their numbers."""
    if type(n) is Dim:
        return n.size
    if whole_number(n, what) < 0:
        raise ValueError(f"{what} is {n}{where()}")
    held = trace.root.memo.setdefault(("steps", what, int(n)), np.zeros(int(n), bool))  # memory that nobody touches
    return as_tracer(held).node.shape[0]


def whole_number(n: Any, what: str) -> int:
    if isinstance(n, Tracer):
        raise TraceError(f"{what} is a traced value, which has no value while a function is traced: results would have a length "
                         f"that is not known. Take it from outside of the function, or from the length of an array; "
                         f"fori_loop, which has no results but its carry, takes traced bounds{where()}")
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool):
        raise TypeError(f"{what} is an integer, not {n!r}{where()}")
    return int(n)


def fori_loop(lower: Any, upper: Any, f: Callable, init: Any, levels: int = 0) -> Any:
    """:func:`jitad.fori_loop`, inside of a trace."""
    trace = current()
    assert trace is not None
    if isinstance(lower, Tracer) or isinstance(upper, Tracer):
        return _until(lower, upper, rebuilt(f), init)
    first, end = (v.size if type(v) is Dim else v for v in (lower, upper))
    if isinstance(first, Size) or isinstance(end, Size):
        ahead = trace.assume("<=", first, end)
        steps = sizes.sub(end, first) if ahead else 0
    else:
        turns = whole_number(upper, "a bound of fori_loop") - whole_number(lower, "a bound of fori_loop")
        steps = steps_of(trace, max(turns, 0), "the number of turns of fori_loop")
    start, turn = as_tracer(lower if type(lower) is Dim else int(lower)).node, rebuilt(f)

    def step(carry: Any, k: Tracer) -> tuple[Any, None]:
        return turn(wrap(k.node + start, weak=True), carry), None  # type: ignore[operator]

    return scanned(step, init, wrap(iota(steps)), None, levels=levels)[0]


def _until(lower: Any, upper: Any, turn: Callable, init: Any) -> Any:
    """:func:`fori_loop` with bounds that are traced."""
    bounds = [as_tracer(v) for v in (lower, upper)]
    for b in bounds:
        if b.node.shape or b.node.dtype.kind not in "iu":
            raise TypeError(f"a bound of fori_loop is an integer, not {kind(b.node)}{where()}")
    first, end = (cast(b.node, INT) for b in bounds)
    turns = wrap(iota(size_of(as_length(maximum(end - first, constant(0, INT))))))  # type: ignore[operator]

    def step(carry: Any, k: Tracer) -> tuple[Any, None]:
        return turn(wrap(k.node + first, weak=True), carry), None  # type: ignore[operator]

    return scanned(step, init, turns, None)[0]


def while_loop(cond: Callable, f: Callable, init: Any) -> Any:
    """:func:`jitad.while_loop`, inside of a trace."""
    cond, f = rebuilt(cond), rebuilt(f)
    given, tree = _leaves(init)

    def step(carry: Any, _: None) -> tuple[Any, Any]:
        carry = f(carry)
        _carried("while_loop", carry, tree)  # else the condition may be none of it
        return carry, _whether(cond(carry))

    carries, recorded, ends = _settled(step, given, tree, [], _leaves(None)[1], "while_loop")
    start = [*(c.node for c in carries), _whether(cond(unflatten(tree, carries))).node]
    inputs = [*recorded.inputs, new_input(BOOL, ())]
    body, constants = closed(inputs, [*ends, *recorded.results], len(inputs), 0)
    loop = Loop(body, None)
    return unflatten(tree, [wrap(output(loop, [*start, *constants], k), c.weak) for k, c in enumerate(carries)])


def kind(n: Node) -> str:
    """What something is, for a message."""
    trace = current()
    assert trace is not None
    return f"{n.dtype} of shape {show_shape(tuple(map(trace.value, n.shape)))}"


def _whether(answer: Any) -> Tracer:
    """What a condition says."""
    t = as_tracer(answer)
    if t.node.shape or t.node.dtype != BOOL:
        raise TypeError(f"the condition of while_loop is a bool, not {kind(t.node)}{where()}")
    return t


class _Recorded:
    """What one call of the function did."""

    def __init__(self, inputs: list[Node], carries: list[Tracer], results: list[Node], tree: Tree):
        self.inputs, self.carries, self.results, self.tree = inputs, carries, results, tree


def _step(f: Callable, given: Sequence[Tracer], carry_tree: Tree, slices: Sequence[Tracer], slice_tree: Tree,
          name: str) -> _Recorded:
    types = [t.node.type for t in given]
    with Trace("scan") as inner:
        carries = [inner.input(t.node.dtype, t.node.shape, t.weak) for t in given]
        rows = [inner.input(s.node.dtype, s.node.shape[1:]) for s in slices]
        inputs = [t.node for t in (*carries, *rows)]
        out = f(unflatten(carry_tree, carries), unflatten(slice_tree, rows))
        if not isinstance(out, tuple) or len(out) != 2:
            raise TypeError(f"the function of scan returns (carry, y), not {type(out).__name__}{where()}")
        ends = [as_tracer(v) for v in _carried(name, out[0], carry_tree)]
        for n, t in zip((e.node for e in ends), types, strict=True):
            if n.ndim != len(t.shape) or not all(map(inner.same_size, n.shape, t.shape)):
                shapes = [show_shape(tuple(map(inner.value, s))) for s in (t.shape, n.shape)]
                raise ShapeError(f"the function of {name} got a carry of shape {shapes[0]} and returned one of shape "
                                 f"{shapes[1]}; start with an array of the shape that it has later{where()}")
        results, tree = flatten(out[1])
        return _Recorded(inputs, ends, [as_tracer(v).node for v in results], tree)


def _carried(name: str, value: Any, expected: Tree) -> list:
    """What is in a carry."""
    found, tree = flatten_like(value, expected)
    if tree != expected:
        raise TypeError(f"the function of {name} got a carry {expected} and returned {tree}{where()}")
    return found

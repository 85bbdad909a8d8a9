"""Calls of functions whose derivative the user states: the function is traced for its value, the rule for its derivative.

The rule is recorded at once, as all else that a trace takes from the user, and as many times as derivatives may be taken: the
function that calls itself in its rule is a function with a rule there, until none can be asked for any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jitad.errors import DTypeError, ShapeError
from jitad.ir.graph import rebuild
from jitad.ir.node import Node
from jitad.ir.types import FLOAT, is_float, show_shape
from jitad.ops.arithmetic import cast
from jitad.ops.closed import closed, taken
from jitad.ops.custom import Recorded, stating
from jitad.ops.leaf import full
from jitad.ops.linear import AFFINE, LINEAR, linearity, reached_from
from jitad.ops.shape import retype, zeros
from jitad.trace.rebuild import rebuilt
from jitad.trace.tracer import Tracer, as_tracer, wrap
from jitad.trace.tracing import Trace, current, where
from jitad.tree import Tree, flatten, flatten_like, is_namedtuple, unflatten


@dataclass
class Call:
    """One call, while it is traced.

    Attributes
    ----------
    name : str
        The function.
    fixed : dict
        The arguments in which it is not differentiated, by position.
    count : int
        The number of arguments.
    arguments : list of Tracer
        The leaves of all others.
    tree : Tree
        Their containers, as a tuple.
    results : list of Node
        What the function returned, of inputs that stand for the arguments.
    """

    name: str
    fixed: dict[int, Any]
    count: int
    arguments: list[Tracer]
    tree: Tree

    results: list[Node]
    result_tree: Tree
    weak: list[bool]

    def fresh(self, trace: Trace) -> list[Tracer]:
        """Inputs in the place of the arguments."""
        return [trace.input(t.node.dtype, t.node.shape, t.weak) for t in self.arguments]

    def seeds(self, trace: Trace, of: Sequence[Node], weak: Sequence[bool]) -> tuple[list[Tracer], list[Node]]:
        """Tangents or cotangents, zero of what is no float; and those that are inputs."""
        found = [trace.input(n.dtype, n.shape, w) if is_float(n.dtype) else wrap(full(0, FLOAT, n.shape))
                 for n, w in zip(of, weak, strict=True)]
        return found, [t.node for t, n in zip(found, of, strict=True) if is_float(n.dtype)]

    def merged(self, given: Sequence[Any]) -> list[Any]:
        """All arguments, in order."""
        rest = iter(given)
        return [self.fixed[k] if k in self.fixed else next(rest) for k in range(self.count)]


Record = Callable[[Call, Sequence[Node]], tuple[Recorded, list[Node]]]


def call(name: str, fun: Callable, args: Sequence[Any], fixed: Sequence[int], record: Record) -> Any:
    """The function called inside of a trace; `record` records its rule."""
    trace = current()
    assert trace is not None
    leaves, tree = flatten(tuple(a for k, a in enumerate(args) if k not in fixed))
    made = Call(name, {k: args[k] for k in fixed}, len(args), [as_tracer(v) for v in leaves], tree, [], tree, [])
    with Trace("custom", 0) as inner:  # no derivative is taken of how the value is computed
        given = made.fresh(inner)
        found, made.result_tree = flatten(rebuilt(fun)(*made.merged(unflatten(tree, given))))
        tracers = [as_tracer(v) for v in found]
        made.results, made.weak = [t.node for t in tracers], [t.weak for t in tracers]
    inputs, nodes = [t.node for t in given], [t.node for t in made.arguments]
    around = [n for n in taken(inputs, made.results) if n.op.name != "length"]
    values = rebuild(made.results, dict(zip(inputs, nodes, strict=True)))
    if trace.derivatives and any(is_float(n.dtype) for n in nodes) and any(is_float(n.dtype) for n in values):
        rule, others = record(made, around)
        number = 0
        if rule.reverse and not rule.linear:  # two calls with the same arguments are two calls
            number = trace.root.memo["calls"] = trace.root.memo.get("calls", 0) + 1
        values = [stating(rule, k, number, v, (*nodes, *around, *others)) if is_float(v.dtype) else v
                  for k, v in enumerate(values)]
    return unflatten(made.result_tree, map(wrap, values, made.weak))


def tangents_of(rule: Callable, name: str) -> Record:
    """How a rule is recorded that gives the results and their tangents: ``rule(*fixed, primals, tangents)``."""

    def record(made: Call, around: Sequence[Node]) -> tuple[Recorded, list[Node]]:
        outer = current()
        assert outer is not None
        with Trace("custom", outer.derivatives - 1) as inner:
            primals = made.fresh(inner)
            tangents, seeds = made.seeds(inner, [t.node for t in primals], [t.weak for t in primals])
            out = rebuilt(rule)(*made.fixed.values(), unflatten(made.tree, primals), unflatten(made.tree, tangents))
            if not isinstance(out, (tuple, list)) or len(out) != 2:
                raise TypeError(f"the rule {name} given to defjvp of {made.name} returns a pair, results and their tangents; it "
                                f"returned {_shown(out)}{where()}")
            values = _as_results(made, out[0], f"the rule {name}")
            leaves, tree = flatten_like(out[1], made.result_tree)
            if tree != made.result_tree:
                raise TypeError(f"the rule {name} of {made.name} returned tangents {tree} for results "
                                f"{made.result_tree}{where()}")
            moved = [k for k, n in enumerate(made.results) if is_float(n.dtype)]
            what = f"a tangent from the rule {name}", f"the result of {made.name}"
            found = [_fitted(as_tracer(leaves[k]), made.results[k], *what) for k in moved]
        if not reached_from(seeds, values).isdisjoint(values):
            raise TypeError(f"the rule {name} of {made.name} returned results that depend on tangents{where()}")
        values = rebuild(values, {n: zeros(n) for n in seeds})  # which loops may carry beside them
        inputs = [*(t.node for t in primals), *seeds]
        body, others = closed(inputs, [*values, *found], 0, 0)
        kind = linearity(body.outputs[len(values):], body.inputs[len(primals) : len(inputs)])
        if kind == AFFINE:
            raise TypeError(f"the rule {name} of {made.name} returned a tangent with a part that does not depend on tangents: it "
                            f"has to be linear in these; where it is zero, return np.zeros_like(x){where()}")
        return Recorded(body, len(primals), len(values), len(around), tuple(moved), False, kind == LINEAR, outer.derivatives,
                        made.name), others

    return record


def cotangents_of(fwd: Callable, bwd: Callable, names: tuple[str, str]) -> Record:
    """How a rule is recorded that gives cotangents of the arguments: ``bwd(*fixed, what fwd has kept, cotangents)``."""

    def record(made: Call, around: Sequence[Node]) -> tuple[Recorded, list[Node]]:
        outer = current()
        assert outer is not None
        with Trace("custom", outer.derivatives - 1) as inner:
            primals = made.fresh(inner)
            out = rebuilt(fwd)(*made.merged(unflatten(made.tree, primals)))
            if not isinstance(out, (tuple, list)) or len(out) != 2:
                raise TypeError(f"{names[0]}, given to defvjp of {made.name}, returns a pair, results and what {names[1]} needs; "
                                f"it returned {_shown(out)}{where()}")
            values = _as_results(made, out[0], names[0])
            cts, seeds = made.seeds(inner, made.results, made.weak)
            back = rebuilt(bwd)(*made.fixed.values(), out[1], unflatten(made.result_tree, cts))
            if not isinstance(back, (tuple, list)) or len(back) != len(made.tree.children):
                raise TypeError(f"{names[1]}, given to defvjp of {made.name}, returns a tuple with one cotangent for each of "
                                f"{len(made.tree.children)} arguments; it returned {_shown(back)}{where()}")
            leaves = [leaf for k, (tree, value) in enumerate(zip(made.tree.children, back, strict=True))
                      for leaf in _leaves(tree, value, f"{names[1]} of {made.name} returned, for argument {k},")]
            moved = [k for k, t in enumerate(primals) if is_float(t.node.dtype) and leaves[k] is not None]
            what = f"a cotangent from {names[1]}", f"the argument of {made.name}"
            found = [_fitted(as_tracer(leaves[k]), primals[k].node, *what) for k in moved]
        inputs = [*(t.node for t in primals), *seeds]
        body, others = closed(inputs, [*values, *found], 0, 0)
        kind = linearity(body.outputs[len(values):], body.inputs[len(primals) : len(inputs)])
        return Recorded(body, len(primals), len(values), len(around), tuple(moved), True, kind == LINEAR, outer.derivatives,
                        made.name), others

    return record


def _shown(value: Any) -> str:
    several = isinstance(value, (tuple, list)) and type(value) is not Tracer
    return f"a {type(value).__name__} of {len(value)}" if several else f"a {value.__class__.__name__}"


def _as_results(made: Call, value: Any, what: str) -> list[Node]:
    """What a rule says the results are, which are those of the function in kind."""
    leaves, tree = flatten_like(value, made.result_tree)
    if tree != made.result_tree:
        raise TypeError(f"{what} of {made.name} returned {tree} where {made.name} returns {made.result_tree}{where()}")
    return [_fitted(as_tracer(v), n, f"a result from {what}", f"the result of {made.name}")
            for v, n in zip(leaves, made.results, strict=True)]


def _fitted(found: Tracer, want: Node, what: str, whose: str) -> Node:
    """What a rule has returned, as something of the type that it belongs to."""
    trace, node = current(), found.node
    assert trace is not None
    if node.ndim != want.ndim or not all(map(trace.same_size, node.shape, want.shape)):
        shapes = [show_shape(tuple(map(trace.value, n.shape))) for n in (node, want)]
        raise ShapeError(f"{what} has shape {shapes[0]}, {whose} {shapes[1]}{where()}")
    if node.dtype.kind != want.dtype.kind and not (found.weak and is_float(want.dtype)) and (
            not is_float(want.dtype) or node.dtype.kind not in "iu"):
        raise DTypeError(f"{what} has dtype {node.dtype}, {whose} {want.dtype}{where()}")
    return retype(cast(node, want.dtype), want.shape)


def _leaves(tree: Tree, value: Any, what: str) -> list[Any]:
    """One leaf for each of a container's, in whose places None may stand, also for several: zero."""
    if value is None:
        return [None] * tree.leaves
    if tree.kind == "leaf":
        leaves, found = flatten(value)
        if found.kind == "leaf":
            return leaves
    elif tree.kind == "dict" and type(value) is dict and value.keys() == set(tree.keys):
        return [x for k, c in zip(tree.keys, tree.children, strict=True) for x in _leaves(c, value[k], what)]
    elif (tree.kind in (list, tuple) or is_namedtuple(tree.kind)) and type(value) is tree.kind and len(value) == len(
            tree.children):
        return [x for v, c in zip(value, tree.children, strict=True) for x in _leaves(c, v, what)]
    else:
        leaves, found = flatten_like(value, tree)
        if found == tree:
            return leaves
    raise TypeError(f"{what} {flatten(value)[1]} where the argument is {tree}{where()}")

"""Functions with a derivative that the user states: what linearize, transpose and batch make of calls of them.

While one derivative is taken, the value of a call is a node that says what its derivative is. In what comes of it the value is
the one that the rule gives, as in JAX: a second derivative is that of the rule's operations, where these are none of a function
with a rule again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from jitad.autodiff.batch import batch
from jitad.autodiff.linearize import linearize
from jitad.autodiff.zeros import Linear, masked
from jitad.ir.body import Body
from jitad.ir.graph import Rebuilt, in_order, rebuild
from jitad.ir.node import Node, topological
from jitad.ir.sizes import Size
from jitad.ops.custom import Recorded, placed, recorded, refusal
from jitad.ops.declare import REGISTRY, lead
from jitad.ops.leaf import new_input
from jitad.ops.reduce import reduce_sum
from jitad.ops.scan import Loop, arguments, lengths, loop_of, output
from jitad.ops.scan import recorded as recorded_loop
from jitad.ops.shape import zeros
from jitad.ops.solved import SOLVED


def tangent(node: Node, tangents: Sequence[Linear | None]) -> Linear | None:
    """The tangent of the value of a call, given those of its arguments."""
    rule, which, call = node.params
    first, last = 1 + rule.arguments, 1 + rule.arguments + rule.around  # type: ignore[union-attr]
    if any(t is not None for t in tangents[first:last]):
        raise TypeError(
            f"a derivative of {rule.name} was asked for in a value that it takes from around it, or that is in "  # type: ignore
            "nondiff_argnums: its rule states the derivative in its other arguments only. Hand the value over as one of these, "
            f"or jitad.stop_gradient of it{placed(node)}")
    args = node.args[1:]
    moved = [tangents[1 + k] for k in rule.floats]  # type: ignore[union-attr]
    if not any(moved):
        return None
    if not rule.reverse:  # type: ignore[union-attr]
        return _applied(rule, args, moved, which)  # type: ignore[arg-type]
    given = [zeros(args[k]) if t is None else masked(t.node, t.support)
             for k, t in zip(rule.floats, moved, strict=True)]  # type: ignore[union-attr]
    handed = *given, *args[: rule.arguments], *args[rule.arguments + rule.around:]  # type: ignore[union-attr]
    out = REGISTRY["pulled"].build(handed, (rule, which, call))
    out.origin = out.origin or node.origin
    return Linear(out)


def transposed(nodes: Sequence[Node], cts: Sequence[Linear]) -> list[Linear | None]:
    """Cotangents of the tangents that one call takes, given those of tangents of its results."""
    rule: Recorded = nodes[0].params[0]  # type: ignore[assignment]
    count = len(rule.floats)
    given = {n.params[1]: ct for n, ct in zip(nodes, cts, strict=True)}
    results = [k for k, n in enumerate(rule.body.outputs[: rule.results]) if n.dtype.kind == "f"]
    args = nodes[0].args[count:]
    args = *args[: rule.arguments], *args[: 1] * rule.around, *args[rule.arguments:]  # which are not looked at
    return [_applied(rule, args, [given.get(k) for k in results], k) for k in rule.floats]


def _applied(rule: Recorded, args: Sequence[Node], given: Sequence[Linear | None], which: int) -> Linear | None:
    """One tangent or cotangent that the rule gives: zero where it is so by structure, if the rule is surely linear."""
    if which not in rule.moved:
        return None
    out = [rule.body.outputs[rule.results + rule.moved.index(which)]]
    if rule.linear:
        seeds = {n: new_input(n.dtype, n.shape) for n in rule.seeds}
        there = rebuild(out, _given(rule, args) | seeds)
        found = linearize(there, {n: t for n, t in zip(seeds.values(), given, strict=True) if t is not None})[0]
        return None if found is None else _at_zero(found, seeds.values())
    seeds = {n: zeros(n) if t is None else masked(t.node, t.support) for n, t in zip(rule.seeds, given, strict=True)}
    return Linear(rebuild(out, _given(rule, args) | seeds)[0])


def _at_zero(found: Linear, inputs: Iterable[Node]) -> Linear:
    """A derivative of what is linear in some inputs: it is the same everywhere, but loops are run in which they are carried."""
    values = {n: zeros(n) for n in inputs}
    node, *support = rebuild([found.node] if found.support is None else [found.node, found.support], values)
    return Linear(node, *support)


def _given(rule: Recorded, args: Sequence[Node]) -> dict[Node, Node]:
    """What the inputs of the rule are, but for tangents or cotangents."""
    inputs = *rule.body.inputs[: rule.arguments], *rule.others
    return dict(zip(inputs, (*args[: rule.arguments], *args[rule.arguments + rule.around:]), strict=True))


def batched(node: Node, args: Sequence[Node], given: Sequence[bool], size: int | Size) -> Node:
    """A call, or a tangent of one, of many at once, of which those arguments are `given` that carry a leading axis."""
    rule, *rest = node.params
    if node.op.name == "custom":
        last = 1 + rule.arguments + rule.around  # type: ignore[union-attr]
        flags = *given[1 : 1 + rule.arguments], *given[last:]  # type: ignore[union-attr]
        value = args[0] if given[0] else lead(args[0], size)
        return node.op.build((value, *args[1:]), (_batched_rule(rule, flags, size, True), *rest))  # type: ignore[arg-type]
    count = len(rule.floats)  # type: ignore[union-attr]
    tangents = [a if has else lead(a, size) for a, has in zip(args[:count], given[:count], strict=True)]
    rule = _batched_rule(rule, tuple(given[count:]), size, False)  # type: ignore[arg-type]
    return node.op.build((*tangents, *args[count:]), (rule, *rest))


def _batched_rule(rule: Recorded, given: tuple[bool, ...], size: int | Size, summed: bool) -> Recorded:
    """The rule of many at once; the cotangents of arguments that are the same for all are `summed`, or come as many."""
    key = "batched rule", rule, given, size, summed
    memo = rule.body.memo
    if key not in memo:
        fixed = *rule.body.inputs[: rule.arguments], *rule.others
        many = {n for n, has in zip(fixed, given, strict=True) if has}
        if rule.reverse:
            many.update(rule.seeds)
        else:
            many.update(n for n, k in zip(rule.seeds, rule.floats, strict=True) if given[k])
        new = {n: new_input(n.dtype, (size, *n.shape)) if n in many else n for n in rule.body.inputs}
        outputs = batch(rule.body.outputs, {n: m for n, m in new.items() if n in many}, size)
        if rule.reverse and summed:
            for place, k in enumerate(rule.moved, rule.results):
                outputs[place] = outputs[place] if given[k] else reduce_sum(outputs[place], (0,))
        memo[key] = replace(rule, body=Body(list(new.values()), outputs, 0, 0))
    return memo[key]


# Values that rules give.


def settled(nodes: Sequence[Node], outputs: Sequence[Node], inputs: Sequence[Node]) -> list[Node]:
    """Nodes made of what was derived of `outputs` by `inputs`: values that have been differentiated are now those of rules."""
    return _replaced(nodes, _differentiated(outputs, inputs))


Made = Callable[[Node, Rebuilt], Node]


def _differentiated(outputs: Sequence[Node], inputs: Sequence[Node]) -> dict[tuple, Made]:
    """What is put in the place of the calls, and the loops with such inside, that depend on the inputs."""
    order = topological(outputs)
    if not any(n.op.name == "scan" or recorded(n) for n in order):
        return {}
    out: dict[tuple, Made] = {}
    depends = set(inputs)
    for n in order:
        if depends.isdisjoint(n.args):
            continue
        depends.add(n)
        if recorded(n):
            out[_which(n)] = _of_rule
        elif n.op.name == "scan":
            loop, args = loop_of(n), arguments(n)
            inner = _settled_step(loop.body, tuple(a in depends for a in args))
            if inner is not loop.body:
                steps, known = recorded_loop(n)
                out[_which(n)] = out[_which(output(steps, args, 0, known))] = _with_step(inner)
    return out


def _which(n: Node) -> tuple:
    """A call, or a loop, whichever of its results the node is."""
    if n.op.name == "scan":
        return n.args, n.params[:3]
    return n.args[1:], n.params[0], n.params[2]


def _replaced(nodes: Sequence[Node], by: Mapping[tuple, Made]) -> list[Node]:
    if not by:
        return list(nodes)
    graph = Rebuilt({})
    for n in in_order(nodes):
        made = by.get(_which(n)) if n.op.name == "scan" or recorded(n) else None
        if made is None:
            graph.add(n)
        else:
            graph.put(n, made(n, graph))
    return [graph.new[n] for n in nodes]


def _of_rule(n: Node, graph: Rebuilt) -> Node:
    rule: Recorded = n.params[0]  # type: ignore[assignment]
    args = tuple(graph.new[a] for a in n.args[1:])
    return rebuild([rule.body.outputs[n.params[1]]], _given(rule, args))[0]  # type: ignore[index]


def _with_step(body: Body) -> Made:
    """A loop with another step."""

    def made(n: Node, graph: Rebuilt) -> Node:
        loop = loop_of(n)
        length = None if loop.length is None else graph.size(loop.length)
        step = body.resized(graph.size) if body.lengths else body
        args, known = ([graph.new[a] for a in some] for some in (arguments(n), lengths(n)))
        return output(Loop(step, length, loop.reverse), args, n.params[3], known)  # type: ignore[arg-type]

    return made


def _settled_step(body: Body, given: tuple[bool, ...]) -> Body:
    """The step, with the values that rules give of calls that depend on these inputs, as the carries do."""
    key = "settled", given
    if key not in body.memo:
        moving = {n for n, has in zip(body.inputs, given, strict=True) if has}
        while True:
            depends = set(moving)
            for n in topological(body.outputs):
                if not depends.isdisjoint(n.args):
                    depends.add(n)
            more = {i for i, o in zip(body.inputs[: body.carries], body.outputs, strict=False) if o in depends} - moving
            if not more:
                break
            moving |= more
        outputs = settled(body.outputs, body.outputs, [n for n in body.inputs if n in moving])
        same = all(a is b for a, b in zip(outputs, body.outputs, strict=True))
        body.memo[key] = None if same else body.like(body.inputs, outputs)
    return body.memo[key] or body


# Before lowering.


def inlined(nodes: Sequence[Node]) -> list[Node]:
    """The nodes with values in place of calls, which then fuse as if written there; raises where a forward mode is missing."""
    order = in_order(nodes)
    if not any(n.op.name in ("scan", "pulled", "solved") or recorded(n) for n in order):
        return list(nodes)
    graph = Rebuilt({})
    for n in order:
        if n.op.name == "pulled":
            raise refusal(n)
        if recorded(n):
            graph.put(n, graph.new[n.args[0]])
        elif n.op.name == "solved":
            body, transposed = _inlined_body(n.params[0]), n.params[1]
            given = {i: graph.new[a] for i, a in zip(body.inputs, n.args, strict=True)}
            graph.put(n, rebuild([body.outputs[SOLVED[transposed]]], given)[0])  # type: ignore
        elif n.op.name == "scan":
            graph.put(n, _with_step(_inlined_body(loop_of(n).body))(n, graph))
        else:
            graph.add(n)
    return [graph.new[n] for n in nodes]


def _inlined_body(body: Body) -> Body:
    if "inlined" not in body.memo:
        outputs = inlined(body.outputs)
        same = all(a is b for a, b in zip(outputs, body.outputs, strict=True))
        body.memo["inlined"] = None if same else body.like(body.inputs, outputs)
    return body.memo["inlined"] or body

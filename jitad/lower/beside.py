"""Loops that go along what another one gives step by step: taken in the same turns, nothing has to be kept for them.

A tangent is computed by a loop of its own, which reads the carries of the first one as they were, and computes what it needs of
its steps once more. In one loop, each step is computed once, and its carries are at hand::

    x, xs = scan(step, x0)                                   # xs: x before each step
    t, _ = scan(lambda t, x: dstep(x, t), t0, xs)      is     (x, t), _ = scan(both, (x0, t0))

The same for the ways back of both, and for loops of the user's that go along results of others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from jitad.ir.body import Body
from jitad.ir.graph import Graph, Rebuilt, in_order, rebuild
from jitad.ir.node import Node
from jitad.lower.once import is_turn
from jitad.lower.stretch import Run, run_of
from jitad.ops.leaf import new_input
from jitad.ops.scan import Loop, arguments, lengths, loop_of, output


def take_beside(graph: Graph) -> Graph:
    """The graph with such loops together."""
    while True:
        order = in_order(graph.outputs)
        pair = _pair(order)
        if pair is None:
            return graph
        graph = _together(graph, order, *pair)


def _pair(order: Sequence[Node]) -> tuple[Node, Node] | None:
    """A loop, and one that may be taken in its turns: an output of each."""
    loops = {run_of(n): n for n in order if n.op.name == "scan"}
    if len(loops) < 2:
        return None
    for other in loops.values():
        for first in {run_of(a): a for a in _along(other) if a.op.name == "scan"}.values():
            if _is_beside(first, other) and run_of(first) not in _needed(other, first):
                return first, other
    return None


def _along(node: Node) -> tuple[Node, ...]:
    """What a loop goes along."""
    body = loop_of(node).body
    return arguments(node)[body.carries : body.carries + body.slices]


def _is_beside(first: Node, other: Node) -> bool:
    """Whether two loops have the same turns, in the same order, and are not the ways back of two that stay apart.

    Together these would go along two loops, which then could not keep their carries in stretches.
    """
    a, b = loop_of(first), loop_of(other)
    if len(_gone_back(first) | _gone_back(other)) > 1:
        return False
    plain = a.length is not None and not is_turn(first) and not lengths(first) and not lengths(other)
    return plain and (a.length, a.reverse) == (b.length, b.reverse)


def _gone_back(node: Node) -> set[Run]:
    """The loops through which one goes back."""
    return {run_of(a) for a in _along(node) if a.op.name == "scan" and _by_steps(a) and a.params[2] != node.params[2]}


def _needed(other: Node, first: Node) -> set[Run]:
    """The loops that one needs beside what it goes along of the first."""
    own = run_of(first)
    body = loop_of(other).body
    along = range(body.carries, body.carries + body.slices)
    stack = [a for k, a in enumerate(arguments(other))
             if not (k in along and a.op.name == "scan" and run_of(a) == own and _by_steps(a))]
    seen, found = set(stack), set()
    while stack:
        n = stack.pop()
        if n.op.name == "scan":
            found.add(run_of(n))
        more = [a for a in n.args if a not in seen]
        seen.update(more)
        stack += more
    return found


def _by_steps(node: Node) -> bool:
    """Whether an output of a loop has a row for each step."""
    return node.params[3] >= node.params[0].carries  # type: ignore[union-attr,operator]


@dataclass
class _Both:
    """Two loops as one: its step, what it is handed, and the numbers of its outputs."""

    first: Node
    other: Node
    body: Body = field(init=False)
    args: list[Node] = field(init=False)

    def __post_init__(self) -> None:
        a, b = loop_of(self.first).body, loop_of(self.other).body
        own, given, others = run_of(self.first), arguments(self.first), arguments(self.other)
        handed = {(arg, k < a.carries + a.slices): n
                  for k, (arg, n) in enumerate(zip(given, a.inputs, strict=True)) if k >= a.carries}
        new: dict[Node, Node] = {}
        more: list[list[tuple[Node, Node]]] = [[], [], []]  # carries, slices and constants that are the second's only
        for k, (arg, n) in enumerate(zip(others, b.inputs, strict=True)):
            part = 0 if k < b.carries else 1 if k < b.carries + b.slices else 2
            if part == 1 and arg.op.name == "scan" and run_of(arg) == own:
                which = arg.params[3]
                new[n] = a.inputs[which - len(a.outputs)] if which >= len(a.outputs) else a.outputs[which]  # type: ignore
            elif part and (arg, part == 1) in handed:
                new[n] = handed[arg, part == 1]
            else:
                new[n] = new_input(n.dtype, n.shape)
                more[part].append((arg, new[n]))
        outputs = rebuild(b.outputs, new)
        first, last = a.carries, a.carries + a.slices
        args, inputs = [*given], [*a.inputs]
        for at, part in ((last, 1), (first, 0)):
            args[at:at] = [arg for arg, _ in more[part]]
            inputs[at:at] = [n for _, n in more[part]]
        self.args, inputs = args + [arg for arg, _ in more[2]], inputs + [n for _, n in more[2]]
        self.body = Body(inputs, [*a.outputs[:first], *outputs[: b.carries], *a.outputs[first:], *outputs[b.carries :]],
                         first + b.carries, a.slices + len(more[1]), max(a.levels, b.levels))

    def place(self, node: Node) -> int:
        """Which output of it one of either is."""
        a, b = loop_of(self.first).body, loop_of(self.other).body
        body, which = node.params[0], node.params[3]
        is_first = run_of(node) == run_of(self.first)
        if which < body.carries:  # type: ignore[union-attr,operator]
            return which if is_first else a.carries + which  # type: ignore[operator,return-value]
        if which < len(body.outputs):  # type: ignore[union-attr,operator]
            return which + (b.carries if is_first else len(a.outputs))  # type: ignore[operator]
        return len(self.body.outputs) + which - len(body.outputs) + (0 if is_first else a.carries)  # type: ignore


def _together(graph: Graph, order: Sequence[Node], first: Node, other: Node) -> Graph:
    both, runs = _Both(first, other), {run_of(first), run_of(other)}
    loop = Loop(both.body, loop_of(first).length, loop_of(first).reverse)
    made = Rebuilt({n: n for n in graph.inputs})
    stack = [*reversed(order)]
    while stack:
        n = stack[-1]
        is_either = n.op.name == "scan" and run_of(n) in runs
        missing = [a for a in (both.args if is_either else n.args) if a not in made.new]
        if n in made.new or missing:
            stack += missing
            if not missing:
                stack.pop()
        elif is_either:
            made.put(n, output(loop, [made.new[a] for a in both.args], both.place(n)))
        else:
            made.add(n)
    return Graph(graph.inputs, tuple(made.new[o] for o in graph.outputs), graph.guards)

"""Loops of one turn that carry nothing, which are what `checkpoint` makes of a function: a step of its own.

What is derived of such a loop is a loop again, which computes the step once more: so nothing of what the function computes has to
be kept. The loop itself is what its step computes, and fuses with what is around it.
"""

from __future__ import annotations

from collections.abc import Sequence

from jitad.ir.body import Body
from jitad.ir.graph import Rebuilt, in_order, rebuild
from jitad.ir.node import Node
from jitad.ops.scan import Loop, arguments, loop_of, output
from jitad.ops.shape import expand, reshape


def taken_once(body: Body, args: Sequence[Node]) -> list[Node]:
    """The results of a step that is handed `args`."""
    return [reshape(output(Loop(body, 1), args, k), n.shape) for k, n in enumerate(body.outputs)]


def is_once(node: Node) -> bool:
    """Whether a node is a result of such a loop."""
    return node.op.name == "scan" and node.params[1] == 1 and not (loop_of(node).body.carries or loop_of(node).body.slices)


def opened(outputs: Sequence[Node]) -> list[Node]:
    """What the step of a loop gives, in which there is one such loop: a step is computed once more anyway."""
    loops = {(n.args, n.params[:3]) for n in in_order(outputs) if is_once(n)}
    return without(outputs) if len(loops) == 1 else list(outputs)


def without(outputs: Sequence[Node]) -> list[Node]:
    """The outputs with what is computed in place of such loops."""
    order = in_order(outputs)
    if not any(map(is_once, order)):
        return list(outputs)
    made = Rebuilt({n: n for n in order if n.op.name == "input"})
    found: dict[tuple, list[Node]] = {}  # what each of them gives
    for node in order:
        if is_once(node):
            body, loop = loop_of(node).body, (node.args, node.params[:3])
            if loop not in found:
                given = dict(zip(body.inputs, (made.new[a] for a in arguments(node)), strict=True))
                found[loop] = rebuild(without(body.outputs), given, made.size)
            made.put(node, expand(found[loop][node.params[3]], 0))  # type: ignore[index]
        elif node not in made.new:
            made.add(node)
    return [made.new[o] for o in outputs]

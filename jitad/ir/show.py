"""A graph as text: one line for each node."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.containers import Held
from jitad.ir.body import Body
from jitad.ir.graph import Graph
from jitad.ir.node import Node


def _param(p: Any, steps: dict[Body, str]) -> str:
    if isinstance(p, Held):
        return type(p.value).__name__
    if isinstance(p, Body):
        return steps.setdefault(p, f"step{len(steps)}")
    if isinstance(p, tuple):
        return "(" + ", ".join(_param(q, steps) for q in p) + ("," if len(p) == 1 else "") + ")"
    return str(p)


def _params(node: Node, steps: dict[Body, str]) -> str:
    if node.op.name == "constant":
        return repr(np.frombuffer(node.params[1], node.params[0])[0].item())
    return ", ".join(_param(p, steps) for p in node.params)


def show(graph: Graph) -> str:
    """The graph as text.

    ::

        inputs  a0: f8[n0, 3]
        %0: f8[n0, 3] = multiply(a0, a0)
        %1: f8[] = sum(%0; (0, 1))
        outputs %1

    The steps of loops follow, each a graph of its own: carries come first among its inputs and outputs.
    """
    steps: dict[Body, str] = {}
    lines = _lines(graph, steps)
    shown = 0
    while shown < len(steps):  # those inside others are found on the way
        body, name = list(steps.items())[shown]
        lines += ["", f"{name}: {body.carries} carries, {body.slices} rows", *_lines(Graph(body.inputs, body.outputs), steps)]
        shown += 1
    return "\n".join(lines)


def _lines(graph: Graph, steps: dict[Body, str]) -> list[str]:
    name = {n: f"a{k}" for k, n in enumerate(graph.inputs)}
    lines = ["inputs  " + ", ".join(f"{name[n]}: {n.type}" for n in graph.inputs)]
    lines += [f"guard   {g}" for g in graph.guards]
    for node in graph.nodes():
        if node in name:
            continue
        name[node] = f"%{len(name) - len(graph.inputs)}"
        inside = "; ".join(t for t in (", ".join(name[a] for a in node.args), _params(node, steps)) if t)
        lines.append(f"{name[node]}: {node.type} = {node.op.name}({inside})")
    return [*lines, "outputs " + ", ".join(name[n] for n in graph.outputs)]

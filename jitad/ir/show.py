"""A graph as text: one line for each node."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.containers import Held
from jitad.ir.graph import Graph
from jitad.ir.node import Node


def _param(p: Any) -> str:
    if isinstance(p, Held):
        return type(p.value).__name__
    if isinstance(p, tuple):
        return "(" + ", ".join(map(_param, p)) + ("," if len(p) == 1 else "") + ")"
    return str(p)


def _params(node: Node) -> str:
    if node.op.name == "constant":
        return repr(np.frombuffer(node.params[1], node.params[0])[0].item())
    return ", ".join(map(_param, node.params))


def show(graph: Graph) -> str:
    """The graph as text.

    ::

        inputs  a0: f8[n0, 3]
        %0: f8[n0, 3] = multiply(a0, a0)
        %1: f8[] = sum(%0; (0, 1))
        outputs %1
    """
    name = {n: f"a{k}" for k, n in enumerate(graph.inputs)}
    lines = ["inputs  " + ", ".join(f"{name[n]}: {n.type}" for n in graph.inputs)]
    lines += [f"guard   {g}" for g in graph.guards]
    for node in graph.nodes():
        if node in name:
            continue
        name[node] = f"%{len(name) - len(graph.inputs)}"
        inside = "; ".join(t for t in (", ".join(name[a] for a in node.args), _params(node)) if t)
        lines.append(f"{name[node]}: {node.type} = {node.op.name}({inside})")
    lines.append("outputs " + ", ".join(name[n] for n in graph.outputs))
    return "\n".join(lines)

"""Calls of functions whose intermediates are not to be kept: `checkpoint`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jitad.ir.node import Node
from jitad.ops.closed import closed_over, taken_by
from jitad.ops.once import taken_once
from jitad.trace.branch import noted
from jitad.trace.rebuild import rebuilt
from jitad.trace.tracer import Tracer, wrap
from jitad.trace.tracing import current
from jitad.tree import flatten, unflatten


def call(fun: Callable, args: tuple, kwargs: Mapping[str, Any]) -> Any:
    """The function called inside of a trace: what it computes is the step of a loop of one turn."""
    trace = current()
    assert trace is not None
    with noted() as made:
        leaves, tree = flatten(rebuilt(fun)(*args, **kwargs))
    inside: set[Node] = trace.root.memo.setdefault("checkpoint", set())  # of several calls, which may compute the same
    inside |= made
    results = list(dict.fromkeys(v.node for v in leaves if isinstance(v, Tracer) and v.node in inside))
    if results:
        body, given = closed_over(taken_by(inside, results), [], results, 0, 0)
        found = dict(zip(results, taken_once(body, given), strict=True))
        leaves = [wrap(found[v.node], v.weak) if isinstance(v, Tracer) and v.node in found else v for v in leaves]
    return unflatten(tree, leaves)

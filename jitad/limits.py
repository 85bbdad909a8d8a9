"""Results that are not finite where eigenvalues are equal, computed another way: :mod:`jitad.autodiff.ties`.

By the interpreter: the graph of a limit is several times as large as that of what it is the limit of, and seldom asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np

from jitad.autodiff.ties import at_ties
from jitad.ir.evaluate import evaluate
from jitad.ir.graph import Graph
from jitad.ir.node import Node


def has_eigenvalues(nodes: Iterable[Node]) -> bool:
    """Whether derivatives of these may divide by differences of eigenvalues."""
    return any(n.op.name == "eigh" for n in nodes)


def completed(compute: Callable[..., Any], graph: Callable[[], Graph]) -> Callable[..., Any]:
    """A function of a graph's inputs that computes its outputs, with limits put in for what is not finite.

    Only where all arguments are finite; and nan stays where there is no limit.
    """

    @cache
    def limits() -> Graph | None:
        whole = graph()
        found = at_ties(whole.outputs)
        return None if found is None else Graph(whole.inputs, tuple(found), whole.guards)

    def call(*args: Any) -> Any:
        found = compute(*args)
        values = found if isinstance(found, (tuple, list)) else (found,)
        if _finite(values) or not _finite(args):
            return found
        there = limits()
        if there is None:
            return found
        with np.errstate(all="ignore"):
            better = [_merged(v, b) for v, b in zip(values, evaluate(there, args), strict=True)]
        return tuple(better) if isinstance(found, (tuple, list)) else better[0]

    return call


def _finite(values: Sequence[Any]) -> bool:
    return all(np.isfinite(v).all() for v in values)


def _merged(value: Any, limit: Any) -> Any:
    if not np.ndim(value):
        return value if np.isfinite(value) else limit
    return np.where(np.isfinite(value), value, limit)

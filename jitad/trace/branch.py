"""Branches: of several functions of the same operands the one that is chosen: `cond`, `switch`.

Functions that are made of elementwise operations and sums are all computed, and one result is selected: so they fuse with what is
around them. What may raise, or take long (loops, lookups, LAPACK), is computed only if it is chosen: as a loop of one turn or
none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from jitad.errors import ShapeError
from jitad.ir.node import Node, set_observer, topological
from jitad.ir.types import BOOL, INT, show_shape
from jitad.ops.arithmetic import cast
from jitad.ops.closed import closed_over, taken_by
from jitad.ops.compare import equal, logical_not, maximum, minimum, not_equal, select
from jitad.ops.leaf import constant, new_input
from jitad.ops.length import as_length, size_of
from jitad.ops.routine import Repeated
from jitad.ops.scan import Loop, output
from jitad.ops.shape import broadcast, retype, zeros
from jitad.trace.loop import kind
from jitad.trace.rebuild import rebuilt
from jitad.trace.tracer import Tracer, as_tracer, result_dtype, wrap
from jitad.trace.tracing import Trace, current, where
from jitad.tree import Tree, flatten, unflatten

PARTIAL = ("scan", "gather", "scatter_add", "length", "solved")


@dataclass
class _Branch:
    """What one of the functions returned, and the nodes that were made for it."""

    results: list[Tracer]
    tree: Tree
    made: set[Node]

    @property
    def is_total(self) -> bool:
        """Whether it can be computed in vain."""
        nodes = topological([t.node for t in self.results], stop=lambda n: n not in self.made)
        return not any(n.op.name in PARTIAL or isinstance(n.op, Repeated) for n in nodes)


def cond(pred: Any, true_fun: Callable, false_fun: Callable, operands: tuple) -> Any:
    """:func:`jitad.cond`, inside of a trace."""
    if type(pred) in (bool, np.bool_):  # not what is traced as one
        return rebuilt(true_fun if pred else false_fun)(*operands)
    p = _scalar(pred, "biuf", "the predicate of cond is a boolean")
    if p.dtype != BOOL:
        p = not_equal(p, constant(0, p.dtype))
    return _chosen("cond", [logical_not(p), p], [false_fun, true_fun], operands)


def switch(index: Any, branches: Sequence[Callable], operands: tuple) -> Any:
    """:func:`jitad.switch`, inside of a trace."""
    last = len(branches) - 1
    if last < 0:
        raise ValueError(f"switch needs at least one function{where()}")
    if issubclass(type(index), (int, np.integer)) and type(index) is not bool:
        return rebuilt(branches[min(max(int(index), 0), last)])(*operands)
    k = _scalar(index, "iu", "the index of switch is an integer")
    if k.dtype == np.uint64:  # which INT does not hold
        k = minimum(k, constant(last, k.dtype))
    k = maximum(minimum(cast(k, INT), constant(last, INT)), constant(0, INT))
    return _chosen("switch", [equal(k, constant(n, INT)) for n in range(last + 1)], branches, operands)


def _scalar(value: Any, kinds: str, what: str) -> Node:
    node = as_tracer(value).node
    if node.shape or node.dtype.kind not in kinds:
        raise TypeError(f"{what}, not {kind(node)}{where()}")
    return node


def _chosen(name: str, chosen: Sequence[Node], functions: Sequence[Callable], operands: tuple) -> Any:
    """The results of the function that is chosen."""
    found = [_recorded(f, operands) for f in functions]
    first = found[0]
    for other in found[1:]:
        if other.tree != first.tree:
            raise TypeError(f"the functions of {name} return {first.tree} and {other.tree}, which have to be the same{where()}")
    with noted() as unified:  # a cast belongs to the branch as well
        alike = [_alike(name, ts) for ts in zip(*(b.results for b in found), strict=True)]
    rows = [list(row) for row in zip(*alike, strict=True)] or [[] for _ in found]
    if all(b.is_total for b in found):
        out = rows[-1]
        for p, row in zip(chosen[-2::-1], rows[-2::-1], strict=True):
            out = [select(broadcast(p, a.shape, ()), a, b) for a, b in zip(row, out, strict=True)]
    else:
        out = [zeros(n) for n in rows[0]]
        for p, row, branch in zip(chosen, rows, found, strict=True):
            out = _if(p, row, branch.made | unified, out)
    weak = [all(t.weak for t in ts) for ts in zip(*(b.results for b in found), strict=True)]
    return unflatten(first.tree, [wrap(n, w) for n, w in zip(out, weak, strict=True)])


def _recorded(f: Callable, operands: tuple) -> _Branch:
    with noted() as made:
        leaves, tree = flatten(rebuilt(f)(*operands))
        return _Branch([as_tracer(v) for v in leaves], tree, made)


@contextmanager
def noted() -> Iterator[set[Node]]:
    """The nodes that are made inside of this."""
    made: set[Node] = set()

    def observe(node: Node) -> None:
        if node.op.name != "input":  # what is captured is an argument
            made.add(node)
        if former is not None:
            former(node)

    former = set_observer(observe)
    try:
        yield made
    finally:
        set_observer(former)


def _alike(name: str, ts: Sequence[Tracer]) -> list[Node]:
    """The same result of every function, of one type."""
    trace, shape = current(), ts[0].node.shape
    assert isinstance(trace, Trace)
    for t in ts[1:]:
        other = t.node.shape
        if len(other) != len(shape) or not all(map(trace.same_size, other, shape)):
            shapes = [show_shape(tuple(map(trace.value, s))) for s in (shape, other)]
            raise ShapeError(f"the functions of {name} return arrays of shapes {shapes[0]} and {shapes[1]}{where()}")
    dtype = result_dtype(*ts)
    return [retype(cast(t.node, dtype), shape) for t in ts]


def _if(p: Node, results: list[Node], made: set[Node], otherwise: list[Node]) -> list[Node]:
    """The results if p holds, computed only then; else what they are otherwise."""
    carries = [new_input(n.dtype, n.shape) for n in results]
    body, given = closed_over(taken_by(made, results), carries, results, len(carries), 0)
    loop = Loop(body, size_of(as_length(cast(p, INT))))
    return [output(loop, [*otherwise, *given], k) for k in range(len(results))]

"""Results where eigenvalues are equal, computed another way: :mod:`jitad.autodiff.ties`.

By the interpreter: the graph of a limit is several times as large as that of what it is the limit of, and seldom asked for. A
limit may not hang on the choice of eigenvectors, which is arbitrary where their eigenvalues are equal: it is computed twice, with
others the second time, and nan where the two differ. So it is of what has no derivative, or where more changes than was moved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, cached_property
from typing import Any

import numpy as np

from jitad.autodiff.custom import inlined
from jitad.autodiff.ties import are_tied, hide_ties, limits, nearness, separated
from jitad.ir.evaluate import evaluate, with_numpy
from jitad.ir.graph import Graph, Guard
from jitad.ir.node import Node


def derivative_graph(inputs: Sequence[Node], results: Sequence[Node], guards: Sequence[Guard], strict: bool) -> Graph:
    """The graph of what a transform gave."""
    found = inlined(results)
    return Graph(tuple(inputs), tuple(found if strict else separated(found)), tuple(guards))


def completed(compute: Callable[..., Any], graph: Callable[[], Graph], results: Callable[[], Sequence[Node]]) -> Callable:
    """A function of a graph's inputs that computes its outputs, with limits put in where eigenvalues are equal."""
    other = _Limits(graph, lambda: inlined(results()))

    def call(*args: Any) -> Any:
        found = compute(*args)
        several = isinstance(found, (tuple, list))
        values = found if several else (found,)
        shown = all(np.asarray(v).dtype.kind == "f" for v in values) or not other.hidden
        if shown and all(np.isfinite(v).all() for v in values):
            return found
        better = other.of(values, args)
        return found if better is None else tuple(better) if several else better[0]

    return call


class _Limits:
    """What is computed in place of a graph, made when it is first needed."""

    def __init__(self, graph: Callable[[], Graph], results: Callable[[], Sequence[Node]]):
        self._graph, self._results = graph, results

    @cached_property
    def hidden(self) -> bool:
        """Whether results do not show that eigenvalues are equal."""
        return hide_ties(self._results())

    @cached_property
    def _near(self) -> float:
        return nearness(self._results())

    @cached_property
    def _whole(self) -> Graph:
        return self._graph()

    @cached_property
    def _tied(self) -> Graph | None:
        found = are_tied(self._whole.outputs)
        return None if found is None else self._with([found])

    @cached_property
    def _limit(self) -> Graph:
        values, terms = limits(separated(self._results(), show=False))
        return self._with([*values, *terms])

    @cached_property
    def _apart(self) -> Graph:
        return self._with(separated(self._results(), near=False))

    def _with(self, outputs: Sequence[Node]) -> Graph:
        return Graph(self._whole.inputs, tuple(outputs), self._whole.guards)

    def of(self, values: Sequence[Any], args: Sequence[Any]) -> list | None:
        """The results, if eigenvalues are equal."""
        if self._tied is None or not evaluate(self._tied, args)[0]:
            return None
        first, second, apart = (evaluate(g, args, run) for g, run in (
            (self._limit, with_numpy), (self._limit, _with_other_vectors(self._near)), (self._apart, with_numpy)))
        n = len(values)
        return [_chosen(*each) for each in zip(values, first[:n], second[:n], first[n:], apart, strict=True)]


def _chosen(value: Any, first: Any, second: Any, terms: Any, apart: Any) -> Any:
    """The limit, where it is one; else what is found without."""
    if first.dtype.kind != "f":
        return first if np.array_equal(first, second) else apart
    with np.errstate(all="ignore"):
        size, largest = 1e4 * np.abs(terms), _largest(first) + _largest(terms)
        noise = 1e2 * np.abs(largest).max(initial=0)  # in what is zero among larger numbers
        same = np.abs(first - second) <= 1e-4 * np.abs(first) + np.finfo(first.dtype).eps * (1e4 * (size + largest) + noise)
    apart = np.where(np.isfinite(apart), apart, np.nan)
    return np.where(np.isfinite(value), value, np.where(same, first, apart))[()]


def _largest(x: np.ndarray) -> np.ndarray:
    """Of each matrix."""
    axes = tuple(range(max(x.ndim - 2, 0), x.ndim))
    return np.abs(np.where(np.isfinite(x), x, 0)).max(axes, keepdims=True, initial=0)


def _with_other_vectors(near: float) -> Callable:
    """How one op is run: eigenvectors of eigenvalues that are equal, to `near`, are turned."""

    def run(node: Node, args: list, size: Callable[[Any], Any]) -> Any:
        out = with_numpy(node, args, size)
        if node.op.name == "eigh":
            out = out.copy()
            for matrix in out:
                w, v = matrix[0], matrix[1:]
                starts = np.flatnonzero(np.diff(w) > near * np.abs(w).sum()) + 1
                for group in np.split(np.arange(len(w)), starts):
                    v[:, group] = v[:, group] @ _turn(len(group)).astype(v.dtype)
        return out

    return run


@cache
def _turn(n: int) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(n).normal(size=(n, n)))[0]

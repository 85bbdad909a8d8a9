"""Loops: a step that is taken many times, each from where the last one ended.

One node is one output of a loop. Nodes with the same arguments and body are one loop, see :mod:`jitad.lower.loops`. The last
argument of one whose length is computed is that length.
"""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jitad.errors import InternalError
from jitad.ir.body import Body
from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.ir.types import INT, ArrayType, is_float
from jitad.ops.declare import REGISTRY, AtRule, Op, Scalar, SizeMap
from jitad.ops.length import as_length, computed_by, size_of


@dataclass(frozen=True)
class Loop:
    """What a loop does: parameters of its nodes, without which output it is.

    Outputs are numbered: the carries at the end, the results of all steps, and every carry as it was before each step. Without a
    length it goes on while its last carry is true; then there are the carries at the end, and the number of steps.
    """

    body: Body
    length: int | Size | None
    reverse: bool = False

    def type_of(self, which: int) -> ArrayType:
        """Of one output."""
        outputs = self.body.outputs
        if which < self.body.carries:
            return outputs[which].type
        if self.length is None:
            return ArrayType(INT, ())
        n = outputs[which] if which < len(outputs) else self.body.inputs[which - len(outputs)]
        return ArrayType(n.dtype, (self.length, *n.shape))

    def run(self, args: Sequence[Any], size: Callable[[Any], Any]) -> list[Any]:
        """All outputs, with NumPy."""
        if self.length is None:
            return self._run_on(args, size)
        body, n = self.body, size(self.length)
        extended = any(np.asarray(a).dtype.hasobject for a in args)
        carries, slices = list(args[: body.carries]), args[body.carries : body.carries + body.slices]
        results: list[list[Any]] = [[None] * n for _ in (*body.results, *carries)]
        for k in reversed(range(n)) if self.reverse else range(n):
            for rows, c in zip(results[len(body.results):], carries, strict=True):
                rows[k] = c
            found = self._step([*carries, *(x[k] for x in slices), *args[body.carries + body.slices:]], size)
            carries = found[: body.carries]
            for rows, r in zip(results, found[body.carries:], strict=False):
                rows[k] = r
        return [*carries, *(_stacked(r, self.type_of(body.carries + k), extended, size) for k, r in enumerate(results))]

    def _run_on(self, args: Sequence[Any], size: Callable[[Any], Any]) -> list[Any]:
        """All outputs of a loop that goes on while its last carry is true."""
        carries, count = list(args[: self.body.carries]), 0
        while carries[-1]:
            carries, count = self._step([*carries, *args[self.body.carries:]], size), count + 1
        return [*carries, np.asarray(count, INT)]

    def _step(self, given: Sequence[Any], size: Callable[[Any], Any]) -> list[Any]:
        from jitad.ir.evaluate import run_nodes, with_numpy
        from jitad.ir.extended import with_mpmath

        extended = any(np.asarray(a).dtype.hasobject for a in given)
        return run_nodes(self.body.outputs, dict(zip(self.body.inputs, given, strict=True)), size,
                         with_mpmath if extended else with_numpy)


def _stacked(rows: list, type_: ArrayType, extended: bool, size: Callable[[Any], Any]) -> np.ndarray:
    out = np.empty(size(type_.shape), object if extended and is_float(type_.dtype) else type_.dtype)
    for k, row in enumerate(rows):
        out[k] = row
    return out


class Scan(Op):
    """``c, y[k] = step(c, x[k], constants)`` for every k: one of the results."""

    name = "scan"
    linear = ()

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        body = params[0]
        given = args if computed_by(params[1]) is None else args[:-1]
        for k, (a, n) in enumerate(zip(given, body.inputs, strict=True)):
            along = body.carries <= k < body.carries + body.slices
            if a.dtype != n.dtype or a.ndim != n.ndim + along:
                raise InternalError(f"a loop takes {n.type}, not {a.type}")
        return Loop(*params[:3]).type_of(params[3])

    def reapply(self, node: Node, args: tuple[Node, ...], size: SizeMap) -> Node:
        body, length, reverse, which = node.params
        length = None if length is None else size(length)
        return self.build(args, (body.resized(size), length, reverse, which))  # type: ignore

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        same = _last.size is size and _last.params == node.params[:3] and len(_last.args) == len(args) and all(
            map(operator.is_, _last.args, args))
        if not same:  # outputs of one loop follow one another; in another run the same arrays may hold something else
            found = loop_of(node).run(args[: len(arguments(node))], size)
            _last.size, _last.params, _last.args, _last.found = size, node.params[:3], tuple(args), found
        return _last.found[node.params[3]]  # type: ignore[index]

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        return s.of_loop(node, idx)
        yield


class _Last(threading.local):
    """The loop that the interpreter ran last."""

    size: Any = None  # of which run
    params: tuple = ()
    args: tuple = ()
    found: list[Any] = []


_last = _Last()


def loop_of(node: Node) -> Loop:
    """The loop that a node is an output of."""
    return Loop(*node.params[:3])  # type: ignore[arg-type]


def arguments(node: Node) -> tuple[Node, ...]:
    """What the body of a loop is given in all, of which a node is an output."""
    return node.args if computed_by(node.params[1]) is None else node.args[:-1]  # type: ignore[arg-type]


def output(loop: Loop, args: Sequence[Node], which: int) -> Node:
    """One output of a loop."""
    length = computed_by(loop.length)
    args = tuple(args) if length is None else (*args, length)
    return REGISTRY["scan"].build(args, (loop.body, loop.length, loop.reverse, which))


def recorded(loop: Loop, args: Sequence[Node]) -> Loop:
    """A loop of as many steps as one without a length took: what derivatives are of."""
    if loop.length is not None:
        return loop
    return Loop(loop.body, size_of(as_length(output(loop, args, loop.body.carries))))


def together(order: Sequence[Node]) -> tuple[list[Node], dict[Node, list[Node]]]:
    """Nodes, arguments first, with the outputs of one loop side by side; and for each of these all of that loop."""
    loops: dict[tuple, list[Node]] = {}
    for n in order:
        if n.op.name == "scan":
            loops.setdefault((n.args, n.params[:3]), []).append(n)
    of = {n: found for found in loops.values() for n in found}
    out: list[Node] = []
    for n in order:
        if n not in of:
            out.append(n)
        elif n is of[n][0]:
            out += of[n]
    return out, of

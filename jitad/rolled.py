"""Loops that were written out, rolled up again: what Python's ``for`` made of many equal steps becomes one `scan`.

A step of an unrolled loop is compiled as often as it was written, and its derivative again. Where the ops of a graph recur with a
period, and every period takes from the one before what that took from the one before it, one of them is the step of a loop; what
differs from period to period lies in arrays that the loop goes along. Whether that is the same computation is no guess: with the
arguments of each period put in, the step has to give its very nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from jitad.config import MAX_STATEMENTS
from jitad.derivation import Recording
from jitad.ir.body import Body
from jitad.ir.graph import rebuild
from jitad.ir.node import Node, topological
from jitad.lower.cut import PERIODS, TIMES
from jitad.ops.closed import VIEWS, closed
from jitad.ops.leaf import new_input
from jitad.ops.scan import Loop, output
from jitad.ops.shape import broadcast, concatenate, expand, reshape, slice_, zeros

MANY = 300  # nodes that recur: fewer are compiled as they are
LONG = 40  # nodes of a step: shorter ones are compiled as they are, see `jitad.emit.tables`, unless they are too many for that
TOO_MANY = MAX_STATEMENTS // 4  # a gradient has some four statements for each


def rolled(recording: Recording) -> Recording:
    """What was recorded, with loops where steps recur."""
    nodes = recording.nodes()
    order = topological(nodes)
    if len(order) < MANY:
        return recording
    run = _longest_run(order)
    if run.end - run.start < (MANY if run.period >= LONG else TOO_MANY):
        return recording
    start = _boundary(order, run)
    found = _Periods(order, start, run.period, (run.end - start) // run.period).loop(nodes)
    return recording if found is None else recording.with_nodes(rebuild(nodes, found))


class _Run(NamedTuple):
    """Where the ops of nodes recur with a period."""

    start: int
    end: int
    period: int


def _longest_run(order: list[Node]) -> _Run:
    numbers: dict[tuple, int] = {}
    codes = np.array([numbers.setdefault((n.op.name, n.dtype, n.shape), len(numbers)) for n in order])
    best = _Run(0, 0, 0)
    for period in range(1, min(len(codes) // TIMES, PERIODS) + 1):
        unlike = np.flatnonzero(codes[:-period] != codes[period:])
        borders = np.concatenate([[-1], unlike, [len(codes) - period]])
        k = int(np.argmax(np.diff(borders)))
        start, alike = int(borders[k]) + 1, int(borders[k + 1] - borders[k]) - 1
        if alike + period > best.end - best.start and alike >= (TIMES - 1) * period:
            best = _Run(start, start + alike + period, period)
    return best


def _boundary(order: list[Node], run: _Run) -> int:
    """Where a step begins: where the least is handed on."""
    place = {n: k for k, n in enumerate(order)}
    last = dict(place)
    for n in order[: run.end]:
        for a in n.args:
            last[a] = max(last[a], place[n])
    inside = order[run.start : run.start + 2 * run.period]

    def handed(start: int) -> int:
        return sum(place[n] < start <= last[n] < start + 2 * run.period for n in inside)

    return min(range(run.start + run.period, run.start + 2 * run.period), key=handed) - run.period


@dataclass
class _Periods:
    """Nodes of `order`, from `start` on, in periods."""

    order: list[Node]
    start: int
    period: int
    times: int
    carried: dict[int, Node] = field(default_factory=dict)  # places in a period, with what they are before the first
    delayed: dict[int, Node] = field(default_factory=dict)  # of these what is used one step later still, and is before that
    along: dict[tuple[Node, ...], list[Node]] = field(default_factory=dict)  # what differs, and what it is in steps ahead of all
    ahead: int = 0  # steps in front of the periods that are the same, but for the order of their nodes

    def node(self, k: int, place: int) -> Node:
        return self.order[self.start + k * self.period + place]

    def loop(self, roots: Sequence[Node]) -> dict[Node, Node] | None:
        """What stands for the nodes that are used outside; None if the periods are not the steps of one loop."""
        self.place = {self.node(k, j): (k, j) for k in range(self.times) for j in range(self.period)}
        computed = []
        for j in range(self.period):
            if self._is_row(j):
                for k in range(self.times):
                    del self.place[self.node(k, j)]
            else:
                computed.append(j)
        if not all(map(self._taken, computed)):
            return None
        while not self.delayed and self._has_step_ahead():
            self.ahead += 1
        used = self._used_outside(roots)
        ends = sorted({j for k, j in used if k == self.times - 1} | self.carried.keys())
        rows = sorted({j for k, j in used if k < self.times - 1})
        late = sorted(self.delayed)
        step, args = self._step(ends, late, rows)
        if step is None:
            return None
        loop = Loop(step, self.ahead + self.times)
        out = {self.node(self.times - 1, j): output(loop, args, n) for n, j in enumerate(ends)}
        for n, j in enumerate(rows):
            found = output(loop, args, len(ends) + len(late) + n)
            for k in range(self.times - 1):
                if (k, j) in used:
                    out[self.node(k, j)] = _row(found, self.ahead + k)
        return out

    def _is_row(self, j: int) -> bool:
        """Whether the nodes at a place are not computed, but elements of arrays from outside, or numbers."""
        nodes = [self.node(k, j) for k in range(self.times)]
        outside = all(a not in self.place for n in nodes for a in n.args)
        return outside and (nodes[0].op.name in VIEWS or len({n.params for n in nodes}) > 1)

    def _taken(self, place: int) -> bool:
        """Whether the arguments at a place are the same for all periods: of the period, of the one before, or from outside."""
        if len({self.node(k, place).params for k in range(self.times)}) > 1:
            return False
        for number in range(len(self.node(0, place).args)):
            args = tuple(self.node(k, place).args[number] for k in range(self.times))
            places = [self.place.get(a) for a in args]
            (first, second), kinds = places[:2], {a.type for a in args}
            if first is not None and all(p == (k, first[1]) for k, p in enumerate(places)):
                continue
            if len(kinds) > 1:
                return False
            if first is None and second is not None and all(p == (k, second[1]) for k, p in enumerate(places[1:])):
                if self.carried.setdefault(second[1], args[0]) is not args[0]:
                    return False
            elif first is second is None and places[2] is not None and all(
                    p == (k, places[2][1]) for k, p in enumerate(places[2:])):
                j = places[2][1]
                if self.delayed.setdefault(j, args[0]) is not args[0] or self.carried.setdefault(j, args[1]) is not args[1]:
                    return False
            elif any(p is not None for p in places):
                return False
            elif len(set(args)) > 1:
                self.along[args] = []
        return True

    def _has_step_ahead(self) -> bool:
        """Whether what the loop starts from is a step itself; then it starts from what that starts from."""
        before: dict[int, Node] = {}
        rows: dict[tuple[Node, ...], Node] = {}
        along = {a[1]: a for a in self.along}
        stack = [(self.node(1, j), start) for j, start in self.carried.items()]
        seen = set(stack)
        while stack:
            here, there = stack.pop()
            k, j = self.place.get(here, (None, -1))
            if here.type != there.type:
                return False
            if k == 0:
                if before.setdefault(j, there) is not there:
                    return False
            elif here in along:
                if rows.setdefault(along[here], there) is not there:
                    return False
            elif k is None:
                if here is not there:
                    return False
            elif here.op is not there.op or here.params != there.params or len(here.args) != len(there.args):
                return False
            else:
                pairs = [p for p in zip(here.args, there.args, strict=True) if p not in seen]
                stack += pairs
                seen.update(pairs)
        if before.keys() != self.carried.keys() or rows.keys() != self.along.keys():
            return False
        self.carried = {j: before[j] for j in self.carried}
        for a, first in rows.items():
            self.along[a].insert(0, first)
        return True

    def _used_outside(self, roots: Sequence[Node]) -> set[tuple[int, int]]:
        users = [a for n in self.order if n not in self.place for a in n.args]
        return {self.place[n] for n in (*users, *roots) if n in self.place}

    def _step(self, ends: list[int], late: list[int], rows: list[int]) -> tuple[Body | None, list[Node]]:
        """The step, and the arguments of the loop."""
        carries, delayed = (
            {j: new_input(self.node(0, j).dtype, self.node(0, j).shape) for j in places} for places in (ends, late))
        slices = {args: new_input(args[0].dtype, args[0].shape) for args in self.along}
        known = {self.node(1, j): n for j, n in carries.items() if j in self.carried} | {a[2]: n for a, n in slices.items()}
        known |= {self.node(0, j): n for j, n in delayed.items()}
        outputs = rebuild([self.node(2, j) for j in (*ends, *rows)], known)
        outputs[len(ends):len(ends)] = [carries[j] for j in late]
        inputs = [*carries.values(), *delayed.values(), *slices.values()]
        step, constants = closed(inputs, outputs, len(ends) + len(late), len(slices))
        starts = [self.carried.get(j, zeros(self.node(0, j))) for j in ends] + [self.delayed[j] for j in late]
        columns = [(*first, *a) for a, first in self.along.items()]
        now = starts
        for k in range(-self.ahead, self.times):
            given = dict(zip(step.inputs, [*now, *(c[k + self.ahead] for c in columns), *constants], strict=True))
            found = rebuild(step.outputs, given)
            now = found[: len(starts)]
            made = [*found[: len(ends)], *found[len(starts):]]
            if k >= 0 and any(a is not self.node(k, j) for a, j in zip(made, (*ends, *rows), strict=True)):
                return None, []
        return step, [*starts, *map(_stacked, columns), *constants]


def _row(x: Node, k: int) -> Node:
    first, *others = x.shape
    return reshape(slice_(x, ((k, 1, 1), *((0, n, 1) for n in others))), tuple(others))


def _stacked(nodes: tuple[Node, ...]) -> Node:
    """Nodes of one type along a new first axis; rows of an array that follow one another are that array."""
    first = nodes[0]
    if all(n.op.name == "reshape" and n.args[0].type == first.args[0].type for n in nodes):
        return reshape(_stacked(tuple(n.args[0] for n in nodes)), (len(nodes), *first.shape))
    if all(n.op.name == "broadcast" and n.args[0].type == first.args[0].type and n.params == first.params for n in nodes):
        shape, axes = first.params
        return broadcast(_stacked(tuple(n.args[0] for n in nodes)), (len(nodes), *shape), (0, *(k + 1 for k in axes)))  # type: ignore
    if all(n.op.name == "slice" and n.args == first.args for n in nodes):
        (start, length, _), *others = first.params[0]  # type: ignore[misc]
        step = nodes[1].params[0][0][0] - start  # type: ignore[index,operator]
        if isinstance(step, int) and step > 0 and length == 1 and all(
                n.params[0] == ((start + k * step, *first.params[0][0][1:]), *others)  # type: ignore[index,operator]
                for k, n in enumerate(nodes)):
            rows = slice_(first.args[0], ((start, len(nodes), step), *others))
            return reshape(rows, (len(nodes), *first.shape))
    return concatenate([expand(n, 0) for n in nodes], 0)

"""Loops whose step is a graph of its own: what they read and write.

A carry is an array of one row more than there are steps, if somebody asks for what it was before each; else of two rows that
take turns. A step reads one row and writes the next, so that nothing is copied. A sum, to which each step adds, has one row.
What nobody asks for is not computed. Loops that go on while something holds count their steps; the loop of as many that keeps
the carries, of which derivatives are, takes the very same step: compiled apart, the two runs might be rounded differently.
Of very many steps the carries are kept in stretches, see :mod:`jitad.lower.stretch`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jitad.config import Options
from jitad.ir import sizes
from jitad.ir.body import Body
from jitad.ir.graph import Graph
from jitad.ir.node import Node, topological
from jitad.ir.sizes import Size, computed
from jitad.ir.types import INT
from jitad.lower.memory import work
from jitad.lower.nest import Program, Turns
from jitad.lower.once import is_turn
from jitad.lower.scalar import Buffer
from jitad.lower.stretch import Marks, Run, end_of, marks_of, read_backwards, rows_of, run_of, starts_of
from jitad.ops.scan import Loop, arguments, lengths, loop_of, together

WORTH_IN_STEPS = 25  # multiplications: arrays of a step are short, and near; many numbers are left over from vectors


@dataclass(eq=False)
class Laid:
    """One loop, and where its outputs lie."""

    loop: Loop
    starts: list[tuple[Buffer, Node, int | None]]  # carries, what they are at first; which of several in an array
    outputs: dict[int, Buffer]  # carries, and results, by their numbers in the step
    slices: list[Node]
    constants: list[Node]
    step: Program
    count: Buffer | None = None  # of the steps, where there is no length
    twice: bool = False  # whether another loop takes the same step
    rows: int | Size | None = None  # before how many steps carries are kept at once, if it is in stretches
    marks: Marks = field(default_factory=dict)  # carries that are not kept before every step, then
    again: Laid | None = None  # the loop in stretches that it goes back through
    several: bool = False  # whether several loops go back through it
    _turns: Turns | None = None

    def place(self, which: int, idx: tuple, e: Any) -> tuple[Buffer, tuple]:
        """Where an element of an output is; `e` makes indices."""
        body = self.loop.body
        if self.count is not None and which == body.carries:
            return self.count, (e.int(0),)
        n = e.size(self.loop.length) if self.count is None else e.load(self.count, (e.int(0),))
        if self.rows is not None and which < body.carries:
            b, row = self.marks.get(which, (self.outputs[which], None))
            return b, (*([] if row is None else [e.int(row)]), e.size(end_of(self.rows)), *idx)
        if which < body.carries:
            b = self.outputs[which]
            row = e.int(0) if b.shape[0] == 1 else e.mod(n, e.int(2)) if b.shape[0] == 2 else n
            return b, (row, *idx)
        if which < len(body.outputs):
            return self.outputs[which], idx
        row = e.sub(e.sub(n, e.int(1)), idx[0]) if self.loop.reverse else idx[0]
        return self.outputs[which - len(body.outputs)], (row, *idx[1:])

    def rows_of(self, node: Node) -> Buffer | None:
        """The memory in which an output lies row by row as another loop reads it, if there is such."""
        which, body = node.params[3], self.loop.body
        if self.count is not None or which < body.carries:  # type: ignore[operator]
            return None
        if which >= len(body.outputs) and self.loop.reverse and self.rows is None:  # type: ignore[operator]
            return None
        return self.outputs[which if which < len(body.outputs) else which - len(body.outputs)]  # type: ignore[operator,index]

    def turns(self, buffers: Mapping[Node, Buffer]) -> Turns:
        """The loop as a step of a program."""
        carries = [k for k in self.outputs if k < self.loop.body.carries]
        stretches = {} if self.rows is None else {
            "rows": self.rows, "several": self.several, "marks": tuple(map(self.marks.get, carries)),
            "starts": starts_of(self.loop)}
        return self._made(
            buffers, carries=tuple(self.outputs[k] for k in carries),
            results=tuple(b for k, b in self.outputs.items() if k not in carries),
            slices=tuple(None if counts(n) else buffers[n] for n in self.slices), twice=self.twice,
            again=None if self.again is None else self.again._turns, **stretches)

    def _made(self, buffers: Mapping[Node, Buffer], **others: Any) -> Turns:
        self._turns = Turns(
            self.step, self.loop.length, self.loop.reverse, self.loop.body.lengths, self.count,
            constants=tuple(buffers[n] if n.shape else None for n in self.constants),
            scratch=tuple(replace(b, kind="temp") for b in work(self.step)), **others)
        return self._turns

    def operands(self) -> list[Node]:
        """What has to lie in memory for it."""
        return [n for n in (*self.slices, *self.constants) if n.shape and not counts(n)]


class Once(Laid):
    """A loop of one turn, see :mod:`jitad.lower.once`: arrays have the shapes that the step gives them."""

    def place(self, which: int, idx: tuple, e: Any) -> tuple[Buffer, tuple]:
        return self.outputs[which], idx or (e.int(0),)

    def rows_of(self, node: Node) -> Buffer | None:
        return self.outputs[node.params[3]] if node.shape else None  # type: ignore[index]

    def turns(self, buffers: Mapping[Node, Buffer]) -> Turns:
        arrays = {k for k in self.outputs if self.loop.body.outputs[k].shape}
        return self._made(buffers, carries=(), slices=(), results=tuple(b for k, b in self.outputs.items() if k not in arrays),
                          whole=tuple(b for k, b in self.outputs.items() if k in arrays))


def counts(node: Node) -> bool:
    """Whether the elements of an array are 0, 1, 2, ..."""
    return node.op.name == "iota"


def lay_out(graph: Graph, order: Sequence[Node], options: Options, asked: Collection[Node]) -> dict[Node, Laid]:
    """Of each output of a loop, where it lies; of these are `asked` for as results of the kernel."""
    readers = read_backwards(graph, order)
    read = {reader: run for run, found in readers.items() for reader in found}
    out: dict[Node, Laid] = {}
    loops = [nodes for n, nodes in together(order)[1].items() if n is nodes[0] and n.op.name == "scan"]
    first = {run_of(nodes[0]): nodes for nodes in loops}
    laid: dict[Run, Laid] = {}
    again = {counted: nodes for nodes in loops if (counted := counts_first(nodes[0])) in first}
    for nodes in loops:
        own = run_of(nodes[0])
        run = counts_first(nodes[0]) if counts_first(nodes[0]) in first else own
        asked_for = {n.params[3] for n in nodes if n in asked}
        both = {k for n in (*first[run], *again[run]) if (k := _carry(n)) is not None} if run in again else None
        back = laid[read[own]] if own in read and laid[read[own]].rows is not None else None
        laid[own] = _laid_once(nodes, options, asked_for) if is_turn(nodes[0]) else _laid(
            nodes, options, both, own in readers and back is None, asked_for)
        laid[own].again, laid[own].several = back, len(readers.get(own, ())) > 1
        out |= dict.fromkeys(nodes, laid[own])
    return out


def _carry(node: Node) -> int | None:
    """The carry that an output is, at the end or before each step."""
    body, length, _, which = node.params
    if which < body.carries:  # type: ignore[union-attr,operator]
        return which  # type: ignore[return-value]
    history = which - len(body.outputs)  # type: ignore[union-attr,operator]
    return history if length is not None and history >= 0 else None


def counts_first(node: Node) -> Run | None:
    """The loop that goes on while something holds, which has counted the steps that this one takes once more."""
    found = lengths(node)[:1]
    count = found[0].args[0] if found and found[0].op.name == "length" else None
    if count is None or count.op.name != "scan" or count.params[1] is not None or count.params[0] is not node.params[0]:
        return None
    return run_of(count) if arguments(count) == arguments(node) else None


def _laid(nodes: list[Node], options: Options, both: set[int] | None, in_stretches: bool, whole: set[int]) -> Laid:
    """Where the outputs of a loop lie.

    `both` are the carries that are asked for in one of its runs, if there are two; `whole` are those that the kernel returns.
    """
    from jitad.lower.schedule import lower

    loop, args = loop_of(nodes[0]), arguments(nodes[0])
    body = loop.body
    asked: set[int] = {n.params[3] for n in nodes}  # type: ignore[misc]
    if loop.length is None:  # the number of steps is there anyway
        asked -= {body.carries}
    if loop.length is None or both is not None:  # it needs the carry that says whether it goes on, or takes the step that does
        asked |= {body.carries - 1, *(both or ())}
    kept = {k - len(body.outputs) for k in asked if k >= len(body.outputs)}
    live = _live(body, {*kept, *(k for k in asked if k < len(body.outputs))})
    used = set(topological([body.outputs[k] for k in live]))
    given = [k for k, n in enumerate(body.inputs) if (n in used if k >= body.carries else k in live)]
    step = lower(Graph(tuple(body.inputs[k] for k in given), tuple(body.outputs[k] for k in live)),
                 replace(options, parallel=False), WORTH_IN_STEPS)
    carries = [k for k in live if k < body.carries]
    many = rows_of(loop, step, carries, kept) if in_stretches else None
    outputs: dict[int, Buffer] = {}
    for k in live:
        n = body.outputs[k]
        rows = _rows(loop, k, k in kept) if many is None or k not in kept else sizes.add(end_of(many), 1)
        is_result = k in whole and k >= body.carries and not computed(rows)
        outputs[k] = Buffer("output" if is_result else "temp", n.dtype, (rows, *n.shape))
    step.in_place = frozenset(o.value for k, o in zip(live, step.outputs, strict=True)  # type: ignore[misc]
                              if isinstance(o.value, Buffer) and k < body.carries and _is_sum(body, k))
    last = body.carries + body.slices
    marks = {} if many is None else marks_of(loop, many, [k for k in carries if k not in kept])
    starts = [(b, args[k], row) for k in carries for b, row in [marks.get(k, (outputs[k], None))]]
    return Laid(loop, starts, outputs,
                [args[k] for k in given if body.carries <= k < last], [args[k] for k in given if k >= last], step,
                Buffer("temp", INT, (1,)) if loop.length is None else None, both is not None, many, marks)


def _laid_once(nodes: list[Node], options: Options, results: set[int]) -> Laid:
    """The same for a loop of one turn; `results` are outputs that the kernel returns."""
    from jitad.lower.schedule import lower

    loop, args = loop_of(nodes[0]), arguments(nodes[0])
    body = loop.body
    asked = sorted({n.params[3] for n in nodes})  # type: ignore[type-var]
    used = set(topological([body.outputs[k] for k in asked]))  # type: ignore[index]
    given = [k for k, n in enumerate(body.inputs) if n in used]
    step = lower(Graph(tuple(body.inputs[k] for k in given), tuple(body.outputs[k] for k in asked)),  # type: ignore[index]
                 replace(options, parallel=False))
    outputs = {k: Buffer("output" if k in results and n.shape else "temp", n.dtype, n.shape or (1,))
               for k in asked for n in [body.outputs[k]]}  # type: ignore[index]
    return Once(loop, [], outputs, [], [args[k] for k in given], step)  # type: ignore[arg-type]


def _rows(loop: Loop, k: int, kept: bool) -> int | Size:
    """How many of an output there are: a carry may be kept as it was before each step."""
    if loop.length is not None and (kept or k >= loop.body.carries):
        return loop.length if k >= loop.body.carries else sizes.add(loop.length, 1)
    return 1 if _is_sum(loop.body, k) else 2


def _live(body: Body, asked: set[int]) -> list[int]:
    """The outputs that are asked for, and the carries that they depend on."""
    while True:
        used = set(topological([body.outputs[k] for k in sorted(asked)]))
        more = {k for k in range(body.carries) if body.inputs[k] in used} - asked
        if not more:
            return sorted(asked)
        asked |= more


def _is_sum(body: Body, k: int) -> bool:
    """Whether a carry is what it was plus something that does not depend on it."""
    own, out = body.inputs[k], body.outputs[k]
    if out.op.name != "add" or own not in out.args or not own.shape:
        return False
    uses = [n for n in topological(body.outputs) for a in n.args if a is own]
    return len(uses) == 1 and own not in body.outputs and body.outputs.count(out) == 1 and not any(
        out in n.args for n in topological(body.outputs))

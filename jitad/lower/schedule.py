"""From scalars and stores to loops: what shares a loop, in which order.

At every level, reductions and stores over the same variable with no path between them become one loop; what does not
depend on a loop is computed before it. A loop that may run early or late goes where it shares most with others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from jitad.config import DEFAULT, MAX_STATEMENTS, Options
from jitad.errors import KernelSizeError
from jitad.ir.graph import Graph
from jitad.ir.node import Node, topological
from jitad.lower.apart import take_apart
from jitad.lower.beside import take_beside
from jitad.lower.between import take_rows
from jitad.lower.factors import share_factors
from jitad.lower.index import WORTH
from jitad.lower.late import check_late
from jitad.lower.lifetimes import reuse
from jitad.lower.lists import take_in_blocks
from jitad.lower.nest import Accumulate, Block, Call, Check, Let, Loop, Measure, Program, Repeat, Store
from jitad.lower.numbers import share_numbers
from jitad.lower.once import take_once
from jitad.lower.pack import pack
from jitad.lower.parallel import split
from jitad.lower.peel import peel
from jitad.lower.place import place
from jitad.lower.placed import Effect, Placed
from jitad.lower.rows import pad_rows
from jitad.lower.scalar import LOAD, REDUCE, TRIVIAL, Buffer, starts_after
from jitad.lower.skip import skip
from jitad.lower.triangle import halve
from jitad.lower.widen import widen
from jitad.lower.works import Work, grouped, inside, works_of

FAR_TOO_MANY = 10 * MAX_STATEMENTS  # even if most of them are in loops that are the same

def lower(graph: Graph, options: Options = DEFAULT, worth: int = WORTH) -> Program:
    """The loop nests of a graph; for `worth` see :func:`jitad.lower.place.place`."""
    placed = place(take_apart(take_beside(check_late(take_once(graph)))), options, worth)
    if not options.strict:
        halve(placed)
        widen(placed)
        share_factors(placed)
        pack(placed)
        share_numbers(placed)
    program = schedule(placed)
    peel(program, placed.elements)
    if not options.strict:
        take_in_blocks(program)
        pad_rows(program)
        take_rows(program, options.parallel)
    skip(program)
    read = program.read()  # the interiors of loops ask for copies, too
    program.packed = [b for b in placed.elements.packed.values() if b in read]
    program.guards = graph.guards
    return reuse(split(program) if options.parallel else program)


def schedule(placed: Placed) -> Program:
    """The loop nests of what was placed."""
    maker = _Maker(placed)
    done: set[Node] = set()
    block = Block()
    for checks in _check_groups(placed):
        block.steps += maker.block(0, [check.worst for check in checks], [], done).steps
        block.steps += checks
    scalars = placed.scalars()
    block.steps += maker.block(0, scalars, placed.effects, done).steps
    results = [o.value for o in placed.outputs if isinstance(o.value, Buffer)]
    scratch = [b for e in placed.effects if e.turns is not None for b in e.turns.scratch]
    made = dict.fromkeys([*(b for e in placed.effects if e.measures is None for b in e.written), *scratch,
                          *placed.zeroed, *results,
                          *(b for e in placed.effects for b in e.operands if b.kind != "input")])  # also if nothing fills them
    temporaries = [(b, b in placed.zeroed) for b in made]
    numbers = _numbers(block) if placed.pieces else None
    if numbers is not None:
        temporaries.append((numbers, False))
    return Program(placed.inputs, [], temporaries, block, placed.outputs, numbers=numbers)


def _numbers(block: Block) -> Buffer:
    """Memory for the scalars that are computed outside of loops, or by them."""
    count = sum(len(s.accumulators) if isinstance(s, Loop) else isinstance(s, Let) for s in block.steps)
    return Buffer("temp", np.dtype(float), (max(count, 1),))


def _check_groups(placed: Placed) -> list[list[Check]]:
    """Index checks: together those of plain arrays, then one by one those of indices that are looked up themselves."""

    def looks_up(check: Check) -> bool:
        loads = [n for n in topological([check.worst]) if n.op is LOAD]
        return any(m.op is LOAD for n in loads for m in topological(n.args))

    first = [c for c in placed.checks if not looks_up(c)]
    return [first, *([c] for c in placed.checks if looks_up(c))]


class _Maker:
    def __init__(self, placed: Placed):
        self.free, self.pieces = placed.elements.free, placed.pieces
        self.statements = 0

    def block(self, depth: int, wanted: Sequence[Node], effects: Sequence[Effect], done: set[Node]) -> Block:
        """Steps that compute `wanted` and do `effects`, inside `depth` loops; adds to `done`."""
        out = Block()
        for group in grouped(works_of(self.free, depth, wanted, effects, done, None if depth else self.pieces)):
            for work in group:
                self._lets(depth, work.nodes, done, out)
            if group[0].var is None:
                out.steps += map(_step, _effects(group))
            else:
                out.steps.append(self._loop(depth, group[0].var, group, done))
                done.update(_reductions(group))
        self._lets(depth, topological(wanted, stop=done.__contains__), done, out)
        return out

    def _lets(self, depth: int, nodes: Iterable[Node], done: set[Node], out: Block) -> None:
        for n in nodes:
            if n not in done and n.op.name not in TRIVIAL and n.op is not REDUCE and inside(self.free, depth, n):
                done.add(n)
                out.steps.append(Let(n))
                self.statements += 1
        if self.statements > FAR_TOO_MANY:
            raise KernelSizeError(
                f"the kernel would have more than {FAR_TOO_MANY} statements. Write array operations or jitad.scan instead of "
                "Python loops, take fewer steps in one function, or run it without compiling: with jitad.disable_jit()")

    def _loop(self, depth: int, var: Node, group: list[Work], done: set[Node]) -> Loop:
        sums = _reductions(group)
        body = self.block(depth + 1, [n.args[0] for n in sums], _effects(group), set(done))
        body.steps += [Accumulate(n) for n in sums]
        return Loop(depth, var.params[1], sums, body, starts_after(var) is not None)  # type: ignore[arg-type]


def _reductions(group: list[Work]) -> list[Node]:
    return [w.source for w in group if isinstance(w.source, Node)]


def _effects(group: list[Work]) -> list[Effect]:
    return [w.source for w in group if isinstance(w.source, Effect)]


def _step(e: Effect) -> Store | Measure | Call | Repeat:
    if e.measures is not None:
        return Measure(e.measures, e.value)
    if e.turns is not None:
        return Repeat(e.turns, e.idx)
    return Call(e.routine, e.buffer, e.operands, e.params) if e.routine else Store(e.buffer, e.idx, e.value, e.add)

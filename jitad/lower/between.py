"""Costly scalars between inner loops: taken eight turns of the outer loop at a time.

A logistic regression computes for each row of its data a product, of that an exponential and a logarithm, and with these adds to
the gradient. One by one, each row waits for the functions of the one before; in lanes all eight are computed at once, see
:mod:`jitad.emit.row_loops`.
"""

from __future__ import annotations

from collections.abc import Iterable

from jitad.ir.node import Node, topological
from jitad.ir.types import FLOAT
from jitad.lower.exact import compared
from jitad.lower.lanes import LANES_ONLY, WIDTH
from jitad.lower.lists import in_lanes
from jitad.lower.nest import Accumulate, Block, Let, Loop, Program, Stages, Step, Store, mentioned, walk
from jitad.lower.scalar import LOAD, Buffer, cost

FUNCTION = 20  # multiplications: what costs as much is worth it
BEFORE, BETWEEN, AFTER = 0, 1, 2


def take_rows(program: Program, in_parts: bool) -> None:
    """Mark the loops that are to be written so."""
    exact = compared(program.scalars(), program.stored())
    for step in walk(program.block):
        if isinstance(step, Loop) and not (step.after or step.in_blocks or step.interior):
            step.stages = found = _stages(step, exact)
            if found is not None and not in_parts:
                found.memory = Buffer("temp", FLOAT, (len(found.rows), WIDTH))
                program.temporaries.append((found.memory, False))


def _stages(loop: Loop, exact: set[Node]) -> Stages | None:
    """The stages of a turn, if it has any that are worth it."""
    steps = loop.body.steps
    if not any(isinstance(s, Loop) for s in steps) or (isinstance(loop.size, int) and loop.size < WIDTH):
        return None
    if not all(isinstance(s, (Let, Store, Accumulate, Loop)) for s in steps) or not _apart(loop):
        return None
    level, sums = _levels(steps)
    at = [[s for s in steps if level[id(s)] == k] for k in (BEFORE, BETWEEN, AFTER)]
    ends = [s for s in (*at[BEFORE], *at[BETWEEN]) if isinstance(s, (Accumulate, Store))]
    cheap = [s.node for s in at[BEFORE] if isinstance(s, Let)]
    own = [s.node for s in at[BETWEEN] if isinstance(s, Let)]
    asked = set(topological([*own, *_asked(ends)], stop=sums.__contains__))
    lanes: list[Step] = [*(Let(n) for n in cheap if n in asked), *(Let(n) for n in own), *ends]
    wanted = set(_asked(walk(Block(at[AFTER]))))
    kept = [n for n in (*own, *sums) if n in wanted and sums.get(n) != AFTER]
    used = wanted.union(_asked(ends), *(m.args for m in asked))
    found = [n for n in sums if sums[n] == BEFORE and n in used]
    if not any(cost(n) >= FUNCTION or n.op.name in LANES_ONLY for n in own) or any(cost(n) >= FUNCTION for n in cheap):
        return None
    if not all(in_lanes(s, exact) for s in lanes) or not all(n.dtype == FLOAT for n in (*found, *kept)):
        return None
    if any(n.op.name == "divide" for n in kept):  # which may be written as part of a product
        return None
    loops: list[Step] = [s for s in at[BEFORE] if isinstance(s, Loop)]
    there = {*own, *sums}
    return Stages([*_lets(cheap, loops, there), *loops], found, lanes, kept, [*_lets(cheap, at[AFTER], there), *at[AFTER]])


def _lets(nodes: list[Node], steps: list[Step], there: set[Node]) -> list[Step]:
    """Those of some scalars that steps need, where others are there."""
    asked = set(topological(_asked(walk(Block(list(steps)))), stop=there.__contains__))
    return [Let(n) for n in nodes if n in asked]


def _levels(steps: list[Step]) -> tuple[dict[int, int], dict[Node, int]]:
    """Of each step when it can be done, of sums of inner loops when that is."""
    level: dict[Node, int] = {}
    sums: dict[Node, int] = {}
    out: dict[int, int] = {}
    for s in steps:
        if isinstance(s, Loop):
            needs = max((level.get(n, BEFORE) for n in _asked(walk(Block([s])))), default=BEFORE)
            out[id(s)] = BEFORE if needs == BEFORE else AFTER
            for n in s.accumulators:
                sums[n] = out[id(s)]
                level[n] = BETWEEN if needs == BEFORE else AFTER
        else:
            asked = s.node.args if isinstance(s, Let) else _asked([s])
            out[id(s)] = max((level.get(n, BEFORE) for n in asked), default=BEFORE)
            if isinstance(s, Let):
                level[s.node] = out[id(s)]
    return out, sums


def _asked(steps: Iterable[Step]) -> list[Node]:
    """What steps, and those inside loops, are computed from."""
    out: list[Node] = []
    for s in steps:
        if isinstance(s, Let):
            out += s.node.args
        elif isinstance(s, Accumulate):
            out.append(s.term)
        else:
            out += mentioned(s)
    return out


def _apart(loop: Loop) -> bool:
    """Whether turns can be done stage by stage: nothing that is written is read."""
    steps = list(walk(loop.body))
    read = {s.node.params[0] for s in steps if isinstance(s, Let) and s.node.op is LOAD}
    return read.isdisjoint(s.buffer for s in steps if isinstance(s, Store))

"""Rows of four numbers where loops over lists add to rows of three: one read and one write each in place of two.

What such loops add to, forces on atoms say, gets a temporary with a column to spare, from which the three others are moved at the
end: once for each row, where a list names most of them many times.
"""

from __future__ import annotations

from dataclasses import replace

from jitad.ir.types import INT
from jitad.lower.lanes import COLUMNS
from jitad.lower.lists import Entries
from jitad.lower.nest import Block, Call, Let, Loop, Program, Step, Store, walk
from jitad.lower.scalar import Buffer, load, loop_var
from jitad.ops.leaf import constant


def pad_rows(program: Program) -> None:
    """Have loops in blocks add to rows that are read and written whole."""
    padded = {b: Buffer("temp", b.dtype, (b.shape[0], COLUMNS)) for b in _narrow(program)}
    stored = {s.buffer for s in walk(program.block) if isinstance(s, Call) or (isinstance(s, Store) and not s.add)}
    zeroed = {b for b, from_zero in program.temporaries if from_zero}
    last = {b: k for k, step in enumerate(program.block.steps) for b in padded if _adds_to(step, b)}  # the last of them
    blocks = [program.block]
    for loop in walk(program.block):
        if isinstance(loop, Loop):
            blocks += [loop.body, *([loop.interior.body] if loop.interior else ())]
    for block in blocks:
        block.steps = [_redirected(s, padded) for s in block.steps]
    out: list[Step] = []
    for k, step in enumerate(program.block.steps):
        out.append(step)
        out += [_moved(p, b, add=b in stored) for b, p in padded.items() if last[b] == k]
    program.block.steps = out
    program.temporaries = [(b, b in zeroed and (b not in padded or b in stored)) for b, _ in program.temporaries]
    program.temporaries += [(p, True) for p in padded.values()]


def _narrow(program: Program) -> dict[Buffer, None]:
    """Arrays of three columns whose rows loops in blocks add to."""
    return {b: None for loop in walk(program.block) if isinstance(loop, Loop) and loop.in_blocks
            for b, _ in Entries(loop).groups if len(b.shape) == 2 and b.shape[1] == COLUMNS - 1}


def _adds_to(step: Step, b: Buffer) -> bool:
    return any(isinstance(s, Store) and s.add and s.buffer is b for s in walk(Block([step])))


def _redirected(step: Step, padded: dict[Buffer, Buffer]) -> Step:
    return replace(step, buffer=padded[step.buffer]) if isinstance(step, Store) and step.add and step.buffer in padded else step


def _moved(source: Buffer, target: Buffer, add: bool) -> Loop:
    """A loop that moves rows of one array to another."""
    size = target.shape[0]
    row, body = loop_var(0, size), Block()
    for k in range(COLUMNS - 1):
        idx = (row, constant(k, INT))
        value = load(source, idx)
        body.steps += [Let(value), Store(target, idx, value, add)]
    return Loop(0, size, [], body)

"""Loops in parts that may run at once, for ``parallel=True``.

Every outermost loop is cut into a number of parts that its lengths decide about, whatever the number of threads, so that results
are the same from run to run. A part has its own partial sums, and its own copies of arrays to which other parts add as well;
afterwards they are added up in the order of the parts.
"""

from __future__ import annotations

from jitad.ir import sizes
from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.ir.types import BOOL
from jitad.lower.nest import Block, Let, Loop, Program, Split, Store, walk
from jitad.lower.scalar import Buffer, loop_var

PARTS = 16
TYPICAL = (1000, 1000), (1000, 8)  # lengths of first axes and of others, by which loops are compared
MINOR = 0.03  # of all work: what loops do that are left whole, as every loop in parts takes 0.6 s to compile


def split(program: Program) -> Program:
    """The program with its outermost loops cut into parts where that is possible."""
    temporaries = list(program.temporaries)
    loops = [s for s in program.block.steps if isinstance(s, Loop)]
    major = [n for lengths in TYPICAL for n in _major(loops, *lengths)]
    for k, step in enumerate(program.block.steps):
        if isinstance(step, Loop) and any(step is n for n in major):
            triangular = any(isinstance(s, Loop) and s.after for s in walk(step.body))
            shared = _shared(step)
            if shared is not None:
                partials = [(n, Buffer("temp", n.dtype, (PARTS,))) for n in step.accumulators]
                copies = [(b, Buffer("temp", b.dtype, (PARTS - 1, *b.shape), padded=b.padded)) for b in shared]
                temporaries += [(b, False) for _, b in (*partials, *copies)]
                copied: int | Size = 0
                for b in shared:
                    copied = sizes.add(copied, sizes.product(b.shape))
                checked = any(isinstance(s, Loop) and s.checks for s in walk(Block([step])))
                wrong = Buffer("temp", BOOL, (PARTS,)) if checked else None
                temporaries += [] if wrong is None else [(wrong, False)]
                program.block.steps[k] = Split(
                    step, PARTS, partials, copies, triangular, _work(step), copied, wrong)
    program.temporaries = temporaries
    return program


def _shared(loop: Loop) -> list[Buffer] | None:
    """Arrays to which several parts add; None if parts would be in each other's way."""
    var = loop_var(loop.depth, loop.size)
    stores: dict[Buffer, list[Store]] = {}
    for step in walk(Block([loop])):
        if isinstance(step, Store):
            stores.setdefault(step.buffer, []).append(step)
    out = []
    for buffer, found in stores.items():
        if not _is_owned(found, var):
            if not all(s.add for s in found):
                return None
            out.append(buffer)
    return out


def _is_owned(stores: list[Store], var: Node) -> bool:
    """Whether what is stored at one value of the loop variable is at a place of its own: one axis is indexed by it alone."""
    return any(all(s.idx[axis] is var for s in stores) for axis in range(len(stores[0].idx)))


def _major(loops: list[Loop], first: int, other: int) -> list[Loop]:
    """The loops but those that do little, where lengths are these."""
    works = {k: sizes.evaluate(_work(loop), lambda s: other if s.axis else first) for k, loop in enumerate(loops)}
    left = MINOR * sum(works.values())
    for k in sorted(works, key=works.__getitem__):
        left -= works[k]
        if left >= 0:
            del works[k]
    return [loops[k] for k in works]


def _work(loop: Loop) -> int | Size:
    """About how many scalars it computes."""
    inside: int | Size = sum(isinstance(s, (Let, Store)) for s in loop.body.steps) + 1
    for step in loop.body.steps:
        if isinstance(step, Loop):
            inside = sizes.add(inside, _work(step))
    return sizes.mul(loop.size, inside)

"""Loops in parts that may run at once, for ``parallel=True``.

Every outermost loop is cut into a number of parts that its lengths decide about, whatever the number of threads, so that results
are the same from run to run. A part has its own partial sums, and its own copies of arrays to which other parts add as well;
afterwards they are added up in the order of the parts. Where these add to their own part of an array and little of the next one,
no copies are needed: first every other part runs, then the rest.
"""

from __future__ import annotations

from typing import NamedTuple

from jitad.ir import sizes
from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.ir.types import BOOL
from jitad.lower.nest import Block, Let, Loop, Program, Split, Store, walk
from jitad.lower.scalar import Buffer, loop_var
from jitad.ops.arithmetic import add
from jitad.ops.leaf import constant_value

PARTS = 16
TYPICAL = (1000, 1000), (1000, 8)  # lengths of first axes and of others, by which loops are compared
MINOR = 0.05  # of all work: what loops do that are left whole, as every loop in parts takes 0.6 s to compile


def split(program: Program) -> Program:
    """The program with its outermost loops cut into parts where that is possible."""
    temporaries = list(program.temporaries)
    loops = [s for s in program.block.steps if isinstance(s, Loop)]
    major = [n for lengths in TYPICAL for n in _major(loops, *lengths)]
    for k, step in enumerate(program.block.steps):
        if isinstance(step, Loop) and any(step is n for n in major):
            triangular = any(isinstance(s, Loop) and s.after for s in walk(step.body))
            shared = _shared(step, triangular)
            if shared is not None:
                partials = [(n, Buffer("temp", n.dtype, (PARTS,))) for n in step.accumulators]
                copies = [(b, Buffer("temp", b.dtype, (PARTS - 1, *b.shape), padded=b.padded)) for b in shared.scattered]
                temporaries += [(b, False) for _, b in (*partials, *copies)]
                copied: int | Size = 0
                for b in shared.scattered:
                    copied = sizes.add(copied, sizes.product(b.shape))
                checked = any(isinstance(s, Loop) and s.checks for s in walk(Block([step])))
                wrong = Buffer("temp", BOOL, (PARTS,)) if checked else None
                temporaries += [] if wrong is None else [(wrong, False)]
                program.block.steps[k] = Split(
                    step, PARTS, partials, copies, shared.near, triangular, _work(step), copied, wrong)
    program.temporaries = temporaries
    return program


class Shared(NamedTuple):
    """Arrays to which several parts add anywhere; else how far parts reach into what the next one adds to."""

    scattered: list[Buffer]
    near: int


def _shared(loop: Loop, interleaved: bool) -> Shared | None:
    """What parts have in common; None if they would be in each other's way."""
    var = loop_var(loop.depth, loop.size)
    stores: dict[Buffer, list[Store]] = {}
    for step in walk(loop.body) if loop.interior is None else (*walk(loop.body), *walk(loop.interior.body)):
        if isinstance(step, Store):
            stores.setdefault(step.buffer, []).append(step)
    reach = {b: _reach(found, var) for b, found in stores.items()}
    shared = [b for b, r in reach.items() if r != 0]
    if not all(s.add for b in shared for s in stores[b]):
        return None
    near = [r for r in reach.values() if r is not None]
    return Shared(shared, 0) if interleaved or len(near) < len(reach) else Shared([], max(near, default=0))


def _reach(stores: list[Store], var: Node) -> int | None:
    """The most that what is stored at one value of the loop variable is apart along an axis where it goes with it; else None."""
    found = ([_ahead(s.idx[axis], var) for s in stores] for axis in range(len(stores[0].idx)))
    known = [[k for k in a if k is not None] for a in found if None not in a]
    return min((max(a) - min(a) for a in known), default=None)


def _ahead(index: Node, var: Node) -> int | None:
    """k where an index is the variable and k."""
    if index is var:
        return 0
    if index.op is add and index.args[0] is var and index.args[1].op.name == "constant":
        return int(constant_value(index.args[1]))  # type: ignore[call-overload]
    return None


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

"""Memory that is used again: a temporary lies where another one lay that is done with by then.

A network of many layers, differentiated, keeps what each layer gave; what it needs in between is needed for a moment. Arrays
of one shape take turns as they are. Of different shapes, those of two long axes and more do, in memory for the largest of them.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from jitad.ir import sizes
from jitad.ir.node import Node
from jitad.lower.memory import is_computed
from jitad.lower.nest import Block, Call, Let, Loop, Program, Repeat, Split, Step, Store, Turns, walk
from jitad.lower.scalar import LOAD, Buffer

LARGE = 2  # long axes


def reuse(program: Program) -> Program:
    """Have temporaries lie where others lay."""
    lives = _lives(program)
    kept = {o.value for o in program.outputs} | {program.numbers} | {b for b, zeroed in program.temporaries if zeroed}
    moving = [b for b, _ in program.temporaries
              if b in lives and b not in kept and b.kind == "temp" and not is_computed(b, program)]
    copies = {c for step in program.block.steps if isinstance(step, Split) for _, c in step.copies}  # of which fewer may be made
    kinds: dict[tuple, list[list[Buffer]]] = {}  # arrays that lie in the same memory, one after the other
    for b in sorted(moving, key=lives.__getitem__):
        rooms = kinds.setdefault((b in copies, *_kind(b)), [])
        free = [r for r in rooms if lives[r[-1]][1] < lives[b][0]]
        same = [r for r in free if r[-1].shape == b.shape] or free
        if same:
            max(same, key=lambda r: lives[r[-1]][1]).append(b)  # what was used last is the nearest
        else:
            rooms.append([b])
    homes: dict[Buffer, Buffer] = {}
    for room in (room for rooms in kinds.values() for room in rooms):
        if len(room) > 1:
            home = room[0] if all(b.shape == room[0].shape for b in room) else _room_for(room)
            homes |= {b: home for b in room if b is not home}
    own = [(b, zeroed) for b, zeroed in program.temporaries if b not in homes]
    program.temporaries = own + [(b, False) for b in dict.fromkeys(homes.values()) if (b, False) not in own]
    program.homes = homes
    return program


def _kind(b: Buffer) -> tuple:
    """What arrays have in common that may lie in the same memory."""
    large = not b.padded and sizes.degree(sizes.product(b.shape)) >= LARGE
    return (b.dtype,) if large else (b.dtype, b.padded, b.shape)


def _room_for(buffers: list[Buffer]) -> Buffer:
    """Memory in which each of them finds room."""
    first, *others = sorted({sizes.product(b.shape) for b in buffers}, key=sizes.key_of)
    most = functools.reduce(functools.partial(sizes.call, "max"), others, first)
    return Buffer("temp", buffers[0].dtype, (most,))


def _lives(program: Program) -> dict[Buffer, tuple[int, int]]:
    """The first and the last step that reads or writes an array."""
    out: dict[Buffer, tuple[int, int]] = {}
    for k, step in enumerate(program.block.steps):
        for b in _touched(step):
            out[b] = out.get(b, (k, k))[0], k
    return out


def _touched(step: Step) -> Iterator[Buffer]:
    """What a step reads and writes."""
    for s in walk(Block([step])):
        if isinstance(s, Let):
            yield from _read(s.node)
        elif isinstance(s, Store):
            yield s.buffer
        elif isinstance(s, Call):
            yield from (s.buffer, *s.operands)
        elif isinstance(s, Repeat):
            yield from _touched_by(s.turns)
        elif isinstance(s, Split):
            yield from (b for pair in s.copies for b in pair)
            yield from (b for _, b in s.partials)
            yield from [s.wrong] if s.wrong is not None else []
        if isinstance(s, (Loop, Split)):
            loop = s if isinstance(s, Loop) else s.loop
            yield from (b for check in loop.checks for n in check.reads for b in _read(n))
            if loop.stages is not None and loop.stages.memory is not None:
                yield loop.stages.memory


def _read(node: Node) -> list[Buffer]:
    return [node.params[0]] if node.op is LOAD else []  # type: ignore[list-item]


def _touched_by(turns: Turns) -> Iterator[Buffer]:
    """What a loop of steps is handed; with what is handed to the one that it has taken again."""
    yield from (*turns.operands, *turns.written, *turns.scratch)
    if turns.again is not None:
        yield from _touched_by(turns.again)

"""What memory a program needs besides its results: one array for each dtype, in which its buffers lie one after the other."""

from __future__ import annotations

import numpy as np

from jitad.ir import sizes
from jitad.ir.sizes import Size
from jitad.ir.types import Shape
from jitad.lower.lanes import WIDTH
from jitad.lower.nest import Program
from jitad.lower.scalar import Buffer


def work(program: Program) -> list[Buffer]:
    """Memory for what a kernel needs itself."""
    return [Buffer("work", dtype, (room(found),)) for dtype, found in scratch_of(program).items()]


def scratch_of(program: Program) -> dict[np.dtype, list[Buffer]]:
    """The buffers for what it needs itself, by dtype."""
    results = [o.value for o in program.outputs]
    found: dict[np.dtype, list[Buffer]] = {}
    for b in [*(b for b, _ in program.temporaries), *program.packed]:
        if b not in results and b.kind != "flat" and not is_computed(b):
            found.setdefault(b.dtype, []).append(b)
    return found


def is_computed(b: Buffer) -> bool:
    """Whether its length is known in the middle of the kernel only, which makes it there."""
    return any(map(sizes.computed, b.shape))


def room(buffers: list[Buffer]) -> int | Size:
    """How many elements they have together."""
    room: int | Size = 0
    for b in buffers:
        room = sizes.add(room, sizes.product(whole(b)))
    return room


def whole(b: Buffer) -> Shape:
    """The shape with the room behind the end of rows."""
    return (*b.shape[:-1], sizes.add(b.shape[-1], WIDTH)) if b.padded else b.shape

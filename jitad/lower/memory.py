"""What memory a program needs besides its results: one array for each dtype, in which its buffers lie one after the other."""

from __future__ import annotations

import functools

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
    """The buffers for what it needs itself, by dtype; rows that lie well beside one another first."""
    results = [o.value for o in program.outputs]
    found: dict[np.dtype, list[Buffer]] = {}
    for b in [*(b for b, _ in program.temporaries), *program.packed]:
        if b not in results and b.kind != "flat" and not is_computed(b, program):
            found.setdefault(b.dtype, []).append(b)
    return {dtype: sorted(buffers, key=lambda b: not b.padded) for dtype, buffers in found.items()}


def is_computed(b: Buffer, program: Program) -> bool:
    """Whether its length is known in the middle of the program only, which makes it there."""
    return any(s in program.measured for n in b.shape for s in sizes.computed(n))


def room(buffers: list[Buffer]) -> int | Size:
    """How many elements they take together, each of them whole vectors."""
    zero: int | Size = 0
    return functools.reduce(sizes.add, map(vectors, buffers), zero)


def vectors(b: Buffer) -> int | Size:
    """How many elements it takes, in whole vectors."""
    length = sizes.product(whole(b))
    return length if b.padded else sizes.mul(WIDTH, sizes.floordiv(sizes.add(length, WIDTH - 1), WIDTH))


def whole(b: Buffer) -> Shape:
    """The shape with the room behind the end of rows."""
    if not b.padded:
        return b.shape
    return *b.shape[:-1], sizes.call("spaced", sizes.add(b.shape[-1], WIDTH), b.dtype.itemsize, WIDTH)

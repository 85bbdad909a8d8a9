"""The memory of a kernel: what it needs besides its results, in one array for each dtype.

    memory0 = memory(s3, float64)
    u0 = shaped(memory0, 0, (3, s1))
    p0 = shaped(memory0, s2, (3, s1))
    clear(u0)

One array, as what several of them are taken from the system and given back by every call anew (glibc keeps up to twice the
largest one that it ever mapped), and so that they lie the same way to one another in every call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from jitad.emit.expression import Expressions
from jitad.emit.writer import Writer
from jitad.ir import sizes
from jitad.lower.memory import room, whole
from jitad.lower.nest import Block, Split
from jitad.lower.scalar import Buffer

Laid = tuple[Buffer, str, str]  # a buffer, where it begins in an array, and its shape


def count_of(split: Split, e: Expressions) -> str:
    """The name of how many parts there are of a loop, if they have copies."""
    return e.counts.setdefault(split, f"e{len(e.counts)}_4") if split.copies else str(split.parts)


def write_counts(block: Block, e: Expressions, w: Writer) -> dict[Buffer, str]:
    """Compute them; how many copies of each array there are, of those in the same memory as of that which has most."""
    splits = [s for s in block.steps if isinstance(s, Split) and s.copies]
    there: dict[str, dict[str, None]] = {}
    for split in splits:
        parts = count_of(split, e)
        w.line(f"{parts} = parts_for({e.size(split.work)}, {e.size(split.copied)}, {split.parts})")
        for _, copy in split.copies:
            there.setdefault(e.buffer(copy), {})[parts] = None
    most = {name: ", ".join(counts) for name, counts in there.items()}
    return {copy: f"({f'max({found})' if ',' in found else found} - 1)"
            for split in splits for _, copy in split.copies for found in [most[e.buffer(copy)]]}


def dtype_name(dtype: np.dtype) -> str:
    return "bool_" if dtype.kind == "b" else dtype.name


def views(name: str, laid: Sequence[Laid], e: Expressions, function: str = "shaped") -> list[str]:
    """The lines that make buffers of what lies in an array."""
    return [f"{e.buffer(b)} = {function}({name}, {start}, {shape})" for b, start, shape in laid]


def laid_out(buffers: Sequence[Buffer], e: Expressions, copies: Mapping[Buffer, str] = MappingProxyType({})
             ) -> tuple[list[Laid], str]:
    """Buffers one after the other, and the length of all; last are those that there are several of."""
    out, one, several = list[Laid](), list[Buffer](), list[str]()
    for b in sorted(buffers, key=copies.__contains__):
        start, shape = " + ".join([e.size(room(one)), *several]), e.shape(whole(b))
        if b in copies:
            shape = f"({copies[b]}, {shape.partition(', ')[2]}"
            several.append(f"{copies[b]}*{e.size(sizes.product(whole(b)[1:]))}")
        else:
            one.append(b)
        out.append((b, start, shape))
    return out, " + ".join([e.size(room(one)), *several])

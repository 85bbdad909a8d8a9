"""Loops whose interior is written apart from their ends, see :mod:`jitad.lower.peel`."""

from __future__ import annotations

from collections.abc import Callable

from jitad.emit.expression import Expressions
from jitad.emit.writer import Writer
from jitad.ir import sizes
from jitad.lower.nest import Block, Loop


def write_in_pieces(
    w: Writer, e: Expressions, write: Callable[[Block], None], loop: Loop, first: str = "0", end: str | None = None,
) -> None:
    """The ends of a loop, then what is between; of the whole loop, or of a part of it."""
    assert loop.interior is not None
    i, turn, inside = f"i{loop.depth}", f"e{loop.depth}", loop.interior
    start, stop = str(inside.start), e.size(inside.stop)
    if end is None:
        turns, before, skipped = (e.size(n) for n in (
            sizes.sub(loop.size, sizes.sub(inside.stop, inside.start)), inside.start, sizes.sub(inside.stop, inside.start)))
    else:
        before, skipped = f"{turn}_0", f"{turn}_1"
        w.line(f"{before} = max(min({end}, {start}) - {first}, 0)")
        w.line(f"{skipped} = max(min({end}, {stop}) - {first} - {before}, 0)")
        turns = f"{end} - {first} - {skipped}"
    with e.starting_late(loop), w.indented(f"for {turn} in range({turns}):"):
        ahead = " + ".join(x for x in (first, turn, skipped) if x != "0")
        behind = " + ".join(x for x in (first, turn) if x != "0")
        w.line(f"{i} = {behind} if {turn} < {before} else {ahead}" if before != "0" else f"{i} = {ahead}")
        write(loop.body)
    turns = f"{start}, {stop}" if end is None else f"{first} + {before}, {first} + {before} + {skipped}"
    with e.starting_late(loop), w.indented(f"for {i} in range({turns}):"):
        write(inside.body)

"""Loops that keep their carries in stretches: what the way back reads of many steps need not all lie in memory at once.

Carries before each step are kept for a loop that goes through the same steps the other way. If they are many, memory is given out
page by page as they are written, and read from afar: that costs more than to take cheap steps once more. So carries are kept in
so many rows: before every step of the stretch that the way back goes through next, and before some earlier ones, the marks. From
the last mark, the way back has the very same code take the steps again that lie before it, which leaves further marks, if these
are still too many. That is the binomial schedule: nothing does with fewer rows, if a step is taken so many times
(Griewank and Walther, Algorithm 799, ACM Trans. Math. Softw. 26 (2000) 19). As marks are gone through, stretches are longer.

How many rows there are is known when the kernel runs: of few steps, one for each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from jitad.ir import sizes
from jitad.ir.graph import Graph
from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.ir.types import INT
from jitad.lower.nest import Accumulate, Block, Check, Let, Loop, Program, Store
from jitad.lower.scalar import LOAD, Buffer, cost
from jitad.ops import scan
from jitad.ops.scan import arguments, loop_of

AT_ONCE = 2**25  # bytes of carries that are kept of cheap steps: above, the C library asks for fresh pages in every call
AT_MOST = 2**30  # of any
LEVELS = 1  # how many times more steps are taken of which the user says nothing
CHEAP = 2  # multiplications for each byte that is kept: a fresh byte costs 0.15 to 0.4 ns, a multiplication 0.07 to 0.3

Run = tuple  # the arguments of a loop and what it does: the same for all of its outputs
Marks = dict[int, tuple[Buffer, "int | None"]]  # of carries by number: an array, and the row of it, if it is one of several in it


def run_of(node: Node) -> Run:
    """Which loop a node is an output of."""
    return node.args, node.params[:3]


def read_backwards(graph: Graph, order: Sequence[Node]) -> dict[Run, set[Run]]:
    """Loops whose carries before each step are read by loops only that go the other way along them alone; and these."""
    readers: dict[Run, set[Run | None]] = {}
    for n in graph.outputs:
        if _is_history(n):
            readers.setdefault(run_of(n), set()).add(None)
    for n in order:
        along = set(_along(n)) if n.op.name == "scan" and n.params[1] is not None else set()
        for k, a in enumerate(n.args):
            if _is_history(a):
                goes = k in along and a.params[1] == n.params[1] and a.params[2] != n.params[2] and a not in (
                    b for j, b in enumerate(n.args) if j not in along)
                readers.setdefault(run_of(a), set()).add(run_of(n) if goes else None)
    found = {run: of for run, of in readers.items() if None not in of}
    along_one = Counter(reader for of in found.values() for reader in of)
    return {run: of for run, of in found.items() if all(along_one[reader] == 1 for reader in of)}  # type: ignore[misc]


def _is_history(node: Node) -> bool:
    return node.op.name == "scan" and node.params[1] is not None and node.params[3] >= len(node.params[0].outputs)  # type: ignore


def _along(node: Node) -> range:
    body = loop_of(node).body
    return range(body.carries, min(body.carries + body.slices, len(arguments(node))))


def rows_of(loop: scan.Loop, step: Program, carries: Iterable[int], kept: Iterable[int]) -> int | Size | None:
    """Before how many steps carries are kept at once; None if before all, or what marks keep besides is more than is kept now."""
    assert loop.length is not None
    if loop.body.levels:  # the user wants it so
        return _kept(loop, 0)
    if isinstance(loop.length, int):  # written out in the user's function: few
        return None
    wanted = set(kept)
    now, others = (_bytes(loop, [k for k in carries if (k in wanted) is is_kept]) for is_kept in (True, False))
    if not _covers(now, others):
        return None
    work = _work(step.block)
    cheap = work is not None and _covers(sizes.mul(CHEAP, now), work)
    most = sizes.floordiv(AT_ONCE if cheap else AT_MOST, sizes.add(sizes.add(now, others), INT.itemsize))
    return _kept(loop, most)


def _kept(loop: scan.Loop, most: int | Size) -> int | Size:
    assert loop.length is not None
    return sizes.call("kept", loop.length, loop.body.levels or LEVELS, most)


def starts_of(loop: scan.Loop) -> Buffer:
    """Where it is kept which mark is the last one, and then the step before which each is."""
    return Buffer("temp", INT, (sizes.add(_kept(loop, 0), 1),))


def _covers(a: int | Size, b: int | Size) -> bool:
    """Whether a is known to be at least b."""
    low = sizes.at_least(sizes.sub(a, b))
    return low is not None and low >= 0


def _work(block: Block) -> int | Size | None:
    """The multiplications of a step, if it is made of loops and arithmetic."""
    found: int | Size = 0
    for s in block.steps:
        if isinstance(s, Loop):
            inner = _work(s.body)
            if inner is None:
                return None
            found = sizes.add(found, sizes.mul(s.size, inner))
        elif isinstance(s, Let):
            found = sizes.add(found, 0 if s.node.op is LOAD else cost(s.node))
        elif not isinstance(s, (Store, Accumulate, Check)):
            return None
    return found


def _bytes(loop: scan.Loop, carries: Iterable[int]) -> int | Size:
    found: int | Size = 0
    for k in carries:
        n = loop.body.outputs[k]
        found = sizes.add(found, sizes.mul(n.dtype.itemsize, sizes.product(n.shape)))
    return found


def end_of(rows: int | Size) -> int | Size:
    """The row in which what a carry is at the end is kept: behind all others, and one for what follows the last step of these."""
    return sizes.add(rows, 1)


def marks_of(loop: scan.Loop, rows: int | Size, carries: Iterable[int]) -> Marks:
    """Where carries are kept that are not kept of every step: those that are numbers as rows of one array."""
    outputs = {k: loop.body.outputs[k] for k in carries}
    many = sizes.add(end_of(rows), 1)
    numbers: dict[np.dtype, list[int]] = {}
    for k, n in outputs.items():
        if not n.shape:
            numbers.setdefault(n.dtype, []).append(k)
    together = {dtype: Buffer("temp", dtype, (len(found), many)) for dtype, found in numbers.items()}
    return {k: (Buffer("temp", n.dtype, (many, *n.shape)), None) if n.shape else
            (together[n.dtype], numbers[n.dtype].index(k)) for k, n in outputs.items()}

"""Innermost loops without their ends: inside, what is asked of the ends of an array is known.

``np.roll``, slices and their derivatives ask at every index whether a neighbour is there. All but the first and last few turns
are written again with the answers put in, so that neighbours are loads at constant distances::

    for e0 in range(s2):                     # the ends
        i0 = e0 if e0 < 1 else e0 + s3
        v2 = i0 + -1
        v3 = v2 if 0 <= v2 else 0
        ...
    for i0 in range(1, s1):
        v9 = a0[uint64(i0 + -1)]
        ...
"""

from __future__ import annotations

from jitad.ir import sizes
from jitad.ir.node import Node, topological
from jitad.ir.sizes import Size, at_least
from jitad.ir.types import BOOL, INT
from jitad.lower.bounds import counted
from jitad.lower.choices import as_size
from jitad.lower.index import Elements
from jitad.lower.nest import Accumulate, Block, Interior, Let, Loop, Program, Store, walk
from jitad.lower.scalar import LOAD, REDUCE, TRIVIAL, loop_var
from jitad.ops.leaf import constant

MOST = 4  # turns at one end
LONGEST = 150  # statements that may be written twice


def peel(program: Program, e: Elements) -> None:
    """Give innermost loops an interior where that is simpler."""
    for step in walk(program.block):
        if isinstance(step, Loop) and not step.after:
            step.interior = _interior(step, e)


def _interior(loop: Loop, e: Elements) -> Interior | None:
    steps = loop.body.steps
    if len(steps) > LONGEST or not all(isinstance(s, (Let, Store, Accumulate)) for s in steps):
        return None
    if any(isinstance(s, Store) and any(n.op is LOAD for n in topological(s.idx)) for s in steps):
        return None
    inside = [s.node for s in steps if isinstance(s, Let)]
    written = {s.buffer for s in steps if isinstance(s, Store)}
    if any(n.op is LOAD and n.params[0] in written for n in inside):
        return None
    var = loop_var(loop.depth, loop.size)
    known: dict[Node, Node] = {}
    low = high = 0
    for n in inside:
        found = _known_between(n, var, loop.size)
        if found is not None:
            first, last, answer = found
            low, high, known[n] = max(low, first), max(high, last), constant(answer, BOOL)
    room = at_least(sizes.sub(loop.size, low + high))
    if not known or room is None or room < 0:
        return None
    stores = [s for s in steps if isinstance(s, Store)]
    sums = [s.node for s in steps if isinstance(s, Accumulate)]
    before = [*(n.args[0] for n in sums), *(n for s in stores for n in (*s.idx, s.value))]
    there = _outside(before, set(inside))
    roots = e.substituted(before, known)
    needed = topological(roots, stop=lambda n: n in there or n.op is REDUCE)
    body = Block([Let(n) for n in needed if n.op.name not in TRIVIAL])
    rest = iter(roots)
    body.steps += [Accumulate(n, value) for n, value in [(n, next(rest)) for n in sums]]
    body.steps += [Store(s.buffer, tuple(next(rest) for _ in s.idx), next(rest), s.add) for s in stores]
    return Interior(low, sizes.sub(loop.size, high), body)


def _outside(roots: list[Node], inside: set[Node]) -> set[Node]:
    """What the body takes from around itself; what only other loops compute, in sums, is not there."""
    found: set[Node] = set()
    stack, seen = list(roots), set(roots)
    while stack:
        n = stack.pop()
        if n not in inside and n.op.name not in TRIVIAL:
            found.add(n)
        elif n.op is not REDUCE:
            stack += [a for a in n.args if a not in seen]
            seen.update(n.args)
    return found


def _known_between(n: Node, var: Node, size: int | Size) -> tuple[int, int, bool] | None:
    """How many turns at the start and at the end have to be left out for a comparison to have one answer, and that answer."""
    if n.op.name not in ("less", "less_equal", "equal", "not_equal") or n.args[0].dtype != INT:
        return None
    for x, y in (n.args, n.args[::-1]):
        (place, ahead), bound = counted(x), as_size(y)
        if place is not var or bound is None:
            continue
        turn = sizes.sub(bound, ahead)  # where they are equal
        if n.op.name in ("equal", "not_equal"):
            return _apart(turn, sizes.add(turn, 1), size, n.op.name == "not_equal", n.op.name == "not_equal")
        is_less = x is n.args[0]  # var < turn, var <= turn; or turn < var, turn <= var
        if is_less == (n.op.name == "less_equal"):
            turn = sizes.add(turn, 1)
        return _apart(turn, turn, size, not is_less, is_less)
    return None


def _apart(turn: int | Size, behind: int | Size, size: int | Size, later: bool, before: bool) -> tuple[int, int, bool] | None:
    """The same where the answer is `before` up to `turn` and `later` from `behind` on."""
    if isinstance(behind, int) and 0 < behind <= MOST:
        return behind, 0, later
    left = sizes.sub(size, turn)
    if isinstance(left, int) and 0 < left <= MOST:
        return 0, left, before
    return None

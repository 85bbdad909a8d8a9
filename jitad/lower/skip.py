"""Sums that nobody asks for: inner loops whose results count under a condition only, which is known before them.

Where arrays are padded, parts of them put together, or triangles filled, an element is ``sum(..) if i < 10 else 0``. Both
branches of a choice are computed, as that is what vectors do; a loop is left out instead::

    v1 = i0 < 10
    v2 = 0.0
    if v1:
        for i1 in range(n1):
            v2 += ...
    v3 = v2 if v1 else 0.0
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.lower.nest import Accumulate, Block, Let, Loop, Program, Step, Store, mentioned, walk
from jitad.lower.scalar import TRIVIAL

Conditions = frozenset[Node]  # all of which hold where something counts


def skip(program: Program) -> None:
    """Find out when inner loops count."""
    for step in walk(program.block):
        if isinstance(step, Loop) and not step.in_blocks and step.stages is None and step.interior is None:
            _inside(step.body.steps)


def _inside(steps: list[Step]) -> None:
    counts: dict[Node, Conditions] = {}  # when

    def asked(n: Node, when: Conditions) -> None:
        counts[n] = counts[n] & when if n in counts else when

    for k in reversed(range(len(steps))):
        step = steps[k]
        if isinstance(step, Let):
            when = counts.get(step.node, frozenset())
            args = step.node.args
            if step.node.op.name == "select":
                asked(args[0], when)
                asked(args[1], when | {args[0]})
                asked(args[2], when)
            else:
                for a in args:
                    asked(a, when)
            continue
        if isinstance(step, Loop):
            step.only_if = _condition(step, steps[:k], counts)
        for n in (n for s in walk(Block([step])) for n in _read(s)):
            asked(n, frozenset())


def _read(step: Step) -> Sequence[Node]:
    """The scalars that a step itself reads."""
    if isinstance(step, Accumulate):  # the term, not what it is added to
        return (step.term,)
    return step.node.args if isinstance(step, Let) else mentioned(step)


def _condition(loop: Loop, before: list[Step], counts: dict[Node, Conditions]) -> Node | None:
    """What has to hold for any result of a loop to count."""
    if not isinstance(loop.size, Size) or loop.after or any(isinstance(s, Store) for s in walk(loop.body)):
        return None
    common = reduce(Conditions.__and__, (counts.get(n, frozenset()) for n in loop.accumulators))
    known = [s.node for s in before if isinstance(s, Let) and s.node in common and s.node.op.name not in TRIVIAL]
    return known[0] if known else None

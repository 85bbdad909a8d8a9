"""Equal functions in straight-line code, several at a time: in lanes.

What is outside of loops, and the steps of loops over small arrays, calls one function for one number after the other. Calls
that do not need one another, of which there are some, are taken together::

    p0_0 = sin(pack((v3, v8, v12, v17, v17, v17, v17, v17)))
    v4 = lane(p0_0, int64(0))
    ...

Statements keep their order but for what has to be there before: a function is called when the last of its arguments is there.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from jitad.emit.expression import Expressions
from jitad.emit.writer import Writer
from jitad.ir.node import Node, topological
from jitad.ir.types import FLOAT
from jitad.lower.lanes import WIDTH
from jitad.lower.nest import Let, Step, Store
from jitad.lower.scalar import LOAD, Buffer
from jitad.ops.declare import Elementwise

WORTH = {  # as many calls: of fewer, the lanes that are left over cost more
    **dict.fromkeys(("exp", "expm1", "log", "log1p", "tanh"), 3),
    **dict.fromkeys(("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "erf", "erfc"), 4)}


@dataclass(frozen=True)
class Pack:
    """Calls of one function for several numbers."""

    nodes: tuple[Node, ...]

    def write(self, w: Writer, e: Expressions, number: int) -> None:
        """The call, and its results one by one."""
        function = self.nodes[0].op.code.partition("(")[0]  # type: ignore[attr-defined]
        arguments = [e.name(n.args[0]) for n in self.nodes]
        arguments += arguments[-1:] * (WIDTH - len(arguments))
        w.line(f"p{number}_0 = {function}(pack(({', '.join(arguments)})))")
        for k, n in enumerate(self.nodes):
            w.line(f"{e.name(n)} = lane(p{number}_0, int64({k}))")


def packed(steps: Sequence[Step], homes: Mapping[Buffer, Buffer], scalar: Callable[[Node], bool]) -> list[Step | Pack]:
    """The steps of a block, with such calls taken together; but those of which this is said. `homes` is where arrays lie."""
    out: list[Step | Pack] = []
    run: list[Let | Store] = []
    for step in steps:
        if isinstance(step, (Let, Store)):
            run.append(step)
        else:
            out += [*_in_run(run, homes, scalar), step]
            run = []
    return [*out, *_in_run(run, homes, scalar)]


def _in_run(steps: list[Let | Store], homes: Mapping[Buffer, Buffer], scalar: Callable[[Node], bool]) -> Sequence[Step | Pack]:
    """The same for steps that follow one another."""
    candidates = {k for k, s in enumerate(steps) if isinstance(s, Let) and _is_function(s.node) and not scalar(s.node)}
    if len(candidates) < min(WORTH.values()):
        return steps
    needs = _needs(steps, homes)
    level = [0] * len(steps)  # how many functions are called one after the other before
    groups: dict[tuple[str, int], list[int]] = {}
    for k, before in enumerate(needs):
        level[k] = max((level[j] + (j in candidates) for j in before), default=0)
        if k in candidates:
            groups.setdefault((steps[k].node.op.name, level[k]), []).append(k)  # type: ignore[union-attr]
    chunks = [(name, g[k : k + WIDTH]) for (name, _), g in groups.items() for k in range(0, len(g), WIDTH)]
    packs = {k: chunk for name, chunk in chunks if len(chunk) >= WORTH[name] for k in chunk}
    return _ordered(steps, needs, packs) if packs else steps


def _is_function(n: Node) -> bool:
    return n.op.name in WORTH and n.dtype == FLOAT and isinstance(n.op, Elementwise)


def _needs(steps: Sequence[Let | Store], homes: Mapping[Buffer, Buffer]) -> list[set[int]]:
    """Of each step those before it that have to be done first."""
    below: dict[Node, frozenset[int]] = {}  # the steps that a scalar is made of, or the one that it is
    last: dict[Buffer, list[int]] = {}  # the last store to an array, and what has read it since
    out = []
    for k, s in enumerate(steps):
        operands = s.node.args if isinstance(s, Let) else (*s.idx, s.value)
        for n in topological(operands, stop=below.__contains__):  # what is no step: from before, or written where it is used
            below[n] = frozenset().union(*(below[a] for a in n.args))
        before = set().union(*(below[n] for n in operands))
        if isinstance(s, Store):
            there = homes.get(s.buffer, s.buffer)
            before.update(last.get(there, ()))
            last[there] = [k]
        else:
            below[s.node] = frozenset((k,))
            if s.node.op is LOAD:
                read: Buffer = s.node.params[0]  # type: ignore[assignment]
                since = last.setdefault(homes.get(read, read), [])
                before.update(since[:1])
                since.append(k)
        out.append(before)
    return out


def _ordered(steps: Sequence[Let | Store], needs: list[set[int]], packs: dict[int, list[int]]) -> list[Step | Pack]:
    """The steps in an order in which each comes after what it needs, otherwise as they were."""
    unit = [packs[k][-1] if k in packs else k for k in range(len(steps))]  # a pack is where its last call was
    waits: dict[int, set[int]] = {}
    for k, before in enumerate(needs):
        waits.setdefault(unit[k], set()).update(unit[j] for j in before)
    users: dict[int, list[int]] = {}
    for k, before in waits.items():
        for j in before:
            users.setdefault(j, []).append(k)
    left = {k: len(before) for k, before in waits.items()}
    ready = [k for k, n in left.items() if n == 0]
    heapq.heapify(ready)
    out: list[Step | Pack] = []
    while ready:
        k = heapq.heappop(ready)
        out.append(Pack(tuple(steps[j].node for j in packs[k])) if k in packs else steps[k])  # type: ignore[union-attr]
        for j in users.get(k, ()):
            left[j] -= 1
            if left[j] == 0:
                heapq.heappush(ready, j)
    assert len(out) == len(waits)
    return out

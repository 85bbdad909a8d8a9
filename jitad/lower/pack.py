"""Arguments whose rows an inner loop walks over, again and again: from a copy with the first axis last.

``for k: for j: for n: z[k, n] += a[n, j] * l[k, j]`` reads one number of each row of a, for every k. A copy is made once, and is
read side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jitad.ir.node import Node, topological
from jitad.lower.placed import Effect, Placed
from jitad.lower.scalar import LOAD, REDUCE, Buffer, load, loop_var, starts_after, variable


@dataclass(frozen=True)
class _Inner:
    """A loop that has no other in it, and what it computes inside the loops `around`."""

    var: Node
    roots: list[Node]
    around: frozenset[Node]


def pack(placed: Placed) -> None:
    """Have inner loops read copies of arguments where that pays."""
    e = placed.elements
    copies: dict[Buffer, Buffer] = {}
    packed: dict[Node, Buffer] = {}
    for loop in _loops(placed):
        if starts_after(loop.var) is not None:
            continue
        for n in topological(loop.roots, stop=lambda n: loop.var not in e.free(n)):
            if n.op is LOAD and _walks_over_rows(placed, n, loop):
                b: Buffer = n.params[0]  # type: ignore[assignment]
                packed[n] = copies.setdefault(b, Buffer("temp", b.dtype, (*b.shape[1:], b.shape[0])))
    if not copies:
        return

    def moved(n: Node, args: tuple[Node, ...]) -> Node | None:
        if n in packed:
            return load(packed[n], (*args[1:], args[0]))
        if n.op is LOAD and n.params[0].fixed and n.params[0].source in copies:  # a column that has a copy of its own
            return load(copies[n.params[0].source], (*map(e.int, n.params[0].fixed), *args))
        return None

    effects, placed.outputs = placed.rewritten(moved)
    made = []
    for b, copy in copies.items():
        loops = tuple(loop_var(k, n) for k, n in enumerate(copy.shape))
        made.append(Effect(loops, copy, loops, load(b, (loops[-1], *loops[:-1]))))
    placed.effects = made + effects


def _loops(placed: Placed) -> Iterator[_Inner]:
    e = placed.elements
    for n in topological(placed.roots()):
        if n.op is REDUCE:
            yield _Inner(variable(n), [n.args[0]], e.free(n.args[0]))
    for s in placed.effects:
        if s.loops:
            yield _Inner(s.loops[-1], [*s.idx, s.value], frozenset(s.loops))


def _walks_over_rows(placed: Placed, n: Node, loop: _Inner) -> bool:
    e = placed.elements
    b: Buffer = n.params[0]  # type: ignore[assignment]
    first, *others = n.args
    return (b.kind == "input" and first is loop.var and bool(others) and not any(loop.var in e.free(i) for i in others)
            and any(i.op.name != "constant" for i in others) and e.depth(n) == loop.var.params[0] + 1  # type: ignore[operator]
            and bool(loop.around - e.free(n)))

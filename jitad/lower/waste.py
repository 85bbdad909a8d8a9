"""What is computed again and again, and had better be stored.

The scalars are looked at: a costly expression of an outer index in an inner loop, a sum that is used at several indices, and what
several loops compute, one after the other.
"""

from __future__ import annotations

from jitad.ir.node import Node, topological
from jitad.lower.index import Elements, Index
from jitad.lower.placed import Placed
from jitad.lower.scalar import LOAD, LOOP_VAR, REDUCE, cost, work
from jitad.lower.storable import Storable
from jitad.lower.works import outermost

COSTLY = 2  # multiplications


def repeated(placed: Placed, order: list[Node], storable: Storable, worth: int) -> list[Node]:
    """Nodes of which elements are computed in several loops, one after the other, at more cost than storing them.

    From results to operands: what is stored asks for its operands once, in the first loop that needs it; all else in every loop.
    """
    arrays = arrays_of(placed, storable)
    asked: dict[Node, dict[int, None]] = {}  # scalars: the loops, in order, that compute them
    groups = outermost(placed)
    roots: list[Node] = []
    for k, group in enumerate(groups):
        for n in (n for w in group for n in w.roots()):
            asked.setdefault(n, {})[k] = None
            roots.append(n)
    own = {w.source for group in groups for w in group}
    out: dict[Node, None] = {}
    for n in reversed(topological(roots)):
        loops = asked.get(n, {})
        if n in own:  # a reduction, whose loop has asked already
            continue
        if len(loops) > 1 and n in arrays and (len(loops) - 1) * work(n, worth) >= worth:
            out[arrays[n]] = None
            loops = dict.fromkeys([min(loops)])
        for a in n.args:
            asked.setdefault(a, {}).update(loops)
    return list(out)


def arrays_of(placed: Placed, storable: Storable) -> dict[Node, Node]:
    """For scalars the array that they are an element of, at the index of a loop, if it may be stored."""
    found: dict[Node, Node] = {}
    for (node, idx), value in placed.elements.memo.items():
        places = [i for i in idx if i.op.name != "constant"]
        if all(i.op is LOOP_VAR for i in places) and len(set(places)) == len(places) and node not in placed.elements.buffers:
            found[value] = node
    return {v: n for v, n in found.items() if v.args and v.op is not LOAD and storable(n)}


def wasteful(placed: Placed, order: list[Node], storable: Storable) -> list[Node]:
    """Nodes that should be stored: costly, used in a larger loop than their own, and small enough."""
    e = placed.elements
    spread = {n.args[0] for n in order if n.op.name in ("broadcast", "gather")}
    spread |= {a for n in order if n.op.name == "contract" for a in n.args}
    left = set(topological(placed.roots()))  # of what was written, after all that came to nothing
    at: dict[Node, list[tuple[Index, Node]]] = {}
    for (node, idx), value in e.memo.items():
        at.setdefault(node, []).append((idx, value))
    out = []
    for node, found in at.items():
        if node in e.buffers or not storable.takes_computing(node):
            continue
        used = [(idx, v) for idx, v in found if _core(e, v) in left]
        if node.op.name == "contract" and any(v.op is REDUCE for _, v in used) and _again(e, used):
            out.append(node)
        elif not storable.affordable(node):
            continue
        elif (node in spread and any(_wasted(e, v, left) for _, v in found)) or (
                _is_sum(node, used) and (_again(e, used) or any(_wasted(e, v, left) for _, v in found))):
            out.append(node)
    return out


def _core(e: Elements, value: Node) -> Node:
    """A scalar without its sign and number."""
    return e.coefficient(value.args[0] if value.op.name == "negative" else value)[1]


def _is_sum(node: Node, found: list[tuple[Index, Node]]) -> bool:
    return node.op.name in ("sum", "prod", "max", "min", "contract", "scatter_add") and any(
        v.op is REDUCE for _, v in found)


def _again(e: Elements, found: list[tuple[Index, Node]]) -> bool:
    """Whether a sum is needed at more than one index of its long axes."""
    return len({tuple(i for i in idx if i.op.name != "constant") for idx, _ in found}) > 1


def _wasted(e: Elements, value: Node, left: set[Node]) -> bool:
    """Whether something in it that is `left`, and no mere load, would be computed again in a loop that it does not depend on."""
    again = [n for n in topological([value], stop=lambda n: not _gap(e, n)) if n.dtype.kind == "f" and n.op is not LOAD]
    return sum(cost(n) for n in again if n in left) >= COSTLY


def _gap(e: Elements, value: Node) -> bool:
    depths = {v.params[0] for v in e.free(value)}
    return bool(depths) and len(depths) <= max(depths)  # type: ignore[operator, type-var]

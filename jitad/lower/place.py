"""What gets an array: store small, recompute big.

Outputs are stored, and scatters by index arrays. Anything else starts as recomputed where it is used; then the scalars
are looked at, and what would be computed again and again in an outer loop (a costly expression of the inner index, a sum used at
several indices) is stored and everything lowered anew, unless storing it would take more memory than the arguments do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from jitad.ir import sizes
from jitad.ir.graph import Graph
from jitad.ir.node import Node, topological
from jitad.ir.sizes import Size
from jitad.lower.checks import index_checks
from jitad.lower.index import Elements, Index, Revisited, is_structured, unrolled_axes
from jitad.lower.nest import Check, Output
from jitad.lower.scalar import REDUCE, Buffer
from jitad.ops.declare import Elementwise
from jitad.ops.routine import Routine

COSTLY = 8


@dataclass(frozen=True)
class Effect:
    """A store in loops: ``for loops: buffer[idx] (+)= value``; or, with operands, a routine that fills the buffer."""

    loops: tuple[Node, ...]
    buffer: Buffer
    idx: Index
    value: Node
    add: bool = False
    routine: str = ""
    operands: tuple[Buffer, ...] = ()
    params: tuple = ()


@dataclass
class Placed:
    """A graph as scalars: effects on buffers, scalar results, index checks."""

    elements: Elements
    inputs: list[Buffer]
    effects: list[Effect] = field(default_factory=list)
    zeroed: dict[Buffer, None] = field(default_factory=dict)  # in order
    outputs: list[Output] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)


def place(graph: Graph) -> Placed:
    """Decide what is stored, and write everything as scalars."""
    order = graph.nodes()
    bases = [_base(o) for o in graph.outputs]
    stored = dict.fromkeys(b for b in bases if b.shape)
    pushed = {n: is_push(n) for n in order}
    uses = _uses(order, graph)
    covered = {t for n in stored for _, t in _terms(n, lambda m: uses[m] == 1) if pushed.get(t) and t is not n}
    stored |= dict.fromkeys(n for n in order if pushed[n] and not (n in covered and uses[n] == 1))
    routines = [n for n in order if isinstance(n.op, Routine)]
    stored |= dict.fromkeys(m for n in routines for m in (n, *n.op.operands(n)) if m not in graph.inputs)  # type: ignore
    while True:
        try:
            placed = _lower(graph, [n for n in order if n in stored], pushed)
        except Revisited as found:
            stored[found.node] = None
            continue
        more = [n for n in _wasteful(placed, order, graph) if n not in stored]
        if not more:
            return placed
        stored |= dict.fromkeys(more)


def is_push(node: Node) -> bool:
    """A scatter by index arrays from memory: it has to be pushed."""
    return node.op.name == "scatter_add" and not all(is_structured(i) for i in node.args[1:])


def _base(node: Node) -> Node:
    """Below reshapes: the array that is stored for an output."""
    while node.op.name == "reshape" and node.shape and node.args[0].shape:
        node = node.args[0]
    return node


def _uses(order: list[Node], graph: Graph) -> dict[Node, int]:
    uses = dict.fromkeys(order, 0)
    for n in [*(a for m in order for a in m.args), *graph.outputs]:
        uses[n] += 1
    return uses


def _terms(node: Node, through: Callable[[Node], bool] = lambda n: True) -> list[tuple[int, Node]]:
    """The terms of a sum, through additions, differences and signs, and below it through what `through` holds of."""
    out, stack = [], [(1, node)]
    while stack:
        s, n = stack.pop()
        if n is not node and not through(n):
            out.append((s, n))
        elif n.op.name in ("add", "subtract"):
            stack.append((s if n.op.name == "add" else -s, n.args[1]))
            stack.append((s, n.args[0]))
        elif n.op.name == "negative":
            stack.append((-s, n.args[0]))
        else:
            out.append((s, n))
    return out


def _lower(graph: Graph, stored: list[Node], pushed: dict[Node, bool]) -> Placed:
    inputs = {n: Buffer("input", n.dtype, n.shape, position=k) for k, n in enumerate(graph.inputs)}
    outputs = {_base(o) for o in graph.outputs}
    buffers = {n: Buffer("output" if n in outputs else "temp", n.dtype, n.shape) for n in stored}
    e = Elements({**buffers, **inputs}, lambda n: _is_storable(n) and _affordable(n, graph))
    before = Elements(inputs)  # index checks come first: they may not read what is stored later
    before.packed = e.packed
    placed = Placed(e, list(inputs.values()), checks=index_checks(graph, before))
    for node in stored:
        _effects(placed, node, buffers[node], pushed)
    for out in graph.outputs:
        base = _base(out)
        value = buffers[base] if base.shape else e.value(base, ())
        placed.outputs.append(Output(value, out.shape))
    return placed


def _points(e: Elements, shape: tuple) -> tuple[tuple[Node, ...], list[Index]]:
    variables, points = e.loops(shape, ())
    return tuple(variables), [tuple(p) for p in points]


def _effects(placed: Placed, node: Node, buffer: Buffer, pushed: dict[Node, bool]) -> None:
    """The stores that fill one buffer: first what is not pushed, then the pushes."""
    e = placed.elements
    if isinstance(node.op, Routine):
        operands = tuple(e.buffers[a] for a in node.op.operands(node))
        placed.effects.append(Effect((), buffer, (), e.zero(node.dtype), routine=node.op.name, operands=operands,
                                     params=node.params))
        return
    terms = _terms(node)
    pushes = [(s, t) for s, t in terms if pushed[t] and (t is node or t not in e.buffers)]
    rest = [(s, t) for s, t in terms if (s, t) not in pushes]
    if pushes and not rest:
        placed.zeroed[buffer] = None
    else:
        loops, points = _points(e, node.shape)
        for p in points:
            if not pushes:
                value = e.load(e.buffers[node], p) if node.op.name == "input" else e.computed(node, p)
            else:
                value = e.zero(node.dtype)
                for s, t in rest:
                    x = e.value(t, p)
                    value = e.add(value, x) if s > 0 else e.sub(value, x)
            placed.effects.append(Effect(loops, buffer, p, value))
    for s, t in pushes:
        _push(placed, t, s, buffer)


def _push(placed: Placed, node: Node, sign: int, buffer: Buffer) -> None:
    e = placed.elements
    updates, *index = node.args
    loops, points = _points(e, updates.shape)
    for p in points:
        place = tuple(e.wrapped(e.value(i, p[: i.ndim]), n) for i, n in zip(index, node.shape, strict=False))
        value = e.value(updates, p)
        placed.effects.append(
            Effect(loops, buffer, (*place, *p[index[0].ndim :]), value if sign > 0 else e.neg(value), add=True))


# Looking for waste.


def _wasteful(placed: Placed, order: list[Node], graph: Graph) -> list[Node]:
    """Nodes that should be stored: costly, used in a larger loop than their own, and small enough."""
    e = placed.elements
    spread = {n.args[0] for n in order if n.op.name in ("broadcast", "gather")}
    at: dict[Node, list[tuple[Index, Node]]] = {}
    for (node, idx), value in e.memo.items():
        at.setdefault(node, []).append((idx, value))
    out = []
    for node, found in at.items():
        if node in e.buffers or not _is_storable(node):
            continue
        if node.op.name == "contract" and any(v.op is REDUCE for _, v in found) and _again(e, found):
            out.append(node)
        elif not _affordable(node, graph):
            continue
        elif (node in spread and any(_wasted(e, v) for _, v in found)) or (
                _is_sum(node, found) and (_again(e, found) or any(_wasted(e, v) for _, v in found))):
            out.append(node)
    return out


def _is_storable(node: Node) -> bool:
    """Whether a node has long axes and is no index arithmetic."""
    return not (all(unrolled_axes(node.shape)) or is_structured(node))


def _is_sum(node: Node, found: list[tuple[Index, Node]]) -> bool:
    return node.op.name in ("sum", "prod", "max", "min", "contract", "scatter_add") and any(
        v.op is REDUCE for _, v in found)


def _again(e: Elements, found: list[tuple[Index, Node]]) -> bool:
    """Whether a sum is needed at more than one index of its long axes."""
    return len({tuple(i for i in idx if i.op.name != "constant") for idx, _ in found}) > 1


def _wasted(e: Elements, value: Node) -> bool:
    """Whether something costly in it would be computed again in a loop that it does not depend on."""
    return any(_gap(e, n) and cost(n) >= COSTLY for n in topological([value], stop=lambda n: not _gap(e, n)))


def _gap(e: Elements, value: Node) -> bool:
    depths = {v.params[0] for v in e.free(value)}
    return bool(depths) and len(depths) <= max(depths)  # type: ignore[operator, type-var]


def cost(node: Node) -> int:
    if node.op is REDUCE:
        return 100
    return node.op.cost if isinstance(node.op, Elementwise) else 1


def _monomials(nodes: list[Node]) -> list[dict]:
    found = []
    for n in nodes:
        total = sizes.product(n.shape)
        found += [dict(m) for m, _ in total.terms] if isinstance(total, Size) else [{}]
    return found


def _affordable(node: Node, graph: Graph) -> bool:
    """Whether an array of this shape grows no faster than some argument or result."""
    if len([n for n in node.shape if isinstance(n, Size)]) <= 1 and sizes.degree(sizes.product(node.shape)) <= 1:
        return True
    have = _monomials([*graph.inputs, *graph.outputs])
    return all(any(all(h.get(a, 0) >= p for a, p in m.items()) for h in have) for m in _monomials([node]))

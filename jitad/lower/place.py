"""What gets an array: store small, recompute big.

Outputs are stored, and scatters by index arrays. Anything else starts as recomputed where it is used; then the scalars
are looked at, and what would be computed again and again in an outer loop (a costly expression of the inner index, a sum used at
several indices) is stored and everything lowered anew, unless storing it would take more memory than the arguments do.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping

from jitad.config import DEFAULT, Options
from jitad.ir.graph import Graph
from jitad.ir.node import Node
from jitad.ir.sizes import computed
from jitad.ir.types import FLOAT, INT, Shape
from jitad.lower.checks import index_checks
from jitad.lower.cut import Cuts, cuts
from jitad.lower.deltas import few_stores
from jitad.lower.index import WORTH, Elements, Index, is_structured, unrolled_axes
from jitad.lower.interchange import interchange
from jitad.lower.layout import Layouts
from jitad.lower.loops import Laid, lay_out
from jitad.lower.nest import Output
from jitad.lower.placed import Effect, Placed
from jitad.lower.products import Product, products
from jitad.lower.rowwise import go_by_rows
from jitad.lower.scalar import Buffer
from jitad.lower.storable import Storable
from jitad.lower.undivided import undivided
from jitad.lower.waste import repeated, wasteful
from jitad.ops.length import size_of
from jitad.ops.routine import Routine

PIECES = 8
SUMS = ("add", "subtract", "negative")
Calls = dict[Node, tuple[str, tuple[Node, ...]]]


def place(graph: Graph, options: Options = DEFAULT, worth: int = WORTH) -> Placed:
    """Decide what is stored, and write everything as scalars.

    What several loops would compute is stored if that spares so many multiplications.
    """
    order, strict = graph.nodes(), options.strict
    bases = [_base(o) for o in graph.outputs]
    loops = lay_out(graph, order, options, set(bases))
    storable = Storable(graph, order)
    stored = dict.fromkeys(b for b in bases if b.shape)
    pushed = {n: is_push(n) for n in order}
    uses = _uses(order, graph)
    for total, places in _sums_of_places(order, uses):
        if storable.affordable(total) and not all(unrolled_axes(total.shape)):
            stored[total] = None
            pushed |= dict.fromkeys(places, True)
    covered = {t for n in stored for _, t in _terms(n, lambda m: uses[m] == 1) if pushed.get(t) and t is not n}
    stored |= dict.fromkeys(n for n in order if pushed[n] and not (n in covered and uses[n] == 1))
    stored |= dict.fromkeys(n for n in order if _is_of_pieces(n) and storable(n))
    calls = _calls(order, {} if strict else products(order, storable))
    stored |= dict.fromkeys(m for n, (_, operands) in calls.items() for m in (n, *operands) if m not in graph.inputs)
    there = {*graph.inputs, *_in_rows(loops)}
    stored |= dict.fromkeys(m for x in loops.values() for m in x.operands() if m not in there)
    cut: Cuts | None = None
    while True:
        placed = _lower(graph, [n for n in order if n in stored], pushed, calls, storable, strict, cut is not None, loops)
        if cut is not None:
            placed.pieces = cut.pieces_of(placed)
        if placed.elements.revisited:
            stored |= placed.elements.revisited
            continue
        more = [n for n in wasteful(placed, order, storable) if n not in stored]
        if not more and cut is None:
            cut = cuts(placed, order, storable)
            more = list(cut.stored) if cut is not None else []
        more = more or [n for n in repeated(placed, order, storable, worth) if n not in stored]
        if not more:
            return placed
        stored |= dict.fromkeys(more)


def _calls(order: list[Node], found: dict[Node, Product]) -> Calls:
    """What a routine computes: its name, and what it reads from memory."""
    out = {n: (p.routine, (p.left, p.right)) for n, p in found.items()}
    return out | {n: (n.op.called(n)[0], n.op.operands(n)) for n in order if isinstance(n.op, Routine)}


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


def _sums_of_places(order: list[Node], uses: dict[Node, int]) -> list[tuple[Node, list[Node]]]:
    """Sums of many numbers, or rows, that each have a place of their own in an array: cheaper to add there one by one."""
    added = {a for n in order if n.op.name in SUMS for a in n.args if uses[a] == 1}
    out = []
    for total in order:
        if total.op.name in SUMS and total not in added:
            places = [t for _, t in _terms(total, lambda m: uses[m] == 1) if _is_place(t) and uses[t] == 1]
            if len(places) >= PIECES:
                out.append((total, places))
    return out


def _is_place(node: Node) -> bool:
    return node.op.name == "pad" and all(
        n == m or (n == 1 and not short)  # along a short axis it is known which element is meant
        for n, m, short in zip(node.args[0].shape, node.shape, unrolled_axes(node.shape), strict=True))


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


def _lower(graph: Graph, stored: list[Node], pushed: dict[Node, bool], calls: Calls, storable: Storable, strict: bool,
           apart: bool, loops: dict[Node, Laid]) -> Placed:
    inputs = {n: Buffer("input", n.dtype, n.shape, position=k) for k, n in enumerate(graph.inputs)}
    outputs = {_base(o) for o in graph.outputs}
    kept = set(stored)
    fixed = {m for n, (_, operands) in calls.items() for m in (n, *operands)} | {  # rows that are added to are looked up whole
        n for n in stored if any(pushed[t] and (t is n or t not in kept) for _, t in _terms(n))}
    fixed |= {m for x in loops.values() for m in x.operands()}
    layouts = Layouts(graph)
    own = {n: b for n, b in _in_rows(loops).items() if b.kind == "output"}  # that loops write themselves
    buffers = {n: own[n] if n in own else Buffer("output", n.dtype, n.shape) if n in outputs else
               _temporary(n, () if n in fixed else layouts.order(n.shape)) for n in stored}
    e = Elements({**buffers, **inputs}, storable)
    e.strict, e.apart, e.few, e.laid = strict, apart, storable.few, loops
    before = Elements(inputs)  # index checks come first: they may not read what is stored later
    before.packed = e.packed
    placed = Placed(e, list(inputs.values()), checks=index_checks(graph, before))
    for node in graph.nodes():
        if node.op.name == "length":
            symbol, = computed(size_of(node))
            placed.effects.append(Effect((), Buffer("length", INT, ()), (), e.value(node.args[0], ()), measures=symbol))
    for laid in dict.fromkeys(loops.values()):
        _turns(placed, laid)
    for node in stored:
        if node not in own:
            _effects(placed, node, buffers[node], pushed, calls)
    for out in graph.outputs:
        base = _base(out)
        value = buffers[base] if base.shape else e.value(base, ())
        placed.outputs.append(Output(value, out.shape))
    if not strict:
        go_by_rows(placed)
        interchange(placed)
    return placed


def _temporary(node: Node, order: tuple[int, ...]) -> Buffer:
    return Buffer("temp", node.dtype, tuple(node.shape[k] for k in order or range(node.ndim)), order=order)


def _points(e: Elements, shape: tuple, order: tuple[int, ...] = ()) -> tuple[tuple[Node, ...], list[Index]]:
    """Loops over the axes, in this order, and the indices of what is unrolled."""
    order = order or tuple(range(len(shape)))
    variables, points = e.loops([shape[k] for k in order], ())
    return tuple(variables), [tuple(p[order.index(k)] for k in range(len(shape))) for p in points]


def _effects(placed: Placed, node: Node, buffer: Buffer, pushed: dict[Node, bool], calls: Calls) -> None:
    """The stores that fill one buffer: first what is not pushed, then the pushes."""
    e = placed.elements
    if node in calls:
        routine, operands = calls[node]
        params = node.op.called(node)[1] if isinstance(node.op, Routine) else ()
        placed.effects.append(Effect((), buffer, (), e.zero(node.dtype), routine=routine,
                                     operands=tuple(e.buffers[a] for a in operands), params=params))
        return
    if _is_of_pieces(node):
        _pieces(placed, node, buffer)
        return
    terms = _terms(node)
    pushes = [(s, t) for s, t in terms if pushed[t] and (t is node or t not in e.buffers)]
    rest = [(s, t) for s, t in terms if (s, t) not in pushes]
    if pushes and not rest:
        placed.zeroed[buffer] = None
    else:
        def value(p: Index) -> Node:
            if not pushes:
                return e.load(e.buffers[node], p) if node.op.name == "input" else e.computed(node, p)
            total = e.zero(node.dtype)
            for s, t in rest:
                x = e.value(t, p)
                total = e.add(total, x) if s > 0 else e.sub(total, x)
            return total

        found = _elements(e, node.shape, buffer.order, value)
        placed.effects += [Effect(loops, buffer, buffer.at(p), v) for loops, p, v in found]
    for s, t in pushes:
        _push(placed, t, s, buffer)


def _elements(e: Elements, shape: Shape, order: tuple[int, ...],
              value: Callable[[Index], Node]) -> Iterator[tuple[tuple[Node, ...], Index, Node]]:
    """What is stored in an array: loops, index, and value."""
    loops, points = _points(e, shape, order)
    mark = e.mark()
    values = [value(p) for p in points]
    if (found := undivided(e, loops, points, values)) is not None:
        e.back_to(mark)
        loops, points = found
        values = [value(p) for p in points]
    return zip(itertools.repeat(loops), points, values)


def _is_of_pieces(node: Node) -> bool:
    """What is put together of many: to ask for each element which of them it belongs to costs more than to store one by one."""
    return node.op.name == "concatenate" and len(node.args) >= PIECES and not unrolled_axes(node.shape)[node.params[0]]  # type: ignore


def _pieces(placed: Placed, node: Node, buffer: Buffer) -> None:
    e, axis = placed.elements, node.params[0]
    for start, piece in node.op.pieces(node):  # type: ignore[attr-defined]
        loops, points = _points(e, piece.shape, buffer.order)
        for p in points:
            there = (*p[:axis], e.add(p[axis], e.size(start)), *p[axis + 1:])  # type: ignore[index,operator]
            placed.effects.append(Effect(loops, buffer, buffer.at(there), e.value(piece, p)))


def _turns(placed: Placed, laid: Laid) -> None:
    """The stores of what a loop starts from, and the loop."""
    e = placed.elements
    for buffer, start, row in laid.starts:
        loops, points = _points(e, start.shape)
        first = (e.int(0),) if row is None else (e.int(row), e.int(0))
        placed.effects += [Effect(loops, buffer, (*first, *p), e.value(start, p)) for p in points]
    turns = laid.turns(_in_rows(e.laid) | e.buffers)
    numbers = tuple(e.value(n, ()) for n in laid.constants if not n.shape)
    placed.effects.append(Effect((), turns.written[0], numbers, e.zero(FLOAT), operands=turns.operands, turns=turns))


def _in_rows(loops: Mapping[Node, Laid]) -> dict[Node, Buffer]:
    """Outputs of loops that others can read as they lie."""
    return {n: b for n, laid in loops.items() if (b := laid.rows_of(n)) is not None}


def _push(placed: Placed, node: Node, sign: int, buffer: Buffer) -> None:
    e = placed.elements
    updates, *index = node.args
    loops, points = _points(e, updates.shape)
    if node.op.name == "pad":
        for p in points:
            place = tuple(e.add(e.size(start), e.mul(i, e.int(step))) for i, (start, step) in zip(p, node.params[1], strict=True))  # type: ignore
            value = e.value(updates, p)
            placed.effects.append(Effect(loops, buffer, place, value if sign > 0 else e.neg(value), add=True))
        return
    for p in points:
        place = tuple(e.wrapped(e.value(i, p[: i.ndim]), n) for i, n in zip(index, node.shape, strict=False))
        value = e.value(updates, p)
        store = Effect(loops, buffer, (*place, *p[index[0].ndim :]), value if sign > 0 else e.neg(value), add=True)
        placed.effects += [store] if e.strict else few_stores(e, store)

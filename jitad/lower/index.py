"""From arrays to scalars: the value of an array node at an index, through the ``at`` rules of the ops.

The rules are generators that ask for elements of their operands; they are driven here with a stack of our own, so that
depth of a graph is no limit.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jitad.config import UNROLL_AXES, UNROLL_AXIS
from jitad.errors import TraceError
from jitad.ir import sizes
from jitad.ir.node import Node, topological
from jitad.ir.sizes import Size
from jitad.ir.types import Shape
from jitad.lower.choices import as_size
from jitad.lower.scalar import LOOP_VAR, Buffer, load, loop_var, work
from jitad.lower.sums import Sums, identity
from jitad.ops.declare import AtRule
from jitad.ops.leaf import constant, constant_value

if TYPE_CHECKING:
    from jitad.lower.loops import Laid

Index = tuple[Node, ...]
STRUCTURE = {"iota", "tri_index", "constant", "size_value", "broadcast", "retype", "transpose", "add", "subtract", "flip",
             "slice", "reshape"}


def is_structured(index: Node) -> bool:
    """Whether an index array is index arithmetic, so that a scatter by it can be turned into a sum."""
    order = topological([index])
    return all(n.op.name in STRUCTURE for n in order) and any(n.op.name in ("iota", "tri_index") for n in order)


def unrolled_axes(shape: Shape) -> tuple[bool, ...]:
    """Which axes become scalars: short ones, innermost first, while they are not too many together."""
    flags, total = [], 1
    for n in reversed(shape):
        short = isinstance(n, int) and n * total <= (UNROLL_AXIS if total == 1 else UNROLL_AXES)
        total *= n if short else 1  # type: ignore[assignment]
        flags.append(short)
    return tuple(reversed(flags))


MANY = 16  # indices of one node; a concatenation of concatenations would ask for 2**k
WORTH = 40  # multiplications that are done again: above this a store and loads are cheaper


class Elements(Sums):
    """The elements of array nodes as scalars.

    `storable` says which nodes may be stored, and which cheap ones where they are wanted too often. One that is asked for at so
    many indices that computing it anew for each costs more than `WORTH`, or at `MANY`, is put into `revisited`: then all is to be
    written anew, with a buffer for it. `few` says that the graph is small.
    """

    few = False
    laid: Mapping[Node, Laid] = {}

    def __init__(self, buffers: dict[Node, Buffer], storable: Callable[[Node, bool], bool] = lambda node, cheap: False):
        super().__init__()
        self.buffers = buffers
        self.storable = storable
        self.revisited: dict[Node, None] = {}
        self._asked: dict[tuple[Node, frozenset], None] = {}
        self._times: Counter[Node] = Counter()
        self._first: dict[Node, Node] = {}  # a value of each
        self._weights: dict[Node, int] = {}
        self.memo: dict[tuple[Node, Index], Node] = {}
        self.packed: dict[tuple[Buffer, tuple[int, ...] | None], Buffer] = {}

    def value(self, node: Node, idx: Index) -> Node:
        """The element of a node at an index; loaded where the node has a buffer."""
        found = self._known(node, idx)
        return found if found is not None else self._drive(node, idx, self._rule(node, idx))

    def computed(self, node: Node, idx: Index) -> Node:
        """The element computed from the operands, also where the node has a buffer."""
        return self._drive(None, idx, self._rule(node, idx))

    def mark(self) -> list[int]:
        """How far this has come."""
        return list(map(len, self._found()))

    def back_to(self, mark: list[int]) -> None:
        """As if nothing had been asked for since then."""
        for found, length in zip(self._found(), mark, strict=True):
            while len(found) > length:
                key, _ = found.popitem()
                if found is self._asked:
                    self._times[key[0]] -= 1
                if found is self.revisited:
                    del self.buffers[key]

    def _found(self) -> tuple[dict[Any, Any], ...]:
        return self.memo, self._asked, self.revisited, self.packed

    def _rule(self, node: Node, idx: Index) -> AtRule:
        return node.op.at(node, idx, self)

    def _known(self, node: Node, idx: Index) -> Node | None:
        if node in self.buffers:
            return self.load(self.buffers[node], self.buffers[node].at(idx))
        return self.memo.get((node, idx))

    def _drive(self, node: Node | None, idx: Index, rule: AtRule) -> Node:
        stack: list[tuple[Node | None, Index, AtRule]] = [(node, idx, rule)]
        answer: Node | None = None
        while stack:
            node, idx, rule = stack[-1]
            try:
                want, at = next(rule) if answer is None else rule.send(answer)
            except StopIteration as stop:
                stack.pop()
                answer = stop.value
                if node is not None:
                    self.memo[node, idx] = answer  # type: ignore[assignment]
                    self._first.setdefault(node, answer)  # type: ignore[arg-type]
                continue
            answer = self._known(want, at)
            if answer is None and self._count(want, at):  # computed as often as it may be: the rest of this is thrown away
                self.revisited[want] = None
                self.buffers[want] = Buffer("temp", want.dtype, want.shape)
                answer = self._known(want, at)
            if answer is None:
                stack.append((want, at, self._rule(want, at)))
        return answer  # type: ignore[return-value]

    def _count(self, node: Node, idx: Index) -> bool:
        """Whether one index more is too much."""
        # halves of a square, and sums over rows, come together later: in few nodes the loop does not count, but its length
        # (of many steps each may ask for all elements of the one before)
        place = frozenset(
            i.params[1] if self.few and i.op is LOOP_VAR and i.params[0] <= 1 else i  # type: ignore[operator]
            for i in map(self._first_of_blocks, idx) if i.op.name != "constant")
        if (node, place) in self._asked:
            return False
        self._asked[node, place] = None
        again = self._times[node]
        self._times[node] += 1
        return again > 0 and (again >= MANY or again * self._weight(node) >= WORTH) and self.storable(node, again >= MANY)

    def _first_of_blocks(self, index: Node) -> Node:
        """The variable of a loop that runs over one of several blocks in a row: elements of others are others."""
        if index.op.name == "add":
            for var, start in (index.args, index.args[::-1]):
                if var.op is LOOP_VAR and (n := as_size(start)) is not None and sizes.divided(n, var.params[1])[1] == 0:  # type: ignore
                    return var
        return index

    def _weight(self, node: Node) -> int:
        """What an element of a node costs to compute from what is loaded."""
        if node not in self._weights:
            found = self._first.get(node)
            if found is None:  # it is being computed
                return 0
            self._weights[node] = work(found, WORTH)
        return self._weights[node]

    # What the rules use.

    def of_loop(self, node: Node, idx: Index) -> Node:
        """An element of an output of a loop."""
        if node not in self.laid:
            raise TraceError("an index that a loop computes is not supported yet")
        return self.load(*self.laid[node].place(node.params[3], idx, self))  # type: ignore[arg-type]

    def load(self, buffer: Buffer, idx: Index) -> Node:
        """An element of a buffer. Rows of an input that an inner loop walks over come from a packed copy."""
        if buffer.kind == "packed":
            buffer, idx = buffer.source, (idx[-1], *idx[:-1], *map(self.int, buffer.fixed))
        strided = buffer.kind == "input" and len(idx) > 1 and idx[0].op.name == "loop_var" and idx[0].params[0] > 0
        if strided and all(i.op.name == "constant" for i in idx[1:]):
            if all(isinstance(n, int) for n in buffer.shape[1:]):
                rows = (*buffer.shape[1:], buffer.shape[0])
                packed, place = Buffer("packed", buffer.dtype, rows, source=buffer, padded=True), idx[1:]
            else:
                fixed = tuple(int(constant_value(i)) for i in idx[1:])  # type: ignore[arg-type]
                packed, place = Buffer("packed", buffer.dtype, buffer.shape[:1], source=buffer, fixed=fixed), ()
            return load(self.packed.setdefault((buffer, packed.fixed), packed), (*place, idx[0]))
        return load(buffer, idx)

    def loops(self, lengths: Sequence[int | Size], inside: Sequence[Node]) -> tuple[list[Node], list[list[Node]]]:
        """Loop variables for long axes; for every unrolled combination the full list of indices."""
        flags = unrolled_axes(tuple(lengths))
        depth = self.depth(*inside)
        axes: list[list[Node]] = []
        variables: list[Node] = []
        for n, short in zip(lengths, flags, strict=True):
            if short:
                axes.append([self.int(k) for k in range(n)])  # type: ignore[arg-type]
            else:
                variables.append(loop_var(depth + len(variables), n))
                axes.append([variables[-1]])
        return variables, [list(c) for c in itertools.product(*axes)]

    def reduce_over(
        self, kind: str, lengths: Sequence[int | Size], inside: Sequence[Node], dtype: object,
        term: Callable[[list[Node]], AtRule],
    ) -> AtRule:
        """A reduction of `term` over axes of the given lengths, inside the loops of `inside`."""
        if any(n == 0 for n in lengths):
            return constant(identity(kind, dtype), dtype)  # type: ignore[arg-type]
        variables, points = self.loops(lengths, inside)
        body: Node | None = None
        for point in points:
            value = yield from term(point)
            body = value if body is None else self.combine(kind, body, value)
        out: Node = body  # type: ignore[assignment]
        for var in reversed(variables):
            out = self.reduce(kind, var.params, out)
        return out

    def reduce_axes(self, kind: str, x: Node, axes: tuple[int, ...], idx: Index) -> AtRule:
        def term(point: list[Node]) -> AtRule:
            inner, outer = iter(point), iter(idx)
            return (yield x, tuple(next(inner) if k in axes else next(outer) for k in range(x.ndim)))

        return (yield from self.reduce_over(kind, [x.shape[k] for k in axes], idx, x.dtype, term))

    def wrapped(self, i: Node, n: int | Size) -> Node:
        """An index that may count from the end; it is checked before it is used."""
        place = self.select(self.lt(i, self.int(0)), self.add(i, self.size(n)), i)
        self.inside[place] = n
        return place

    def reshaped(self, idx: Index, shape: Shape, source: Shape) -> Index:
        """The index into an array of shape `source` whose elements in order have shape `shape`."""
        out: list[Node] = []
        k = m = 0
        while k < len(shape) or m < len(source):
            if k < len(shape) and shape[k] == 1 and (m >= len(source) or source[m] != 1):
                k += 1
                continue
            if m < len(source) and source[m] == 1 and (k >= len(shape) or shape[k] != 1):
                out.append(self.int(0))
                m += 1
                continue
            if k >= len(shape) or m >= len(source):
                k, m = len(shape), len(source)
                break
            here, there = [k], [m]  # the smallest runs of axes with the same number of elements
            while sizes.product(shape[a] for a in here) != sizes.product(source[a] for a in there):
                grow = self._shorter(shape, here, source, there)
                (here if grow else there).append((here if grow else there)[-1] + 1)
            k, m = here[-1] + 1, there[-1] + 1
            out += self._regroup([idx[a] for a in here], [shape[a] for a in here], [source[a] for a in there])
        return tuple(out)

    @staticmethod
    def _shorter(shape: Shape, here: list[int], source: Shape, there: list[int]) -> bool:
        """Whether the run in `shape` has to grow: by degree, then by number."""
        if here[-1] + 1 >= len(shape):
            return False
        if there[-1] + 1 >= len(source):
            return True
        a, b = sizes.product(shape[k] for k in here), sizes.product(source[k] for k in there)
        if isinstance(a, int) and isinstance(b, int):
            return a < b
        if sizes.degree(a) != sizes.degree(b):
            return sizes.degree(a) < sizes.degree(b)
        return len(here) <= len(there)

    def _regroup(self, idx: list[Node], shape: list, source: list) -> list[Node]:
        if len(idx) == 1 and len(source) == 1:
            return idx
        flat = self.int(0)
        for i, n in zip(idx, shape, strict=True):
            flat = self.add(self.mul(flat, self.size(n)), i)
        out: list[Node] = []
        for n in reversed(source[1:]):
            out.append(self.mod(flat, self.size(n)))
            flat = self.floordiv(flat, self.size(n))
        return [flat, *reversed(out)]

    def pull_scatter(self, node: Node, idx: Index) -> AtRule:
        """A scatter by structured indices as a sum over the updates that go to `idx`."""
        updates, *index = node.args
        places = idx[: len(index)]

        def term(point: list[Node]) -> AtRule:
            hit = self.true()
            for i, place, n in zip(index, places, node.shape, strict=False):
                at = yield i, tuple(point)
                hit = self.both(hit, self.eq(self.wrapped(at, n), place))
            if self.is_false(hit):
                return self.zero(node.dtype)
            value = yield updates, (*point, *idx[len(index) :])
            return self.select(hit, value, self.zero(node.dtype))

        return (yield from self.reduce_over("sum", index[0].shape, idx, node.dtype, term))

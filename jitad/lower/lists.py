"""Loops that are written in blocks of lanes, see :mod:`jitad.emit.list_loops`: what LLVM does not vectorise.

These are loops with functions of the C library, sines say, sums of logarithms, see :mod:`jitad.emit.log_sums`, and loops over
lists, of pairs say, which add to rows that they look up. The last have the entries of the list at hand, so that they also compare
them with the lengths that they index: a pass of its own over a long list takes as long as reading it does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence

from jitad.ir.node import Node, topological
from jitad.ir.types import BOOL, FLOAT, FLOAT32, INT
from jitad.lower.choices import as_size
from jitad.lower.exact import compared
from jitad.lower.lanes import COLUMNS, LANES_ONLY, ROUNDED, WIDTH, fits
from jitad.lower.logarithms import only_added
from jitad.lower.nest import Accumulate, Block, Call, Check, Let, Loop, Program, Repeat, Step, Store, walk
from jitad.lower.scalar import LOAD, Buffer, cost, loop_var
from jitad.ops.leaf import constant_value

WORTH = 10  # multiplications: less is done sooner one by one
MANY_LOGARITHMS = 32
MOST = 8  # variables for one row
LONGEST = 250  # statements: more take long to compile in lanes, which are written beside what is left over


class Entries:
    """What the body of a loop over a list reads and adds to.

    Attributes
    ----------
    var : Node
        The loop variable.
    lets : list of Node
        What is computed, in order.
    vectors : set of Node
        All that differs from entry to entry.
    groups : dict
        Stores that add to one row of one array, by array and number of the row.
    staying : list of Store
        Those among them whose row changes most seldom.
    """

    def __init__(self, loop: Loop):
        self.var = loop_var(loop.depth, loop.size)
        self.checks = loop.checks
        self.lets = [s.node for s in loop.body.steps if isinstance(s, Let)]
        self.vectors = {self.var, *self.lets}
        self.stores = [s for s in loop.body.steps if isinstance(s, Store)]
        self.groups: dict[tuple[Buffer, Node], list[Store]] = {}
        for s in self.stores:
            if s.add and self.width(s.buffer, s.idx):
                self.groups.setdefault((s.buffer, s.idx[0]), []).append(s)
        looked_up = [s for group in self.groups.values() for s in group]
        rows = {s.idx[0] for s in row_stores(looked_up)}
        self.staying = [s for s in looked_up if s.idx[0] in rows]

    def is_block(self, idx: Sequence[Node]) -> bool:
        """Whether elements of subsequent entries are side by side."""
        *outer, last = idx
        return self.vectors.isdisjoint(outer) and self._follows(last)

    def _follows(self, index: Node) -> bool:
        """Whether an index grows by one from entry to entry."""
        return index is self.var or (
            index.op.name == "add" and index.args[0] is self.var and as_size(index.args[1]) is not None)

    def are_apart(self, in_place: Container[Buffer]) -> bool:
        """Whether turns may be taken twice: no row is looked up, and each stores to places of its own that none reads."""
        own = all(self.is_block(s.idx) or (not s.add and any(map(self._follows, s.idx)) and all(
            i not in self.vectors or self._follows(i) for i in s.idx)) for s in self.stores)
        rows = any(n.op is LOAD and self.width(n.params[0], n.args) > 1 for n in self.lets)  # type: ignore[arg-type]
        return own and not (rows or self.checks or self.groups or self.wraps()) and not any(
            s.buffer in in_place for s in self.stores)

    def wraps(self) -> dict[Node, Node]:
        """Indices that are looked up, by what stands for them as they count from the end where they are negative."""
        return {n: index for n in self.lets if (index := _wrapped(n)) is not None and looked_up(index).op is LOAD}

    def width(self, buffer: Buffer, idx: Sequence[Node]) -> int:
        """Of the rows of an array, where one that is looked up is meant, and a constant column; else 0."""
        if buffer.dtype.kind != "f" or not idx or idx[0] not in self.vectors or self.is_block(idx[:1]):
            return 0
        if len(idx) == 1:
            return 1
        width = buffer.shape[-1]
        known = len(idx) == 2 and constant_value(idx[1]) is not None and isinstance(width, int) and width <= COLUMNS
        return width if known else 0  # type: ignore[return-value]


def _wrapped(n: Node) -> Node | None:
    """The index i, if a scalar is ``i + length if i < 0 else i``."""
    if n.op.name != "select" or n.args[0].op.name != "less" or n.args[1].op.name != "add":
        return None
    (index, zero), (a, b), same = n.args[0].args, n.args[1].args, n.args[2]
    other = b if a is same else a
    return same if index is same and constant_value(zero) == 0 and same in (a, b) and as_size(other) is not None else None


def looked_up(index: Node) -> Node:
    """What was read from the list: an index, maybe of a shorter type."""
    return index.args[0] if index.op.name == "cast" else index


def row_stores(steps: Iterable[Step]) -> list[Store]:
    """Stores that add to the rows which change most seldom, if the numbers of these are looked up."""
    groups: dict[Node, list[Store]] = {}
    for step in steps:
        if isinstance(step, Store) and step.add and step.buffer.dtype.kind == "f" and step.idx and all(
                i.op.name == "constant" for i in step.idx[1:]):
            groups.setdefault(step.idx[0], []).append(step)
    found = [row for row, stores in groups.items() if len(stores) <= MOST and _column(row) is not None]
    return groups[min(found, key=_column)] if found else []  # type: ignore[arg-type,type-var]


def _column(row: Node) -> tuple | None:
    """Where the number of a row is looked up: first columns of first arguments come first, as lists are sorted by them."""
    loads = [n for n in topological([row]) if n.op is LOAD]
    if not loads:
        return None
    buffer = loads[0].params[0]
    return buffer.position, tuple(int(constant_value(i)) for i in loads[0].args if i.op.name == "constant")  # type: ignore


def take_in_blocks(program: Program) -> None:
    """Mark the loops that are to be written in blocks, and hand them index checks."""
    exact = compared(program.scalars(), program.stored())
    for step in walk(program.block):
        if isinstance(step, Loop) and not step.after and step.interior is None:
            step.in_blocks = _pays(step, exact)
    _move_checks(program)


def _pays(loop: Loop, exact: set[Node]) -> bool:
    """Whether a loop can be written in blocks, and is worth it."""
    if isinstance(loop.size, int) and loop.size < WIDTH:
        return False
    steps = loop.body.steps
    if len(steps) > LONGEST or not all(in_lanes(s, exact) for s in steps):
        return False
    nodes = [s.node for s in steps if isinstance(s, Let)]
    read = {n.params[0] for n in nodes if n.op is LOAD}
    lets = [n for n in nodes if n.op is not LOAD]
    enough = sum(cost(n) for n in lets if n.dtype.kind == "f") >= WORTH
    entries = Entries(loop)
    rows = any(n.op is LOAD and entries.width(n.params[0], n.args) > 1 for n in nodes)  # type: ignore[arg-type]
    needed = rows or any(n.op.name in LANES_ONLY for n in lets) or bool(entries.groups) or _adds_logarithms(loop)
    return enough and needed and read.isdisjoint(s.buffer for s in steps if isinstance(s, Store))


def _adds_logarithms(loop: Loop) -> bool:
    """Whether there are enough to make up for the one of their product."""
    long = not isinstance(loop.size, int) or loop.size >= MANY_LOGARITHMS
    return long and bool(only_added(loop.body.steps, Entries(loop).vectors)[0])


def in_lanes(step: Step, exact: set[Node]) -> bool:
    """Whether a step of a loop can be done for eight turns at once."""
    if isinstance(step, Let):
        n = step.node
        widened = n.op.name == "cast" and n.dtype in (INT, FLOAT) and _readable(n.args[0]) and n.args[0].dtype.kind in "iu"
        return (_readable(n) or widened or fits(n)) and not _chosen(n) and (
            n not in exact or n.op is LOAD or n.op.name in ROUNDED)
    if isinstance(step, Accumulate):
        return step.kind == "sum" and step.node.dtype.kind == "f" and step.node not in exact
    return isinstance(step, Store) and step.buffer.dtype.kind == "f" and bool(step.idx)


def _chosen(n: Node) -> bool:
    """Whether floats that are compared choose an integer: maybe an index, that was looked at elsewhere, one by one."""
    return n.dtype == INT and any(x.dtype.kind == "f" for a in n.args if a.dtype == BOOL for x in topological([a]))


def _readable(n: Node) -> bool:
    """Whether a scalar is read from memory, and can be in lanes."""
    if n.op is not LOAD or not n.args:
        return False
    return n.dtype in (FLOAT, FLOAT32, BOOL) or n.dtype.kind == "i" or (n.dtype.kind == "u" and n.dtype.itemsize < 8)


def _move_checks(program: Program) -> None:
    """Have index checks made by the first loop that uses the indices, if it is one over the list they stand in."""
    steps = program.block.steps
    movable: dict[Node, tuple[Check, Loop]] = {}
    several = Counter(s.worst for s in steps if isinstance(s, Check))
    for check in steps:
        if isinstance(check, Check) and check.reads and several[check.worst] == 1:
            users = (s for s in steps if not (isinstance(s, Loop) and check.worst in s.accumulators) and _uses(s, check))
            user = next(users, None)
            if isinstance(user, Loop) and user.in_blocks and _over(check) is loop_var(0, user.size):
                movable[check.worst] = check, user
    for found in list(steps):
        if isinstance(found, Loop) and found.accumulators and movable.keys() >= set(found.accumulators):
            steps.remove(found)
            for worst in found.accumulators:
                check, user = movable[worst]
                steps.remove(check)
                user.checks.append(check)


def _over(check: Check) -> Node:
    """The loop variable of what a check reads."""
    return next(n for n in topological(check.reads) if n.op.name == "loop_var")


def _uses(step: Step, check: Check) -> bool:
    """Whether a step reads the array that the indices are in."""
    arrays = {n.params[0] for n in topological(check.reads) if n.op is LOAD}
    for s in walk(Block([step])):
        if isinstance(s, Let) and s.node.op is LOAD:
            buffer = s.node.params[0]
            if buffer in arrays or buffer.source in arrays:  # type: ignore[union-attr]
                return True
        if isinstance(s, (Call, Repeat)) and not arrays.isdisjoint(s.operands if isinstance(s, Call) else s.turns.operands):
            return True
    return False

"""Index checks: which numbers are compared with which length before a kernel does anything.

One pass over memory for each array of indices. Columns of one array that all index axes of one length, as those of a pair
list do, are checked together in the order in which they lie in memory: that loop LLVM vectorises.
"""

from __future__ import annotations

import numpy as np

from jitad.ir import sizes
from jitad.ir.graph import Graph
from jitad.ir.node import Node
from jitad.ir.sizes import Size, at_least
from jitad.ir.types import INT, UINT
from jitad.lower.bounds import extent
from jitad.lower.index import Elements, is_structured
from jitad.lower.late import is_safe
from jitad.lower.nest import Check
from jitad.lower.scalar import LOAD, TRIVIAL, Buffer, load, loop_var
from jitad.ops.arithmetic import cast
from jitad.ops.index import indices
from jitad.ops.leaf import constant, fill, size_value
from jitad.ops.reduce import reduce_max


def index_checks(graph: Graph, e: Elements) -> list[Check]:
    """The checks of all gathers and scatters of a graph; `e` knows the inputs only."""
    found: dict[tuple[Node, int | Size], None] = {}
    for n in graph.nodes():
        for index, bound in indices(n):
            if not is_safe(index, bound, graph) and not (is_structured(index) and _always_inside(e, index, bound)):
                found[index, bound] = None
    out = [check for array, bound in _whole(found) for check in [_in_memory(e, array, bound)]]
    out += [_check(e, index, bound) for index, bound in found]
    return list(dict.fromkeys(out))


def _always_inside(e: Elements, index: Node, bound: int | Size) -> bool:
    """Whether index arithmetic is known to stay in range, for all lengths."""
    _, points = e.loops(index.shape, ())
    for point in points:
        low, high = extent(e.value(index, tuple(point)))
        if low is None or high is None:
            return False
        gaps = at_least(sizes.add(low, bound)), at_least(sizes.sub(bound, high))
        if gaps[0] is None or gaps[0] < 0 or gaps[1] is None or gaps[1] < 1:
            return False
    return True


def _whole(found: dict[tuple[Node, int | Size], None]) -> list[tuple[Node, int | Size]]:
    """Arrays all of whose columns are indices with one bound; the columns are taken out of `found`."""
    columns: dict[tuple[Node, int | Size], dict[int, Node]] = {}
    for index, bound in found:
        array, k = _column(index)
        if array is not None:
            columns.setdefault((array, bound), {})[k] = index
    out = [key for key, parts in columns.items() if len(parts) == key[0].shape[-1]]
    for array, bound in out:
        for index in columns[array, bound].values():
            del found[index, bound]
    return out


def _column(index: Node) -> tuple[Node | None, int]:
    """The argument of which an index is one column, and its number."""
    while index.op.name == "reshape":
        index = index.args[0]
    if index.op.name != "slice" or index.args[0].op.name != "input" or index.dtype != np.int64:
        return None, 0
    array = index.args[0]
    *rows, (start, length, _) = index.params[0]  # type: ignore[misc]
    whole = all(first == 0 and step == 1 and n == m for (first, n, step), m in zip(rows, array.shape, strict=False))
    return (array, start) if whole and length == 1 and isinstance(array.shape[-1], int) else (None, 0)


def _check(e: Elements, index: Node, bound: int | Size) -> Check:
    shifted = cast(index + fill(size_value(bound), index.shape), UINT)
    worst = e.value(reduce_max(shifted, tuple(range(index.ndim))), ())
    entry = e.value(index, (loop_var(0, index.shape[0]),)) if index.ndim == 1 else worst
    while entry.op.name == "cast":
        entry = entry.args[0]
    plain = entry.op is LOAD and entry.dtype.kind in "iu" and all(i.op.name in TRIVIAL for i in entry.args)
    return Check(worst, sizes.product(index.shape), bound, (entry,) if plain else ())


def _in_memory(e: Elements, array: Node, bound: int | Size) -> Check:
    size = sizes.product(array.shape)
    source = e.buffers[array]
    flat = e.packed.setdefault((source, None), Buffer("flat", array.dtype, (size,), source=source))
    var = loop_var(0, size)
    shifted = e.cast(e.add(load(flat, (var,)), e.size(bound)), UINT)
    entry = loop_var(0, array.shape[0]) if array.ndim == 2 else None
    reads = [load(source, (entry, constant(k, INT))) for k in range(array.shape[1])] if entry is not None else []  # type: ignore
    return Check(e.reduce("max", var.params, shifted), size, bound, tuple(reads))

"""Memory at eight places at once: blocks of lists, and the rows that they name.

Rows of up to four numbers, positions of atoms say, are read whole and turned into lanes, one for each column: eight reads and a
dozen shuffles in place of 24 reads. Adding to rows goes the same way back, row after row, as one may be named twice.
Arrays are C-contiguous, indices in range.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from jitad.emit.lanes import BOOLS, INTS, WIDTH, Lanes, intrinsic, item_pointer, lanes_type, shuffled, size_of, vector_pointer
from jitad.lower.lanes import COLUMNS

_INT32, _INT64 = ir.IntType(32), ir.IntType(64)


def _lanes_of(array: types.Array) -> Lanes:
    """What is read from an array: integers as int64."""
    return INTS if isinstance(array.dtype, types.Integer) else lanes_type(array.dtype)


def _read(builder: ir.IRBuilder, memory: Any, array: Any) -> Any:
    """Numbers as they lie in memory, as lanes."""
    lanes = _lanes_of(array)
    if lanes is BOOLS:
        return builder.icmp_unsigned("!=", memory, ir.Constant(memory.type, None))
    if lanes is not INTS or size_of(array) == 8:
        return memory
    return (builder.sext if array.dtype.signed else builder.zext)(memory, lanes.llvm)


def _pick(builder: ir.IRBuilder, value: Any, k: int) -> Any:
    """Lane k, or the scalar."""
    return builder.extract_element(value, ir.Constant(_INT32, k)) if isinstance(value.type, ir.VectorType) else value


def _places(context: Any, builder: ir.IRBuilder, array: types.Array, args: Any) -> Any:
    """Pointers to ``array[index]``, lane after lane."""
    index = cgutils.unpack_tuple(builder, args[1])
    for k in range(WIDTH):
        yield item_pointer(context, builder, array, args[0], [_pick(builder, i, k) for i in index])


def _to(builder: ir.IRBuilder, pointer: Any, width: int) -> Any:
    """A pointer to the row that starts at an element."""
    return pointer if width == 1 else builder.bitcast(pointer, ir.VectorType(pointer.type.pointee, width).as_pointer())


# Blocks: eight elements in a row.


@intrinsic
def block(typingctx, array, index):  # type: ignore[no-untyped-def]
    """``array[..., j], ..., array[..., j + 7]`` for ``index = (..., j)``."""

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        pointer = vector_pointer(context, builder, array, args)
        return _read(builder, builder.load(pointer, align=size_of(array)), array)

    return _lanes_of(array)(array, index), codegen


@intrinsic(prefer_literal=True)
def column(typingctx, array, index, k, width):  # type: ignore[no-untyped-def]
    """``array[..., j, k], ..., array[..., j + 7, k]`` for ``index = (..., j)`` and literal k, where rows are that wide."""
    first, n = k.literal_value, width.literal_value

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        index = [*cgutils.unpack_tuple(builder, args[1]), ir.Constant(_INT64, 0)]
        pointer = item_pointer(context, builder, array, args[0], index)
        found = builder.load(_to(builder, pointer, n * WIDTH), align=size_of(array))
        return _read(builder, shuffled(builder, found, found, range(first, n * WIDTH, n)), array)

    return _lanes_of(array)(array, index, k, width), codegen


@intrinsic
def put(typingctx, array, index, value):  # type: ignore[no-untyped-def]
    """``array[..., j] = value[0], ...`` for ``index = (..., j)``."""

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        builder.store(args[2], vector_pointer(context, builder, array, args), align=size_of(array))
        return context.get_dummy_value()

    return types.void(array, index, _lanes_of(array)), codegen


# Anywhere: one lane after the other.


@intrinsic
def gather(typingctx, array, index):  # type: ignore[no-untyped-def]
    """``array[index]`` in each lane, for a tuple of lanes and scalars."""

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        found = [builder.load(p) for p in _places(context, builder, array, args)]
        out = ir.Constant(ir.VectorType(found[0].type, WIDTH), ir.Undefined)
        for k, value in enumerate(found):
            out = builder.insert_element(out, value, ir.Constant(_INT32, k))
        return _read(builder, out, array)

    return _lanes_of(array)(array, index), codegen


def _scattered(add: bool) -> Any:
    @intrinsic
    def scatter(typingctx, array, index, value):  # type: ignore[no-untyped-def]
        def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
            for k, place in enumerate(_places(context, builder, array, args)):
                new = _pick(builder, args[2], k)
                builder.store(builder.fadd(builder.load(place), new) if add else new, place)
            return context.get_dummy_value()

        return types.void(array, index, _lanes_of(array)), codegen

    return scatter


push_each = _scattered(True)  # array[index] += value in each lane
put_each = _scattered(False)  # array[index] = value


# Rows.


@intrinsic(prefer_literal=True)
def rows(typingctx, array, index, width):  # type: ignore[no-untyped-def]
    """The columns of ``array[index]``, for lanes of row numbers and rows of a literal width: a tuple of lanes."""
    n = width.literal_value

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        found = []
        for k in range(WIDTH):
            place = item_pointer(context, builder, array, args[0], [_pick(builder, args[1], k), ir.Constant(_INT64, 0)])
            row = builder.load(_to(builder, place, n), align=size_of(array))
            found.append(row if n == COLUMNS else shuffled(builder, row, row, [*range(n), *[0] * (COLUMNS - n)]))
        return context.make_tuple(builder, sig.return_type, _columns(builder, found)[:n])

    return types.UniTuple(_lanes_of(array), n)(array, index, width), codegen


@intrinsic
def push_rows(typingctx, array, index, values):  # type: ignore[no-untyped-def]
    """``array[index, k] += values[k]`` in each lane, for a tuple of as many lanes as a row is wide."""
    n = len(values)

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        columns, size = cgutils.unpack_tuple(builder, args[2]), size_of(array)
        found = _rows(builder, columns + [ir.Constant(columns[0].type, ir.Undefined)] * (COLUMNS - n))
        for k, row in enumerate(found):
            place = item_pointer(context, builder, array, args[0], [_pick(builder, args[1], k), ir.Constant(_INT64, 0)])
            place = _to(builder, place, n)
            new = row if n == COLUMNS else shuffled(builder, row, row, range(n))
            builder.store(builder.fadd(builder.load(place, align=size), new), place, align=size)
        return context.get_dummy_value()

    return types.void(array, index, values), codegen


# Eight rows of four as four columns of eight and back, by shuffles that stay in pairs and halves of what a register holds.

_EVEN, _ODD = [0, 8, 2, 10, 4, 12, 6, 14], [1, 9, 3, 11, 5, 13, 7, 15]
_LOW, _HIGH = [0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15]


def _columns(builder: ir.IRBuilder, found: list[Any]) -> list[Any]:
    a, b, c, d = (shuffled(builder, found[k], found[k + 4], range(8)) for k in range(4))  # rows k and k + 4
    even = [shuffled(builder, x, y, _EVEN) for x, y in ((a, b), (c, d))]
    odd = [shuffled(builder, x, y, _ODD) for x, y in ((a, b), (c, d))]
    return [shuffled(builder, x, y, half) for half in (_LOW, _HIGH) for x, y in (even, odd)]


def _rows(builder: ir.IRBuilder, columns: list[Any]) -> list[Any]:
    x, y, z, w = columns
    even = [shuffled(builder, p, q, _EVEN) for p, q in ((x, y), (z, w))]
    odd = [shuffled(builder, p, q, _ODD) for p, q in ((x, y), (z, w))]
    pairs = [shuffled(builder, p, q, half) for half in (_LOW, _HIGH) for p, q in (even, odd)]
    return [shuffled(builder, p, p, part) for part in (range(4), range(4, 8)) for p in pairs]

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

from jitad.emit.lanes import AVX512, BOOLS, INTS, WIDTH, Lanes, call, intrinsic, lanes_type, shuffled
from jitad.lower.lanes import COLUMNS

_INT32, _INT64 = ir.IntType(32), ir.IntType(64)


def _pointer(context: Any, builder: Any, array: types.Array, value: Any, index: Any) -> Any:
    from numba.np import arrayobj  # takes 50 ms to import

    made = arrayobj.make_array(array)(context, builder, value)
    return cgutils.get_item_pointer(context, builder, array, made, index, wraparound=False, boundscheck=False)


def _size(array: Any) -> int:
    """Of an element, in bytes."""
    return 1 if array.dtype == types.boolean else array.dtype.bitwidth // 8


def _lanes_pointer(context: Any, builder: Any, array: types.Array, args: Any) -> Any:
    """A pointer to the lanes at an index."""
    pointer = _pointer(context, builder, array, args[0], cgutils.unpack_tuple(builder, args[1]))
    return builder.bitcast(pointer, ir.VectorType(pointer.type.pointee, WIDTH).as_pointer())


def _masked_load(builder: ir.IRBuilder, pointer: Any, mask: Any, size: int) -> Any:
    """A vector of elements of that size; not read, and 0, where the mask is false."""
    memory = pointer.type.pointee
    short = f"v{memory.count}" + {ir.DoubleType(): "f64", ir.FloatType(): "f32"}.get(memory.element, str(memory.element))
    zeros = ir.Constant(memory, [0] * memory.count)
    return call(builder, f"llvm.masked.load.{short}.p0{short}", memory, pointer, ir.Constant(_INT32, size), mask, zeros)


def _lanes_of(array: types.Array) -> Lanes:
    """What is read from an array: integers as int64."""
    return INTS if isinstance(array.dtype, types.Integer) else lanes_type(array.dtype)


def _read(builder: ir.IRBuilder, memory: Any, array: Any) -> Any:
    """Numbers as they lie in memory, as lanes."""
    lanes = _lanes_of(array)
    if lanes is BOOLS:
        return builder.icmp_unsigned("!=", memory, ir.Constant(memory.type, None))
    if lanes is not INTS or _size(array) == 8:
        return memory
    return (builder.sext if array.dtype.signed else builder.zext)(memory, lanes.llvm)


def _pick(builder: ir.IRBuilder, value: Any, k: int) -> Any:
    """Lane k, or number k of what is apart, or the scalar."""
    if isinstance(value.type, ir.ArrayType):
        return builder.extract_value(value, k)
    return builder.extract_element(value, ir.Constant(_INT32, k)) if isinstance(value.type, ir.VectorType) else value


def _places(context: Any, builder: ir.IRBuilder, array: types.Array, args: Any) -> Any:
    """Pointers to ``array[index]``, lane after lane."""
    index = cgutils.unpack_tuple(builder, args[1])
    for k in range(WIDTH):
        yield _pointer(context, builder, array, args[0], [_pick(builder, i, k) for i in index])


def _to(builder: ir.IRBuilder, pointer: Any, width: int) -> Any:
    """A pointer to the row that starts at an element."""
    return pointer if width == 1 else builder.bitcast(pointer, ir.VectorType(pointer.type.pointee, width).as_pointer())


# Blocks: eight elements in a row.


@intrinsic
def block(typingctx, array, index):  # type: ignore[no-untyped-def]
    """``array[..., j], ..., array[..., j + 7]`` for ``index = (..., j)``."""

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        pointer = _lanes_pointer(context, builder, array, args)
        return _read(builder, builder.load(pointer, align=_size(array)), array)

    return _lanes_of(array)(array, index), codegen


@intrinsic
def load(typingctx, array, index, mask):  # type: ignore[no-untyped-def]
    """``array[..., j], ..., array[..., j + 7]`` for ``index = (..., j)``; not read, and 0, where the mask is false."""
    lanes = lanes_type(array.dtype)

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        read = _masked_load(builder, _lanes_pointer(context, builder, array, args), args[2], _size(array))
        return builder.icmp_unsigned("!=", read, ir.Constant(read.type, None)) if lanes is BOOLS else read

    return lanes(array, index, BOOLS), codegen


@intrinsic(prefer_literal=True)
def column(typingctx, array, index, k, width):  # type: ignore[no-untyped-def]
    """``array[..., j, k], ..., array[..., j + 7, k]`` for ``index = (..., j)`` and literal k, where rows are that wide."""
    first, n = k.literal_value, width.literal_value

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        index = [*cgutils.unpack_tuple(builder, args[1]), ir.Constant(_INT64, 0)]
        pointer = _pointer(context, builder, array, args[0], index)
        found = builder.load(_to(builder, pointer, n * WIDTH), align=_size(array))
        return _read(builder, shuffled(builder, found, found, range(first, n * WIDTH, n)), array)

    return _lanes_of(array)(array, index, k, width), codegen


@intrinsic
def apart(typingctx, array, index, column):  # type: ignore[no-untyped-def]
    """The integers ``array[..., j, *column]``, ... for ``index = (..., j)``, as a tuple: sooner than out of lanes."""

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        *outer, start = cgutils.unpack_tuple(builder, args[1])
        behind = cgutils.unpack_tuple(builder, args[2])
        found = []
        for k in range(WIDTH):
            turn = builder.add(start, ir.Constant(_INT64, k))
            number = builder.load(_pointer(context, builder, array, args[0], [*outer, turn, *behind]))
            found.append(context.cast(builder, number, array.dtype, types.int64))
        return context.make_tuple(builder, sig.return_type, found)

    return types.UniTuple(types.int64, WIDTH)(array, index, column), codegen


@intrinsic
def put(typingctx, array, index, value):  # type: ignore[no-untyped-def]
    """``array[..., j] = value[0], ...`` for ``index = (..., j)``."""

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        builder.store(args[2], _lanes_pointer(context, builder, array, args), align=_size(array))
        return context.get_dummy_value()

    return types.void(array, index, _lanes_of(array)), codegen


@intrinsic
def push(typingctx, array, index, value):  # type: ignore[no-untyped-def]
    """``array[..., j] += value[0], ...`` for ``index = (..., j)``."""

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        pointer = _lanes_pointer(context, builder, array, args)
        size = _size(array)
        builder.store(builder.fadd(builder.load(pointer, align=size), args[2]), pointer, align=size)
        return context.get_dummy_value()

    return types.void(array, index, lanes_type(array.dtype)), codegen


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


def _row(builder: ir.IRBuilder, place: Any, n: int, size: int) -> Any:
    """n numbers, and what fills up four."""
    if n == 3 and AVX512:
        mask = ir.Constant(ir.VectorType(ir.IntType(1), COLUMNS), [1, 1, 1, 0])
        return _masked_load(builder, _to(builder, place, COLUMNS), mask, size)
    row = builder.load(_to(builder, place, n), align=size)
    return row if n == COLUMNS else shuffled(builder, row, row, [*range(n), *[0] * (COLUMNS - n)])


@intrinsic(prefer_literal=True)
def rows(typingctx, array, index, width):  # type: ignore[no-untyped-def]
    """The columns of ``array[index]``, for lanes of row numbers and rows of a literal width: a tuple of lanes."""
    n = width.literal_value

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        found = []
        for k in range(WIDTH):
            place = _pointer(context, builder, array, args[0], [_pick(builder, args[1], k), ir.Constant(_INT64, 0)])
            found.append(_row(builder, place, n, _size(array)))
        return context.make_tuple(builder, sig.return_type, _columns(builder, found)[:n])

    return types.UniTuple(_lanes_of(array), n)(array, index, width), codegen


@intrinsic
def push_rows(typingctx, array, index, values):  # type: ignore[no-untyped-def]
    """``array[index, k] += values[k]`` in each lane, for a tuple of as many lanes as a row is wide."""
    n = len(values)

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        columns, size = cgutils.unpack_tuple(builder, args[2]), _size(array)
        found = _rows(builder, columns + [ir.Constant(columns[0].type, ir.Undefined)] * (COLUMNS - n))
        for k, row in enumerate(found):
            place = _pointer(context, builder, array, args[0], [_pick(builder, args[1], k), ir.Constant(_INT64, 0)])
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

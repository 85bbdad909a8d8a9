"""Memory, and views of it: what Numba's slices and reshapes do in a hundred lines of LLVM each, which a kernel has dozens of."""

from __future__ import annotations

import functools
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils, imputils

from jitad.emit.lanes import intrinsic
from jitad.ir import pages


def _view(context: Any, builder: Any, sig: Any, value: Any, start: Any, lengths: list[Any]) -> Any:
    """Elements of a C-contiguous array from one on, under a shape."""
    from numba.np import arrayobj  # takes 50 ms to import

    source = arrayobj.make_array(sig.args[0])(context, builder, value)
    out = arrayobj.make_array(sig.return_type)(context, builder)
    stride = ir.Constant(ir.IntType(64), context.get_abi_sizeof(context.get_data_type(sig.return_type.dtype)))
    strides = []
    for n in reversed(lengths):
        strides.append(stride)
        stride = builder.mul(stride, n)
    arrayobj.populate_array(out, builder.gep(source.data, [start]), lengths, strides[::-1], source.itemsize, source.meminfo,
                            source.parent)
    return imputils.impl_ret_borrowed(context, builder, sig.return_type, out._getvalue())


ON_STACK = 4096  # bytes that are not worth asking the system for
LINE = 64  # bytes
LONGEST = 2**48  # numbers: more have no address, and their bytes might not be counted
TOO_BIG = "an array that the kernel needs would be larger than memory can be"


@intrinsic
def memory(typingctx, length, dtype):  # type: ignore[no-untyped-def]
    """An array to work in, of numbers that nobody has set: on the stack if it is short, so never to be handed out."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        from numba.np import arrayobj

        number = context.get_data_type(sig.return_type.dtype)
        size = ir.Constant(ir.IntType(64), context.get_abi_sizeof(number))
        with builder.goto_entry_block():
            stack = builder.alloca(ir.ArrayType(ir.IntType(8), ON_STACK))
        stack.align = LINE
        too_long = builder.icmp_unsigned(">", args[0], ir.Constant(args[0].type, LONGEST))
        with builder.if_then(too_long, likely=False):
            context.call_conv.return_user_exc(builder, MemoryError, (TOO_BIG,))
        room = builder.mul(args[0], size)
        with builder.if_else(builder.icmp_unsigned("<=", room, ir.Constant(room.type, ON_STACK))) as (short, long):
            with short:
                here, there = builder.bitcast(stack, number.as_pointer()), builder.block
            with long:
                owner = context.nrt.meminfo_alloc_aligned(builder, room, ir.Constant(ir.IntType(32), LINE))
                data = builder.bitcast(context.nrt.meminfo_data(builder, owner), number.as_pointer())
                elsewhere = builder.block
        start, owned = builder.phi(number.as_pointer()), builder.phi(owner.type)
        for block, where, whose in (there, here, ir.Constant(owner.type, None)), (elsewhere, data, owner):
            start.add_incoming(where, block)
            owned.add_incoming(whose, block)
        out = arrayobj.make_array(sig.return_type)(context, builder)
        arrayobj.populate_array(out, start, [args[0]], [size], size, owned)
        return imputils.impl_ret_new_ref(context, builder, sig.return_type, out._getvalue())

    return types.Array(dtype.dtype, 1, "C")(length, dtype), codegen


@intrinsic(prefer_literal=True)
def spaced(typingctx, length, size, width):  # type: ignore[no-untyped-def]
    """:func:`jitad.ir.pages.spaced`, from a table of what long rows are too short by: a loop would take 0.1 s to compile."""
    w, s = width.literal_value, size.literal_value
    near, count = pages.APART * w, pages.PAGE // s // w
    behind = [pages.spaced(k * w, s, w) - k * w for k in range(count, 2 * count)]

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        number, zero = args[0].type, ir.Constant(args[0].type, 0)
        table = cgutils.global_constant(builder.module, "behind", ir.Constant(ir.ArrayType(number, count), behind))
        vectors = builder.udiv(builder.add(args[0], ir.Constant(number, w - 1)), ir.Constant(number, w))
        more = builder.load(builder.gep(table, [zero, builder.urem(vectors, ir.Constant(number, count))]))
        found = builder.mul(vectors, ir.Constant(number, w))
        is_short = builder.icmp_unsigned("<", found, ir.Constant(number, near))
        return builder.add(found, builder.select(is_short, zero, more))

    return types.int64(types.int64, size, width), codegen


@intrinsic
def shaped(typingctx, memory, start, shape):  # type: ignore[no-untyped-def]
    """The elements of an array from one on, under a shape."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        from numba.np import arrayobj

        lengths = cgutils.unpack_tuple(builder, args[2])
        whole = arrayobj.make_array(sig.args[0])(context, builder, args[0]).nitems
        wrong, count = builder.icmp_unsigned(">", args[1], whole), ir.Constant(whole.type, 1)
        for n in lengths:
            product = builder.smul_with_overflow(count, n)
            count, wrong = builder.extract_value(product, 0), builder.or_(wrong, builder.extract_value(product, 1))
        wrong = builder.or_(wrong, builder.icmp_unsigned(">", count, builder.sub(whole, args[1])))
        with builder.if_then(wrong, likely=False):
            context.call_conv.return_user_exc(builder, MemoryError, (TOO_BIG,))
        return _view(context, builder, sig, args[0], args[1], lengths)

    made = memory.copy(ndim=len(shape))
    return made(memory, types.int64, types.UniTuple(types.int64, len(shape))), codegen


@intrinsic
def laid(typingctx, memory, start, shape):  # type: ignore[no-untyped-def]
    """The same, of what is known to lie within."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _view(context, builder, sig, args[0], args[1], cgutils.unpack_tuple(builder, args[2]))

    return memory.copy(ndim=len(shape))(memory, types.int64, types.UniTuple(types.int64, len(shape))), codegen


@intrinsic
def row_of(typingctx, array, k):  # type: ignore[no-untyped-def]
    """``array[k]``, for k in range."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        from numba.np import arrayobj

        lengths = cgutils.unpack_tuple(builder, arrayobj.make_array(array)(context, builder, args[0]).shape)[1:]
        return _view(context, builder, sig, args[0], builder.mul(args[1], functools.reduce(builder.mul, lengths)), lengths)

    return array.copy(ndim=array.ndim - 1)(array, types.int64), codegen


@intrinsic
def clear(typingctx, array):  # type: ignore[no-untyped-def]
    """Fill a C-contiguous array with zeros."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        from numba.np import arrayobj

        made = arrayobj.make_array(sig.args[0])(context, builder, args[0])
        count = functools.reduce(builder.mul, cgutils.unpack_tuple(builder, made.shape))
        cgutils.memset(builder, made.data, builder.mul(count, made.itemsize), 0)
        return context.get_dummy_value()

    return types.void(array), codegen

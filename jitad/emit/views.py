"""Views of memory: what Numba's slices and reshapes do in a hundred lines of LLVM each, which a kernel has dozens of."""

from __future__ import annotations

import functools
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils, imputils

from jitad.emit.lanes import intrinsic


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


@intrinsic
def shaped(typingctx, memory, start, shape):  # type: ignore[no-untyped-def]
    """The elements of an array from one on, under a shape: nobody asks whether they are there."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _view(context, builder, sig, args[0], args[1], cgutils.unpack_tuple(builder, args[2]))

    made = memory.copy(ndim=len(shape))
    return made(memory, types.int64, types.UniTuple(types.int64, len(shape))), codegen


@intrinsic
def row_of(typingctx, array, k):  # type: ignore[no-untyped-def]
    """``array[k]``, for k in range."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        from numba.np import arrayobj

        lengths = cgutils.unpack_tuple(builder, arrayobj.make_array(array)(context, builder, args[0]).shape)[1:]
        return _view(context, builder, sig, args[0], builder.mul(args[1], functools.reduce(builder.mul, lengths)), lengths)

    return array.copy(ndim=array.ndim - 1)(array, types.int64), codegen

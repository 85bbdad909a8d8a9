"""Views of memory: what Numba's slices and reshapes do in a hundred lines of LLVM each, which a kernel has dozens of."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils, imputils

from jitad.emit.lanes import intrinsic


@intrinsic
def shaped(typingctx, memory, start, shape):  # type: ignore[no-untyped-def]
    """The elements of an array of one axis from `start` on, under a shape: C-contiguous, and nobody asks whether they are there."""
    made = types.Array(memory.dtype, len(shape), "C")

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        from numba.np import arrayobj  # takes 50 ms to import

        source = arrayobj.make_array(memory)(context, builder, args[0])
        out = arrayobj.make_array(made)(context, builder)
        lengths = cgutils.unpack_tuple(builder, args[2])
        stride = ir.Constant(ir.IntType(64), context.get_abi_sizeof(context.get_data_type(memory.dtype)))
        strides = []
        for n in reversed(lengths):
            strides.append(stride)
            stride = builder.mul(stride, n)
        arrayobj.populate_array(out, builder.gep(source.data, [args[1]]), lengths, strides[::-1], source.itemsize, source.meminfo,
                                source.parent)
        return imputils.impl_ret_borrowed(context, builder, made, out._getvalue())

    return made(memory, types.int64, types.UniTuple(types.int64, len(shape))), codegen

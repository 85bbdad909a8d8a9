"""Calls of Python functions in emitted code, see :mod:`jitad.ops.callback`."""

from __future__ import annotations

from llvmlite import binding
from numba import njit, types

from jitad.ops.callback import ADDRESS

_SYMBOL = "jitad_called_back"  # bound by name, so that kernels that use it can be kept on disk
binding.add_symbol(_SYMBOL, ADDRESS)
_call = types.ExternalFunction(_SYMBOL, types.int32(*(types.int64,) * 6))


@njit(fastmath=False, error_model="numpy", nogil=True)
def callback(out, given, whom):  # type: ignore[no-untyped-def]
    """Rows of numbers, each filled for a row that is given."""
    for k in range(out.shape[0]):
        x, y = given[k], out[k]
        if _call(whom[k, 0], whom[k, 1], x.ctypes.data, x.shape[0], y.ctypes.data, y.shape[0]) != 0:
            raise RuntimeError("a function that the kernel has called back raised an error")

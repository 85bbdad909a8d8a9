"""From source to machine code."""

from __future__ import annotations

import hashlib
import linecache
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit, types
from numba.np.numpy_support import from_dtype

from jitad.emit.cpu import NAME
from jitad.emit.namespace import namespace

FASTMATH = {"reassoc", "nsz", "contract", "arcp"}  # never nnan or ninf: isnan must keep its meaning

_lock = threading.RLock()


def argument_type(dtype: np.dtype, ndim: int) -> types.Type:
    """The Numba type of an argument: a scalar, or a C-contiguous array that is only read."""
    scalar = from_dtype(dtype)
    return types.Array(scalar, ndim, "C", readonly=True) if ndim else scalar


def compile_source(source: str, arguments: Sequence[tuple[np.dtype, int]]) -> Any:
    """The dispatcher of the function `kernel` in `source`, compiled for (dtype, ndim) arguments."""
    filename = f"<jitad kernel {hashlib.sha256(source.encode()).hexdigest()[:16]}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)  # so that tracebacks show it
    names = namespace()
    exec(compile(source, filename, "exec"), names)
    signature = tuple(argument_type(d, n) for d, n in arguments)
    with _lock:
        return njit(signature, fastmath=FASTMATH, error_model="numpy", nogil=True)(names[NAME])

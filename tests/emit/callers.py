"""Functions of emitted code called under the flags of kernels, which let LLVM reassociate."""

from __future__ import annotations

import numpy as np
from numba import njit

from jitad.emit.lanes import WIDTH, consecutive
from jitad.emit.places import load, put

FLAGS = {"fastmath": {"reassoc", "nsz", "contract", "arcp"}, "error_model": "numpy"}


def in_a_loop(function):
    """Vectorised by LLVM, if it does that."""

    @njit(**FLAGS)
    def loop(x, out):
        total = 0.0
        for i in range(x.shape[0]):
            out[i] = function(x[i])
            total += out[i]
        return total

    def call(x):
        out = np.empty_like(x)
        loop(x, out)
        return out

    call.loop = loop
    return call


def in_lanes(function):
    """The same of explicit lanes."""

    @njit(**FLAGS)
    def loop(x, out):
        for i in range(0, x.shape[0], WIDTH):
            put(out, (i,), function(load(x, (i,), consecutive(i) < x.shape[0])))

    def call(x):
        out = np.zeros(len(x) + WIDTH, x.dtype)
        loop(x, out)
        return out[: len(x)]

    return call


def two_in_lanes(function):
    """Of two arguments."""

    @njit(**FLAGS)
    def loop(x, y, out):
        for i in range(0, x.shape[0], WIDTH):
            mask = consecutive(i) < x.shape[0]
            put(out, (i,), function(load(x, (i,), mask), load(y, (i,), mask)))

    def call(x, y):
        out = np.zeros(len(x) + WIDTH, x.dtype)
        loop(x, y, out)
        return out[: len(x)]

    return call

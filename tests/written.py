"""Kernels as they are written, not compiled: what tests of the source and of the loops need, without the time of LLVM."""

from __future__ import annotations

from collections import OrderedDict

import pytest


def written(function, *args):
    """The kernel that a call of a function of jitad would run: its `source`, `nests` and `program`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jitad.pipeline._kernels", OrderedDict())
        patch.setattr("jitad.pipeline.load", lambda *args: None)
        patch.setattr("jitad.pipeline.compiled", lambda *args: None)
        made = function.specialize(*args)
    kernel = made.kernel
    if kernel.njit is None:  # calls compile it
        made._shared = None
    return kernel

"""What functions of kernels are compiled by; see :mod:`jitad.emit.callee`."""

from __future__ import annotations

from typing import Any

from numba import njit

from jitad.emit.callee import CalleeCompiler, InlinedCompiler, StepCompiler, unaliased

WORTHWHILE = 20_000  # scalars to compute: less is done sooner than threads are started
PARALLEL = {"prange": True} | dict.fromkeys(
    ("comprehension", "reduction", "inplace_binop", "setitem", "numpy", "stencil", "fusion"), False)
FASTMATH = {"reassoc", "nsz", "contract", "arcp"}  # never nnan or ninf: isnan must keep its meaning
_SERIAL: Any = {"error_model": "numpy", "nogil": True}
_IN_THREADS: Any = {**_SERIAL, "parallel": dict(PARALLEL)}
part_parts = njit(fastmath=FASTMATH, **_IN_THREADS)
exact_parts = njit(fastmath=False, **_IN_THREADS)  # said explicitly: Numba passes flags on to callees
exact = njit(fastmath=False, pipeline_class=StepCompiler, **_SERIAL)
_KINDS = {"part": CalleeCompiler, "step": StepCompiler, "straight": InlinedCompiler}
DECORATORS: dict[str, Any] = {
    f"{'exact_' if exactly else ''}{name}{'_apart' if alone else ''}": njit(
        fastmath=False if exactly else FASTMATH, pipeline_class=unaliased(kind) if alone else kind, **_SERIAL)
    for name, kind in _KINDS.items() for exactly in (True, False) for alone in (True, False)}
"""What functions that a kernel calls are compiled by; see :mod:`jitad.emit.callee`."""

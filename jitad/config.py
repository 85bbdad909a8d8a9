"""Settings, and the environment variables that set them."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass

STATIC_AXIS = 4  # axes of arguments up to this length are part of the type, longer ones are symbolic
UNROLL_AXIS = 16  # axes of known length up to this are unrolled into scalars
UNROLL_AXES = 12  # several of them up to this together: derivatives of 4 x 4 matrices would be thousands of statements
MAX_STATEMENTS = 5000  # above this a kernel takes minutes to compile


@dataclass(frozen=True)
class Options:
    """How a kernel is compiled; see :func:`jitad.jit`."""

    parallel: bool = False
    strict: bool = False
    cache: bool = True
    static_argnums: tuple[int, ...] = ()
    static_argnames: tuple[str, ...] = ()
    max_paths: int = 64


DEFAULT = Options()
NEVER_JIT = os.environ.get("JITAD_DISABLE_JIT", "0") not in ("", "0")



class _PerThread(threading.local):
    depth = 0  # of disable_jit
    ieee = False


_local = _PerThread()
detours: list[object] = []  # what keeps calls, of any thread, from the short way: traces that are open, disable_jit


def jit_disabled() -> bool:
    """Whether graphs are run by the NumPy interpreter instead of being compiled."""
    return NEVER_JIT or _local.depth > 0


def ieee_derivatives() -> bool:
    """Whether derivatives at singular points are those of IEEE arithmetic; see docs/singular_points.md."""
    return _local.ieee


@contextlib.contextmanager
def singular_points(ieee: bool) -> Iterator[None]:
    """Derive with the derivatives of IEEE arithmetic at singular points, or with those that a minimiser can go on from."""
    before = ieee_derivatives()
    _local.ieee = ieee
    try:
        yield
    finally:
        _local.ieee = before


@contextlib.contextmanager
def disable_jit() -> Iterator[None]:
    """Evaluate derivative graphs with NumPy, without compiling: for debugging and for one-shot calls.

    The environment variable ``JITAD_DISABLE_JIT=1``, when jitad is imported, does the same for a whole process.

    Examples
    --------
    >>> import jitad
    >>> with jitad.disable_jit():
    ...     jitad.grad(lambda x: x**2)(3.0)
    6.0
    """
    _local.depth += 1
    detours.append("disable_jit")
    try:
        yield
    finally:
        _local.depth -= 1
        detours.remove("disable_jit")

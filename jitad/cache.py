"""The kernels kept on disk: where they are, how many, and how to remove them."""

from __future__ import annotations

from typing import NamedTuple

from jitad.counters import counts
from jitad.runtime import folder, store


class CacheInfo(NamedTuple):
    """What :func:`info` returns."""

    folder: str | None
    """Where kernels are kept; None if nowhere."""
    kernels: int
    bytes: int
    counts: dict[str, int]
    """What this process did: traces, derivations, lowerings, compilations, loads, failed loads."""


def info() -> CacheInfo:
    """Where compiled kernels are kept, how many there are, and what this process did.

    The folder is ``$JITAD_CACHE_DIR``, else ``$XDG_CACHE_HOME/jitad``, else ``~/.cache/jitad``. It has to belong to the user, and
    nobody else may write to it: what is loaded from it is run. Where that is not so, kernels are compiled in every process, with
    one :class:`jitad.errors.CacheWarning`. ``$JITAD_CACHE_SIZE_MB`` (512 if not set) limits its size; what was not used for the
    longest time goes first.

    Examples
    --------
    >>> import jitad
    >>> jitad.cache.info().counts["failed_loads"]
    0
    """
    place, found = folder.usable(), store.files()
    return CacheInfo(None if place is None else str(place), sum(p.suffix == ".bin" for _, _, p in found),
                     sum(size for _, size, _ in found), counts())


def clear() -> int:
    """Remove all kernels from the folder; returns how many files there were. Kernels in use stay in memory."""
    return store.clear()

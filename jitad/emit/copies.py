"""Copies of arrays to which several parts of a loop add at once, see :mod:`jitad.lower.parallel`."""

from __future__ import annotations

from numba import prange

from jitad.emit.compilers import WORTHWHILE, exact, exact_parts

COPIED = 50  # scalars that are computed for one that is copied: then a part's copies take a sixth of its time


@exact
def parts_for(work, copied, most):  # type: ignore[no-untyped-def]
    """How many parts a loop has of which each but the first has copies of so many numbers; a power of two."""
    parts = 2
    while parts < most and COPIED * copied * (2 * parts - 1) <= work:
        parts *= 2
    return parts


SHARES = 16  # of an array that is collected


@exact
def _share(c, whole, copies):  # type: ignore[no-untyped-def]
    first, last = abs(c * whole.size // SHARES), (c + 1) * whole.size // SHARES
    for q in range(copies.shape[0]):
        for k in range(first, last):
            whole[k] += copies[q, k]


@exact_parts
def _collect_at_once(whole, copies):  # type: ignore[no-untyped-def]
    for c in prange(SHARES):
        _share(int(c), whole, copies)


@exact
def collect(whole, copies):  # type: ignore[no-untyped-def]
    """Add to an array what the parts of a loop have in their copies of it, in the order of the parts."""
    target, found = whole.reshape(whole.size), copies.reshape((copies.shape[0], whole.size))
    if found.size >= WORTHWHILE:
        _collect_at_once(target, found)
    else:
        for c in range(SHARES):
            _share(c, target, found)

"""Medians of interleaved runs in one process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

SLOW = 2.0  # seconds: what takes longer is run once more, not again and again
SAMPLE = 2e-3  # seconds that one sample takes at least
LEAST = 5  # samples


def seconds(call: Callable[[], object]) -> float:
    """Of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def medians(calls: Mapping[str, Callable[[], object]], budget: float = 1.0) -> dict[str, float]:
    """Median seconds of one call of each, the calls taken in turns until each has had about `budget` seconds.

    What is slow is timed once. One call that does not count goes before each sample, so that all find their data in the caches.
    """
    found: dict[str, list[float]] = {}
    repeats, spent = {}, dict.fromkeys(calls, 0.0)
    for name, call in calls.items():
        call()
        once = seconds(call)
        found[name] = [once] if once > SLOW else []
        repeats[name] = max(1, int(SAMPLE / max(once, 1e-8)))
    waiting = [name for name in calls if not found[name]]
    while waiting:
        for name in waiting:
            call, start = calls[name], time.perf_counter()
            call()
            begin = time.perf_counter()
            for _ in range(repeats[name]):
                call()
            end = time.perf_counter()
            found[name].append((end - begin) / repeats[name])
            spent[name] += end - start
        waiting = [name for name in waiting if spent[name] < budget or len(found[name]) < LEAST]
    return {name: statistics.median(times) for name, times in found.items()}

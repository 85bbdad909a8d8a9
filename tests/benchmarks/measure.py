"""Medians of interleaved runs in one process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

SLOW, LONG = 2.0, 0.2  # seconds: what takes longer is timed once, or three times without a call before each
SAMPLE = 2e-3  # seconds that one sample takes at least
LEAST, LEAST_LONG = 5, 3  # samples


def seconds(call: Callable[[], object]) -> float:
    """Of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def medians(calls: Mapping[str, Callable[[], object]], budget: float = 1.0) -> dict[str, float]:
    """Median seconds of one call of each, the calls taken in turns until each has had about `budget` seconds.

    One call that does not count goes before each sample, so that all find their data in the caches.
    """
    found: dict[str, list[float]] = {}
    once, spent = {}, dict.fromkeys(calls, 0.0)
    for name, call in calls.items():
        call()
        once[name] = seconds(call)
        found[name] = [once[name]] if once[name] > SLOW else []
    repeats = {name: max(1, int(SAMPLE / max(t, 1e-8))) for name, t in once.items()}
    least = {name: LEAST_LONG if t > LONG else LEAST for name, t in once.items()}
    waiting = [name for name in calls if not found[name]]
    while waiting:
        for name in waiting:
            call, start = calls[name], time.perf_counter()
            if once[name] < LONG:
                call()
            begin = time.perf_counter()
            for _ in range(repeats[name]):
                call()
            end = time.perf_counter()
            found[name].append((end - begin) / repeats[name])
            spent[name] += end - start
        waiting = [name for name in waiting if spent[name] < budget or len(found[name]) < least[name]]
    return {name: statistics.median(times) for name, times in found.items()}

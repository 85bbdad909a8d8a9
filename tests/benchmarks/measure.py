"""Medians of interleaved runs in one process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def medians(calls: dict[str, Callable[[], object]], budget: float = 1.0) -> dict[str, float]:
    """Median seconds of one call of each, the calls taken in turns for about `budget` seconds each."""
    repeats = {}
    for name, call in calls.items():
        call()
        start = time.perf_counter()
        call()
        repeats[name] = max(1, int(2e-3 / max(time.perf_counter() - start, 1e-8)))
    found: dict[str, list[float]] = {name: [] for name in calls}
    stop = time.perf_counter() + budget * len(calls)
    while time.perf_counter() < stop or min(map(len, found.values())) < 5:
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(repeats[name]):
                call()
            found[name].append((time.perf_counter() - start) / repeats[name])
    return {name: statistics.median(times) for name, times in found.items()}

"""How often what was done, since the process started: what tests and `jitad.cache.info` look at."""

from __future__ import annotations

import threading
from collections import Counter

_counts: Counter[str] = Counter()
_lock = threading.Lock()

NAMES = ("traces", "derivations", "lowerings", "compilations", "loads", "failed_loads")


def count(name: str) -> None:
    """One more."""
    assert name in NAMES, name
    with _lock:
        _counts[name] += 1


def counts() -> dict[str, int]:
    """How often each step was done."""
    return {name: _counts[name] for name in NAMES}

"""Rows as text."""

from __future__ import annotations

import math
from collections.abc import Callable

from tests.benchmarks.peers import TITLES
from tests.benchmarks.row import Row

BY_HAND = 1.5  # times the kernel by hand: above it, a loss
COLUMNS: list[tuple[str, Callable[[Row], str]]] = [
    ("hand", lambda r: time(r.times.get("hand"))),
    ("jitad", lambda r: time(r.times.get("jitad"))),
    ("to hand", lambda r: number(r.ratio("jitad", "hand"))),
    ("to value", lambda r: number(r.ratio("jitad", "value"))),
    ("jax", lambda r: time(r.times.get("jax"))),
    ("torch", lambda r: time(r.times.get("torch"))),
    ("autograd", lambda r: time(r.times.get("autograd"))),
    ("casadi", lambda r: time(r.times.get("casadi"))),
    ("jax/jitad", lambda r: number(r.ratio("jax", "jitad"))),
    ("cold s", lambda r: number(r.first.get("cold"))),
    ("disk s", lambda r: number(r.first.get("warm"), 3)),
    ("jax s", lambda r: number(r.first.get("jax"))),
]


def time(t: float | None) -> str:
    """Microseconds, three digits."""
    if t is None:
        return "-"
    us = t * 1e6
    return f"{us:,.{max(0, 2 - math.floor(math.log10(max(us, 1e-9))))}f}" if us < 100 else f"{us:,.0f}"


def number(x: float | None, digits: int = 2) -> str:
    if x is None:
        return "-"
    return f"{x:,.{digits}f}" if x < 10 else f"{x:,.1f}" if x < 100 else f"{x:,.0f}"


def cells(row: Row) -> list[str]:
    return [make(row) for _, make in COLUMNS]


def _aligned(title: str, columns: list[str]) -> str:
    return f"{title:48}" + "".join(f"{c:>11}" for c in columns)


def head() -> str:
    return _aligned("microseconds of one call", [name for name, _ in COLUMNS])


def line(row: Row) -> str:
    return _aligned(row.title, cells(row))


def mean(rows: list[Row], a: str, b: str) -> float | None:
    """The geometric mean of a ratio, over the rows that have it."""
    found = [math.log(r) for r in (row.ratio(a, b) for row in rows) if r is not None]
    return math.exp(sum(found) / len(found)) if found else None


def means(rows: list[Row]) -> list[str]:
    """Geometric means over all rows."""
    out = []
    if (found := mean(rows, "jitad", "hand")) is not None:
        out.append(f"In the geometric mean jitad takes {number(found)} times as long as the kernel by hand")
    if (found := mean(rows, "jitad", "value")) is not None:
        out.append(f"Value and gradient together take {number(found)} times as long as the value alone")
    for peer, title in TITLES.items():
        if (found := mean(rows, peer, "jitad")) is not None:
            count = sum(row.ratio(peer, "jitad") is not None for row in rows)
            out.append(f"{title} takes {number(found)} times as long as jitad (mean of {count})")
    return out


def losses(rows: list[Row]) -> list[str]:
    """The rows that fail, or are slower than they should be."""
    failed = [f"Fails in {name}: {r.title}: {text}" for r in rows for name, text in r.failures.items()]
    slow = [f"{number(x)} times as long as the kernel by hand: {r.title}"
            for r in rows if (x := r.ratio("jitad", "hand")) is not None and x > BY_HAND]
    return failed + slow + [f"{number(x)} times as long as JAX: {r.title}"
                            for r in rows if (x := r.ratio("jitad", "jax")) is not None and x > 1]

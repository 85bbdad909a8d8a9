"""Explicit Runge-Kutta methods as tables of fractions, and one step of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Slope = Callable[[list, Any], list]  # from the leaves of y and from t to the leaves of dy/dt


@dataclass(frozen=True)
class Method:
    """A table: how much of the slopes before it each stage adds, and how much of all of them the step."""

    stages: tuple[tuple[Fraction, ...], ...]
    weights: tuple[Fraction, ...]


def _method(*rows: str) -> Method:
    table = [tuple(map(Fraction, row.split())) for row in rows]
    return Method(tuple(table[:-1]), table[-1])


METHODS = {
    "euler": _method("", "1"),
    "midpoint": _method("", "1/2", "0 1"),
    "heun": _method("", "1", "1/2 1/2"),
    "rk4": _method("", "1/2", "0 1/2", "0 0 1", "1/6 1/3 1/3 1/6"),
    "rk38": _method("", "1/3", "-1/3 1", "1 -1 1", "1/8 3/8 3/8 1/8"),
    "rk5": _method(  # Dormand and Prince's of order 5
        "", "1/5", "3/40 9/40", "44/45 -56/15 32/9", "19372/6561 -25360/2187 64448/6561 -212/729",
        "9017/3168 -355/33 46732/5247 49/176 -5103/18656", "35/384 0 500/1113 125/192 -2187/6784 11/84"),
}


def named(name: Any, others: Sequence[str] = ()) -> Method:
    """The method of this name; `others` are names that the caller knows besides."""
    if name in METHODS:
        return METHODS[name]
    raise ValueError(f"there is no method {name!r}; there are {', '.join([*METHODS, *others])}")


def moved(y: list, h: Any, weights: Sequence[Fraction], slopes: Sequence[list]) -> list:
    """y plus h times a weighted sum of slopes."""
    used = [(float(w), k) for w, k in zip(weights, slopes, strict=False) if w]
    return [leaf + h * sum(w * k[i] if w != 1 else k[i] for w, k in used) for i, leaf in enumerate(y)] if used else y


def step(method: Method, slope: Slope, y: list, t: Any, h: Any) -> list:
    """y at t + h."""
    slopes: list[list] = []
    for row in method.stages:
        at = float(sum(row))
        slopes.append(slope(moved(y, h, row, slopes), t + at * h if at else t))
    return moved(y, h, method.weights, slopes)

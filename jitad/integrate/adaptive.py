"""Dormand and Prince's pair of order 5 and 4: steps as long as tolerances allow, the last before each time as long as is left.

Derivatives are those of the steps that were taken: how long they were counts as given. A loop that goes on while something holds
is run again for its derivatives, and what is rounded differently then decides for slightly other steps. That is harmless as each
run ends at the very times that are asked for; a polynomial between steps would mix the state of one run and the derivatives of
another at times that differ.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from jitad.api import stop_gradient
from jitad.integrate.runge_kutta import METHODS, Slope, moved
from jitad.integrate.state import State
from jitad.loops import while_loop
from jitad.trace.loop import scan
from jitad.trace.tracer import Tracer
from jitad.tree import map_leaves

ADAPTIVE = "dopri5"
PAIR = METHODS["rk5"]
ERROR = tuple(map(Fraction, "71/57600 0 -71/16695 71/1920 -17253/339200 22/525 -1/40".split()))  # what the other order differs by
SAFETY, LEAST, MOST = 0.9, 0.2, 10.0
BY_THIS, BY_LAST = 0.7 / 5, 0.4 / 5  # how an error and the one before it decide about the next step


def solution(slope: Slope, start: State, t: Tracer, rtol: Any, atol: Any, mxstep: Any) -> list:
    """The leaves of y at the times t, along a new first axis; nan from where no step was short enough, or there were too many."""
    forwards: Any = np.where(t[-1] >= t[0], 1.0, -1.0)
    y, tolerated = [leaf + 0.0 for leaf in start.leaves], (rtol, atol)  # type: ignore[operator]
    k = slope(y, t[0])
    state = y, k, t[0], stop_gradient(forwards * _first(y, k, tolerated)), 1.0

    def to(state: tuple, end: Any) -> tuple[tuple, list]:
        def goes_on(carry: tuple) -> Any:
            (_, _, now, h, _), count = carry
            return (forwards * (end - now) > 0) & (count < mxstep) & (now + h != now)

        def turn(carry: tuple) -> tuple:
            return _step(slope, carry[0], end, tolerated), carry[1] + 1

        state, _ = while_loop(goes_on, turn, (state, 0))
        return state, [np.where(state[2] == end, leaf, np.nan) for leaf in state[0]]

    return scan(to, state, t, None, False)[1]


def _step(slope: Slope, state: tuple, end: Any, tolerated: tuple) -> tuple:
    """One step towards a time, taken or not."""
    y, first, now, h, last = state
    is_last = abs(h) >= abs(end - now)
    length = np.where(is_last, end - now, h)
    slopes = [first]
    for row in PAIR.stages[1:]:
        slopes.append(slope(moved(y, length, row, slopes), now + float(sum(row)) * length))
    new, then = moved(y, length, PAIR.weights, slopes), np.where(is_last, end, now + length)
    slopes.append(slope(new, then))
    difference = moved([0.0 * leaf for leaf in y], length, ERROR, slopes)
    error = _size(stop_gradient(difference), stop_gradient(y), stop_gradient(new), tolerated)
    taken = error <= 1  # not if it is nan
    bounded = np.maximum(np.where(error >= 0, error, 1e9), 1e-10)
    factor = np.clip(SAFETY * bounded**-BY_THIS * last**BY_LAST, LEAST, np.where(taken, MOST, SAFETY))
    ahead = stop_gradient(length * factor)
    ahead = np.where(is_last & taken & (abs(ahead) < abs(h)), h, ahead)  # a short way to go says nothing about the next step
    y, first, now = map_leaves(lambda a, b: np.where(taken, a, b), (new, slopes[-1], then), (y, first, now))
    return y, first, now, stop_gradient(ahead), stop_gradient(np.where(taken, np.maximum(bounded, 1e-4), last))


def _size(difference: list, y: list, new: list, tolerated: tuple) -> Any:
    """The error in units of what is tolerated."""
    rtol, atol = tolerated
    parts = [d / (atol + rtol * np.maximum(abs(a), abs(b))) for d, a, b in zip(difference, y, new, strict=True)]
    return np.sqrt(sum((p * p).sum() for p in parts) / sum(p.size for p in parts))


def _first(y: list, k: list, tolerated: tuple) -> Any:
    """A step that is short enough to begin with: a hundredth of the time in which y changes by its size."""
    zero = [0.0 * leaf for leaf in y]
    large, fast = (_size(x, y, zero, tolerated) for x in (y, k))
    known = (large > 1e-5) & (fast > 1e-5)
    return np.where(known, 0.01 * large / np.where(known, fast, 1.0), 1e-6)

"""What is not finite is reported once a run, with the point, and noted in the result."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from jitad.optimize.layout import Layout

SHOWN = 5  # components named in a message


class NonFiniteWarning(RuntimeWarning):
    """A value or a derivative was infinite or not a number.

    It is given at most once in a run, at the first such point, and `result.message` says how often it happened. The run goes on:
    where the value of a scalar function is nan or inf, the method is told of a wall there and turns around. A run that ends at
    such a point has ``success = False``. To stop at the first one instead: ``warnings.simplefilter("error", NonFiniteWarning)``.
    """


class Watch:
    """Looks at every evaluation of a run."""

    def __init__(self, layout: Layout, name: str):
        self.layout, self.name = layout, name
        self.met = 0
        self.first = ""

    def value(self, flat: np.ndarray, value: float, gradient: np.ndarray | None = None) -> None:
        """Look at the value of a scalar function, with the gradient if it is known."""
        if not math.isfinite(value):
            bad = None if gradient is None else np.flatnonzero(~np.isfinite(gradient))
            also = f", and its gradient has the components {self._parts(gradient, bad)}" if bad is not None and bad.size else ""
            self._report(flat, f"the value of {self.name} is {value}{also}")

    def gradient(self, flat: np.ndarray, value: float, gradient: np.ndarray) -> None:
        """Look at a gradient whose value was looked at already."""
        if math.isfinite(value) and not np.isfinite(gradient).all():
            parts = self._parts(gradient, np.flatnonzero(~np.isfinite(gradient)))
            self._report(flat, f"the gradient of {self.name} (whose value is {value}) has the components {parts}")

    def _parts(self, gradient: Any, bad: np.ndarray) -> str:
        more = f" and {bad.size - SHOWN} more components" if bad.size > SHOWN else ""
        return ", ".join(f"d/d{self.layout.name(k)} = {gradient[k]}" for k in bad[:SHOWN]) + more

    def values(self, flat: np.ndarray, values: np.ndarray) -> None:
        """Look at the results of a vector function."""
        if np.isfinite(values).all():
            return
        bad = np.flatnonzero(~np.isfinite(values))
        parts = ", ".join(f"[{k}] = {values[k]}" for k in bad[:SHOWN])
        more = f" and {bad.size - SHOWN} more" if bad.size > SHOWN else ""
        self._report(flat, f"{self.name} has the components {parts}{more}")

    def jacobian(self, flat: np.ndarray, jacobian: np.ndarray) -> None:
        """Look at a Jacobian."""
        if np.isfinite(jacobian).all():
            return
        rows, columns = np.nonzero(~np.isfinite(jacobian))
        parts = ", ".join(f"d[{i}]/d{self.layout.name(k)} = {jacobian[i, k]}"
                          for i, k in zip(rows[:SHOWN], columns[:SHOWN], strict=True))
        more = f" and {rows.size - SHOWN} more entries" if rows.size > SHOWN else ""
        self._report(flat, f"the Jacobian of {self.name} has the entries {parts}{more}")

    def _report(self, flat: np.ndarray, what: str) -> None:
        self.met += 1
        if self.met > 1:
            return
        with np.printoptions(threshold=20, edgeitems=5, linewidth=100_000):
            self.first = f"{what} at x = {self.layout.copy(flat)!r}"
        warnings.warn(f"{self.first}. The run goes on; if it should not be there, give bounds or another starting point",
                      NonFiniteWarning, stacklevel=4)

    def note(self, result: Any) -> None:
        """Say in the message of a result what was met."""
        if not self.met:
            return
        times = "once" if self.met == 1 else f"{self.met} times"
        note = f"Not finite {times}, first: {self.first}"
        message = result.get("message", "")
        result.message = [*message, note] if isinstance(message, list) else f"{message}\n{note}"

"""What a method sees of points outside of the domain of a function, so that it turns around."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

REMEMBERED = 8  # values; a line search rarely needs more, and none of them may be above the wall


class Wall:
    """A finite value and gradient in place of nan and inf.

    SciPy's line searches compare values, and a comparison with nan is false: BFGS, CG and Newton-CG accept such a point and stay
    outside, trust regions stop. With inf they turn around, but L-BFGS-B interpolates between the values, shortens the step to
    nothing and calls that convergence. So the wall is as high as the last finite values and the slope there suggest, and rises
    along the step: the next one is a quarter as long.
    """

    def __init__(self) -> None:
        self._x: np.ndarray | None = None
        self._gradient: np.ndarray | None = None
        self._values: deque[float] = deque(maxlen=REMEMBERED)

    def inside(self, flat: np.ndarray, value: float, gradient: np.ndarray | None) -> None:
        """Remember a point where the function is finite."""
        self._x, self._gradient = flat.copy(), gradient
        self._values.append(value)

    def at(self, flat: np.ndarray, value: float) -> tuple[float, np.ndarray] | None:
        """What to tell about a point outside; None for -inf, which is a minimum, and before any point inside."""
        if self._x is None or value == -math.inf:
            return None
        step = flat - self._x
        length = float(step @ step)
        if not (0.0 < length < math.inf):
            return None
        slope = abs(float(self._gradient @ step)) if self._gradient is not None else 0.0
        rise = slope if 0.0 < slope < math.inf else 1e-3 * max(1.0, abs(self._values[-1]))
        return max(self._values) + rise, 2 * rise / length * step

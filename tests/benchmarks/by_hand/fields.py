"""Values and gradients on grids and along one long array."""

from __future__ import annotations

import numpy as np

from tests.benchmarks.by_hand.fast import fast
from tests.benchmarks.constants import KAPPA


@fast
def _phase(u, before, behind):
    """Rows by reference, the first and last column apart; what is before the first and behind the last is given by number."""
    n, m = u.shape
    g = np.empty_like(u)
    total = 0.0
    for i in range(n):
        up, down = u[i - 1 if i > 0 else (n + before) % n], u[i + 1 if i < n - 1 else (n + behind) % n]
        row, out = u[i], g[i]
        for j in range(1, m - 1):
            c = row[j]
            a, b, w = down[j] - c, row[j + 1] - c, c * c - 1.0
            total += 0.25 * w * w + 0.5 * KAPPA * (a * a + b * b)
            out[j] = w * c - KAPPA * (up[j] + down[j] + row[j - 1] + row[j + 1] - 4.0 * c)
        for j in (0, m - 1):
            left, right = row[j - 1 if j > 0 else (m + before) % m], row[j + 1 if j < m - 1 else (m + behind) % m]
            c = row[j]
            a, b, w = down[j] - c, right - c, c * c - 1.0
            total += 0.25 * w * w + 0.5 * KAPPA * (a * a + b * b)
            out[j] = w * c - KAPPA * (up[j] + down[j] + left + right - 4.0 * c)
    return total, g


@fast
def phase_roll(u):
    """The last one is before the first."""
    return _phase(u, -1, 0)


@fast
def phase_slices(u):
    """Beyond the edge is the edge itself, from which there is no slope."""
    return _phase(u, 0, -1)


@fast
def rosenbrock(x):
    """One loop, the first and the last entry apart."""
    n = x.shape[0]
    g = np.empty(n)
    d, o = x[1] - x[0] * x[0], 1.0 - x[0]
    total = 100.0 * d * d + o * o
    g[0] = -400.0 * d * x[0] - 2.0 * o
    for i in range(1, n - 1):
        c = x[i]
        d, o = x[i + 1] - c * c, 1.0 - c
        total += 100.0 * d * d + o * o
        g[i] = -400.0 * d * c - 2.0 * o + 200.0 * (c - x[i - 1] * x[i - 1])
    g[n - 1] = 200.0 * (x[n - 1] - x[n - 2] * x[n - 2])
    return total, g

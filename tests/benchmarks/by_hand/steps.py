"""Value and gradient of steps of a simulation."""

from __future__ import annotations

import math

import numpy as np

from tests.benchmarks.by_hand.fast import fast
from tests.benchmarks.constants import FULL, HALF, SOFT, STEPS


@fast
def _pull(x, a):
    """Accelerations, pair by pair."""
    a[:] = 0.0
    for i in range(x.shape[0]):
        for j in range(i):
            dx, dy, dz = x[j, 0] - x[i, 0], x[j, 1] - x[i, 1], x[j, 2] - x[i, 2]
            q = dx * dx + dy * dy + dz * dz + SOFT
            s = 1.0 / (q * math.sqrt(q))
            a[i, 0] += s * dx
            a[i, 1] += s * dy
            a[i, 2] += s * dz
            a[j, 0] -= s * dx
            a[j, 1] -= s * dy
            a[j, 2] -= s * dz


@fast
def _pull_back(x, w, g):
    """Add the slopes of the accelerations, weighted by w."""
    for i in range(x.shape[0]):
        for j in range(i):
            dx, dy, dz = x[j, 0] - x[i, 0], x[j, 1] - x[i, 1], x[j, 2] - x[i, 2]
            ux, uy, uz = w[i, 0] - w[j, 0], w[i, 1] - w[j, 1], w[i, 2] - w[j, 2]
            inverse = 1.0 / (dx * dx + dy * dy + dz * dz + SOFT)
            s = inverse * math.sqrt(inverse)
            t = 3.0 * s * inverse * (dx * ux + dy * uy + dz * uz)
            bx, by, bz = s * ux - t * dx, s * uy - t * dy, s * uz - t * dz
            g[j, 0] += bx
            g[j, 1] += by
            g[j, 2] += bz
            g[i, 0] -= bx
            g[i, 1] -= by
            g[i, 2] -= bz


@fast
def leapfrog(x, v):
    """Positions of all steps are kept, and gone through backwards."""
    n = x.shape[0]
    path = np.empty((STEPS + 1, n, 3))
    path[0] = x
    speed, a = v.copy(), np.empty_like(x)
    _pull(x, a)
    for step in range(STEPS):
        now, then = path[step], path[step + 1]
        for i in range(n):
            for k in range(3):
                speed[i, k] += HALF * a[i, k]
                then[i, k] = now[i, k] + FULL * speed[i, k]
        _pull(then, a)
        for i in range(n):
            for k in range(3):
                speed[i, k] += HALF * a[i, k]
    total = 0.0
    gx, gv, w = np.empty_like(x), np.empty_like(x), np.empty_like(x)
    for i in range(n):
        for k in range(3):
            total += speed[i, k] * speed[i, k] + path[STEPS, i, k] * path[STEPS, i, k]
            gx[i, k], gv[i, k] = 2.0 * path[STEPS, i, k], 2.0 * speed[i, k]
            w[i, k] = HALF * gv[i, k]
    for step in range(STEPS, 0, -1):
        _pull_back(path[step], w, gx)
        for i in range(n):
            for k in range(3):
                gv[i, k] += FULL * gx[i, k]
                w[i, k] = (FULL if step > 1 else HALF) * gv[i, k]
    _pull_back(path[0], w, gx)
    return total, gx, gv

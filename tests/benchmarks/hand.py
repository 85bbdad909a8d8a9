"""Value-and-gradient kernels as a careful person writes them for Numba: what jitad is measured against."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from jitad.emit.vmath import exp

fast = njit(fastmath={"reassoc", "contract", "arcp", "nsz"}, error_model="numpy", nogil=True)


@fast
def lennard_jones(x):
    """Full square, structure of arrays, gradient in registers."""
    n = x.shape[0]
    px, py, pz = x[:, 0].copy(), x[:, 1].copy(), x[:, 2].copy()
    g = np.empty_like(x)
    total = 0.0
    for i in range(n):
        xi, yi, zi = px[i], py[i], pz[i]
        e = gx = gy = gz = 0.0
        for j in range(n):
            other = 0.0 if i == j else 1.0
            dx, dy, dz = xi - px[j], yi - py[j], zi - pz[j]
            inverse = 1.0 / (dx * dx + dy * dy + dz * dz + (1.0 - other))
            s6 = other * inverse * inverse * inverse
            e += s6 * s6 - s6
            c = -24.0 * (2.0 * s6 * s6 - s6) * inverse
            gx += c * dx
            gy += c * dy
            gz += c * dz
        total += e
        g[i, 0] = gx
        g[i, 1] = gy
        g[i, 2] = gz
    return 2.0 * total, g


@fast
def pair_list(x, pairs):
    """One loop over the list, what is added to the first atom kept in registers while that stays the same."""
    g = np.zeros_like(x)
    total = 0.0
    last, gx, gy, gz = pairs[0, 0], 0.0, 0.0, 0.0
    for p in range(pairs.shape[0]):
        i, j = pairs[p, 0], pairs[p, 1]
        if i != last:
            g[last, 0] += gx
            g[last, 1] += gy
            g[last, 2] += gz
            last, gx, gy, gz = i, 0.0, 0.0, 0.0
        dx, dy, dz = x[i, 0] - x[j, 0], x[i, 1] - x[j, 1], x[i, 2] - x[j, 2]
        inverse = 1.0 / (dx * dx + dy * dy + dz * dz)
        s6 = inverse * inverse * inverse
        total += s6 * s6 - s6
        c = -24.0 * (2.0 * s6 * s6 - s6) * inverse
        gx += c * dx
        gy += c * dy
        gz += c * dz
        g[j, 0] -= c * dx
        g[j, 1] -= c * dy
        g[j, 2] -= c * dz
    g[last, 0] += gx
    g[last, 1] += gy
    g[last, 2] += gz
    return 4.0 * total, g


@fast
def embedded_atom(x):
    """Two passes over the square; exp(-6 s) from exp(-2 s)."""
    n = x.shape[0]
    px, py, pz = x[:, 0].copy(), x[:, 1].copy(), x[:, 2].copy()
    slope = np.empty(n)
    g = np.empty_like(x)
    total = 0.0
    for i in range(n):
        density = 0.0
        for j in range(n):
            dx, dy, dz = px[i] - px[j], py[i] - py[j], pz[i] - pz[j]
            r = math.sqrt(dx * dx + dy * dy + dz * dz)
            a = exp(-2.0 * (r - 1.0))
            density += 0.0 if i == j else a
        root = math.sqrt(density)
        total -= root
        slope[i] = -0.5 / root
    for i in range(n):
        xi, yi, zi, si = px[i], py[i], pz[i], slope[i]
        e = gx = gy = gz = 0.0
        for j in range(n):
            dx, dy, dz = xi - px[j], yi - py[j], zi - pz[j]
            r = math.sqrt(dx * dx + dy * dy + dz * dz)
            a = exp(-2.0 * (r - 1.0))
            b = a * a * a
            c = 0.0 if i == j else ((si + slope[j]) * -2.0 * a - 6.0 * b) / r
            e += 0.0 if i == j else b
            gx += c * dx
            gy += c * dy
            gz += c * dz
        total += 0.5 * e
        g[i, 0] = gx
        g[i, 1] = gy
        g[i, 2] = gz
    return total, g

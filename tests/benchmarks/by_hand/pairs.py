"""Values and gradients of sums over all pairs."""

from __future__ import annotations

import math

import numpy as np

from jitad.emit.vmath import exp
from tests.benchmarks.by_hand.fast import fast
from tests.benchmarks.constants import ALPHA, DEPTH, DISTANCE, SCREENING

GAUSSIAN = 2.0 * SCREENING / math.sqrt(math.pi)  # before the exponential in the derivative of erfc


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
def morse(x):
    """Full square, as for Lennard-Jones."""
    n = x.shape[0]
    px, py, pz = x[:, 0].copy(), x[:, 1].copy(), x[:, 2].copy()
    g = np.empty_like(x)
    total = 0.0
    for i in range(n):
        xi, yi, zi = px[i], py[i], pz[i]
        e = gx = gy = gz = 0.0
        for j in range(n):
            dx, dy, dz = xi - px[j], yi - py[j], zi - pz[j]
            r = math.sqrt(dx * dx + dy * dy + dz * dz + (1.0 if i == j else 0.0))
            a = 0.0 if i == j else exp(-ALPHA * (r - DISTANCE))
            e += a * a - 2.0 * a
            c = -2.0 * DEPTH * ALPHA * (a * a - a) / r
            gx += c * dx
            gy += c * dy
            gz += c * dz
        total += e
        g[i, 0] = gx
        g[i, 1] = gy
        g[i, 2] = gz
    return 0.5 * DEPTH * total, g


@fast
def coulomb(x, q):
    """A triangle, since erfc is a call; what can be vectorised in loops of its own, over the rest of a row."""
    n = x.shape[0]
    px, py, pz = x[:, 0].copy(), x[:, 1].copy(), x[:, 2].copy()
    sx, sy, sz = np.zeros(n), np.zeros(n), np.zeros(n)
    r, c = np.empty(n), np.empty(n)
    total = 0.0
    for i in range(n - 1):
        xi, yi, zi, qi = px[i], py[i], pz[i], q[i]
        for j in range(i + 1, n):
            dx, dy, dz = xi - px[j], yi - py[j], zi - pz[j]
            r[j] = math.sqrt(dx * dx + dy * dy + dz * dz)
        for j in range(i + 1, n):
            c[j] = math.erfc(SCREENING * r[j])
        e = gx = gy = gz = 0.0
        for j in range(i + 1, n):
            inverse = 1.0 / r[j]
            qq = q[j] * inverse
            v = qq * c[j]
            e += v
            slope = q[j] * GAUSSIAN * exp(-SCREENING**2 * r[j] * r[j])
            c[j] = -qi * (v + slope) * inverse * inverse
        for j in range(i + 1, n):
            t = c[j] * (xi - px[j])
            gx += t
            sx[j] -= t
        for j in range(i + 1, n):
            t = c[j] * (yi - py[j])
            gy += t
            sy[j] -= t
        for j in range(i + 1, n):
            t = c[j] * (zi - pz[j])
            gz += t
            sz[j] -= t
        total += qi * e
        sx[i] += gx
        sy[i] += gy
        sz[i] += gz
    return total, np.stack((sx, sy, sz), 1)


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

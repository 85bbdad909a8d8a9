"""Values and gradients of sums over all pairs.

Most go through a triangle. The rest of a row is taken as slices: of indices that begin elsewhere than at zero Numba asks whether
they are negative, and LLVM then leaves the loop as it is.
"""

from __future__ import annotations

import math

import numpy as np

from tests.benchmarks.by_hand.fast import exp, fast
from tests.benchmarks.constants import ALPHA, DEPTH, DISTANCE, SCREENING

GAUSSIAN = 2.0 * SCREENING / math.sqrt(math.pi)  # before the exponential in the derivative of erfc


@fast
def lennard_jones(x):
    """Triangle, structure of arrays."""
    n = x.shape[0]
    px, py, pz = x[:, 0].copy(), x[:, 1].copy(), x[:, 2].copy()
    sx, sy, sz = np.zeros(n), np.zeros(n), np.zeros(n)
    total = 0.0
    for i in range(n - 1):
        xi, yi, zi = px[i], py[i], pz[i]
        ax, ay, az = px[i + 1:], py[i + 1:], pz[i + 1:]
        bx, by, bz = sx[i + 1:], sy[i + 1:], sz[i + 1:]
        e = gx = gy = gz = 0.0
        for j in range(ax.shape[0]):
            dx, dy, dz = xi - ax[j], yi - ay[j], zi - az[j]
            inverse = 1.0 / (dx * dx + dy * dy + dz * dz)
            s6 = inverse * inverse * inverse
            e += s6 * s6 - s6
            c = -24.0 * (2.0 * s6 * s6 - s6) * inverse
            gx += c * dx
            gy += c * dy
            gz += c * dz
            bx[j] -= c * dx
            by[j] -= c * dy
            bz[j] -= c * dz
        total += e
        sx[i] += gx
        sy[i] += gy
        sz[i] += gz
    return 4.0 * total, np.stack((sx, sy, sz), 1)


@fast
def lennard_jones_of_few(x):
    """Full square, gradient in registers: for few atoms, whose triangle has too short rows."""
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
def _add(c, p, s, i):
    """Add c times differences to both atoms, along one axis."""
    pi, others, back, total = p[i], p[i + 1:], s[i + 1:], 0.0
    for j in range(others.shape[0]):
        t = c[j] * (pi - others[j])
        total += t
        back[j] -= t
    s[i] += total


@fast
def morse(x):
    """Row by row of the triangle, factors of the gradient first."""
    n = x.shape[0]
    px, py, pz = x[:, 0].copy(), x[:, 1].copy(), x[:, 2].copy()
    sx, sy, sz, c = np.zeros(n), np.zeros(n), np.zeros(n), np.empty(n)
    total = 0.0
    for i in range(n - 1):
        xi, yi, zi, e = px[i], py[i], pz[i], 0.0
        ax, ay, az = px[i + 1:], py[i + 1:], pz[i + 1:]
        for j in range(ax.shape[0]):
            dx, dy, dz = xi - ax[j], yi - ay[j], zi - az[j]
            r = math.sqrt(dx * dx + dy * dy + dz * dz)
            a = exp(-ALPHA * (r - DISTANCE))
            e += a * a - 2.0 * a
            c[j] = -2.0 * DEPTH * ALPHA * (a * a - a) / r
        _add(c, px, sx, i)
        _add(c, py, sy, i)
        _add(c, pz, sz, i)
        total += e
    return DEPTH * total, np.stack((sx, sy, sz), 1)


@fast
def coulomb(x, q):
    """As for Morse, with erfc, which is a call for each number, in a loop of its own."""
    n = x.shape[0]
    px, py, pz = x[:, 0].copy(), x[:, 1].copy(), x[:, 2].copy()
    sx, sy, sz = np.zeros(n), np.zeros(n), np.zeros(n)
    r, c = np.empty(n), np.empty(n)
    total = 0.0
    for i in range(n - 1):
        xi, yi, zi, qi, e = px[i], py[i], pz[i], q[i], 0.0
        ax, ay, az, aq = px[i + 1:], py[i + 1:], pz[i + 1:], q[i + 1:]
        for j in range(ax.shape[0]):
            dx, dy, dz = xi - ax[j], yi - ay[j], zi - az[j]
            r[j] = math.sqrt(dx * dx + dy * dy + dz * dz)
        for j in range(ax.shape[0]):
            c[j] = math.erfc(SCREENING * r[j])
        for j in range(ax.shape[0]):
            inverse = 1.0 / r[j]
            v = aq[j] * inverse * c[j]
            e += v
            slope = aq[j] * GAUSSIAN * exp(-SCREENING**2 * r[j] * r[j])
            c[j] = -qi * (v + slope) * inverse * inverse
        _add(c, px, sx, i)
        _add(c, py, sy, i)
        _add(c, pz, sz, i)
        total += qi * e
    return total, np.stack((sx, sy, sz), 1)


@fast
def embedded_atom(x):
    """Two passes over the triangle; exp(-6 s) from exp(-2 s)."""
    n = x.shape[0]
    px, py, pz = x[:, 0].copy(), x[:, 1].copy(), x[:, 2].copy()
    sx, sy, sz, c = np.zeros(n), np.zeros(n), np.zeros(n), np.empty(n)
    density, slope = np.zeros(n), np.empty(n)
    total = 0.0
    for i in range(n - 1):
        xi, yi, zi, own = px[i], py[i], pz[i], 0.0
        ax, ay, az, others = px[i + 1:], py[i + 1:], pz[i + 1:], density[i + 1:]
        for j in range(ax.shape[0]):
            dx, dy, dz = xi - ax[j], yi - ay[j], zi - az[j]
            a = exp(-2.0 * (math.sqrt(dx * dx + dy * dy + dz * dz) - 1.0))
            own += a
            others[j] += a
        density[i] += own
    for i in range(n):
        root = math.sqrt(density[i])
        total -= root
        slope[i] = -0.5 / root
    for i in range(n - 1):
        xi, yi, zi, si, e = px[i], py[i], pz[i], slope[i], 0.0
        ax, ay, az, slopes = px[i + 1:], py[i + 1:], pz[i + 1:], slope[i + 1:]
        for j in range(ax.shape[0]):
            dx, dy, dz = xi - ax[j], yi - ay[j], zi - az[j]
            r = math.sqrt(dx * dx + dy * dy + dz * dz)
            a = exp(-2.0 * (r - 1.0))
            b = a * a * a
            e += b
            c[j] = (-2.0 * (si + slopes[j]) * a - 6.0 * b) / r
        _add(c, px, sx, i)
        _add(c, py, sy, i)
        _add(c, pz, sz, i)
        total += e
    return total, np.stack((sx, sy, sz), 1)

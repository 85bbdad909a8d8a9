"""Values and gradients of sums over lists of pairs and tables of neighbours."""

from __future__ import annotations

import math

import numpy as np

from tests.benchmarks.by_hand.fast import exp, fast

BLOCK = 64  # pairs


@fast
def pair_list(x, pairs):
    """Blocks of pairs: what can be vectorised in a loop between looking up and adding; what is added to the first atom is kept in
    registers while that stays the same."""
    g = np.zeros_like(x)
    dx, dy, dz = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    total = 0.0
    last, gx, gy, gz = pairs[0, 0], 0.0, 0.0, 0.0
    for start in range(0, pairs.shape[0], BLOCK):
        part = pairs[start:start + BLOCK]
        for p in range(part.shape[0]):
            i, j = part[p, 0], part[p, 1]
            dx[p], dy[p], dz[p] = x[i, 0] - x[j, 0], x[i, 1] - x[j, 1], x[i, 2] - x[j, 2]
        for p in range(part.shape[0]):
            inverse = 1.0 / (dx[p] * dx[p] + dy[p] * dy[p] + dz[p] * dz[p])
            s6 = inverse * inverse * inverse
            total += s6 * s6 - s6
            t = -24.0 * (2.0 * s6 * s6 - s6) * inverse
            dx[p] *= t
            dy[p] *= t
            dz[p] *= t
        for p in range(part.shape[0]):
            i, j = part[p, 0], part[p, 1]
            if i != last:
                g[last, 0] += gx
                g[last, 1] += gy
                g[last, 2] += gz
                last, gx, gy, gz = i, 0.0, 0.0, 0.0
            gx += dx[p]
            gy += dy[p]
            gz += dz[p]
            g[j, 0] -= dx[p]
            g[j, 1] -= dy[p]
            g[j, 2] -= dz[p]
    g[last, 0] += gx
    g[last, 1] += gy
    g[last, 2] += gz
    return 4.0 * total, g


@fast
def three_body(x, table):
    """Atom by atom: what depends on one neighbour is kept for all of them, the angles are a full square."""
    n, m = table.shape
    g = np.zeros_like(x)
    ux, uy, uz, f, w = np.empty(m), np.empty(m), np.empty(m), np.empty(m), np.empty(m)
    total = 0.0
    for i in range(n):
        for j in range(m):
            k = table[i, j]
            ux[j], uy[j], uz[j] = x[k, 0] - x[i, 0], x[k, 1] - x[i, 1], x[k, 2] - x[i, 2]
        for j in range(m):
            r = math.sqrt(ux[j] * ux[j] + uy[j] * uy[j] + uz[j] * uz[j])
            w[j] = 1.0 / r
            ux[j] *= w[j]
            uy[j] *= w[j]
            uz[j] *= w[j]
            f[j] = exp(-r)
        tx = ty = tz = 0.0
        for j in range(m):
            a, b, c = ux[j], uy[j], uz[j]
            e = hx = hy = hz = 0.0
            for k in range(m):
                s = a * ux[k] + b * uy[k] + c * uz[k] + 1.0 / 3.0
                t = 0.0 if k == j else f[k] * s
                e += t * s
                hx += t * ux[k]
                hy += t * uy[k]
                hz += t * uz[k]
            e *= f[j]
            total += e
            # along u: the slope of f, which is -f, and what turning does not change taken away
            turn = 2.0 * f[j] * w[j]
            along = -e - turn * (a * hx + b * hy + c * hz)
            gx, gy, gz = along * a + turn * hx, along * b + turn * hy, along * c + turn * hz
            k = table[i, j]
            g[k, 0] += gx
            g[k, 1] += gy
            g[k, 2] += gz
            tx += gx
            ty += gy
            tz += gz
        g[i, 0] -= tx
        g[i, 1] -= ty
        g[i, 2] -= tz
    return 0.5 * total, g

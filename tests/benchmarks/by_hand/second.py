"""Second derivatives of the Lennard-Jones energy."""

from __future__ import annotations

import numpy as np

from tests.benchmarks.by_hand.fast import fast


@fast
def hessian(x):
    """A triangle of blocks, each written twice and added to the two blocks of the diagonal."""
    n = x.shape[0]
    h = np.zeros((n, 3, n, 3))
    for i in range(n):
        for j in range(i):
            dx, dy, dz = x[i, 0] - x[j, 0], x[i, 1] - x[j, 1], x[i, 2] - x[j, 2]
            inverse = 1.0 / (dx * dx + dy * dy + dz * dz)
            s6 = inverse * inverse * inverse
            a = 24.0 * (s6 - 2.0 * s6 * s6) * inverse
            b = (672.0 * s6 * s6 - 192.0 * s6) * inverse * inverse
            d = (dx, dy, dz)
            for k in range(3):
                for m in range(3):
                    t = b * d[k] * d[m] + (a if k == m else 0.0)
                    h[i, k, j, m] = -t
                    h[j, k, i, m] = -t
                    h[i, k, i, m] += t
                    h[j, k, j, m] += t
    return h


@fast
def product(x, v):
    """Full square, structure of arrays, the product in registers."""
    n = x.shape[0]
    px, py, pz = x[:, 0].copy(), x[:, 1].copy(), x[:, 2].copy()
    vx, vy, vz = v[:, 0].copy(), v[:, 1].copy(), v[:, 2].copy()
    out = np.empty_like(x)
    for i in range(n):
        xi, yi, zi, ui, vi, wi = px[i], py[i], pz[i], vx[i], vy[i], vz[i]
        gx = gy = gz = 0.0
        for j in range(n):
            other = 0.0 if i == j else 1.0
            dx, dy, dz = xi - px[j], yi - py[j], zi - pz[j]
            ux, uy, uz = ui - vx[j], vi - vy[j], wi - vz[j]
            inverse = 1.0 / (dx * dx + dy * dy + dz * dz + (1.0 - other))
            s6 = other * inverse * inverse * inverse
            a = 24.0 * (s6 - 2.0 * s6 * s6) * inverse
            b = (672.0 * s6 * s6 - 192.0 * s6) * inverse * inverse * (dx * ux + dy * uy + dz * uz)
            gx += a * ux + b * dx
            gy += a * uy + b * dy
            gz += a * uz + b * dz
        out[i, 0] = gx
        out[i, 1] = gy
        out[i, 2] = gz
    return out

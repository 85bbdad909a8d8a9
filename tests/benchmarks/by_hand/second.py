"""Second derivatives of the Lennard-Jones energy."""

from __future__ import annotations

import numpy as np

from tests.benchmarks.by_hand.fast import fast


@fast
def hessian(x):
    """Full square of blocks of six numbers, those of the diagonal in registers."""
    n = x.shape[0]
    h = np.empty((n, 3, n, 3))
    px, py, pz = x[:, 0].copy(), x[:, 1].copy(), x[:, 2].copy()
    for i in range(n):
        xi, yi, zi = px[i], py[i], pz[i]
        h0, h1, h2 = h[i, 0], h[i, 1], h[i, 2]
        sxx = sxy = sxz = syy = syz = szz = 0.0
        for j in range(n):
            other = 0.0 if i == j else 1.0
            dx, dy, dz = xi - px[j], yi - py[j], zi - pz[j]
            inverse = 1.0 / (dx * dx + dy * dy + dz * dz + (1.0 - other))
            s6 = other * inverse * inverse * inverse
            a = 24.0 * (s6 - 2.0 * s6 * s6) * inverse
            b = (672.0 * s6 * s6 - 192.0 * s6) * inverse * inverse
            xx, yy, zz = a + b * dx * dx, a + b * dy * dy, a + b * dz * dz
            xy, xz, yz = b * dx * dy, b * dx * dz, b * dy * dz
            sxx += xx
            syy += yy
            szz += zz
            sxy += xy
            sxz += xz
            syz += yz
            h0[j, 0] = -xx
            h0[j, 1] = -xy
            h0[j, 2] = -xz
            h1[j, 0] = -xy
            h1[j, 1] = -yy
            h1[j, 2] = -yz
            h2[j, 0] = -xz
            h2[j, 1] = -yz
            h2[j, 2] = -zz
        h0[i, 0] = sxx
        h0[i, 1] = sxy
        h0[i, 2] = sxz
        h1[i, 0] = sxy
        h1[i, 1] = syy
        h1[i, 2] = syz
        h2[i, 0] = sxz
        h2[i, 1] = syz
        h2[i, 2] = szz
    return h


@fast
def product(x, v):
    """Triangle, as for value and gradient."""
    n = x.shape[0]
    px, py, pz = x[:, 0].copy(), x[:, 1].copy(), x[:, 2].copy()
    vx, vy, vz = v[:, 0].copy(), v[:, 1].copy(), v[:, 2].copy()
    sx, sy, sz = np.zeros(n), np.zeros(n), np.zeros(n)
    for i in range(n - 1):
        xi, yi, zi, ui, vi, wi = px[i], py[i], pz[i], vx[i], vy[i], vz[i]
        ax, ay, az = px[i + 1:], py[i + 1:], pz[i + 1:]
        cx, cy, cz = vx[i + 1:], vy[i + 1:], vz[i + 1:]
        bx, by, bz = sx[i + 1:], sy[i + 1:], sz[i + 1:]
        gx = gy = gz = 0.0
        for j in range(ax.shape[0]):
            dx, dy, dz = xi - ax[j], yi - ay[j], zi - az[j]
            ux, uy, uz = ui - cx[j], vi - cy[j], wi - cz[j]
            inverse = 1.0 / (dx * dx + dy * dy + dz * dz)
            s6 = inverse * inverse * inverse
            a = 24.0 * (s6 - 2.0 * s6 * s6) * inverse
            b = (672.0 * s6 * s6 - 192.0 * s6) * inverse * inverse * (dx * ux + dy * uy + dz * uz)
            tx, ty, tz = a * ux + b * dx, a * uy + b * dy, a * uz + b * dz
            gx += tx
            gy += ty
            gz += tz
            bx[j] -= tx
            by[j] -= ty
            bz[j] -= tz
        sx[i] += gx
        sy[i] += gy
        sz[i] += gz
    return np.stack((sx, sy, sz), 1)

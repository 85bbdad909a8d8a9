"""Value and gradient of a mixture of Gaussians."""

from __future__ import annotations

import math

import numpy as np

from tests.benchmarks.by_hand.fast import exp, fast
from tests.benchmarks.constants import GAMMA, M

BLOCK = 32  # points that are taken at once


@fast
def mixture(alphas, means, icf, x):
    """Blocks of points, which are the inner loop; the factors of all parts are kept from the values for the gradients."""
    n, d = x.shape
    parts, entries = icf.shape
    points = np.ascontiguousarray(x.T)
    ga, gm, gl = np.empty(parts), np.zeros((parts, d)), np.empty((parts, entries))
    diagonal = np.empty((parts, d))
    z, c, likely, back = np.empty((parts, d, BLOCK)), np.empty((d, BLOCK)), np.empty((parts, BLOCK)), np.empty(BLOCK)
    top, mass = np.empty(BLOCK), np.empty(BLOCK)

    total = 0.0
    all_alphas = 0.0
    for k in range(parts):
        all_alphas += math.exp(alphas[k] - alphas[0])
    for k in range(parts):
        ga[k] = -n * math.exp(alphas[k] - alphas[0]) / all_alphas
        for i in range(d):
            diagonal[k, i] = math.exp(icf[k, i])
            total += 0.5 * GAMMA**2 * diagonal[k, i] * diagonal[k, i] - M * icf[k, i]
            gl[k, i] = GAMMA**2 * diagonal[k, i] * diagonal[k, i] - M
        for i in range(d, entries):
            total += 0.5 * GAMMA**2 * icf[k, i] * icf[k, i]
            gl[k, i] = GAMMA**2 * icf[k, i]
    total -= n * (math.log(all_alphas) + alphas[0])

    for start in range(0, n, BLOCK):
        size = min(BLOCK, n - start)
        top[:] = -np.inf
        for k in range(parts):
            base = alphas[k]
            for i in range(d):
                base += icf[k, i]
                zi, ci = z[k, i], c[i]
                for p in range(size):
                    ci[p] = points[i, start + p] - means[k, i]
                    zi[p] = diagonal[k, i] * ci[p]
            at = d
            for j in range(d):
                cj = c[j]
                for i in range(j + 1, d):
                    zi, entry = z[k, i], icf[k, at]
                    at += 1
                    for p in range(size):
                        zi[p] += entry * cj[p]
            out = likely[k]
            out[:] = base
            for i in range(d):
                zi = z[k, i]
                for p in range(size):
                    out[p] -= 0.5 * zi[p] * zi[p]
            for p in range(size):
                top[p] = out[p] if out[p] > top[p] else top[p]
        mass[:] = 0.0
        for k in range(parts):
            out = likely[k]
            for p in range(size):
                out[p] = exp(out[p] - top[p])
                mass[p] += out[p]
        for p in range(size):
            total += math.log(mass[p]) + top[p]
            mass[p] = 1.0 / mass[p]
        for k in range(parts):
            out, weight = likely[k], 0.0
            for p in range(size):
                out[p] *= mass[p]
                weight += out[p]
            ga[k] += weight
            for i in range(d):
                zi, ci = z[k, i], c[i]
                for p in range(size):
                    ci[p] = points[i, start + p] - means[k, i]
                    zi[p] *= out[p]
            at = d
            for j in range(d):
                cj, zj = c[j], z[k, j]
                along = 0.0
                for p in range(size):
                    back[p] = diagonal[k, j] * zj[p]
                    along += zj[p] * cj[p]
                gl[k, j] += weight - diagonal[k, j] * along
                for i in range(j + 1, d):
                    zi, entry, along = z[k, i], icf[k, at], 0.0
                    for p in range(size):
                        back[p] += entry * zi[p]
                        along += zi[p] * cj[p]
                    gl[k, at] -= along
                    at += 1
                pull = 0.0
                for p in range(size):
                    pull += back[p]
                gm[k, j] += pull
    return total, ga, gm, gl

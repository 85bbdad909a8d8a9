"""Values and gradients of likelihoods and other sums over data."""

from __future__ import annotations

import numpy as np

from tests.benchmarks.by_hand.fast import exp, fast, log1p, tanh
from tests.benchmarks.constants import FREEDOM, RIDGE

BLOCK = 128  # rows that stay in the cache between two passes


@fast
def student(theta, y, t):
    scale = exp(-theta[2])
    total = ga = gb = gc = 0.0
    for i in range(y.shape[0]):
        r = (y[i] - theta[0] - theta[1] * t[i]) * scale
        q = r * r / FREEDOM
        w = r / (1.0 + q)
        total += log1p(q)
        ga += w
        gb += w * t[i]
        gc += w * r
    c, n = (FREEDOM + 1) / FREEDOM, y.shape[0]
    return 0.5 * (FREEDOM + 1) * total + theta[2] * n, np.array([-c * ga * scale, -c * gb * scale, n - c * gc])


@fast
def logistic(w, x, y):
    """Blocks of rows, read once: products, exponentials in one loop, and the gradient."""
    n, m = x.shape
    g = RIDGE * w
    c = np.empty(BLOCK)
    total = 0.0
    for k in range(m):
        total += 0.5 * RIDGE * w[k] * w[k]
    for start in range(0, n, BLOCK):
        size = min(BLOCK, n - start)
        for i in range(size):
            row = x[start + i]
            s = 0.0
            for k in range(m):
                s += row[k] * w[k]
            c[i] = s
        for i in range(size):
            e = exp(-y[start + i] * c[i])
            total += log1p(e)
            c[i] = -y[start + i] * e / (1.0 + e)
        for i in range(size):
            row, s = x[start + i], c[i]
            for k in range(m):
                g[k] += s * row[k]
    return total, g


@fast
def network(w1, b1, w2, b2, w3, features):
    """Products by BLAS, everything else in loops over rows, in place."""
    h1 = np.dot(features, w1)
    n, m = h1.shape
    for i in range(n):
        for k in range(m):
            h1[i, k] = tanh(h1[i, k] + b1[k])
    h2 = np.dot(h1, w2)
    g1, g2, g3 = np.zeros(m), np.zeros(m), np.zeros(m)
    total = 0.0
    for i in range(n):
        for k in range(m):
            t = tanh(h2[i, k] + b2[k])
            total += t * w3[k]
            g3[k] += t
            h2[i, k] = w3[k] * (1.0 - t * t)
            g2[k] += h2[i, k]
    slope2 = np.dot(h1.T, h2)
    back = np.dot(h2, w2.T)
    for i in range(n):
        for k in range(m):
            back[i, k] *= 1.0 - h1[i, k] * h1[i, k]
            g1[k] += back[i, k]
    return total, np.dot(features.T, back), g1, slope2, g2, g3

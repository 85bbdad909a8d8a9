"""Value and gradient of steps of a simulation, and of a recurrent network."""

from __future__ import annotations

import math

import numpy as np

from tests.benchmarks.by_hand.fast import fast
from tests.benchmarks.constants import FULL, HALF, LAYERS, SOFT, STEPS, TOKENS


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


@fast
def _gate(x, w, b):
    return 1.0 / (1.0 + math.exp(-(x * w + b)))


@fast
def recurrent(main, extra, state, text):
    """What every layer does in every step is kept, and gone through backwards."""
    d = extra.shape[1]
    kept = np.empty((TOKENS, LAYERS, 6, d))  # input, forget, ingate, outgate, change, tanh of the cell
    hidden, cell = np.empty((TOKENS + 1, LAYERS, d)), np.empty((TOKENS + 1, LAYERS, d))
    y, x, gx = np.empty((TOKENS, d)), np.empty(d), np.empty(d)
    weights, counts = np.empty(TOKENS), np.empty(TOKENS)
    hidden[0], cell[0] = state[0::2], state[1::2]
    total = 0.0
    for t in range(TOKENS):
        for i in range(d):
            x[i] = text[t, i] * extra[0, i]
        for k in range(LAYERS):
            w, b = main[2 * k], main[2 * k + 1]
            for i in range(d):
                h = hidden[t, k, i]
                forget, ingate = _gate(x[i], w[i], b[i]), _gate(h, w[d + i], b[d + i])
                outgate, change = _gate(x[i], w[2 * d + i], b[2 * d + i]), math.tanh(h * w[3 * d + i] + b[3 * d + i])
                c = cell[t, k, i] * forget + ingate * change
                s = math.tanh(c)
                keep = kept[t, k]
                keep[0, i], keep[1, i], keep[2, i], keep[3, i], keep[4, i], keep[5, i] = x[i], forget, ingate, outgate, change, s
                cell[t + 1, k, i] = c
                hidden[t + 1, k, i] = x[i] = outgate * s
        weight, count, along = 2.0, 0.0, 0.0
        for i in range(d):
            y[t, i] = x[i] * extra[1, i] + extra[2, i]
            weight += math.exp(y[t, i])
            count += text[t + 1, i]
            along += text[t + 1, i] * y[t, i]
        total += along - count * math.log(weight)
        weights[t], counts[t] = weight, count
    scale = -1.0 / (TOKENS * d)
    gm, ge = np.zeros_like(main), np.zeros_like(extra)
    gh, gc = np.zeros((LAYERS, d)), np.zeros((LAYERS, d))
    for t in range(TOKENS - 1, -1, -1):
        for i in range(d):
            gy = scale * (text[t + 1, i] - counts[t] / weights[t] * math.exp(y[t, i]))
            ge[1, i] += gy * hidden[t + 1, LAYERS - 1, i]
            ge[2, i] += gy
            gx[i] = gy * extra[1, i]
        for k in range(LAYERS - 1, -1, -1):
            w, wk, bk = main[2 * k], gm[2 * k], gm[2 * k + 1]
            for i in range(d):
                keep = kept[t, k]
                v, forget, ingate, outgate, change, s = keep[0, i], keep[1, i], keep[2, i], keep[3, i], keep[4, i], keep[5, i]
                h = hidden[t, k, i]
                out = gx[i] + gh[k, i]
                c = gc[k, i] + out * outgate * (1.0 - s * s)
                df = c * cell[t, k, i] * forget * (1.0 - forget)
                di = c * change * ingate * (1.0 - ingate)
                do = out * s * outgate * (1.0 - outgate)
                dc = c * ingate * (1.0 - change * change)
                wk[i] += df * v
                wk[d + i] += di * h
                wk[2 * d + i] += do * v
                wk[3 * d + i] += dc * h
                bk[i] += df
                bk[d + i] += di
                bk[2 * d + i] += do
                bk[3 * d + i] += dc
                gc[k, i] = c * forget
                gh[k, i] = di * w[d + i] + dc * w[3 * d + i]
                gx[i] = df * w[i] + do * w[2 * d + i]
        for i in range(d):
            ge[0, i] += gx[i] * text[t, i]
    return scale * total, gm, ge

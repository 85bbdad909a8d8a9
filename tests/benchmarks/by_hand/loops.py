"""Value and gradient of long loops: the states are kept, the stages of a step computed again on the way back."""

from __future__ import annotations

import math

import numpy as np

from tests.benchmarks.by_hand.fast import fast
from tests.benchmarks.constants import SOFT, TICK


def affine(steps):
    """Three numbers in registers, forwards and backwards."""
    @fast
    def kernel(x, a):
        path = np.empty((steps, 3))
        c0, c1, c2 = x[0], x[1], x[2]
        a00, a01, a02 = a[0, 0], a[0, 1], a[0, 2]
        a10, a11, a12 = a[1, 0], a[1, 1], a[1, 2]
        a20, a21, a22 = a[2, 0], a[2, 1], a[2, 2]
        for k in range(steps):
            path[k, 0], path[k, 1], path[k, 2] = c0, c1, c2
            c0, c1, c2 = (a00 * c0 + a01 * c1 + a02 * c2 + 0.1, a10 * c0 + a11 * c1 + a12 * c2 + 0.1,
                          a20 * c0 + a21 * c1 + a22 * c2 + 0.1)
        w0, w1, w2 = 1.0, 1.0, 1.0
        g = np.zeros((3, 3))
        for k in range(steps - 1, -1, -1):
            p0, p1, p2 = path[k, 0], path[k, 1], path[k, 2]
            g[0, 0] += w0 * p0
            g[0, 1] += w0 * p1
            g[0, 2] += w0 * p2
            g[1, 0] += w1 * p0
            g[1, 1] += w1 * p1
            g[1, 2] += w1 * p2
            g[2, 0] += w2 * p0
            g[2, 1] += w2 * p1
            g[2, 2] += w2 * p2
            w0, w1, w2 = (a00 * w0 + a10 * w1 + a20 * w2, a01 * w0 + a11 * w1 + a21 * w2, a02 * w0 + a12 * w1 + a22 * w2)
        return c0 + c1 + c2, np.array([w0, w1, w2]), g

    return kernel


@fast
def _pair(y, i, j):
    """The pull of body j on body i."""
    dx, dy, dz = y[j, 0] - y[i, 0], y[j, 1] - y[i, 1], y[j, 2] - y[i, 2]
    q = dx * dx + dy * dy + dz * dz + SOFT
    s = 1.0 / (q * math.sqrt(q))
    return s * dx, s * dy, s * dz


@fast
def _pull(y, a):
    """Accelerations of three bodies."""
    ax, ay, az = _pair(y, 0, 1)
    bx, by, bz = _pair(y, 0, 2)
    cx, cy, cz = _pair(y, 1, 2)
    a[0, 0], a[0, 1], a[0, 2] = ax + bx, ay + by, az + bz
    a[1, 0], a[1, 1], a[1, 2] = cx - ax, cy - ay, cz - az
    a[2, 0], a[2, 1], a[2, 2] = -bx - cx, -by - cy, -bz - cz


@fast
def _pair_back(y, w, i, j):
    """The slope of what w weights, with respect to body j, of the pull between two."""
    dx, dy, dz = y[j, 0] - y[i, 0], y[j, 1] - y[i, 1], y[j, 2] - y[i, 2]
    ux, uy, uz = w[i, 0] - w[j, 0], w[i, 1] - w[j, 1], w[i, 2] - w[j, 2]
    q = dx * dx + dy * dy + dz * dz + SOFT
    s = 1.0 / (q * math.sqrt(q))
    t = 3.0 * s / q * (dx * ux + dy * uy + dz * uz)
    return s * ux - t * dx, s * uy - t * dy, s * uz - t * dz


@fast
def _pull_back(y, w, g):
    """Slopes of the accelerations, weighted by w."""
    ax, ay, az = _pair_back(y, w, 0, 1)
    bx, by, bz = _pair_back(y, w, 0, 2)
    cx, cy, cz = _pair_back(y, w, 1, 2)
    g[0, 0], g[0, 1], g[0, 2] = -ax - bx, -ay - by, -az - bz
    g[1, 0], g[1, 1], g[1, 2] = ax - cx, ay - cy, az - cz
    g[2, 0], g[2, 1], g[2, 2] = bx + cx, by + cy, bz + cz


@fast
def _moved(out, x, by, k):
    for i in range(3):
        for d in range(3):
            out[i, d] = x[i, d] + by * k[i, d]


@fast
def _stages(x, v, y, u, a):
    """Positions, velocities and accelerations of the four stages."""
    y[0], u[0] = x, v
    _pull(y[0], a[0])
    for s in range(1, 4):
        by = TICK if s == 3 else 0.5 * TICK
        _moved(y[s], x, by, u[s - 1])
        _moved(u[s], v, by, a[s - 1])
        _pull(y[s], a[s])


def runge_kutta(steps):
    """The adjoint of each step: of what its stages add, from the last stage to the first."""
    @fast
    def kernel(x, v):
        path = np.empty((steps + 1, 2, 3, 3))
        path[0, 0], path[0, 1] = x, v
        y, u, a = np.empty((4, 3, 3)), np.empty((4, 3, 3)), np.empty((4, 3, 3))
        for t in range(steps):
            now_x, now_v, then_x, then_v = path[t, 0], path[t, 1], path[t + 1, 0], path[t + 1, 1]
            _stages(now_x, now_v, y, u, a)
            for i in range(3):
                for d in range(3):
                    then_x[i, d] = now_x[i, d] + TICK / 6 * (u[0, i, d] + 2 * u[1, i, d] + 2 * u[2, i, d] + u[3, i, d])
                    then_v[i, d] = now_v[i, d] + TICK / 6 * (a[0, i, d] + 2 * a[1, i, d] + 2 * a[2, i, d] + a[3, i, d])
        total = 0.0
        gx, gv = np.empty((3, 3)), np.empty((3, 3))
        for i in range(3):
            for d in range(3):
                total += path[steps, 0, i, d] ** 2 + path[steps, 1, i, d] ** 2
                gx[i, d], gv[i, d] = 2 * path[steps, 0, i, d], 2 * path[steps, 1, i, d]
        wy, wu, wa = np.empty((3, 3)), np.empty((3, 3)), np.empty((3, 3))
        sx, sv = np.empty((3, 3)), np.empty((3, 3))
        for t in range(steps - 1, -1, -1):
            _stages(path[t, 0], path[t, 1], y, u, a)
            sx[:], sv[:] = gx, gv
            for i in range(3):
                for d in range(3):
                    wu[i, d], wa[i, d] = TICK / 6 * gx[i, d], TICK / 6 * gv[i, d]
            for s in range(3, -1, -1):
                _pull_back(y[s], wa, wy)
                share, by = TICK / 3 if s > 1 else TICK / 6, TICK if s == 3 else 0.5 * TICK
                for i in range(3):
                    for d in range(3):
                        sx[i, d] += wy[i, d]
                        sv[i, d] += wu[i, d]
                        if s > 0:  # the stage before: with its share of the step, and what this one got from it
                            wu[i, d], wa[i, d] = share * gx[i, d] + by * wy[i, d], share * gv[i, d] + by * wu[i, d]
            gx[:], gv[:] = sx, sv
        return total, gx, gv

    return kernel

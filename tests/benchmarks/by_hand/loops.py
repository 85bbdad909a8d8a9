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
def _times(m, x, y, z):
    """A matrix of nine numbers, row by row, times three."""
    return m[0] * x + m[1] * y + m[2] * z, m[3] * x + m[4] * y + m[5] * z, m[6] * x + m[7] * y + m[8] * z


@fast
def _turned(m):
    """The transposed matrix."""
    return m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]


@fast
def _numbers(a):
    return a[0, 0], a[0, 1], a[0, 2], a[1, 0], a[1, 1], a[1, 2], a[2, 0], a[2, 1], a[2, 2]


@fast
def _next(m, c):
    """The columns after a step."""
    u, v, w = _times(m, c[0], c[3], c[6]), _times(m, c[1], c[4], c[7]), _times(m, c[2], c[5], c[8])
    return (u[0] + 0.1, v[0] + 0.1, w[0] + 0.1, u[1] + 0.1, v[1] + 0.1, w[1] + 0.1, u[2] + 0.1, v[2] + 0.1, w[2] + 0.1)


@fast
def _keep(path, k, c):
    for i, x in enumerate(c):
        path[k, i] = x


@fast
def _kept(path, k):
    return (path[k, 0], path[k, 1], path[k, 2], path[k, 3], path[k, 4], path[k, 5], path[k, 6], path[k, 7], path[k, 8])


@fast
def _outer(g, b, c):
    """What a product with a matrix adds to its slope: g + b c'."""
    return (g[0] + b[0] * c[0] + b[1] * c[1] + b[2] * c[2], g[1] + b[0] * c[3] + b[1] * c[4] + b[2] * c[5],
            g[2] + b[0] * c[6] + b[1] * c[7] + b[2] * c[8], g[3] + b[3] * c[0] + b[4] * c[1] + b[5] * c[2],
            g[4] + b[3] * c[3] + b[4] * c[4] + b[5] * c[5], g[5] + b[3] * c[6] + b[4] * c[7] + b[5] * c[8],
            g[6] + b[6] * c[0] + b[7] * c[1] + b[8] * c[2], g[7] + b[6] * c[3] + b[7] * c[4] + b[8] * c[5],
            g[8] + b[6] * c[6] + b[7] * c[7] + b[8] * c[8])


def affine_matrix(steps):
    """Nine numbers; of the way forth, every thousandth state is kept, and a thousand are computed again at a time."""
    size = 1000

    @fast
    def kernel(x, a):
        m, c = _numbers(a), _numbers(x)
        marks, path = np.empty((steps // size + 1, 9)), np.empty((size, 9))
        for k in range(steps):
            if k % size == 0:
                _keep(marks, k // size, c)
            c = _next(m, c)
        total = c[0] + c[1] + c[2] + c[3] + c[4] + c[5] + c[6] + c[7] + c[8]
        back = _turned(m)
        b = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
        g = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        for block in range((steps - 1) // size, -1, -1):
            many = min(size, steps - block * size)
            c = _kept(marks, block)
            for k in range(many):
                _keep(path, k, c)
                c = _next(m, c)
            for k in range(many - 1, -1, -1):
                g = _outer(g, b, _kept(path, k))
                u, v, w = _times(back, b[0], b[3], b[6]), _times(back, b[1], b[4], b[7]), _times(back, b[2], b[5], b[8])
                b = (u[0], v[0], w[0], u[1], v[1], w[1], u[2], v[2], w[2])
        return total, np.array(b).reshape(3, 3), np.array(g).reshape(3, 3)

    return kernel


@fast
def factors(d, p, q, a):
    """The logarithm of the determinant of a quasiseparable matrix, and its slopes; s is symmetric."""
    n = len(d)
    path = np.empty((n, 6))
    s00 = s01 = s02 = s11 = s12 = s22 = total = 0.0
    for k in range(n):
        path[k, 0], path[k, 1], path[k, 2], path[k, 3], path[k, 4], path[k, 5] = s00, s01, s02, s11, s12, s22
        m = _numbers(a[k])
        s = (s00, s01, s02, s01, s11, s12, s02, s12, s22)
        p0, p1, p2 = p[k, 0], p[k, 1], p[k, 2]
        u0, u1, u2 = _times(s, p0, p1, p2)
        c = math.sqrt(d[k] - p0 * u0 - p1 * u1 - p2 * u2)
        total += math.log(c)
        f = 1.0 / c
        x, y, z = _times(m, u0, u1, u2)
        w0, w1, w2 = f * (q[k, 0] - x), f * (q[k, 1] - y), f * (q[k, 2] - z)
        t, v, w = _times(s, m[0], m[1], m[2]), _times(s, m[3], m[4], m[5]), _times(s, m[6], m[7], m[8])
        s00 = m[0] * t[0] + m[1] * t[1] + m[2] * t[2] + w0 * w0
        s01 = m[0] * v[0] + m[1] * v[1] + m[2] * v[2] + w0 * w1
        s02 = m[0] * w[0] + m[1] * w[1] + m[2] * w[2] + w0 * w2
        s11 = m[3] * v[0] + m[4] * v[1] + m[5] * v[2] + w1 * w1
        s12 = m[3] * w[0] + m[4] * w[1] + m[5] * w[2] + w1 * w2
        s22 = m[6] * w[0] + m[7] * w[1] + m[8] * w[2] + w2 * w2
    gd, gp, gq, ga = np.empty(n), np.empty((n, 3)), np.empty((n, 3)), np.empty((n, 3, 3))
    b = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)  # of the symmetric s: symmetric too
    for k in range(n - 1, -1, -1):
        s00, s01, s02, s11, s12, s22 = path[k, 0], path[k, 1], path[k, 2], path[k, 3], path[k, 4], path[k, 5]
        m = _numbers(a[k])
        s = (s00, s01, s02, s01, s11, s12, s02, s12, s22)
        p0, p1, p2 = p[k, 0], p[k, 1], p[k, 2]
        u0, u1, u2 = _times(s, p0, p1, p2)
        f = 1.0 / math.sqrt(d[k] - p0 * u0 - p1 * u1 - p2 * u2)
        x, y, z = _times(m, u0, u1, u2)
        w0, w1, w2 = f * (q[k, 0] - x), f * (q[k, 1] - y), f * (q[k, 2] - z)
        h0, h1, h2 = _times(b, 2.0 * w0, 2.0 * w1, 2.0 * w2)  # slopes of w
        gz0, gz1, gz2 = f * h0, f * h1, f * h2
        slope = 0.5 * f * (f - f * (h0 * w0 + h1 * w1 + h2 * w2))  # of c squared
        gd[k] = slope
        gq[k, 0], gq[k, 1], gq[k, 2] = gz0, gz1, gz2
        e0, e1, e2 = _times(_turned(m), gz0, gz1, gz2)
        e0, e1, e2 = -e0 - 2.0 * slope * p0, -e1 - 2.0 * slope * p1, -e2 - 2.0 * slope * p2  # of u, where c squared is d - p' u
        y0, y1, y2 = _times(s, e0, e1, e2)
        gp[k, 0], gp[k, 1], gp[k, 2] = y0, y1, y2
        am = _outer((0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), m, s)  # a s, as s is symmetric
        twice = _outer((0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), b, _turned(am))
        zz = (gz0, gz1, gz2)
        uu = (u0, u1, u2)
        for i in range(3):
            for j in range(3):
                ga[k, i, j] = 2.0 * twice[3 * i + j] - zz[i] * uu[j]
        bm = _outer((0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), b, _turned(m))  # b a
        full = _outer((0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), _turned(m), _turned(bm))  # a' b a
        g0, g1, g2 = e0 + slope * p0, e1 + slope * p1, e2 + slope * p2
        b = (full[0] + g0 * p0, full[1] + 0.5 * (g0 * p1 + g1 * p0), full[2] + 0.5 * (g0 * p2 + g2 * p0),
             full[3] + 0.5 * (g0 * p1 + g1 * p0), full[4] + g1 * p1, full[5] + 0.5 * (g1 * p2 + g2 * p1),
             full[6] + 0.5 * (g0 * p2 + g2 * p0), full[7] + 0.5 * (g1 * p2 + g2 * p1), full[8] + g2 * p2)
    return total, gd, gp, gq, ga


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

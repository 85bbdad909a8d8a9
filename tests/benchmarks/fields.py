"""``python -m tests.benchmarks.fields``: stencils, sums over many numbers, and repeated steps, against loops by hand."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

import jitad
from jitad.emit.vmath import exp, log1p
from tests.benchmarks.hand import fast
from tests.benchmarks.measure import medians

KAPPA, NU = 0.5, 4.0


def phase_roll(u):
    gx, gy = np.roll(u, -1, 0) - u, np.roll(u, -1, 1) - u
    return (0.25 * (u * u - 1) ** 2 + 0.5 * KAPPA * (gx * gx + gy * gy)).sum()


@fast
def phase_roll_by_hand(u):
    """Rows by reference, the first and last column apart."""
    n, m = u.shape
    g = np.empty_like(u)
    total = 0.0
    for i in range(n):
        up, down = u[i - 1 if i > 0 else n - 1], u[i + 1 if i < n - 1 else 0]
        row, out = u[i], g[i]
        for j in range(1, m - 1):
            c = row[j]
            a, b, w = down[j] - c, row[j + 1] - c, c * c - 1.0
            total += 0.25 * w * w + 0.5 * KAPPA * (a * a + b * b)
            out[j] = w * c - KAPPA * (up[j] + down[j] + row[j - 1] + row[j + 1] - 4.0 * c)
        for j in (0, m - 1):
            left, right = row[j - 1 if j > 0 else m - 1], row[j + 1 if j < m - 1 else 0]
            c = row[j]
            a, b, w = down[j] - c, right - c, c * c - 1.0
            total += 0.25 * w * w + 0.5 * KAPPA * (a * a + b * b)
            out[j] = w * c - KAPPA * (up[j] + down[j] + left + right - 4.0 * c)
    return total, g


def phase_slices(u):
    gx, gy = u[1:] - u[:-1], u[:, 1:] - u[:, :-1]
    return (0.25 * (u * u - 1) ** 2).sum() + 0.5 * KAPPA * ((gx * gx).sum() + (gy * gy).sum())


@fast
def phase_slices_by_hand(u):
    n, m = u.shape
    g = np.empty_like(u)
    total = 0.0
    for i in range(n):
        for j in range(m):
            c = u[i, j]
            w = c * c - 1.0
            total += 0.25 * w * w
            s = w * c
            if i < n - 1:
                a = u[i + 1, j] - c
                total += 0.5 * KAPPA * a * a
                s -= KAPPA * a
            if i > 0:
                s += KAPPA * (c - u[i - 1, j])
            if j < m - 1:
                b = u[i, j + 1] - c
                total += 0.5 * KAPPA * b * b
                s -= KAPPA * b
            if j > 0:
                s += KAPPA * (c - u[i, j - 1])
            g[i, j] = s
    return total, g


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


@fast
def rosenbrock_by_hand(x):
    n = x.shape[0]
    g = np.empty(n)
    total = 0.0
    for i in range(n - 1):
        d, o = x[i + 1] - x[i] * x[i], 1.0 - x[i]
        total += 100.0 * d * d + o * o
        g[i] = -400.0 * d * x[i] - 2.0 * o + (200.0 * (x[i] - x[i - 1] * x[i - 1]) if i > 0 else 0.0)
    g[n - 1] = 200.0 * (x[n - 1] - x[n - 2] * x[n - 2])
    return total, g


def student(theta, y, t):
    """Negative log-likelihood of a line with Student's errors, without constants."""
    r = (y - theta[0] - theta[1] * t) * np.exp(-theta[2])
    return (0.5 * (NU + 1) * np.log1p(r * r / NU)).sum() + theta[2] * len(y)


@fast
def student_by_hand(theta, y, t):
    scale = exp(-theta[2])
    total = ga = gb = gc = 0.0
    for i in range(y.shape[0]):
        r = (y[i] - theta[0] - theta[1] * t[i]) * scale
        q = r * r / NU
        w = r / (1.0 + q)
        total += log1p(q)
        ga += w
        gb += w * t[i]
        gc += w * r
    c, n = (NU + 1) / NU, y.shape[0]
    return 0.5 * (NU + 1) * total + theta[2] * n, np.array([-c * ga * scale, -c * gb * scale, n - c * gc])


def leapfrog(x, v, steps=40):
    """What becomes of bodies that attract one another; unrolled."""
    def pull(x):
        d = x[None] - x[:, None]
        return (d / ((d**2).sum(-1) + 0.01)[..., None] ** 1.5).sum(1)

    a = pull(x)
    for _ in range(steps):
        v = v + 0.005 * a
        x = x + 0.01 * v
        a = pull(x)
        v = v + 0.005 * a
    return (v**2).sum() + (x**2).sum()


def problems() -> list[tuple[str, Callable, tuple, Callable | None]]:
    rng = np.random.default_rng(0)
    out: list[tuple[str, Callable, tuple, Callable | None]] = []
    for n in (64, 768):
        u = rng.normal(size=(n, n))
        out += [(f"phase field by roll, {n} x {n}", phase_roll, (u,), phase_roll_by_hand),
                (f"phase field by slices, {n} x {n}", phase_slices, (u,), phase_slices_by_hand)]
    for n in (1_000, 1_000_000):
        x, y = rng.normal(size=(2, n))
        out += [(f"Rosenbrock, {n:,}", rosenbrock, (x,), rosenbrock_by_hand),
                (f"Student's likelihood, {n:,}", student, (np.array([0.1, 0.2, 0.3]), y, np.linspace(0, 1, n)), student_by_hand)]
    return [*out, ("40 leapfrog steps, 5 bodies", leapfrog, tuple(rng.normal(size=(2, 5, 3))), None)]


def main() -> None:
    print(f"{'value and gradient':34} {'hand us':>10} {'jitad us':>10} {'to hand':>8} {'compile s':>10}")
    for name, function, args, by_hand in problems():
        start = time.perf_counter()
        kernel = jitad.jit(jitad.value_and_grad(function), cache=False).specialize(*args)
        seconds = time.perf_counter() - start
        given = (*args, *kernel.captured)
        calls = {"jitad": lambda given=given, kernel=kernel: kernel.njit(*given)}
        if by_hand is not None:
            calls["hand"] = lambda args=args, by_hand=by_hand: by_hand(*args)
            ours, theirs = calls["jitad"](), calls["hand"]()
            np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-9)
            np.testing.assert_allclose(ours[1], theirs[1], rtol=0, atol=1e-9 * np.abs(theirs[1]).max())
        t = medians(calls, 0.5)
        hand = f"{t['hand'] * 1e6:10.1f}" if by_hand else f"{'':10}"
        ratio = f"{t['jitad'] / t['hand']:8.2f}" if by_hand else f"{'':8}"
        print(f"{name:34} {hand} {t['jitad'] * 1e6:10.1f} {ratio} {seconds:10.1f}", flush=True)


if __name__ == "__main__":
    main()

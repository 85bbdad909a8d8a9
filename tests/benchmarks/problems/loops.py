"""Long loops of small steps: an affine recurrence, and Runge-Kutta's method for bodies that attract one another."""

from __future__ import annotations

import numpy

import jitad
from tests.benchmarks import by_hand
from tests.benchmarks.constants import SOFT, TICK
from tests.benchmarks.problem import Problem

_NONE = {"torch": None, "autograd": None}  # they unroll


def _lax(np):
    """The loops that belong to a namespace."""
    if np is numpy:
        return jitad.lax
    import jax

    return jax.lax


def affine(steps):
    """The sum of what becomes of a vector, or of a matrix, under ``x -> a x + 1/10``."""
    def make(np):
        lax = _lax(np)
        return lambda x, a: lax.scan(lambda c, _: (a @ c + 0.1, None), x, None, length=steps)[0].sum()

    return make


def factors(np):
    """The logarithm of the determinant of a matrix with ``p[i] a[i-1] ... a[j+1] q[j]`` below its diagonal d, in linear time.

    That is what the likelihood of a Gaussian process along a line needs (the Cholesky factor of Foreman-Mackey, Agol, Ambikasaran
    and Angus, The Astronomical Journal 154, 220, 2017).
    """
    lax = _lax(np)

    def step(s, row):
        d, p, q, a = row
        c = np.sqrt(d - p @ s @ p)
        t = s @ a.T
        w = (q - p @ t) / c
        return a @ t + np.outer(w, w), np.log(c)

    return lambda d, p, q, a: lax.scan(step, np.zeros((3, 3)), (d, p, q, a))[1].sum()


def _rows(n: int) -> tuple:
    rng = numpy.random.default_rng(0)
    return (2 + rng.random(n), 0.3 * rng.normal(size=(n, 3)), 0.3 * rng.normal(size=(n, 3)),
            0.7 * numpy.eye(3) + 0.1 * rng.normal(size=(n, 3, 3)))


def runge_kutta(steps):
    """The size of the orbit after steps of the classical method of order 4."""
    def make(np):
        lax = _lax(np)

        def slope(x, v):
            d = x[None] - x[:, None]
            return v, (d / ((d**2).sum(-1) + SOFT)[..., None] ** 1.5).sum(1)

        def step(_, state):
            x, v = state
            k1, l1 = slope(x, v)
            k2, l2 = slope(x + TICK / 2 * k1, v + TICK / 2 * l1)
            k3, l3 = slope(x + TICK / 2 * k2, v + TICK / 2 * l2)
            k4, l4 = slope(x + TICK * k3, v + TICK * l3)
            return x + TICK / 6 * (k1 + 2 * k2 + 2 * k3 + k4), v + TICK / 6 * (l1 + 2 * l2 + 2 * l3 + l4)

        def end(x, v):
            x, v = lax.fori_loop(0, steps, step, (x, v))
            return (x**2).sum() + (v**2).sum()

        return end

    return make


def _bodies() -> tuple:
    """Three in a plane and a bit out of it, which do not come close."""
    angle = 2 * numpy.pi * numpy.arange(3) / 3
    x = numpy.stack([numpy.cos(angle), numpy.sin(angle), 0.1 * angle], 1)
    return x, 0.6 * numpy.stack([-numpy.sin(angle), numpy.cos(angle), 0.01 * angle], 1)


def problems() -> list[Problem]:
    out = []
    for steps in (100, 1_000_000):
        for name, shape, kernel in (("three numbers", (3,), by_hand.loops.affine),
                                    ("a 3 x 3 matrix", (3, 3), by_hand.loops.affine_matrix)):
            out.append(Problem(f"steps of {name}", f"{steps:,}", affine(steps),
                               lambda shape=shape: (numpy.ones(shape), 0.3 * numpy.random.default_rng(0).normal(size=(3, 3))),
                               kernel(steps), argnums=(0, 1), spellings=_NONE, small=steps == 100))
    for n in (2_000, 100_000):
        out.append(Problem("quasiseparable factor, 3 x 3", f"{n:,}", factors, lambda n=n: _rows(n),
                           by_hand.loops.factors, argnums=(0, 1, 2, 3), spellings=_NONE, small=n == 2_000))
    for steps in (100, 100_000):
        out.append(Problem("Runge-Kutta, 3 bodies", f"{steps:,} steps", runge_kutta(steps), _bodies,
                           by_hand.loops.runge_kutta(steps), argnums=(0, 1), spellings=_NONE,
                           small=steps == 100))
    return out

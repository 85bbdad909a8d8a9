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
    """The sum of what becomes of a vector under ``x -> a x + 1/10``."""
    def make(np):
        lax = _lax(np)
        return lambda x, a: lax.scan(lambda c, _: (a @ c + 0.1, None), x, None, length=steps)[0].sum()

    return make


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
        out.append(Problem("steps of a 3 x 3 matrix", f"{steps:,}", affine(steps),
                           lambda: (numpy.ones(3), 0.3 * numpy.random.default_rng(0).normal(size=(3, 3))),
                           by_hand.loops.affine(steps), argnums=(0, 1), spellings=_NONE,
                           small=steps == 100))
    for steps in (100, 100_000):
        out.append(Problem("Runge-Kutta, 3 bodies", f"{steps:,} steps", runge_kutta(steps), _bodies,
                           by_hand.loops.runge_kutta(steps), argnums=(0, 1), spellings=_NONE,
                           small=steps == 100))
    return out

"""Stencils on grids, and sums along one long array."""

from __future__ import annotations

import numpy

from tests.benchmarks import by_hand
from tests.benchmarks.constants import KAPPA
from tests.benchmarks.problem import Problem


def phase_roll(np):
    """A phase field with periodic boundaries."""
    def energy(u):
        gx, gy = np.roll(u, -1, 0) - u, np.roll(u, -1, 1) - u
        return (0.25 * (u * u - 1) ** 2 + 0.5 * KAPPA * (gx * gx + gy * gy)).sum()

    return energy


def phase_slices(np):
    """A phase field with free boundaries."""
    def energy(u):
        gx, gy = u[1:] - u[:-1], u[:, 1:] - u[:, :-1]
        return (0.25 * (u * u - 1) ** 2).sum() + 0.5 * KAPPA * ((gx * gx).sum() + (gy * gy).sum())

    return energy


def rosenbrock(np):
    def value(x):
        return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()

    return value


def rosenbrock_casadi(cs):
    return lambda x: cs.sum1(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def normal(*shape: int) -> tuple:
    return (numpy.random.default_rng(0).normal(size=shape),)


def problems() -> list[Problem]:
    out = []
    for n in (64, 768):
        arguments, size, small = (lambda n=n: normal(n, n)), f"{n} x {n}", n == 64
        out += [Problem("phase field by roll", size, phase_roll, arguments, by_hand.fields.phase_roll, small=small),
                Problem("phase field by slices", size, phase_slices, arguments, by_hand.fields.phase_slices, small=small)]
    for n in (2, 1_000_000):
        out.append(Problem("Rosenbrock", f"{n:,}", rosenbrock, lambda n=n: normal(n), by_hand.fields.rosenbrock, small=n == 2,
                           spellings={"casadi": rosenbrock_casadi} if n == 2 else {}))
    return out

"""Steps of a simulation."""

from __future__ import annotations

import numpy

from tests.benchmarks import by_hand
from tests.benchmarks.constants import FULL, HALF, SOFT, STEPS
from tests.benchmarks.problem import Problem


def leapfrog(np):
    """What becomes of bodies that attract one another; unrolled."""
    def pull(x):
        d = x[None] - x[:, None]
        return (d / ((d**2).sum(-1) + SOFT)[..., None] ** 1.5).sum(1)

    def end(x, v):
        a = pull(x)
        for _ in range(STEPS):
            v = v + HALF * a
            x = x + FULL * v
            a = pull(x)
            v = v + HALF * a
        return (v**2).sum() + (x**2).sum()

    return end


def problems() -> list[Problem]:
    return [Problem(f"{STEPS} leapfrog steps", "5 bodies", leapfrog,
                    lambda: tuple(numpy.random.default_rng(0).normal(size=(2, 5, 3))), by_hand.steps.leapfrog, argnums=(0, 1),
                    small=True)]

"""Second derivatives of the Lennard-Jones energy."""

from __future__ import annotations

import numpy

from tests.benchmarks import by_hand
from tests.benchmarks.problem import Problem
from tests.benchmarks.problems.pairs import eye
from tests.pairs import crowd


def _along(n: int) -> tuple:
    return crowd(n), numpy.random.default_rng(1).normal(size=(n, 3))


def problems() -> list[Problem]:
    out = [Problem("Hessian of Lennard-Jones", "38 atoms", eye, lambda: (crowd(38),), by_hand.second.hessian,
                   derivative="hessian", small=True)]
    for n in (38, 1_000):
        out.append(Problem("Hessian-vector product", f"{n:,} atoms", eye, lambda n=n: _along(n), by_hand.second.product,
                           derivative="product", small=n == 38))
    return out

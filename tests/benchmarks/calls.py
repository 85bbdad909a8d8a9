"""``python -m tests.benchmarks.calls``: what a call costs, for 13 atoms.

From Python beside the kernel through its dispatcher; and inside of compiled code, beside the kernel by hand.
"""

from __future__ import annotations

import numpy as np
from numba import njit

import jitad
from tests.benchmarks.by_hand.pairs import lennard_jones_of_few
from tests.benchmarks.measure import medians

SIGMA, EPSILON = np.full(13, 1.1), 0.7
FACTORS = {"sigma": 1.2, "epsilon": 0.7}


def energy(x):
    d = x[:, None] - x[None]
    s = 1 / ((d**2).sum(-1) + np.eye(len(x))) ** 3
    return 2 * ((s * s - s) * (1 - np.eye(len(x)))).sum()


def with_captured(x):
    return energy(x) * EPSILON + (x[:, 0] * SIGMA).sum()


def with_dict(x):
    return energy(x) * FACTORS["epsilon"] * FACTORS["sigma"]


@njit
def many(times, f, args):
    """A loop of a user's, in compiled code."""
    total = 0.0
    for _ in range(times):
        total += f(*args)[0]
    return total


def inside(x) -> dict[str, float]:
    """Seconds of one value and gradient in compiled code."""
    kernel, times = jitad.value_and_grad(energy).specialize(x), 100
    found = medians({"kernel.njit": lambda: many(times, kernel.njit, (x, *kernel.captured)),
                     "by hand": lambda: many(times, lennard_jones_of_few, (x,))}, 0.5)
    return {name: seconds / times for name, seconds in found.items()}


def main() -> None:
    x = np.random.default_rng(0).normal(size=(13, 3)) * 2
    calls = {}
    for name, f in [("no captured value", energy), ("an array and a float", with_captured), ("a dict", with_dict)]:
        for what, g in [("gradient", jitad.grad(f)), ("value and gradient", jitad.value_and_grad(f))]:
            kernel = g.specialize(x)
            args = (x, *kernel.captured)
            calls[f"{what}, {name}"] = lambda g=g: g(x)
            calls[f"{what}, {name}: kernel"] = lambda k=kernel.njit, args=args: k(*args)
    found = medians(calls, 0.5)
    print(f"{'':42} {'call us':>8} {'kernel us':>10}")
    for name in calls:
        if not name.endswith(": kernel"):
            print(f"{name:42} {found[name] * 1e6:8.2f} {found[name + ': kernel'] * 1e6:10.2f}")
    print()
    for name, seconds in inside(x).items():
        print(f"{'inside of compiled code, ' + name:42} {seconds * 1e6:8.2f}")


if __name__ == "__main__":
    main()

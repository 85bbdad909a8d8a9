"""``python -m tests.benchmarks.first_call [--profile]``: the first call of tiny functions without compiling, beside autograd's.

Every repetition makes the function anew, from the same text with `np` bound to NumPy or to autograd's.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
import time
from collections.abc import Callable

import autograd
import autograd.numpy
import numpy as np

import jitad

GOAL = 3.0
ROSENBROCK = """
def f(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
"""
RESIDUAL = """
t = np.linspace(0, 2, 10)
y = np.exp(-t)
def f(p):
    model = p[0] * np.exp(-p[1] * t)
    return model - y
"""
PENDULUM = """
def f(state, m1=1.0, m2=0.7, l1=1.0, l2=1.3, g=9.81):
    t1, t2, w1, w2 = state
    kinetic = 0.5 * (m1 + m2) * (l1 * w1) ** 2 + 0.5 * m2 * (l2 * w2) ** 2 + m2 * l1 * l2 * w1 * w2 * np.cos(t1 - t2)
    potential = -(m1 + m2) * g * l1 * np.cos(t1) - m2 * g * l2 * np.cos(t2)
    return kinetic - potential
"""
PROBLEMS: dict[str, tuple[str, str, np.ndarray]] = {
    "rosenbrock of 5": (ROSENBROCK, "value_and_grad", np.linspace(-1, 1, 5)),
    "residual of two lines": (RESIDUAL, "jacobian", np.array([1.3, 0.7])),
    "double pendulum": (PENDULUM, "value_and_grad", np.array([0.4, 1.1, 0.3, -0.7])),
}


def fresh(source: str, numpy: object) -> Callable:
    """The function that a text defines, a new object at every call."""
    names: dict = {"np": numpy}
    exec(source, names)
    return names["f"]


def first_call(package: object, numpy: object, problem: str) -> float:
    """Seconds of it."""
    source, transform, x = PROBLEMS[problem]
    f = fresh(source, numpy)
    start = time.perf_counter()
    getattr(package, transform)(f)(x)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--profile", action="store_true", help="where jitad's time goes, for each function")
    options = parser.parse_args()
    print(f"{'':24} {'jitad us':>9} {'autograd us':>12} {'ratio':>7}   (goal: at most {GOAL:g})")
    with jitad.disable_jit():
        for problem in PROBLEMS:
            times: list[tuple[float, float]] = []
            for _ in range(options.repeats + 5):
                times.append((first_call(jitad, np, problem), first_call(autograd, autograd.numpy, problem)))
            del times[:5]  # imports, and what packages keep from call to call
            ours, theirs = (statistics.median(column) for column in zip(*times))
            ratio = statistics.median(a / b for a, b in times)
            print(f"{problem:24} {ours * 1e6:9.0f} {theirs * 1e6:12.0f} {ratio:7.1f}", flush=True)
        for problem in PROBLEMS if options.profile else ():
            profile = cProfile.Profile()
            for _ in range(options.repeats):
                profile.runcall(first_call, jitad, np, problem)
            print(f"\n{problem}: {options.repeats} first calls")
            for order in ("cumulative", "tottime"):
                pstats.Stats(profile).strip_dirs().sort_stats(order).print_stats(25)


if __name__ == "__main__":
    main()

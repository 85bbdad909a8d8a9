"""``python -m tests.benchmarks.scipy_differences``: exact Jacobians against finite differences, on NIST StRD and MGH.

Both sides solve the same problem with the same options. What is counted are calls of the function: with differences those that
SciPy makes for the Jacobian too, with jitad values and Jacobians, each one call of a kernel.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.optimize

import jitad.optimize
from tests.optimize import more_garbow_hillstrom as mgh
from tests.optimize import nist

OPTIONS: dict = dict(method="trf", x_scale="jac", ftol=1e-12, xtol=1e-12, gtol=1e-12, max_nfev=3000)
LARGE = [  # of variable dimension
    mgh.Problem(21, mgh.extended_rosenbrock, np.tile([-1.2, 1.0], 50), 0, [0]),
    mgh.Problem(29, mgh.discrete_integral_equation, mgh.cubic_start(100), 0, [0]),
    mgh.Problem(31, mgh.broyden_banded, -np.ones(100), 0, [0]),
]
SELECTED = (7, 8, 12, 14, 15, 16, 18, 19, 20, 24, 29, 31, 35)  # of MGH: what is not in StRD, small and large, zero and nonzero


@dataclass
class Case:
    name: str
    residuals: Callable
    start: np.ndarray
    digits: Callable[[scipy.optimize.OptimizeResult], float]


def agreement(error: float, known: float = 11) -> float:
    """Digits in common, at most those that are known: 11 of StRD's parameters, 6 of MGH's minima."""
    return max(0.0, min(known, -np.log10(max(error, 1e-99))))


def cases(start: int) -> list[Case]:
    out = []
    for name in nist.NAMES:
        p = nist.read(name)
        out.append(Case(name, p.residuals, p.starts[start],
                        lambda found, c=p.certified: agreement(np.abs(found.x / c - 1).max())))
    if start == 0:
        for problem in [p for p in mgh.PROBLEMS if p.number in SELECTED] + LARGE:
            # of the published minimum where it ended; zero counts absolutely
            name = f"MGH {problem.number:02} {problem.residuals.__name__}"
            out.append(Case(name, problem.residuals, np.array(problem.start, dtype=float),
                            lambda found, m=problem.minima: max(
                                agreement(abs(2 * found.cost - v) / (v or 1.0), 6 if v else 11) for v in m)))
    return out


def median_time(run: Callable[[], object], repeats: int) -> float:
    run()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return float(np.median(times))


def measure(case: Case, repeats: int) -> tuple[tuple[int, float, float], tuple[int, float, float]]:
    """(calls, seconds, digits) with differences and with jitad."""
    calls = 0

    def counting(x):
        nonlocal calls
        calls += 1
        return case.residuals(x)

    theirs = scipy.optimize.least_squares(counting, case.start, jac="2-point", **OPTIONS)
    ours = jitad.optimize.least_squares(case.residuals, case.start, **OPTIONS)
    total = calls
    seconds = median_time(lambda: scipy.optimize.least_squares(case.residuals, case.start, jac="2-point", **OPTIONS), repeats)
    our_seconds = median_time(lambda: jitad.optimize.least_squares(case.residuals, case.start, **OPTIONS), repeats)
    return (total, seconds, case.digits(theirs)), (ours.nfev + ours.njev, our_seconds, case.digits(ours))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--start", type=int, default=1, choices=(1, 2), help="which of NIST's starts")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # overflow on the way, from some starts
    print("| problem | n | calls: differences | exact | ratio | ms: differences | exact | ratio | digits: differences | exact |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    ratios = []
    for case in cases(options.start - 1):
        (calls, seconds, digits), (our_calls, our_seconds, our_digits) = measure(case, options.repeats)
        ratios.append((calls / our_calls, seconds / our_seconds))
        print(f"| {case.name} | {len(case.start)} | {calls} | {our_calls} | {calls / our_calls:.1f} | {seconds * 1e3:.1f} | "
              f"{our_seconds * 1e3:.1f} | {seconds / our_seconds:.1f} | {digits:.1f} | {our_digits:.1f} |", flush=True)
    geometric = np.exp(np.log(ratios).mean(0))
    print(f"| geometric mean | | | | {geometric[0]:.1f} | | | {geometric[1]:.1f} | | |")


if __name__ == "__main__":
    main()

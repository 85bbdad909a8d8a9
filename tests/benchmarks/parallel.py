"""``python -m tests.benchmarks.parallel``: the large problems with ``parallel=True`` on two cores, against one.

Kernels are called through Numba's dispatcher, in turns. Results are compared with those of one core, and from run to run bit by
bit.
"""

from __future__ import annotations

import os
import sys

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numba
import numpy as np

import jitad
from tests.benchmarks.measure import medians
from tests.benchmarks.ours import kernel_call, transformed
from tests.benchmarks.problem import compare, leaves
from tests.benchmarks.problems import every

CORES = 2
WORTHWHILE = 1e-4  # seconds of one core


def main(part: str = "") -> None:
    numba.set_num_threads(CORES)
    print(f"{'':60} {'one us':>10} {'two us':>10}   times as fast")
    for problem in every():
        if problem.small or part not in problem.title:
            continue
        args = problem.arguments()
        serial, parallel = transformed(problem), jitad.jit(transformed(problem), parallel=True)
        calls = {"one": kernel_call(serial, args), "two": kernel_call(parallel, args)}
        first, again = calls["two"](), calls["two"]()
        compare(first, calls["one"](), 1e-12)
        for a, b in zip(leaves(first), leaves(again), strict=True):
            np.testing.assert_array_equal(a, b)
        times = medians(calls)
        if times["one"] >= WORTHWHILE:
            one, two = times["one"], times["two"]
            print(f"{problem.title:60} {one * 1e6:10,.0f} {two * 1e6:10,.0f} {one / two:10.2f}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

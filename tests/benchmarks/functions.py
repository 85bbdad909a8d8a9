"""``python -m tests.benchmarks.functions``: functions in a loop, against the same loop with those of the C library.

Both loops are called from compiled code, and write into an array that is there: 4,096 numbers, ten times. A ratio is the time of
the C library's loop by that of ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import scipy.special

import jitad
from tests.benchmarks.measure import medians

N, TIMES = 4096, 10
FUNCTIONS: dict[str, tuple[Callable, Callable, float, float]] = {
    "exp": (np.exp, math.exp, -20, 20), "exp2": (np.exp2, np.exp2, -20, 20), "expm1": (np.expm1, math.expm1, -5, 5),
    "log": (np.log, math.log, 1e-3, 9), "log2": (np.log2, np.log2, 1e-3, 9), "log10": (np.log10, math.log10, 1e-3, 9),
    "log1p": (np.log1p, math.log1p, -0.9, 9), "sin": (np.sin, math.sin, -20, 20), "cos": (np.cos, math.cos, -20, 20),
    "tan": (np.tan, math.tan, -20, 20), "arcsin": (np.arcsin, math.asin, -1, 1), "arccos": (np.arccos, math.acos, -1, 1),
    "arctan": (np.arctan, math.atan, -9, 9), "sinh": (np.sinh, math.sinh, -9, 9), "cosh": (np.cosh, math.cosh, -9, 9),
    "tanh": (np.tanh, math.tanh, -5, 5), "arcsinh": (np.arcsinh, math.asinh, -9, 9), "arccosh": (np.arccosh, math.acosh, 1, 9),
    "arctanh": (np.arctanh, math.atanh, -0.99, 0.99), "erf": (scipy.special.erf, math.erf, -5, 5),
    "erfc": (scipy.special.erfc, math.erfc, -5, 9), "gammaln": (scipy.special.gammaln, math.lgamma, 0.1, 20),
    "cbrt": (np.cbrt, np.cbrt, -9, 9)}
TWO: dict[str, tuple[Callable, Callable, float, float]] = {
    "power": (np.power, math.pow, 0.1, 9), "arctan2": (np.arctan2, math.atan2, -9, 9), "hypot": (np.hypot, math.hypot, -9, 9)}


def main() -> None:
    print(f"{'':10}{'float64':>10}{'float32':>10}   times as fast as the C library")
    for name, (ours, libm, low, high) in (FUNCTIONS | TWO).items():
        args = np.random.default_rng(0).uniform(low, high, (1 + (name in TWO), N))
        found = [_ratio(ours, libm, list(args.astype(dtype))) for dtype in (np.float64, np.float32)]
        print(f"{name:10}{found[0]:10.1f}{found[1]:10.1f}", flush=True)


def _ratio(ours: Callable, libm: Callable, args: list[np.ndarray]) -> float:
    of = numba.njit(error_model="numpy")(lambda *x: libm(*x))
    single = args[0].dtype == np.float32
    compiled = jitad.jit(lambda *x: ours(*x)).specialize(*args)
    into, memory, out = compiled.njit_into, compiled.buffers(*args), np.empty_like(args[0])
    kind = np.float32 if single else np.float64

    @numba.njit(error_model="numpy")
    def by_hand(args: Any, out: Any) -> None:
        for _ in range(TIMES):
            if len(args) == 1:
                for k in range(N):
                    out[k] = kind(of(args[0][k]))
            else:
                for k in range(N):
                    out[k] = kind(of(args[0][k], args[-1][k]))

    @numba.njit(error_model="numpy")
    def in_jitad(args: Any, memory: Any) -> None:
        for _ in range(TIMES):
            into(*args, memory)

    times = medians({"ours": lambda: in_jitad(tuple(args), memory), "libm": lambda: by_hand(tuple(args), out)}, 0.1)
    np.testing.assert_allclose(memory[0], out, rtol=1e-5 if single else 1e-12, atol=1e-6 if single else 1e-13)
    return times["libm"] / times["ours"]


if __name__ == "__main__":
    main()

"""``python -m tests.benchmarks [--sizes 13 256] [--no-jax]``: value and gradient against hand-written Numba and JAX."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import numpy as np

import jitad
from tests.benchmarks.measure import medians
from tests.benchmarks.workloads import SIZES, Workload, workloads


def _jax_call(w: Workload):
    import jax

    jax.config.update("jax_enable_x64", True)
    function = jax.jit(jax.value_and_grad(w.jax(jax.numpy)))
    args = [jax.numpy.asarray(a) for a in w.args]
    return lambda: jax.block_until_ready(function(*args))


def measure(w: Workload, with_jax: bool, budget: float) -> dict[str, float]:
    kernel = jitad.value_and_grad(w.function).specialize(*w.args)
    args = (*w.args, *kernel.captured)
    ours, theirs = kernel.njit(*args), w.by_hand(*w.args)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-9)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=0, atol=1e-9 * np.abs(theirs[1]).max())
    calls = {"hand": lambda: w.by_hand(*w.args), "jitad": lambda: kernel.njit(*args)}
    if with_jax:
        calls["jax"] = _jax_call(w)
    return medians(calls, budget)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--budget", type=float, default=0.5, help="seconds for each measurement")
    parser.add_argument("--no-jax", action="store_true")
    parser.add_argument("--only", default="", help="workloads whose name contains this")
    options = parser.parse_args()
    with_jax = not options.no_jax
    if with_jax:
        try:
            import jax  # noqa: F401
        except ImportError:
            with_jax = False
    print(f"{'workload':18} {'atoms':>6} {'hand us':>10} {'jitad us':>10} {'to hand':>8} {'jax us':>10} {'jax/jitad':>9}")
    for n in options.sizes:
        for w in workloads(n):
            if options.only not in w.name:
                continue
            t = measure(w, with_jax, options.budget)
            jax_columns = f"{t['jax'] * 1e6:10.1f} {t['jax'] / t['jitad']:9.1f}" if with_jax else ""
            print(f"{w.name:18} {n:6} {t['hand'] * 1e6:10.2f} {t['jitad'] * 1e6:10.2f} {t['jitad'] / t['hand']:8.2f} "
                  f"{jax_columns}", flush=True)
    subprocess.run([sys.executable, "-m", "tests.benchmarks.memory"], check=True)


if __name__ == "__main__":
    main()

"""``python -m tests.benchmarks.startup``: the first call in a fresh process, beside Numba's own, each the median of several."""

from __future__ import annotations

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[2]
POTENTIAL = """
import numpy as np
x = np.random.default_rng(0).normal(size=(13, 3)) * 2
def energy(x):
    d = x[:, None] - x[None]
    s = 1 / ((d**2).sum(-1) + np.eye(len(x))) ** 3
    return 2 * ((s * s - s) * (1 - np.eye(len(x)))).sum()
"""
TRIVIAL = """
from numba import njit
@njit(cache=True)
def trivial(x):
    return x + 1.0
"""
CLOCK = "import time; start = time.perf_counter()\n"
PRINT = "\nprint(time.perf_counter() - start)"
PROGRAMS = {
    "import numba": CLOCK + "import numba" + PRINT,
    "import jitad": "import numba\n" + CLOCK + "import jitad" + PRINT,
    "cached: a trivial function of Numba": "import numpy as np, numba, jitad, trivial\n" + CLOCK + "trivial.trivial(1.0)" + PRINT,
    "cached: value and gradient by jitad": POTENTIAL + "import jitad\n" + CLOCK + "jitad.value_and_grad(energy)(x)" + PRINT,
    "cold: the emitted source by hand": POTENTIAL + """
import jitad, numba, sys
from jitad.emit import namespace
from jitad.emit.compilers import FASTMATH
text = open(sys.argv[1]).read()
names = dict(namespace.NAMES)
f = numba.njit(error_model="numpy", nogil=True, fastmath=FASTMATH)
""" + CLOCK + "exec(text, names)\nf = f(names['kernel'])\nf(x)" + PRINT,
    "cold: value and gradient by jitad": POTENTIAL + "import jitad\n" + CLOCK + "jitad.value_and_grad(energy)(x)" + PRINT,
}
BESIDE = [("import jitad", None, 0.15), ("cached: value and gradient by jitad", "cached: a trivial function of Numba", 0.05),
          ("cold: value and gradient by jitad", "cold: the emitted source by hand", 0.3)]


def seconds(name: str, folder: pathlib.Path) -> float:
    """One run of a program in a process of its own."""
    cold = name.startswith("cold: value")
    with tempfile.TemporaryDirectory() as empty:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
                       "JITAD_CACHE_DIR": empty if cold else str(folder / "kernels")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # modules are compiled once, as for a user
        out = subprocess.run([sys.executable, "-c", PROGRAMS[name], str(folder / "source.py")], cwd=folder, env=environment,
                             capture_output=True, text=True, check=True)
    return float(out.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "trivial.py").write_text(TRIVIAL)
        (folder / "write.py").write_text(
            POTENTIAL + "import jitad\nopen('source.py', 'w').write(jitad.value_and_grad(energy).specialize(x).source)")
        subprocess.run([sys.executable, "write.py"], cwd=folder, check=True, env={
            **os.environ, "PYTHONPATH": str(ROOT), "JITAD_CACHE_DIR": str(folder / "kernels")})
        found: dict[str, list[float]] = {name: [] for name in PROGRAMS}
        for name in PROGRAMS:
            seconds(name, folder)  # fills caches
        for _ in range(options.repeats):
            for name in PROGRAMS:
                found[name].append(seconds(name, folder))
    median = {name: statistics.median(times) for name, times in found.items()}
    for name, t in median.items():
        print(f"{name:40} {t:7.3f} s")
    print()
    for name, beside, limit in BESIDE:
        above = median[name] - (median[beside] if beside else 0)
        print(f"{name:40} {above:+7.3f} s above {beside or 'import numba'} (at most {limit})")


if __name__ == "__main__":
    main()

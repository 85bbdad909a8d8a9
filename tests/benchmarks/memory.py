"""``python -m tests.benchmarks.memory``: by how much one call lets memory grow, each in a process of its own (Linux)."""

from __future__ import annotations

import pathlib
import resource
import subprocess
import sys
from dataclasses import dataclass

import numpy as np

from tests.benchmarks import ours, peers
from tests.benchmarks.problem import Problem
from tests.benchmarks.problems import fields, pairs
from tests.pairs import crowd

LIMIT = 4 * 2**30  # bytes that a process may take


def _along(n: int) -> tuple:
    return crowd(n), np.ones((n, 3))


CASES = {
    "all pairs, 2,048 atoms": lambda: Problem("", "", pairs.eye, lambda: (crowd(2_048),), len),
    "all pairs, 20,000 atoms": lambda: Problem("", "", pairs.eye, lambda: (crowd(20_000),), len),
    "Hessian-vector product, 20,000 atoms": lambda: Problem("", "", pairs.eye, lambda: _along(20_000), len, "product"),
    "phase field by roll, 2000 x 2000": lambda: Problem("", "", fields.phase_roll, lambda: fields.normal(2000, 2000), len),
}
OURS_ONLY = ["Hessian-vector product, 20,000 atoms"]


@dataclass
class Peak:
    """By how many bytes memory grows, and how many the first argument has; or what went wrong."""

    case: str
    package: str
    growth: int = 0
    argument: int = 0
    failure: str = ""


def _highest() -> int:
    """Bytes of peak resident memory since it was last reset."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def _here(case: str, package: str) -> None:
    """Print growth and size; what is compiled is so before."""
    problem = CASES[case]()
    args = problem.arguments()
    if package == "jitad":
        call = ours.kernel_call(ours.transformed(problem), args)
    else:
        function, arrays = peers.jitted(problem, problem.make, args)
        compiled = function.lower(*arrays).compile()
        call = lambda: compiled(*arrays)[0].block_until_ready()
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew from what is in use
    before = _highest()
    call()
    print(_highest() - before, args[0].nbytes)


def peak(case: str, package: str) -> Peak:
    found = subprocess.run([sys.executable, "-m", "tests.benchmarks.memory", case, package], capture_output=True, text=True)
    if found.returncode:
        lack = "RESOURCE_EXHAUSTED" in found.stderr or "MemoryError" in found.stderr
        return Peak(case, package, failure=f"more than {LIMIT // 2**30} GB" if lack else f"fails: {found.stderr[-100:]}")
    growth, argument = map(int, found.stdout.split())
    return Peak(case, package, growth, argument)


def every(names: list[str]) -> list[Peak]:
    """Of jitad, and of JAX if that is among the packages."""
    return [peak(case, package) for case in CASES for package in ("jitad", "jax")
            if package == "jitad" or package in names and case not in OURS_ONLY]


def size(p: Peak) -> str:
    """Megabytes; of a large argument also in units of it."""
    if p.failure:
        return p.failure
    text = f"{p.growth / 2**20:,.1f} MB" if p.growth >= 2**20 / 10 else "less than 0.1 MB"
    return text + (f" ({p.growth / p.argument:.1f} fields)" if p.argument > 2**20 else "")


def line(p: Peak) -> str:
    return f"{p.case:40} {p.package:8} {size(p)}"


if __name__ == "__main__":
    if sys.argv[1:]:
        _here(*sys.argv[1:])
    else:
        print("\n".join(map(line, every(peers.installed()))))

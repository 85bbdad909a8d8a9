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


@dataclass
class Peak:
    """By how many bytes memory grows, and how many the first argument has; None where it does not fit."""

    case: str
    package: str
    growth: int | None
    argument: int


def _highest() -> int:
    """Bytes of peak resident memory since it was last reset."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def _here(case: str, package: str) -> None:
    """Print growth and size."""
    problem = CASES[case]()
    args = problem.arguments()
    if package == "jitad":
        call = ours.kernel_call(ours.transformed(problem), args)
    else:
        call = peers.calls(problem, args, [package])[package]
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew from what is in use
    before = _highest()
    call()
    print(_highest() - before, args[0].nbytes)


def peak(case: str, package: str) -> Peak:
    found = subprocess.run([sys.executable, "-m", "tests.benchmarks.memory", case, package], capture_output=True, text=True)
    if found.returncode:
        return Peak(case, package, None, 0)
    growth, argument = map(int, found.stdout.split())
    return Peak(case, package, growth, argument)


def every(names: list[str]) -> list[Peak]:
    return [peak(case, package) for case in CASES for package in ("jitad", "jax") if package == "jitad" or package in names]


def size(p: Peak) -> str:
    if p.growth is None:
        return f"more than {LIMIT // 2**30} GB"
    return f"{p.growth / 2**20:,.1f} MB, {p.growth / p.argument:,.1f} times the argument"


def line(p: Peak) -> str:
    return f"{p.case:40} {p.package:8} grows by {size(p)}"


if __name__ == "__main__":
    if sys.argv[1:]:
        _here(*sys.argv[1:])
    else:
        print("\n".join(map(line, every(peers.installed()))))

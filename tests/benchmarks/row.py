"""What is measured of one problem."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import jitad
from tests.benchmarks import ours, peers
from tests.benchmarks.measure import medians, seconds
from tests.benchmarks.peers import Call
from tests.benchmarks.problem import Problem, compare


@dataclass
class Row:
    """Seconds.

    Attributes
    ----------
    title : str
        Problem and size.
    times : dict
        Of one call: by "hand", "jitad", "value" (jitad, without derivative) and the peers.
    first : dict
        Of the first call: "cold", "warm" and "jax".
    failures : dict
        What went wrong, by package.
    """

    title: str
    times: dict[str, float]
    first: dict[str, float]
    failures: dict[str, str]

    def ratio(self, a: str, b: str) -> float | None:
        """Time of a, in units of that of b."""
        return self.times[a] / self.times[b] if a in self.times and b in self.times else None


def measure(problem: Problem, budget: float, names: list[str]) -> Row:
    """Results are compared before anything is timed."""
    args = problem.arguments()
    calls: dict[str, Call] = {"hand": lambda: problem.by_hand(*args)}
    first: dict[str, float] = {}
    failures: dict[str, str] = {}
    expected = calls["hand"]()
    for name in ("jitad", *names):
        try:
            if name == "jitad":
                made, first["cold"], first["warm"] = _of_jitad(problem, args)
            else:
                made = peers.calls(problem, args, [name])
            if name == "jax" and made:
                first["jax"] = seconds(made["jax"])
            if made:
                compare(made[name](), expected)
            calls.update(made)
        except Exception as error:  # it is told with the losses
            failures[name] = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return Row(problem.title, medians(calls, budget), first, failures)


def _of_jitad(problem: Problem, args: tuple) -> tuple[dict[str, Call], float, float]:
    """Calls of the kernels, and seconds of the first calls."""
    cold, warm, function = ours.first_calls(problem, args)
    calls = {"jitad": ours.kernel_call(function, args)}
    if problem.derivative == "gradient":
        calls["value"] = ours.kernel_call(jitad.jit(problem.make(np), cache=False), args)
    return calls, cold, warm


def prepare(names: list[str]) -> None:
    """What packages do once in a process: no problem's first call shall pay for it."""
    from tests.benchmarks.problems.fields import rosenbrock

    x = np.ones(3)
    tiny = Problem("tiny", "3", rosenbrock, lambda: (x,), lambda x: x)
    ours.first_calls(tiny, (x,))
    if "jax" in names:
        peers.jax(tiny, rosenbrock, (x,))()

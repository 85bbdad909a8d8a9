"""What is measured of one problem."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import jitad
from tests.benchmarks import ours, peers
from tests.benchmarks.measure import medians, seconds
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
    """

    title: str
    times: dict[str, float]
    first: dict[str, float]

    def ratio(self, a: str, b: str) -> float | None:
        """Time of a, in units of that of b."""
        return self.times[a] / self.times[b] if a in self.times and b in self.times else None


def measure(problem: Problem, budget: float, names: list[str]) -> Row:
    """Results are compared before anything is timed."""
    args = problem.arguments()
    cold, warm, function = ours.first_calls(problem, args)
    first = {"cold": cold, "warm": warm}
    calls = {"hand": lambda: problem.by_hand(*args), "jitad": ours.kernel_call(function, args)}
    expected = calls["hand"]()
    compare(calls["jitad"](), expected)
    if problem.derivative == "gradient":
        with ours.Folder():
            calls["value"] = ours.kernel_call(jitad.jit(problem.make(np)), args)
            calls["value"]()
    for name, call in peers.calls(problem, args, names).items():
        if name == "jax":
            first["jax"] = seconds(call)
        compare(call(), expected)
        calls[name] = call
    return Row(problem.title, medians(calls, budget), first)


def prepare(names: list[str]) -> None:
    """What packages do once in a process: no problem's first call shall pay for it."""
    from tests.benchmarks.problems.fields import rosenbrock

    x = np.ones(3)
    tiny = Problem("tiny", "3", rosenbrock, lambda: (x,), lambda x: x)
    ours.first_calls(tiny, (x,))
    if "jax" in names:
        peers.jax(tiny, rosenbrock, (x,))()

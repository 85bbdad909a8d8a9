"""What is measured: functions in plain NumPy, written once for every namespace, and their sizes."""

from __future__ import annotations

from tests.benchmarks.problem import Problem
from tests.benchmarks.problems import fields, lists, loops, models, pairs, second, steps


def every() -> list[Problem]:
    """All problems, in the order of the tables: the sizes of one name together."""
    found = [p for module in (pairs, lists, fields, models, steps, loops, second) for p in module.problems()]
    names = list(dict.fromkeys(p.name for p in found))
    return sorted(found, key=lambda p: names.index(p.name))

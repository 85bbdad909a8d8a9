"""Steps and tests of basin hopping, written for containers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.optimize.layout import Layout


class Step:
    """A user's `take_step`, over the flat vector."""

    def __init__(self, step: Callable, layout: Layout):
        self.step, self.layout = step, layout

    def __call__(self, flat: np.ndarray) -> np.ndarray:
        return self.layout.pack(self.step(self.layout.copy(flat)), "the result of take_step")


class AdaptiveStep(Step):
    """One that has a `stepsize`, which SciPy adapts."""

    @property
    def stepsize(self) -> float:
        return self.step.stepsize  # type: ignore[attr-defined]

    @stepsize.setter
    def stepsize(self, value: float) -> None:
        self.step.stepsize = value  # type: ignore[attr-defined]


def stepping(step: Callable | None, layout: Layout) -> Callable | None:
    """`take_step` for SciPy."""
    if step is None or layout.plain:
        return step
    return AdaptiveStep(step, layout) if hasattr(step, "stepsize") else Step(step, layout)


def accepting(test: Callable | None, layout: Layout) -> Callable | None:
    """`accept_test` for SciPy."""
    if test is None or layout.plain:
        return test

    def accept(*, f_new: float, x_new: np.ndarray, f_old: float, x_old: np.ndarray, **more: Any) -> Any:
        return test(f_new=f_new, x_new=layout.copy(x_new), f_old=f_old, x_old=layout.copy(x_old))

    return accept

"""Callbacks that see containers, and the progress bar, which is one of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult

from jitad.optimize.layout import Layout

X_ONLY = {"tnc", "cobyla", "cobyqa", "custom"}  # call ``callback(x)`` however the callback is declared


def takes_result(callback: Callable) -> bool:
    """Whether a callback is declared as ``callback(intermediate_result)``, SciPy's way of choosing what it gets."""
    try:
        return set(inspect.signature(callback).parameters) == {"intermediate_result"}
    except (TypeError, ValueError):
        return False


class Progress:
    """A tqdm bar with one tick for each iteration.

    Raises
    ------
    ImportError
        If tqdm is not installed.
    """

    def __init__(self, label: str, total: int | None = None):
        try:
            from tqdm.auto import tqdm  # type: ignore[import-untyped]
        except ImportError:
            raise ImportError("progress=True shows a bar of the package tqdm, which is not installed: "
                              "pip install jitad[progress]") from None
        self.bar = tqdm(total=total, desc=label, unit=" iterations")

    def tick(self, value: float) -> None:
        self.bar.set_postfix_str(f"f = {value:.8g}", refresh=False)
        self.bar.update()

    def close(self) -> None:
        self.bar.close()


def wrapped(callback: Callable | None, method: str, layout: Layout, value: Callable[[np.ndarray], float],
            progress: Progress | None = None) -> Callable | None:
    """What SciPy gets as callback.

    Parameters
    ----------
    callback : callable or None
        The user's: ``callback(x)``, ``callback(intermediate_result)``, for trust-constr also ``callback(x, state)``.
    method : str
        In lower case.
    layout : Layout
        Of the container that the user sees.
    value : callable
        The value at a flat point, for methods that do not pass it on.
    progress : Progress, optional
    """
    if callback is None and progress is None:
        return None
    wants_result = callback is not None and takes_result(callback)

    def tell(flat: np.ndarray, result: Any) -> Any:
        flat = np.array(flat, dtype=float)
        if progress is not None:
            progress.tick(float(result["fun"]) if result is not None and "fun" in result else value(flat))
        if callback is None:
            return None
        if wants_result:
            seen = OptimizeResult(result) if result is not None else OptimizeResult(fun=value(flat))
            seen.x = layout.copy(flat)
            return callback(intermediate_result=seen)
        x = layout.copy(flat)
        return callback(x, result) if method == "trust-constr" else callback(x)

    if method in X_ONLY:
        return lambda x=None, *rest, intermediate_result=None: (
            tell(x, None) if intermediate_result is None else tell(intermediate_result.x, intermediate_result))

    def with_result(intermediate_result: Any) -> Any:  # SciPy looks at the name
        return tell(intermediate_result.x, intermediate_result)

    return with_result

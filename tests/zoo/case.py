"""A function with the point at which it is checked, and what is known not to work with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Case:
    """`reference` says whose derivatives are compared with: autograd's, or where it has none, "jax"'s or "differences".

    `fails` maps checks of test_zoo.py to the reason why jitad raises today; ``all`` stands for each of them.
    """

    def __init__(self, function: Callable, *args: Any, reference: str = "autograd", **fails: str) -> None:
        self.function, self.args, self.reference, self.fails = function, args, reference, fails

    @property
    def name(self) -> str:
        return getattr(self.function, "__name__", type(self.function).__name__)

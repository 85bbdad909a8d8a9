"""A problem: what is computed, at one size, and the kernel by hand that it is measured against."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Factory = Callable[[Any], Callable]  # of a namespace: `numpy`, `jax.numpy`, `autograd.numpy`, `torch`


@dataclass(frozen=True)
class Problem:
    """A function and its derivative.

    Attributes
    ----------
    name, size : str
        What the tables call it.
    make : callable
        The function, written in the namespace that it is handed.
    arguments : callable
        Makes the arguments.
    by_hand : callable
        A Numba kernel with the same arguments and, flattened, the same results.
    derivative : str
        "gradient" (with the value), "hessian", or "product" (of the Hessian with the last argument).
    argnums : tuple of int
        What the gradient is of.
    spellings : mapping
        Other spellings for packages that cannot run `make`; None for those that have none.
    small : bool
        Whether it is cheap enough for tests, and for a quick run.
    """

    name: str
    size: str
    make: Factory
    arguments: Callable[[], tuple]
    by_hand: Callable
    derivative: str = "gradient"
    argnums: tuple[int, ...] = (0,)
    spellings: Mapping[str, Factory | None] = field(default_factory=dict)
    small: bool = False

    @property
    def title(self) -> str:
        return f"{self.name}, {self.size}"

    def spelling(self, package: str) -> Factory | None:
        """The factory for a package."""
        return self.spellings.get(package, self.make)


_SPECIAL = {"numpy": "scipy.special", "jax.numpy": "jax.scipy.special", "autograd.numpy": "autograd.scipy.special",
            "torch": "torch.special"}


def special(np: Any) -> Any:
    """The `scipy.special` that belongs to a namespace."""
    return importlib.import_module(_SPECIAL[np.__name__])


def leaves(result: Any) -> Iterator[np.ndarray]:
    """The arrays of a result, out of tuples."""
    if isinstance(result, (tuple, list)):
        for part in result:
            yield from leaves(part)
    else:
        yield np.asarray(result)


def compare(found: Any, expected: Any, tolerance: float = 1e-9) -> None:
    """Raise if results differ by more than a part of the largest number in them."""
    ours, theirs = list(leaves(found)), list(leaves(expected))
    if len(ours) != len(theirs):
        raise AssertionError(f"{len(ours)} results, not {len(theirs)}")
    for a, b in zip(ours, theirs):
        np.testing.assert_allclose(a.reshape(b.shape), b, rtol=0, atol=tolerance * np.abs(b).max())

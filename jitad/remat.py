"""`checkpoint`, with JAX's name and signature, also as `remat`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from jitad.trace import checkpoint as traced
from jitad.trace.tracing import current

__all__ = ["checkpoint", "remat"]


def checkpoint(
    fun: Callable, *, prevent_cse: bool | Sequence[bool] = True, policy: Callable[..., bool] | None = None,
    static_argnums: int | Sequence[int] = (), static_argnames: str | Sequence[str] = (),
) -> Callable:
    """A function whose intermediates are not kept for the reverse pass, which computes them once more.

    Parameters
    ----------
    fun : callable
    Returns
    -------
    callable

    """
    if not callable(fun):
        raise TypeError(f"jitad.checkpoint takes a function, not a {type(fun).__name__}")
    _check(policy)

    @functools.wraps(fun)
    def again(*args: Any, **kwargs: Any) -> Any:
        return fun(*args, **kwargs) if current() is None else traced.call(fun, args, kwargs)

    return again


def _check(policy: Any) -> None:
    if policy is not None and not callable(policy):
        raise TypeError(f"policy of jitad.checkpoint is a function or None, not a {type(policy).__name__}")


remat = checkpoint

"""`checkpoint`, with JAX's name and signature, also as `remat`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["checkpoint", "remat"]


def checkpoint(
    fun: Callable, *, prevent_cse: bool | Sequence[bool] = True, policy: Callable[..., bool] | None = None,
    static_argnums: int | Sequence[int] = (), static_argnames: str | Sequence[str] = (),
) -> Callable:
    """A function whose intermediates are not to be kept for the reverse pass: here, the function itself.

    What is kept is decided by what it costs, for marked and unmarked functions alike, so that there is nothing to be marked:

    - In loops (`scan`, `fori_loop`, `map`) the carries before each step are kept, and nothing else: the way back computes each
      step once more; if they are many, see `scan`, only some of them. That is what ``scan(checkpoint(step), ...)`` does in JAX.
      A loop in a step is computed once more as well, so that of a loop of m loops of n steps m + n carries are kept, not
      m times n.
    - Elsewhere an intermediate is computed again wherever it is used. It is kept if several loops of the kernel, one after the
      other, would spend more than 40 multiplications on an element of it, or if a loop would compute it more often than it has
      elements; and only if an argument or a result is as large. Memory is that of the whole kernel, so that computing such an
      array a second time would save none of it.

    Parameters
    ----------
    fun : callable
        Any function.
    prevent_cse, policy, static_argnums, static_argnames
        Accepted, and not needed: nothing of the value or of its derivatives depends on them.

    Returns
    -------
    callable
        `fun`.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> @jitad.checkpoint
    ... def step(x, w):
    ...     return np.sin(x * w), None
    >>> slope = jitad.grad(lambda x: jitad.scan(step, x, np.full(3, 0.5))[0])
    >>> bool(np.isclose(slope(1.0), np.cos(0.5) * np.cos(np.sin(0.5) / 2) * np.cos(np.sin(np.sin(0.5) / 2) / 2) / 8))
    True
    """
    if not callable(fun):
        raise TypeError(f"jitad.checkpoint takes a function, not a {type(fun).__name__}")
    _check(policy)
    return fun


def _check(policy: Any) -> None:
    if policy is not None and not callable(policy):
        raise TypeError(f"policy of jitad.checkpoint is a function or None, not a {type(policy).__name__}")


remat = checkpoint

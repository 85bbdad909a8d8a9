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
    """A function whose intermediates are not kept for the reverse pass, which computes them once more from its arguments.

    A kernel keeps little anyway: elementwise intermediates are computed again where they are used, and loops (`scan`,
    `fori_loop`, `map`) keep their carries only. What it does keep are arrays that would cost much to compute again: products of
    matrices, sums that several loops need, factorizations. A network of 24 layers keeps 24 arrays for its gradient; if each
    group of 5 layers is a function with `checkpoint`, it keeps what goes from group to group and, for a moment, what one group
    computes: less than half the memory, for one more evaluation of the groups.

    Values, and derivatives of any order, are the same to rounding. Only what is derived is computed apart: the function itself
    fuses with what is around it. A step of a loop is computed once more on the way back with or without it, so a step that is
    such a function, or calls one of them once, is as it was.

    Parameters
    ----------
    fun : callable
        Any function. Arguments and results may be containers, and anything that is no array; what it closes over counts as
        arguments.
    prevent_cse, policy, static_argnums, static_argnames
        Accepted, and not needed: all intermediates are computed once more, and never taken for those of the way there.

    Returns
    -------
    callable
        A function of the same arguments.

    Raises
    ------
    TypeError
        If `fun` or `policy` is no function.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> @jitad.checkpoint
    ... def layers(x, weights):
    ...     for w in weights:
    ...         x = np.tanh(x @ w)
    ...     return x
    >>> def loss(weights, x):
    ...     return (layers(layers(x, weights[:2]), weights[2:]) ** 2).sum()
    >>> slopes = jitad.grad(loss)([np.full((6, 6), 0.1)] * 4, np.ones((9, 6)))
    >>> [g.shape for g in slopes]
    [(6, 6), (6, 6), (6, 6), (6, 6)]
    """
    if not callable(fun):
        raise TypeError(f"jitad.checkpoint takes a function, not a {type(fun).__name__}")
    if policy is not None and not callable(policy):
        raise TypeError(f"policy of jitad.checkpoint is a function or None, not a {type(policy).__name__}")

    @functools.wraps(fun, updated=())
    def again(*args: Any, **kwargs: Any) -> Any:
        return fun(*args, **kwargs) if current() is None else traced.call(fun, args, kwargs)

    return again


remat = checkpoint

"""Loops whose steps are traced once, and branches, with JAX's names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jitad.trace.tracing import current

__all__ = ["cond", "fori_loop", "map", "scan", "switch", "while_loop"]

_NOT_GIVEN = object()


def scan(
    f: Callable, init: Any, xs: Any = None, length: int | None = None, reverse: bool = False, unroll: int = 1,
    checkpoint: str | int | None = None,
) -> tuple[Any, Any]:
    """Take steps ``carry, y = f(carry, x)`` along the first axis of `xs`.

    The step is traced and compiled once, whatever the number of steps. The forward mode keeps nothing: tangents are taken along
    in the same turns, and so are loops that go along results of this one. The reverse mode stores the carries only, and computes
    the steps once more. If the carries of cheap steps take more than 32 MB, or those of any steps 1 GB, it stores about
    ``sqrt(2*n)`` of them and takes each step once more: then that is as fast as memory, or there would be too little of it.

    Parameters
    ----------
    f : callable
        ``f(carry, x) -> (carry, y)``. The carry keeps its shapes; dtypes become what they promote to, and
        Python's numbers give way to arrays of their kind.
    init : container of array_like
        The carry before the first step.
    xs : container of array_like, optional
        What is gone along: all of one length. None: `f` is given None.
    length : int, optional
        The number of steps, where there are no `xs`.
    reverse : bool
        Whether to begin with the last element of `xs`; the order of the results is that of `xs`.
    unroll : int
        Accepted, and not needed.
    checkpoint : "sqrt" or int, optional
        Have the reverse mode store less than the carry of every step, and take steps once more instead, by the binomial
        schedule (Griewank and Walther, Algorithm 799, ACM Trans. Math. Softw. 26 (2000) 19). With L levels steps are taken at
        most L + 1 times, and r carries are stored such that ``r*(r + 1)*...*(r + L)/(L + 1)!`` is at least n. "sqrt", or 1:
        ``sqrt(2*n)`` carries; 2: ``(6*n)**(1/3)``. For gradients of gradients the loop is cut into segments of equal length:
        some ``(L + 1) * n**(1/(L + 1))`` carries. For derivatives of third or higher order of which two are of reverse mode
        all are stored.

    Returns
    -------
    carry : container
        The carry after the last step.
    ys : container
        The results of all steps, each of shape (length, ...).

    Raises
    ------
    TypeError
        If `f` does not return a pair, or returns a carry in another container.
    jitad.errors.ShapeError
        If `f` returns a carry of another shape.
    ValueError
        If there is no length, or more than one.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> def compound(x, rate):
    ...     x = x * (1 + rate)
    ...     return x, x
    >>> jitad.scan(compound, 1.0, np.array([0.5, 1.0]))
    (3.0, array([1.5, 3. ]))
    >>> jitad.grad(lambda rates: jitad.scan(compound, 1.0, rates)[0])(np.array([0.5, 1.0]))
    array([2. , 1.5])
    """
    if not callable(f):
        raise TypeError(f"scan takes a function, not a {type(f).__name__}")
    if current() is None:
        from jitad.api import jit

        return jit(lambda start, along: scan(f, start, along, length, reverse, unroll, checkpoint))(init, xs)
    if checkpoint is not None:
        from jitad.trace.segments import scan as in_segments

        return in_segments(f, init, xs, length, reverse, checkpoint)
    from jitad.trace.loop import scan as traced

    return traced(f, init, xs, length, reverse)


def fori_loop(
    lower: int, upper: int, body_fun: Callable, init_val: Any, *, unroll: int | bool | None = None,
    checkpoint: str | int | None = None,
) -> Any:
    """``x = body_fun(i, x)`` for i from `lower` to `upper`, without it.

    Parameters
    ----------
    lower, upper : int
        The first i, and the one behind the last. They may be traced.
    body_fun : callable
        ``body_fun(i, x) -> x``; i is an integer that is traced.
    init_val : container of array_like
        x before the first step.
    unroll : int or bool
        Accepted, and not needed.
    checkpoint : "sqrt" or int, optional
        As for :func:`scan`; bounds may not be traced then.

    Examples
    --------
    >>> import jitad
    >>> jitad.fori_loop(0, 10, lambda i, x: x + i, 0.0)
    45.0
    >>> jitad.grad(lambda x: jitad.fori_loop(0, 3, lambda i, y: y * x, 1.0))(2.0)
    12.0
    """
    if current() is None:
        from jitad.api import jit

        return jit(lambda start: fori_loop(lower, upper, body_fun, start, checkpoint=checkpoint))(init_val)
    if checkpoint is not None:
        from jitad.trace.segments import fori_loop as in_segments

        return in_segments(lower, upper, body_fun, init_val, checkpoint)
    from jitad.trace.loop import fori_loop as traced

    return traced(lower, upper, body_fun, init_val)


def while_loop(cond_fun: Callable, body_fun: Callable, init_val: Any) -> Any:
    """``while cond_fun(x): x = body_fun(x)``.

    Differentiates in both modes, to any order: turns are counted first, then taken once more, with the carry of each stored.

    Parameters
    ----------
    cond_fun : callable
        ``cond_fun(x) -> bool``: one boolean, traced.
    body_fun : callable
        ``body_fun(x) -> x``. The carry keeps its shapes; dtypes become what they promote to.
    init_val : container of array_like
        x before the first turn.

    Returns
    -------
    container
        The first x of which the condition does not hold.

    Raises
    ------
    TypeError
        If the condition is no boolean, or `body_fun` returns another container.
    jitad.errors.ShapeError
        If `body_fun` returns an array of another shape.

    Examples
    --------
    >>> import jitad
    >>> def root(a):  # Newton's
    ...     return jitad.while_loop(lambda x: abs(x * x - a) > 1e-14 * a, lambda x: (x + a / x) / 2, a)
    >>> round(root(2.0), 12)
    1.414213562373
    >>> round(jitad.grad(root)(2.0), 12)
    0.353553390593
    """
    if current() is None:
        from jitad.api import jit

        return jit(lambda start: while_loop(cond_fun, body_fun, start))(init_val)
    from jitad.trace.loop import while_loop as traced

    return traced(cond_fun, body_fun, init_val)


def cond(pred: Any, true_fun: Callable, false_fun: Callable, *operands: Any, operand: Any = _NOT_GIVEN) -> Any:
    """``true_fun(*operands) if pred else false_fun(*operands)``.

    Functions that are made of elementwise operations and sums are both computed, and one result is selected, as `numpy.where`
    does: its derivative is that of the one that is chosen. Where there are loops, lookups or factorisations in them, only the
    function that is chosen runs.

    Parameters
    ----------
    pred : bool
        One boolean, or a number that is not zero; it may be traced.
    true_fun, false_fun : callable
        Functions of the operands that return the same containers of arrays of the same shapes.
    *operands : container of array_like
        What the functions are called with; also as `operand`, if it is one.

    Raises
    ------
    TypeError
        If `pred` is no single boolean or number, or the functions return different containers.
    jitad.errors.ShapeError
        If they return arrays of different shapes.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> def huber(x):
    ...     return jitad.cond(abs(x) < 1, lambda x: x**2 / 2, lambda x: abs(x) - 0.5, x)
    >>> huber(3.0), jitad.grad(huber)(3.0), jitad.grad(huber)(0.5)
    (2.5, 1.0, 0.5)
    """
    operands += () if operand is _NOT_GIVEN else (operand,)
    if current() is None:
        from jitad.api import jit

        return jit(lambda p, given: cond(p, true_fun, false_fun, *given))(pred, operands)
    from jitad.trace.branch import cond as traced

    return traced(pred, true_fun, false_fun, operands)


def switch(index: Any, branches: Sequence[Callable], *operands: Any, operand: Any = _NOT_GIVEN) -> Any:
    """``branches[index](*operands)``, with the nearest index that there is.

    Like :func:`cond`, with any number of functions.

    Parameters
    ----------
    index : int
        Which function; it may be traced.
    branches : sequence of callable
        Functions of the operands that return the same containers of arrays of the same shapes.
    *operands : container of array_like
        What they are called with; also as `operand`, if it is one.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> def f(k, x):
    ...     return jitad.switch(k, [np.sin, np.cos, lambda x: x**2], x)
    >>> f(2, 3.0), f(7, 3.0), jitad.grad(f, argnums=1)(2, 3.0)
    (9.0, 9.0, 6.0)
    """
    operands += () if operand is _NOT_GIVEN else (operand,)
    if current() is None:
        from jitad.api import jit

        return jit(lambda k, given: switch(k, branches, *given))(index, operands)
    from jitad.trace.branch import switch as traced

    return traced(index, branches, operands)


def map(f: Callable, xs: Any, *, batch_size: int | None = None) -> Any:
    """``f(x)`` for every x along the first axis of `xs`, one after the other; the results along a new first axis.

    Parameters
    ----------
    f : callable
        A function of one.
    xs : container of array_like
        What is gone along: all of one length.
    batch_size : int, optional
        Accepted, and not needed: each step is a fused kernel. See :func:`jitad.vmap` for all at once.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> jitad.map(lambda x: (x * x).sum(), np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([ 5., 25.])
    """
    from jitad.trace.rebuild import rebuilt

    if not callable(f):
        raise TypeError(f"map takes a function, not a {type(f).__name__}")
    return scan(lambda _, x: (None, rebuilt(f)(x)), None, xs)[1]

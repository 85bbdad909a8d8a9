"""`odeint`: steps of fixed length, or as long as tolerances allow, as compiled loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.api import jit
from jitad.errors import DTypeError, ShapeError
from jitad.integrate.adaptive import ADAPTIVE, solution
from jitad.integrate.runge_kutta import METHODS, Method, Slope, named, step
from jitad.integrate.state import State, function, path
from jitad.ir.types import FLOAT
from jitad.ops.arithmetic import cast
from jitad.trace.dim import dim
from jitad.trace.loop import fori_loop, scan, steps_of
from jitad.trace.rebuild import rebuilt
from jitad.trace.tracer import Tracer, as_tracer, wrap
from jitad.trace.tracing import current, where


def odeint(func: Callable, y0: Any, t: Any, *args: Any, method: str = "rk4", substeps: int = 1, rtol: Any = None,
           atol: Any = None, mxstep: int | None = None) -> Any:
    """Solve ``dy/dt = func(y, t, *args)`` by steps from time to time; arguments are those of JAX's ``odeint``.

    The steps are a compiled loop. Derivatives with respect to `y0`, `t` and `args`, of any order, are
    those of the steps that were taken, to rounding: the discrete adjoint. Reverse mode stores y at the times `t`, and at the
    substeps between two of them at a time.

    Parameters
    ----------
    func : callable
        ``func(y, t, *args)`` gives dy/dt, a container as `y0` is. Ordinary NumPy code.
    y0 : container of array_like
        y at ``t[0]``.
    t : array_like, shape (m,)
        Times in order, forwards or backwards. Any number of them runs the same kernel.
    *args : containers
        Further arguments of `func`.
    method : str
        Explicit Runge-Kutta methods: ``"euler"`` (order 1), ``"midpoint"`` and ``"heun"`` (2), ``"rk4"`` and ``"rk38"`` (4),
        ``"rk5"`` (5, Dormand and Prince's). Nothing estimates the error of steps of fixed length: halve them to see it.
        ``"dopri5"``, the method of JAX's ``odeint``, chooses its steps by `rtol` and `atol`; it ends one at each of the times.
    substeps : int
        How many steps of equal length are taken between two times. Any number runs the same kernel.
    rtol, atol : float, optional
        Of ``"dopri5"``: the error of a step, in the root mean square, may be ``atol + rtol * abs(y)``; 1.4e-8 as in JAX.
        Derivatives are those of the steps that were taken, whose lengths count as given.
    mxstep : int, optional
        Of ``"dopri5"``: how many steps are tried between two times; 10,000. The result is nan from where that is not enough, or
        no step is short enough.

    Returns
    -------
    container
        y at the times `t`, along a new first axis. Its dtype is what those of `y0`, `t` and `func` promote to.

    Raises
    ------
    ValueError
        If there is no such method, or less than one substep, or no time.
    TypeError
        If `func` gives another container than `y0`.
    jitad.errors.ShapeError
        If `func` gives another shape than that of `y0`, or `t` is not one-dimensional.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> def decay(y, t, rate):
    ...     return -rate * y
    >>> t = np.linspace(0, 1, 11)
    >>> y = jitad.integrate.odeint(decay, 2.0, t, 0.5)
    >>> bool(np.allclose(y, 2 * np.exp(-0.5 * t), atol=1e-7))
    True
    >>> slope = jitad.grad(lambda rate: jitad.integrate.odeint(decay, 2.0, t, rate)[-1])(0.5)
    >>> bool(np.isclose(slope, -2 * np.exp(-0.5)))
    True
    """
    function(func, "odeint")
    tolerances = {"rtol": rtol, "atol": atol, "mxstep": mxstep}
    if method != ADAPTIVE:
        named(method, [ADAPTIVE])
        given = [k for k, v in tolerances.items() if v is not None]
        if given:
            raise ValueError(f"{method} takes steps of fixed length, and has no {', '.join(given)}; {ADAPTIVE!r} has{where()}")
    elif substeps != 1:
        raise ValueError(f"{method} chooses its steps by rtol and atol, and has no substeps{where()}")
    how = 1.4e-8 if rtol is None else rtol, 1.4e-8 if atol is None else atol, 10_000 if mxstep is None else mxstep
    if current() is None:
        return _compiled(func, y0, listed(t), args, how, method, substeps)
    return _odeint(func, y0, t, args, how, method, substeps)


def _odeint(func: Callable, y0: Any, t: Any, args: tuple, how: tuple, method: str, substeps: int) -> Any:
    start, found = State(y0, "y0"), times(t)
    if found.node.shape[0] == 0:
        raise ValueError(f"odeint got no time, and the first is that of y0{where()}")
    slope = slopes(rebuilt(func), start, args)
    if method == ADAPTIVE:
        return start.container(solution(slope, start, found, *how))
    advance = advancing(slope, METHODS[method], substeps, "odeint")

    def turn(y: list, span: tuple) -> tuple[list, list]:
        return advance(y, *span), y

    end, rows = scan(turn, start.leaves, (found[:-1], found[1:]), None, False)
    return start.container(path(rows, end))


_compiled = jit(_odeint, static_argnames=("method", "substeps"))


def slopes(func: Callable, start: State, args: tuple) -> Slope:
    """The right-hand side on leaves."""

    def slope(y: list, t: Any) -> list:
        return start.same_shapes(func(start.container(y), t, *args), "the derivative")

    return slope


def advancing(slope: Slope, method: Method, substeps: Any, name: str) -> Callable[[list, Any, Any], list]:
    """From y at one time to y at another."""
    trace = current()
    assert trace is not None
    size = steps_of(trace, substeps, f"substeps of {name}")
    if size == 0:
        raise ValueError(f"substeps of {name} is 0; 1 is the least{where()}")
    n = dim(size)

    def advance(y: list, begin: Any, end: Any) -> list:
        if size == 1:
            return step(method, slope, y, begin, end - begin)
        h = (end - begin) / n
        return fori_loop(0, n, lambda k, y: step(method, slope, y, begin + k * h, h), y)

    return advance


def times(t: Any) -> Tracer:
    """Times as floats that are traced."""
    found = as_tracer(t)
    if found.node.ndim != 1:
        raise ShapeError(f"the times are an array with one axis, not with {found.node.ndim}{where()}")
    if found.node.dtype.kind == "b":
        raise DTypeError(f"the times are of dtype bool{where()}")
    return found if found.node.dtype.kind == "f" else wrap(cast(found.node, FLOAT))


def listed(t: Any) -> Any:
    """A list of numbers as an array; outside of traces."""
    return np.asarray(t) if isinstance(t, (list, tuple, range)) else t

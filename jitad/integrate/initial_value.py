"""SciPy's `solve_ivp`: by steps of fixed length here, or by SciPy's own methods with compiled functions and exact Jacobians."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from jitad.api import jacobian, jit
from jitad.errors import ShapeError, TraceError
from jitad.integrate.adaptive import ADAPTIVE, solution
from jitad.integrate.fixed import advancing, slopes, times
from jitad.integrate.runge_kutta import METHODS, named
from jitad.integrate.state import State, function, path
from jitad.ir import sizes
from jitad.ir.types import FLOAT
from jitad.ops.arithmetic import cast
from jitad.ops.leaf import iota
from jitad.ops.shape import concatenate, expand
from jitad.trace.dim import dim
from jitad.trace.loop import scan, steps_of
from jitad.trace.rebuild import rebuilt
from jitad.trace.tracer import as_tracer, wrap
from jitad.trace.tracing import current, where

IMPLICIT = ("Radau", "BDF", "LSODA")
SCIPYS = ("RK45", "RK23", "DOP853", *IMPLICIT)


@dataclass
class OdeResult:
    """What :func:`solve_ivp` gives for methods of fixed steps: the fields of SciPy's result.

    Attributes
    ----------
    t : ndarray, shape (m,)
        Times.
    y : ndarray, shape (n, m)
        The solution at these times.
    success : bool
        Whether all of it is finite; inside of a traced function, where that is not known, True.
    nfev : int
        How often `fun` was evaluated; inside of a traced function, and of ``"dopri5"``, None.
    """

    t: Any
    y: Any
    sol: None = None
    t_events: None = None
    y_events: None = None
    nfev: int | None = None
    njev: int = 0
    nlu: int = 0
    status: int = 0
    message: str = "The end of the integration interval was reached."
    success: bool = True

    def __getitem__(self, name: str) -> Any:
        return self.__dict__[name]


def solve_ivp(
    fun: Callable, t_span: Any, y0: Any, method: str = "RK45", t_eval: Any = None, dense_output: bool = False, events: Any = None,
    vectorized: bool = False, args: tuple | None = None, *, steps: int | None = None, substeps: int = 1, **options: Any,
) -> Any:
    """Solve ``dy/dt = fun(t, y, *args)``; arguments and result are those of ``scipy.integrate.solve_ivp``.

    Methods of fixed steps are compiled loops that can be differentiated, see :func:`odeint`. Those of SciPy are SciPy's, called
    with the compiled function and, where they want one, its exact compiled Jacobian; they cannot be used inside of a traced
    function.

    Parameters
    ----------
    fun : callable
        ``fun(t, y, *args)`` gives dy/dt, an array or a list of numbers. Ordinary NumPy code.
    t_span : pair of float
        The first time, that of `y0`, and the last.
    y0 : array_like, shape (n,)
        y at the first time.
    method : str
        Of fixed steps: ``"euler"``, ``"midpoint"``, ``"heun"``, ``"rk4"``, ``"rk38"``, ``"rk5"``. With steps by tolerances,
        compiled as well: ``"dopri5"``, for times `t_eval`. SciPy's: ``"RK45"``, ``"RK23"``, ``"DOP853"``, and for stiff
        equations ``"Radau"``, ``"BDF"``, ``"LSODA"``.
    t_eval : array_like, shape (m,), optional
        Times within `t_span`, in order, at which the solution is asked for.
    dense_output, events
        As SciPy's; for methods of SciPy only.
    vectorized : bool
        Accepted, and not needed.
    args : tuple, optional
        Further arguments of `fun`.
    steps : int, optional
        For methods of fixed steps without `t_eval`: how many steps of equal length are taken, after each of which there is a
        result.
    substeps : int
        For methods of fixed steps with `t_eval`: how many steps are taken between two times, also up to the first one.
    **options
        For SciPy's methods: `rtol`, `atol`, `first_step`, `max_step`, ..., and `jac`, used in place of the derived one. For
        ``"dopri5"``: `rtol` (1e-3), `atol` (1e-6), and `mxstep` as of :func:`odeint`.

    Returns
    -------
    OdeResult
        With `t` of shape (m,), `y` of shape (n, m), `success`, `message`, ...; of SciPy's methods SciPy's result.

    Raises
    ------
    ValueError
        If a method of fixed steps gets neither `steps` nor `t_eval`, or what only SciPy's methods have.
    jitad.errors.TraceError
        If a method of SciPy's is asked for inside of a traced function.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> def lotka_volterra(t, z, a, b, c, d):
    ...     x, y = z
    ...     return [a * x - b * x * y, -c * y + d * x * y]
    >>> sol = jitad.integrate.solve_ivp(lotka_volterra, (0, 15), [10.0, 5.0], "rk4", args=(1.5, 1.0, 3.0, 1.0), steps=1000)
    >>> sol.y.shape
    (2, 1001)
    >>> stiff = jitad.integrate.solve_ivp(lotka_volterra, (0, 15), [10.0, 5.0], "BDF", args=(1.5, 1.0, 3.0, 1.0), rtol=1e-8,
    ...                                   atol=1e-10)
    >>> bool(np.allclose(sol.y[:, -1], stiff.y[:, -1], rtol=1e-4))
    True
    """
    function(fun, "solve_ivp")
    if args is not None and not isinstance(args, (tuple, list)):
        raise TypeError(f"args of solve_ivp is a tuple, not a {type(args).__name__}: args=(x,) for one{where()}")
    given = tuple(args or ())
    if method in SCIPYS:
        if steps is not None or substeps != 1:
            raise ValueError(f"{method} chooses its steps by rtol and atol; steps and substeps are for "
                             f"{', '.join(METHODS)}{where()}")
        return _by_scipy(fun, t_span, y0, method, t_eval, dense_output, events, given, options)
    tolerances: tuple = ()
    if method == ADAPTIVE:
        if t_eval is None or steps is not None or substeps != 1:
            raise ValueError(f"{method} takes the steps that tolerances allow, to times that are asked for: give t_eval, and no "
                             f"steps or substeps{where()}")
        tolerances = options.pop("rtol", 1e-3), options.pop("atol", 1e-6), options.pop("mxstep", 10_000)
    else:
        named(method, [ADAPTIVE, *SCIPYS])
    refused = [n for n, v in {"dense_output": dense_output, "events": events is not None, **options}.items() if v is not False]
    if refused:
        raise ValueError(f"{method} has no {', '.join(refused)}; SciPy's methods do, as 'RK45'{where()}")
    if t_eval is None and steps is None:
        raise ValueError(f"{method} takes steps of fixed length: say how many, steps=1000, or give times, t_eval=...{where()}")
    if t_eval is not None and steps is not None:
        raise ValueError(f"steps is for results after each step; with t_eval, substeps says how many there are between two times"
                         f"{where()}")
    how: dict[str, Any] = {"method": method, "steps": steps, "substeps": substeps}
    if current() is not None:
        return OdeResult(*_fixed(fun, t_span, y0, t_eval, given, tolerances, **how))
    span = _span(t_span)
    if t_eval is not None:
        t_eval = _within(np.asarray(t_eval, dtype=float), span)
    t, y = _compiled(fun, span, np.asarray(y0), t_eval, given, tolerances, **how)
    turns = None if tolerances else len(METHODS[method].stages) * ((len(t) - 1) if t_eval is None else len(t) * substeps)
    finite = bool(np.isfinite(y).all())
    lost = "The solution is not finite everywhere; take more steps, or see whether there is one."
    return OdeResult(t, y, nfev=turns) if finite else OdeResult(t, y, nfev=turns, status=-1, success=False, message=lost)


def _span(t_span: Any) -> tuple[float, float]:
    try:
        first, last = map(float, t_span)
    except (TypeError, ValueError):
        raise ValueError(f"t_span is a pair of times, not {t_span!r}{where()}") from None
    return first, last


def _within(t: np.ndarray, span: tuple[float, float]) -> np.ndarray:
    """Times that lie in order from the first to the last."""
    if t.ndim != 1:
        raise ShapeError(f"t_eval is an array with one axis, not with {t.ndim}{where()}")
    turned = 1 if span[1] >= span[0] else -1
    if t.size and not (turned * np.diff(np.concatenate([span[:1], t, span[1:]])) >= 0).all():
        raise ValueError(f"t_eval lies in order within t_span, {span}{where()}")
    return t


def _fixed(fun: Callable, t_span: Any, y0: Any, t_eval: Any, args: tuple, tolerances: tuple, method: str, steps: Any,
           substeps: Any) -> tuple:
    """Times and solutions, inside of a trace."""
    trace = current()
    assert trace is not None
    start = State(as_tracer(y0), "y0")
    if start.leaves[0].node.ndim != 1:
        raise ShapeError(f"y0 of solve_ivp is an array with one axis, not with {start.leaves[0].node.ndim}; odeint takes any "
                         f"container{where()}")
    if len(t_span) != 2:
        raise ValueError(f"t_span is a pair of times{where()}")
    first, last = (wrap(cast(as_tracer(t).node, FLOAT)) for t in t_span)
    inner = rebuilt(fun)
    slope = slopes(lambda y, t, *more: inner(t, y, *more), start, args)
    if t_eval is None:
        n = steps_of(trace, steps, "steps of solve_ivp")
        if n == 0:
            raise ValueError(f"steps of solve_ivp is 0; 1 is the least{where()}")
        every = t = first + (last - first) * (wrap(iota(sizes.add(n, 1))) / dim(n))
    else:
        t = wrap(cast(times(t_eval).node, FLOAT))
        every = wrap(concatenate([expand(first.node, 0), t.node], 0))
    if tolerances:
        return t, solution(slope, start, every, *tolerances)[0][1:].T
    advance = advancing(slope, METHODS[method], substeps if t_eval is not None else 1, "solve_ivp")
    end, rows = scan(lambda y, span: (advance(y, *span), y), start.leaves, (every[:-1], every[1:]), None, False)
    (y,) = path(rows, end)
    return t, (y if t_eval is None else y[1:]).T


_compiled = jit(_fixed, static_argnames=("method", "steps", "substeps"))


def _slope(fun: Callable, t: Any, y: Any, args: tuple) -> Any:
    """The derivative as an array, inside of a trace."""
    return State(y, "y").same_shapes(rebuilt(fun)(t, y, *args), "the derivative")[0]


_slope_of, _jacobian_of = jit(_slope), jacobian(_slope, 2)


def _by_scipy(fun: Callable, t_span: Any, y0: Any, method: str, t_eval: Any, dense_output: bool, events: Any, args: tuple,
              options: dict) -> Any:
    if current() is not None:
        raise TraceError(f"{method} is SciPy's, and cannot run inside of a traced function. Compiled ones can: "
                         f"{', '.join(METHODS)}, with steps=... or t_eval=..., and {ADAPTIVE} with t_eval=...{where()}")
    from scipy.integrate import solve_ivp as scipys

    def slope(t: float, y: np.ndarray, *args: Any) -> Any:
        return _slope_of(fun, float(t), y, args)

    def derived(t: float, y: np.ndarray, *args: Any) -> Any:
        return _jacobian_of(fun, float(t), y, args)

    if method in IMPLICIT and options.get("jac") is None:
        needless = [n for n in ("jac_sparsity", "lband", "uband") if options.get(n) is not None]
        if needless:
            raise ValueError(f"{', '.join(needless)} of {method} is about finite differences, but the Jacobian is exact here: "
                             f"leave it out, or give jac{where()}")
        options["jac"] = derived
    return scipys(slope, t_span, y0, method, t_eval, dense_output, events, False, args or None, **options)

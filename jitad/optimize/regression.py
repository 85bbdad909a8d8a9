"""`least_squares`: SciPy's, with the exact Jacobian supplied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize
from scipy.optimize import OptimizeResult

from jitad.optimize.callbacks import wrapped
from jitad.optimize.layout import Layout
from jitad.optimize.limits import low_high
from jitad.optimize.residuals import Residuals
from jitad.optimize.supply import as_tuple, given_jacobian


def least_squares(
    fun: Callable, x0: Any, jac: Any = None, bounds: Any = (-np.inf, np.inf), method: str = "trf", ftol: float | None = 1e-8,
    xtol: float | None = 1e-8, gtol: float | None = 1e-8, x_scale: Any = None, loss: Any = "linear", f_scale: float = 1.0,
    diff_step: None = None, tr_solver: str | None = None, tr_options: dict | None = None, jac_sparsity: None = None,
    max_nfev: int | None = None, verbose: int = 0, args: Any = (), kwargs: dict | None = None,
    callback: Callable | None = None, workers: Any = None,
) -> OptimizeResult:
    """Nonlinear least squares with bounds, with the exact Jacobian.

    The signature is that of ``scipy.optimize.least_squares``; values and Jacobian are two compiled kernels.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args, **kwargs)``, ordinary NumPy code that returns an array of residuals (of any shape), or a list of numbers
        and arrays.
    x0 : number, array of any shape, or dict, tuple, list or namedtuple of them
        Where to start; `fun` gets this container. Lists and tuples of numbers alone are arrays. Everything becomes float64.
    jac : None or callable
        None derives it. A callable ``jac(x, *args, **kwargs)`` returns the matrix over the flat vector (it may be sparse) or, for
        a container, the container with arrays of shape ``(m, *leaf.shape)``.
    bounds : pair or Bounds or container
        ``(low, high)``, each a number, a flat vector or a container shaped like x0; or a dict or namedtuple shaped like x0 with a
        pair for each leaf.
    method : {"trf", "dogbox", "lm"}
        All of them get the exact Jacobian.
    x_scale : float, array_like or "jac", optional
        For a container, of its flat vector or shaped like it.
    ftol, xtol, gtol, loss, f_scale, tr_solver, tr_options, max_nfev, verbose, callback
        As in SciPy. `callback` gets the container.
    args, kwargs : tuple, dict
        Further arguments of `fun` and `jac`: numbers, arrays and containers.
    diff_step, jac_sparsity, workers
        Belong to finite differences; only None is accepted.

    Returns
    -------
    OptimizeResult
        SciPy's, with `x` and `grad` in the container of x0. `fun` is flat, shape (m,); `jac` has shape (m, n) over the flat
        vector.

    Raises
    ------
    ValueError
        If finite differences are asked for, bounds do not fit, or residuals are not finite at the start.
    jitad.errors.JitadError
        If `fun` cannot be traced.

    Warns
    -----
    NonFiniteWarning
        Once a run, if a residual or a derivative is infinite or not a number.

    Examples
    --------
    >>> import numpy as np
    >>> from jitad.optimize import least_squares
    >>> def residuals(p, t, y):
    ...     return p["height"] * np.exp(-p["rate"] * t) - y
    >>> t = np.linspace(0.0, 2.0, 20)
    >>> found = least_squares(residuals, {"height": 1.0, "rate": 1.0}, args=(t, 3 * np.exp(-0.5 * t)))
    >>> {k: round(v, 6) for k, v in found.x.items()}
    {'height': 3.0, 'rate': 0.5}
    >>> found.jac.shape
    (20, 2)
    """
    jac = given_jacobian(jac)
    if jac is True:
        raise TypeError("least_squares takes jac=None (derived) or a function that returns the Jacobian, not jac=True")
    for name, given in (("diff_step", diff_step), ("jac_sparsity", jac_sparsity), ("workers", workers)):
        if given is not None:
            raise ValueError(f"{name} belongs to finite differences, but the Jacobian is exact here: leave {name} out")
    layout = Layout(x0)
    residuals = Residuals(fun, layout, as_tuple(args), kwargs, jac)
    options: dict[str, Any] = {  # what is not given is left to the SciPy at hand, whose defaults and names grow
        name: given for name, given in (
            ("x_scale", _scale(x_scale, layout)), ("tr_solver", tr_solver), ("tr_options", tr_options), ("max_nfev", max_nfev),
            ("callback", wrapped(callback, "least_squares", layout, lambda x: 0.5 * float(np.sum(residuals.values(x) ** 2)))),
        ) if given is not None}
    limits = low_high(bounds, layout)
    found = scipy.optimize.least_squares(
        residuals.values, layout.start, jac=residuals.jacobian, bounds=(limits.lb, limits.ub) if limits else (-np.inf, np.inf),
        method=method, ftol=ftol, xtol=xtol, gtol=gtol, loss=loss, f_scale=f_scale, verbose=verbose, **options)
    residuals.watch.note(found)
    if not layout.plain:
        found.x, found.grad = layout.copy(found.x), layout.copy(found.grad)
    return found


def _scale(x_scale: Any, layout: Layout) -> Any:
    """SciPy's `x_scale` for the flat vector."""
    if x_scale is None or isinstance(x_scale, (str, int, float)):
        return x_scale
    return layout.pack(x_scale, "x_scale")

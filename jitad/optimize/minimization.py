"""`minimize`: SciPy's, with the derivatives supplied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import scipy.optimize
from scipy.optimize import OptimizeResult

from jitad.optimize.callbacks import Progress, wrapped
from jitad.optimize.constraints import exact_constraints
from jitad.optimize.layout import Layout
from jitad.optimize.limits import flat_bounds
from jitad.optimize.supply import method_name, supply


def minimize(
    fun: Callable, x0: Any, args: Any = (), method: Any = None, jac: Any = None, hess: Any = None, hessp: Any = None,
    bounds: Any = None, constraints: Any = (), tol: float | None = None, callback: Callable | None = None,
    options: dict | None = None, progress: bool = False,
) -> OptimizeResult:
    """Minimize a scalar function, with exact derivatives for the methods that take them.

    The signature is that of ``scipy.optimize.minimize``. The function is traced and compiled once; value and gradient at a
    point come from one evaluation. Newton-CG, trust-ncg, trust-krylov and trust-constr get Hessian-vector products, dogleg and
    trust-exact the Hessian; Nelder-Mead, Powell, COBYLA and COBYQA the compiled value.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args) -> float``, ordinary NumPy code. With ``jac=True`` it returns ``(value, gradient)``, as
        ``jitad.value_and_grad(f)`` does, and is called as it is.
    x0 : number, array of any shape, or dict, tuple, list or namedtuple of them
        Where to start; `fun` gets this container. Lists and tuples of numbers alone are arrays. Everything becomes float64.
    args : tuple
        Further arguments of `fun` and of given derivatives: numbers, arrays and containers.
    method : str or callable, optional
        As in SciPy; a callable gets `jac`, `hess` and `hessp`.
    jac : None, True or callable
        None derives the gradient. A callable ``jac(x, *args)`` returns the container of x, or a flat vector.
    hess, hessp : callable, optional
        Used instead of what would be derived: ``hess(x, *args)`` of shape (n, n) over the flat vector, and
        ``hessp(x, p, *args)`` with p and the result in the container of x. `hess` may be a `HessianUpdateStrategy`.
    bounds : Bounds, sequence of pairs, or container
        SciPy's for the flat vector, or a container shaped like x0 with a pair ``(low, high)`` in the place of each leaf.
    constraints : dict, NonlinearConstraint, LinearConstraint, or sequence of them
        Functions get the container. Jacobians are derived unless given as callables, and for trust-constr second
        derivatives. A `LinearConstraint` multiplies the flat vector.
    tol, options
        As in SciPy.
    callback : callable, optional
        ``callback(x)``, ``callback(intermediate_result)`` or, for trust-constr, ``callback(x, state)``: x is a container.
    progress : bool
        Show a tqdm bar (``pip install jitad[progress]``).

    Returns
    -------
    OptimizeResult
        SciPy's, with `x` and `jac` (for trust-constr: `grad`) in the container of x0. Matrices are over the flat vector.

    Raises
    ------
    ValueError
        If `jac` or `hess` names a finite difference, or bounds do not fit.
    TypeError
        If `fun` is no function, or returns value and gradient without ``jac=True``.
    jitad.errors.JitadError
        If `fun` cannot be traced or is no scalar.

    Warns
    -----
    NonFiniteWarning
        Once a run, if a value or a gradient is infinite or not a number. Where the value is nan or inf, methods with a gradient
        are told of a wall there, the others of inf, so that they come back; `message` notes it.

    Examples
    --------
    >>> import numpy as np
    >>> from jitad.optimize import minimize
    >>> def energy(p, t, y):
    ...     return ((p["height"] * np.exp(-p["rate"] * t) - y) ** 2).sum()
    >>> t = np.linspace(0.0, 2.0, 20)
    >>> found = minimize(energy, {"height": 1, "rate": 1}, args=(t, 3 * np.exp(-0.5 * t)), tol=1e-10)
    >>> {k: round(v, 6) for k, v in found.x.items()}
    {'height': 3.0, 'rate': 0.5}
    """
    layout = Layout(x0)
    limits = flat_bounds(bounds, layout)
    name = method_name(method, limits is not None, bool(constraints))
    objective, keywords = supply(fun, layout, args, name, jac, hess, hessp)
    if constraints:
        keywords["constraints"] = exact_constraints(constraints, layout, name)
    bar = Progress(name, (options or {}).get("maxiter")) if progress else None
    try:
        found = scipy.optimize.minimize(
            objective.value, layout.start, method=method, bounds=limits, tol=tol, options=options,
            callback=wrapped(callback, name, layout, objective.value, bar), **keywords)
    finally:
        if bar is not None:
            bar.close()
    objective.finish(found)
    return restored(found, layout)


def restored(found: OptimizeResult, layout: Layout) -> OptimizeResult:
    """A result of SciPy with the point and the gradient in the user's container."""
    if layout.plain:
        return found
    for field in ("x", "jac", "grad"):  # trust-constr's `jac` is a list, of the constraints' Jacobians
        part = found.get(field)
        if part is not None and not isinstance(part, list):
            found[field] = layout.copy(part)
    if "allvecs" in found:
        found.allvecs = [layout.copy(x) for x in found.allvecs]
    return found

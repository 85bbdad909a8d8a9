"""`root` and `root_scalar`: SciPy's, with the derivatives supplied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import scipy.optimize
from scipy.optimize import OptimizeResult, RootResults

from jitad.optimize import derive
from jitad.optimize.layout import Layout
from jitad.optimize.residuals import Residuals
from jitad.optimize.supply import as_tuple, exact, given_jacobian

WITH_JACOBIAN = {"hybr", "lm"}


def root(
    fun: Callable, x0: Any, args: Any = (), method: str = "hybr", jac: Any = None, tol: float | None = None,
    callback: Callable | None = None, options: dict | None = None,
) -> OptimizeResult:
    """Find a root of a vector function, with the exact Jacobian for the methods that take one: hybr and lm.

    The signature is that of ``scipy.optimize.root``. The other methods get the compiled function; they build their own
    approximations of the Jacobian.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)``, ordinary NumPy code that returns as many numbers as x has: an array of any shape, or a list.
    x0 : number, array of any shape, or dict, tuple, list or namedtuple of them
        Where to start; `fun` gets this container. Lists and tuples of numbers alone are arrays. Everything becomes float64.
    args : tuple
        Further arguments of `fun` and `jac`.
    method : str
        As in SciPy.
    jac : None, True or callable
        None derives it; with True, `fun` returns ``(values, jacobian)``.
    tol, options
        As in SciPy.
    callback : callable, optional
        ``callback(x, f)`` with x a container; not for hybr and lm.

    Returns
    -------
    OptimizeResult
        SciPy's, with `x` in the container of x0, and `fun` flat.

    Raises
    ------
    ValueError
        If `jac` names a finite difference.
    jitad.errors.JitadError
        If `fun` cannot be traced.

    Warns
    -----
    NonFiniteWarning
        Once a run, if a value or a derivative is infinite or not a number.

    Examples
    --------
    >>> import numpy as np
    >>> from jitad.optimize import root
    >>> found = root(lambda x: [x[0] * np.cos(x[1]) - 4, x[0] * x[1] - x[1] - 5], [1, 1], tol=1e-12)
    >>> found.x.round(6)
    array([6.504097, 0.908414])
    """
    jac = given_jacobian(jac)
    layout = Layout(x0)
    values = Residuals(fun, layout, as_tuple(args), jac=jac)
    keywords: dict[str, Any] = {}
    if method.lower() in WITH_JACOBIAN:
        keywords["jac"] = values.jacobian
        options = {k: v for k, v in (options or {}).items() if k != "col_deriv"}  # describes a Jacobian that SciPy does not see
    if callback is not None:
        keywords["callback"] = callback if layout.plain else lambda x, f: callback(layout.copy(x), f)
    found = scipy.optimize.root(values.values, layout.start, method=method, tol=tol, options=options, **keywords)
    values.watch.note(found)
    if not layout.plain:
        found.x = layout.copy(found.x)
    return found


def root_scalar(
    f: Callable, args: Any = (), method: str | None = None, bracket: Any = None, fprime: Any = None, fprime2: Any = None,
    x0: float | None = None, x1: float | None = None, xtol: float | None = None, rtol: float | None = None,
    maxiter: int | None = None, options: dict | None = None,
) -> RootResults:
    """Find a root of a function of one number, with exact derivatives for newton and halley.

    The signature is that of ``scipy.optimize.root_scalar``, and so is the choice of a method. Value and derivatives at a point
    come from one evaluation.

    Parameters
    ----------
    f : callable
        ``f(x, *args) -> float``, ordinary NumPy code.
    args : tuple
        Further arguments of `f` and given derivatives.
    fprime, fprime2 : None, True or callable
        None derives them where the method uses them. With True, `f` returns value and derivatives, and is called as it is.
    method, bracket, x0, x1, xtol, rtol, maxiter, options
        As in SciPy.

    Returns
    -------
    RootResults

    Raises
    ------
    ValueError
        If `fprime` names a finite difference, or no method fits.
    jitad.errors.JitadError
        If `f` cannot be traced.

    Examples
    --------
    >>> import numpy as np
    >>> from jitad.optimize import root_scalar
    >>> found = root_scalar(lambda x: np.cos(x) - x, x0=1, method="halley")
    >>> round(float(found.root), 12), found.converged
    (0.739085133215, True)
    """
    exact("fprime", fprime)
    exact("fprime2", fprime2)
    if not method:
        method = _choice(bracket, fprime, fprime2, x0, x1)
    name = method.lower()
    keywords = {"method": method, "bracket": bracket, "xtol": xtol, "rtol": rtol, "maxiter": maxiter, "options": options,
                "x0": None if x0 is None else float(x0), "x1": None if x1 is None else float(x1)}
    args = as_tuple(args)
    if fprime is True or fprime2 is True:
        return scipy.optimize.root_scalar(f, args=args, fprime=fprime, fprime2=fprime2, **keywords)
    order = {"newton": 1, "halley": 2}.get(name, 0)
    kernel = derive.slopes(f, order) if order else None
    value = derive.value(f)
    last: list = [None, ()]

    def at(x: Any) -> tuple:
        x = float(x)
        if last[0] != x:
            last[:] = x, kernel(x, *args) if kernel else (value(x, *args),)
        return last[1]

    def derivative(k: int, given: Callable | None) -> Callable | None:
        if k > order and given is None:
            return None
        return (lambda x: given(x, *args)) if given is not None else (lambda x: at(x)[k])

    return scipy.optimize.root_scalar(
        lambda x: at(x)[0], fprime=derivative(1, fprime), fprime2=derivative(2, fprime2), **keywords)


def _choice(bracket: Any, fprime: Any, fprime2: Any, x0: Any, x1: Any) -> str:
    """The method that SciPy takes when none is named."""
    if bracket is not None:
        return "brentq"
    if x0 is None:
        raise ValueError("root_scalar needs a bracket=[a, b] or a starting point x0")
    if fprime:
        return "halley" if fprime2 else "newton"
    return "newton" if x1 is None else "secant"



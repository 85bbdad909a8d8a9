"""`curve_fit`: SciPy's, with the exact Jacobian supplied."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize

from jitad.optimize import derive
from jitad.optimize.nonfinite import NonFiniteWarning
from jitad.optimize.supply import given_jacobian


def curve_fit(
    f: Callable, xdata: Any, ydata: Any, p0: Any = None, sigma: Any = None, absolute_sigma: bool = False,
    check_finite: bool | None = None, bounds: Any = (-np.inf, np.inf), method: str | None = None, jac: Any = None, *,
    full_output: bool = False, nan_policy: str | None = None, **kwargs: Any,
) -> tuple:
    """Fit a curve to data by nonlinear least squares, with the exact Jacobian.

    The signature is that of ``scipy.optimize.curve_fit``. The covariance is that of the exact Jacobian too.

    Parameters
    ----------
    f : callable
        ``f(xdata, *parameters)``, ordinary NumPy code that returns an array of the shape of `ydata`, or one number.
    xdata : array_like of shape (m,) or (k, m), or a container of arrays
    ydata : array_like, shape (m,)
    p0 : array_like, shape (n,), optional
        Where to start. Integers become float64. If absent, n is the number of parameters of `f`, which start at 1 or between
        bounds.
    sigma : None, float, or array_like of shape (m,) or (m, m)
        Standard deviations or the covariance matrix of the data.
    absolute_sigma, check_finite, bounds, method, full_output, nan_policy
        As in SciPy.
    jac : None or callable
        None derives it. A callable ``jac(xdata, *parameters)`` returns shape (m, n).
    **kwargs
        For ``leastsq`` (method "lm") or ``least_squares``.

    Returns
    -------
    popt : ndarray, shape (n,)
    pcov : ndarray, shape (n, n)
        And, with `full_output`, ``infodict, mesg, ier``.

    Raises
    ------
    ValueError
        If `jac` names a finite difference, or data do not fit.
    RuntimeError
        If the iteration does not converge.
    jitad.errors.JitadError
        If `f` cannot be traced.

    Warns
    -----
    NonFiniteWarning
        Once a fit, if the curve or its Jacobian is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from jitad.optimize import curve_fit
    >>> def decay(t, height, rate):
    ...     return height * np.exp(-rate * t)
    >>> t = np.linspace(0.0, 2.0, 20)
    >>> parameters, covariance = curve_fit(decay, t, 3 * np.exp(-0.5 * t))
    >>> parameters.round(6)
    array([3. , 0.5])
    """
    jac = given_jacobian(jac)
    if jac is True:
        raise TypeError("curve_fit takes jac=None (derived) or a function that returns the Jacobian, not jac=True")
    if p0 is not None:
        p0 = np.atleast_1d(np.asarray(p0, dtype=float))
    n = p0.size if p0 is not None else _parameters(f)
    curve, slopes = derive.curve(f, n), derive.curve_jacobian(f, n)
    m = np.size(ydata)
    met = False

    def checked(values: np.ndarray, parameters: tuple, what: str) -> np.ndarray:
        nonlocal met
        if not met and not np.isfinite(values).all():
            met = True
            warnings.warn(f"{what} of {getattr(f, '__name__', 'f')} is not finite in {np.count_nonzero(~np.isfinite(values))} of "
                          f"{values.size} entries at the parameters {tuple(map(float, parameters))}. The fit goes on; if it "
                          "should not be there, give bounds or another p0", NonFiniteWarning, stacklevel=3)
        return values

    @functools.wraps(f)  # SciPy counts its parameters
    def values(x: Any, *parameters: Any) -> np.ndarray:
        return checked(np.asarray(curve(np.array(parameters, dtype=float), x)), parameters, "the value")

    def jacobian(x: Any, *parameters: Any) -> np.ndarray:
        if jac is not None:
            return checked(np.asarray(jac(x, *parameters)), parameters, "the Jacobian")
        found = np.asarray(slopes(np.array(parameters, dtype=float), x))
        if found.ndim == 1:  # a constant curve
            found = np.broadcast_to(found, (m, n))
        return checked(found, parameters, "the Jacobian")

    if sigma is not None and np.size(sigma) == 1 and m != 1:
        sigma = np.full(m, float(np.ravel(sigma)[0]))  # SciPy scales residuals by a number, but no given Jacobian
    return scipy.optimize.curve_fit(
        values, xdata, ydata, p0=p0, sigma=sigma, absolute_sigma=absolute_sigma, check_finite=check_finite, bounds=bounds,
        method=method, jac=jacobian, full_output=full_output, nan_policy=nan_policy, **kwargs)


def _parameters(f: Callable) -> int:
    """The number of parameters behind xdata."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    found = [p for p in inspect.signature(f).parameters.values() if p.kind in kinds]
    if len(found) < 2:
        raise ValueError("the number of parameters cannot be read off f; give p0")
    return len(found) - 1

"""Constraints with exact derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import BFGS, Bounds, LinearConstraint, NonlinearConstraint

from jitad.optimize.layout import Layout
from jitad.optimize.residuals import Residuals
from jitad.optimize.supply import as_tuple, given_jacobian


def exact_constraints(constraints: Any, layout: Layout, method: str) -> list:
    """The constraints over the flat vector, with the derivatives that the method uses.

    Parameters
    ----------
    constraints : dict, NonlinearConstraint, LinearConstraint, or sequence of them
    layout : Layout
        Of x; functions get its container, a `LinearConstraint` multiplies the flat vector.
    method : str
        In lower case. ``trust-constr`` gets exact second derivatives too.

    Raises
    ------
    TypeError, ValueError
        For what is no constraint; for a dict whose `jac` names a finite difference.
    """
    if isinstance(constraints, (dict, NonlinearConstraint, LinearConstraint, Bounds)):
        constraints = [constraints]
    return [_exact(c, layout, method) for c in constraints]


def _exact(constraint: Any, layout: Layout, method: str) -> Any:
    if isinstance(constraint, (LinearConstraint, Bounds)):
        return constraint
    if isinstance(constraint, NonlinearConstraint):
        return _nonlinear(constraint, layout, method)
    if isinstance(constraint, dict):
        return _dictionary(constraint, layout, method)
    raise TypeError(f"a constraint is a dict with 'type' and 'fun', a NonlinearConstraint or a LinearConstraint, "
                    f"not {constraint!r}")


def _dictionary(constraint: dict, layout: Layout, method: str) -> Any:
    kind = str(constraint.get("type", "")).lower()
    if kind not in ("eq", "ineq") or "fun" not in constraint:
        raise ValueError(f"a constraint dict has 'type': 'eq' or 'ineq', and 'fun'; this one is {constraint!r}")
    jac = given_jacobian(constraint.get("jac"), "the jac of a constraint")
    args = constraint.get("args", ())
    inner = Residuals(constraint["fun"], layout, tuple(args) if isinstance(args, list) else as_tuple(args), jac=jac)
    if method == "trust-constr":  # SciPy's own conversion would lose the second derivatives
        return NonlinearConstraint(inner.values, 0.0, 0.0 if kind == "eq" else np.inf, jac=inner.jacobian,
                                   hess=inner.weighted_hessian)
    return {"type": kind, "fun": inner.values, "jac": inner.jacobian}


def _nonlinear(constraint: NonlinearConstraint, layout: Layout, method: str) -> NonlinearConstraint:
    # '2-point' is the default of a NonlinearConstraint, so that here a name does not say that differences are wanted
    inner = Residuals(constraint.fun, layout, jac=constraint.jac if callable(constraint.jac) else None)
    hess: Any = None
    if method == "trust-constr":
        hess = constraint.hess
        if callable(hess):
            given = constraint.hess
            hess = lambda flat, v: given(layout.unpack(flat), v)
        elif isinstance(hess, str) or type(hess) is BFGS:  # BFGS is the default
            hess = inner.weighted_hessian
    return NonlinearConstraint(inner.values, constraint.lb, constraint.ub, jac=inner.jacobian, hess=hess,
                               keep_feasible=constraint.keep_feasible)

"""Which derivatives go to which method, and what may be given instead of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scipy.optimize import HessianUpdateStrategy

from jitad.optimize.layout import Layout
from jitad.optimize.objective import Objective

WITHOUT = {"nelder-mead", "powell", "cobyla", "cobyqa"}
WITH_HESS = {"dogleg", "trust-exact"}
WITH_HESSP = {"newton-cg", "trust-ncg", "trust-krylov", "trust-constr"}
CUSTOM = "custom"  # a callable in place of a name gets everything


def method_name(method: Any, bounded: bool = False, constrained: bool = False) -> str:
    """The method that SciPy will use, in lower case."""
    if method is None:
        return "slsqp" if constrained else "l-bfgs-b" if bounded else "bfgs"
    return CUSTOM if callable(method) else str(method).lower()


def exact(name: str, given: Any) -> None:
    """Refuse finite differences by name.

    Raises
    ------
    ValueError
        If a scheme like ``'2-point'`` is given.
    """
    if isinstance(given, str):
        raise ValueError(f"{name}={given!r} asks for finite differences, but derivatives are exact here: leave {name} out "
                         f"(scipy.optimize has the differences)")


def given_jacobian(jac: Any, name: str = "jac") -> Any:
    """None (derive it), True (the function returns it too) or a callable.

    Raises
    ------
    ValueError, TypeError
        If it is the name of a finite difference, or something else.
    """
    exact(name, jac)
    if jac is None or jac is True or callable(jac):
        return jac
    if jac is False:
        return None
    raise TypeError(f"{name} is None (derived), True (the function returns value and derivative) or a function, not {jac!r}")


def given_second(name: str, given: Any) -> Any:
    """None (derive it), a callable or a quasi-Newton update.

    Raises
    ------
    ValueError, TypeError
        If it is the name of a finite difference, or something else.
    """
    exact(name, given)
    if given is None or callable(given) or (name == "hess" and isinstance(given, HessianUpdateStrategy)):
        return given
    raise TypeError(f"{name} is None (derived) or a function, not {given!r}")


def supply(fun: Callable, layout: Layout, args: Any, method: str, jac: Any, hess: Any,
           hessp: Any, wall: bool = True) -> tuple[Objective, dict[str, Any]]:
    """The objective, and the keywords `jac`, `hess` and `hessp` for ``scipy.optimize.minimize``.

    Parameters
    ----------
    fun : callable
    layout : Layout
    args : tuple
    method : str
        From `method_name`.
    jac, hess, hessp
        As given by the user; what is given is used, and nothing is derived in its place.
    wall : bool
        As in `Objective`.
    """
    jac, hess, hessp = given_jacobian(jac), given_second("hess", hess), given_second("hessp", hessp)
    update = isinstance(hess, HessianUpdateStrategy)
    objective = Objective(fun, layout, as_tuple(args), jac, None if update else hess, hessp, gradient=method not in WITHOUT,
                          wall=wall)
    keywords: dict[str, Any] = {}
    if method not in WITHOUT:
        keywords["jac"] = objective.gradient
    if update:
        keywords["hess"] = hess
    elif hess is not None or method in WITH_HESS or method == CUSTOM:
        keywords["hess"] = objective.hessian
    if hessp is not None or (method in WITH_HESSP and hess is None) or method == CUSTOM:
        keywords["hessp"] = objective.hessp
    return objective, keywords


def as_tuple(args: Any) -> tuple:
    """SciPy takes a single further argument without a tuple around it."""
    return args if isinstance(args, tuple) else (args,)

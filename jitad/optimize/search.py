"""`basinhopping`, `dual_annealing` and `shgo`: SciPy's, with derivatives for the local minimizations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize
from scipy.optimize import OptimizeResult

from jitad.optimize.callbacks import wrapped
from jitad.optimize.constraints import exact_constraints
from jitad.optimize.layout import Layout
from jitad.optimize.limits import flat_bounds, searched
from jitad.optimize.minimization import restored
from jitad.optimize.objective import Objective
from jitad.optimize.steps import accepting, stepping
from jitad.optimize.supply import method_name, supply


def basinhopping(
    func: Callable, x0: Any, niter: int = 100, T: float = 1.0, stepsize: float = 0.5, minimizer_kwargs: dict | None = None,
    take_step: Callable | None = None, accept_test: Callable | None = None, callback: Callable | None = None, interval: int = 50,
    disp: bool = False, niter_success: int | None = None, rng: Any = None, *, target_accept_rate: float = 0.5,
    stepwise_factor: float = 0.9, seed: Any = None,
) -> OptimizeResult:
    """Basin hopping, with exact derivatives for the local minimizations.

    The signature is that of ``scipy.optimize.basinhopping``.

    Parameters
    ----------
    func : callable
        ``func(x, *args) -> float``, ordinary NumPy code.
    x0 : number, array of any shape, or dict, tuple, list or namedtuple of them
        Where to start; all functions get this container.
    minimizer_kwargs : dict, optional
        Arguments of :func:`jitad.optimize.minimize` for the local minimizations: `method`, `args`, `bounds`, `tol`, ...
        Derivatives are added to them.
    take_step, accept_test, callback : callable, optional
        As in SciPy; they see containers.
    niter, T, stepsize, interval, disp, niter_success, rng, target_accept_rate, stepwise_factor, seed
        As in SciPy.

    Returns
    -------
    OptimizeResult
        SciPy's, with `x` in the container of x0, and `lowest_optimization_result` like a result of `minimize`.

    Raises
    ------
    As :func:`jitad.optimize.minimize`.

    Examples
    --------
    >>> import numpy as np
    >>> from jitad.optimize import basinhopping
    >>> found = basinhopping(lambda x: np.cos(14.5 * x - 0.3) + (x + 0.2) * x, 1.0, niter=50, rng=1)
    >>> round(found.fun, 6)
    -1.000876
    """
    layout = Layout(x0)
    objective, local = _local(func, layout, minimizer_kwargs, (), wall=True)
    visit = None if callback is None else lambda x, f, accept: callback(layout.copy(x), f, accept)
    found = scipy.optimize.basinhopping(
        objective.value, layout.start, niter=niter, T=T, stepsize=stepsize, minimizer_kwargs=local,
        take_step=stepping(take_step, layout), accept_test=accepting(accept_test, layout), callback=visit, interval=interval,
        disp=disp, niter_success=niter_success, target_accept_rate=target_accept_rate, stepwise_factor=stepwise_factor,
        **_random(rng, seed))
    objective.finish(found)
    restored(found.lowest_optimization_result, layout)
    return restored(found, layout)


def dual_annealing(
    func: Callable, bounds: Any, args: Any = (), maxiter: int = 1000, minimizer_kwargs: dict | None = None,
    initial_temp: float = 5230.0, restart_temp_ratio: float = 2e-05, visit: float = 2.62, accept: float = -5.0,
    maxfun: float = 1e7, rng: Any = None, no_local_search: bool = False, callback: Callable | None = None, x0: Any = None,
    *, seed: Any = None,
) -> OptimizeResult:
    """Dual annealing, with exact derivatives for the local searches.

    The signature is that of ``scipy.optimize.dual_annealing``.

    Parameters
    ----------
    func : callable
        ``func(x, *args) -> float``, ordinary NumPy code.
    bounds : sequence of pairs, Bounds, or container
        SciPy's for a vector; or a dict or namedtuple (with x0: any container shaped like it) with a pair ``(low, high)`` of
        numbers or arrays for each leaf, which then is the container that `func` gets.
    args : tuple
        Further arguments.
    minimizer_kwargs : dict, optional
        Arguments of :func:`jitad.optimize.minimize` for the local searches. The default is SciPy's: L-BFGS-B within the bounds.
    callback : callable, optional
        ``callback(x, f, context)``, with x a container.
    x0 : array or container, optional
        Where to start.
    maxiter, initial_temp, restart_temp_ratio, visit, accept, maxfun, rng, no_local_search, seed
        As in SciPy.

    Returns
    -------
    OptimizeResult
        SciPy's, with `x` in the container.

    Raises
    ------
    As :func:`jitad.optimize.minimize`.

    Examples
    --------
    >>> import numpy as np
    >>> from jitad.optimize import dual_annealing
    >>> def rastrigin(x):
    ...     return (x * x - 10 * np.cos(2 * np.pi * x)).sum() + 10 * len(x)
    >>> found = dual_annealing(rastrigin, [(-5.12, 5.12)] * 4, maxiter=100, rng=2)
    >>> bool(found.fun < 1e-6)
    True
    """
    if x0 is None:
        example, limits = searched(bounds)
        layout = Layout(example)
    else:
        layout = Layout(x0)
        found_limits = flat_bounds(bounds, layout)
        if found_limits is None:
            raise ValueError("dual_annealing needs bounds: a (low, high) pair for each variable")
        limits = found_limits
    local: dict[str, Any] = dict(minimizer_kwargs or {})
    if not local:  # SciPy's defaults, which it drops as soon as there is a gradient
        local = {"method": "L-BFGS-B", "bounds": limits, "options": {"maxiter": min(max(6 * layout.size, 100), 1000)}}
    objective, local = _local(func, layout, local, args)
    local["method"] = _descending(objective, local.get("method"))
    seen = None if callback is None else lambda x, f, context: callback(layout.copy(x), f, context)
    found = scipy.optimize.dual_annealing(
        objective.value, list(zip(limits.lb, limits.ub, strict=True)), maxiter=maxiter, minimizer_kwargs=local,
        initial_temp=initial_temp, restart_temp_ratio=restart_temp_ratio, visit=visit, accept=accept, maxfun=maxfun,
        no_local_search=no_local_search, callback=seen, x0=None if x0 is None else layout.start,
        **_random(rng, seed))
    objective.finish(found)
    return restored(found, layout)


def shgo(
    func: Callable, bounds: Any, args: Any = (), constraints: Any = None, n: int | None = 100, iters: int = 1,
    callback: Callable | None = None, minimizer_kwargs: dict | None = None, options: dict | None = None,
    sampling_method: Any = "simplicial", *, workers: Any = 1,
) -> OptimizeResult:
    """Simplicial homology global optimization, with exact derivatives for the local minimizations.

    The signature is that of ``scipy.optimize.shgo``.

    Parameters
    ----------
    func : callable
        ``func(x, *args) -> float``, ordinary NumPy code.
    bounds : sequence of pairs, Bounds, or dict or namedtuple of pairs
        SciPy's for a vector; or a container with a pair ``(low, high)`` for each leaf, which then is what `func` gets.
    args : tuple
        Further arguments.
    constraints : dict, NonlinearConstraint, LinearConstraint, or sequence of them
        As in :func:`jitad.optimize.minimize`.
    callback : callable, optional
        ``callback(x)``, with x a container.
    minimizer_kwargs : dict, optional
        Arguments of :func:`jitad.optimize.minimize` for the local minimizations. The default is SciPy's: SLSQP.
    n, iters, options, sampling_method, workers
        As in SciPy; derivatives are given in `minimizer_kwargs`, not in `options`. As functions are not picklable, `workers`
        is a map of threads.

    Returns
    -------
    OptimizeResult
        SciPy's, with `x` in the container and `xl` a list of containers; for vectors `xl` is SciPy's array.

    Raises
    ------
    As :func:`jitad.optimize.minimize`.

    Examples
    --------
    >>> from jitad.optimize import shgo
    >>> found = shgo(lambda p: (p["a"] ** 2 - 1) ** 2 + (p["b"] - p["a"]) ** 2, {"a": (0, 3), "b": (-2, 3)})
    >>> {k: round(v, 5) for k, v in found.x.items()}
    {'a': 1.0, 'b': 1.0}
    """
    example, limits = searched(bounds)
    layout = Layout(example)
    local: dict[str, Any] = dict(minimizer_kwargs) if minimizer_kwargs is not None else {"options": {"ftol": 1e-12}}
    local.setdefault("method", "SLSQP")
    local.setdefault("options", {})
    name = method_name(local["method"])
    objective, local = _local(func, layout, local, args)
    if constraints:
        constraints = exact_constraints(constraints, layout, name)
    if any(key in (options or {}) for key in ("jac", "hess", "hessp")):
        raise ValueError("derivatives are derived here; give your own in minimizer_kwargs={'jac': ...}, not in options")
    seen = None if callback is None else lambda x, *state: callback(layout.copy(x))
    found = scipy.optimize.shgo(
        objective.value, list(zip(limits.lb, limits.ub, strict=True)), constraints=constraints or None, n=n, iters=iters,
        callback=seen, minimizer_kwargs=local, options=options, sampling_method=sampling_method, workers=workers)
    objective.finish(found)
    if not layout.plain and "xl" in found and found.xl is not None:
        found.xl = [layout.copy(x) for x in found.xl]
    return restored(found, layout)


def _descending(objective: Objective, method: Any) -> Callable:
    """SciPy's local minimizer as a method of the user's, so that it is known when it runs."""

    def descend(fun: Callable, x0: np.ndarray, args: tuple = (), jac: Any = None, hess: Any = None, hessp: Any = None,
                bounds: Any = None, constraints: Any = (), callback: Any = None, tol: float | None = None,
                **options: Any) -> OptimizeResult:
        with objective.descent(x0):
            return scipy.optimize.minimize(fun, x0, args, method, jac, hess, hessp, bounds, constraints, tol, callback, options)

    return descend


def _random(rng: Any, seed: Any) -> dict[str, Any]:
    """The generator under the one name that was given: SciPy takes both, and treats an integer differently."""
    return {name: given for name, given in (("rng", rng), ("seed", seed)) if given is not None}


def _local(fun: Callable, layout: Layout, given: dict | None, args: Any, wall: bool = False) -> tuple[Objective, dict[str, Any]]:
    """The objective, and the arguments of SciPy's local minimizer with derivatives.

    Where values are compared over the whole domain, points outside are worth inf: a wall is a matter of one descent.
    """
    local = dict(given or {})
    args = local.pop("args", args)
    limits = flat_bounds(local.pop("bounds", None), layout)
    constraints = local.pop("constraints", ())
    name = method_name(local.get("method"), limits is not None, bool(constraints))
    objective, derivatives = supply(fun, layout, args, name, local.pop("jac", None), local.pop("hess", None),
                                    local.pop("hessp", None), wall)
    if limits is not None:
        local["bounds"] = limits
    if constraints:
        local["constraints"] = exact_constraints(constraints, layout, name)
    if local.get("callback") is not None:
        local["callback"] = wrapped(local["callback"], name, layout, objective.value)
    return objective, {**local, **derivatives}



"""The transforms that this package needs of a user's function, each made once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from jitad import api
from jitad.transform import Transformed
from jitad.tree import flatten


def once(make: Callable) -> Callable:
    """Remember what was made of a function, so that a second run does not trace again; unhashable callables are not kept."""
    kept = functools.lru_cache(maxsize=256)(make)

    @functools.wraps(make)
    def find(fun: Callable, *options: Any) -> Any:
        try:
            return kept(fun, *options)
        except TypeError:
            try:
                hash(fun)
            except TypeError:
                return make(fun, *options)
            raise

    return find


def named(new: Callable, fun: Callable) -> Callable:
    """Errors name the user's function."""
    new.__name__ = getattr(fun, "__name__", type(fun).__name__)
    return new


@once
def scalar(fun: Callable) -> Callable:
    """The function with a result of one element as a number: SciPy accepts ``array([f])``, a gradient wants f."""
    inner = api.jit(fun)

    def objective(x: Any, *args: Any) -> Any:
        out = inner(x, *args)
        shape = getattr(out, "shape", ())
        return out.reshape(()) if shape and all(n == 1 for n in shape) else out

    return named(objective, fun)


@once
def vector(fun: Callable) -> Callable:
    """The function with its results (an array, a number, a list of them) as one flat array."""
    inner = api.jit(fun)

    def residuals(x: Any, *args: Any, **kwargs: Any) -> Any:
        leaves = [np.ravel(v) for v in flatten(inner(x, *args, **kwargs))[0]]
        return leaves[0] if len(leaves) == 1 else np.concatenate(leaves)

    return named(residuals, fun)


@once
def first(fun: Callable) -> Callable:
    """The value of a function that returns value and gradient."""
    inner = api.jit(fun)

    def objective(x: Any, *args: Any) -> Any:
        return inner(x, *args)[0]

    return named(objective, fun)


@once
def value(fun: Callable) -> Transformed:
    return api.jit(scalar(fun))


@once
def value_and_grad(fun: Callable) -> Transformed:
    return api.value_and_grad(scalar(fun))


@once
def hessian(fun: Callable) -> Transformed:
    return api.hessian(scalar(fun))


@once
def hvp(fun: Callable) -> Transformed:
    return api.hvp(scalar(fun))


@once
def values(fun: Callable) -> Transformed:
    return api.jit(vector(fun))


@once
def jacobian(fun: Callable) -> Transformed:
    return api.jacobian(vector(fun))


@once
def weighted_hvp(fun: Callable) -> Transformed:
    """``(x, p, v, *args)``: the Hessian of ``v . fun(x)`` times p."""
    residuals = vector(fun)

    def weighted(x: Any, v: Any, *args: Any) -> Any:
        return (v * residuals(x, *args)).sum()

    return api.hvp(named(weighted, fun))


@once
def slopes(fun: Callable, order: int) -> Transformed:
    """A function of one number and its first derivatives, from one kernel."""
    objective = scalar(fun)

    def along(x: Any, *args: Any) -> tuple:
        out = [objective(x, *args), api.grad(objective)(x, *args)]
        if order > 1:
            out.append(api.grad(api.grad(objective))(x, *args))
        return tuple(out)

    return api.jit(named(along, fun))


@once
def model(f: Callable, n: int) -> Callable:
    """``f(xdata, *parameters)`` as a function of a vector of parameters and the data."""
    inner = api.jit(f)

    def curve(parameters: Any, xdata: Any) -> Any:
        return inner(xdata, *[parameters[k] for k in range(n)])

    return named(curve, f)


@once
def curve(f: Callable, n: int) -> Transformed:
    return api.jit(model(f, n))


@once
def curve_jacobian(f: Callable, n: int) -> Transformed:
    return api.jacobian(model(f, n))

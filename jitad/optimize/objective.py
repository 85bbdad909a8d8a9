"""A scalar function as SciPy sees it: flat vectors, one compiled evaluation at a point, fresh gradients."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult

from jitad.optimize import derive
from jitad.optimize.layout import Layout
from jitad.optimize.nonfinite import Watch
from jitad.optimize.wall import Wall
from jitad.transform import Transformed


class Point:
    """What is known at one point: `value` and `gradient` are what SciPy is told, `true` is what the function returned."""

    __slots__ = ("gradient", "key", "true", "value")

    def __init__(self, key: bytes, value: float, gradient: np.ndarray | None):
        self.key, self.value, self.gradient, self.true = key, value, gradient, value


class Objective:
    """Value, gradient, Hessian and Hessian-vector products of a function of a container, over its flat vector.

    However often and in whatever order value and gradient are asked for at one point, the function is evaluated once. Where the
    function is not finite, that is reported, and SciPy is told of a wall (see `Wall`) or, without derivatives, of inf.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)``, of the container that `layout` describes.
    layout : Layout
    args : tuple
        Further arguments; traced, not differentiated.
    jac : None, True or callable
        None: the gradient is derived. True: `fun` returns ``(value, gradient)``. A callable is used as it is.
    hess, hessp : callable, optional
        Derived where absent.
    gradient : bool
        False for methods without derivatives: the value alone is compiled.
    wall : bool
        Whether SciPy is told of a wall outside of the domain, else of inf.

    Attributes
    ----------
    evaluations : int
        How often the function was evaluated.
    """

    def __init__(self, fun: Callable, layout: Layout, args: tuple = (), jac: Any = None, hess: Callable | None = None,
                 hessp: Callable | None = None, gradient: bool = True, wall: bool = True):
        if not callable(fun):
            raise TypeError(f"the first argument is the function, not {fun!r}")
        if jac is None and isinstance(fun, Transformed) and fun._transform == "value_and_grad":
            raise TypeError("fun is a jitad.value_and_grad, which returns a pair: pass jac=True as well, or the function itself, "
                            "whose gradient is derived")
        self.layout, self.args = layout, args
        self.evaluations = 0
        self.watch = Watch(layout, getattr(fun, "__name__", "fun"))
        self._fun = derive.first(fun) if jac is True else fun
        self._pair: Callable | None = None
        self._slope = jac if callable(jac) else None
        if jac is True:
            self._pair = fun
        elif self._slope is None and gradient:
            self._pair = derive.value_and_grad(fun)
        self._value = derive.value(fun) if self._pair is None else None
        self._hess, self._hessp = hess, hessp
        self._last = Point(b"", 0.0, None)
        self._wall = Wall() if gradient and wall else None

    def value(self, flat: np.ndarray) -> float:
        """The value at a point."""
        return self._at(flat).value

    def gradient(self, flat: np.ndarray) -> np.ndarray:
        """The gradient at a point, shape (size,): a fresh array every time, because SciPy keeps references."""
        point = self._at(flat)
        if point.gradient is None:
            assert self._slope is not None
            point.gradient = self.layout.pack(self._slope(self.layout.unpack(flat), *self.args))
            self.watch.gradient(flat, point.value, point.gradient)
        return point.gradient.copy()

    def hessian(self, flat: np.ndarray) -> Any:
        """Second derivatives, shape (size, size); what a given `hess` returns is handed on."""
        x = self.layout.unpack(flat)
        if self._hess is not None:
            return self._hess(x, *self.args)
        return self.layout.square(self._second(x, *self.args))

    def hessp(self, flat: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """The Hessian times a direction, shape (size,)."""
        unpack = self.layout.unpack
        return self.layout.pack(self._product(unpack(flat), unpack(np.asarray(direction, dtype=float).ravel()), *self.args),
                                "the Hessian-vector product")

    @functools.cached_property
    def _second(self) -> Callable:
        return derive.hessian(self._fun)

    @functools.cached_property
    def _product(self) -> Callable:
        return self._hessp or derive.hvp(self._fun)

    def _at(self, flat: np.ndarray) -> Point:
        key = flat.tobytes()
        point = self._last  # read once: threads may evaluate at the same time
        if point.key != key:
            point = self._last = self._evaluate(key, flat)
        return point

    def _evaluate(self, key: bytes, flat: np.ndarray) -> Point:
        x = self.layout.unpack(flat)
        self.evaluations += 1
        if self._pair is None:
            assert self._value is not None
            point = Point(key, float(self._value(x, *self.args)), None)
        else:
            value, gradient = self._pair(x, *self.args)
            point = Point(key, np.asarray(value, dtype=float).item(), self.layout.pack(gradient))
        if math.isfinite(point.value):
            if point.gradient is not None:
                self.watch.gradient(flat, point.value, point.gradient)
            if self._wall is not None:
                self._wall.inside(flat, point.value, point.gradient)
        else:
            self.watch.value(flat, point.value, point.gradient)
            self._outside(flat, point)
        return point

    def _outside(self, flat: np.ndarray, point: Point) -> None:
        """What SciPy is told where the value is not finite."""
        if self._wall is None:
            point.value = math.inf if math.isnan(point.value) else point.value
        elif (told := self._wall.at(flat, point.value)) is not None:
            point.value, point.gradient = told

    @contextlib.contextmanager
    def descent(self, start: np.ndarray) -> Iterator[None]:
        """A local minimization within a search that compares values everywhere: inside of it there is a wall."""
        point = self._at(start)
        self._wall = Wall()
        if math.isfinite(point.value):
            self._wall.inside(start, point.value, point.gradient)
        try:
            yield
        finally:
            self._wall = None

    def finish(self, result: OptimizeResult) -> None:
        """Say in a result what was not finite; a run that ended outside of the domain has failed, with the true value."""
        self.watch.note(result)
        flat = result.get("x")
        if not self.watch.met or flat is None:
            return
        true = self._at(np.asarray(flat, dtype=float)).true
        if not math.isfinite(true):
            result.fun, result.success = true, False

"""A vector function as SciPy sees it: flat vectors in and out, its Jacobian a matrix."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse import issparse
from scipy.sparse.linalg import LinearOperator

from jitad.optimize import derive
from jitad.optimize.layout import Layout, matrix
from jitad.optimize.nonfinite import Watch
from jitad.tree import flatten


class Residuals:
    """Values and Jacobian of a vector function of a container, over its flat vector.

    Values and Jacobian are two kernels: solvers ask for values at every trial point and for the Jacobian, which costs
    more, at accepted ones. Each is evaluated once at a point.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args, **kwargs)``; returns an array of any shape, a number, or a list of them, which are laid end to end.
    layout : Layout
    args, kwargs : tuple, dict
        Further arguments; traced, not differentiated.
    jac : None, True or callable
        None: the Jacobian is derived. True: `fun` returns ``(values, jacobian)``. A callable is used as it is.

    Attributes
    ----------
    evaluations, jacobians : int
        How often values and Jacobian were evaluated.
    """

    def __init__(self, fun: Callable, layout: Layout, args: tuple = (), kwargs: dict | None = None, jac: Any = None):
        if not callable(fun):
            raise TypeError(f"a function is needed, not {fun!r}")
        self.layout, self.args, self.kwargs = layout, args, kwargs or {}
        self.evaluations = self.jacobians = 0
        self.watch = Watch(layout, getattr(fun, "__name__", "fun"))
        self._fun = fun
        self._pair = fun if jac is True else None
        self._run: Callable = derive.values(fun)
        self._slopes: Callable = jac if callable(jac) else derive.jacobian(fun)
        self._derived = jac is None
        self._values: tuple[bytes, np.ndarray] = (b"", np.empty(0))
        self._matrix: tuple[bytes, Any] = (b"", None)

    def values(self, flat: np.ndarray) -> np.ndarray:
        """The values, flat; a fresh array."""
        key, found = flat.tobytes(), self._values
        if found[0] != key:
            self.evaluations += 1
            x = self.layout.unpack(flat)
            if self._pair is not None:
                out, slopes = self._pair(x, *self.args, **self.kwargs)
                self._matrix = (key, self._checked(flat, slopes))
                out = np.concatenate([np.ravel(v) for v in flatten(out)[0]])
            else:
                out = self._run(x, *self.args, **self.kwargs)
            found = self._values = (key, out.astype(float, copy=False))
            self.watch.values(flat, found[1])
        return found[1].copy()

    def jacobian(self, flat: np.ndarray) -> Any:
        """The Jacobian, shape (values, size), fresh; a sparse matrix or LinearOperator of a given `jac` is handed on."""
        key = flat.tobytes()
        if self._pair is not None:
            self.values(flat)
        found = self._matrix
        if found[0] != key:
            self.jacobians += 1
            slopes = self._slopes(self.layout.unpack(flat), *self.args, **self.kwargs)
            found = self._matrix = (key, self._checked(flat, slopes))
        return found[1].copy() if isinstance(found[1], np.ndarray) else found[1]

    def _checked(self, flat: np.ndarray, slopes: Any) -> Any:
        if type(slopes) is np.ndarray and slopes.ndim == 2 and self.layout.plain:  # what was derived is fresh
            out = slopes if self._derived else np.array(slopes, dtype=float)
            self.watch.jacobian(flat, out)
            return out
        if issparse(slopes) or isinstance(slopes, LinearOperator):
            return slopes
        leaves, tree = flatten(slopes)
        if tree == self.layout.tree:
            k = max(range(len(leaves)), key=self.layout.sizes.__getitem__)  # leaves may be empty
            out = matrix(leaves, [np.size(leaves[k]) // self.layout.sizes[k]], self.layout.sizes)
        else:
            out = np.array(slopes, dtype=float).reshape(-1, self.layout.size)
        self.watch.jacobian(flat, out)
        return out

    @functools.cached_property
    def _weighted(self) -> Callable:
        return derive.weighted_hvp(self._fun)

    def weighted_hessian(self, flat: np.ndarray, weights: np.ndarray) -> LinearOperator:
        """The Hessian of ``weights . values``, as its products with vectors."""
        x, unpack, pack = self.layout.unpack(np.array(flat)), self.layout.unpack, self.layout.pack
        weights = np.array(weights, dtype=float)
        product = self._weighted

        def times(p: np.ndarray) -> np.ndarray:
            return pack(product(x, unpack(np.asarray(p, dtype=float).ravel()), weights, *self.args))

        n = self.layout.size
        return LinearOperator((n, n), matvec=times, rmatvec=times, dtype=np.dtype(float))

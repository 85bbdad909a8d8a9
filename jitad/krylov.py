"""Linear systems whose matrix is the derivative of a function: solved by SciPy's iterations, by products with the matrix only."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.api import jit, jvp, vjp
from jitad.callback import ShapeDtypeStruct, pure_callback
from jitad.ops.closed import closed
from jitad.ops.solved import solved
from jitad.trace.tracer import as_tracer, wrap
from jitad.trace.tracing import Trace
from jitad.tree import flatten, unflatten

METHODS = ("cg", "gmres")


class Krylov:
    """Systems with the derivative of ``function(v, x, params)`` by the vector v, at v = x as a vector, as their matrix.

    `vector` makes one of x. What has not converged raises.
    """

    def __init__(self, method: str, function: Callable, vector: Callable, rtol: float):
        self.method, self.function, self.vector, self.rtol = method, function, vector, float(rtol)
        self._products = jit(self._applied), jit(self._turned)
        self._runs = [functools.partial(self._run, turned) for turned in (0, 1)]

    def _applied(self, v: Any, x: Any, params: tuple) -> Any:
        return jvp(lambda y: self.function(y, x, params), (self.vector(x),), (v,))[1]

    def _turned(self, v: Any, x: Any, params: tuple) -> Any:
        return vjp(lambda y: self.function(y, x, params), self.vector(x))[1](v)[0]

    def solution(self, right: Any, x: Any, params: tuple) -> Any:
        """Inside of a trace, for this right-hand side."""
        given, tree = flatten((x, params))
        tracers = [as_tracer(v) for v in (right, *given)]
        with Trace("custom") as inner:
            v, *values = [inner.input(t.node.dtype, t.node.shape, t.weak) for t in tracers]
            of_x, of_params = unflatten(tree, values)
            like = ShapeDtypeStruct(v.shape, v.dtype)
            found = [self._applied(v, of_x, of_params), self._turned(v, of_x, of_params),
                     *(pure_callback(run, like, v, of_x, of_params) for run in self._runs)]
            outputs = [as_tracer(f).node for f in found]
        body, others = closed([v.node, *(t.node for t in values)], outputs, 0, 0)
        return wrap(solved(body, *(t.node for t in tracers), *others))

    def _run(self, turned: int, right: np.ndarray, x: Any, params: tuple) -> np.ndarray:
        """At run time."""
        from scipy.sparse.linalg import LinearOperator, cg, gmres

        b = np.asarray(right, float)

        def product(v: np.ndarray) -> np.ndarray:
            return self._products[turned](np.ascontiguousarray(v, right.dtype).reshape(b.shape), x, params)

        a = LinearOperator((b.size, b.size), matvec=product, dtype=float)
        options = {"restart": min(b.size, 100)} if self.method == "gmres" else {}
        out, failed = (gmres if options else cg)(a, b, rtol=self.rtol, atol=0.0, **options)
        rest, size = np.linalg.norm(product(out) - b), np.linalg.norm(b)
        if failed or not rest <= 10 * self.rtol * size:
            raise np.linalg.LinAlgError(
                f"the linear system of a derivative was not solved: {self.method} left a residual of {rest:.1e} of {size:.1e} "
                f"for {b.size} unknowns; use linear_solver='dense', or another rtol"
                + ("; cg is for matrices that are symmetric and positive definite" if self.method == "cg" else ""))
        return out

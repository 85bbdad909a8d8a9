"""Solutions of equations as functions of what the equations depend on: derivatives by the implicit function theorem.

Where F(x, p) = 0, dx/dp = -(dF/dx)^-1 dF/dp: nothing of how the solution was found is differentiated, or kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from jitad import numpy as jnp
from jitad.api import grad, jacfwd, jit, jvp
from jitad.callback import ShapeDtypeStruct, pure_callback
from jitad.custom import custom_jvp
from jitad.errors import DTypeError, ShapeError
from jitad.ir.types import is_float, show_shape
from jitad.krylov import METHODS, Krylov
from jitad.trace.original import original
from jitad.trace.rebuild import rebuilt
from jitad.trace.tracer import Tracer, as_tracer
from jitad.trace.tracing import current, where
from jitad.tree import Tree, flatten, flatten_like, unflatten

__all__ = ["argmin", "fixed_point", "root"]


def root(
    residual: Callable, solver: Callable, *, traced: bool = True, linear_solver: str = "dense", rtol: float = 1e-10,
) -> Callable:
    """The x with ``residual(x, *params) = 0``, as a function of the parameters.

    Parameters
    ----------
    residual : callable
        ``residual(x, *params)``: as many numbers as x has, in the same container.
    solver : callable
        ``solver(f, x0) -> x``, where ``f(x)`` is ``residual(x, *params)``. How it finds x does not matter to derivatives. Whether
        it has found it is for the solver to see: derivatives are those of a solution, taken at what it returns.
    traced : bool
        Whether the solver is code that can be traced: Newton's method with `jitad.fori_loop`, say. It is compiled into the
        kernel then. Else it is any Python function, SciPy's solvers for instance, and called back from the kernel, see
        :func:`jitad.pure_callback`. It gets arrays; `f` is compiled, and may be given to `jitad.jacobian`, `jitad.grad`, ...
    linear_solver : {"dense", "gmres", "cg"}
        How the linear system of the derivative is solved. ``"dense"``: its matrix is made, and factored by LAPACK, once for all
        derivatives: for up to some hundred unknowns. Else by SciPy's iterations of that name, with Jacobian-vector products: each
        system for itself, called back from the kernel. ``"cg"`` is for symmetric, positive definite matrices: minima.
    rtol : float
        What the residual of an iteration may be at the end, relative to the right-hand side.

    Returns
    -------
    callable
        ``solve(x0, *params)``, to be used in any transform: x, in the container of `x0`. The derivative in `x0` is zero.
        Containers of numbers and arrays for `x0` and parameters; integers among the parameters have no derivative.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where the derivative of `residual` by x is singular, or an iteration does not converge, and a derivative is asked for.
    TypeError
        If a derivative is asked for in a value that `residual` or `solver` take from around them: hand it over as a parameter.

    Examples
    --------
    >>> import numpy as np, jitad, scipy.optimize
    >>> def residual(x, a):
    ...     return x**3 - a
    >>> def newton(f, x):
    ...     return jitad.fori_loop(0, 60, lambda _, x: x - f(x) / jitad.grad(f)(x), x)
    >>> cube_root = jitad.implicit.root(residual, newton)
    >>> round(jitad.grad(cube_root, 1)(1.0, 8.0), 12)
    0.083333333333
    >>> by_scipy = jitad.implicit.root(residual, lambda f, x0: scipy.optimize.root(f, x0).x, traced=False)
    >>> jitad.grad(lambda a: by_scipy(np.ones(2), a).sum())(np.array([8.0, 27.0])).round(9)
    array([0.08333333, 0.03703704])
    """
    how = _How("root", traced, linear_solver, rtol)
    residual = how.kept(residual)
    return _Solution(how, residual, residual, solver).solve


def fixed_point(
    f: Callable, solver: Callable, *, traced: bool = True, linear_solver: str = "dense", rtol: float = 1e-10,
) -> Callable:
    """The x with ``f(x, *params) = x``, as a function of the parameters.

    Parameters and result are those of :func:`root`; the solver is given ``f(x, *params)`` as a function of x.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> def iterate(f, x):
    ...     return jitad.fori_loop(0, 200, lambda _, x: f(x), x)
    >>> solve = jitad.implicit.fixed_point(lambda x, a: np.cos(a * x), iterate)
    >>> x = solve(0.5, 1.0)
    >>> bool(np.isclose(jitad.grad(solve, 1)(0.5, 1.0), -x * np.sin(x) / (1 + np.sin(x))))
    True
    """
    how = _How("fixed_point", traced, linear_solver, rtol)
    f = how.kept(f)

    def residual(x: Any, *params: Any) -> Any:
        leaves, tree = flatten(x)
        found, other = flatten_like(_called(f)(x, *params), tree)
        if other != tree:
            raise TypeError(f"the function of fixed_point got {tree} and returned {other}{where()}")
        return unflatten(tree, [a - b for a, b in zip(found, leaves, strict=True)])

    return _Solution(how, residual, f, solver).solve


def argmin(
    objective: Callable, solver: Callable, *, traced: bool = True, linear_solver: str = "dense", rtol: float = 1e-10,
) -> Callable:
    """The x at which ``objective(x, *params)`` is least, as a function of the parameters.

    Parameters and result are those of :func:`root`; the solver is given ``objective(x, *params)`` as a function of x. Derivatives
    are those of a point where the gradient is zero: the second derivatives by x are the matrix.

    Examples
    --------
    >>> import numpy as np, jitad, scipy.optimize
    >>> def energy(x, k):
    ...     return k * (x[0] - 1) ** 2 + (x[0] * x[1] - 2) ** 2 + x[1] ** 2
    >>> def minimize(f, x0):
    ...     return scipy.optimize.minimize(jitad.value_and_grad(f), x0, jac=True, method="BFGS", options={"gtol": 1e-10}).x
    >>> relaxed = jitad.implicit.argmin(energy, minimize, traced=False)
    >>> slope = jitad.grad(lambda k: (relaxed(np.ones(2), k) ** 2).sum())
    >>> h, f = 1e-4, lambda k: (relaxed(np.ones(2), k) ** 2).sum()
    >>> bool(np.isclose(slope(3.0), (f(3.0 + h) - f(3.0 - h)) / (2 * h), rtol=1e-6))
    True
    """
    how = _How("argmin", traced, linear_solver, rtol)
    objective = how.kept(objective)

    def residual(x: Any, *params: Any) -> Any:
        return grad(lambda y: _called(objective)(y, *params))(x)

    return _Solution(how, residual, objective, solver).solve


@dataclass(frozen=True)
class _How:
    """What is asked for, and by what options."""

    name: str
    traced: bool
    linear_solver: str
    rtol: float

    def __post_init__(self) -> None:
        if self.linear_solver not in ("dense", *METHODS):
            raise ValueError(f"linear_solver of {self.name} is 'dense', 'gmres' or 'cg', not {self.linear_solver!r}")

    def kept(self, f: Any) -> Any:
        """A function of the user's: as it is, not the private copy, where it is called when no trace is."""
        if not callable(f):
            raise TypeError(f"jitad.implicit takes functions, not a {type(f).__name__}")
        called = not self.traced or self.linear_solver != "dense"
        return original(f, f"{self.name} of jitad.implicit") if called and current() is not None else f


def _called(f: Callable) -> Callable:
    """A function of the user's, to be called from here."""
    return f if current() is None else rebuilt(f)


class _Solution:
    """An equation, and what solves it: `given` is what the solver sees."""

    def __init__(self, how: _How, residual: Callable, given: Callable, solver: Callable):
        self.residual, self.given, self.name = residual, given, how.name
        self.solver = how.kept(solver) if not how.traced else solver
        if not callable(solver):
            raise TypeError(f"jitad.implicit takes functions, not a {type(solver).__name__}")
        self.traced = how.traced
        self.krylov = None if how.linear_solver == "dense" else Krylov(
            how.linear_solver, self._by_vector, lambda x: _Vector(x).packed(x), how.rtol)
        if not how.traced:
            compiled = jit(given)

            def host(x0: Any, params: tuple) -> Any:
                return self.solver(lambda x: compiled(x, *params), x0)

            self._host = host

        def solved(x0: Any, params: tuple) -> Any:
            return self._solved(x0, params)

        def rule(primals: tuple, tangents: tuple) -> tuple:
            return self._rule(primals, tangents)

        def solve(x0: Any, *params: Any) -> Any:
            if current() is None and how.traced:
                return self._compiled(x0, *params)
            return self._again(_floats(x0), params)

        for f in (solved, rule, solve):
            f.__name__ = f.__qualname__ = f"{how.name} of {getattr(given, '__name__', type(given).__name__)}"
        self._again = custom_jvp(solved)
        self._again.defjvp(rule)
        self.solve, self._compiled = solve, jit(solve)

    def _solved(self, x0: Any, params: tuple) -> Any:
        """x itself."""
        leaves, tree = flatten(x0)
        if not self.traced:
            like = unflatten(tree, [ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in leaves])
            return pure_callback(self._host, like, x0, params)
        given = _called(self.given)
        found, other = flatten_like(_called(self.solver)(lambda x: given(x, *params), x0), tree)
        if other != tree:
            raise TypeError(f"the solver of {self.name} got {tree} and returned {other}{where()}")
        return unflatten(tree, [_fitted(a, b, f"the solver of {self.name}") for a, b in zip(found, leaves, strict=True)])

    def _rule(self, primals: tuple, tangents: tuple) -> tuple:
        (x0, params), moved = primals, tangents[1]
        x = self._again(x0, params)
        residual, vector = _called(self.residual), _Vector(x)
        leaves, tree = flatten(params)
        changed = [k for k, p in enumerate(leaves) if is_float(as_tracer(p).node.dtype)]
        ways = flatten(moved)[0]
        if not changed:
            return x, vector.unpacked(jnp.zeros_like(vector.packed(x)))  # type: ignore[attr-defined]

        def by_params(*some: Any) -> Any:
            values = list(leaves)
            for k, v in zip(changed, some, strict=True):
                values[k] = v
            return self._packed(vector, residual(x, *unflatten(tree, values)))

        pushed = jvp(by_params, tuple(leaves[k] for k in changed), tuple(ways[k] for k in changed))[1]
        if self.krylov is not None:
            return x, vector.unpacked(-self.krylov.solution(pushed, x, params))
        matrix = jacfwd(lambda v: self._by_vector(v, x, params))(vector.packed(x))
        return x, vector.unpacked(-jnp.linalg.solve(matrix, pushed))  # type: ignore[attr-defined]

    def _by_vector(self, v: Any, x: Any, params: tuple) -> Any:
        """The residual as a vector, of x as another."""
        vector = _Vector(x)
        return self._packed(vector, _called(self.residual)(vector.unpacked(v), *params))

    def _packed(self, vector: _Vector, value: Any) -> Any:
        leaves, tree = flatten_like(value, vector.tree)
        if tree != vector.tree:
            raise TypeError(f"the equations of {self.name} are {tree} for unknowns {vector.tree}{where()}")
        for a, b in zip(leaves, vector.leaves, strict=True):
            _fitted(a, b, f"the residual of {self.name}")
        return vector.packed(value)


def _floats(x0: Any) -> Any:
    """The unknowns as floats: numbers may be whole, arrays may not, as elsewhere."""
    leaves, tree = flatten(x0)
    out = []
    for leaf in leaves:
        x: Any = as_tracer(leaf) if current() is not None else np.asarray(leaf)
        dtype = x.dtype
        if dtype.kind in "iu" and not x.shape:
            x = x * 1.0
        elif not is_float(dtype):
            raise DTypeError(f"the unknowns of jitad.implicit are floats; x0 has dtype {dtype}: convert it with .astype(float)"
                             f"{where()}")
        out.append(x)
    return unflatten(tree, out)


def _fitted(found: Any, like: Any, what: str) -> Tracer:
    """What has been found for the unknowns, if it has their shape."""
    trace, a, b = current(), as_tracer(found), as_tracer(like)
    assert trace is not None
    if a.node.ndim != b.node.ndim or not all(map(trace.same_size, a.node.shape, b.node.shape)):
        shapes = [show_shape(tuple(map(trace.value, t.node.shape))) for t in (a, b)]
        raise ShapeError(f"{what} returned shape {shapes[0]} for unknowns of shape {shapes[1]}{where()}")
    return a


class _Vector:
    """Containers of one shape as vectors, and back."""

    def __init__(self, like: Any):
        self.leaves: list[Any]
        self.tree: Tree
        self.leaves, self.tree = flatten(like)

    def packed(self, value: Any) -> Any:
        """All numbers, one after the other."""
        return jnp.concatenate([jnp.reshape(v, (-1,)) for v in flatten_like(value, self.tree)[0]])  # type: ignore[attr-defined]

    def unpacked(self, vector: Any) -> Any:
        """The container of such numbers."""
        out: list[Any] = []
        at: Any = 0
        for leaf in self.leaves:
            n = leaf.size
            part = vector[at : at + n]
            out.append(part.reshape(leaf.shape) if leaf.shape else part[0])
            at = at + n
        return unflatten(self.tree, out)

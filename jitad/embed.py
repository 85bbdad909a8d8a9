"""Functions that the user has compiled with Numba, as part of a kernel: `extern`."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitad.custom import custom_jvp, custom_vjp
from jitad.errors import DTypeError, TraceError
from jitad.ir import sizes
from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.ir.types import BOOL, INT, is_float, native
from jitad.ops.arithmetic import cast
from jitad.ops.compare import not_equal
from jitad.ops.contents import contents, is_compiled
from jitad.ops.extern import FUNCTIONS, HALF, PREFIX, Embedded, is_wide
from jitad.ops.extern import extern as called
from jitad.ops.leaf import full, size_value
from jitad.ops.shape import concatenate, reshape, slice_
from jitad.trace.dim import Dim
from jitad.trace.rebuild import rebuilt
from jitad.trace.tracer import KINDS, Tracer, as_tracer, wrap
from jitad.trace.tracing import current, where

__all__ = ["extern"]

Result = tuple[tuple["int | Size", ...], np.dtype]


class extern:
    """A function compiled by Numba, to be called inside of a kernel: loops that are not written as operations of arrays.

    Where it is called inside of a traced function, the kernel calls it as compiled code calls compiled code. It cannot be looked
    into: its derivative is stated.

    Parameters
    ----------
    fun : numba.Dispatcher
        What ``@numba.njit`` gives: a function of arrays and numbers that returns an array, a number, or a tuple of such. It gets
        copies, C-contiguous; equal arguments have to give equal results.
    vjp : callable, optional
        ``vjp(*args, ct)``: given the cotangent of the result (of several, a tuple of them), the cotangents of those arguments
        that are floats: a tuple, of one just it. Plain NumPy that may call further functions embedded by `extern`; then there
        are derivatives of every order in which these have some. Or a function compiled by Numba, which is embedded, for
        derivatives of order one.
    jvp : callable, optional
        ``jvp(*args, *tangents)``, in place of `vjp`: given tangents of those arguments that are floats, the tangent of the
        result (of several, a tuple). Linear in the tangents. Of plain NumPy, reverse mode is made; of a function compiled by
        Numba it cannot be.
    shape : callable, tuple or array_like
        What it returns: a shape, or something that has `shape` and `dtype` (an array, `jitad.ShapeDtypeStruct`), or a tuple of
        several such; or a function of the arguments that gives that: ``lambda x, pairs: x`` for an array like x,
        ``lambda x: (len(x), 3)``. A number has the shape ``()``.
    dtype : dtype
        The dtype of results of which only the shape is said.

    Raises
    ------
    TypeError
        If `fun` is not compiled by Numba; if a derivative is asked for and none was given.
    jitad.errors.ShapeError
        If it returns an array of another shape than was said.

    Notes
    -----
    What it raises is raised by the function that was called. Under `vmap` it is called for one after the other. With
    :func:`jitad.disable_jit`, and outside of traced functions, it is called as it is.

    Kernels are kept on disk under a key made of the code of the function: bytecode, global and closure values, functions compiled
    by Numba that it calls. If it uses something that cannot be told from another (objects, functions of other packages), its
    kernels are kept for this process only. As to Numba, global values are constants: change them, and make the function anew.

    Examples
    --------
    >>> import numba, numpy as np, jitad
    >>> @numba.njit
    ... def smoothed(x, a):
    ...     out = np.empty_like(x)
    ...     last = 0.0
    ...     for k in range(len(x)):
    ...         last = out[k] = a * last + x[k]
    ...     return out
    >>> @numba.njit
    ... def backwards(x, a, ct):
    ...     dx, da, last = np.empty_like(x), 0.0, 0.0
    ...     out = smoothed(x, a)
    ...     for k in range(len(x) - 1, -1, -1):
    ...         last = dx[k] = a * last + ct[k]
    ...         if k > 0:
    ...             da += last * out[k - 1]
    ...     return dx, da
    >>> smooth = jitad.extern(smoothed, vjp=backwards, shape=lambda x, a: x)
    >>> jitad.value_and_grad(lambda x, a: (smooth(x, a) ** 2).sum(), (0, 1))(np.array([1.0, 2.0]), 0.5)
    (7.25, (array([4.5, 5. ]), 5.0))
    """

    def __init__(self, fun: Any, vjp: Callable | None = None, jvp: Callable | None = None, shape: Any = None, dtype: Any = float):
        if current() is not None and not is_compiled(fun):
            raise TypeError(f"jitad.extern takes a function compiled by Numba, which a traced function sees as Python only: "
                            f"call it outside of the traced function, which may use what it gives{where()}")
        if not is_compiled(fun):
            raise TypeError(f"jitad.extern takes a function compiled by Numba, not a {type(fun).__name__}: decorate it with "
                            f"@numba.njit, or use jitad.pure_callback for other functions{where()}")
        if shape is None:
            raise TypeError(f"jitad.extern needs shape, which says what {fun.__name__} returns: shape=() for a number, "
                            f"shape=lambda x: x for an array like the argument, shape=lambda x: (len(x), 3){where()}")
        if vjp is not None and jvp is not None:
            raise TypeError(f"jitad.extern takes one of vjp and jvp, from which the other mode follows{where()}")
        for name, rule in (("vjp", vjp), ("jvp", jvp)):
            if rule is not None and not callable(rule):
                raise TypeError(f"{name} of jitad.extern is a function, not a {type(rule).__name__}{where()}")
        functools.update_wrapper(self, fun.py_func, updated=())
        self.__name__, self.__qualname__ = str(fun.py_func.__name__), str(fun.py_func.__qualname__)
        self.fun, self.vjp, self.jvp, self.shape, self.dtype = fun, vjp, jvp, shape, _supported(dtype)
        self._contents, self._is_known = contents(fun)

    def __call__(self, *args: Any) -> Any:
        if current() is None:
            return self.fun(*args)
        given = [a if type(a) in (int, bool, Dim) else self._argument(a, k) for k, a in enumerate(args)]  # known numbers stay so
        if self._is_known and contents(self.fun) != (self._contents, True):
            raise TraceError(f"what {self.__name__} finds around itself has changed since it was embedded; Numba takes global "
                             f"values for constants: compile it anew, and call jitad.extern again{where()}")
        if self.vjp is not None:
            return self._pulled(given)
        return self._value(*given) if self.jvp is None else self._pushed(given)

    def _argument(self, value: Any, k: int) -> Tracer:
        if isinstance(value, (tuple, list, dict, str)) or value is None:
            raise TypeError(f"{self.__name__}, embedded by jitad.extern, takes arrays and numbers; argument {k} is a "
                            f"{type(value).__name__}{where()}")
        return as_tracer(value)

    def _value(self, *args: Any) -> Any:
        results, several = _results(rebuilt(self.shape)(*args) if callable(self.shape) else self.shape, self.dtype)
        out = _call(self.fun, self._contents, self._is_known, [*map(as_tracer, args)], results, several)
        return tuple(out) if several else out[0]

    def _pulled(self, given: list) -> Any:
        """With a rule for cotangents."""
        traced, all_of = _traced(given)
        moved = [k for k in traced if is_float(given[k].node.dtype)]

        def fwd(*args: Tracer) -> tuple:
            return made(*args), args  # itself, as its value may be differentiated again

        def bwd(known: tuple, ct: Any) -> tuple:
            args = all_of(known)
            if is_compiled(self.vjp):
                found = _derived(self.vjp, (*args, *(ct if isinstance(ct, tuple) else (ct,))), [args[k] for k in moved])
            else:
                found = rebuilt(self.vjp)(*args, ct)  # type: ignore[arg-type]
            cts = iter(self._each(found, len(moved), "vjp", "cotangent", "argument that is a float"))
            return tuple(next(cts) if k in moved else None for k in traced)

        made = custom_vjp(lambda *args: self._value(*all_of(args)))
        made.defvjp(fwd, bwd)
        return made(*(given[k] for k in traced))

    def _pushed(self, given: list) -> Any:
        """With a rule for tangents."""
        traced, all_of = _traced(given)
        moved = [n for n, k in enumerate(traced) if is_float(given[k].node.dtype)]

        def rule(known: tuple, tangents: tuple) -> tuple:
            out, args = made(*known), (*all_of(known), *(tangents[n] for n in moved))
            outs = out if isinstance(out, tuple) else (out,)
            found = _derived(self.jvp, args, outs) if is_compiled(self.jvp) else rebuilt(self.jvp)(*args)  # type: ignore[arg-type]
            each = self._each(found, len(outs), "jvp", "tangent", "result")
            return out, (tuple(each) if isinstance(out, tuple) else each[0])

        made = custom_jvp(lambda *args: self._value(*all_of(args)))
        made.defjvp(rule)
        return made(*(given[k] for k in traced))

    def _each(self, found: Any, n: int, name: str, what: str, of: str) -> Sequence[Any]:
        several = isinstance(found, (tuple, list)) and type(found) is not Tracer
        each = list(found) if several else [found]
        if len(each) != n:
            raise TypeError(f"{name} of {self.__name__}, embedded by jitad.extern, gives a {what} for each {of}: {n}, not "
                            f"{len(each)}{where()}")
        return each

    def __repr__(self) -> str:
        return f"<jitad.extern of {self.__qualname__}>"


def _traced(given: list) -> tuple[list[int], Callable[[Sequence[Any]], tuple]]:
    """Which arguments are traced, and what makes all of them from those."""
    traced = [k for k, a in enumerate(given) if type(a) is Tracer]

    def all_of(known: Sequence[Any]) -> tuple:
        rest = iter(known)
        return tuple(next(rest) if k in traced else a for k, a in enumerate(given))

    return traced, all_of


def _derived(rule: Any, args: Sequence[Any], like: Sequence[Tracer]) -> Any:
    """A rule that is compiled by Numba, embedded as well: its results have the types of what they belong to."""
    results: list[Result] = [(t.node.shape, t.node.dtype) for t in like]
    hashed, is_known = contents(rule)
    found = _call(rule, hashed, is_known, [*map(as_tracer, args)], results, len(results) > 1)
    return tuple(found)


def _supported(dtype: Any) -> np.dtype:
    dtype = np.dtype(dtype)
    if dtype.kind not in KINDS or dtype.itemsize > 8 or dtype == np.float16:
        raise DTypeError(f"jitad.extern of dtype {dtype} is not supported{where()}")
    return native(dtype)


def _results(said: Any, dtype: np.dtype) -> tuple[list[Result], bool]:
    """Shapes and dtypes of what a function returns, and whether that is a tuple."""
    several = isinstance(said, (tuple, list)) and type(said) is not Tracer and any(
        isinstance(s, (tuple, list)) or hasattr(s, "dtype") and not isinstance(s, np.integer) for s in said)
    return [_result(s, dtype) for s in (said if several else [said])], several


def _result(said: Any, dtype: np.dtype) -> Result:
    if hasattr(said, "shape") and hasattr(said, "dtype") and not isinstance(said, np.integer):
        return _lengths(said.shape), _supported(said.dtype)
    return _lengths(said if isinstance(said, (tuple, list)) else (said,)), dtype


def _lengths(shape: Any) -> tuple[int | Size, ...]:
    out: list[int | Size] = []
    for n in shape:
        if type(n) is not Dim and (not isinstance(n, (int, np.integer)) or isinstance(n, bool) or type(n) is Tracer):
            raise TypeError(f"shape of jitad.extern says lengths, which are integers or lengths of arguments, not {n!r}{where()}")
        out.append(n.size if type(n) is Dim else int(n))
    return tuple(out)


def _call(fun: Any, hashed: str, is_known: bool, args: Sequence[Tracer], results: Sequence[Result],
          several: bool) -> list[Tracer]:
    """The results of a call, as parts of the row that holds them."""
    nodes = [a.node for a in args]
    found = Embedded(fun, tuple((n.dtype, n.ndim) for n in nodes), tuple((d, len(s)) for s, d in results), several, is_known)
    types = [(str(d), n) for d, n in (*found.arguments, *found.results)]
    name = PREFIX + hashlib.sha256(repr((hashed, len(nodes), types, several)).encode()).hexdigest()
    FUNCTIONS.setdefault(name, found)
    lengths = [cast(reshape(size_value(n), (1,)), INT) for s, _ in results for n in s] or [full(0, INT, (1,))]
    total: int | Size = 1
    for s, d in results:
        total = sizes.add(total, sizes.mul(2 if is_wide(d) else 1, sizes.product(s)))
    row = concatenate(lengths, 0)
    filled = called(name, reshape(row, (1, *row.shape)), [reshape(n, (1, *n.shape)) for n in nodes], total)
    filled, at, out = reshape(filled, (total,)), 1, []  # type: ignore[assignment]
    for s, d in results:
        n = sizes.product(s)
        parts = [slice_(filled, ((sizes.add(at, sizes.mul(k, n)), n, 1),)) for k in range(2 if is_wide(d) else 1)]
        at = sizes.add(at, sizes.mul(len(parts), n))  # type: ignore[assignment]
        out.append(wrap(reshape(_numbers(parts, d), s)))
    return out


def _numbers(parts: Sequence[Node], dtype: np.dtype) -> Node:
    """Elements of a dtype, from the float64 that they lie in."""
    if is_wide(dtype):
        high, low = (cast(p, dtype) for p in parts)
        return high * full(HALF, dtype, high.shape) + low  # type: ignore[operator,no-any-return]
    if dtype == BOOL:
        return not_equal(parts[0], full(0, parts[0].dtype, parts[0].shape))
    return cast(parts[0], dtype)

"""The tables: NumPy's functions and ufuncs, and what stands for each on traced arrays."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.errors import TraceError
from jitad.trace.numpy_api.advice import advice
from jitad.trace.tracing import current, where

functions: dict[Any, Callable] = {}
ufuncs: dict[np.ufunc, Callable] = {}
of_floats: dict[np.ufunc, Callable] = {}  # what stands for ufuncs of floats of one dtype: ops, on nodes of one shape
scipy: dict[tuple[str, str], Callable] = {}  # by module and name, as SciPy is imported by others only


def implements(*numpy_functions: Any) -> Callable[[Callable], Callable]:
    """Register what stands for functions of NumPy."""

    def register(implementation: Callable) -> Callable:
        for f in numpy_functions:
            (ufuncs if isinstance(f, np.ufunc) else functions)[f] = implementation
        return implementation

    return register


def implements_scipy(module: str, *names: str) -> Callable[[Callable], Callable]:
    """Register what stands for functions of SciPy."""

    def register(implementation: Callable) -> Callable:
        scipy.update({(module, name): implementation for name in names})
        return implementation

    return register


def refuse(name: str, why: str = "is not supported on traced arrays") -> TraceError:
    """The error for what cannot be traced."""
    return TraceError(f"{name} {why}; {advice(name)}.{where()}")


def reject(name: str, **given: Any) -> None:
    """Raise for keywords that were given and would be ignored: those that are neither None nor NumPy's default."""
    for keyword, value in given.items():
        if value is not None and value is not np._NoValue:  # type: ignore[attr-defined]
            raise TraceError(f"{name}: the argument {keyword}= is not supported on traced arrays{where()}")


def call_function(function: Any, args: tuple, kwargs: dict) -> Any:
    """A function of NumPy, called on something traced."""
    name = f"{getattr(function, '__module__', 'numpy')}.{getattr(function, '__name__', function)}"
    found = function_of(function)
    if found is None:
        from jitad.trace.numpy_api import own_code

        return own_code.traced(function, name, args, kwargs)
    try:
        result = found(*args, **kwargs)
    except TypeError:
        _require_bound(found, name, args, kwargs)
        raise
    if function in _NEVER_SCALARS and getattr(result, "ndim", None) == 0:
        result.is_array = True
    return _with_memory(function, found, args, kwargs, result)


def _require_bound(found: Callable, name: str, args: tuple, kwargs: dict) -> None:
    """Raise if a function does not take these arguments."""
    try:
        inspect.signature(found).bind(*args, **kwargs)
    except TypeError as error:
        raise TraceError(f"{name}: {error} (on traced arrays){where()}") from None


def _with_memory(function: Any, found: Callable, args: tuple, kwargs: dict, result: Any) -> Any:
    """A result as an array of its own, or as a view of the first argument, as NumPy's is."""
    from jitad.trace.mutation import as_view
    from jitad.trace.tracer import Tracer

    if isinstance(result, list):
        parts = enumerate(result) if function in _SPLITS else ()
        return [as_view(r, args[0], lambda b, k=k: found(b, *args[1:], **kwargs)[k]) for k, r in parts] or result
    if type(result) is not Tracer or function in _ITSELF:
        return result
    given = [a for arg in args for a in (arg if isinstance(arg, (list, tuple)) else (arg,)) if type(a) is Tracer]
    if function in _MAY_BE_ITSELF and (result._view is not None or any(result is a for a in given)):
        return result
    result = own(result, given)
    orders = [v for v in (*args[1:], kwargs.get("order")) if isinstance(v, str) and v in ("C", "F", "A", "K")]
    result.ordered = all(a.ordered for a in given) and orders in ([], ["C"])
    if function in _COPIES and orders == ["C"]:
        result.ordered = True
    base = args[0] if args else kwargs.get("a")
    if function in _VIEWS and type(base) is Tracer and base.is_array:
        again = (lambda b: found(b, *args[1:], **kwargs)) if args else (lambda b: found(**{**kwargs, "a": b}))
        as_view(result, base, again, certain=function not in _AS_MEMORY_ALLOWS or (base.ordered and orders in ([], ["C"])))
        result.fixed = function in _READ_ONLY
        result.ordered &= function not in _REORDERS or (result.ndim < 2 and function in _PERMUTES)
    return result


def own(result: Any, given: Any) -> Any:
    """A result that is none of the arguments themselves: NumPy's functions return new arrays."""
    from jitad.trace.tracer import Tracer

    if all(result is not a for a in given):
        return result
    made = Tracer(result.node, result._trace, result.weak)
    made.is_array = result.is_array
    return made


_ITSELF = {np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray, np.require, np.real}
_COPIES = {np.copy, np.array}
_MAY_BE_ITSELF = {np.array, np.astype, np.nan_to_num}  # with copy=False
_AS_MEMORY_ALLOWS = {np.reshape, np.ravel}  # views, or copies
_READ_ONLY = {np.broadcast_to, np.diagonal}
_PERMUTES = {np.transpose, np.permute_dims, np.matrix_transpose, np.swapaxes, np.moveaxis}
_REORDERS = {*_PERMUTES, np.flip, np.flipud, np.fliplr, np.rot90, np.broadcast_to, np.diagonal}
_VIEWS = {*_AS_MEMORY_ALLOWS, *_READ_ONLY, *_REORDERS, np.squeeze, np.expand_dims, np.atleast_1d, np.atleast_2d, np.atleast_3d}
_SPLITS = {np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit}


_NEVER_SCALARS = {
    np.zeros, np.ones, np.empty, np.full, np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.array, np.asarray,
    np.ascontiguousarray, np.copy, np.reshape, np.squeeze, np.broadcast_to, np.transpose}
"""What gives arrays without axes where it gives no axes, not numbers: these can be changed in place, for all who hold them."""


def ufunc_of(ufunc: np.ufunc) -> Callable | None:
    """What stands for a ufunc: NumPy's, or SciPy's if that is imported."""
    return _found(ufuncs, ufunc)


def function_of(function: Any) -> Callable | None:
    """What stands for a function: NumPy's, or SciPy's if that is imported."""
    return _found(functions, function)


def _found(table: dict[Any, Callable], function: Any) -> Callable | None:
    if function not in table and "scipy" in sys.modules:
        for (module, name), ours in scipy.items():
            if getattr(sys.modules.get(module), name, None) is function:
                table[function] = ours
    return table.get(function)


def title(ufunc: np.ufunc) -> str:
    """The name of a ufunc, with the module that it is in."""
    name = ufunc.__name__
    if getattr(np, name, None) is ufunc:
        return f"numpy.{name}"
    if getattr(sys.modules.get("scipy.special"), name.lstrip("_"), None) is ufunc or name.startswith("_"):
        return f"scipy.special.{name}"
    return "numpy.frompyfunc" if name.endswith("(vectorized)") else name


def call_ufunc(ufunc: np.ufunc, method: str, args: tuple, kwargs: dict) -> Any:
    """A ufunc or one of its methods, called on something traced."""
    from jitad.trace.tracer import Tracer

    if method == "__call__" and not kwargs:
        result = _of_floats(ufunc, args)
        if result is not None:
            return result
    name = title(ufunc) + ("" if method == "__call__" else f".{method}")
    out = kwargs.get("out")
    out = out if isinstance(out, tuple) else (out,)
    if any(o is not None and type(o) is not Tracer for o in out):
        raise TraceError(
            f"{name}: out= and in-place operators (a += b) cannot write from a traced array into a plain one; "
            f"write a = a + b{where()}")
    kwargs = {k: v for k, v in kwargs.items() if k != "out"}
    mask = kwargs.pop("where", True) if method == "__call__" else True
    if mask is not True and type(out[0]) is not Tracer:
        raise TraceError(f"{name}: where= without out= leaves elements undefined; write "
                         f"np.where(condition, {ufunc.__name__}(...), ...){where()}")
    if method != "__call__":
        from jitad.trace.numpy_api.methods import METHODS

        if method not in METHODS:
            raise refuse(name)
        return METHODS[method](ufunc, *args, **kwargs)
    found = ufunc_of(ufunc)
    if found is None:
        raise refuse(name)
    dtype = kwargs.pop("dtype", None)
    for keyword in kwargs.keys() - {"casting", "order", "subok"}:
        raise TraceError(f"{name}: the argument {keyword}= is not supported on traced arrays{where()}")
    if dtype is not None:
        args = tuple(astype(a, dtype) for a in args)
    result = found(*args)
    if type(out[0]) is Tracer:
        from jitad.trace.mutation import in_place

        if mask is not True:
            result = functions[np.where](mask, result, out[0])
        return in_place(out[0], result, f"{ufunc.__name__}")
    if type(result) is Tracer:
        given = [a for a in args if type(a) is Tracer]
        result = own(result, given)
        result.ordered = all(a.ordered for a in given)
    return result


def _of_floats(ufunc: np.ufunc, args: tuple, operator: bool = False) -> Any:
    """A ufunc of floats of one dtype, which is what is asked most; None if it is anything else."""
    from jitad.trace.tracer import Tracer, floats

    op = of_floats.get(ufunc)
    found = None if op is None else floats(args)
    if found is None:
        return None
    nodes, weak, ordered = found
    node = op(*nodes)  # type: ignore[misc]
    out = Tracer(node, current(), weak and operator)  # type: ignore[arg-type]
    out.ordered = ordered
    return out


def operate(ufunc: np.ufunc, *args: Any) -> Any:
    """An operator: numbers that behave as Python's stay so."""
    from jitad.trace.tracer import Tracer, as_tracer

    result = _of_floats(ufunc, args, operator=True)
    if result is not None:
        return result
    ts = [as_tracer(a) for a in args]
    weak = all(t.weak for t in ts)
    if weak:
        ts = _as_python_does(ufunc, ts)
    out = own(ufuncs[ufunc](*ts), ts)
    out.ordered = all(t.ordered for t in ts)
    return Tracer(out.node, out._trace, True) if weak else out


_OF_BOOLS = {np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.equal, np.not_equal}


def _as_python_does(ufunc: np.ufunc, ts: list[Any]) -> list[Any]:
    """Python's numbers for an operator: booleans are integers, and to negative powers integers are floats."""
    from jitad.ir.types import BOOL, FLOAT, INT
    from jitad.ops.arithmetic import cast
    from jitad.ops.leaf import constant_value
    from jitad.trace.tracer import Tracer

    dtypes = [INT if t.node.dtype == BOOL and ufunc not in _OF_BOOLS else t.node.dtype for t in ts]
    if ufunc is np.power and dtypes == [INT, INT] and (constant_value(ts[1].node) or 0) < 0:
        dtypes[0] = FLOAT
    return [t if d == t.node.dtype else Tracer(cast(t.node, d), t._trace, True) for t, d in zip(ts, dtypes, strict=True)]


def astype(x: Any, dtype: Any) -> Any:
    """Converted to a dtype."""
    from jitad.errors import DTypeError
    from jitad.ir.types import native
    from jitad.ops.arithmetic import cast
    from jitad.trace.tracer import KINDS, as_tracer, wrap

    wanted = np.dtype(dtype)
    if wanted.kind not in KINDS or wanted.itemsize > 8 or wanted == np.float16:
        raise DTypeError(f"arrays of dtype {wanted} are not supported{where()}")
    return wrap(cast(as_tracer(x).node, native(wanted)))

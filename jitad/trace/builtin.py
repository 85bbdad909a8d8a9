"""Python's own functions of numbers on traced ones: `len`, `max`, `any`, `sorted`, and what the module `math` has."""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.trace.dim import dim
from jitad.trace.tracing import where

_OF_MATH = {
    "acos": np.arccos, "acosh": np.arccosh, "asin": np.arcsin, "asinh": np.arcsinh, "atan": np.arctan, "atan2": np.arctan2,
    "atanh": np.arctanh, "cbrt": np.cbrt, "ceil": np.ceil, "copysign": np.copysign, "cos": np.cos, "cosh": np.cosh,
    "degrees": np.degrees, "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "fabs": np.fabs, "floor": np.floor, "fmod": np.fmod,
    "hypot": np.hypot, "isfinite": np.isfinite, "isinf": np.isinf, "isnan": np.isnan, "ldexp": np.ldexp, "log10": np.log10,
    "log1p": np.log1p, "log2": np.log2, "modf": np.modf, "pow": np.power, "radians": np.radians, "sin": np.sin, "sinh": np.sinh,
    "sqrt": np.sqrt, "tan": np.tan, "tanh": np.tanh, "trunc": np.trunc}
_OF_SCIPY = {"erf": "erf", "erfc": "erfc", "gamma": "gamma", "lgamma": "gammaln"}


def is_traced(*values: Any) -> bool:
    """Whether a traced value is among these."""
    from jitad.trace.tracer import Tracer

    return any(type(v) is Tracer for v in values)


def traced_len(x: Any) -> Any:
    """``len`` that keeps the length of a traced array symbolic."""
    if is_traced(x):
        if not x.node.ndim:
            raise TypeError("len() of unsized object" + where())
        return dim(x.node.shape[0])
    return len(x)


def _array(values: Any) -> Any:
    from jitad.trace.tracer import as_tracer

    return as_tracer(values)


def _is_row(x: Any) -> bool:
    return is_traced(x) and x.node.ndim == 1


def _extreme(original: Callable, ufunc: np.ufunc) -> Callable:
    @functools.wraps(original)
    def call(*args: Any, **options: Any) -> Any:
        if len(args) == 1 and not options and _is_row(args[0]):
            return ufunc.reduce(args[0])
        given = args if len(args) != 1 else list(args[0])
        if options.keys() - {"default"} or not is_traced(*given):
            return original(*args, **options) if len(args) != 1 else original(given, **options)
        return functools.reduce(ufunc, given)

    return call


def _of_truths(original: Callable, ufunc: np.ufunc, decides: bool) -> Callable:
    """`any` and `all`: `decides` is the truth value after which Python looks no further."""

    @functools.wraps(original)
    def call(values: Any, /) -> Any:
        if _is_row(values):
            return ufunc.reduce(values)
        traced = []
        for v in values:
            if is_traced(v) and not v.node.ndim:
                traced.append(v)
            elif bool(v) is decides:
                return decides
        return ufunc.reduce(_array(traced)) if traced else not decides

    return call


@functools.wraps(sorted)
def _sorted(values: Any, /, *, key: Any = None, reverse: bool = False) -> list:
    given = values if _is_row(values) else list(values)
    keys = given if key is None else [key(v) for v in given]
    if not (_is_row(keys) or is_traced(*keys)):
        return sorted(given, key=key, reverse=reverse)
    if key is not None:
        order = np.argsort(-_array(keys) if reverse else _array(keys), kind="stable")
        return list(_array(given)[order])
    return list(np.sort(_array(given))[:: -1 if reverse else 1])


def _iterated(values: Any) -> Any:
    """What is surely iterated over without being used up."""
    return (values,) if is_traced(values) else values if isinstance(values, (list, tuple)) else ()


def _log(x: Any, base: Any = None) -> Any:
    if not is_traced(x, base):
        return math.log(x) if base is None else math.log(x, base)
    return np.log(x) if base is None else np.log(x) / np.log(base)


def _fsum(values: Any) -> Any:
    values = list(values)
    return sum(values) if is_traced(*values) else math.fsum(values)


def _dist(p: Any, q: Any) -> Any:
    if not is_traced(p, q, *_iterated(p), *_iterated(q)):
        return math.dist(p, q)
    return np.sqrt(sum((a - b) ** 2 for a, b in zip(p, q, strict=True)))


def _hypot(*xs: Any) -> Any:
    return functools.reduce(np.hypot, xs) if is_traced(*xs) else math.hypot(*xs)


def _either(original: Callable, ufunc: Callable) -> Callable:
    @functools.wraps(original)
    def call(*args: Any, **options: Any) -> Any:
        return ufunc(*args, **options) if is_traced(*args) else original(*args, **options)

    return call


def _of_special(name: str) -> Callable:
    def call(x: Any) -> Any:
        from jitad.ops.declare import REGISTRY
        from jitad.trace.tracer import apply

        return apply(REGISTRY[name], x)  # type: ignore[arg-type]

    return call


BUILTINS: dict[Any, Any] = {len: traced_len, max: _extreme(max, np.maximum), min: _extreme(min, np.minimum),
                            any: _of_truths(any, np.logical_or, True), all: _of_truths(all, np.logical_and, False),
                            sorted: _sorted}
MATH: dict[Any, Any] = {getattr(math, n): _either(getattr(math, n), f) for n, f in _OF_MATH.items() if hasattr(math, n)}
MATH |= {getattr(math, n): _either(getattr(math, n), _of_special(f)) for n, f in _OF_SCIPY.items()}
MATH |= {math.log: _log, math.fsum: _fsum, math.dist: _dist, math.hypot: _hypot}
math_module = types.SimpleNamespace(**{n: MATH.get(v, v) if callable(v) else v for n, v in vars(math).items()})

"""NumPy's namespace for code in the ``jax.numpy`` idiom: ``import jitad.numpy as jnp``.

Inside a traced function its functions give traced arrays whose lengths stay symbolic; outside they are NumPy's own.
Names that jitad does not have are NumPy's (constants, dtypes, functions of plain arrays).

Examples
--------
>>> import jitad, jitad.numpy as jnp
>>> jitad.grad(lambda x: jnp.sqrt(jnp.dot(x, x)))(jnp.array([3.0, 4.0]))
array([0.6, 0.8])
"""

from __future__ import annotations

import functools
import importlib
import types
from typing import Any

import numpy as _np

from jitad.trace import numpy_api as _api
from jitad.trace.tracing import current as _current

_made: dict[Any, Any] = {}


def counterpart(function: Any) -> Any:
    """What stands for a function or ufunc of NumPy here; None if it is NumPy's own."""
    if isinstance(function, _np.ufunc):
        return None  # a traced array answers __array_ufunc__
    if function not in _made:
        ours = _api.function_of(function)
        _made[function] = None if ours is None else _dispatching(function)
    return _made[function]


def _dispatching(function: Any) -> Any:
    @functools.wraps(function, updated=())
    def call(*args: Any, **kwargs: Any) -> Any:
        if _current() is None:
            return function(*args, **kwargs)
        if function in (_np.array, _np.asarray) and not has_traced(args, kwargs):
            return function(*args, **kwargs)  # plain data stays plain
        return _api.call_function(function, args, kwargs)

    return call


def has_traced(*values: Any) -> bool:
    """Whether a tracer or a symbolic length is somewhere in nested sequences."""
    from jitad.trace.dim import Dim
    from jitad.trace.tracer import Tracer

    stack = list(values)
    while stack:
        v = stack.pop()
        if type(v) in (Tracer, Dim):
            return True
        if isinstance(v, (list, tuple)):
            stack.extend(v)
        elif isinstance(v, dict):
            stack.extend(v.values())
    return False


def either(module: str, name: str, args: tuple, kwargs: dict) -> Any:
    """A function of SciPy, or what stands for it if something is traced."""
    if has_traced(args, kwargs):
        return _api.scipy[module, name](*args, **kwargs)
    return getattr(importlib.import_module(module), name)(*args, **kwargs)


def add_at(a: Any, indices: Any, values: Any) -> Any:
    """A copy of `a` with `values` added at `indices`, repeated ones adding up: ``np.add.at`` as a function.

    Examples
    --------
    >>> import jitad.numpy as jnp
    >>> jnp.add_at(jnp.zeros(3), jnp.array([0, 0, 2]), 1.0)
    array([2., 0., 1.])
    """
    if _current() is not None:
        from jitad.trace.numpy_api.placing import add_at as traced

        return traced(a, indices, values)
    out = _np.array(a)
    _np.add.at(out, indices, values)
    return out


def segment_sum(data: Any, segment_ids: Any, num_segments: Any = None) -> Any:
    """Rows of `data` added up by number: ``out[segment_ids[k]] += data[k]``.

    Parameters
    ----------
    data : array of shape (k, ...)
    segment_ids : integer array of shape (k,)
        In any order; those out of range raise.
    num_segments : int, optional
        The length of the result; without it, one more than the largest number, which then has to be known while tracing.

    Examples
    --------
    >>> import jitad.numpy as jnp
    >>> jnp.segment_sum(jnp.array([1.0, 2.0, 4.0]), jnp.array([0, 0, 2]), 4)
    array([3., 0., 4., 0.])
    """
    if has_traced(data, segment_ids, num_segments):
        from jitad.trace.numpy_api.placing import segment_sum as traced

        return traced(data, segment_ids, num_segments)
    data, ids = _np.asarray(data), _np.asarray(segment_ids)
    if ids.min(initial=0) < 0:
        raise IndexError(f"segment_sum: the number {ids.min()} is negative")
    out = _np.zeros((int(ids.max(initial=-1)) + 1 if num_segments is None else num_segments, *data.shape[ids.ndim :]), data.dtype)
    _np.add.at(out, ids, data)
    return out


def __getattr__(name: str) -> Any:
    if name == "linalg":
        return importlib.import_module("jitad.numpy.linalg")
    if name == "random" and _current() is not None:
        from jitad.trace.drawn import refuse

        refuse()
    value = getattr(_np, name)
    trace = _current()
    if trace is not None and name in ("vectorize", "r_", "c_", "mgrid", "ogrid", "ndenumerate"):
        from jitad.numpy import objects

        return getattr(objects, name)
    if trace is not None and isinstance(value, types.ModuleType):
        from jitad.trace.rebuild import Rebuilder

        return Rebuilder(trace.root).value(value, None)
    return (counterpart(value) if callable(value) and not isinstance(value, type) else None) or value


def __dir__() -> list[str]:
    return sorted({*dir(_np), "add_at", "segment_sum"})

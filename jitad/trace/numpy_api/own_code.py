"""Functions of NumPy that are themselves written in Python are traced like those of the user."""

from __future__ import annotations

import types
from typing import Any

import numpy as np

from jitad.errors import TraceError


def traced(function: Any, name: str, args: tuple, kwargs: dict) -> Any:
    """A call of such a function; refused if it does what traced arrays cannot."""
    from jitad.trace.numpy_api.registry import refuse
    from jitad.trace.rebuild import rebuilt
    from jitad.trace.tracer import Tracer

    source = getattr(function, "__wrapped__", getattr(function, "_implementation", None))
    is_method = hasattr(Tracer, name.rsplit(".", 1)[-1])  # which such a function would call in turn
    if is_method or not isinstance(source, types.FunctionType):
        raise refuse(name)
    try:
        return rebuilt(source)(*args, **kwargs)
    except (TraceError, AttributeError, TypeError) as error:
        raise refuse(name) from error


class Converter:
    """What stands for NumPy's ``_array_converter``, which is written in C: arguments as arrays."""

    def __init__(self, *given: Any):
        from jitad.trace.numpy_api.registry import functions

        self.given = given
        self.arrays = tuple(functions[np.asarray](a) for a in given)
        self.scalar_input = tuple(not getattr(a, "ndim", np.ndim(a)) for a in given)

    def as_arrays(self, subok: bool = True, pyscalars: str = "convert") -> tuple:
        return self.arrays

    def result_type(self, extra_dtype: Any = None, ensure_inexact: bool = False) -> np.dtype:
        from jitad.trace.tracer import as_tracer, result_dtype

        found = result_dtype(*map(as_tracer, self.given))
        if extra_dtype is not None:
            found = np.result_type(found, extra_dtype)
        return np.result_type(found, 1.0) if ensure_inexact else found

    def wrap(self, array: Any, /, to_scalar: Any = None) -> Any:
        return array

    def __getitem__(self, k: Any) -> Any:
        return self.arrays[k]

    def __len__(self) -> int:
        return len(self.arrays)

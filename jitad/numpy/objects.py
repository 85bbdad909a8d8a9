"""What of NumPy is no function, for traced arrays and lengths: `vectorize`, `r_`, `c_`, `mgrid`, `ogrid`, `ndenumerate`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as _np

from jitad.errors import TraceError
from jitad.trace import numpy_api as _api
from jitad.trace.capture import content
from jitad.trace.dim import Dim
from jitad.trace.tracer import Tracer, as_tracer
from jitad.trace.tracing import where


def vectorize(pyfunc: Callable, **options: Any) -> Callable:
    """`numpy.vectorize`: the function is applied to whole arrays, so that it may not branch on elements."""
    from jitad.trace.rebuild import rebuilt

    if options.get("signature") is not None or options.get("excluded"):
        raise TraceError("numpy.vectorize with signature= or excluded= is not supported while tracing" + where())
    made = rebuilt(pyfunc)

    def call(*args: Any) -> Any:
        given = _api.call_function(_np.broadcast_arrays, args, {}) if len(args) > 1 else (as_tracer(*args),)
        return _api.own(made(*given), given)

    return call


class _Joined:
    """`r_` and `c_`: arrays, numbers and ranges side by side."""

    def __init__(self, name: str, join: Callable):
        self._name, self._join = name, join

    def __getitem__(self, key: Any) -> Any:
        parts = []
        for item in key if isinstance(key, tuple) else (key,):
            if isinstance(item, str):
                raise TraceError(f"numpy.{self._name} with a string is not supported while tracing" + where())
            t = as_tracer(_np.r_[item] if isinstance(item, slice) else item)
            parts.append(t if t.ndim else t[None])
        return self._join(parts)


r_ = _Joined("r_", lambda parts: _api.call_function(_np.concatenate, (parts, 0), {}))
c_ = _Joined("c_", lambda parts: _api.call_function(
    _np.concatenate, ([t[:, None] if t.ndim == 1 else t for t in parts], -1), {}))


class _Grid:
    """`mgrid` and `ogrid`: of the lengths that there are now."""

    def __init__(self, name: str):
        self._name = name

    def __getitem__(self, key: Any) -> Any:
        def plain(k: Any) -> slice:
            return slice(*(self._plain(v) for v in (k.start, k.stop, k.step)))

        grid = getattr(_np, self._name)
        return grid[tuple(map(plain, key)) if isinstance(key, tuple) else plain(key)]

    def _plain(self, v: Any) -> Any:
        if type(v) is Tracer:
            return int(v) if v.dtype.kind != "f" else content(v, f"an end of numpy.{self._name}", "write np.linspace").item()
        return int(v) if type(v) is Dim else v


mgrid, ogrid = _Grid("mgrid"), _Grid("ogrid")


def ndenumerate(arr: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    """`numpy.ndenumerate`."""
    t = as_tracer(arr)
    for index in _np.ndindex(*map(int, t.shape)):
        yield index, t[index]

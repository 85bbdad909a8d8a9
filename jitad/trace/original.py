"""A function as the user has it, given its private copy: what is called when the trace is over may not use the copy."""

from __future__ import annotations

import functools
import types
from typing import Any

from jitad.containers import Held
from jitad.errors import TraceError
from jitad.trace.rebuild import _MARK
from jitad.trace.tracing import Trace, current, where
from jitad.trace.undo import _holds_traced


def original(fn: Any, what: str) -> Any:
    """The function itself; `what` calls it, for messages. Raises if it takes traced values from around it."""
    trace = current()
    assert trace is not None
    return _Originals(trace.root, what).of(fn)


class _Originals:
    def __init__(self, root: Trace, what: str):
        self.what = what
        self.known = {id(made): key.value for key, made in root.memo.items() if isinstance(key, Held)}
        self.globals = {id(made): key[1].value for key, made in root.memo.items()
                        if isinstance(key, tuple) and len(key) == 2 and key[0] == "globals"}

    def of(self, value: Any) -> Any:
        """What stood where the copy has this."""
        if id(value) in self.known:
            return self.known[id(value)]
        if isinstance(value, functools.partial):
            return functools.partial(self.of(value.func), *map(self.of, value.args),
                                     **{k: self.of(v) for k, v in value.keywords.items()})
        if isinstance(value, types.MethodType):
            return types.MethodType(self.of(value.__func__), self.of(value.__self__))
        if isinstance(value, types.FunctionType) and _MARK in value.__globals__:
            return self._function(value)
        if _holds_traced(value):
            raise TraceError(f"{self.what} takes a traced value from around it, which has no value when it is called: hand the "
                             f"value over as an argument{where()}")
        return value

    def _function(self, fn: types.FunctionType) -> types.FunctionType:
        """A function that was made in the traced function, with the names around that as the user has them."""
        outside = self.globals[id(fn.__globals__)]
        cells = tuple(types.CellType(self.of(c.cell_contents)) for c in fn.__closure__ or ())
        made = types.FunctionType(fn.__code__, outside, fn.__name__, None, cells)
        made.__defaults__ = None if fn.__defaults__ is None else tuple(map(self.of, fn.__defaults__))
        made.__kwdefaults__ = None if fn.__kwdefaults__ is None else {k: self.of(v) for k, v in fn.__kwdefaults__.items()}
        return made

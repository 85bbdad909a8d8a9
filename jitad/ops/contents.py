"""What determines the code of a function that Numba compiles: its bytecode, and what it finds around itself."""

from __future__ import annotations

import hashlib
import itertools
import os
import types
from typing import Any

import numpy as np

_MODULES = ("numpy", "math", "cmath", "operator", "numba", "builtins")
_TYPES = tuple(f"numba.core.types.{m}" for m in ("scalars", "npytypes", "containers", "misc"))
_PROCESS = os.urandom(16).hex()
_serials = itertools.count()


class Unknown(Exception):
    """Raised for what cannot be told from another."""


def contents(function: Any) -> tuple[str, bool]:
    """A hash of a function compiled by Numba and of all that it uses; and whether that was found.

    If not, the hash is one of this process, for this function only.
    """
    try:
        return hashlib.sha256(repr(_Written().of(function)).encode()).hexdigest(), True
    except Unknown:
        return f"{_PROCESS}{next(_serials):x}", False


def is_compiled(value: Any) -> bool:
    """Whether this is a function compiled by Numba."""
    return isinstance(getattr(value, "py_func", None), types.FunctionType) and hasattr(value, "targetoptions")


class _Written:
    """Values as data; functions that call each other by their numbers."""

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}

    def of(self, value: Any) -> Any:
        kind = type(value)
        if value is None or kind in (bool, int, str, bytes, complex) or value is Ellipsis:
            return kind.__name__, repr(value)
        if kind is float:
            return "float", value.hex()
        if kind is tuple:
            return "tuple", *map(self.of, value)
        if kind is frozenset:
            return "frozenset", *sorted(repr(self.of(v)) for v in value)
        if isinstance(value, np.dtype):
            return "dtype", np.dtype(value).descr if value.fields else value.str
        if isinstance(value, np.generic) and value.dtype.kind in "fiubc":
            return "number", value.dtype.str, value.tobytes()
        if kind is np.ndarray and value.dtype.kind in "fiubc":
            flags = value.flags.c_contiguous, value.flags.f_contiguous
            return "array", value.dtype.str, value.shape, flags, hashlib.sha256(value.tobytes()).digest()
        if is_compiled(value) and kind.__module__.startswith("numba."):
            return self._compiled(value)
        if isinstance(value, types.ModuleType):
            return "module", self._named(value.__name__, "")
        if isinstance(value, (types.BuiltinFunctionType, types.FunctionType, type, np.ufunc)) or kind is type(np.sum):
            module = "numpy" if isinstance(value, np.ufunc) else str(getattr(value, "__module__", ""))
            return "named", self._named(module, getattr(value, "__qualname__", getattr(value, "__name__", "")))
        if kind.__module__ in _TYPES:
            return "type", kind.__module__, repr(value)
        raise Unknown

    def _named(self, module: str, name: str) -> str:
        if module.split(".")[0] not in _MODULES:
            raise Unknown
        return f"{module}.{name}"

    def _compiled(self, value: Any) -> Any:
        if id(value) in self.numbers:
            return "again", self.numbers[id(value)]
        self.numbers[id(value)] = len(self.numbers)
        if value.targetoptions.get("parallel"):
            raise Unknown  # threads have to be started before such code is loaded
        options = sorted((k, self.of(v)) for k, v in value.targetoptions.items())
        fixed = [] if getattr(value, "_can_compile", True) else sorted(map(repr, value.overloads))
        return "compiled", options, fixed, self._function(value.py_func)

    def _function(self, fn: types.FunctionType) -> Any:
        names: dict[str, Any] = {}
        stack = [fn.__code__]
        while stack:
            code = stack.pop()
            names |= {n: self.of(fn.__globals__[n]) for n in code.co_names if n in fn.__globals__}
            stack += [c for c in code.co_consts if isinstance(c, types.CodeType)]
        try:
            cells = [self.of(c.cell_contents) for c in fn.__closure__ or ()]
        except ValueError:  # not bound yet
            raise Unknown from None
        return self._code(fn.__code__), sorted(names.items()), cells, self.of(fn.__defaults__)

    def _code(self, code: types.CodeType) -> Any:
        consts = [self._code(c) if isinstance(c, types.CodeType) else self.of(c) for c in code.co_consts]
        return (code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, code.co_argcount,
                code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags, getattr(code, "co_exceptiontable", b""), consts)

"""From source to machine code: compiled, or taken from the store.

A kernel is a module of its own, ``jitad_kernels.k_<key>``, under the same name in every process: what Numba stores refers to it
by that name.
"""

from __future__ import annotations

import linecache
import pickle
import sys
import threading
import types as python_types
import warnings
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit, types
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps
from numba.np.numpy_support import from_dtype

from jitad.counters import count
from jitad.emit import namespace
from jitad.emit.cpu import NAME
from jitad.runtime import folder, store

FASTMATH = {"reassoc", "nsz", "contract", "arcp"}  # never nnan or ninf: isnan must keep its meaning
PACKAGE = "jitad_kernels"

Types = Sequence[tuple[np.dtype, int]]
_lock = threading.RLock()
_alive: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()


def argument_type(dtype: np.dtype, ndim: int) -> types.Type:
    """The Numba type of an argument: a scalar, or a C-contiguous array that is only read."""
    scalar = from_dtype(dtype)
    return types.Array(scalar, ndim, "C", readonly=True) if ndim else scalar


def compile_source(source: str, key: str, arguments: Types, outputs: Types) -> Any:
    """The dispatcher of the function in `source`, compiled for the arguments, and stored."""
    text = _module_text(source, key, outputs)
    store.write(key, ".py", text.encode())
    return _built(text, key, arguments)[0]


def load(key: str, arguments: Types) -> tuple[Any, list[tuple[np.dtype, int]]] | None:
    """Dispatcher and types of the results of a kernel that is alive or stored; None if there is none."""
    data = store.read(key, ".py")
    if data is None:
        return None
    try:
        return _built(data.decode(), key, arguments)
    except Exception:  # whatever it is: the kernel is made anew
        count("failed_loads")
        store.remove(key)
        return None


def _module_text(source: str, key: str, outputs: Types) -> str:
    used = sorted(namespace.NAMES.keys() & _names(compile(source, "<kernel>", "exec")))
    written = ", ".join(f"({d.str!r}, {n})" for d, n in outputs) + ("," if len(outputs) == 1 else "")
    body = source.replace(f"def {NAME}(", f"def {NAME}_{key[:16]}(", 1)
    return f"from jitad.emit.namespace import {', '.join(['exact', *used])}\n\nOUTPUTS = ({written})\n\n\n{body}"


def _names(code: python_types.CodeType) -> set[str]:
    inner = (c for c in code.co_consts if isinstance(c, python_types.CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _built(text: str, key: str, arguments: Types) -> tuple[Any, list[tuple[np.dtype, int]]]:
    with _lock:
        module = _module(text, key)
        found = _alive.get(key)
        if found is None:
            function = getattr(module, f"{NAME}_{key[:16]}")
            found = njit(fastmath=FASTMATH, error_model="numpy", nogil=True)(function)
            setattr(found, "_cache", _Stored(key))  # noqa: B010
            found.compile(tuple(argument_type(d, n) for d, n in arguments))
            found.disable_compile()
            _alive[key] = found
            weakref.finalize(found, _forget, module).atexit = False
    return found, [(np.dtype(d), n) for d, n in module.OUTPUTS]


def _module(text: str, key: str) -> Any:
    package = sys.modules.get(PACKAGE)
    if package is None:
        package = sys.modules[PACKAGE] = python_types.ModuleType(PACKAGE, "Kernels made by jitad.")
    place = folder.usable()
    package.__path__ = [] if place is None else [str(place)]
    name = f"{PACKAGE}.k_{key}"
    module = python_types.ModuleType(name)
    module.__file__ = f"<jitad kernel {key}>" if place is None else str(place / f"k_{key}.py")
    linecache.cache[module.__file__] = (len(text), None, text.splitlines(True), module.__file__)  # tracebacks show it
    exec(compile(text, module.__file__, "exec"), module.__dict__)
    sys.modules[name] = module
    return module


def _forget(module: Any) -> None:
    """Take the module of a kernel that is gone out of the interpreter's tables."""
    if sys.modules.get(module.__name__) is module:
        del sys.modules[module.__name__]
        linecache.cache.pop(module.__file__, None)


class _Stored(_Cache):
    """Where Numba looks for machine code before it compiles, and puts it afterwards."""

    def __init__(self, key: str):
        self.key = key

    @property
    def cache_path(self) -> str | None:
        place = folder.usable()
        return None if place is None else str(place)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        data = store.read(self.key, ".bin")
        if data is None:
            return None
        target_context.refresh()
        try:
            found = CompileResult._rebuild(target_context, *pickle.loads(data))
        except Exception:
            count("failed_loads")
            store.remove(self.key, ".bin")
            return None
        count("loads")
        store.used(self.key)
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        count("compilations")
        if data.library.has_dynamic_globals:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            store.write(self.key, ".bin", dumps(data._reduce()))
        store.trim()

    def enable(self) -> None:
        """Always is."""

    def disable(self) -> None:
        """Never is."""

    def flush(self) -> None:
        store.remove(self.key)

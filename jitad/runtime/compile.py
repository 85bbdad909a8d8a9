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
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from llvmlite import binding
from numba import types
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps
from numba.np.numpy_support import from_dtype

from jitad.config import DEFAULT, Options
from jitad.counters import count
from jitad.emit import namespace
from jitad.emit.compilers import FASTMATH
from jitad.emit.cpu import NAME
from jitad.emit.writer import names_in
from jitad.runtime import folder, store
from jitad.runtime.collector import at_leisure
from jitad.runtime.dispatcher import KernelDispatcher

PACKAGE = "jitad_kernels"

Types = tuple[tuple[np.dtype, int], ...]  # dtypes, and numbers of axes
_lock = threading.RLock()
_restored: set[KernelDispatcher] = set()  # Numba's types refer to them weakly
_alive: weakref.WeakValueDictionary[str, KernelDispatcher] = weakref.WeakValueDictionary()


@dataclass(frozen=True)
class Code:
    """What a kernel is made of, as plain data.

    Attributes
    ----------
    key : str
        The hash of all that decides about it.
    text : str
        The source of its module.
    arguments : tuple
        Types of the arguments, which are only read.
    written : tuple, optional
        Types of arrays that it writes to: a tuple of them is its last argument.
    options : Options
    """

    key: str
    text: str
    arguments: Types
    written: Types | None = None
    options: Options = DEFAULT

    def signature(self) -> tuple[types.Type, ...]:
        """The Numba types of the arguments."""
        taken = tuple(_argument_type(d, n) for d, n in self.arguments)
        if self.written is None:
            return taken
        return *taken, types.Tuple(tuple(types.Array(from_dtype(d), n, "C") for d, n in self.written))

    def flags(self) -> dict[str, Any]:
        """Options of Numba's."""
        return {"fastmath": False if self.options.strict else FASTMATH, "error_model": "numpy", "nogil": True}


def _argument_type(dtype: np.dtype, ndim: int) -> types.Type:
    scalar = from_dtype(dtype)
    return types.Array(scalar, ndim, "C", readonly=True) if ndim else scalar


def compiled(
    source: str, outputs: Types, key: str, arguments: Types, written: Types | None, options: Options,
) -> KernelDispatcher:
    """The kernel of the function in `source`, compiled, and stored."""
    code = Code(key, _module_text(source, key, outputs), arguments, written, options)
    if options.cache:
        store.write(key, ".py", code.text.encode())
    return _ready(code)


def load(key: str, arguments: Types, written: Types | None, options: Options) -> tuple[KernelDispatcher, Types] | None:
    """A stored kernel, and the types of its results; None if there is none."""
    data = store.read(key, ".py") if options.cache else None
    if data is None:
        return None
    try:
        found = _ready(Code(key, data.decode(), arguments, written, options))
        return found, outputs_of(found)
    except Exception:  # whatever it is: the kernel is made anew
        count("failed_loads")
        store.remove(key)
        return None


def restored(code: Code) -> KernelDispatcher:
    """The kernel of this content: what pickles of kernels call. It is loaded or compiled when it is needed.

    Numba calls this for whatever an index of its cache mentions: it may not fail, whichever jitad has written that.
    """
    try:
        found = _made(code)
    except Exception:
        stub = f"OUTPUTS = ()\n\n\ndef {NAME}_{code.key[:16]}():\n    raise RuntimeError('a kernel of another jitad')\n"
        found = _made(Code(code.key, stub, (), None, Options(cache=False)))
    _restored.add(found)
    return found


def outputs_of(kernel: KernelDispatcher) -> Types:
    """The types of the results of a kernel, from its module."""
    return tuple((np.dtype(d), n) for d, n in kernel.py_func.__globals__["OUTPUTS"])


def _module_text(source: str, key: str, outputs: Types) -> str:
    names = names_in(compile(source, "<kernel>", "exec"))
    used = sorted(n for n in names if n in namespace.KNOWN or n.startswith(namespace.PREFIX))
    head = f"from jitad.emit.namespace import {', '.join(used)}\n\n" if used else ""
    written = ", ".join(f"({d.str!r}, {n})" for d, n in outputs) + ("," if len(outputs) == 1 else "")
    body = source.replace(f"def {NAME}(", f"def {NAME}_{key[:16]}(", 1)
    return f"{head}OUTPUTS = ({written})\n\n\n{body}"


def _ready(code: Code) -> KernelDispatcher:
    with _lock, at_leisure():
        found = _made(code)
        found.compile()
    return found


def _made(code: Code) -> KernelDispatcher:
    with _lock:
        found = _alive.get(code.key)
        if found is None:
            if "prange" in code.text:
                numba.get_num_threads()  # starts them, for machine code that is loaded
            module = _module(code)
            found = KernelDispatcher(getattr(module, f"{NAME}_{code.key[:16]}"), code.flags(), code, code.signature())
            setattr(found, "_cache", _Stored(code.key, code.options.cache))  # noqa: B010
            _alive[code.key] = found
            weakref.finalize(found, _forget, module).atexit = False
    return found


def _module(code: Code) -> Any:
    package = sys.modules.get(PACKAGE)
    if package is None:
        package = sys.modules[PACKAGE] = python_types.ModuleType(PACKAGE, "Kernels made by jitad.")
    place = folder.usable() if code.options.cache else None
    package.__path__ = [] if place is None else [str(place)]
    name = f"{PACKAGE}.k_{code.key}"
    module = python_types.ModuleType(name)
    module.__file__ = f"<jitad kernel {code.key}>" if place is None else str(place / f"k_{code.key}.py")
    linecache.cache[module.__file__] = (len(code.text), None, code.text.splitlines(True), module.__file__)  # for tracebacks
    exec(compile(code.text, module.__file__, "exec"), module.__dict__)
    sys.modules[name] = module
    return module


def _forget(module: python_types.ModuleType) -> None:
    """Take the module of a kernel that is gone out of the interpreter's tables."""
    if sys.modules.get(module.__name__) is module:
        del sys.modules[module.__name__]
        linecache.cache.pop(str(module.__file__), None)


def _asked(library: Any) -> list[str]:
    """What machine code calls by name."""
    functions = library._final_module.functions
    return sorted(f.name for f in functions if f.is_declaration and not f.name.startswith("llvm."))


class _Stored(_Cache):
    """Where Numba looks for machine code before it compiles, and puts it afterwards."""

    def __init__(self, key: str, keep: bool):
        self.key, self.keep = key, keep

    @property
    def cache_path(self) -> str | None:
        place = folder.usable()
        return None if place is None else str(place)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        data = store.read(self.key, ".bin") if self.keep else None
        if data is None:
            return None
        target_context.refresh()
        try:
            asked, parts = pickle.loads(data)
            if missing := [name for name in asked if binding.address_of_symbol(name) is None]:
                raise RuntimeError(f"nothing is bound to {', '.join(missing)}")  # a call of it would be one of address 0
            found = CompileResult._rebuild(target_context, *parts)
        except Exception:
            count("failed_loads")
            store.remove(self.key, ".bin")
            return None
        count("loads")
        store.used(self.key)
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        count("compilations")
        if not self.keep or data.library.has_dynamic_globals:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            store.write(self.key, ".bin", dumps((_asked(data.library), data._reduce())))
        store.trim()

    def enable(self) -> None:
        """Always is."""

    def disable(self) -> None:
        """Never is."""

    def flush(self) -> None:
        store.remove(self.key)

"""The private copy of a user's function that is traced.

The copy has a globals dict and closure cells of its own; the user's are never edited. In it, names bound to NumPy are bound to
:mod:`jitad.numpy`, captured arrays and floats are tracers, Python functions that it reaches are copies as well, and ``len``
gives a symbolic length. Everything else that it takes from around itself is watched.
"""

from __future__ import annotations

import array
import collections
import copy
import dis
import functools
import inspect
import math
import os
import time
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.containers import Held, Static, value_of
from jitad.errors import TraceError
from jitad.trace.builtin import BUILTINS, MATH, math_module
from jitad.trace.capture import AbsenceWatch, NamesWatch, TreeWatch, Watch, capture, is_capturable
from jitad.trace.content import ContentWatch, has_content, is_data, is_record, records_in
from jitad.trace.drawn import Drawn, is_clock, is_iterator, is_of_context, is_random
from jitad.trace.objects import (
    ClassWatch,
    class_data,
    is_object,
    is_users_class,
    stand_in,
    traced_id,
    traced_super,
    traced_type,
)
from jitad.trace.place import Attribute, Item, Place
from jitad.trace.tracing import Trace, current, is_installed
from jitad.trace.undo import undoing
from jitad.tree import LEAF, Tree

_MARK = "__jitad_trace__"
_HAVE_COUNTERPARTS = ("numpy", "scipy.special", "scipy.linalg")
_CHANGEABLE = (set, collections.deque, dict, list, bytearray, array.array)
_JITAD = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


_BUILTINS: dict[Any, Any] = {**BUILTINS, super: traced_super, type: traced_type, id: traced_id}


def rebuilt(fn: Callable) -> Callable:
    """The copy of a function to trace; what cannot be copied is returned as it is."""
    trace = current()
    assert trace is not None
    return _of_numpy(fn) or Rebuilder(trace.root).function(fn)


def fixed(found: Static) -> Any:
    """What stands for something static among the arguments."""
    trace, value = current(), value_of(found)
    assert trace is not None
    return value if is_data(value) else Rebuilder(trace.root).value(value, Place(value))


def standing(made: Any) -> Any:
    """What stands for a container of a class of the user's among the arguments: its methods are traced, its class is watched."""
    trace = current()
    assert trace is not None
    rebuilder = Rebuilder(trace.root)
    if is_users_class(type(made)):
        rebuilder._class(type(made))
    return stand_in(made, rebuilder) if is_object(made) else made


class Rebuilder:
    """Makes the copies for one trace."""

    def __init__(self, root: Trace):
        self.root, self.memo = root, root.memo

    def function(self, fn: Any) -> Any:
        if Held(fn) in self.memo:
            return self.memo[Held(fn)]
        if isinstance(fn, functools.partial):
            args = [self.value(a, Item(Attribute(Place(fn), "args"), k)) for k, a in enumerate(fn.args)]
            keywords = {k: self.value(v, Item(Attribute(Place(fn), "keywords"), k)) for k, v in fn.keywords.items()}
            return functools.partial(self.function(fn.func), *args, **keywords)
        if isinstance(fn, types.MethodType):
            return types.MethodType(self.function(fn.__func__), self._owner(fn.__self__))
        compiled = inspect.getattr_static(fn, "py_func", None)
        if isinstance(compiled, types.FunctionType):  # by Numba: trace what it was compiled from
            return self.function(compiled)
        if is_object(fn):
            return self._owner(fn)
        if not isinstance(fn, types.FunctionType) or _MARK in fn.__globals__:
            return fn
        if fn.__code__.co_filename.startswith(_JITAD):
            return fn
        return self._copy(fn)

    def _copy(self, fn: types.FunctionType) -> types.FunctionType:
        code = fn.__code__
        _refuse_outer_stores(code)
        cells = tuple(types.CellType() for _ in code.co_freevars)
        copy = types.FunctionType(code, self._globals(fn), fn.__name__, None, cells)
        self.memo[Held(fn)] = copy
        names = _names(code)
        watched = not is_installed(code.co_filename)  # what packages use stays as it is

        def value(value: Any, place: Place) -> Any:
            return self.value(value, place if watched else None)

        if watched:  # editors' reloading puts other code into the same function
            self.root.watches.append(Watch(Attribute(Place(fn), "__code__"), code))
        if fn.__dict__:
            self.root.undo.append(undoing(fn))
            attributes = Attribute(Place(fn), "__dict__")
            copy.__dict__.update({k: v if k == "__wrapped__" else value(v, Item(attributes, k)) for k, v in fn.__dict__.items()})
            if watched:
                self.root.watches.append(NamesWatch(attributes, tuple(fn.__dict__)))
        for name in names:
            if name in fn.__globals__ and name not in copy.__globals__[_MARK]:
                copy.__globals__[_MARK].add(name)
                copy.__globals__[name] = value(fn.__globals__[name], Item(Place(fn.__globals__), name))
        absent = frozenset(n for n in names if n not in fn.__globals__)
        if absent and watched:
            self.root.watches.append(AbsenceWatch(Place(fn.__globals__), absent))
        for new, old in zip(cells, fn.__closure__ or (), strict=True):
            try:
                content = old.cell_contents
            except ValueError:  # not bound yet
                continue
            new.cell_contents = value(content, Attribute(Place(old), "cell_contents"))
        if fn.__defaults__:
            copy.__defaults__ = tuple(
                value(v, Item(Attribute(Place(fn), "__defaults__"), k)) for k, v in enumerate(fn.__defaults__))
        if fn.__kwdefaults__:
            copy.__kwdefaults__ = {
                k: value(v, Item(Attribute(Place(fn), "__kwdefaults__"), k)) for k, v in fn.__kwdefaults__.items()}
        return copy

    def _globals(self, fn: types.FunctionType) -> dict:
        key = ("globals", Held(fn.__globals__))
        if key not in self.memo:
            self.memo[key] = {**{f.__name__: ours for f, ours in _BUILTINS.items()}, **fn.__globals__, _MARK: set()}
        return self.memo[key]

    def value(self, value: Any, place: Place | None) -> Any:
        """What stands in the copy for something captured; without a place, for what the code of a package uses."""
        from jitad.trace.tracer import Tracer

        if type(value) is Tracer:
            return value
        if place is not None:
            if is_capturable(value):
                return capture(value, place)
            if _is_container(value):
                return self._container(value, place)
            by_content = has_content(value) and not is_record(value)
            if by_content:
                self._by_content(place, value)
            else:
                self.root.watches.append(Watch(place, value))
            if by_content and isinstance(value, _CHANGEABLE):  # a copy, as of lists and dicts
                return self.memo.setdefault(Held(value), copy.copy(value))
        ours = _of_numpy(value)
        if ours is not None:
            return ours
        if isinstance(value, types.FunctionType) and value.__name__ == "array_namespace":
            return functools.partial(_namespace, value)
        if place is None and isinstance(value, type) and value.__name__ == "_array_converter":
            from jitad.trace.numpy_api.own_code import Converter

            return Converter
        if isinstance(value, (type, types.BuiltinFunctionType)) and value in _BUILTINS:
            return _BUILTINS[value]
        if value is math:
            return math_module
        if isinstance(value, types.BuiltinFunctionType) and value in MATH:
            return MATH[value]
        if is_random(value) or is_of_context(value) or is_clock(value) or (place is not None and is_iterator(value)):
            return Drawn(value)
        if value is time:
            return types.SimpleNamespace(**{n: Drawn(v) if is_clock(v) else v for n, v in vars(time).items()})
        own = place is None  # NumPy's own code is copied where it is used by such
        if isinstance(value, types.ModuleType) and (_is_looked_into(value) or (own and _is_inside_numpy(value.__name__))):
            return _Module(self, value, watched=not own)
        if isinstance(value, types.FunctionType) and (_is_users(value) or (own and _is_inside_numpy(value.__module__))):
            return self.function(value)
        if isinstance(value, types.MethodType) and isinstance(value.__func__, types.FunctionType) and _is_users(value.__func__):
            return self.function(value)
        if isinstance(value, functools.partial):
            return self.function(value)
        if isinstance(inspect.getattr_static(value, "py_func", None), types.FunctionType):
            return self.function(value)
        if isinstance(value, functools._lru_cache_wrapper):
            inner = value.__wrapped__
            if isinstance(inner, types.FunctionType) and _is_users(inner):
                if Held(value) not in self.memo:  # what is kept for the user must not hold traced values
                    self.memo[Held(value)] = functools.lru_cache(maxsize=None)(self.function(inner))
                return self.memo[Held(value)]
        return self._owner(value)

    def _by_content(self, place: Place, value: Any) -> None:
        """Have the trace hold for this content only; what it does to objects in it is undone."""
        self.root.watches.append(ContentWatch(place, value))
        self.root.undo.append(undoing(value))
        for record in records_in(value):
            self._class(type(record))

    def _class(self, cls: type) -> None:
        """Watch a class of the user's."""
        if Held(cls) not in self.memo:
            self.memo[Held(cls)] = cls
            self.root.watches.append(ClassWatch(cls))
            self.root.undo += map(undoing, (k for k in cls.__mro__ if is_users_class(k)))
            for record in records_in(class_data(cls)):
                self._class(type(record))
                self.root.undo.append(undoing(record))

    def _owner(self, value: Any) -> Any:
        """What stands for an object, or for a class, whose attributes are asked for."""
        if is_users_class(value):
            self._class(value)
        elif _is_container(value):  # of a method of one
            return self._container(value, Place(value))
        elif is_record(value) and not is_object(value):  # used as it is, its attributes watched by content
            if Held(value) not in self.memo:
                self.memo[Held(value)] = value
                self._by_content(Place(value), value)
        elif is_object(value):
            if Held(value) not in self.memo:
                self.memo[Held(value)] = stand_in(value, self)
            return self.memo[Held(value)]
        return value

    def _container(self, value: Any, place: Place | None) -> Any:
        """A container in whose stead another one is handed over, and what is in it looked after."""
        key = Held(value)
        if key in self.memo:
            if place is not None:  # known under another name, which may part from this one
                self.root.watches.append(Watch(place, value))
            return self.memo[key]
        if place is not None and not _holds_more_than_data(value):
            self._by_content(place, value)
            place = None
        if place is not None:
            self.root.watches.append(TreeWatch(place, _shape(value)))
        if type(value) is list:
            made: Any = []
            self.memo[key] = made  # lest it contains itself
            made += [self._inside(v, place, k) for k, v in enumerate(value)]
        elif type(value) is dict:
            made = {}
            self.memo[key] = made
            made.update({k: self._inside(v, place, k) for k, v in value.items()})
        else:
            items = [self._inside(v, place, k) for k, v in enumerate(value)]
            made = tuple(items) if type(value) is tuple else type(value)(*items)
            self.memo[key] = made
        return made

    def _inside(self, value: Any, place: Place | None, key: Any) -> Any:
        if place is not None:
            return self.value(value, Item(place, key))
        return self._container(value, None) if _is_container(value) else value


def _is_container(value: Any) -> bool:
    return type(value) in (list, tuple, dict) or (isinstance(value, tuple) and hasattr(value, "_fields"))


def _holds_more_than_data(value: Any, seen: frozenset = frozenset()) -> bool:
    """Whether there is something to be captured in a container, or one in it."""
    if id(value) in seen:
        return False
    seen = seen | {id(value)}
    return any(_holds_more_than_data(v, seen) if _is_container(v) else is_capturable(v) or callable(v) or is_object(v)
               for v in (value.values() if type(value) is dict else value))


def _shape(value: Any) -> Tree:
    """The outermost level of a container."""
    if type(value) is dict:
        return Tree("dict", (LEAF,) * len(value), tuple(value))
    return Tree(type(value), (LEAF,) * len(value))


def _namespace(original: Callable, *arrays: Any, **options: Any) -> Any:
    """``array_namespace`` of the array API, as SciPy and others ask for it: traced arrays have a namespace of their own."""
    import jitad.numpy

    return jitad.numpy if jitad.numpy.has_traced(*arrays) else original(*arrays, **options)


class _Module:
    """A module of the user's or of SciPy, whose attributes are captured as they are asked for."""

    def __init__(self, rebuilder: Rebuilder, module: types.ModuleType, watched: bool):
        self._rebuilder, self._module, self._watched = rebuilder, module, watched

    def __getattr__(self, name: str) -> Any:
        place = Attribute(Place(self._module), name) if self._watched else None
        value = self._rebuilder.value(getattr(self._module, name), place)
        self.__dict__[name] = value  # asked once for each trace
        return value


def _of_numpy(value: Any) -> Any:
    """The counterpart of something of NumPy or SciPy in jitad.numpy, or None."""
    if isinstance(value, types.ModuleType):
        if value is np:
            import jitad.numpy

            return jitad.numpy
        if value is np.linalg:
            import jitad.numpy.linalg

            return jitad.numpy.linalg
        return None
    if isinstance(value, types.BuiltinFunctionType) and str(value.__module__).startswith("numpy"):
        value = getattr(np, value.__name__, value)  # what NumPy's own code calls without dispatch
    if callable(value) and not isinstance(value, type) and str(getattr(value, "__module__", "")).startswith(_HAVE_COUNTERPARTS):
        import jitad.numpy

        return jitad.numpy.counterpart(value)
    return None


def _is_users(fn: types.FunctionType) -> bool:
    """Whether a function is copied: the user's own, and those of packages that ask their arguments for a namespace."""
    return not is_installed(fn.__code__.co_filename) or "array_namespace" in fn.__code__.co_names


def _is_inside_numpy(module: str | None) -> bool:
    """Whether something belongs to NumPy's own Python code."""
    package, _, rest = (module or "").partition(".")
    return package == "numpy" and rest.split(".")[0] in ("_core", "lib", "linalg", "polynomial")


def _is_looked_into(module: types.ModuleType) -> bool:
    """Whether a module may contain functions that are copied."""
    return not is_installed(getattr(module, "__file__", None) or "") or module.__name__.split(".")[0] == "scipy"


_LOADS = {dis.opmap["LOAD_GLOBAL"]: 1, dis.opmap["LOAD_NAME"]: 0}  # by how much the number of the name is shifted
_STORES = {dis.opmap[n] for n in ("STORE_GLOBAL", "DELETE_GLOBAL", "STORE_DEREF", "DELETE_DEREF")}


def _names(code: types.CodeType) -> list[str]:
    """Names that a function, or one defined in it, looks up globally."""
    out, more, raw = [], 0, code.co_code
    for k in range(0, len(raw), 2):  # what `dis.get_instructions` does, which takes ten times as long
        step, number = raw[k], raw[k + 1] | more
        more = number << 8 if step == dis.EXTENDED_ARG else 0
        if step in _LOADS:
            out.append(code.co_names[number >> _LOADS[step]])
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            out += _names(constant)
    return list(dict.fromkeys(out))


def _refuse_outer_stores(code: types.CodeType, outer: frozenset[str] | None = None) -> None:
    """Raise where the function assigns to names outside of itself: the copy could not."""
    free = frozenset(code.co_freevars) if outer is None else outer
    for step in () if _STORES.isdisjoint(code.co_code[::2]) else dis.get_instructions(code):
        is_global = step.opname in ("STORE_GLOBAL", "DELETE_GLOBAL")
        if is_global or (step.opname in ("STORE_DEREF", "DELETE_DEREF") and step.argval in free):
            line = step.positions.lineno if step.positions else code.co_firstlineno
            word = "global" if is_global else "nonlocal"
            raise TraceError(
                f"a traced function cannot assign to the {word} name {step.argval!r}; return the value instead.\n"
                f"  at {code.co_filename}, line {line}")
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            _refuse_outer_stores(constant, free - frozenset(constant.co_cellvars))

"""Objects of the user's classes, as they stand in the private copy: what is asked of them is captured.

``self.strength`` in a traced method is an implicit argument like a global of that name; methods and properties are copies like
functions. What a traced function assigns to attributes stays in the trace.
"""

from __future__ import annotations

import abc
import functools
import inspect
import sys
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jitad.errors import TraceError
from jitad.trace.capture import MissingWatch, Watch
from jitad.trace.content import ContentWatch, has_content
from jitad.trace.place import Attribute, Place
from jitad.trace.tracing import current, is_installed, where

if TYPE_CHECKING:
    from jitad.trace.rebuild import Rebuilder

_NOT_COPIED = {
    "__init__", "__new__", "__del__", "__getattribute__", "__getattr__", "__setattr__", "__delattr__", "__init_subclass__",
    "__class_getitem__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__set_name__"}
_DATA = (bool, int, float, complex, str, bytes, type(None))


def is_object(value: Any) -> bool:
    """Whether a value is an instance of classes that are the user's alone, written in Python."""
    cls = type(value)
    if cls is types.SimpleNamespace:
        return True
    if type(cls) not in (type, abc.ABCMeta) or not all(map(_is_users_class, cls.__mro__)):
        return False
    return not any(n in vars(k) for k in cls.__mro__[:-1] for n in ("__init_subclass__", "__getattribute__"))


def _is_users_class(cls: type) -> bool:
    package = cls.__module__.split(".")[0]
    if cls is object or package in ("abc", "typing", "argparse"):
        return True
    if package in sys.stdlib_module_names:
        return package == "__main__"
    return not is_installed(getattr(sys.modules.get(cls.__module__), "__file__", None) or "user")


def stand_in(obj: Any, rebuilder: Rebuilder) -> Any:
    """What stands for an object: an instance of a subclass, made for it, that captures attributes when they are read."""
    cls, here = type(obj), Place(obj)
    known: dict[str, Any] = {}

    def get(self: Any, name: str) -> Any:
        if name in known:
            return known[name]
        if name == "__class__":
            return cls
        kind = inspect.getattr_static(cls, name, None)
        if isinstance(kind, property) and isinstance(kind.fget, types.FunctionType):
            return rebuilder.function(kind.fget)(self)
        if isinstance(kind, functools.cached_property) and name not in vars(obj):
            known[name] = rebuilder.function(kind.func)(self)
        elif isinstance(kind, types.FunctionType) and name not in getattr(obj, "__dict__", ()):
            rebuilder.root.watches.append(Watch(Attribute(Attribute(here, name), "__func__"), kind))
            known[name] = types.MethodType(rebuilder.function(kind), self)
        else:
            place = Attribute(here, name)
            try:
                value = getattr(obj, name)
            except AttributeError:
                rebuilder.root.watches.append(MissingWatch(place, None))
                raise
            known[name] = rebuilder.value(value, place)
        return known[name]

    def put(self: Any, name: str, value: Any) -> None:
        kind = inspect.getattr_static(cls, name, None)
        if isinstance(kind, property):
            if kind.fset is None:
                raise AttributeError(f"property {name!r} of {cls.__name__!r} object has no setter")
            rebuilder.function(kind.fset)(self, value)
        else:
            known[name] = value

    def drop(self: Any, name: str) -> None:
        raise TraceError(f"a traced function cannot delete an attribute ({name!r})" + where())

    names: dict[str, Any] = {"__slots__": (), "__module__": cls.__module__, "__qualname__": cls.__qualname__}
    names |= {name: _calling(f, rebuilder) for name, f in _special(cls).items()}
    if cls is types.SimpleNamespace:
        return types.new_class(cls.__name__, (), {}, lambda d: d.update(
            names | {"__getattribute__": get, "__setattr__": put, "__delattr__": drop}))()
    names |= {"__getattribute__": get, "__setattr__": put, "__delattr__": drop, "__del__": lambda self: None}
    if cls.__hash__ is not None and "__eq__" in names:
        names.setdefault("__hash__", cls.__hash__)
    return object.__new__(type(cls)(cls.__name__, (cls,), names))


def _special(cls: type) -> dict[str, types.FunctionType]:
    """The special methods, which Python looks up in the class."""
    found: dict[str, types.FunctionType] = {}
    for k in reversed(cls.__mro__):
        found |= {n: f for n, f in vars(k).items() if n.startswith("__") and n.endswith("__") and n not in _NOT_COPIED
                  and isinstance(f, types.FunctionType)}
    return found


def _calling(function: types.FunctionType, rebuilder: Rebuilder) -> Callable:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return rebuilder.function(function)(self, *args, **kwargs)

    return call


class _Super:
    """``super()`` of a stand-in: methods of the classes behind one are copies too."""

    def __init__(self, cls: type, obj: Any, rebuilder: Rebuilder):
        self._cls, self._obj, self._rebuilder = cls, obj, rebuilder

    def __getattr__(self, name: str) -> Any:
        order = type(self._obj).__mro__
        for k in order[order.index(self._cls) + 1 :]:
            found = vars(k).get(name)
            if isinstance(found, types.FunctionType):
                return types.MethodType(self._rebuilder.function(found), self._obj)
            if isinstance(found, property) and isinstance(found.fget, types.FunctionType):
                return self._rebuilder.function(found.fget)(self._obj)
        return getattr(super(self._cls, self._obj), name)


def traced_super(*args: Any) -> Any:
    """What stands for ``super`` in copies."""
    from jitad.trace.rebuild import Rebuilder

    if not args:  # the compiler has put the class into a cell of the caller
        frame = sys._getframe(1)
        args = frame.f_locals["__class__"], frame.f_locals[frame.f_code.co_varnames[0]]
    trace = current()
    if len(args) < 2 or isinstance(args[1], type) or trace is None:
        return super(*args)
    return _Super(args[0], args[1], Rebuilder(trace.root))


class ClassWatch(ContentWatch):
    """A class whose data attributes the trace took as they were."""

    def __init__(self, cls: type):
        super().__init__(Place(cls), _data(cls))

    def same(self, value: Any) -> bool:
        return super().same(_data(value))


def _data(cls: type) -> dict[str, Any]:
    return {f"{k.__qualname__}.{n}": v for k in cls.__mro__ if k is not object for n, v in list(vars(k).items())
            if not n.startswith("__") and (isinstance(v, _DATA) or has_content(v))}


def is_users_class(value: Any) -> bool:
    """Whether a value is a class of the user's."""
    return isinstance(value, type) and _is_users_class(value) and value is not object

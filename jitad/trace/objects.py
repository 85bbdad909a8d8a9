"""Objects of the user's classes, as they stand in the private copy: what is asked of them is captured.

``self.strength`` in a traced method is an implicit argument like a global of that name; methods and properties are copies like
functions. What a traced function assigns to attributes stays in the trace.
"""

from __future__ import annotations

import abc
import builtins
import functools
import inspect
import sys
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jitad.containers import OBJECTS
from jitad.errors import TraceError
from jitad.trace.capture import MissingWatch, NamesWatch, Watch
from jitad.trace.content import ContentWatch, is_record
from jitad.trace.place import Attribute, Item, Place
from jitad.trace.tracing import current, is_installed, where

if TYPE_CHECKING:
    from jitad.trace.rebuild import Rebuilder

_NOT_COPIED = {
    "__init__", "__new__", "__del__", "__getattribute__", "__getattr__", "__setattr__", "__delattr__", "__init_subclass__",
    "__class_getitem__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__set_name__", "__hash__"}
_REFUSED = ("__init_subclass__", "__getattribute__", "__setattr__", "__delattr__")
_DESCRIPTORS = (types.FunctionType, classmethod, staticmethod, property, functools.cached_property, types.MemberDescriptorType,
                types.GetSetDescriptorType, functools._lru_cache_wrapper, types.BuiltinFunctionType, functools.partialmethod,
                functools.singledispatchmethod, types.WrapperDescriptorType, types.MethodDescriptorType)
_MARK = "__jitad_stands_for__"


def is_object(value: Any) -> bool:
    """Whether a value can be stood in for: an instance of classes that are the user's alone, with ordinary attributes.

    Other objects of the user's are watched by content.
    """
    cls = type(value)
    if cls is types.SimpleNamespace:
        return True
    if type(cls) not in (type, abc.ABCMeta) or _MARK in vars(cls) or not all(map(_is_users_class, cls.__mro__)):
        return False
    classes = cls.__mro__[:-1]
    return not any(n in vars(k) and not _is_frozen_dataclass(k) for k in classes for n in _REFUSED) and not any(
        hasattr(type(v), "__get__") and not isinstance(v, _DESCRIPTORS) and not isinstance(v, type)
        for k in classes for v in list(vars(k).values()))


def _is_frozen_dataclass(cls: type) -> bool:
    return getattr(vars(cls).get("__dataclass_params__"), "frozen", False)


def _is_users_class(cls: type) -> bool:
    package = str(cls.__module__).split(".")[0]
    if cls is object or package in ("abc", "typing", "argparse"):
        return True
    if package in sys.stdlib_module_names:
        return package == "__main__"
    return not is_installed(getattr(sys.modules.get(cls.__module__), "__file__", None) or "user")


def _is_no_array(value: Any) -> bool:
    """Whether a value is an object of a class of the user's, and no array."""
    return type(value) is not object and not hasattr(type(value), "__array__") and (is_record(value) or is_object(value))


OBJECTS.append(_is_no_array)


def stand_in(obj: Any, rebuilder: Rebuilder) -> Any:
    """What stands for an object: an instance of a subclass, made for it, that captures attributes when they are read.

    What was read or assigned lies in the instance itself, where `vars` and ``object.__setattr__`` find it.
    """
    cls, here = type(obj), Place(obj)
    of_class: dict[str, Any] = {}  # methods
    watches = rebuilder.root.watches
    watches.append(Watch(Attribute(here, "__class__"), cls))

    def own(self: Any, name: str) -> Any:
        """What is in this very instance."""
        slot = inspect.getattr_static(cls, name, None)
        if isinstance(slot, types.MemberDescriptorType):
            return slot.__get__(self, cls)
        return object.__getattribute__(self, "__dict__")[name]

    def get(self: Any, name: str) -> Any:
        if name == "__class__":
            if not of_class.get("__class__"):
                of_class["__class__"] = True
                watches.append(ClassWatch(cls))
            return cls
        if name == "__dict__" and not hasattr(obj, "__dict__"):
            raise AttributeError(f"{cls.__name__!r} object has no attribute '__dict__'")
        if name == "__dict__":
            if self is first:
                watches.append(NamesWatch(Attribute(here, "__dict__"), tuple(vars(obj))))
                for n in list(vars(obj)):
                    get(self, n)
            return object.__getattribute__(self, "__dict__")
        try:
            return own(self, name)
        except (KeyError, AttributeError):
            pass
        if name in of_class and self is first:
            return of_class[name]
        kind = inspect.getattr_static(cls, name, None)
        if isinstance(kind, property) and isinstance(kind.fget, types.FunctionType):
            watches.append(Watch(Attribute(Place(cls), name), kind))
            return rebuilder.function(kind.fget)(self)
        if isinstance(kind, functools.cached_property) and not (self is first and name in vars(obj)):
            watches.append(MissingWatch(Item(Attribute(here, "__dict__"), name), None))
            value = rebuilder.function(kind.func)(self)
            put(self, name, value)
            return value
        if isinstance(kind, types.FunctionType) and name not in (getattr(obj, "__dict__", ()) if self is first else ()):
            watches.append(Watch(Attribute(Attribute(here, name), "__func__"), kind))
            method = types.MethodType(rebuilder.function(kind), self)
            if self is first:
                of_class[name] = method
            return method
        if self is not first:  # made by the traced function itself, as ``cls.__new__`` and copies are
            return object.__getattribute__(self, name)
        place = Attribute(here, name)
        try:
            value = object.__getattribute__(obj, name)
        except AttributeError:
            fallback = inspect.getattr_static(cls, "__getattr__", None)
            if not isinstance(fallback, types.FunctionType):
                watches.append(MissingWatch(place, None))
                raise
            watches.append(MissingWatch(Item(Attribute(here, "__dict__"), name), None))
            return rebuilder.function(fallback)(self, name)
        found = rebuilder.value(value, place)
        if name in getattr(obj, "__dict__", ()) or isinstance(kind, types.MemberDescriptorType):
            put(self, name, found)
        else:
            of_class[name] = found
        return found

    def put(self: Any, name: str, value: Any) -> None:
        kind = inspect.getattr_static(cls, name, None)
        if isinstance(kind, property):
            if kind.fset is None:
                raise AttributeError(f"property {name!r} of {cls.__name__!r} object has no setter")
            rebuilder.function(kind.fset)(self, value)
        elif isinstance(kind, types.MemberDescriptorType):
            kind.__set__(self, value)
        else:
            object.__getattribute__(self, "__dict__")[name] = value

    def assign(self: Any, name: str, value: Any) -> None:
        if any(map(_is_frozen_dataclass, cls.__mro__)):
            raise AttributeError(f"cannot assign to field {name!r}")
        put(self, name, value)

    def drop(self: Any, name: str) -> None:
        raise TraceError(f"a traced function cannot delete an attribute ({name!r})" + where())

    names: dict[str, Any] = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, _MARK: obj,
                             "__getattribute__": get, "__setattr__": assign, "__delattr__": drop}
    if cls is types.SimpleNamespace:
        names["__eq__"] = lambda self, other: isinstance(other, cls) and vars(self) == vars(other)
        names["__repr__"] = lambda self: f"namespace({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"
        names["__hash__"] = None
        first = types.new_class(cls.__name__, (), {}, lambda d: d.update(names))()
        return first
    if not hasattr(obj, "__dict__"):
        names["__slots__"] = ()
    names |= {name: _calling(name, f, rebuilder) for name, f in _special(cls).items()}
    if "__eq__" not in names:
        names["__eq__"] = lambda self, other: other is self or (self is first and other is obj)
    names["__hash__"] = (lambda self: hash(obj if self is first else id(self))) if cls.__hash__ is not None else None
    names["__del__"] = lambda self: None
    first = object.__new__(type(cls)(cls.__name__, (cls,), names))
    return first


def stands_for(value: Any) -> Any:
    """The object that a value stands for; the value itself if it is no stand-in."""
    return vars(type(value)).get(_MARK, value)


def _special(cls: type) -> dict[str, types.FunctionType]:
    """The special methods, which Python looks up in the class."""
    found: dict[str, types.FunctionType] = {}
    for k in reversed(cls.__mro__):
        found |= {n: f for n, f in vars(k).items() if n.startswith("__") and n.endswith("__") and n not in _NOT_COPIED
                  and isinstance(f, types.FunctionType)}
    return found


_PLAIN = {"__bool__": bool, "__len__": int, "__index__": int, "__int__": int, "__float__": float}  # as Python asks for


def _calling(name: str, function: types.FunctionType, rebuilder: Rebuilder) -> Callable:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        rebuilder.root.watches.append(Watch(Attribute(Place(type(stands_for(self))), name), function))
        found = rebuilder.function(function)(self, *args, **kwargs)
        return _PLAIN[name](found) if name in _PLAIN else found

    return call


class _Super:
    """``super()`` of a stand-in: methods of the classes behind one are copies too."""

    def __init__(self, *made_of: Any):
        object.__setattr__(self, "made_of", made_of)

    def __getattribute__(self, name: str) -> Any:
        cls, obj, rebuilder = object.__getattribute__(self, "made_of")
        order = type(obj).__mro__
        for k in order[order.index(cls) + 1 :]:
            if name not in vars(k):
                continue
            found = vars(k)[name]
            rebuilder.root.watches.append(Watch(Item(Attribute(Place(k), "__dict__"), name), found))
            if isinstance(found, types.FunctionType):
                return types.MethodType(rebuilder.function(found), obj)
            if isinstance(found, property) and isinstance(found.fget, types.FunctionType):
                return rebuilder.function(found.fget)(obj)
            if isinstance(found, staticmethod):
                return rebuilder.function(found.__func__)
            if isinstance(found, classmethod):
                return types.MethodType(rebuilder.function(found.__func__), type(stands_for(obj)))
            break
        return getattr(super(cls, obj), name)


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


class _OfType(type):
    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if len(args) != 1 or kwargs:
            return builtins.type(*args, **kwargs)
        from jitad.trace.dim import Dim
        from jitad.trace.tracer import Tracer

        if builtins.type(args[0]) in (Tracer, Dim):
            return args[0].__class__
        found = stands_for(args[0])
        trace = current()
        if found is not args[0] and trace is not None:
            trace.root.watches.append(ClassWatch(type(found)))
        return type(found)

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, builtins.type)


class traced_type(type, metaclass=_OfType):  # noqa: N801
    """What stands for ``type`` in copies."""


def traced_id(value: Any) -> int:
    """What stands for ``id`` in copies."""
    return id(stands_for(value))


class ClassWatch(ContentWatch):
    """A class whose attributes the trace took as they were."""

    def __init__(self, cls: type):
        super().__init__(Place(cls), class_data(cls))

    def same(self, value: Any) -> bool:
        return super().same(class_data(value))


def class_data(cls: type, depth: int = 0) -> dict[str, Any]:
    """What a class, and classes in it, hold: data by content, methods as they are."""
    found: dict[str, Any] = {}
    for k in cls.__mro__ if depth < 4 else ():
        for n, v in list(vars(k).items()) if k is not object else ():
            if is_users_class(v) and not n.startswith("__"):
                found[f"{k.__qualname__}.{n}"] = class_data(v, depth + 1)
            elif not n.startswith("__"):
                found[f"{k.__qualname__}.{n}"] = v
    return found


def is_users_class(value: Any) -> bool:
    """Whether a value is a class of the user's."""
    return isinstance(value, type) and value is not object and _is_users_class(value)

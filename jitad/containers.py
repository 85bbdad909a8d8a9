"""What is a container besides tuples, lists, dicts: dataclasses and registered classes; and what is neither that nor an array.

Strings, functions, types and objects are static: part of the type of a call, handed to the traced function as they are.
"""

from __future__ import annotations

import dataclasses
import enum
import types
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

OBJECTS: list[Callable[[Any], bool]] = []  # what says that a value is an object of the user's, and no array
PLAIN = (str, bytes, enum.Enum, type, np.dtype, type(Ellipsis), type(NotImplemented))


class Held:
    """An object compared by identity and kept alive: the key of a captured array."""

    __slots__ = ("value",)

    def __init__(self, value: object):
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Held) and self.value is other.value

    def __hash__(self) -> int:
        return object.__hash__(self.value)

    def __repr__(self) -> str:
        return f"Held({type(self.value).__name__})"


@dataclasses.dataclass(frozen=True)
class Static:
    """A value that is taken as it is; equal if the type is too: 1, 1.0 and True are different things to a program, 0.0 and -0.0.

    `kinds` says so, also of what is in tuples.
    """

    kinds: Any
    value: Any


def _fixed(value: Any) -> Static:
    return Static(_kinds(value), value)


def _kinds(value: Any) -> Any:
    if isinstance(value, (tuple, frozenset)):
        inside = [_kinds(v) for v in value]
        return type(value), tuple(inside) if isinstance(value, tuple) else frozenset(inside)
    return (type(value), repr(value)) if isinstance(value, float) else type(value)


class Registered(NamedTuple):
    """How a class is taken apart and put together."""

    flatten: Callable[[Any], tuple[Sequence, Any]]
    unflatten: Callable[[Any, Sequence], Any]


_registered: dict[type, Registered] = {}


def register_pytree_node(
    cls: type, flatten: Callable[[Any], tuple[Sequence, Any]], unflatten: Callable[[Any, Sequence], Any],
) -> type:
    """Make a class a container, in arguments and results of every transform.

    Parameters
    ----------
    cls : type
        The class; its subclasses are not registered with it.
    flatten : callable
        ``flatten(obj) -> (children, aux)``: a sequence of what is differentiated, and whatever else is needed, hashable and
        compared by ``==``: another one is another kernel.
    unflatten : callable
        ``unflatten(aux, children) -> obj``. The children may be traced values, or derivatives.

    Returns
    -------
    type
        The class.

    Raises
    ------
    TypeError
        If `cls` is no class, or a container already.

    Examples
    --------
    >>> import jitad
    >>> class Spring:
    ...     def __init__(self, k, name):
    ...         self.k, self.name = k, name
    >>> _ = jitad.register_pytree_node(Spring, lambda s: ((s.k,), s.name), lambda name, children: Spring(*children, name))
    >>> jitad.grad(lambda s, x: s.k * x**2 / 2)(Spring(3.0, "a"), 2.0).k
    2.0
    """
    if not isinstance(cls, type):
        raise TypeError(f"register_pytree_node takes a class, not a {type(cls).__name__}")
    if cls in _registered or issubclass(cls, (tuple, list, dict, np.ndarray, np.generic)) or cls in (int, float, bool, str):
        raise TypeError(f"{cls.__name__} is a container, or an array, already")
    _registered[cls] = Registered(flatten, unflatten)
    return cls


def taken_apart(value: Any) -> tuple[Any, Sequence, Any] | None:
    """Class, children and the rest of a container of a class of the user's."""
    cls: Any = value.__class__  # of what stands for an object while a function is traced, that object's
    known = _registered.get(cls)
    if known is not None:
        children, aux = known.flatten(value)
        return cls, children, _fixed(aux)
    if not hasattr(cls, "__dataclass_fields__"):
        return None
    held = getattr(value, "__dict__", {})
    names = tuple(dict.fromkeys([*(f.name for f in dataclasses.fields(cls) if hasattr(value, f.name)), *held]))
    return cls, [_field(getattr(value, n)) for n in names], names


def _field(value: Any) -> Any:
    """Integers in fields of a dataclass count atoms or name a power: they are static."""
    return _fixed(value) if type(value) in (int, bool) else value


def put_together(cls: type, aux: Any, children: Sequence) -> Any:
    """The container again; of a dataclass without its ``__init__``, which may refuse derivatives."""
    if cls in _registered:
        return _registered[cls].unflatten(aux.value, children)
    made: Any = object.__new__(cls)
    for name, value in zip(aux, children, strict=True):
        object.__setattr__(made, name, value)
    return made


def static(value: Any) -> Static | None:
    """A value that is no array as something to be compared with others; None for what may be an array."""
    if type(value) is Static:
        return value
    if isinstance(value, PLAIN):
        return _fixed(value)
    if callable(value) or any(holds(value) for holds in OBJECTS):
        return Static(type(value), value if isinstance(value, types.MethodType) else Held(value))
    return None


def declared(value: Any, name: str) -> Static:
    """An argument that the user has declared to be static."""
    try:
        hash(value)
    except TypeError:
        raise TypeError(f"{name} is declared static, and has to be hashable, but is a {type(value).__name__}; pass arrays "
                        "without static_argnums") from None
    return _fixed(value)


def static_like(value: Any, like: Static) -> Static | None:
    """The same as :func:`static`, of what may have been declared to be static."""
    return static(value) or (_fixed(value) if type(value) is type(like.value) else None)


def value_of(found: Static) -> Any:
    """The value of something static."""
    return found.value.value if type(found.value) is Held else found.value

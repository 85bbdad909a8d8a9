"""Watches of what can be changed in place and becomes no argument: sets, queues, strings in arrays, complex numbers.

The traced function may have used any of it, so the trace holds for the present content only.
"""

from __future__ import annotations

import array
import collections
import copy
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from jitad.trace.capture import Watch
from jitad.trace.place import Place

_KINDS = (list, tuple, dict, set, frozenset, collections.deque, bytearray, array.array, np.ndarray, types.MappingProxyType)


def has_content(value: Any) -> bool:
    """Whether a value is compared by content: containers and arrays of all kinds, and objects of the user's classes."""
    return isinstance(value, _KINDS) or is_record(value)


def is_data(value: Any) -> bool:
    """Whether a value is a number, a string or nothing."""
    return value is None or isinstance(value, (int, float, complex, str, bytes, np.generic))


def is_record(value: Any) -> bool:
    """Whether a value is an object of a class of the user's, looked at by its attributes."""
    from jitad.trace.objects import is_users_class

    cls = type(value)
    return is_users_class(cls) and isinstance(getattr(value, "__dict__", None), dict) and not isinstance(value, BaseException)


def records_in(value: Any, seen: set[int] | None = None) -> Iterator[Any]:
    """All objects of the user's classes in a value."""
    seen = set() if seen is None else seen
    if id(value) in seen or not has_content(value) or isinstance(value, np.ndarray):
        return
    seen.add(id(value))
    inside: list[Any] = []
    if isinstance(value, (dict, types.MappingProxyType)):
        inside += [*value.keys(), *value.values()]
    elif isinstance(value, (list, tuple, set, frozenset, collections.deque)):
        inside += value
    if is_record(value):
        yield value
        inside += vars(value).values()
    for v in inside:
        yield from records_in(v, seen)


class ContentWatch(Watch):
    """Something that the trace holds for while its content is the same."""

    def __init__(self, place: Place, value: Any):
        super().__init__(place, _snapshot(value))

    def same(self, value: Any) -> bool:
        return _same(value, self.expected)


def _snapshot(value: Any, inside: tuple = ()) -> Any:
    """The content now, in containers of our own; other objects stay themselves, and what contains itself."""
    kind = type(value)
    if has_content(value) and not isinstance(value, np.ndarray):
        if id(value) in inside or len(inside) > 20:
            return kind, value
        inside = (*inside, id(value))
    if isinstance(value, np.ndarray):
        return kind, copy.deepcopy(value)
    if isinstance(value, (dict, types.MappingProxyType)):
        pairs = [(_snapshot(k, inside), _snapshot(v, inside)) for k, v in value.items()]
        return kind, Pairs(pairs, _attributes(value, inside))
    if isinstance(value, (set, frozenset)):
        return kind, Members(frozenset(value), [(v, _snapshot(v, inside)) for v in value if is_record(v)])
    if isinstance(value, (list, tuple, collections.deque)):
        return kind, [_snapshot(v, inside) for v in value]
    if isinstance(value, (bytearray, array.array)):
        return kind, bytes(value)
    if is_record(value):
        return kind, Pairs([], _attributes(value, inside))
    return kind, value


class Pairs(NamedTuple):
    """The content of a dict, or of an object: items, and attributes."""

    items: list
    attributes: list


class Members(NamedTuple):
    """The content of a set, and that of the objects in it."""

    members: frozenset
    records: list


def _attributes(value: Any, inside: tuple) -> list:
    if not is_record(value):
        return []
    return [(name, _snapshot(v, inside)) for name, v in vars(value).items()]


def _same(value: Any, expected: tuple) -> bool:
    """Whether a value has the content of a snapshot: types too, as 1, 1.0 and True are different things to a program."""
    kind, content = expected
    if type(value) is not kind:
        return False
    if isinstance(content, np.ndarray):
        return _same_array(value, content)
    if isinstance(content, Pairs):
        found = value.items() if isinstance(value, (dict, types.MappingProxyType)) else ()
        attributes = vars(value) if content.attributes or is_record(value) else {}
        return len(found) == len(content.items) and len(attributes) == len(content.attributes) and all(
            _same(k, a) and _same(v, b) for (k, v), (a, b) in zip(found, content.items, strict=True)) and all(
            name in attributes and _same(attributes[name], b) for name, b in content.attributes)
    if isinstance(content, Members):
        return value == content.members and all(_same(v, b) for v, b in content.records)
    if isinstance(value, (list, tuple, collections.deque)):
        return len(value) == len(content) and all(map(_same, value, content))
    if isinstance(value, (bytearray, array.array)):
        return bytes(value) == content
    if value is content:
        return True
    return is_data(value) and bool(value == content) and (not isinstance(value, float) or repr(value) == repr(content))


def _same_array(value: np.ndarray, content: np.ndarray) -> bool:
    if value.shape != content.shape or value.dtype != content.dtype:
        return False
    if isinstance(value, np.ma.MaskedArray):
        mask, other = np.ma.getmaskarray(value), np.ma.getmaskarray(content)
        return bool((mask == other).all()) and _same_array(value.data, content.data)  # type: ignore[arg-type]
    if value.dtype.hasobject:
        return all(a is b or (type(a) is type(b) and a == b) for a, b in zip(value.flat, content.flat, strict=True))
    return value.tobytes() == content.tobytes()

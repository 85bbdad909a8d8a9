"""Watches of what can be changed in place and becomes no argument: sets, queues, strings in arrays, complex numbers.

The traced function may have used any of it, so the trace holds for the present content only.
"""

from __future__ import annotations

import array
import collections
import copy
import types
from typing import Any

import numpy as np

from jitad.trace.capture import Watch
from jitad.trace.place import Place

_KINDS = (list, tuple, dict, set, frozenset, collections.deque, bytearray, array.array, np.ndarray, types.MappingProxyType)


def has_content(value: Any) -> bool:
    """Whether a value is compared by content: containers and arrays of all kinds."""
    return isinstance(value, _KINDS)


class ContentWatch(Watch):
    """Something that the trace holds for while its content is the same."""

    def __init__(self, place: Place, value: Any):
        super().__init__(place, _snapshot(value))

    def same(self, value: Any) -> bool:
        return _same(value, self.expected)


def _snapshot(value: Any) -> Any:
    """The content now, in containers of our own; other objects stay themselves."""
    kind = type(value)
    if isinstance(value, np.ndarray):
        return kind, copy.deepcopy(value)
    if isinstance(value, (dict, types.MappingProxyType)):
        return kind, [(_snapshot(k), _snapshot(v)) for k, v in value.items()]
    if isinstance(value, (set, frozenset)):
        return kind, frozenset(value)
    if isinstance(value, (list, tuple, collections.deque)):
        return kind, [_snapshot(v) for v in value]
    if isinstance(value, (bytearray, array.array)):
        return kind, bytes(value)
    return kind, value


def _same(value: Any, expected: tuple) -> bool:
    """Whether a value has the content of a snapshot: types too, as 1, 1.0 and True are different things to a program."""
    kind, content = expected
    if type(value) is not kind:
        return False
    if isinstance(content, np.ndarray):
        return _same_array(value, content)
    if isinstance(value, (dict, types.MappingProxyType)):
        return len(value) == len(content) and all(
            _same(k, a) and _same(v, b) for (k, v), (a, b) in zip(value.items(), content, strict=True))
    if isinstance(value, (set, frozenset)):
        return value == content
    if isinstance(value, (list, tuple, collections.deque)):
        return len(value) == len(content) and all(map(_same, value, content))
    if isinstance(value, (bytearray, array.array)):
        return bytes(value) == content
    if value is content:
        return True
    return isinstance(value, (int, float, complex, str, bytes, np.generic)) and bool(value == content)


def _same_array(value: np.ndarray, content: np.ndarray) -> bool:
    if value.shape != content.shape or value.dtype != content.dtype:
        return False
    if isinstance(value, np.ma.MaskedArray):
        mask, other = np.ma.getmaskarray(value), np.ma.getmaskarray(content)
        return bool((mask == other).all()) and _same_array(value.data, content.data)  # type: ignore[arg-type]
    if value.dtype.hasobject:
        return all(a is b or (type(a) is type(b) and a == b) for a, b in zip(value.flat, content.flat, strict=True))
    return value.tobytes() == content.tobytes()

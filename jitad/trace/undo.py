"""What a traced function does to things of the user's, taken back when the trace has ended.

Traced values go; what was in their place comes back. Other changes stay: they may be those of another thread.
"""

from __future__ import annotations

import collections
import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.errors import TraceError
from jitad.trace.content import is_record

_LISTS = (list, collections.deque)
_DEEPEST = 8


def undoing(holder: Any) -> Callable[[], TraceError | None]:
    """A function that puts an object, a class or a container, and containers in it, right; it gives what is to be raised."""
    noted: dict[int, list[Callable[[], bool]]] = {}
    _note(holder, noted, 0)

    def undo() -> TraceError | None:
        changed = [restore() for steps in noted.values() for restore in steps]
        if not any(changed):
            return None
        return TraceError("a traced function has changed an array of the user's in place; it is as it was. Change a copy: "
                          "x = x.copy()")

    return undo


def _note(value: Any, noted: dict[int, list[Callable[[], bool]]], depth: int) -> None:
    """Note how a value is, and what is in it."""
    if id(value) in noted or depth > _DEEPEST:
        return
    steps: list[Any] = []
    inside: list[Any] = []
    if isinstance(value, np.ndarray):
        if depth or value.dtype.hasobject:
            steps.append(functools.partial(_array, value, value.copy()))
    elif isinstance(value, (dict, types.MappingProxyType)):
        if isinstance(value, dict):
            steps.append(functools.partial(_dict, value, dict(value)))
        inside += [*value.keys(), *value.values()]
    elif isinstance(value, _LISTS):
        steps.append(functools.partial(_list, value, list(value)))
        inside += value
    elif isinstance(value, (set, frozenset, tuple)):
        if isinstance(value, set):
            steps.append(functools.partial(_set, value, set(value)))
        inside += value
    if is_record(value) or isinstance(value, (type, types.FunctionType)):
        attributes = {k: v for k, v in vars(value).items() if not k.startswith("__")}
        steps.append(functools.partial(_attributes, value, attributes))
        inside += attributes.values()
    if steps or inside:
        noted[id(value)] = steps
    for v in inside:
        if not isinstance(v, (type, types.FunctionType)):
            _note(v, noted, depth + 1)


def _array(array: np.ndarray, before: np.ndarray) -> bool:
    """Put an array right; whether numbers in it were changed."""
    if array.dtype.hasobject:
        for k, v in enumerate(array.flat):
            if _holds_traced(v):
                array.flat[k] = before.flat[k]
        return False
    if not array.flags.writeable or array.tobytes() == before.tobytes():
        return False
    array[...] = before
    return True


def _dict(held: dict, before: dict) -> bool:
    for k in [k for k, v in held.items() if _holds_traced(v) and v is not before.get(k)]:
        held.update({k: before[k]}) if k in before else held.pop(k)
    return False


def _list(held: Any, before: list) -> bool:
    known = set(map(id, before))  # objects among them are put right themselves
    wrong = [id(v) not in known and _holds_traced(v) for v in held]
    if any(wrong):
        right = [before[k] if w and k < len(before) else v for k, (v, w) in enumerate(zip(held, wrong, strict=True))
                 if not w or k < len(before)]
        held.clear()
        held.extend(right)
    return False


def _set(held: set, before: set) -> bool:
    known = set(map(id, before))
    held.difference_update([v for v in held if id(v) not in known and _holds_traced(v)])
    return False


def _attributes(holder: Any, before: dict[str, Any]) -> bool:
    for name, value in list(vars(holder).items()):
        if name.startswith("__") or value is before.get(name) or not _holds_traced(value):
            continue
        if isinstance(holder, type):
            setattr(holder, name, before[name]) if name in before else delattr(holder, name)
        else:
            vars(holder).update({name: before[name]}) if name in before else vars(holder).pop(name)
    return False


def _holds_traced(value: Any) -> bool:
    """Whether something traced is in a value, also in containers and objects in it."""
    from jitad.trace.dim import Dim
    from jitad.trace.tracer import Tracer

    stack, seen = [value], set()
    while stack:
        v = stack.pop()
        if type(v) in (Tracer, Dim):
            return True
        if id(v) in seen:
            continue
        seen.add(id(v))
        if isinstance(v, dict):
            stack += v.values()
        elif isinstance(v, (*_LISTS, tuple, set, frozenset)):
            stack += v
        elif is_record(v):
            stack += vars(v).values()
    return False

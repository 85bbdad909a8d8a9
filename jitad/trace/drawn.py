"""What changes by itself, random numbers, clocks, iterators, values of threads and contexts: refused, as it would stay."""

from __future__ import annotations

import contextvars
import random
import threading
import types
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np

from jitad.errors import TraceError
from jitad.trace.tracing import where

_SOURCES = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, random.Random)
_CLOCKS = {name + unit for name in ("time", "perf_counter", "monotonic", "process_time", "thread_time") for unit in ("", "_ns")}


def is_random(value: Any) -> bool:
    """Whether a value gives random numbers: a generator, a method of one, a module of such functions."""
    return (value is np.random or value is random or isinstance(value, _SOURCES)
            or (isinstance(value, (types.MethodType, types.BuiltinFunctionType)) and isinstance(value.__self__, _SOURCES))
            or (value is np.random.default_rng))


def is_of_context(value: Any) -> bool:
    """Whether a value has another content in each thread or context."""
    return isinstance(value, (contextvars.ContextVar, threading.local))


def is_clock(value: Any) -> bool:
    """Whether a value is a function that tells the time."""
    return isinstance(value, types.BuiltinFunctionType) and value.__module__ == "time" and value.__name__ in _CLOCKS


def is_iterator(value: Any) -> bool:
    """Whether a value is an iterator or generator of Python's own, which goes on at every use."""
    return isinstance(value, Iterator) and type(value).__module__ in ("builtins", "itertools")


def refuse(source: Any = None) -> NoReturn:
    """Raise: what to do instead."""
    if is_of_context(source):
        kind = "threading.local" if isinstance(source, threading.local) else "ContextVar"
        raise TraceError(f"the {kind} that a traced function reads may change without a trace of it; read it "
                         f"outside and pass the value as an argument{where()}")
    if is_clock(source):
        raise TraceError("the time that a traced function reads would be read once and then stay; read it outside and pass it as "
                         f"an argument{where()}")
    if is_iterator(source):
        raise TraceError("an iterator that a traced function goes on with would be asked once, and what it gave would stay; ask "
                         f"it outside and pass the value as an argument{where()}")
    raise TraceError(
        "random numbers in a traced function would be drawn once and then stay; draw outside and pass the numbers as an "
        f"argument{where()}")


class Drawn:
    """What stands for such a thing in a traced function; using it raises."""

    def __init__(self, source: Any):
        object.__setattr__(self, "_source", source)

    def __setattr__(self, name: str, value: Any) -> None:
        refuse(self._source)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        refuse(self._source)

    def __iter__(self) -> Any:
        refuse(self._source)

    def __next__(self) -> Any:
        refuse(self._source)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        refuse(self._source)

    def __repr__(self) -> str:
        return f"<{type(self._source).__name__}, refused while tracing>"

"""What changes by itself, random numbers and values of threads and contexts: refused, as what is found while tracing stays."""

from __future__ import annotations

import contextvars
import random
import threading
import types
from typing import Any, NoReturn

import numpy as np

from jitad.errors import TraceError
from jitad.trace.tracing import where

_SOURCES = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, random.Random)


def is_random(value: Any) -> bool:
    """Whether a value gives random numbers: a generator, a method of one, a module of such functions."""
    return (value is np.random or value is random or isinstance(value, _SOURCES)
            or (isinstance(value, (types.MethodType, types.BuiltinFunctionType)) and isinstance(value.__self__, _SOURCES))
            or (value is np.random.default_rng))


def is_of_context(value: Any) -> bool:
    """Whether a value has another content in each thread or context."""
    return isinstance(value, (contextvars.ContextVar, threading.local))


def refuse(source: Any = None) -> NoReturn:
    """Raise: what to do instead."""
    if is_of_context(source):
        kind = "threading.local" if isinstance(source, threading.local) else "ContextVar"
        raise TraceError(f"the {kind} that a traced function reads may change without a trace of it; read it "
                         f"outside and pass the value as an argument{where()}")
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

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        refuse(self._source)

    def __repr__(self) -> str:
        return f"<{type(self._source).__name__}, refused while tracing>"

"""Random numbers in traced functions: refused, since they would be drawn once, while tracing, and then stay."""

from __future__ import annotations

import random
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


def refuse() -> NoReturn:
    """Raise: what to do instead."""
    raise TraceError(
        "random numbers in a traced function would be drawn once and then stay; draw outside and pass the numbers as an "
        f"argument{where()}")


class Drawn:
    """What stands for a source of random numbers in a traced function; using it raises."""

    def __init__(self, source: Any):
        self._name = type(source).__name__

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        refuse()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        refuse()

    def __repr__(self) -> str:
        return f"<{self._name}, refused while tracing>"

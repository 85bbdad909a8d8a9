"""jitad's side: the kernel of a problem, and how long it takes to come by."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np

import jitad
from jitad import pipeline
from jitad.counters import counts
from jitad.runtime import compile as compiling
from tests.benchmarks.measure import seconds
from tests.benchmarks.problem import Problem


def transformed(problem: Problem) -> Callable:
    """The derivative of a new function."""
    f = problem.make(np)
    if problem.derivative == "hessian":
        return jitad.hessian(f)
    return jitad.hvp(f) if problem.derivative == "product" else jitad.value_and_grad(f, problem.argnums)


def kernel_call(function: Any, args: tuple) -> Callable[[], object]:
    """A call of the kernel for these arguments, through Numba's dispatcher only."""
    kernel = function.specialize(*args)
    given, njit = (*args, *kernel.captured), kernel.njit
    return lambda: njit(*given)


def forget() -> None:
    """Leave no kernel in memory."""
    pipeline._kernels.clear()
    compiling._alive.clear()


class Folder:
    """An empty folder for kernels, while it is open."""

    def __enter__(self) -> None:
        self.before, self.folder = os.environ.get("JITAD_CACHE_DIR"), tempfile.TemporaryDirectory()
        os.environ["JITAD_CACHE_DIR"] = self.folder.name

    def __exit__(self, *error: object) -> None:
        self.folder.cleanup()
        os.environ.pop("JITAD_CACHE_DIR")
        if self.before is not None:
            os.environ["JITAD_CACHE_DIR"] = self.before


def first_calls(problem: Problem, args: tuple) -> tuple[float, float, Callable]:
    """Seconds of the first call, compiling and with the kernel on disk; and the function."""
    with Folder():
        forget()
        compiled = transformed(problem)
        cold = seconds(lambda: compiled(*args))
        forget()
        loads, loaded = counts()["loads"], transformed(problem)
        warm = seconds(lambda: loaded(*args))
        assert counts()["loads"] == loads + 1
        loaded.specialize(*args)  # type: ignore[attr-defined]
    return cold, warm, loaded

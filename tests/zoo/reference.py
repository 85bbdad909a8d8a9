"""Derivatives by others, of the very same source: with `np` and SciPy's functions rebound in a second copy of the module."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import scipy.special
import scipy.stats

from jitad.tree import flatten
from tests.zoo.case import Case


def packed(value: Any) -> np.ndarray:
    """All numbers of a container, in a row."""
    return np.concatenate([np.ravel(v) for v in flatten(value)[0]]).astype(float)


def unpacked(vector: Any, like: Any) -> Any:
    """The inverse of `packed`, by slicing and reshaping only: `vector` may be traced by whoever it is."""
    def take(value: Any, at: int) -> tuple[Any, int]:
        if isinstance(value, dict):
            out = {}
            for key in value:
                out[key], at = take(value[key], at)
            return out, at
        if isinstance(value, (tuple, list)):
            items = []
            for item in value:
                new, at = take(item, at)
                items.append(new)
            return type(value)(items), at
        size = np.size(value)
        return (vector[at:at + size].reshape(np.shape(value)) if np.ndim(value) else vector[at]), at + size

    return take(like, 0)[0]


def _elsewhere(module: ModuleType, case: Case, package: str) -> Callable:
    """The function of the case in a copy of its module, in which the names of NumPy and SciPy are those of another package.

    They are rebound after the module has run, so that its data are the same.
    """
    spec = importlib.util.spec_from_file_location(f"{module.__name__}_with_{package}", module.__file__)
    copy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copy)
    copy.np = importlib.import_module(f"{package}.numpy")
    for ours in (scipy.special, scipy.stats):
        theirs = importlib.import_module(f"{package}.{ours.__name__}")
        for name, value in vars(copy).items():
            if value is getattr(ours, name, copy):
                setattr(copy, name, getattr(theirs, name, value))
    if hasattr(copy, "scipy"):
        copy.scipy = importlib.import_module(f"{package}.scipy")
    return next(c.function for c in copy.CASES if c.name == case.name)


def _of_packed(f: Callable, case: Case, numpy: Any) -> tuple[Callable, Callable]:
    """The function of one vector, and what is minimized: itself, or half the sum of its squares."""
    values = lambda v: f(*unpacked(v, case.args))
    scalar = np.ndim(case.function(*case.args)) == 0
    return values, values if scalar else lambda v: numpy.sum(values(v) ** 2) / 2


def _with_autograd(module: ModuleType, case: Case) -> tuple[Callable, Callable]:
    autograd = pytest.importorskip("autograd")
    anp = importlib.import_module("autograd.numpy")
    values, energy = _of_packed(_elsewhere(module, case, "autograd"), case, anp)
    return autograd.jacobian(values), lambda v, d: autograd.grad(lambda u: anp.dot(autograd.grad(energy)(u), d))(v)


def _with_jax(module: ModuleType, case: Case) -> tuple[Callable, Callable]:
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    values, energy = _of_packed(_elsewhere(module, case, "jax"), case, jax.numpy)
    return jax.jit(jax.jacobian(values)), jax.jit(lambda v, d: jax.jvp(jax.grad(energy), (v,), (d,))[1])


EIGHTH = np.array([4 / 5, -1 / 5, 4 / 105, -1 / 280])


def slope(f: Callable, v: np.ndarray, d: np.ndarray, h: float) -> np.ndarray:
    """Along d, by central differences of order eight: an error near 1e-12 where f varies over lengths of order one."""
    return sum(w * (f(v + k * h * d) - f(v - k * h * d)) for k, w in enumerate(EIGHTH, 1)) / h


def _with_differences(case: Case) -> tuple[Callable, None]:
    f = lambda v: np.asarray(case.function(*unpacked(v, case.args)))
    return lambda v: np.stack([slope(f, v, e, 2e-3) for e in np.eye(len(v))], axis=-1), None


def derivatives(module: ModuleType, case: Case) -> tuple[Callable, Callable | None]:
    """``jacobian(v)`` of the packed function, and ``hvp(v, d)`` of the energy, where there is one."""
    if case.reference == "differences":
        return _with_differences(case)
    return {"autograd": _with_autograd, "jax": _with_jax}[case.reference](module, case)

"""Other packages that differentiate: one call of each, for a problem."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import numpy as np

from tests.benchmarks.problem import Factory, Problem

Call = Callable[[], object]


def jitted(problem: Problem, make: Factory, args: tuple) -> tuple[Callable, list]:
    """`jax.jit` of the derivative in double precision, and its arguments."""
    import jax

    jax.config.update("jax_enable_x64", True)
    f = make(jax.numpy)
    derivative = {
        "gradient": lambda *a: jax.value_and_grad(f, problem.argnums)(*a),
        "hessian": lambda x: jax.hessian(f)(x),
        "product": lambda x, v: jax.jvp(jax.grad(f), (x,), (v,))[1],
    }[problem.derivative]
    return jax.jit(derivative), [jax.numpy.asarray(a) for a in args]


def jax(problem: Problem, make: Factory, args: tuple) -> Call:
    """Compiled."""
    import jax

    function, arrays = jitted(problem, make, args)
    return lambda: jax.block_until_ready(function(*arrays))


def torch(problem: Problem, make: Factory, args: tuple) -> Call:
    """Eager, one thread."""
    import torch

    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    f, tensors = make(torch), [torch.from_numpy(np.array(a)) for a in args]
    if problem.derivative == "hessian":
        return lambda: torch.func.hessian(f)(*tensors)
    if problem.derivative == "product":
        return lambda: torch.autograd.functional.hvp(f, *tensors)[1]
    wanted = [tensors[k].requires_grad_() for k in problem.argnums]

    def call() -> object:
        value = f(*tensors)
        return value.detach(), torch.autograd.grad(value, wanted)

    return call


def autograd(problem: Problem, make: Factory, args: tuple) -> Call:
    """Of NumPy itself."""
    import autograd
    import autograd.numpy

    f = make(autograd.numpy)
    if problem.derivative == "hessian":
        return lambda: autograd.hessian(f)(*args)
    if problem.derivative == "product":
        return lambda: autograd.hessian_vector_product(f)(*args)
    return lambda: autograd.value_and_grad(f, problem.argnums)(*args)


def casadi(problem: Problem, make: Factory, args: tuple) -> Call:
    """A function of scalars, run by CasADi's virtual machine on arrays that it is given once."""
    import casadi

    (x,) = args
    symbols = casadi.SX.sym("x", x.size)
    energy = make(casadi)(symbols)
    value, gradient = np.empty(1), np.empty_like(x)
    function = casadi.Function("f", [symbols], [energy, casadi.gradient(energy, symbols)])
    buffer, trigger = function.buffer()
    buffer.set_arg(0, memoryview(x.ravel()))
    buffer.set_res(0, memoryview(value))
    buffer.set_res(1, memoryview(gradient))

    def call() -> object:
        trigger()
        return value, gradient

    call.holds = function, buffer, x  # type: ignore[attr-defined]  # the buffer has but their addresses
    return call


TITLES = {"jax": "JAX", "torch": "PyTorch", "autograd": "autograd", "casadi": "CasADi"}
PEERS = {"jax": jax, "torch": torch, "autograd": autograd, "casadi": casadi}


def installed() -> list[str]:
    return [name for name in PEERS if importlib.util.find_spec(name) is not None]


def calls(problem: Problem, args: tuple, names: list[str]) -> dict[str, Call]:
    """Of the packages that have a spelling of this problem."""
    out = {}
    for name in names:
        make = problem.spelling(name)
        if make is not None and (name != "casadi" or name in problem.spellings):
            out[name] = PEERS[name](problem, make, args)
    return out

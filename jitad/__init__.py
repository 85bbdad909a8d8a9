"""jitad: plain NumPy in, one fused Numba kernel out: value and exact derivatives of simulation code."""

import importlib
from typing import Any

from jitad import cache, errors, implicit, integrate, lax, linalg, numpy, special, testing
from jitad.api import grad, hessian, hvp, jacfwd, jacobian, jacrev, jit, jvp, stop_gradient, value_and_grad, vjp, vmap
from jitad.callback import ShapeDtypeStruct, pure_callback
from jitad.config import disable_jit
from jitad.containers import register_pytree_node
from jitad.custom import custom_jvp, custom_vjp
from jitad.embed import extern
from jitad.loops import cond, fori_loop, map, scan, switch, while_loop
from jitad.remat import checkpoint, remat

__version__ = "0.1.0"

__all__ = ["ShapeDtypeStruct", "cache", "checkpoint", "cond", "custom_jvp", "custom_vjp", "disable_jit", "errors", "extern",
           "fori_loop", "grad", "hessian", "hvp", "implicit", "integrate", "jacfwd", "jacobian", "jacrev", "jit", "jvp", "lax",
           "linalg", "map", "numpy", "pure_callback", "register_pytree_node", "remat", "scan", "special", "stop_gradient",
           "switch", "testing", "value_and_grad", "vjp", "vmap", "while_loop"]


def __getattr__(name: str) -> Any:
    if name == "optimize":  # imports SciPy, which takes longer than all the rest
        return importlib.import_module("jitad.optimize")
    raise AttributeError(f"module 'jitad' has no attribute {name!r}")

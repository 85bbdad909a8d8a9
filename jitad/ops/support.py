"""What declarations of special functions share. SciPy is not imported until one is evaluated by the interpreter."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from jitad.ir.node import Node
from jitad.ops.arithmetic import add
from jitad.ops.leaf import constant_value, full


def scipy(name: str) -> Callable:
    """A function of scipy.special."""

    def function(*args: Any) -> Any:
        import scipy.special as module

        return getattr(module, name)(*args)

    function.__name__ = name
    return function


def mp(name: str) -> Callable:
    """A function of mpmath."""

    def function(*args: Any) -> Any:
        return getattr(sys.modules["mpmath"], name)(*args)  # only called where it is imported

    return function


def degrees(name: str) -> Callable:
    """A function of mpmath of an angle in degrees."""
    return lambda x: mp(name)(x * sys.modules["mpmath"].pi / 180)


def next_order(n: Node, k: int) -> Node:
    """n + k, in one form however it is come by: derivatives of high order share the functions they are made of."""
    value = constant_value(n)
    if value is not None:
        return full(value + k, n.dtype, n.shape)
    if n.op is add:
        before = constant_value(n.args[1])
        if before is not None:
            n, k = n.args[0], int(before) + k
    return n + float(k) if k else n

"""Calls of Python functions from inside of a kernel.

All that goes in is one row of float64, and all that comes out is another: lengths, then elements, whole numbers of 64 bits as two
numbers. There is one C function, bound by name, that all kernels call; which Python function is meant, it is told by a hidden
argument of the kernel. So a kernel on disk is right in every process.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from jitad.ir.node import Node
from jitad.ir.types import FLOAT, ArrayType
from jitad.ops.custom import everywhere, placed
from jitad.ops.declare import REGISTRY
from jitad.ops.leaf import full
from jitad.ops.routine import Routine

Row = Callable[[np.ndarray, np.ndarray], None]  # reads the first, fills the second


class Callback(Routine):
    """Rows that a Python function fills, given others.

    Arguments are what it reads, whom to call, and an array of the shape of the result.
    """

    name = "callback"

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        return args[2].type

    def operands(self, node: Node) -> tuple[Node, ...]:
        return node.args[:2]

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        given, whom, like = (np.asarray(a) for a in args)
        out = np.empty(like.shape)
        for k in range(len(out)):
            try:
                _function(*map(int, whom[k]))(np.asarray(given[k], float), out[k])
            except BaseException as error:
                _marked(error)
                raise
        return out

    def jvp(self, node: Node, *tangents: Node | None) -> Node:
        raise TypeError("a function that pure_callback calls has no derivative: state it with jitad.custom_jvp or "
                        f"jitad.custom_vjp, or take none, with jitad.stop_gradient of its arguments{placed(node)}")


def callback(given: Node, whom: Node, length: Any) -> Node:
    """The row of `length` numbers that is filled for the row `given`."""
    return REGISTRY["callback"].build((given, whom, full(0, FLOAT, (1, length))), ())


def calls_back(nodes: Sequence[Node]) -> bool:
    """Whether there is a call of a Python function below nodes, also in steps of loops and in rules."""
    return any(n.op.name == "callback" for n in everywhere(nodes))


# At run time.


class _PerThread(threading.local):
    pending: BaseException | None = None  # raised by what the kernel that is running has called


_thread = _PerThread()
_live: dict[int, Row] = {}
_numbers: Iterator[int] = itertools.count(1)
_PROCESS = int.from_bytes(os.urandom(7))  # numbers of functions are those of this process


def whom(function: Row) -> np.ndarray:
    """Whom to call: what the kernel is handed. The function lives as long as this array."""
    number = next(_numbers)
    _live[number] = function
    out = np.array([[_PROCESS, number]], np.int64)
    weakref.finalize(out, _live.pop, number, None).atexit = False
    return out


def _function(process: int, number: int) -> Row:
    found = _live.get(number) if process == _PROCESS else None
    if found is None:
        raise RuntimeError("a kernel was handed a function to call back that is gone, or of another process")
    return found


def _called(process: int, number: int, given: int, length: int, out: int, room: int) -> int:
    """What kernels call: whether the function has raised."""
    try:
        _function(process, number)(_row(given, length), _row(out, room))
    except BaseException as error:  # Ctrl-C as well: raised where the kernel was called
        _thread.pending = error
        return 1
    return 0


def _row(address: int, length: int) -> np.ndarray:
    return np.frombuffer((ctypes.c_double * length).from_address(address))


_ENTRY = ctypes.CFUNCTYPE(ctypes.c_int32, *(ctypes.c_int64,) * 6)(_called)
ADDRESS = ctypes.cast(_ENTRY, ctypes.c_void_p).value


def handing_on(function: Callable) -> Callable:
    """A kernel that calls back, with the errors of what it calls."""

    def call(*args: Any) -> Any:
        before, _thread.pending = _thread.pending, None  # of a kernel that has called what calls this one
        try:
            return function(*args)
        except RuntimeError:
            error = _thread.pending
            if error is None:
                raise
        finally:
            _thread.pending = before
        raise _marked(error)

    return call


def _marked(error: BaseException) -> BaseException:
    with contextlib.suppress(AttributeError, TypeError):
        error._jitad_called_back = True  # type: ignore[attr-defined]
    return error


def is_handed_on(error: BaseException) -> bool:
    """Whether an error is that of a function that was called back."""
    return getattr(error, "_jitad_called_back", False)

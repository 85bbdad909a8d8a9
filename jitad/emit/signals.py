"""Signals in long loops: Ctrl-C ends a kernel that takes turns.

Python notes a signal, and acts on it when its main thread runs the interpreter again, which a kernel keeps it from. So a loop
asks now and then, once in a second, whether there was one. It does so in the main thread only: no other acts on signals, and one
of Numba's must not wait for the interpreter, which the main thread may hold while it waits for that one.
"""

from __future__ import annotations

import ctypes
import os
import threading
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import extending, types
from numba.core import cgutils

intrinsic: Any = extending.intrinsic


class Interrupted(KeyboardInterrupt, Exception):
    """A kernel was ended by Ctrl-C: a KeyboardInterrupt, as compiled code may raise it."""



TURNS = 4096  # of a step that is some arithmetic: so many between two looks at the clock
_INT, _LONG = ir.IntType(32), ir.IntType(64)
_main_thread = ctypes.c_int64(-1)


def _note_main_thread() -> None:
    _main_thread.value = threading.main_thread().ident or -1


_note_main_thread()
llvm.add_symbol("jitad_main_thread", ctypes.addressof(_main_thread))
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_main_thread)


def _call(builder: ir.IRBuilder, name: str, result: ir.Type, *args: Any) -> Any:
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(result, [a.type for a in args]), name)
    return builder.call(function, args)


@intrinsic
def seconds(typingctx):  # type: ignore[no-untyped-def]
    """The time in whole seconds: a few nanoseconds to ask for."""

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        return _call(builder, "time", _LONG, ir.Constant(_LONG.as_pointer(), None)) if os.name == "posix" else _LONG(0)

    return types.int64(), codegen


@intrinsic
def interrupted(typingctx):  # type: ignore[no-untyped-def]
    """Whether there was a signal whose handler raises, as that of Ctrl-C does."""

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        out = cgutils.alloca_once_value(builder, cgutils.false_bit)
        main = cgutils.add_global_variable(builder.module, _LONG, "jitad_main_thread") if (
            "jitad_main_thread" not in builder.module.globals) else builder.module.globals["jitad_main_thread"]
        mine = _call(builder, "PyThread_get_thread_ident", _LONG)
        with builder.if_then(builder.icmp_unsigned("==", mine, builder.load(main)), likely=False):
            state = _call(builder, "PyGILState_Ensure", _INT)
            raised = builder.icmp_signed("!=", _call(builder, "PyErr_CheckSignals", _INT), _INT(0))
            with builder.if_then(raised, likely=False):
                _call(builder, "PyErr_Clear", ir.VoidType())
                builder.store(cgutils.true_bit, out)
            _call(builder, "PyGILState_Release", ir.VoidType(), state)
        return builder.load(out)

    return types.boolean(), codegen

"""Kernels as functions that compiled code of the user's may call, and that pickle as their content.

Numba pickles a dispatcher under a random name; its cache keys for a function that takes or encloses one then never match again,
and its key for a function that uses one as a global says nothing of it. Here the pickle is the content hash with all that is
needed to build the kernel, so that a function of the user's with ``cache=True`` is cached soundly if the kernel is an argument or
a closure variable; if it is found in any other way (a global, an attribute of a module), the function is not cached.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

from numba.core import ir, types
from numba.core.caching import NullCache
from numba.core.compiler_lock import global_compiler_lock
from numba.core.datamodel import models, register_default
from numba.core.dispatcher import Dispatcher
from numba.core.imputils import lower_constant
from numba.core.pythonapi import box, unbox
from numba.core.registry import CPUDispatcher
from numba.extending import NativeValue

from jitad.emit.callee import KernelCompiler


class KernelType(types.Dispatcher):
    """The type of a kernel."""

    def get_impl_key(self, sig: Any) -> Any:
        _mark_caller(self)
        return super().get_impl_key(sig)


class FoundKernelType(KernelType):
    """The type of a kernel that was found in a module: whoever calls it, with it as an argument even, is not cached."""


def _unboxed(typ: Any, obj: Any, c: Any) -> NativeValue:
    return NativeValue(obj)


def _boxed(typ: Any, value: Any, c: Any) -> Any:
    c.pyapi.incref(value)
    return value


def _constant(context: Any, builder: Any, typ: Any, value: Any) -> Any:
    frame = _innermost("lower_assign", "numba.core.lowering")
    assigned = None if frame is None else frame.f_locals.get("value")
    if not (isinstance(assigned, ir.FreeVar) and _is_in_key(value)):
        _make_uncacheable(context, builder, typ)
    return context.get_dummy_value()


for _type in (KernelType, FoundKernelType):
    register_default(_type)(models.OpaqueModel)
    unbox(_type)(_unboxed)
    box(_type)(_boxed)
    lower_constant(_type)(_constant)


def _mark_caller(typ: KernelType) -> None:
    """Keep the function that is being lowered, and calls a kernel, from the cache, unless its key contains the kernel."""
    frame = _innermost("_lower_call_normal", "numba.core.lowering")
    if frame is None:
        return  # only asked for, or a callee of the kernel's own
    lower, expression = frame.f_locals["self"], frame.f_locals["expr"]
    try:
        found = lower.func_ir.get_definition(expression.func)
    except KeyError:  # assigned more than once
        found = None
    as_argument = isinstance(found, ir.Arg) and not isinstance(typ, FoundKernelType)
    if not (as_argument or (isinstance(found, ir.FreeVar) and _is_in_key(typ.dispatcher))):
        _make_uncacheable(lower.context, lower.builder, typ)


def _is_in_key(kernel: Any) -> bool:
    """Whether the function that is being compiled is cached under a key with the kernel in it: as one of its closure variables.

    What is not cached itself marks whoever calls it.
    """
    frame = _innermost("_compile_core", "numba.core.dispatcher")  # of the function's compiler; its dispatcher called that
    while frame is not None and not isinstance(frame.f_locals.get("self"), Dispatcher):
        frame = frame.f_back
    function = None if frame is None else frame.f_locals["self"]
    if function is None or isinstance(function._cache, NullCache):
        return False
    return any(cell.cell_contents is kernel for cell in function.py_func.__closure__ or ())


def _make_uncacheable(context: Any, builder: Any, typ: KernelType) -> None:
    context.add_dynamic_addr(builder, id(typ.dispatcher), info="a kernel of jitad")
    builder.module.globals[f"numba.dynamic.globals.{id(typ.dispatcher):x}"].linkage = "weak"  # lest it be optimized away


def _innermost(function: str, module: str) -> Any:
    """The innermost frame of a method of Numba's."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == function and frame.f_globals.get("__name__") == module:
            return frame
        frame = frame.f_back
    return None


def undisturbed(work: Callable[[], Any]) -> None:
    """Do something that Ctrl-C must not interrupt.

    An exception in a callback of LLVM's is lost, and leaves a function without code: calling that is a crash. Signals
    interrupt the main thread only; so the work is done in another, and Ctrl-C interrupts the waiting for it.
    """
    if threading.current_thread() is not threading.main_thread() or global_compiler_lock._lock._is_owned():  # type: ignore[attr-defined]
        work()
        return
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    before = threading.stack_size()
    threading.stack_size(64 * 2**20)  # as much as a main thread has, on every system
    try:
        thread = threading.Thread(target=run, name="jitad-compile")
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    if failed:
        raise failed[0]


class KernelDispatcher(CPUDispatcher):
    """A kernel. It has one signature, and is compiled or loaded when it is first needed.

    Attributes
    ----------
    code : jitad.runtime.compile.Code
        What it is made of.
    """

    def __init__(self, py_func: Callable, flags: dict[str, Any], code: Any, signature: tuple):
        super().__init__(py_func, targetoptions={"nopython": True, "boundscheck": None, **flags},
                         pipeline_class=KernelCompiler)
        self.code, self.takes = code, signature
        self._type, self._found = KernelType(self), FoundKernelType(self)
        self.typingctx._remove_global(self)
        self.typingctx.insert_global(self, self._type)

    @property
    def _numba_type_(self) -> KernelType:
        return self._found if _innermost("resolve_module_constants", "numba.core.typing.context") else self._type

    def compile(self, sig: Any = None) -> Any:
        """Compile for the one signature, whatever is asked for."""
        if self._can_compile:  # type: ignore[attr-defined]
            undisturbed(lambda: super(KernelDispatcher, self).compile(self.takes))
            self.disable_compile()
        return None

    def _compile_for_args(self, *args: Any, **kws: Any) -> Any:
        self.compile()
        return self  # what Numba calls with the arguments now

    def _explain_matching_error(self, *args: Any, **kws: Any) -> None:
        given = ", ".join(str(self.typeof_pyval(a)) for a in args)
        taken = ", ".join(map(str, self.takes))
        raise TypeError(f"this kernel takes ({taken}), not ({given}): the arguments of the function flattened, C-contiguous "
                        "and of the dtypes that it was compiled for, then kernel.captured")

    def __reduce__(self) -> tuple:
        from jitad.runtime.compile import restored

        return restored, (self.code,)

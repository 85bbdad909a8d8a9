"""Kernels as functions that compiled code of the user's may call, and that pickle as their content.

Numba pickles a dispatcher under a random name; its cache keys for a function that takes or encloses one then never match again,
and its key for a function that uses one as a global says nothing of it. Here the pickle is the content hash with all that is
needed to build the kernel, so that a function of the user's with ``cache=True`` is cached soundly if the kernel is an argument or
a closure variable; if it is found in any other way (a global, an attribute of a module), the function is not cached.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from numba.core import ir, types
from numba.core.datamodel import models, register_default
from numba.core.imputils import lower_constant
from numba.core.pythonapi import box, unbox
from numba.core.registry import CPUDispatcher
from numba.extending import NativeValue


class KernelType(types.Dispatcher):
    """The type of a kernel."""

    def get_impl_key(self, sig: Any) -> Any:
        _mark_caller(self)
        return super().get_impl_key(sig)


register_default(KernelType)(models.OpaqueModel)


@unbox(KernelType)
def _unbox(typ: Any, obj: Any, c: Any) -> NativeValue:
    return NativeValue(obj)


@box(KernelType)
def _box(typ: Any, value: Any, c: Any) -> Any:
    c.pyapi.incref(value)
    return value


@lower_constant(KernelType)
def _constant(context: Any, builder: Any, typ: Any, value: Any) -> Any:
    frame = _lowering("lower_assign")
    assigned = None if frame is None else frame.f_locals.get("value")
    if not (isinstance(assigned, ir.FreeVar) and assigned.value is value):
        _make_uncacheable(context, builder, typ)
    return context.get_dummy_value()


def _mark_caller(typ: KernelType) -> None:
    """Keep the function that is being lowered, and calls a kernel, from the cache, unless its key contains the kernel."""
    frame = _lowering("_lower_call_normal")
    if frame is None:
        return  # only asked for, or a callee of the kernel's own
    lower, expression = frame.f_locals["self"], frame.f_locals["expr"]
    try:
        found = lower.func_ir.get_definition(expression.func)
    except KeyError:  # assigned more than once
        found = None
    if not isinstance(found, (ir.Arg, ir.FreeVar)):
        _make_uncacheable(lower.context, lower.builder, typ)


def _make_uncacheable(context: Any, builder: Any, typ: KernelType) -> None:
    context.add_dynamic_addr(builder, id(typ.dispatcher), info="a kernel of jitad")
    builder.module.globals[f"numba.dynamic.globals.{id(typ.dispatcher):x}"].linkage = "weak"  # lest it be optimized away


def _lowering(function: str) -> Any:
    """The innermost frame of a method of Numba's lowering."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == function and frame.f_globals.get("__name__") == "numba.core.lowering":
            return frame
        frame = frame.f_back
    return None


class KernelDispatcher(CPUDispatcher):
    """A kernel. It has one signature, and is compiled or loaded when it is first needed.

    Attributes
    ----------
    code : jitad.runtime.compile.Code
        What it is made of.
    """

    def __init__(self, py_func: Callable, flags: dict[str, Any], code: Any, signature: tuple):
        super().__init__(py_func, targetoptions={"nopython": True, "boundscheck": None, **flags})
        self.code, self.takes = code, signature
        self._type = KernelType(self)
        self.typingctx._remove_global(self)
        self.typingctx.insert_global(self, self._type)

    @property
    def _numba_type_(self) -> KernelType:
        return self._type

    def compile(self, sig: Any = None) -> Any:
        """Compile for the one signature, whatever is asked for."""
        if self._can_compile:  # type: ignore[attr-defined]
            super().compile(self.takes)
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

"""How Numba compiles kernels, and the functions that only a kernel calls.

The code of such functions is optimised and made machine code once, with the kernel's. Numba does both for every function by
itself, and then again for whatever calls it: for kernels of many functions that is most of the time they take to compile.
"""

from __future__ import annotations

import ctypes
import operator
from typing import Any

from llvmlite.binding import Linkage
from numba import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.typed_passes import NopythonRewrites
from numba.core.untyped_passes import InlineClosureLikes

OPERATORS = operator.add.__module__
COUNTING = "NRT_"  # functions of Numba's that count references: LLVM takes pairs of calls out, which it knows by these names
_NO_WRAPPER: Any = ctypes.cast(ctypes.pythonapi.PyErr_BadArgument, ctypes.c_void_p).value  # such a function, called from Python


class _Nowhere:
    """In place of the code generator: there is no machine code whose environment could be set."""

    def set_env(self, name: str, env: Any) -> None:
        pass


class _Precise(JITCodeLibrary):
    """Code without estimates: with `arcp` LLVM makes float32 ``1/sqrt(x)`` of one, which is NaN where x is zero or infinite."""

    def add_ir_module(self, ir_module: Any) -> None:
        for f in ir_module.functions:
            if f.blocks:
                set.add(f.attributes, '"reciprocal-estimates"="none"')  # its own `add` takes attributes without values only
        super().add_ir_module(ir_module)


class _Kernel(_Precise):
    """The code of a kernel, with functions of its own: which code is called may not depend on what else there is.

    Numba leaves it to the linker which of several copies of a function is called: that of the kernel, or one that was optimised
    apart, in another place, and is there only where it was compiled. They may be rounded differently.
    """

    def _optimize_final_module(self) -> None:
        for f in self._final_module.functions:
            if not f.is_declaration and f.linkage == Linkage.linkonce_odr and not f.name.startswith(COUNTING):
                f.linkage = Linkage.internal
                f.name += f".{self.name}"  # the loader would find it by its name, for whoever asks for another copy
        super()._optimize_final_module()


class _Linked(_Precise):
    """Code that is linked into that of the caller, as it was lowered."""

    @property
    def codegen(self) -> Any:
        return _Nowhere()

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        self._ensure_finalized()
        return _NO_WRAPPER


class _Function(_Linked):
    """Such code that stays a function, as it is called from many places."""

    ATTRIBUTE = "noinline"

    def add_ir_module(self, ir_module: Any) -> None:
        for f in ir_module.functions:
            if f.blocks and self.name in f.name and "alwaysinline" not in f.attributes:
                f.attributes.add(self.ATTRIBUTE)
        super().add_ir_module(ir_module)


class _Inlined(_Function):
    """Such code that is part of the one place it is called from, however long it is."""

    ATTRIBUTE = "alwaysinline"


class _Operator(types.Function):
    """The type of an operator that finds out once what it gives for some types of operands."""

    def __init__(self, known: types.Function):
        self.__dict__.update(known.__dict__)
        self._known = known
        self._found: dict[tuple, Any] = {}

    @classmethod
    def of(cls, known: types.Function) -> _Operator:
        """One that belongs to one compilation: Numba keeps the types that are made in the usual way."""
        out = object.__new__(cls)
        out.__init__(known)  # type: ignore[misc]
        return out

    def get_call_type(self, context: Any, args: Any, kws: Any) -> Any:
        key = tuple(args)
        if key not in self._found:
            self._found[key] = self._known.get_call_type(context, args, kws)
        return self._found[key]


class _Remembering:
    """A typing context with such operators: Numba asks for each of thousands of statements, to type it and to lower it."""

    def __init__(self, context: Any):
        self._context = context
        self._operators: dict[Any, _Operator] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def resolve_value_type(self, value: Any) -> Any:
        if getattr(value, "__module__", None) != OPERATORS:
            return self._context.resolve_value_type(value)
        if value not in self._operators:
            self._operators[value] = _Operator.of(self._context.resolve_value_type(value))
        return self._operators[value]


class _Remembered(Compiler):
    """Numba's compiler, for what is long and repeats itself."""

    library: type[JITCodeLibrary]

    def define_pipelines(self) -> list:
        state = self.state
        state.library = self.library(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        state.typingctx = state.targetctx.typing_context = _Remembering(state.typingctx)  # the target is one of its own
        return super().define_pipelines()


class LinkedCompiler(_Remembered):
    """The same, for functions that are inlined into kernels where LLVM finds it of use."""

    library = _Linked

    def define_pipelines(self) -> list:
        self.state.flags.no_cpython_wrapper = self.state.flags.no_cfunc_wrapper = True
        return super().define_pipelines()


class _Emitted(_Remembered):
    """The same, for code that was emitted, without what Numba looks for in code by people: a fifth of all time.

    Emitted names have one type wherever they are used, so that each is one variable; there are no functions inside of functions
    and no arithmetic of whole arrays.
    """

    def define_pipelines(self) -> list:
        self.state.flags.enable_ssa = False
        pipelines = super().define_pipelines()
        for pipeline in pipelines:
            pipeline.passes = [p for p in pipeline.passes if p[0] not in (InlineClosureLikes, NopythonRewrites)]
            pipeline.finalize()
        return pipelines


class KernelCompiler(_Emitted):
    """The same, for kernels."""

    library = _Kernel


class StepCompiler(_Emitted, LinkedCompiler):
    """The same, for emitted functions that kernels call."""


class InlinedCompiler(StepCompiler):
    """The same, for functions that are called from one place."""

    library = _Inlined


class CalleeCompiler(StepCompiler):
    """The same, for long functions that are called from many places."""

    library = _Function


def unaliased(compiler: type[StepCompiler]) -> type[StepCompiler]:
    """The same, for functions of arrays none of which lies where one lies that is written to."""

    class Unaliased(compiler):  # type: ignore[misc, valid-type]
        def define_pipelines(self) -> list:
            self.state.flags.noalias = True
            return super().define_pipelines()

    return Unaliased

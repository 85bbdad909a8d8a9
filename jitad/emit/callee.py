"""How Numba compiles kernels, and the functions that only a kernel calls.

The code of such functions is optimised and made machine code once, with the kernel's. Numba does both for every function by
itself, and then again for whatever calls it: for kernels of many functions that is most of the time they take to compile.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler


class _Nowhere:
    """In place of the code generator: there is no machine code whose environment could be set."""

    def set_env(self, name: str, env: Any) -> None:
        pass


class _Linked(JITCodeLibrary):
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
        return 0


class _Function(_Linked):
    """Such code that stays a function, as it is called from many places."""

    def add_ir_module(self, ir_module: Any) -> None:
        for f in ir_module.functions:
            if f.blocks and self.name in f.name and "alwaysinline" not in f.attributes:
                f.attributes.add("noinline")
        super().add_ir_module(ir_module)


class _Remembering:
    """A typing context that finds out once what an operator gives for some types, not for every statement, and twice."""

    def __init__(self, context: Any):
        self._context = context
        self._found: dict[tuple, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def resolve_function_type(self, func: Any, args: Any, kws: Any) -> Any:
        if kws or not isinstance(func, types.Function):
            return self._context.resolve_function_type(func, args, kws)
        key = func, tuple(args)
        if key not in self._found:
            self._found[key] = self._context.resolve_function_type(func, args, kws)
        return self._found[key]


class KernelCompiler(Compiler):
    """Numba's compiler, for what is long and repeats itself."""

    def define_pipelines(self) -> list:
        self.state.typingctx = _Remembering(self.state.typingctx)
        return super().define_pipelines()


class StepCompiler(KernelCompiler):
    """The same, for functions that are called from one place."""

    library: type[_Linked] = _Linked

    def define_pipelines(self) -> list:
        self.state.flags.no_cpython_wrapper = self.state.flags.no_cfunc_wrapper = True
        self.state.library = self.library(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        return super().define_pipelines()


class CalleeCompiler(StepCompiler):
    """The same, for functions that are called from many."""

    library = _Function

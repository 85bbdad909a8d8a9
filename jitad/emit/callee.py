"""Functions that only a kernel calls: their code is optimised and made machine code once, with the kernel's.

Numba does both for every function by itself, and then again for whatever calls it: for kernels of many functions that is most of
the time they take to compile.
"""

from __future__ import annotations

from typing import Any

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


class StepCompiler(Compiler):
    """Numba's compiler, for functions that are called from one place."""

    library: type[_Linked] = _Linked

    def define_pipelines(self) -> list:
        self.state.flags.no_cpython_wrapper = self.state.flags.no_cfunc_wrapper = True
        self.state.library = self.library(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        return super().define_pipelines()


class CalleeCompiler(StepCompiler):
    """Numba's compiler, for functions that are called from many."""

    library = _Function

"""What the compiler of emitted code takes for granted, looked at in every kernel that tests compile: see `jitad.emit.callee`.

Each name has one type wherever it is assigned, as it is one variable; no arithmetic is of whole arrays.
"""

from __future__ import annotations

from numba import typeof
from numba.core import ir, types
from numba.core.typed_passes import IRLegalization


def watch():
    """From now on, compiling a kernel in which it is otherwise is an error."""
    run = IRLegalization.run_pass

    def run_pass(self, state):
        if not state.flags.enable_ssa:
            _look(state)
        return run(self, state)

    IRLegalization.run_pass = run_pass


def _look(state):
    of = lambda name: types.unliteral(state.typemap[name])
    for block in state.func_ir.blocks.values():
        for statement in block.find_insts(ir.Assign):
            value, given = statement.value, None
            if isinstance(value, ir.Var):
                given = of(value.name)
            elif isinstance(value, ir.Const) and isinstance(value.value, (bool, int, float)):
                given = types.unliteral(typeof(value.value))
            elif isinstance(value, ir.Expr) and state.calltypes.get(value) is not None:
                given = types.unliteral(state.calltypes[value].return_type)
                arrays = value.op in ("binop", "inplace_binop", "unary") and any(
                    isinstance(of(v.name), types.Array) for v in value.list_vars())
                assert not arrays, f"arithmetic of arrays in emitted code: {statement}"
            assert given in (None, of(statement.target.name)), (
                f"a name of two types in emitted code: {statement} gives {given}, the name is {of(statement.target.name)}")

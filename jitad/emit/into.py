"""Kernels that allocate nothing: they write into arrays that the caller hands in.

For the harmonic energy of all pairs and its gradient::

    def kernel(a0, out):
        n0_0 = a0.shape[0]
        r0, memory0, = out
        if r0.shape != (n0_0,) or memory0.shape != (s2,) or overlap(r0, memory0) or overlap(r0, a0) or overlap(memory0, a0):
            raise ValueError(...)
        o0 = r0
        t0 = shaped(memory0, 0, (s1,))
        ...
        return v9
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from jitad.config import Options
from jitad.emit.cpu import Emitter
from jitad.emit.memory import laid_out, views, write_counts
from jitad.emit.path import Decision
from jitad.ir.node import Node
from jitad.lower.memory import is_computed, scratch_of, work
from jitad.lower.nest import Program
from jitad.lower.scalar import Buffer

MESSAGE = "out must be what kernel.buffers(*arguments) gives for arguments of these shapes, apart from one another and from them"


def written(program: Program) -> list[Buffer]:
    """The arrays that a kernel writes to: its results, then memory for what it needs itself, one array for each dtype."""
    return [Buffer("result", o.value.dtype, o.shape) for o in program.outputs if isinstance(o.value, Buffer)] + work(program)


def emit_into(program: Program, options: Options, path: Sequence[Decision] = ()) -> str:
    """The source of a function of the inputs and of a tuple of arrays, that returns the results that are numbers."""
    return Into(program, options, path).emit()


class Into(Emitter):
    """Writes a kernel that allocates nothing."""

    view = "shaped"  # which looks whether it lies within

    def __init__(self, program: Program, options: Options, path: Sequence[Decision] = ()):
        super().__init__(program, options, path)
        self.written = written(program)  # before rows are put together, which may take less

    def arguments(self) -> list[str]:
        return [*super().arguments(), "out"]

    def memory(self) -> None:
        outputs = [o for o in self.program.outputs if isinstance(o.value, Buffer)]
        scratch = scratch_of(self.program)
        self.results = [f"r{k}" for k in range(len(outputs))]
        names = self.results + [f"memory{k}" for k in range(len(scratch))]
        if not names:
            return
        self.take(names)
        seen: set[Buffer] = set()
        for name, out in zip(self.results, outputs, strict=True):
            b = out.value
            assert isinstance(b, Buffer)
            if b not in seen:
                seen.add(b)
                self.w.line(f"{self.e.buffer(b)} = {name}{self.reshaped(out.shape, b.shape)}")
        for name, buffers in zip(names[len(outputs):], scratch.values(), strict=True):
            self.w.all(views(name, laid_out(buffers, self.e)[0], self.e, self.view))
        self.w.all(f"clear({self.e.buffer(b)})" for b, zeroed in self.program.temporaries
                   if zeroed and not is_computed(b, self.program))
        write_counts(self.program.block, self.e, self.w)

    def take(self, names: list[str]) -> None:
        """Name the arrays that are handed in."""
        self.w.line(f"{', '.join(names)}, = out")
        wrong = [f"{name}.shape != {self.e.shape(b.shape)}" for name, b in zip(names, self.written, strict=True)]
        arrays = [self.e.buffer(b) for b in self.program.inputs if b.shape]
        wrong += [f"overlap({a}, {b})" for a, b in combinations(names, 2)] + [f"overlap({a}, {b})" for a in names for b in arrays]
        with self.w.indented(f"if {' or '.join(wrong)}:"):
            self.w.line(f"raise ValueError({MESSAGE!r})")

    def results_of(self) -> list[str]:
        seen: set[Buffer] = set()
        names = iter(self.results)
        for out in self.program.outputs:
            if isinstance(out.value, Buffer):
                name = next(names)
                if out.value in seen:  # the same again
                    self.w.line(f"{name}[...] = {self.e.buffer(out.value)}{self.reshaped(out.value.shape, out.shape)}")
                seen.add(out.value)
        return [self.e.name(o.value) for o in self.program.outputs if isinstance(o.value, Node)]

"""Kernels that allocate nothing: they write into arrays that the caller hands in.

For the harmonic energy of all pairs and its gradient::

    def kernel(a0, out):
        n0_0 = a0.shape[0]
        r0, w0, = out
        if r0.shape != (n0_0,) or w0.shape != (n0_0 + 8,) or overlap(r0, w0) or overlap(r0, a0) or overlap(w0, a0):
            raise ValueError(...)
        o0 = r0
        t0 = w0[0:n0_0 + 8]
        ...
        return v9
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from jitad.config import Options
from jitad.emit.cpu import Emitter
from jitad.emit.lanes import WIDTH
from jitad.ir import sizes
from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.ir.types import Shape
from jitad.lower.nest import Program
from jitad.lower.scalar import Buffer

MESSAGE = "out must be what kernel.buffers(*arguments) gives for arguments of these shapes, apart from one another and from them"


def written(program: Program) -> list[Buffer]:
    """The arrays that a kernel writes to: its results, then memory for what it needs itself, one array for each dtype."""
    results = [Buffer("result", o.value.dtype, o.shape) for o in program.outputs if isinstance(o.value, Buffer)]
    return results + [Buffer("work", dtype, (_room(found),)) for dtype, found in _scratch(program).items()]


def emit_into(program: Program, options: Options) -> str:
    """The source of a function of the inputs and of a tuple of arrays, that returns the results that are numbers."""
    return _Into(program, options).emit()


def _scratch(program: Program) -> dict[np.dtype, list[Buffer]]:
    results = [o.value for o in program.outputs]
    found: dict[np.dtype, list[Buffer]] = {}
    for b in [*(b for b, _ in program.temporaries), *program.packed]:
        if b not in results and b.kind != "flat":
            found.setdefault(b.dtype, []).append(b)
    return found


def _room(buffers: list[Buffer]) -> int | Size:
    """How many elements they have together."""
    room: int | Size = 0
    for b in buffers:
        room = sizes.add(room, sizes.product(_shape(b)))
    return room


def _shape(b: Buffer) -> Shape:
    return (*b.shape[:-1], sizes.add(b.shape[-1], WIDTH)) if b.padded else b.shape


class _Into(Emitter):
    def arguments(self) -> list[str]:
        return [*super().arguments(), "out"]

    def memory(self) -> None:
        outputs = [o for o in self.program.outputs if isinstance(o.value, Buffer)]
        scratch = _scratch(self.program)
        self.results = [f"r{k}" for k in range(len(outputs))]
        names = self.results + [f"w{k}" for k in range(len(scratch))]
        if not names:
            return
        self.w.line(f"{', '.join(names)}, = out")
        wrong = [f"{name}.shape != {self.e.shape(b.shape)}" for name, b in zip(names, written(self.program), strict=True)]
        arrays = [self.e.buffer(b) for b in self.program.inputs if b.shape]
        wrong += [f"overlap({a}, {b})" for a, b in combinations(names, 2)] + [f"overlap({a}, {b})" for a in names for b in arrays]
        with self.w.indented(f"if {' or '.join(wrong)}:"):
            self.w.line(f"raise ValueError({MESSAGE!r})")
        seen: set[Buffer] = set()
        for name, out in zip(self.results, outputs, strict=True):
            b = out.value
            assert isinstance(b, Buffer)
            if b not in seen:
                seen.add(b)
                self.w.line(f"{self.e.buffer(b)} = {name}{self.reshaped(out.shape, b.shape)}")
        for name, buffers in zip(names[len(outputs):], scratch.values(), strict=True):
            for k, b in enumerate(buffers):
                first, last = self.e.size(_room(buffers[:k])), self.e.size(_room(buffers[: k + 1]))
                self.w.line(f"{self.e.buffer(b)} = {name}[{first}:{last}]{self.reshaped(_shape(b)[:1], _shape(b))}")
        for buffer, zeroed in self.program.temporaries:
            if zeroed:
                self.w.line(f"{self.e.buffer(buffer)}[...] = 0")

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

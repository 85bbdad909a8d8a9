"""Loop nests as Python that Numba compiles.

For the harmonic energy of all pairs and its gradient::

    def kernel(a0):
        if not (4 < a0.shape[0]):
            raise ValueError(...)
        n0_0 = a0.shape[0]
        o0 = empty(n0_0, float64)
        v0 = 0.0
        for i0 in range(n0_0):
            v1 = a0[i0]
            v2 = 0.0
            v3 = 0.0
            for i1 in range(n0_0):
                v4 = a0[i1]
                v5 = v1 - v4
                v6 = v5 * v5
                v2 += v6
                v3 += v5
            ...
            o0[i0] = v8
            v0 += v2
        return v9, o0
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterable, Sequence
from contextlib import nullcontext

import numpy as np

from jitad.config import DEFAULT, Options
from jitad.emit.expression import Expressions, Place, literal
from jitad.emit.lane_loops import LaneLoop
from jitad.emit.list_loops import RAISE, ListLoop
from jitad.emit.memory import dtype_name, laid_out, views, write_counts
from jitad.emit.packs import Pack, packed
from jitad.emit.path import Asked, Decision
from jitad.emit.pieces import write_in_pieces
from jitad.emit.row_loops import RowLoop
from jitad.emit.runs import Run, run_in
from jitad.emit.shared import Form, Piece, names_of, share
from jitad.emit.tables import roll
from jitad.emit.whole_loops import WholeLoop
from jitad.emit.writer import Writer, require_small
from jitad.ir import sizes
from jitad.ir.node import Node
from jitad.ir.sizes import Sym
from jitad.ir.types import Shape
from jitad.lower.lists import Entries
from jitad.lower.memory import is_computed, scratch_of, whole
from jitad.lower.nest import (
    Accumulate,
    Block,
    Call,
    Check,
    Let,
    Loop,
    Measure,
    Output,
    Program,
    Repeat,
    Split,
    Step,
    Store,
    walk,
)
from jitad.lower.scalar import Buffer, load
from jitad.lower.sums import identity
from jitad.ops.arithmetic import add, multiply

NAME = "kernel"
NUMBERS = re.compile(r"\bv\d+\b")
MANY = 8  # arrays of one kind: more are no variables, which LLVM would take long to keep apart
LENGTHS = "this kernel was made for arguments of other lengths; call specialize with arguments of these"


def emit(program: Program, options: Options = DEFAULT, path: Sequence[Decision] = ()) -> str:
    """The source of a function `kernel` of the inputs that returns the outputs; of those that take a path only, if it has one."""
    return Emitter(program, options, path).emit()


class Emitter:
    """Writes one kernel."""

    def __init__(self, program: Program, options: Options, path: Sequence[Decision] = ()):
        self.program, self.options, self.asked = program, options, Asked(path)
        self.w = Writer()
        packed = {b.source: b for b in program.packed if b.kind == "packed" and not b.fixed}
        self.e = Expressions(program.scalars(), program.stored(), packed)
        self.parts: dict[tuple[Form, str], int] = {}
        self.runs = self.packs = 0
        self.pieces: list[Piece] = []  # the outermost loops

    def emit(self) -> str:
        for b in [*(b for b in self.program.packed if b.kind == "packed"), *(b for b, _ in self.program.temporaries)]:
            self.e.buffer(b)  # named in this order
        places = self._rows()
        views = self._views()
        self.w = Writer(depth=1)
        self._block(self.program.block)
        numbers = self.program.numbers
        if numbers is None:
            lines, same = share(self.w.lines, self.pieces, self.decorator)
            rolled = roll(lines, places)
        else:  # many loops: each is a function, lest compile time grow with their square
            lines, same = share(self.w.lines, self.pieces, self.decorator, every=True)
            array = self.e.buffer(numbers)
            rolled = roll(self._in_memory(lines, array), places, array)
        self.w = Writer(depth=1)
        self.memory()
        used = names_of("\n".join(rolled.lines))
        self.w.lines += [f"    {name} = {place}" for name, place in (places | views).items() if name in used]
        self._packed()
        self.w.lines += rolled.lines
        results = self.results_of()
        self.w.line(f"return {', '.join(results)}" if results else "return")
        body, head = self.w, Writer()
        with head.indented(f"def {NAME}({', '.join(self.arguments())}):"):
            self.lengths(head)
            self.asked.write(head)
            head.all(f"{name} = {value}" for name, value in self.e.size_values())
        texts = [*self.asked.helpers, *self.e.helpers.values(), *rolled.tables, *same.values(), head.text() + body.text()]
        require_small(sum(text.count("\n") for text in texts))
        return "\n".join(texts)

    def decorator(self, names: Iterable[str]) -> str:
        """What compiles a loop that is a function of what these are: an array may be a row of another one."""
        taken = set(names)
        rows = {self.e.buffer(b): p.array for b, p in self.e.places.items()}
        return self.compiled("part", apart=not self.program.in_place and taken.isdisjoint(rows[n] for n in taken & rows.keys()))

    def compiled(self, kind: str, apart: bool) -> str:
        """What compiles a function that the kernel calls; `apart` if none of its arrays lies where one lies that it writes to."""
        return f"{'exact_' if self.options.strict else ''}{kind}{'_apart' if apart else ''}"

    def _rows(self) -> dict[str, Place]:
        """Temporaries of one shape and dtype as rows of one array: where each of them lies, by name."""
        copies = {c: b for step in walk(self.program.block) if isinstance(step, Split) for b, c in step.copies}
        alone, copied = {self.program.numbers, *copies}, set(copies.values())
        kinds: dict[tuple, list[Buffer]] = {}
        for b, zeroed in self.program.temporaries:
            if b.kind == "temp" and b not in alone and not is_computed(b, self.program):
                kinds.setdefault((b.dtype, b.shape, b.padded, zeroed), []).append(b)
        made: dict[Buffer, Buffer] = {}  # the row of the first of each kind
        for kind, found in enumerate(kinds.values()):
            if len(found) > 1:
                row = made[found[0]] = dataclasses.replace(found[0], shape=(len(found), *found[0].shape), order=())
                self.e.buffers[row] = f"u{kind}"
                self.e.places |= {b: Place(f"u{kind}", k) for k, b in enumerate(found)}
                if len(found) > MANY:
                    self.e.rows |= {b: self.e.places[b] for b in found if b not in copied}
        temporaries = [(made.get(b, b), zeroed) for b, zeroed in self.program.temporaries
                       if b in made or b not in self.e.places]
        self.program = dataclasses.replace(self.program, temporaries=temporaries)
        for b, home in self.program.homes.items():
            if home in self.e.rows and b not in copied:
                self.e.rows[b] = self.e.rows[home]
            if home in self.e.places:
                self.e.places[b] = self.e.places[home]
            elif home.shape == b.shape:
                self.e.buffers[b] = self.e.buffer(home)
        return {self.e.buffer(b): place for b, place in self.e.places.items()}

    def _views(self) -> dict[str, str]:
        """Temporaries that lie in memory for several shapes: what they are there, by name."""
        names: dict[str, str] = {}
        for b, home in self.program.homes.items():
            if b.shape != home.shape:
                text = f"shaped({self.e.places.get(home) or self.e.buffer(home)}, 0, {self.e.shape(b.shape)})"
                self.e.buffers[b] = names.setdefault(text, self.e.buffer(b))
        return {name: text for text, name in names.items()}

    def _in_memory(self, lines: list[str], array: str) -> list[str]:
        """The lines with scalars as elements of an array: so they are the same for every step, but for a number."""
        found: dict[str, str] = {}
        floats = {name: node for node, name in self.e.names.items() if node.dtype == np.float64}

        def element(match: re.Match) -> str:
            name = match[0]
            return found.setdefault(name, f"{array}[{len(found)}]") if name in floats else name

        out = [NUMBERS.sub(element, line) for line in lines]
        self.e.names |= {floats[name]: text for name, text in found.items()}
        return out

    def lengths(self, w: Writer) -> None:
        """Name the lengths; refuse arguments of such that the graph is not the meaning of, as compiled callers look at none."""

        def length(s: Sym) -> str:
            return f"a{s.position}.shape[{s.axis}]"

        wrong = [f"a{b.position}.shape[{k}] != {n}" for b in self.program.inputs for k, n in enumerate(b.shape)
                 if isinstance(n, int)]
        for g in self.program.guards:
            left, right = sizes.python(g.left, length), sizes.python(g.right, length)
            wrong.append(f"{'not ' if g.truth else ''}({left} {g.op} {right})")
        if wrong:
            with w.indented(f"if {' or '.join(dict.fromkeys(wrong))}:"):
                w.line(f"raise ValueError({LENGTHS!r})")
        for symbol, name in self.e.symbols.items():
            w.line(f"{name} = a{symbol.position}.shape[{symbol.axis}]")

    def arguments(self) -> list[str]:
        """Names of the arguments."""
        return [*(f"a{b.position}" for b in self.program.inputs), *self.asked.arguments]

    def memory(self) -> None:
        """Make all arrays that are written to."""
        scratch = scratch_of(self.program)
        zeroed = [b for b, from_zero in self.program.temporaries if from_zero]
        own = {b for buffers in scratch.values() for b in buffers}
        for b, from_zero in self.program.temporaries:
            if b not in own and not is_computed(b, self.program):
                self._allocate(b, from_zero)
        copies = write_counts(self.program.block, self.e, self.w)
        for k, (dtype, buffers) in enumerate(scratch.items()):
            laid, length = laid_out(buffers, self.e, copies)
            self.w.line(f"memory{k} = memory({length}, {dtype_name(dtype)})")
            self.w.all(views(f"memory{k}", laid, self.e))
        self.w.all(f"clear({self.e.buffer(b)})" for b in zeroed if b in own)

    def _allocate(self, b: Buffer, zeroed: bool) -> None:
        shape = self.e.shape(whole(b))
        self.w.line(f"{self.e.buffer(b)} = {'zeros' if zeroed else 'empty'}({shape}, {dtype_name(b.dtype)})")

    def _packed(self) -> None:
        packed = [b for b in self.program.packed if b.kind == "packed"]
        for b in self.program.packed:
            if b.kind == "flat":
                self.w.line(f"{self.e.buffer(b)} = {self.e.buffer(b.source)}.reshape({self.e.size(b.shape[0])})")
        for b in packed:
            with self.w.indented(f"for i0 in range({self.e.size(b.shape[-1])}):"):
                for places in itertools.product(*(range(n) for n in b.shape[:-1])):  # type: ignore[arg-type]
                    there, here = (", ".join(map(str, idx)) for idx in ((*places, "i0"), ("i0", *places, *b.fixed)))
                    self.w.line(f"{self.e.buffer(b)}[{there}] = {self.e.buffer(b.source)}[{here}]")

    def _block(self, block: Block, run: Run | None = None) -> None:
        stored: dict[Node, Node] = {}  # of what this block has stored, and reads
        changed = {s.buffer for s in walk(block) if isinstance(s, Store) and s.add}
        changed |= {b for s in block.steps if isinstance(s, Repeat) for b in s.turns.written}
        for step in self._steps(block):
            if isinstance(step, Pack):
                step.write(self.w, self.e, self.packs)
                self.packs += 1
            elif isinstance(step, Let):
                if step.node in stored:
                    self.e.names[step.node] = self.e.name(stored[step.node])
                elif step.node not in self.e.fused:
                    self.w.line(f"{self.e.name(step.node)} = {self.e.code(step.node)}")
            elif isinstance(step, Store) and run is not None and step in run.stores:
                run.add(step, self.w)
            elif isinstance(step, Store):
                sign = "+=" if step.add else "="
                self.w.line(f"{self.e.element(step.buffer, step.idx)} {sign} {self.e.name(step.value)}")
                if step.value in self.e.names and step.buffer not in changed:
                    stored[load(step.buffer, step.idx)] = step.value
            elif isinstance(step, Repeat):
                self._repeat(step)
            elif isinstance(step, Measure):
                self._measure(step)
            elif isinstance(step, Call):
                arguments = [*map(self.e.buffer, (step.buffer, *step.operands)), *map(repr, step.params)]
                at_once = "_at_once" * (self.options.parallel and step.routine.startswith("product_"))
                self.w.line(f"{step.routine}{at_once}({', '.join(arguments)})")
            elif isinstance(step, Accumulate):
                self._accumulate(step)
            elif isinstance(step, Check):
                self._check(step)
            elif isinstance(step, Loop):
                start = len(self.w.lines)
                self._loop(step)
                if block is self.program.block:
                    results = tuple(map(self.e.name, step.accumulators))
                    self.pieces.append(Piece(start, len(self.w.lines), results))
            elif isinstance(step, Split):
                self._split(step)
        if block is not self.program.block:
            for node in stored:  # elsewhere it is read
                self.e.names.pop(node, None)

    def _steps(self, block: Block) -> Sequence[Step | Pack]:
        """Its steps; equal functions outside of loops several at a time."""
        if self.options.strict or block is not self.program.block:
            return block.steps
        return packed(block.steps, self.program.homes, lambda n: n in self.e.exact or n in self.e.fused)

    def _measure(self, step: Measure) -> None:
        """A length is known now: make what is as long."""
        self.w.line(f"{self.e.length(step.symbol)} = {self.e.name(step.value)}")
        measured = self.program.measured
        later = measured[measured.index(step.symbol) + 1:]
        for buffer, zeroed in self.program.temporaries:
            asked = [s for n in buffer.shape for s in sizes.computed(n)]
            if step.symbol in asked and not any(s in later for s in asked):
                self._allocate(buffer, zeroed)

    def _repeat(self, step: Repeat) -> None:
        from jitad.emit.repeat import write_turns

        write_turns(self, step, self.w)

    def _loop(self, loop: Loop) -> None:
        if loop.after:
            return LaneLoop(self.e, loop).write(self.w)
        self.turns(loop)

    def turns(self, loop: Loop, first: str = "0", end: str | None = None, step: str = "") -> None:
        """The loop itself, over ``range(first, end, step)`` or over all of it."""
        for node in loop.accumulators:
            start = literal(identity(node.params[0], node.dtype), node.dtype)  # type: ignore[arg-type]
            self.w.line(f"{self.e.name(node)} = {start}")
        with self.w.indented(f"if {self.e.name(loop.only_if)}:") if loop.only_if else nullcontext():
            self._all_turns(loop, first, end, step)

    def _all_turns(self, loop: Loop, first: str, end: str | None, step: str) -> None:
        if loop.interior is not None and not step:
            return write_in_pieces(self.w, self.e, self._block, loop, first, end)
        end = self.e.size(loop.size) if end is None else end
        if loop.in_blocks or loop.stages is not None:
            lanes = (RowLoop(self.e, loop, self.runs, self._block) if not loop.in_blocks else
                     WholeLoop(self.e, loop, self.runs) if Entries(loop).are_apart(self.program.in_place) else
                     ListLoop(self.e, loop, self.runs))
            self.runs += 1
            with lanes.around(self.w, first, end) as (first, end):
                return self._one_by_one(loop, first, end, step)
        run = None if self.options.strict else run_in(loop, self.e, self.runs)
        if run is None:
            return self._one_by_one(loop, first, end, step)
        self.runs += 1
        run.start(self.w)
        self._one_by_one(loop, first, end, step, run)
        run.finish(self.w)

    def _one_by_one(self, loop: Loop, first: str, end: str, step: str, run: Run | None = None) -> None:
        turns = ", ".join(filter(None, (first if first != "0" or step else "", end, step)))
        with self.w.indented(f"for i{loop.depth} in range({turns}):"):
            for check in loop.checks:
                wrong = (f"uint64({self.e.code(n)} + {self.e.size(check.bound)}) >= {self._limit(check)}" for n in check.reads)
                with self.w.indented(f"if {' or '.join(wrong)}:"):
                    self.w.line(RAISE)
            self._block(loop.body, run)

    def _split(self, split: Split) -> None:
        from jitad.emit.parts import write_parts

        write_parts(self, split)

    def _accumulate(self, step: Accumulate) -> None:
        self.combine(step.node, self.e.name(step.node), self.e.name(step.term))

    def combine(self, node: Node, total: str, value: str) -> None:
        """``total = total o value``."""
        kind = node.params[0]
        if kind in ("sum", "prod") and node in self.e.exact:
            self.w.line(f"{total} = {self.e.exactly(add if kind == 'sum' else multiply, node.dtype, total, value)}")
        elif kind in ("sum", "prod"):
            self.w.line(f"{total} {'+=' if kind == 'sum' else '*='} {value}")
        elif node.dtype.kind == "b":
            self.w.line(f"{total} = {total} {'|' if kind == 'max' else '&'} {value}")
        else:
            better = f"{value} {'>' if kind == 'max' else '<'} {total}"
            nan = f" or {value} != {value}" if node.dtype.kind == "f" else ""
            self.w.line(f"{total} = {value} if {better}{nan} else {total}")

    def _check(self, step: Check) -> None:
        with self.w.indented(f"if {self.e.size(step.count)} > 0 and {self.e.name(step.worst)} >= {self._limit(step)}:"):
            self.w.line(RAISE)

    def _limit(self, check: Check) -> str:
        return f"uint64({self.e.size(sizes.mul(2, check.bound))})"

    def results_of(self) -> list[str]:
        """Expressions of the results."""
        seen: set[Buffer] = set()
        return [self._result(out, seen) for out in self.program.outputs]

    def _result(self, out: Output, seen: set[Buffer]) -> str:
        if isinstance(out.value, Node):
            return self.e.name(out.value)
        text = self.e.buffer(out.value) + self.reshaped(out.value.shape, out.shape)
        if out.value in seen:
            text += ".copy()"
        seen.add(out.value)
        return text

    def reshaped(self, old: Shape, new: Shape) -> str:
        """What turns an array of one shape into another."""
        return "" if old == new else f".reshape({self.e.shape(new)})"

"""Loop nests as data: what `jitad.emit` writes, without any knowledge of graphs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from jitad.ir.graph import Guard
from jitad.ir.node import Node
from jitad.ir.sizes import Size, Steps
from jitad.ir.types import Shape
from jitad.lower.scalar import LOAD, Buffer


@dataclass(frozen=True)
class Let:
    """Compute a scalar."""

    node: Node


@dataclass(frozen=True)
class Store:
    """``buffer[idx] = value``, or ``+=`` if `add`."""

    buffer: Buffer
    idx: tuple[Node, ...]
    value: Node
    add: bool = False


@dataclass(frozen=True)
class Measure:
    """Here the value of a length is known."""

    symbol: Steps
    value: Node


@dataclass(frozen=True)
class Call:
    """Have a routine fill a buffer from others."""

    routine: str
    buffer: Buffer
    operands: tuple[Buffer, ...]
    params: tuple = ()


@dataclass(frozen=True, eq=False)
class Turns:
    """Many turns of a step that is a program of its own, see :mod:`jitad.lower.loops`."""

    step: Program
    length: int | Size | None
    """None: while the last carry is true; then they are counted."""
    reverse: bool
    lengths: tuple[Steps, ...]
    """That are computed around it, and that the step asks for."""
    count: Buffer | None
    carries: tuple[Buffer, ...]
    results: tuple[Buffer, ...]
    slices: tuple[Buffer | None, ...]
    """None for the number of the turn."""
    constants: tuple[Buffer | None, ...]
    """None for those that are numbers."""
    scratch: tuple[Buffer, ...]
    twice: bool = False
    """Whether another loop takes the same step, which then has to be the same code."""
    rows: int | Size | None = None
    """Before how many steps carries are kept at once, of a loop in stretches: see :mod:`jitad.lower.stretch`."""
    marks: tuple[tuple[Buffer, int | None] | None, ...] = ()
    """Then, of each carry, where it is kept, if it is not of every step: an array, and which row of it."""
    starts: Buffer | None = None
    """Then, the number of the last mark, and the step before which each is."""
    several: bool = False
    """Then, whether several loops go back through it: each but the first has it take all steps again."""
    whole: tuple[Buffer, ...] = ()
    """Results that are handed over as they are, if there is one turn only; all others are numbers then."""
    again: Turns | None = None
    """The loop in stretches that it goes back through: it has that take steps again."""

    @property
    def is_straight(self) -> bool:
        """Whether a step is nothing but arithmetic."""
        return all(isinstance(step, (Let, Store)) for step in self.step.block.steps)

    @property
    def kept(self) -> tuple[Buffer, ...]:
        """The arrays that are for marks alone."""
        return tuple(dict.fromkeys(b for b in (*(m[0] for m in self.marks if m is not None), self.starts) if b is not None))

    @property
    def operands(self) -> tuple[Buffer, ...]:
        """What it reads."""
        own = tuple(b for b in (*self.slices, *self.constants) if b is not None)
        return own if self.again is None else (*own, *self.again.operands, *self.again.carries, *self.again.kept)

    @property
    def written(self) -> tuple[Buffer, ...]:
        """What it writes."""
        return *self.carries, *self.results, *self.whole, *self.kept, *([] if self.count is None else [self.count])


@dataclass(frozen=True)
class Repeat:
    """Have a loop fill several buffers; `numbers` are the constants of its step that are numbers."""

    turns: Turns
    numbers: tuple[Node, ...]


@dataclass(frozen=True)
class Accumulate:
    """``node = node o value``: one term of a reduction, in the innermost place of its loop."""

    node: Node
    value: Node | None = None
    """The term, if it is not that of the node."""

    @property
    def kind(self) -> str:
        return self.node.params[0]  # type: ignore[return-value]

    @property
    def term(self) -> Node:
        """What is added."""
        return self.node.args[0] if self.value is None else self.value


@dataclass
class Loop:
    """A loop over one variable; `accumulators` start before it and have their values after it.

    It starts from 0, or, if `after`, behind the variable of the loop around it. If `in_blocks`, see :mod:`jitad.lower.lists`;
    then it may make `checks` as it goes. Its results count `only_if` this holds, see :mod:`jitad.lower.skip`.
    """

    depth: int
    size: int | Size
    accumulators: list[Node]
    body: Block
    after: bool = False
    interior: Interior | None = None
    stages: Stages | None = None
    in_blocks: bool = False
    checks: list[Check] = field(default_factory=list)
    only_if: Node | None = None


@dataclass
class Interior:
    """The same for the turns from `start` to `stop`, in which more is known: the body of the loop is for its ends only then."""

    start: int
    stop: int | Size
    body: Block


@dataclass
class Stages:
    """What a turn of a loop does, in three parts, see :mod:`jitad.lower.between`.

    `before` gives the sums `found`, of which `between` is computed in lanes; `after` needs what is `kept`. `memory` has a row of
    eight for each of these two; None if the loop has to make its own, as parts of loops that run at once have.
    """

    before: list[Step]
    found: list[Node]
    between: list[Step]
    kept: list[Node]
    after: list[Step]
    memory: Buffer | None = None

    @property
    def rows(self) -> dict[Node, int]:
        """The row of each number in memory."""
        return {n: k for k, n in enumerate(dict.fromkeys([*self.found, *self.kept]))}


@dataclass(eq=False)
class Split:
    """A loop in at most `parts` parts that may run at once, see :mod:`jitad.lower.parallel`.

    `partials` are its accumulators with an array of one element for each part, `copies` the arrays to which several parts
    add with one array for each but the first. If `interleaved`, part c takes every `parts`-th value from c on: the parts of a
    triangle are alike then. `work` is about how many scalars it computes, `copied` how many numbers one part has in its copies.
    """

    loop: Loop
    parts: int
    partials: list[tuple[Node, Buffer]]
    copies: list[tuple[Buffer, Buffer]]
    interleaved: bool
    work: int | Size
    copied: int | Size
    wrong: Buffer | None


@dataclass(frozen=True)
class Check:
    """Raise unless `count` indices all lie in ``[-bound, bound)``; `worst` is the largest of ``index + bound``, unsigned.

    Indices that count from the end are allowed, so one unsigned comparison finds both what is too low and what is too high.
    If they are what is read from a list, `reads` are those of one entry.
    """

    worst: Node
    count: int | Size
    bound: int | Size
    reads: tuple[Node, ...] = ()


Step = Let | Store | Measure | Call | Repeat | Accumulate | Loop | Split | Check


@dataclass
class Block:
    """Steps in order."""

    steps: list[Step] = field(default_factory=list)


@dataclass(frozen=True)
class Output:
    """A result: a scalar, or a buffer seen under a shape."""

    value: Node | Buffer
    shape: Shape


@dataclass
class Program:
    """A kernel: buffers to make, steps, results."""

    inputs: list[Buffer]
    packed: list[Buffer]
    temporaries: list[tuple[Buffer, bool]]  # with whether they start from zero
    block: Block
    outputs: list[Output]
    guards: tuple[Guard, ...] = ()
    numbers: Buffer | None = None
    """Memory for the scalars between the loops, if those were cut."""
    in_place: frozenset[Buffer] = frozenset()
    """Results of a step that lie where what it reads lies."""
    homes: dict[Buffer, Buffer] = field(default_factory=dict)
    """Temporaries that lie in the memory of another one, see :mod:`jitad.lower.lifetimes`."""

    @cached_property
    def measured(self) -> list[Steps]:
        """The lengths that it computes, in order."""
        return [s.symbol for s in self.block.steps if isinstance(s, Measure)]

    def scalars(self) -> list[Node]:
        """Every scalar that a step or a result mentions."""
        out = [o.value for o in self.outputs if isinstance(o.value, Node)]
        for step in walk(self.block):
            out += mentioned(step)
        return out

    def stored(self) -> list[tuple[Buffer, Node]]:
        """What is stored where."""
        return [(s.buffer, s.value) for s in walk(self.block) if isinstance(s, Store)]

    def read(self) -> set[Buffer]:
        """The arrays that steps read elements of."""
        return {s.node.params[0] for s in walk(self.block) if isinstance(s, Let) and s.node.op is LOAD}  # type: ignore[misc]

    @property
    def nests(self) -> list[Nest]:
        """The loop nests, outermost loops first; those in the step of a loop are inside of it."""
        out = []
        for step in self.block.steps:
            loop = loop_of(step)
            if loop is not None:
                out.append(Nest.of(loop))
            elif isinstance(step, Repeat):
                around = 1 if step.turns.length is None else step.turns.length
                out += [replace(n, domains=tuple((around, *d) for d in n.domains)) for n in step.turns.step.nests]
        return out


def mentioned(step: Step) -> list[Node]:
    """The scalars that a step itself mentions."""
    if isinstance(step, Store):
        return [*step.idx, step.value]
    if isinstance(step, Measure):
        return [step.value]
    if isinstance(step, Accumulate):
        return [step.node if step.value is None else step.value]
    if isinstance(step, Repeat):
        return list(step.numbers)
    return [step.worst] if isinstance(step, Check) else []


@dataclass(frozen=True)
class Nest:
    """What one outermost loop and the loops inside it do.

    Attributes
    ----------
    domains : tuple of tuple
        The lengths of the loops on each path to an innermost loop, outermost first.
    accumulators : int
        Reductions that it carries.
    statements : int
        Scalars that it computes.
    stored : tuple of tuple
        Shapes of the buffers that it writes.
    triangular : bool
        Whether an inner loop runs over j > i only, for both (i, j) and (j, i).
    """

    domains: tuple[tuple[int | Size, ...], ...]
    accumulators: int
    statements: int
    stored: tuple[Shape, ...]
    triangular: bool

    @staticmethod
    def of(loop: Loop) -> Nest:
        steps = list(walk(loop.body))
        loops = [loop, *(s for s in steps if isinstance(s, Loop))]
        stored = dict.fromkeys(s.buffer for s in steps if isinstance(s, Store))
        return Nest(
            tuple(dict.fromkeys(_paths(loop))),
            sum(len(x.accumulators) for x in loops),
            sum(isinstance(s, Let) for s in steps),
            tuple(b.shape for b in stored),
            any(x.after for x in loops),
        )

    def __str__(self) -> str:
        domains = ", ".join("(" + ", ".join(map(str, d)) + ")" for d in self.domains)
        kind = "triangular nest" if self.triangular else "nest"
        return f"{kind} over {domains}: {self.statements} statements, {self.accumulators} accumulators"


def loop_of(step: Step) -> Loop | None:
    """The loop that a step is, whole or in parts."""
    return step.loop if isinstance(step, Split) else step if isinstance(step, Loop) else None


def walk(block: Block) -> Iterator[Step]:
    """All steps, those inside loops too."""
    for step in block.steps:
        yield step
        loop = loop_of(step)
        if loop is not None:
            yield from walk(loop.body)
            if loop.interior is not None:
                yield from walk(loop.interior.body)


def _paths(loop: Loop) -> list[tuple[int | Size, ...]]:
    inner = [p for step in loop.body.steps if isinstance(step, Loop) for p in _paths(step)]
    return [(loop.size, *p) for p in inner] or [(loop.size,)]

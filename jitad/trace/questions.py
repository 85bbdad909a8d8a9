"""Truth values and integers that a traced function asks for: ``if x > 0``, ``while``, ``assert``, ``range(k)``.

A trace at top level has the actual arguments at hand, so there is an answer, and the trace goes on with it. It holds for calls in
which every question has the answer that it had then: the answers are its path. What is asked in a nested trace (of an inner
``grad``) is put in terms of the outermost arguments; inputs that stand for many values at once (in ``vmap``, in a step of
``scan``) have no answer.

Here the interpreter answers, which is a guess: it may add up a sum in another order than compiled code, and be wrong where two
numbers are equal. :mod:`jitad.paths` has a kernel answer the same questions before anything comes of it. Where the interpreter
would need much memory, which kernels do without, the kernel is asked at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from jitad.errors import ConcreteValueError, IndexRangeError, ShapeError, TraceError
from jitad.ir import sizes
from jitad.ir.evaluate import Sizer, run_nodes, with_numpy
from jitad.ir.graph import rebuild
from jitad.ir.node import Node, topological
from jitad.ir.serial import write
from jitad.ir.sizes import Size, Sym
from jitad.ir.types import BOOL, INT
from jitad.ops.arithmetic import cast
from jitad.ops.compare import absolute, less, not_equal
from jitad.ops.leaf import full
from jitad.ops.shape import reshape, retype
from jitad.trace.tracing import Trace, Traced, current, where

if TYPE_CHECKING:
    from jitad.trace.tracer import Tracer

MOST = 500  # questions on one path: a loop that never ends would be traced for ever
SMALL = 1000  # elements of what is kept while tracing
LARGE = 1_000_000  # elements of what is not computed by the interpreter
_ARGUMENT, _CAPTURED, _MANY = 1, 2, 4  # what a node depends on
INSTEAD = "write np.where(condition, a, b) or jitad.cond for a choice, and jitad.while_loop for a loop"


@dataclass(frozen=True)
class Question:
    """What was asked, the answer, and the user's line. The node is a number, of the inputs of the outermost trace."""

    node: Node
    answer: bool | int
    place: str


class Mark(NamedTuple):
    """How far the trace had come when it asked: numbers of guards, captured values and watches, and what is known of lengths."""

    guards: int
    captures: int
    watches: int
    equalities: dict[Sym, int | Size]


class Path:
    """What one trace asks, and the answers.

    Parameters
    ----------
    values : sequence
        The actual arguments.
    given : sequence of Question
        Those that have been answered: the trace asks them first.
    nodes : sequence of Node
        The inputs of the trace in which these were asked.
    answer : callable
        ``answer(path, node, mark)`` has a kernel answer.
    certain : bool
        Whether that is asked in place of every guess.
    """

    def __init__(self, values: Sequence[Any], given: Sequence[Question], nodes: Sequence[Node],
                 answer: Callable[[Path, Node, Mark], bool | int], certain: bool):
        self.values, self.given, self.nodes, self._answer, self._certain = values, given, nodes, answer, certain
        self.endless = False
        self.asked: list[Question] = []
        self.marks: list[Mark] = []
        self.root: Trace  # set when the trace begins
        self._answers: dict[Node, bool | int] = {}
        self._depends: dict[Node, int] = {}
        self._known: dict[Node, Any] = {}

    @property
    def raw(self) -> list[Node]:
        """All inputs of the trace."""
        return [*self.root.inputs, *(c.node for c in self.root.captures)]

    def depends(self, node: Node) -> int:
        """What a node depends on."""
        found = self._depends
        arguments, captured = set(self.root.inputs), {c.node for c in self.root.captures}
        for n in topological([node], stop=found.__contains__):
            found[n] = 0
            for a in n.args:
                found[n] |= found[a]
            if n.op.name == "input":
                found[n] = _ARGUMENT if n in arguments else _CAPTURED if n in captured else _MANY
        return found[node]

    def ask(self, node: Node) -> bool | int:
        """The answer; asked once."""
        if node not in self._answers:
            self._answers[node] = self._asked(node)
        return self._answers[node]

    def _asked(self, node: Node) -> bool | int:
        k, root = len(self.asked), self.root
        if k >= MOST:
            self.endless = True
            raise _refused(root, f"a traced function asked for {MOST} truth values; each is a branch of its own, and loops of "
                                 f"Python are unrolled. Write jitad.while_loop, jitad.scan or jitad.fori_loop{where()}")
        mark = Mark(len(root.guards), len(root.captures), len(root.watches), root.equalities)
        if k < len(self.given):
            self._require_same(node, self.given[k], mark)
            answer = self.given[k].answer
        elif self._certain or self._is_large(node):
            answer = self._answer(self, node, mark)
        else:
            answer = plain(node, self._value(node))
        self.asked.append(Question(node, answer, where()))
        self.marks.append(mark)
        return answer

    def _require_same(self, node: Node, given: Question, mark: Mark) -> None:
        n = self.root.arguments + mark.captures
        if node is given.node or (n <= len(self.nodes) and write(self.raw[:n], [node]) == write(self.nodes[:n], [given.node])):
            return
        raise _refused(self.root, "a traced function asked for another truth value than when it was traced before, though all "
                                  f"that it is known to depend on is unchanged{given.place}{where()}")

    def _is_large(self, node: Node) -> bool:
        value = self.root.value
        return any(math.prod(map(value, n.shape)) > LARGE for n in topological([node], stop=self._known.__contains__))

    def _value(self, node: Node) -> Any:
        root = self.root
        known = dict(zip(root.inputs, self.values, strict=True))
        known |= {c.node: np.asarray(c.value) for c in root.captures}

        def run(n: Node, args: list, size: Callable[[Any], Any]) -> Any:
            found = with_numpy(n, args, size)
            if np.size(found) <= SMALL:
                self._known[n] = found
            return found

        try:
            return run_nodes([node], known | self._known, Sizer(root.actual.__getitem__), run)[0]
        except IndexError as error:
            raise IndexRangeError(f"{error}{where()}") from None

    def forget(self) -> None:
        """Let go of all values: the trace is over."""
        self.values = ()
        self._known.clear()

    def traced(self, nodes: Sequence[Node], mark: Mark) -> Traced:
        """Nodes as a traced function of all that the trace depended on when it had come that far."""
        root = self.root
        captures = root.captures[: mark.captures]
        inputs = [*root.inputs, *(c.node for c in captures)]
        if mark.equalities:
            both = rebuild([*inputs, *nodes], size=lambda s: s if isinstance(s, int) else sizes.substitute(s, mark.equalities))
            inputs, nodes = both[: len(inputs)], both[len(inputs):]
        return Traced(tuple(inputs), tuple(nodes), tuple(root.guards[: mark.guards]), tuple(captures),
                      tuple(root.watches[: mark.watches]))


def plain(node: Node, value: Any) -> bool | int:
    """The value of a node as an answer."""
    return bool(value) if node.dtype == BOOL else int(value)


def truth(t: Tracer) -> bool:
    """The truth value of a traced array of one element."""
    node = _number(t, "the truth value")
    if node.dtype != BOOL:
        node = not_equal(node, full(0, node.dtype, ()))
    return bool(_answer(t, node, "the truth value", INSTEAD))


def integer(t: Tracer, what: str, instead: str) -> int:
    """The value of a traced number as an integer of Python's: the trace holds for this one only."""
    node = _number(t, what)
    if node.dtype.kind == "f":
        if not _answer(t, less(absolute(node), full(2.0**63, node.dtype, ())), what, instead):
            if _answer(t, not_equal(node, node), what, instead):
                raise ValueError(f"cannot convert float NaN to integer{where()}")
            raise OverflowError(f"{what}: the number is infinite, or does not fit into 64 bits{where()}")
        node = cast(node, INT)
    return int(_answer(t, node, what, instead))


def _number(t: Tracer, what: str) -> Node:
    from jitad.trace.tracer import check_alive

    node, root = check_alive(t).node, t._trace.root
    if any(root.value(n) != 1 for n in node.shape):
        raise ShapeError(f"{what} of an array of more than one element, or of none, is ambiguous: use .any() or .all(){where()}")
    for n in node.shape:
        root.concrete(n)
    return reshape(retype(node, (1,) * node.ndim), ())


def _answer(t: Tracer, node: Node, what: str, instead: str) -> bool | int:
    from jitad.trace.capture import content
    from jitad.trace.tracer import Tracer

    root = t._trace.root
    level = current()
    while level is not None and level is not root:
        node = _with(node, level.stands_for)
        level = level.parent
    path = root.path
    kinds = 0 if path is None else path.depends(node)
    if kinds & _MANY:
        raise _refused(root, f"{what} was asked for of a traced value that stands for many at once, in {_kind_of(node)}; "
                             f"{instead}{where()}")
    if path is None or not kinds & _ARGUMENT:  # known: the trace holds for the content
        return plain(node, content(Tracer(node, root), what, instead))
    return path.ask(node)


def _with(node: Node, stands_for: dict[Node, Node]) -> Node:
    """The node with what inputs stand for put in; what was put in before is remembered."""
    if not stands_for:
        return node
    for n in topological([node], stop=stands_for.__contains__):
        args = tuple(stands_for[a] for a in n.args)
        same = all(a is b for a, b in zip(args, n.args, strict=True))
        stands_for[n] = n if same else n.op.reapply(n, args, lambda s: s)
    return stands_for[node]


def _kind_of(node: Node) -> str:
    inputs = {n for n in topological([node]) if n.op.name == "input"}
    level = current()
    while level is not None:
        if level.kind and level.fresh & inputs:
            return level.kind
        level = level.parent
    return "a loop"


def _refused(root: Trace, message: str) -> TraceError:
    """An error that is raised at the end of the trace too, should the function catch it."""
    root.refused = ConcreteValueError(message)
    return root.refused

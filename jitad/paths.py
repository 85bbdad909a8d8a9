"""The paths of a function that branches: which questions lead to which trace.

A function is traced on one path at a time, and what it asked on it is answered at every call by a kernel of these questions,
compiled with ``strict=True``. That kernel is a :class:`Stage`. Each answer that differs from those of the first trace leads
elsewhere: to a trace that goes on from there, with questions of its own, or to its end. So a question is answered by one kernel
only, whoever asks, and a call comes to one trace, or to the place where one is missing.

Questions are asked together as far as that is safe: one that only the answers before it make sense of (an index that is in range
on this path) belongs to a stage of its own, which is asked if they were as expected.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jitad.config import Options
from jitad.derivation import Recording, Transform
from jitad.errors import ConcreteValueError
from jitad.ir.node import Node, topological
from jitad.ops.contract import Contract
from jitad.ops.declare import Elementwise
from jitad.ops.reduce import Reduction
from jitad.specialization import Specialization
from jitad.trace.questions import INSTEAD, Mark, Path, Question
from jitad.tree import LEAF, Tree

TOGETHER = 128  # questions of one stage
Answers = tuple["bool | int", ...]
_HARMLESS = {"input", "constant", "size_value", "iota", "tri_index", "cast", "select", "custom"}


class Stage:
    """Questions that one kernel answers.

    Attributes
    ----------
    made : Specialization
        The kernel, and what must hold for its questions to be asked.
    questions : tuple of Question
        With the answers of the first trace that asked them.
    nodes : tuple of Node
        The inputs of that trace.
    next : dict
        What comes after which answers: further stages, and specializations.
    """

    def __init__(self, made: Specialization, questions: Sequence[Question], nodes: Sequence[Node]):
        self.made, self.questions, self.nodes = made, tuple(questions), tuple(nodes)
        self.expected: Answers = tuple(q.answer for q in questions)
        self.next: dict[Answers, list[Stage | Specialization]] = {}

    def match(self, values: list) -> list | None:
        """The inputs of the kernel, if the questions would be asked of these arguments."""
        return self.made.match(values)

    def answers(self, every: list) -> Answers:
        """The answers, up to the first that is another than expected."""
        found = tuple(self.made.numbers(every))
        for k, (answer, expected) in enumerate(zip(found, self.expected, strict=True)):
            if answer != expected:
                return found[: k + 1]
        return self.expected

    def is_ready(self) -> bool:
        """Whether there is a compiled kernel on a path from here."""
        return any(f.is_ready() for found in list(self.next.values()) for f in found)

    def taken(self, answers: Answers) -> list[Question]:
        """The questions, with the answers that were found."""
        return [Question(q.node, a, q.place) for q, a in zip(self.questions, answers, strict=False)]

    def paths(self) -> Iterator[Answers]:
        """The answers on all paths from here."""
        for answers, found in list(self.next.items()):
            for f in found:
                yield from (answers + rest for rest in f.paths()) if isinstance(f, Stage) else (answers,)

    def specializations(self) -> Iterator[Specialization]:
        """Those that are reached from here."""
        for found in list(self.next.values()):
            for f in reversed(found):
                yield from f.specializations() if isinstance(f, Stage) else (f,)


Trail = tuple[tuple[Stage, Answers], ...]  # from the first question on


def stages(path: Path, answered: dict[int, Stage], options: Options) -> Iterator[Stage]:
    """The stages of what a trace was first to ask; of them are those that have answered a question, by its number."""
    seen: set[Node] = set()
    together: list[int] = []
    for k in range(len(path.given), len(path.asked)):
        new = topological([path.asked[k].node], stop=seen.__contains__)
        seen.update(new)
        if together and (k in answered or len(together) == TOGETHER or not all(map(_is_harmless, new))):
            yield stage(path, [path.asked[j] for j in together], path.marks[together[-1]], options)
            together = []
        if k in answered:
            yield answered[k]
        else:
            together.append(k)
    if together:
        yield stage(path, [path.asked[j] for j in together], path.marks[together[-1]], options)


def _is_harmless(node: Node) -> bool:
    """Whether a node can be computed of anything: it raises nothing, and comes to an end."""
    op = node.op
    moves = op.moves and op.name != "gather"  # which may be out of range
    return moves or isinstance(op, (Elementwise, Reduction, Contract)) or op.name in _HARMLESS


def stage(path: Path, questions: Sequence[Question], mark: Mark, options: Options) -> Stage:
    """The kernel of questions that a trace has asked, for a function of these options."""
    traced = path.traced([q.node for q in questions], mark)
    traced.recorded = Recording(Transform(), "a question", traced.recorded, Tree(tuple, (LEAF,) * len(questions)))
    return Stage(Specialization(traced, Options(strict=True, cache=options.cache)), questions, path.raw)


def require_few(trail: Trail, most: int, name: str) -> None:
    """Raise if a function has too many paths for another one."""
    if len(set(trail[0][0].paths())) < most:
        return
    stage, answers = trail[-1]
    question = stage.taken(answers)[-1]
    if type(question.answer) is bool:
        what, instead = "truth value", INSTEAD
    else:
        what, instead = "integer", "keep it traced (.astype(int), np.take, jitad.fori_loop), or static (static_argnums=...)"
    raise ConcreteValueError(
        f"{name} takes more than {most} paths, each of which is traced and compiled, as the {what} that it asks for here is "
        f"part of it; {instead}, or allow more: jitad.jit({name}, max_paths=...){question.place}")

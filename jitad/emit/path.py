"""What a kernel asks before it computes anything, if its graph is one path of a function that branches.

For the side on which the first element is positive::

    @exact_part
    def decide0(a0):
        v0 = a0[0]
        v1 = v0 > 0.0
        return v1

    def kernel(a0):
        d0 = decide0(a0)
        if not d0:
            raise ValueError(...)
        ...

Compiled callers call such kernels with whatever they like. Calls from Python know the path already, and need not ask again.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from jitad.emit.writer import Writer

ELSEWHERE = "this kernel was made for another path of a function that branches; call specialize with arguments that take this one"
Answers = tuple["bool | int", ...]


@dataclass(frozen=True)
class Decision:
    """A kernel that answers questions, and what it has to answer to the first of them.

    Attributes
    ----------
    source : str
        That kernel, written with ``strict=True``.
    taken : int
        The number of its arguments; the first `given` are those of the function, others are captured or constants.
    several : bool
        Whether it answers more than one question.
    """

    source: str
    taken: int
    given: int
    several: bool
    answers: Answers


class Asked:
    """The decisions in the source of a kernel: functions, further arguments, and statements."""

    def __init__(self, decisions: Sequence[Decision]):
        self.decisions = decisions
        self.helpers = [_function(d.source, f"decide{k}", f"_{k}") for k, d in enumerate(decisions)]
        self._own = [[f"b{k}_{j}" for j in range(d.taken - d.given)] for k, d in enumerate(decisions)]

    @property
    def arguments(self) -> list[str]:
        """Names of further arguments, behind those of the kernel."""
        return [name for own in self._own for name in own]

    def write(self, w: Writer) -> None:
        for k, (d, own) in enumerate(zip(self.decisions, self._own, strict=True)):
            w.line(f"d{k} = decide{k}({', '.join([*(f'a{j}' for j in range(d.given)), *own])})")
            with w.indented(f"if {' or '.join(unlike(f'd{k}', d.several, d.answers))}:"):
                w.line(f"raise ValueError({ELSEWHERE!r})")


def unlike(found: str, several: bool, answers: Answers) -> list[str]:
    """Conditions that what was found is something else."""
    return [_unlike(f"{found}[{j}]" if several else found, a) for j, a in enumerate(answers)]


def _unlike(found: str, answer: bool | int) -> str:
    return f"{found} != {answer}" if type(answer) is int else f"not {found}" if answer else found


def _function(source: str, name: str, ending: str) -> str:
    """A kernel as a function that another one calls; all that it defines is renamed, as others define the same."""
    defined: dict[str, str] = {}
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.FunctionDef) and statement.name != "kernel":
            defined[statement.name] = statement.name + ending
        elif isinstance(statement, ast.Assign):
            defined |= {t.id: t.id + ending for t in statement.targets if isinstance(t, ast.Name)}
    text = re.sub(r"\b[A-Za-z_]\w*\b", lambda m: defined.get(m[0], m[0]), source)
    return text.replace("def kernel(", f"@exact_part\ndef {name}(", 1)

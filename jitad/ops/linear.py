"""Whether a graph is linear in some of its inputs, as far as that can be read off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jitad.ir.body import Body
from jitad.ir.node import Node, topological
from jitad.ir.types import is_float
from jitad.ops.leaf import value_of
from jitad.ops.scan import arguments, loop_of

LINEAR, AFFINE, UNKNOWN = "linear", "affine", "unknown"


def linearity(outputs: Sequence[Node], inputs: Iterable[Node]) -> str:
    """`LINEAR`, if the outputs surely are so in the inputs; `AFFINE`, if something is added that does not depend on these."""
    depends, zeros = set(inputs), _Zeros()
    for n in topological(outputs, stop=depends.__contains__):
        has = [a in depends for a in n.args]
        if any(has) and not (n.op.name == "scan" and not _moves(n, has)):
            depends.add(n)
            found = _of(n, has, zeros)
            if found is not LINEAR:
                return found
    return LINEAR if all(o in depends or zeros.has(o) for o in outputs) else AFFINE


def _of(n: Node, has: list[bool], zeros: _Zeros) -> str:
    """What an op makes of arguments of which it is linear in those that are marked."""
    name = n.op.name
    if not is_float(n.dtype) or name in ("custom", "pulled"):
        return UNKNOWN
    if name == "scan":
        return _of_loop(n, has, zeros)
    if name == "multiply" or n.op.bilinear:
        return LINEAR if sum(has) == 1 else UNKNOWN
    if name == "divide":
        return UNKNOWN if has[1] else LINEAR
    places = _places(n)
    if not all(k in places for k, h in enumerate(has) if h):
        return UNKNOWN
    return LINEAR if all(has[k] or zeros.has(n.args[k]) for k in places) else AFFINE


def _of_loop(n: Node, has: list[bool], zeros: _Zeros) -> str:
    """An output of a loop is linear if the step is, in what is handed to it and in the carries that move this output."""
    body, args = loop_of(n).body, arguments(n)
    if any(has[len(args):]):
        return UNKNOWN
    needed = _needed(n)
    outputs = [body.outputs[k] for k in sorted(needed)]
    moving = _moving(body, has)
    reached = reached_from(moving, outputs)
    found = linearity([o for o in outputs if o in reached], moving)
    starts = all(has[k] or zeros.has(args[k]) for k in needed if k < body.carries and body.inputs[k] in moving)
    return found if starts or found == UNKNOWN else AFFINE


def _needed(n: Node) -> set[int]:
    """The outputs of the step that this one of a loop comes from: itself, and carries."""
    body, which = loop_of(n).body, n.params[3]
    found = {which - len(body.outputs) if which >= len(body.outputs) else which}  # type: ignore[operator]
    if loop_of(n).length is None:
        found.add(body.carries - 1)
    while True:
        used = set(topological([body.outputs[k] for k in found]))  # type: ignore[index]
        more = {k for k in range(body.carries) if body.inputs[k] in used} - found
        if not more:
            return found  # type: ignore[return-value]
        found |= more


def _moves(n: Node, has: list[bool]) -> bool:
    """Whether this output of a loop depends on the arguments that are marked; others may, where it does not."""
    body, which = loop_of(n).body, n.params[3]
    if any(has[len(arguments(n)):]):
        return True
    moving = _moving(body, has)
    if which >= len(body.outputs):  # type: ignore[operator]
        return loop_of(n).length is not None and body.inputs[which - len(body.outputs)] in moving  # type: ignore[operator]
    if loop_of(n).length is None and body.inputs[body.carries - 1] in moving:  # so do the steps that it takes
        return True
    return body.outputs[which] in reached_from(moving, body.outputs)  # type: ignore[index]


def _moving(body: Body, has: list[bool]) -> set[Node]:
    """The inputs of a step that depend on the arguments that are marked, carries also after some steps."""
    moving = {i for i, h in zip(body.inputs, has, strict=False) if h}
    while True:
        reached = reached_from(moving, body.outputs)
        more = {i for i, o in zip(body.inputs[: body.carries], body.outputs, strict=False) if o in reached} - moving
        if not more:
            return moving
        moving |= more


def reached_from(inputs: Iterable[Node], outputs: Sequence[Node]) -> set[Node]:
    """The nodes below outputs that depend on inputs; outputs of a loop, whether they do by themselves."""
    found = set(inputs)
    for n in topological(outputs):
        has = [a in found for a in n.args]
        if any(has) and not (n.op.name == "scan" and not _moves(n, has)):
            found.add(n)
    return found


def _places(n: Node) -> tuple[int, ...]:
    return (1, 2) if n.op.name == "select" else (0,) if n.op.name == "divide" else n.op.linear_in(n)


class _Zeros:
    """Nodes that are zero as written: times something, moved, summed."""

    def __init__(self) -> None:
        self._known: dict[Node, bool] = {}

    def has(self, node: Node) -> bool:
        for n in topological([node], stop=self._known.__contains__):
            inner = [self._known[a] for a in n.args]
            if n.op.name == "multiply" or n.op.bilinear:
                self._known[n] = any(inner)
            elif n.op.name == "constant":
                self._known[n] = bool(value_of(n) == 0)
            else:
                places = _places(n)
                self._known[n] = bool(places) and all(inner[k] for k in places)
        return self._known[node]

"""Values with a derivative that is stated, not followed: how they were computed does not matter.

What states it is a function of jitad's own (:func:`rule`), or a graph, recorded of a function of the user's (:class:`Recorded`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jitad.ir.body import Body
from jitad.ir.node import Node, topological
from jitad.ir.serial import Numbers
from jitad.ir.sizes import Steps
from jitad.ir.types import ArrayType, is_float
from jitad.ops.declare import REGISTRY, AtRule, Op, Scalar, SizeMap
from jitad.ops.routine import Repeated

Rule = Callable[..., "Node | None"]
RULES: dict[str, Rule] = {}


def rule(function: Rule) -> Rule:
    """Name a derivative: ``rule(out, x, tangent of x, ...)``, the tangents None where there are none.

    It gives the tangent of `out`, linear in the tangents. The first axis of all only repeats.
    """
    RULES[function.__name__] = function
    return function


@dataclass(frozen=True)
class Recorded:
    """A derivative as a closed graph.

    It takes the arguments, then tangents of those that are floats (`reverse`: cotangents of the results that are), then what
    else it uses. It gives the results, and then the tangents of those that are numbered in `moved` (`reverse`: the cotangents of
    the arguments that are).

    Attributes
    ----------
    arguments, results : int
        How many of each there are.
    around : int
        How many values the function itself takes from around it: in these no derivative is stated.
    linear : bool
        Whether it is known to be linear in the tangents or cotangents.
    order : int
        Of what order derivatives are taken, at most: functions that the rule calls know those of one order less.
    name : str
        The function, for messages.
    """

    body: Body
    arguments: int
    results: int
    around: int
    moved: tuple[int, ...]
    reverse: bool
    linear: bool
    order: int
    name: str

    @property
    def lengths(self) -> tuple[Steps, ...]:
        """Those that are computed around it."""
        return self.body.lengths

    @property
    def written(self) -> tuple:
        """It as plain data."""
        return *self.body.written, *self._told()

    def written_in(self, numbers: Numbers) -> tuple:
        """It as plain data, as a part of graphs with these numbers."""
        return *self.body.written_in(numbers), *self._told()

    def _told(self) -> tuple:
        return self.arguments, self.results, self.around, self.moved, self.reverse, self.linear, self.order

    @property
    def floats(self) -> list[int]:
        """The numbers of the arguments that have a tangent."""
        return [k for k in range(self.arguments) if is_float(self.body.inputs[k].dtype)]

    @property
    def seeds(self) -> tuple[Node, ...]:
        """The inputs that are tangents or cotangents."""
        given = self.body.outputs[: self.results] if self.reverse else self.body.inputs[: self.arguments]
        return self.body.inputs[self.arguments : self.arguments + sum(is_float(n.dtype) for n in given)]

    @property
    def others(self) -> tuple[Node, ...]:
        """The inputs that stand for what else the rule uses."""
        return self.body.inputs[self.arguments + len(self.seeds):]

    def resized(self, size: SizeMap) -> Recorded:
        """The same with lengths mapped."""
        return replace(self, body=self.body.resized(size))

    def __str__(self) -> str:
        return f"rule of {self.name}"


def recorded(node: Node) -> bool:
    """Whether the derivative of a node is stated by a graph."""
    return node.op.name == "custom" and isinstance(node.params[0], Recorded)


class Custom(Repeated):
    """out = the first argument; its derivative in the others is the rule's, and none is taken in the first.

    Parameters are the name of a rule; or what was recorded of one, which of its results this is, and a number that tells calls
    apart where that matters. Arguments then are those of the function, what it takes from around it, and what the rule does.
    """

    name = "custom"

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        return args[0].type

    def reapply(self, node: Node, args: tuple[Node, ...], size: SizeMap) -> Node:
        params = (node.params[0].resized(size), *node.params[1:]) if recorded(node) else node.params
        return self.build(args, params)

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        return args[0]

    def jvp(self, node: Node, *tangents: Node | None) -> Node | None:
        pairs = [p for pair in zip(node.args[1:], tangents[1:], strict=True) for p in pair]
        return RULES[node.params[0]](node, *pairs)  # type: ignore[index]

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        return (yield node.args[0], idx)


class Pulled(Op):
    """The tangent of a result of which only the transpose is known: a rule that gives cotangents.

    It stands in linear graphs until these are transposed. Arguments are tangents, those of the function, and what the rule uses.
    """

    name = "pulled"

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        return params[0].body.outputs[params[1]].type

    def reapply(self, node: Node, args: tuple[Node, ...], size: SizeMap) -> Node:
        return self.build(args, (node.params[0].resized(size), *node.params[1:]))

    def linear_in(self, node: Node) -> tuple[int, ...]:
        return tuple(range(len(node.params[0].floats)))

    def jvp(self, node: Node, *tangents: Node | None) -> Node:
        from jitad.ops.shape import zeros

        count = len(node.params[0].floats)
        if any(t is not None for t in tangents[count:]):
            raise refusal(node)
        moved = [zeros(a) if t is None else t for a, t in zip(node.args[:count], tangents, strict=False)]
        return self.build((*moved, *node.args[count:]), node.params)

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        raise refusal(node)

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        raise refusal(node)
        yield


def everywhere(nodes: Sequence[Node]) -> Iterator[Node]:
    """All nodes below some, also in steps of loops and in rules."""
    seen: set[Body] = set()
    stack = [list(nodes)]
    while stack:
        for n in topological(stack.pop()):
            yield n
            for p in n.params:
                body = p.body if isinstance(p, Recorded) else p
                if isinstance(body, Body) and body not in seen:
                    seen.add(body)
                    stack.append([*body.outputs])


def refusal(node: Node) -> TypeError:
    """The error that says that there is no forward mode."""
    return TypeError(
        f"forward-mode differentiation (jvp, jacfwd, hessian) of the custom_vjp function {node.params[0].name}: its rule gives "
        "cotangents only. Use grad, vjp or jacrev (for second derivatives jacrev(grad(f))), or write the rule for "
        f"custom_jvp{placed(node)}")


def placed(node: Node) -> str:
    """The user's place where a node was made, to end a message with."""
    return f"\n  at {node.origin[0]}, line {node.origin[1]}" if node.origin else ""


def custom(rule: Rule, value: Node, *args: Node) -> Node:
    """`value`, as a function of `args` with the derivative that the rule gives."""
    return REGISTRY["custom"].build((value, *args), (rule.__name__,))


def stating(rule: Recorded, which: int, call: int, value: Node, args: Sequence[Node]) -> Node:
    """`value`, one result of a function, with the derivative that was recorded; see :class:`Custom` for `args`."""
    return REGISTRY["custom"].build((value, *args), (rule, which, call))


@rule
def no_derivative(out: Node) -> None:
    """A constant, to derivatives."""


def stopped(x: Node) -> Node:
    """`x`, of which no derivative is taken."""
    return custom(no_derivative, x)

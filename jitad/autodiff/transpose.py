"""Reverse mode: a linear graph turned around."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jitad.autodiff.zeros import Linear, both, masked, moved, plus, reduced, scale
from jitad.ir.node import Node, topological
from jitad.ir.types import INT
from jitad.ops.arithmetic import cast
from jitad.ops.compare import greater, logical_not
from jitad.ops.custom import placed, recorded
from jitad.ops.index import scatter_add
from jitad.ops.leaf import full
from jitad.ops.reduce import reduce_sum
from jitad.ops.scan import arguments, together
from jitad.ops.shape import broadcast
from jitad.ops.shape import transpose as permute


def transpose(outputs: Sequence[Node], inputs: Sequence[Node], cts: Mapping[Node, Linear]) -> list[Linear | None]:
    """Cotangents of `inputs`, given those of `outputs`, which are linear in the inputs.

    Parameters
    ----------
    outputs, inputs : sequences of Node
        A linear program, as :func:`jitad.autodiff.linearize.linearize` makes it.
    cts : mapping of Node to Linear
        Cotangents of the outputs; outputs without one do not count.

    Returns
    -------
    list of Linear or None
        None where nothing reaches the input.
    """
    order, loops = together(topological(outputs))
    depends = set(inputs)
    for node in order:
        if not depends.isdisjoint(node.args):
            depends.add(node)
    known: dict[Node, Linear | None] = dict(cts)
    wanted = set(inputs)
    for node in reversed(order):
        if node in loops and node is loops[node][0] and not depends.isdisjoint(loops[node]):
            back_of = _of_loop if node.op.name == "scan" else _of_call
            for a, back in back_of(loops[node], known, depends):
                known[a] = plus(known.get(a), back)
        ct = None if node in loops else known.get(node)
        if ct is None or node not in depends or node in wanted:
            continue
        for a, c in zip(node.args, _cotangents(node, ct, [a in depends for a in node.args]), strict=True):
            if c is not None:
                known[a] = plus(known.get(a), c)
    return [known.get(i) for i in inputs]


def _of_loop(nodes: list[Node], known: Mapping[Node, Linear | None], depends: set[Node]) -> list[tuple[Node, Linear]]:
    """Cotangents of the arguments of a loop, given those of its outputs: all at once, as it is one loop back."""
    from jitad.autodiff.loops import transposed

    cts = [(n, ct) for n in nodes if (ct := known.get(n)) is not None]
    if not cts:
        return []
    args = nodes[0].args
    if not depends.isdisjoint(args[len(arguments(nodes[0])):]):
        raise _not_linear("a loop whose length depends on", nodes[0])
    pieces = transposed([n for n, _ in cts], [masked(ct.node, ct.support) for _, ct in cts], [a in depends for a in args])
    return [(a, Linear(c)) for a, c in zip(args, pieces, strict=True) if c is not None and a in depends]


def _of_call(nodes: list[Node], known: Mapping[Node, Linear | None], depends: set[Node]) -> list[tuple[Node, Linear]]:
    """Cotangents of what goes into a call whose rule gives them: all at once, as the rule may be no linear one."""
    from jitad.autodiff.custom import transposed

    cts = [(n, ct) for n in nodes if (ct := known.get(n)) is not None]
    if not cts:
        return []
    pieces = transposed([n for n, _ in cts], [ct for _, ct in cts])
    return [(a, c) for a, c in zip(nodes[0].args, pieces, strict=False) if c is not None and a in depends]


def _cotangents(node: Node, ct: Linear, linear: list[bool]) -> Sequence[Linear | None]:
    op = node.op
    if op.name == "multiply":
        x, y = node.args
        if all(linear):
            raise _not_linear("a product of two", node)
        return [scale(y, ct) if linear[0] else None, scale(x, ct) if linear[1] else None]
    if op.name == "divide":
        if linear[1]:
            raise _not_linear("division by", node)
        return [scale(1.0 / node.args[1], ct), None]  # type: ignore[operator]
    if op.name == "select":
        p = node.args[0]
        if linear[0]:
            raise _not_linear("a choice by", node)
        pieces = op.transpose(node, ct.node, linear)
        supports = [None, both(p, ct.support), both(logical_not(p), ct.support)]
        return [None if c is None else Linear(c, s) for c, s in zip(pieces, supports, strict=True)]
    if op.name == "contract" and ct.support is not None:
        return [_contracted(node, k, ct) if use else None for k, use in enumerate(linear)]
    if recorded(node):  # a rule that has used another function with a rule for its tangents
        return [ct if linear[0] else None, *(None for _ in node.args[1:])]
    if not op.bilinear and not set(op.linear_in(node)).issuperset(k for k, has in enumerate(linear) if has):
        raise _not_linear(f"{op.name} applied to", node)
    pieces = op.transpose(node, ct.node, linear)
    return [None if c is None else Linear(c, _support(node, k, ct)) for k, c in enumerate(pieces)]


def _not_linear(what: str, node: Node) -> TypeError:
    return TypeError(f"{what} tangents: a rule given to defjvp has to be linear in its tangents, as derivatives in reverse mode "
                     f"are made of it{placed(node)}")


def _contracted(node: Node, k: int, ct: Linear) -> Linear:
    """The cotangent of one factor of a contraction, the other one used under the support only."""
    mine, other, out = node.params[k], node.params[1 - k], node.params[2]
    size = dict(zip((*mine, *other), (*node.args[k].shape, *node.args[1 - k].shape), strict=True))
    labels = (*mine, *(label for label in dict.fromkeys((*out, *other)) if label not in mine))
    shape = tuple(size[label] for label in labels)

    def spread(x: Node, names: tuple) -> Node:
        places = [labels.index(label) for label in names]
        order = sorted(range(len(places)), key=places.__getitem__)
        return broadcast(permute(x, tuple(order)), shape, tuple(sorted(places)))

    assert ct.support is not None
    found = scale(spread(node.args[1 - k], other), Linear(spread(ct.node, out), spread(ct.support, out)))
    axes = tuple(range(len(mine), len(labels)))
    return Linear(reduce_sum(found.node, axes), reduced(found.support, axes))


def _support(node: Node, k: int, ct: Linear) -> Node | None:
    """The support that an argument's cotangent inherits."""
    if ct.support is None:
        return None
    name = node.op.name
    if name in ("add", "subtract", "negative", "cast"):
        return ct.support
    if name == "broadcast":  # its transpose is a sum
        return reduced(ct.support, tuple(a for a in range(node.ndim) if a not in node.params[1]))
    if name == "sum":
        return node.op.spread(node, ct.support)  # type: ignore[attr-defined]
    if name == "gather":  # where something that may differ from zero is added
        index, target = list(node.args[1:]), node.args[0].shape
        return greater(scatter_add(cast(ct.support, INT), index, target), full(0, INT, target))
    if name == "scatter_add":
        return node.op.transpose(node, ct.support, [True] * len(node.args))[k]
    return moved(ct.support, node, lambda s: node.op.transpose(node, s, [True] * len(node.args))[k])  # type: ignore

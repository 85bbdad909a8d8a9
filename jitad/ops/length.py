"""Lengths that are computed: of what a loop stores that takes as many turns as some integer says."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from jitad.errors import InternalError
from jitad.ir.node import Node
from jitad.ir.sizes import Size, Steps, Sym, as_symbol, computed
from jitad.ir.types import INT, ArrayType
from jitad.ops.declare import REGISTRY, AtRule, Op, Scalar

_serials = itertools.count()
_symbols: weakref.WeakValueDictionary[Node, Steps] = weakref.WeakValueDictionary()


class Sequential(Exception):
    """Raised where rows of a batch would be arrays of different lengths: they have to be taken one after the other."""


class Length(Op):
    """An integer that is a length from here on."""

    name = "length"
    linear = ()

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        if args[0].type != ArrayType(INT, ()):
            raise InternalError(f"a length is an integer, not {args[0].type}")
        return args[0].type

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        size.lengths[node] = int(args[0])  # type: ignore[attr-defined]
        return args[0]

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        return (yield node.args[0], ())

    def renamed(self, old: Node, new: Node) -> dict[Sym, int | Size]:
        """What the symbol of one is, once it is the other."""
        return {as_symbol(size_of(old)): size_of(new)}  # type: ignore[dict-item]

    def batch(self, node: Node, args: tuple[Node, ...], batched: Sequence[bool], size: int | Size) -> Node:
        raise Sequential


def as_length(count: Node) -> Node:
    """An integer that is not negative, as a length."""
    return REGISTRY["length"].build((count,), ())


def size_of(node: Node) -> Size:
    """What a node of op ``length`` stands for."""
    symbol = _symbols.get(node)
    if symbol is None:
        symbol = _symbols[node] = Steps(next(_serials), node)
    return Size({((symbol, 1),): 1})


def computed_by(size: int | Size | None) -> Node | None:
    """The node of op ``length`` that a size is made of, if there is one."""
    found = [] if size is None else computed(size)
    return found[0].node if found else None

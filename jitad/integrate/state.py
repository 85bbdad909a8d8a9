"""What is integrated: the leaves of a container, and functions of the user's on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitad.errors import DTypeError, ShapeError
from jitad.ir.types import FLOAT, show_shape
from jitad.ops.arithmetic import cast
from jitad.ops.shape import concatenate, expand, retype
from jitad.trace.tracer import Tracer, as_tracer, promote, wrap
from jitad.trace.tracing import current, where
from jitad.tree import Tree, flatten, flatten_like, unflatten


class State:
    """How a container is taken apart: `leaves` are its numbers as floats that are traced.

    Parameters
    ----------
    value : container of array_like
    what : str
        What messages call it.
    """

    def __init__(self, value: Any, what: str):
        found, self.tree = flatten(value)
        self.what, self.leaves = what, [_real(v, what) for v in found]
        if not found:
            raise ValueError(f"{what} holds no numbers{where()}")

    def container(self, leaves: Sequence[Any]) -> Any:
        """The container with other leaves."""
        return unflatten(self.tree, leaves)

    def like(self, value: Any, what: str, plain: bool = False) -> list[Tracer]:
        """The leaves of something that belongs to it, each of the shape of its own.

        Where the container is one array, lists of numbers count as one, too. If `plain`, so does a number in place of all.
        """
        if self.tree.kind == "leaf" and not isinstance(value, dict):
            value = as_tracer(value)
        if plain and flatten(value)[1].kind == "leaf" and not np.ndim(value):
            return [as_tracer(value)] * len(self.leaves)
        found, tree = flatten_like(value, self.tree)
        if tree != self.tree:
            raise TypeError(f"{what} has to be a container as {self.what} is, {_shown(self.tree)}, not {_shown(tree)}{where()}")
        return [as_tracer(v) for v in found]

    def same_shapes(self, value: Any, what: str) -> list[Tracer]:
        """The leaves of something of the same container and shapes."""
        out = []
        for new, old in zip(self.like(value, what), self.leaves, strict=True):
            trace = current()
            assert trace is not None
            a, b = new.node, old.node
            if a.ndim != b.ndim or not all(map(trace.same_size, a.shape, b.shape)):
                shapes = [show_shape(tuple(map(trace.value, n.shape))) for n in (b, a)]
                raise ShapeError(f"{what} has to have the shape of {self.what}, {shapes[0]}, not {shapes[1]}{where()}")
            out.append(wrap(retype(a, b.shape), new.weak))
        return out


def _shown(tree: Tree) -> str:
    return "an array" if tree.kind == "leaf" else str(tree)


def _real(value: Any, what: str) -> Tracer:
    found = as_tracer(value)
    if found.node.dtype.kind == "b":
        raise DTypeError(f"{what} is made of floats, but a part of it is of dtype bool{where()}")
    return found if found.node.dtype.kind == "f" else wrap(cast(found.node, FLOAT), found.weak)


def function(fn: Any, name: str) -> Callable:
    """What is called, if it can be."""
    if not callable(fn):
        raise TypeError(f"{name} takes a function first, not a {type(fn).__name__}{where()}")
    return fn


def path(rows: Sequence[Tracer], end: Sequence[Tracer]) -> list[Tracer]:
    """What was before each step, and behind it what is after the last, along the first axis.

    That is what reverse mode keeps anyway; and what is asked of the end goes the short way.
    """
    out = []
    for many, one in zip(rows, end, strict=True):
        first, last = promote(many, one)
        out.append(wrap(concatenate([first, expand(retype(last, first.shape[1:]), 0)], 0)))
    return out

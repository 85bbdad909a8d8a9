"""Containers: tuples, lists, dicts, namedtuples and None, and others of the user's, taken apart and put together again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from jitad import containers


@dataclass(frozen=True)
class Tree:
    """The shape of a container. `kind` is ``leaf``, ``none``, ``static``, ``dict`` or a type.

    `keys` are a dict's, in its order; what is static; or what a class of the user's needs besides its children.
    """

    kind: Any
    children: tuple[Tree, ...] = ()
    keys: Any = ()

    @property
    def leaves(self) -> int:
        """The number of leaves."""
        return 1 if self.kind == "leaf" else sum(c.leaves for c in self.children)

    def __str__(self) -> str:
        if self.kind in ("leaf", "none"):
            return "*" if self.kind == "leaf" else "None"
        if self.kind == "static":
            return repr(containers.value_of(self.keys))
        if self.kind == "dict":
            return "{" + ", ".join(f"{k!r}: {c}" for k, c in zip(self.keys, self.children, strict=True)) + "}"
        inner = ", ".join(map(str, self.children))
        if self.kind is list:
            return f"[{inner}]"
        return f"({inner})" if self.kind is tuple else f"{self.kind.__name__}({inner})"


LEAF, NONE = Tree("leaf"), Tree("none")
LEAVES: set[type] = {np.ndarray, float, int, bool, np.float64, np.float32, np.int64}  # surely; others may be


def flatten(value: Any) -> tuple[list, Tree]:
    """The leaves of a container, in order, and its shape."""
    leaves: list = []

    def visit(v: Any) -> Tree:
        if v is None:
            return NONE
        kind = type(v)
        if kind in LEAVES:
            leaves.append(v)
            return LEAF
        if kind is dict:
            return Tree("dict", tuple([visit(c) for c in v.values()]), tuple(v))
        if kind is list or kind is tuple or is_namedtuple(kind):
            return Tree(kind, tuple([visit(c) for c in v]))
        found = containers.taken_apart(v) if kind is not containers.Static else None
        if found is not None:
            cls, children, aux = found
            return Tree(cls, tuple([visit(c) for c in children]), aux)
        fixed = containers.static(v)
        if fixed is not None:
            return Tree("static", (), fixed)
        leaves.append(v)
        return LEAF

    try:
        return leaves, visit(value)
    except RecursionError:
        raise TypeError("a container among the arguments or results contains itself, or is nested too deeply") from None


def unflatten(
    tree: Tree, leaves: Iterable, handed: Callable[[containers.Static], Any] = containers.value_of,
    standing: Callable[[Any], Any] = lambda made: made,
) -> Any:
    """The container of that shape with these leaves.

    `handed` gives what stands for what is static, `standing` what stands for a container of a class of the user's.
    """
    source = iter(leaves)

    def build(t: Tree) -> Any:
        if t.kind == "leaf":
            return next(source)
        if t.kind == "none":
            return None
        if t.kind == "static":
            return handed(t.keys)
        children = [build(c) for c in t.children]
        if t.kind == "dict":
            return dict(zip(t.keys, children, strict=True))
        if t.kind in (list, tuple):
            return t.kind(children)
        return t.kind._make(children) if is_namedtuple(t.kind) else standing(containers.put_together(t.kind, t.keys, children))

    return build(tree)


def is_namedtuple(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")


def statics(tree: Tree) -> list[containers.Static]:
    """What in a container is static."""
    return [tree.keys] if tree.kind == "static" else [s for c in tree.children for s in statics(c)]


def flatten_like(value: Any, tree: Tree) -> tuple[list, Tree]:
    """The same as :func:`flatten`, the entries of dicts in the order that they have in `tree`."""

    def ordered(v: Any, t: Tree) -> Any:
        kind = type(v)
        if kind is dict and t.kind == "dict" and v.keys() == set(t.keys):
            return {k: ordered(v[k], c) for k, c in zip(t.keys, t.children, strict=True)}
        if kind is t.kind and kind in (list, tuple) and len(v) == len(t.children):
            return kind([ordered(x, c) for x, c in zip(v, t.children, strict=True)])
        if kind is t.kind and hasattr(kind, "_fields") and len(v) == len(t.children):
            return kind._make([ordered(x, c) for x, c in zip(v, t.children, strict=True)])
        return v

    return flatten(ordered(value, tree))


def map_leaves(function: Callable, tree: Any, *more: Any) -> Any:
    """The function applied to corresponding leaves of containers of one shape."""
    leaves, shape = flatten(tree)
    others = []
    for m in more:
        found, other = flatten_like(m, shape)
        if other != shape:
            raise TypeError(f"containers differ: {shape} and {other}")
        others.append(found)
    return unflatten(shape, [function(*group) for group in zip(leaves, *others, strict=True)])


def graft(tree: Tree, onto: Tree) -> Tree:
    """The tree with `onto` in place of each leaf."""
    if tree.kind == "leaf":
        return onto
    return Tree(tree.kind, tuple([graft(c, onto) for c in tree.children]), tree.keys)

"""Hash-consed nodes: for two nodes, ``is`` means "the same computation".

Identity is (op, arguments, parameters), where arguments are node objects. What must not be merged carries something of its
own in its parameters: an input the serial number of its trace, a scalar constant its bytes (``0.0`` is not ``-0.0``).
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from jitad.ir.types import ArrayType, Shape

if TYPE_CHECKING:
    import numpy as np

    from jitad.ops.declare import Op


class Node:
    """One computation: an op applied to nodes, with static parameters. Made by :func:`make` only."""

    __slots__ = ("__weakref__", "args", "op", "origin", "params", "type")

    op: Op
    args: tuple[Node, ...]
    params: tuple[Any, ...]
    type: ArrayType
    origin: tuple[str, int] | None
    """The user's file and line: no part of what a node is."""

    if TYPE_CHECKING:  # jitad.ops.arithmetic defines them

        def __add__(self, other: Node | float) -> Node: ...
        def __radd__(self, other: Node | float) -> Node: ...
        def __sub__(self, other: Node | float) -> Node: ...
        def __rsub__(self, other: Node | float) -> Node: ...
        def __mul__(self, other: Node | float) -> Node: ...
        def __rmul__(self, other: Node | float) -> Node: ...
        def __truediv__(self, other: Node | float) -> Node: ...
        def __rtruediv__(self, other: Node | float) -> Node: ...
        def __neg__(self) -> Node: ...

    @property
    def shape(self) -> Shape:
        return self.type.shape

    @property
    def dtype(self) -> np.dtype:
        return self.type.dtype

    @property
    def ndim(self) -> int:
        return len(self.type.shape)

    def __repr__(self) -> str:
        return f"<{self.op.name} {self.type}>"


class _Entry(weakref.ref):
    """A node in the table, and its key there."""

    __slots__ = ("key",)
    key: tuple


class _PerThread(threading.local):
    observe: Callable[[Node], None] | None = None


_table: dict[tuple, _Entry] = {}  # by op, identities of arguments (which live as long as the node) and parameters
_dead: list[_Entry] = []  # still in the table, but their nodes are gone
_MANY = 256
_lock = threading.RLock()  # of what removes entries; a key that is there is never given another one
_per_thread = _PerThread()


def _remove(entries: list[_Entry]) -> None:
    """Take the dead out of the table, and off the list."""
    with _lock:
        while entries:
            entry = entries.pop()
            if _table.get(entry.key) is entry:
                del _table[entry.key]


def _after_fork() -> None:
    global _lock
    _lock = threading.RLock()  # another thread may have held it, which is not in the child


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def make(op: Op, args: tuple[Node, ...], params: tuple[Any, ...]) -> Node:
    """The node of this computation: the one that exists already, or a new one, its type inferred."""
    key = (op, tuple(map(id, args)), params)
    found = _table.get(key)
    node = None if found is None else found()
    if node is None:
        node = object.__new__(Node)
        node.op, node.args, node.params, node.type, node.origin = op, args, params, op.type_of(args, params), None
        entry = _Entry(node, _dead.append)
        entry.key = key
        while (found := _table.setdefault(key, entry)) is not entry:
            other = found()
            if other is not None:
                node = other
                break
            _remove([found])
        if len(_dead) > _MANY:
            _remove(_dead)
    observe = _per_thread.observe
    if observe is not None:
        observe(node)
    return node


def set_observer(observe: Callable[[Node], None] | None) -> Callable[[Node], None] | None:
    """Have every node made in this thread reported (the tracer notes the user's line); returns the former observer."""
    former, _per_thread.observe = _per_thread.observe, observe
    return former


def topological(roots: Iterable[Node], stop: Callable[[Node], bool] | None = None) -> list[Node]:
    """All nodes below `roots`, arguments first, in a fixed order; nodes where `stop` holds are left out."""
    order: list[Node] = []
    seen: set[Node] = set()
    stack: list[Node | None] = [*roots]
    stack.reverse()
    while stack:
        node = stack.pop()
        if node is None:  # all that the next one needs is there
            order.append(stack.pop())  # type: ignore[arg-type]
            continue
        if node in seen or (stop is not None and stop(node)):
            continue
        seen.add(node)
        if node.args:
            stack += (node, None, *node.args[::-1])
        else:
            order.append(node)
    return order

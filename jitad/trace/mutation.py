"""Arrays that the traced function changes in place: a tracer takes another node.

``out[2:5] += v`` puts new elements into the node of `out`; all who hold the tracer see them. A view (``out[2:5]``, ``out.T``,
``out.reshape(...)``) knows what it is a view of: it is read anew when that has changed, and a change of it is one of that.
Arguments and captured arrays cannot be changed: they are the user's.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.errors import ShapeError, TraceError
from jitad.ir.node import Node
from jitad.ir.types import BOOL, FLOAT, INT, Shape, show_shape
from jitad.ops import compare
from jitad.ops.arithmetic import cast
from jitad.ops.leaf import full, new_input
from jitad.ops.shape import retype
from jitad.trace.tracer import Tracer, as_tracer, broadcast_to, check_alive, wrap
from jitad.trace.tracing import current, where


class View:
    """What a tracer is a view of, and how it is read from there.

    Attributes
    ----------
    base : Tracer
    again : callable
        The view of another array in place of `base`.
    seen : Node
        The base when the view was read last.
    certain : bool
        Whether NumPy has a view there too; it copies where memory does not allow one.
    """

    __slots__ = ("again", "base", "certain", "seen")

    def __init__(self, base: Tracer, again: Callable[[Tracer], Tracer], certain: bool):
        self.base, self.again, self.certain, self.seen = base, again, certain, base.node

    def read(self, node: Node) -> Node:
        """The node of the view, which was `node` when the base was as it was seen last."""
        now = self.base.node
        if now is self.seen:
            return node
        if not self.certain:
            raise _refused(self.base, "an array was changed of which this is a view or a copy, as its memory happens to be laid "
                                      "out; say which one is meant: .copy()")
        self.seen = now
        return self.again(self.base).node


def as_view(result: Tracer, base: Tracer, again: Callable[[Tracer], Tracer], certain: bool = True) -> Tracer:
    """A result that shares its memory with `base`."""
    result._view = View(base, again, certain)
    return result


def same_or_copy(t: Tracer) -> Tracer:
    """The array or a copy of it, as its memory happens to be laid out: neither can be changed while the other is in use."""
    made = Tracer(t.node, t._trace, t.weak)
    made.is_array, made.ordered = t.is_array, t.ordered
    return as_view(made, t, lambda base: base, certain=False)


def change(t: Tracer, new: Node) -> None:
    """Give an array other elements."""
    check_alive(t)
    if t.fixed or (t._view is None and t._trace is not current()):
        raise _refused(t, "a traced function cannot change an array that it was given or has captured, nor a read-only view; "
                          "change a copy: x = x.copy()")
    if t._view is None:
        t.node = new
        return
    if not t._view.certain:
        raise _refused(t, "this is a view or a copy of another array, as its memory happens to be laid out, and cannot be "
                          "changed; say which one is meant: .copy()")
    base = t._view.base
    change(base, _put(base.node, t._view.again, new))
    t.node, t._view.seen = new, base.node


def _refused(t: Tracer, message: str) -> TraceError:
    """An error that is raised at the end of the trace too, should the function catch it."""
    t._trace.root.refused = TraceError(message + where())
    return t._trace.root.refused  # type: ignore[return-value]


def _put(base: Node, again: Callable[[Tracer], Tracer], new: Node) -> Node:
    """The base with the elements that a view of it sees replaced."""
    here = new_input(FLOAT, base.shape)
    view = again(wrap(here)).node
    new = retype(new, view.shape)  # the same lengths, perhaps under other names
    path = []
    while view is not here:
        path.append(view)
        view = view.args[0]

    if not path:
        return new

    def back(x: Node) -> Node:
        for n in path:
            (x, *_) = n.op.transpose(n, x, [True] + [False] * (len(n.args) - 1))  # type: ignore[assignment]
        return x

    if all(n.op.moves and n.op.name != "gather" for n in path):  # one element to one place: predicates move as well
        return compare.select(back(full(True, BOOL, new.shape)), back(new), base)
    there = compare.not_equal(back(full(1, INT, new.shape)), full(0, INT, base.shape))
    values = back(cast(new, INT) if new.dtype == BOOL else new)
    return compare.select(there, cast(values, base.dtype), base)


def assign(t: Tracer, key: Any, value: Any) -> None:
    """``t[key] = value``."""
    from jitad.trace.indexing import getitem, is_basic

    if isinstance(value, Tracer) and value._view is not None and value._view.base is t and value._view.seen is t.node:
        mine = getitem(t, key)
        if mine.node is value.node:  # what is there already: the end of t[key] += v
            return
    if type(key) is Tracer and key.node.dtype == BOOL and key.ndim and as_tracer(value).ndim <= t.ndim - key.ndim:
        return change(t, _where(t, key.node, value))
    if not is_basic(key):
        key = _distinct(t, key)
    seen = getitem(t, key)
    change(t, _put(t.node, lambda b: getitem(b, key), _fitted(value, seen)))


def _fitted(value: Any, target: Tracer) -> Node:
    """A value as it is stored in an array: its dtype and shape."""
    x = as_tracer(value).node
    while x.ndim > target.ndim and x.shape[0] == 1:
        x = wrap(x)[0].node
    shape, trace = target.node.shape, current()
    assert trace is not None
    behind = shape[len(shape) - x.ndim :]
    if x.ndim > len(shape) or not all(n == 1 or trace.same_size(n, m) for n, m in zip(x.shape, behind, strict=True)):
        raise ShapeError(f"could not broadcast input array from shape {_actual(x.shape)} into shape {_actual(shape)}" + where())
    x = retype(x, tuple(1 if n == 1 else m for n, m in zip(x.shape, behind, strict=True)))  # equal under a guard
    return broadcast_to(cast(x, target.node.dtype), target.node.shape)


def _actual(shape: Shape) -> str:
    trace = current()
    assert trace is not None
    return show_shape(tuple(trace.value(n) for n in shape))


def _where(t: Tracer, mask: Node, value: Any) -> Node:
    trace = current()
    assert trace is not None
    if mask.ndim > t.ndim or not all(map(trace.same_size, mask.shape, t.node.shape)):
        raise IndexError(f"boolean index of shape {_actual(mask.shape)} did not match array of shape "
                         f"{_actual(t.node.shape)}" + where())
    spread = wrap(mask)[(...,) + (None,) * (t.ndim - mask.ndim)]
    return compare.select(broadcast_to(spread.node, t.node.shape), _fitted(value, t), t.node)


def _distinct(t: Tracer, key: Any) -> Any:
    """Index arrays that name no element twice: the last one would win, which only values tell."""
    from jitad.trace.capture import content

    items = key if isinstance(key, tuple) else (key,)
    if not any(np.ndim(i) for i in items if isinstance(i, (list, np.ndarray, Tracer))):
        return key  # one place
    arrays = []
    for item in items:
        if isinstance(item, (list, np.ndarray, Tracer)):
            arrays.append(content(as_tracer(item), "the content of the indices that a[i] = v assigns to,",
                                  "where an element is named twice the last value would win: write np.add.at(a, i, v) to add, "
                                  "np.where(condition, v, a) to replace, or v[np.argsort(i)] if i is a permutation"))
    shape = tuple(t._trace.concrete(n) for n in t.node.shape)
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    plain = iter(arrays)
    picked = numbers[tuple(next(plain) if isinstance(i, (list, np.ndarray, Tracer)) else i for i in items)]
    if np.unique(picked).size != picked.size:
        raise TraceError("an index array names an element twice, so that the last value would win; write np.add.at(a, i, v) to "
                         "add" + where())
    return key


def in_place(t: Tracer, result: Tracer, sign: str) -> Tracer:
    """``t <sign>= ...``, given the result of the operation."""
    if not np.can_cast(result.node.dtype, t.node.dtype, "same_kind"):
        raise TypeError(f"a {sign}= b: cannot cast from {result.node.dtype} to {t.node.dtype} with casting rule 'same_kind'"
                        + where())
    if result.node.shape != t.node.shape:
        trace = current()
        assert trace is not None
        if result.ndim != t.ndim or not all(map(trace.same_size, result.node.shape, t.node.shape)):
            raise ShapeError(f"non-broadcastable output operand with shape {_actual(t.node.shape)} doesn't match the "
                             f"broadcast shape {_actual(result.node.shape)}" + where())
    change(t, _fitted(result, t))
    return t


class Flat:
    """``t.flat``: the elements in C order, to be read and assigned."""

    def __init__(self, t: Tracer):
        self._t = t

    def _ravelled(self) -> Tracer:
        from jitad.trace.numpy_api.shaping import ravel

        return as_view(ravel(self._t), self._t, ravel)  # type: ignore[arg-type]

    def __getitem__(self, key: Any) -> Any:
        return self._ravelled()[key].copy()

    def __setitem__(self, key: Any, value: Any) -> None:
        self._ravelled()[key] = value

    def __len__(self) -> int:
        return len(self._ravelled())

    def __iter__(self) -> Any:
        return iter(self._ravelled())


def flags(t: Tracer) -> Any:
    """What ``t.flags`` would say."""
    return types.SimpleNamespace(
        c_contiguous=t.ordered, contiguous=t.ordered, f_contiguous=t.ordered and t.ndim < 2, forc=t.ordered,
        writeable=not t.fixed, aligned=True, owndata=t._view is None, behaved=True, carray=t.ordered, fnc=False)

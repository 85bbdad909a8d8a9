"""Loops whose reverse mode is to store less, and to take steps levels + 1 times for that (Griewank and Walther, Evaluating
Derivatives, chapter 12).

In general the loop only says how many levels it has, and the kernel has the binomial schedule (:mod:`jitad.lower.stretch`):
one for two loops, a way forth and a way back, with tangents beside either (:mod:`jitad.lower.beside`). Of gradients of gradients
there are more ways of both kinds: then the loop is cut into segments here, which are loops in a loop, to derivatives of any
order. With c**(levels + 1) steps, segments have c**levels, and are cut themselves: some (levels + 1)*c carries are stored. Of a
third derivative that would be too large a kernel: there all carries are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitad.ir import sizes
from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.ops.shape import concatenate, reshape, slice_
from jitad.trace.dim import Dim, dim
from jitad.trace.loop import fori_loop as in_turns
from jitad.trace.loop import scanned, steps_of, whole, whole_number
from jitad.trace.rebuild import rebuilt
from jitad.trace.tracer import Tracer, as_tracer, wrap
from jitad.trace.tracing import Trace, current, where
from jitad.tree import flatten, unflatten

MOST = 6  # levels


def levels_of(checkpoint: Any) -> int:
    """How often segments are cut."""
    if checkpoint == "sqrt":
        return 1
    if isinstance(checkpoint, int) and not isinstance(checkpoint, bool) and 0 <= checkpoint <= MOST:
        return checkpoint
    raise ValueError(f'checkpoint is "sqrt", or a number of levels from 0 to {MOST}, not {checkpoint!r}{where()}')


def _is_cut(trace: Trace) -> bool:
    return trace.backs > 1 and trace.derivatives <= 2


def scan(f: Callable, init: Any, xs: Any, length: Any, reverse: bool, checkpoint: Any) -> tuple[Any, Any]:
    """:func:`jitad.scan` in segments, inside of a trace."""
    trace, levels = current(), levels_of(checkpoint)
    assert trace is not None
    if not _is_cut(trace):
        return scanned(rebuilt(f), init, xs, length, reverse, levels)
    leaves, tree = flatten(xs)
    along = unflatten(tree, [as_tracer(x) for x in leaves])
    n = whole(along, length)
    return _Segments(rebuilt(f), sizes.call("iroot", n, levels + 1), reverse).cut(init, along, n, levels)


def fori_loop(lower: Any, upper: Any, f: Callable, init: Any, checkpoint: Any) -> Any:
    """:func:`jitad.fori_loop` in segments, inside of a trace: the number of the turn is a carry."""
    for v in (lower, upper):
        if isinstance(v, Tracer):
            raise TypeError(f"fori_loop with checkpoint needs bounds that are known while tracing{where()}")
    trace, levels = current(), levels_of(checkpoint)
    assert trace is not None
    if not _is_cut(trace):
        return in_turns(lower, upper, f, init, levels)
    f = rebuilt(f)
    first, end = (v.size if type(v) is Dim else whole_number(v, "a bound of fori_loop") for v in (lower, upper))
    if isinstance(first, Size) or isinstance(end, Size):
        n: Any = dim(sizes.sub(end, first)) if trace.assume("<=", first, end) else 0
    else:
        n = max(end - first, 0)

    def step(carry: Any, _: None) -> tuple[Any, None]:
        k, x = carry
        return (k + 1, f(k, x)), None

    turns = dim(steps_of(trace, n, "the number of turns of fori_loop"))
    return scan(step, (dim(first), init), None, turns, False, checkpoint)[0][1]


class _Segments:
    """A loop by powers of a number `c`."""

    def __init__(self, f: Callable, c: int | Size, reverse: bool):
        self.f, self.c, self.reverse = f, c, reverse

    def cut(self, carry: Any, xs: Any, n: int | Size, level: int) -> tuple[Any, Any]:
        """n steps: as many whole segments as there are, and what is left over."""
        if level == 0:
            return self._steps(carry, xs, n)
        length = self._power(level)
        many = sizes.floordiv(n, length)
        done = sizes.mul(many, length)
        rest = sizes.sub(n, done)

        def segments(carry: Any) -> tuple[Any, Any]:
            rows = _each(xs, lambda x: _split(_part(x, 0, done), many, length))
            carry, ys = scanned(lambda c, row: self._segment(c, row, level), carry, rows, dim(many), self.reverse)
            return carry, _each(ys, lambda y: _joined(y, done))

        def others(carry: Any) -> tuple[Any, Any]:
            return self.cut(carry, _each(xs, lambda x: _part(x, done, rest)), rest, level - 1)

        if self.reverse:
            carry, after = others(carry)
            carry, before = segments(carry)
        else:
            carry, before = segments(carry)
            carry, after = others(carry)
        heads, tree = flatten(before)
        tails = flatten(after)[0]
        return carry, unflatten(tree, [wrap(concatenate((as_tracer(a).node, as_tracer(b).node), 0))
                                       for a, b in zip(heads, tails, strict=True)])

    def _segment(self, carry: Any, xs: Any, level: int) -> tuple[Any, Any]:
        """c**level steps."""
        if level == 1:
            return self._steps(carry, xs, self.c)
        inner = self._power(level - 1)
        rows = _each(xs, lambda x: _split(x, self.c, inner))
        carry, ys = scanned(lambda c, row: self._segment(c, row, level - 1), carry, rows, dim(self.c), self.reverse)
        return carry, _each(ys, lambda y: _joined(y, self._power(level)))

    def _steps(self, carry: Any, xs: Any, n: int | Size) -> tuple[Any, Any]:
        return scanned(self.f, carry, xs, dim(n), self.reverse)

    def _power(self, k: int) -> int | Size:
        return sizes.product([self.c] * k)


def _each(xs: Any, f: Callable[[Node], Node]) -> Any:
    leaves, tree = flatten(xs)
    return unflatten(tree, [wrap(f(as_tracer(x).node)) for x in leaves])


def _part(x: Node, start: int | Size, length: int | Size) -> Node:
    return slice_(x, ((start, length, 1), *((0, n, 1) for n in x.shape[1:])))


def _split(x: Node, many: int | Size, length: int | Size) -> Node:
    return reshape(x, (many, length, *x.shape[1:]))


def _joined(y: Node, n: int | Size) -> Node:
    return reshape(y, (n, *y.shape[2:]))

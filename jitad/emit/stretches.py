"""Loops that keep their carries in stretches, and those that go back through them, see :mod:`jitad.lower.stretch`.

For ``c = sin(c)`` along v, the way forth::

    @part
    def stretches0(n, size, c0, m0):
        lo = tick = 0
        for lo in range(0, n, size):
            ...  # ask for Ctrl-C, as all_turns does
            if lo:
                c0[0] = c0[size]
            m0[0, lo // size] = c0[0]
            turns0(lo, min(lo + size, n), n, c0)
        m0[0, -(-n // size)] = c0[n - lo]

And back, where what belongs to the way forth is called `_c0`::

    @part
    def stretches1(n, size, c0, x0, _c0, m0):
        for lo in range((n - 1) // size * size, -1, -size):
            hi = min(lo + size, n)
            ...
            if hi < n:
                _c0[0] = m0[0, lo // size]
                turns0(lo, hi, n, _c0)
            turns1(n - hi, n - lo, n, c0, x0)
"""

from __future__ import annotations

from collections.abc import Mapping

from jitad.emit.handed import Handed
from jitad.emit.turns import look, row_of
from jitad.emit.writer import Writer
from jitad.lower.nest import Turns


def stretches(turns: Turns, name: str, known: Mapping[Turns, tuple[str, Handed]], decorator: str) -> str:
    """The function that takes all stretches; `known` are the functions that take steps, and what they are handed."""
    forth = turns.again or turns
    function, own = known[turns]
    names = {b: f"m{k}" for k, b in enumerate(forth.kept)}
    marks = [f"{names[b]}[{'' if row is None else f'{row}, '}{{}}]" for b, row in forth.marks]
    w = Writer()
    w.line(f"@{decorator}")
    if turns.again is None:
        with w.indented(f"def {name}({', '.join(['n', 'size', *own.names, *names.values()])}):"):
            _forth(w, turns, own, marks, f"{function}(lo, min(lo + size, n), {', '.join(['n', *own.names])})")
    else:
        again, other = known[forth]
        others = [f"_{x}" for x in other.names]
        with w.indented(f"def {name}({', '.join(['n', 'size', *own.names, *others, *names.values()])}):"):
            _back(w, forth, other, marks, f"{function}(n - hi, n - lo, {', '.join(['n', *own.names])})",
                  f"{again}(lo, hi, {', '.join(['n', *others])})")
    return w.text()


def _forth(w: Writer, turns: Turns, handed: Handed, marks: list[str], call: str) -> None:
    carries = list(zip(turns.carries, handed.carries, marks, strict=True))
    w.line("lo = tick = 0")
    with w.indented("for lo in range(0, n, size):"):
        look(w, "lo")
        with w.indented("if lo:"):
            for b, c, _ in carries:
                if row_of(turns, b, "hi") == "hi - lo":
                    w.line(f"{c.format(0)} = {c.format('size')}")
        for b, c, m in carries:
            w.line(f"{m.format('lo // size')} = {c.format(row_of(turns, b, 'lo'))}")
        w.line(call)
    for b, c, m in carries:
        w.line(f"{m.format('-(-n // size)')} = {c.format(row_of(turns, b, 'hi').replace('hi', 'n'))}")


def _back(w: Writer, forth: Turns, handed: Handed, marks: list[str], call: str, again: str) -> None:
    w.line("tick = 0")
    with w.indented("for lo in range((n - 1) // size * size, -1, -size):"):
        w.line("hi = min(lo + size, n)")
        look(w, "hi < n")
        with w.indented("if hi < n:"):
            for b, c, m in zip(forth.carries, handed.carries, marks, strict=True):
                w.line(f"_{c.format(row_of(forth, b, 'lo'))} = {m.format('lo // size')}")
            w.line(again)
        w.line(call)

"""Loops in parts that may run at once, see :mod:`jitad.lower.parallel`: a function for one part, one that runs all of them."""

from __future__ import annotations

from collections.abc import Sequence

from jitad.emit.compilers import WORTHWHILE
from jitad.emit.cpu import Emitter
from jitad.emit.list_loops import RAISE
from jitad.emit.memory import count_of
from jitad.emit.shared import form_of, function_of, given
from jitad.emit.writer import Writer
from jitad.lower.nest import Split


def write_parts(outer: Emitter, split: Split) -> None:
    """The call, and what the parts found put together; the functions go to the helpers of the kernel."""
    e, size, parts = outer.e, outer.e.size(split.loop.size), count_of(split, outer.e)
    copies = [(e.buffer(b), e.buffer(c)) for b, c in split.copies]
    outside, outer.w = outer.w, Writer()
    for whole, _ in copies:
        with outer.w.indented("if c > 0:"):
            outer.w.line(f"clear({whole})")
    if split.wrong is not None:
        outer.w.line(f"{e.buffer(split.wrong)}[c] = False")
    with e.starting_late(split.loop):
        if split.interleaved:
            outer.turns(split.loop, "c", size, parts)
        else:
            first, end = (f"e{split.loop.depth}_{k}" for k in (2, 3))
            outer.w.line(f"{first} = c * {size} // {parts}")
            outer.w.line(f"{end} = (c + 1) * {size} // {parts}")
            outer.turns(split.loop, first, end)
    for node, partials in split.partials:
        outer.w.line(f"{e.buffer(partials)}[c] = {e.name(node)}")
    lines = outer.w.lines if split.wrong is None else _ended(outer.w.lines, e.buffer(split.wrong))
    form, names = form_of(lines)
    w = outer.w = outside
    decorator = outer.decorator(names[k] for k in form.free)
    number = outer.parts.setdefault((form, decorator), len(outer.parts))
    if f"part{number}" not in e.helpers:
        e.helpers[f"part{number}"] = function_of(f"part{number}", form, decorator, ["c"])
        there = {names[k]: f"x{k}" for k in form.free}  # where a number stands twice, one of them
        e.helpers[f"run{number}"] = _run(number, [f"x{k}" for k in form.free], [there[whole] for whole, _ in copies],
                                         there[parts] if copies else parts, outer.options.strict)
    arguments = [*(given(names[k]) for k in form.free), *(copy for _, copy in copies)]
    w.line(f"run{number}({', '.join([e.size(split.work), *arguments])})")
    if split.wrong is not None:
        with w.indented(f"for c in range({parts}):"), w.indented(f"if {e.buffer(split.wrong)}[c]:"):
            w.line(RAISE)
    for node, partials in split.partials:
        total, found = e.name(node), e.buffer(partials)
        w.line(f"{total} = {found}[0]")
        with w.indented(f"for c in range(1, {parts}):"):
            outer.combine(node, total, f"{found}[c]")
    for whole, copy in copies:
        w.line(f"collect({whole}, {copy}[: {parts} - 1])")


def _ended(lines: list[str], wrong: str) -> list[str]:
    """The lines of a part that says what is wrong: who runs it in a thread would not learn what it raises."""
    out = []
    for line in lines:
        before, raised, _ = line.partition(RAISE)
        out += [f"{before}{wrong}[c] = True", f"{before}return"] if raised else [line]
    return out


def _run(number: int, taken: Sequence[str], copied: Sequence[str], parts: str, strict: bool) -> str:
    """A function that runs the parts of a loop, in threads where there is enough to do.

    `taken` is what a part is handed; all but the first are handed copies in place of what is `copied`.
    """
    w = Writer()
    copies = {name: f"y{k}" for k, name in enumerate(copied)}
    own = {name: f"z{k}" for k, name in enumerate(copied)}
    handed = ", ".join(own.get(x, x) for x in taken)  # plain names: of 30 and more, Numba takes nothing else

    def run(loop: str) -> None:
        with w.indented(f"for c in {loop}({parts}):"):
            w.all(f"{own[x]} = {y}[c - 1] if c > 0 else {x}" for x, y in copies.items())
            w.line(f"part{number}(int64(c), {handed})")

    w.line("@exact_parts" if strict else "@part_parts")
    with w.indented(f"def run{number}({', '.join(['work', *taken, *copies.values()])}):"):
        with w.indented(f"if work >= {WORTHWHILE}:"):
            run("prange")
        with w.indented("else:"):
            run("range")
    return w.text()

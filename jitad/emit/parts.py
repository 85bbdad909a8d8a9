"""Loops in parts that may run at once, see :mod:`jitad.lower.parallel`: a function for one part, one that runs all of them."""

from __future__ import annotations

from jitad.emit.cpu import Emitter
from jitad.emit.namespace import WORTHWHILE
from jitad.emit.shared import form_of, function_of, given
from jitad.emit.writer import Writer
from jitad.lower.nest import Split


def write_parts(outer: Emitter, split: Split) -> None:
    """The call, and what the parts found put together; the functions go to the helpers of the kernel."""
    e, parts, size = outer.e, split.parts, outer.e.size(split.loop.size)
    outside, outer.w = outer.w, Writer()
    for buffer, copies in split.copies:
        outer.w.line(f"{e.buffer(buffer)} = {e.buffer(copies)}[c]")
        outer.w.line(f"{e.buffer(buffer)}[...] = 0")
    if split.interleaved:
        outer.turns(split.loop, "abs(c)", size, str(parts))  # never negative, as LLVM then knows: an index is one
    else:
        outer.turns(split.loop, f"abs(c * {size} // {parts})", f"(c + 1) * {size} // {parts}")
    for node, partials in split.partials:
        outer.w.line(f"{e.buffer(partials)}[c] = {e.name(node)}")
    form, names = form_of(outer.w.lines)
    w = outer.w = outside
    number = outer.parts.setdefault((form, parts), len(outer.parts))
    arguments = [given(names[k]) for k in form.free]
    if f"part{number}" not in e.helpers:
        e.helpers[f"part{number}"] = function_of(f"part{number}", form, outer.decorator, ["c"])
        e.helpers[f"run{number}"] = _run(number, parts, [f"x{k}" for k in form.free], outer.options.strict)
    w.line(f"run{number}({', '.join([e.size(split.work), *arguments])})")
    for node, partials in split.partials:
        total, found = e.name(node), e.buffer(partials)
        w.line(f"{total} = {found}[0]")
        with w.indented(f"for c in range(1, {parts}):"):
            outer.combine(node, total, f"{found}[c]")
    for buffer, copies in split.copies:
        w.line(f"collect({e.buffer(buffer)}, {e.buffer(copies)})")


def _run(number: int, parts: int, names: list[str], strict: bool) -> str:
    """A function that runs the parts of a loop, in threads where there is enough to do."""
    w = Writer()
    w.line("@exact_parts" if strict else "@part_parts")
    with w.indented(f"def run{number}({', '.join(['work', *names])}):"):
        for header, loop in (f"if work >= {WORTHWHILE}:", "prange"), ("else:", "range"):
            with w.indented(header), w.indented(f"for c in {loop}({parts}):"):
                w.line(f"part{number}({', '.join(['int64(c)', *names])})")
    return w.text()

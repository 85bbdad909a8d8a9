"""Loops in explicit lanes: eight iterations at a time, under a mask instead of a remainder loop.

For the gradient of the harmonic energy of all pairs, inside the loop over rows::

    w3 = spread(0.0)
    for i1 in range(i0 + 1, n0_0, 8):
        j1 = consecutive(i1)
        m1 = j1 < n0_0
        v4 = load(p0, (i1,), m1)
        v5 = v1 - v4
        push(t0, (i1,), choose(m1, v5, 0.0))
        w3 += choose(m1, v5, 0.0)
    v3 = total(w3)
"""

from __future__ import annotations

from jitad.emit.expression import Expressions
from jitad.emit.lanes import WIDTH
from jitad.emit.writer import Writer
from jitad.ir.node import Node
from jitad.ir.types import INT
from jitad.lower.nest import Accumulate, Let, Loop, Store
from jitad.lower.scalar import LOAD, Buffer, loop_var
from jitad.ops.declare import Elementwise

_AS_WRITTEN = {
    "add", "subtract", "negative", "multiply", "less", "less_equal", "greater", "greater_equal", "equal", "not_equal",
    "logical_and", "logical_or", "absolute", "sqrt", "exp", "expm1", "log", "log1p", "tanh"}
_OTHERWISE = {
    "logical_not": "~{x}",
    "minimum": "choose(({x} < {y}) | ({x} != {x}), {x}, {y})",
    "maximum": "choose(({x} > {y}) | ({x} != {x}), {x}, {y})",
    "sign": "choose({x} > 0.0, 1.0, choose({x} < 0.0, -1.0, {x}))",
    "isnan": "{x} != {x}",
    "isfinite": "abs({x}) < inf",
    "isinf": "abs({x}) == inf",
    "select": "choose({x}, {y}, {z})",
    "cast": "as_floats({x})",
}


def room(size: str) -> str:
    """The length of an array with room for lanes behind its end."""
    return f"{size} + {WIDTH}"


class LaneLoop:
    """Writes one innermost loop."""

    def __init__(self, expressions: Expressions, writer: Writer, loop: Loop):
        self.e, self.w, self.loop = expressions, writer, loop
        depth = loop.depth
        self.var = loop_var(depth, loop.size, True)
        self.vectors = {self.var, *(s.node for s in loop.body.steps if isinstance(s, Let))}
        self.start, self.lanes, self.mask = f"i{depth}", f"j{depth}", f"m{depth}"

    def write(self) -> None:
        sums = {n: "w" + self.e.name(n).removeprefix("v") for n in self.loop.accumulators}
        size = self.e.size(self.loop.size)
        for name in sums.values():
            self.w.line(f"{name} = spread(0.0)")
        with self.w.indented(f"for {self.start} in range(i{self.loop.depth - 1} + 1, {size}, {WIDTH}):"):
            self.w.line(f"{self.lanes} = consecutive({self.start})")
            self.w.line(f"{self.mask} = {self.lanes} < {size}")
            for step in self.loop.body.steps:
                if isinstance(step, Let):
                    if step.node not in self.e.fused:
                        self.w.line(f"{self.e.name(step.node)} = {self._code(step.node)}")
                elif isinstance(step, Store):
                    self.w.line(f"push({self._element(step.buffer, step.idx)}, {self._counted(step.value)})")
                elif isinstance(step, Accumulate):
                    self.w.line(f"{sums[step.node]} += {self._counted(step.node.args[0])}")
        for node, name in sums.items():
            self.w.line(f"{self.e.name(node)} = total({name})")

    def _counted(self, value: Node) -> str:
        return f"choose({self.mask}, {self._name(value)}, 0.0)"

    def _name(self, node: Node) -> str:
        return self.lanes if node is self.var else self.e.name(node)

    def _element(self, buffer: Buffer, idx: tuple[Node, ...]) -> str:
        """A buffer, and the index of the first lane."""
        *outer, last = idx
        inside = [self.e.name(i) for i in outer]
        inside.append(self.start if last is self.var else f"{self.start} + {self.e.name(last.args[1])}")
        return f"{self.e.buffer(buffer)}, ({', '.join(inside)},)"

    def _code(self, node: Node) -> str:
        op = node.op
        if op is LOAD:
            return f"load({self._element(node.params[0], node.args)}, {self.mask})"  # type: ignore[arg-type]
        values = dict(zip("xyz", map(self._name, node.args), strict=False))
        if op.name in _OTHERWISE and not (op.name == "sign" and node.dtype == INT):
            return _OTHERWISE[op.name].format(**values)
        if op.name == "divide":
            inverse = self._reciprocal(node)
            return inverse if values["x"] == "1.0" else f"{values['x']} * {inverse}"
        if op.name == "multiply":
            for a, b in (node.args, node.args[::-1]):
                if b in self.e.fused:
                    return f"{self._name(a)} * {self._reciprocal(b)}"
        assert isinstance(op, Elementwise), op.name
        if op.name in _AS_WRITTEN:
            return op.code.format(**values)
        return f"{self._each(op)}({', '.join(values.values())})"

    def _reciprocal(self, quotient: Node) -> str:
        """The reciprocal of a denominator."""
        below = quotient.args[1]
        if below not in self.vectors:
            return f"(1.0 / {self._name(below)})"
        if below.op.name == "sqrt":
            return f"rsqrt({self._name(below.args[0])})"
        return f"reciprocal({self._name(below)})"

    def _each(self, op: Elementwise) -> str:
        """The name of a function that computes an op lane by lane."""
        names = "xyz"[: op.arity]
        lanes = (op.code.format(**{x: f"lane({x}, {k})" for x in names}) for k in range(WIDTH))
        spread = "".join(f"    {x} = spread({x})\n" for x in names)
        body = ",\n        ".join(lanes)
        name = f"each_{op.name}"
        self.e.helpers[name] = f"@exact\ndef {name}({', '.join(names)}):\n{spread}    return pack((\n        {body}))\n"
        return name

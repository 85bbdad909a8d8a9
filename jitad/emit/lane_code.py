"""One scalar computed in explicit lanes: what :mod:`jitad.emit.lane_loops` and :mod:`jitad.emit.list_loops` share."""

from __future__ import annotations

from jitad.emit.expression import Expressions
from jitad.emit.lanes import WIDTH
from jitad.ir.node import Node
from jitad.ir.types import BOOL, FLOAT, INT
from jitad.lower.lanes import LANES_ONLY
from jitad.lower.nest import Let, Loop
from jitad.lower.scalar import LOAD, loop_var
from jitad.ops.declare import Elementwise

_AS_WRITTEN = {
    "add", "subtract", "negative", "multiply", "less", "less_equal", "greater", "greater_equal", "equal", "not_equal",
    "logical_and", "logical_or", "absolute", "sqrt", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "tanh", "arcsinh",
    "arccosh", "arctanh", "cbrt", "hypot", "isfinite", *LANES_ONLY}
_OTHERWISE = {
    "logical_not": "~{x}",
    "minimum": "choose(({x} < {y}) | ({x} != {x}), {x}, {y})",
    "maximum": "choose(({x} > {y}) | ({x} != {x}), {x}, {y})",
    "sign": "choose({x} > 0.0, 1.0, choose({x} < 0.0, -1.0, {x}))",
    "isnan": "{x} != {x}",
    "isinf": "abs({x}) == inf",
    "select": "choose({x}, {y}, {z})",
}
_TO_THE_LAST_BIT = {"divide": "{x} / {y}", "sqrt": "exact_sqrt({x})"}


class LaneCode:
    """Expressions of one innermost loop."""

    prefix = "v"
    """Of the names of what is in lanes."""

    def __init__(self, expressions: Expressions, loop: Loop):
        self.e, self.loop = expressions, loop
        self.var = loop_var(loop.depth, loop.size, True) if loop.after else loop_var(loop.depth, loop.size)
        self.vectors = {self.var, *(s.node for s in loop.body.steps if isinstance(s, Let))}
        self.start, self.lanes = f"i{loop.depth}", f"j{loop.depth}"

    def name(self, node: Node) -> str:
        """What stands for a scalar: its lanes if it has any."""
        if node is self.var:
            return self.lanes
        text = self.e.name(node)
        return self.prefix + text[1:] if node in self.vectors else text

    def load(self, node: Node) -> str:
        """What is read from memory."""
        raise NotImplementedError

    def code(self, node: Node) -> str:
        """A scalar in terms of its arguments."""
        op = node.op
        if op is LOAD:
            return self.load(node)
        values = dict(zip("xyz", map(self.name, node.args), strict=False))
        if node in self.e.exact and op.name in _TO_THE_LAST_BIT:
            return _TO_THE_LAST_BIT[op.name].format(**values)
        if op.name in _OTHERWISE and not (op.name == "sign" and node.dtype == INT):
            return _OTHERWISE[op.name].format(**values)
        if op.name == "cast":
            if node.args[0].dtype == BOOL:
                return f"choose({values['x']}, {'1.0, 0.0' if node.dtype == FLOAT else '1, 0'})"
            return f"as_floats({values['x']})" if node.dtype == FLOAT else values["x"]  # integers are read as int64
        if op.name == "divide":
            inverse = self._reciprocal(node)
            return inverse if values["x"] == "1.0" else f"{values['x']} * {inverse}"
        if op.name == "multiply":
            for a, b in (node.args, node.args[::-1]):
                if b in self.e.fused:
                    return f"{self.name(a)} * {self._reciprocal(b)}"
        assert isinstance(op, Elementwise), op.name
        if op.name in _AS_WRITTEN:
            return op.code.format(**values)
        return f"{self._each(op)}({', '.join(values.values())})"

    def _reciprocal(self, quotient: Node) -> str:
        """The reciprocal of a denominator."""
        below = quotient.args[1]
        if below not in self.vectors:
            return f"(1.0 / {self.name(below)})"
        if below.op.name == "sqrt":
            return f"rsqrt({self.name(below.args[0])})"
        return f"reciprocal({self.name(below)})"

    def _each(self, op: Elementwise) -> str:
        """The name of a function that computes an op lane by lane."""
        names = "xyz"[: op.arity]
        lanes = (op.code.format(**{x: f"lane({x}, {k})" for x in names}) for k in range(WIDTH))
        spread = "".join(f"    {x} = spread({x})\n" for x in names)
        body = ",\n        ".join(lanes)
        name = f"each_{op.name}"
        self.e.helpers[name] = f"@exact\ndef {name}({', '.join(names)}):\n{spread}    return pack((\n        {body}))\n"
        return name

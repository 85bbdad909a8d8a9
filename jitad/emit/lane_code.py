"""One scalar computed in explicit lanes: what :mod:`jitad.emit.lane_loops` and :mod:`jitad.emit.list_loops` share."""

from __future__ import annotations

import numpy as np

from jitad.emit.expression import SHORTER, Expressions, formula, literal
from jitad.emit.lanes import WIDTH
from jitad.ir.node import Node
from jitad.ir.types import BOOL, FLOAT32, INT
from jitad.lower.lanes import LANES_ONLY
from jitad.lower.nest import Let, Loop
from jitad.lower.scalar import LOAD, cost, loop_var
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
    "gammaln": "gammaln_of_lanes({x})",
    "digamma": "digamma_of_lanes({x})",
}
_IN_SINGLE = {  # what float32 is computed in; functions take float64, and are rounded
    "add", "subtract", "negative", "multiply", "divide", "less", "less_equal", "greater", "greater_equal", "equal", "not_equal",
    "absolute", "sqrt", "minimum", "maximum", "select", "isnan"}
_SHORTER = SHORTER | {"sin", "cos", "arcsin", "arccos", "power", "gammaln"}
_TO_THE_LAST_BIT = {"divide": "{x} / {y}", "sqrt": "exact_sqrt({x})"}
DIVISION, ROOT = 8, 14  # multiplications that are done while the machine divides, or takes a root: measured, with AVX-512


def zero(dtype: np.dtype) -> str:
    """Lanes of nothing but zeros."""
    return f"spread({literal(0, dtype)})"


class LaneCode:
    """Expressions of one innermost loop."""

    prefix = "v"
    """Of the names of what is in lanes."""

    def __init__(self, expressions: Expressions, loop: Loop):
        self.e, self.loop = expressions, loop
        self.var = loop_var(loop.depth, loop.size, True) if loop.after else loop_var(loop.depth, loop.size)
        self.vectors = {self.var, *(s.node for s in loop.body.steps if isinstance(s, Let))}
        self.start, self.lanes = f"i{loop.depth}", f"j{loop.depth}"
        self.estimates = self._waits_for_divisions()

    def _waits_for_divisions(self) -> bool:
        """Whether the machine's divisions and roots, which go on beside other work, take longer than that: estimates do not."""
        nodes = [s.node for s in self.loop.body.steps if isinstance(s, Let)]
        below = {n.args[1] for n in nodes if n.op.name == "divide"} & self.vectors
        roots = sum(n.op.name == "sqrt" for n in nodes)
        return DIVISION * len(below) + ROOT * roots > sum(cost(n) for n in nodes if n.op.name not in ("divide", "sqrt"))

    def name(self, node: Node) -> str:
        """What stands for a scalar: its lanes if it has any."""
        if node is self.var:
            return self.lanes
        text = self.e.name(node)
        return self.prefix + text[1:] if node in self.vectors else text

    def in_lanes(self, node: Node) -> str:
        """A scalar as lanes, whether it has any or not."""
        return self.name(node) if node in self.vectors else f"spread({self.name(node)})"

    def load(self, node: Node) -> str:
        """What is read from memory."""
        raise NotImplementedError

    def code(self, node: Node) -> str:
        """A scalar in terms of its arguments."""
        op = node.op
        if op is LOAD:
            return self.load(node)
        names = list(map(self.name, node.args))
        if op.name == "cast":
            return self._cast(node, names[0])
        if FLOAT32 not in (node.dtype, *(a.dtype for a in node.args)):
            return self._computed(node, names, node in self.e.exact)
        if op.name in _IN_SINGLE:
            return self._computed(node, names, True)
        names = [f"wide({x})" if a.dtype == FLOAT32 else x for x, a in zip(names, node.args, strict=True)]
        if isinstance(op, Elementwise) and op.name in _SHORTER:
            text = formula(op, node.dtype, _SHORTER).format(**dict(zip("xyz", names, strict=False)))
        else:
            text = self._computed(node, names)
        return f"narrow({text})" if node.dtype == FLOAT32 else text

    def _cast(self, node: Node, x: str) -> str:
        target, source = node.dtype, node.args[0].dtype
        if source == BOOL:
            return f"choose({x}, {literal(1, target)}, {literal(0, target)})"
        if target.kind != "f":
            return x  # integers are read as int64
        x = x if source.kind == "f" else f"as_floats({x})"
        return f"wide({x})" if source == FLOAT32 else f"narrow({x})" if target == FLOAT32 else x

    def _computed(self, node: Node, names: list[str], rounded: bool = False) -> str:
        """A scalar in terms of names; `rounded` as the machine does, where estimates might differ in the last bit."""
        op, values = node.op, dict(zip("xyz", names, strict=False))
        if op.name in _OTHERWISE and not (op.name == "sign" and node.dtype == INT):
            return _OTHERWISE[op.name].format(**values)
        if op.name in _TO_THE_LAST_BIT and (rounded or not self.estimates):
            return _TO_THE_LAST_BIT[op.name].format(**values)
        if op.name == "divide":
            inverse = self._reciprocal(node)
            return inverse if values["x"] == "1.0" else f"{values['x']} * {inverse}"
        if op.name == "multiply":
            for a, b in (node.args, node.args[::-1]):
                if b in self.e.fused:
                    return (f"{self.name(a)} / {self.name(b.args[1])}" if rounded or not self.estimates else
                            f"{self.name(a)} * {self._reciprocal(b)}")
        assert isinstance(op, Elementwise), op.name
        if op.name in _AS_WRITTEN:
            return op.code.format(**values)
        return f"{self._each(op)}({', '.join(names)})"

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

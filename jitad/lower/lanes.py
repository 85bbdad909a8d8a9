"""What can be computed eight at a time, see :mod:`jitad.emit.lanes`."""

from __future__ import annotations

from dataclasses import dataclass

from jitad.ir.node import Node
from jitad.ir.types import BOOL, FLOAT, FLOAT32, INT
from jitad.lower.scalar import LOAD, REDUCE, TRIANGLE
from jitad.ops.leaf import constant_value

WIDTH = 8
COLUMNS = 4  # of rows that are read whole
LANES_ONLY = frozenset((
    "sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2", "sinh", "cosh", "erf", "erfc",
    "power", "gammaln", "digamma"))  # LLVM has no vectors of them

ROUNDED = frozenset((
    "add", "subtract", "multiply", "divide", "negative", "absolute", "sqrt", "minimum", "maximum", "select", "cast"))
"""What lanes compute to the last bit as scalars do, see :mod:`jitad.lower.exact`."""


def fits(n: Node) -> bool:
    """Whether a scalar, other than what is read from memory, can be computed in lanes."""
    if n.op in (REDUCE, TRIANGLE, LOAD) or n.dtype not in (FLOAT, FLOAT32, INT, BOOL):
        return False
    of_booleans = n.args and n.args[-1].dtype == BOOL
    if of_booleans and not n.op.name.startswith("logical_") and n.op.name not in ("cast", "select"):
        return False
    return n.op.name != "cast" or n.args[0].dtype == BOOL or (n.dtype.kind == "f" and n.args[0].dtype in (FLOAT, FLOAT32, INT))


@dataclass(frozen=True)
class Logarithm:
    """A logarithm as a term of a sum; if there is a `condition`, where that holds."""

    node: Node
    condition: Node | None = None
    choice: Node | None = None

    @property
    def argument(self) -> Node:
        return self.node.args[0]

    @property
    def nothing(self) -> int:
        """The argument that adds nothing."""
        return 1 if self.node.op.name == "log" else 0

    @property
    def asked(self) -> list[Node]:
        """What has to be computed."""
        return [n for n in (self.argument, self.condition) if n is not None]

    @property
    def computed(self) -> list[Node]:
        """What has to be computed for nothing else."""
        return [n for n in (self.node, self.choice) if n is not None]


def logarithm(term: Node) -> Logarithm | None:
    """What a term of a sum is, if it is a logarithm."""
    if term.op.name == "select" and constant_value(term.args[2]) == 0 and (log := logarithm(term.args[1])) is not None:
        return Logarithm(log.node, term.args[0], term) if log.condition is None else None
    return Logarithm(term) if term.op.name in ("log", "log1p") else None

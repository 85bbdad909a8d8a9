"""What can be computed eight at a time, see :mod:`jitad.emit.lanes`."""

from __future__ import annotations

from jitad.ir.node import Node
from jitad.ir.types import BOOL, FLOAT, FLOAT32, INT
from jitad.lower.scalar import LOAD, REDUCE, TRIANGLE

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

"""Every operation, each declared once."""

from jitad.ops import (
    arithmetic,
    compare,
    contract,
    custom,
    determinant,
    index,
    leaf,
    matrix,
    matrix_functions,
    reduce,
    routine,
    shape,
    special,
    spectral,
)
from jitad.ops.declare import REGISTRY, Elementwise, Op

__all__ = ["REGISTRY", "Elementwise", "Op", "arithmetic", "compare", "contract", "custom", "determinant", "index", "leaf",
           "matrix", "matrix_functions", "reduce", "routine", "shape", "special", "spectral"]

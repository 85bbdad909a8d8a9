"""Every operation, each declared once."""

from jitad.ops import (
    arithmetic,
    bessel,
    compare,
    contract,
    custom,
    determinant,
    exponential,
    index,
    leaf,
    length,
    matrix,
    matrix_functions,
    normal,
    reduce,
    routine,
    scan,
    shape,
    special,
    spectral,
)
from jitad.ops.declare import REGISTRY, Elementwise, Op

__all__ = [
    "REGISTRY", "Elementwise", "Op", "arithmetic", "bessel", "compare", "contract", "custom", "determinant", "exponential",
    "index", "leaf", "length", "matrix", "matrix_functions", "normal", "reduce", "routine", "scan", "shape", "special",
    "spectral"]

"""Every operation, each declared once."""

from jitad.ops import (
    arithmetic,
    bessel,
    callback,
    compare,
    contract,
    custom,
    determinant,
    exponential,
    extern,
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
    solved,
    special,
    spectral,
)
from jitad.ops.declare import REGISTRY, Elementwise, Op

__all__ = [
    "REGISTRY", "Elementwise", "Op", "arithmetic", "bessel", "callback", "compare", "contract", "custom", "determinant",
    "exponential", "extern", "index", "leaf", "length", "matrix", "matrix_functions", "normal", "reduce", "routine", "scan",
    "shape", "solved", "special", "spectral"]

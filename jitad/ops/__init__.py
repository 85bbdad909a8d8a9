"""Every operation, each declared once."""

from jitad.ops import arithmetic, bessel, compare, exponential, index, leaf, linalg, normal, reduce, routine, shape, special
from jitad.ops.declare import REGISTRY, Elementwise, Op

__all__ = ["REGISTRY", "Elementwise", "Op", "arithmetic", "bessel", "compare", "exponential", "index", "leaf", "linalg",
           "normal", "reduce", "routine", "shape", "special"]

"""Functions of scipy.special that are no ops: written in Python there, or compositions here."""

from __future__ import annotations

from typing import Any

from jitad.ops import special
from jitad.trace.numpy_api.registry import implements_special
from jitad.trace.tracer import Tracer, apply


@implements_special("polygamma")
def polygamma(n: Any, x: Any) -> Tracer:
    return apply(special.polygamma, n, x)

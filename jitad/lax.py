"""Loops under the names that JAX's users look for them: ``from jitad import lax``, ``lax.scan(...)``."""

from jitad.api import stop_gradient
from jitad.loops import fori_loop, map, scan, while_loop

__all__ = ["fori_loop", "map", "scan", "stop_gradient", "while_loop"]

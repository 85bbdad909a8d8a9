"""Loops and branches under the names that JAX's users look for them: ``from jitad import lax``, ``lax.scan(...)``."""

from jitad.api import stop_gradient
from jitad.loops import cond, fori_loop, map, scan, switch, while_loop

__all__ = ["cond", "fori_loop", "map", "scan", "stop_gradient", "switch", "while_loop"]

"""sin(z)/z, with derivatives that are exact at 0 to every order."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from jitad.ops.declare import Elementwise, elementwise
from jitad.ops.support import next_order


def _sinc(n: Any, z: Any) -> Any:
    """The n-th derivative of sin(z)/z: by its series for small z, else by z f[n] = (sin)(n) - n f[n - 1]."""
    n, z = np.broadcast_arrays(np.asarray(n, int), np.asarray(z, float))
    out = np.empty(z.shape)
    for order in np.unique(n):
        here = n == order
        x = np.where(np.abs(z[here]) == np.inf, np.nan, z[here])
        series, term = np.zeros_like(x), np.ones_like(x)
        for m in range(40 + int(order)):  # x**m/m!/(m + n + 1), every second one, signs alternating
            if (m + order) % 2 == 0:
                series += (-1) ** ((m + order) // 2) * term / (m + order + 1)
            term = term * x / (m + 1)
        value = np.sin(x) / np.where(x == 0, 1, x)
        for k in range(1, order + 1):
            value = (np.sin(x + k * np.pi / 2) - k * value) / np.where(x == 0, 1, x)
        out[here] = np.where(np.abs(x) < 1 + order / 2, series, value)
    return out


sinc: Elementwise = elementwise(
    "sinc", numpy=_sinc, code="sinc(int({x}), {y})", arity=2, whole=(0,), cost=60, domain=((0, 5), (-9, 9)),
    mpmath=lambda n, z: sys.modules["mpmath"].diff(lambda t: sys.modules["mpmath"].sinc(t), z, int(n)),
    partials=lambda n, z, out: (None, sinc(next_order(n, 1), z)))

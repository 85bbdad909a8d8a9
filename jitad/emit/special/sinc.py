"""sin(z)/z and its derivatives."""

from __future__ import annotations

import math

from jitad.emit.special.own import own


@own
def sinc(n, z):  # type: ignore[no-untyped-def]
    """The n-th derivative of sin(z)/z: by its series for small z, else by z f[n] = (sin)(n) - n f[n - 1]."""
    if abs(z) >= 1.0 + 0.5 * n:
        if abs(z) == math.inf:
            return math.nan
        value = math.sin(z) / z
        for k in range(1, n + 1):
            turned = (math.sin(z), math.cos(z), -math.sin(z), -math.cos(z))[k % 4]
            value = (turned - k * value) / z
        return value
    total, term = 0.0, 1.0
    for m in range(40 + n):  # z**m/m!/(m + n + 1), every second one, signs alternating
        if (m + n) % 2 == 0:
            total += (1.0 - ((m + n) // 2 % 2) * 2.0) * term / (m + n + 1)
        term *= z / (m + 1)
    return total

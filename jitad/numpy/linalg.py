"""``numpy.linalg`` for traced arrays."""

from __future__ import annotations

from typing import Any

import numpy as _np

from jitad.numpy import counterpart


def __getattr__(name: str) -> Any:
    value = getattr(_np.linalg, name)
    return (counterpart(value) if callable(value) and not isinstance(value, type) else None) or value

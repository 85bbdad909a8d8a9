"""Special functions. SciPy is not imported until one is evaluated by the interpreter."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from jitad.ops.arithmetic import exp
from jitad.ops.declare import elementwise


def _scipy(name: str) -> Callable:
    def function(*args: Any) -> Any:
        import scipy.special

        return getattr(scipy.special, name)(*args)

    function.__name__ = name
    return function


_TWO_BY_ROOT_PI = 2 / math.sqrt(math.pi)

erf = elementwise("erf", numpy=_scipy("erf"), special="erf", code="erf({x})", cost=40, parity="odd",
                  partials=lambda x, out: (_TWO_BY_ROOT_PI * exp(-(x * x)),))
erfc = elementwise("erfc", numpy=_scipy("erfc"), special="erfc", code="erfc({x})", cost=40,
                   partials=lambda x, out: (-_TWO_BY_ROOT_PI * exp(-(x * x)),))

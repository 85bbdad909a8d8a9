"""Special functions that Numba does not have, as plain Python.

A file is imported when one of its functions is used, and the function is compiled then.
"""

from __future__ import annotations

import importlib
from typing import Any

_FILES = {
    "bessel": "bessel_j0 bessel_j1 bessel_jn bessel_y0 bessel_y1 bessel_yn spherical_jn",
    "elementary": "cosdg cosm1 cotdg entr expit kl_div log_expit logaddexp logit rel_entr sindg tandg xlog1py xlogy",
    "exponential": "boxcox boxcox1p exp1 exp_moment expi expn exprel inv_boxcox inv_boxcox1p log_moment",
    "factorials": "beta betaln gamma gammaln polygamma",
    "lane_gamma": "digamma_of_lanes gammaln_of_lanes",
    "modified": "bessel_i0 bessel_i0e bessel_i1 bessel_i1e bessel_iv bessel_ive",
    "normal": "erfcinv erfcx erfinv hazard log_ndtr ndtr ndtri tail_ratio",
}
NAMES = {name: file for file, names in _FILES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name in NAMES:
        return getattr(importlib.import_module(f"{__name__}.{NAMES[name]}"), name)
    raise AttributeError(name)

"""Functions of `scipy.special` that are written in Python there, for traced and for plain arrays.

The ufuncs of `scipy.special` (`erf`, `gammaln`, `j0`, ...) are called as they are: traced arrays answer them. So are these three,
where a traced function calls them under SciPy's name; here they are for code that does not import it.
"""

from __future__ import annotations

from typing import Any

from jitad.numpy import either

__all__ = ["log_softmax", "logsumexp", "softmax"]


def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False) -> Any:
    """``log(sum(b * exp(a), axis))``, without overflow.

    Parameters
    ----------
    a : array_like
        Any shape; ``-inf`` counts as nothing.
    axis : int or tuple of int, optional
        The axes to sum over; all without it.
    b : array_like, optional
        Weights.
    keepdims : bool
        Whether summed axes stay, with length 1.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> jitad.grad(jitad.special.logsumexp)(np.array([0.0, 0.0, -np.inf]))
    array([0.5, 0.5, 0. ])
    """
    return either("scipy.special", "logsumexp", (a,), {"axis": axis, "b": b, "keepdims": keepdims})


def softmax(x: Any, axis: Any = None) -> Any:
    """``exp(x) / sum(exp(x), axis)``, without overflow.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> jitad.special.softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    return either("scipy.special", "softmax", (x,), {"axis": axis})


def log_softmax(x: Any, axis: Any = None) -> Any:
    """``x - log(sum(exp(x), axis))``, without overflow.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> jitad.special.log_softmax(np.array([0.0, 1000.0]))
    array([-1000.,     0.])
    """
    return either("scipy.special", "log_softmax", (x,), {"axis": axis})

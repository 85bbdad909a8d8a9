"""Linear algebra that `numpy.linalg` lacks, for traced and for plain arrays: the functions of `scipy.linalg` of these names.

Traced functions may call them under SciPy's names as well. All take stacks of matrices.
"""

from __future__ import annotations

from typing import Any

from jitad.numpy import either

__all__ = ["cho_factor", "cho_solve", "expm", "solve_triangular"]


def expm(A: Any) -> Any:  # noqa: N803
    """The exponential of a matrix, of shape (..., n, n).

    Scaling and squaring with a Padé approximant; derivatives of order k are corners of exponentials of matrices of 2**k n rows
    (Van Loan, IEEE Trans. Autom. Control 23 (1978) 395).

    Examples
    --------
    >>> import numpy as np, jitad
    >>> round(jitad.grad(lambda t: jitad.linalg.expm(np.array([[0.0, t], [-t, 0.0]]))[0, 1])(0.0), 12)
    1.0
    """
    return either("scipy.linalg", "expm", (A,), {})


def solve_triangular(a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False) -> Any:
    """x with ``a x = b`` for triangular `a` of shape (n, n), or the transposed one with ``trans=1``.

    The other triangle is not looked at: its derivative is 0.

    Raises
    ------
    numpy.linalg.LinAlgError
        If there is a zero on the diagonal.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> jitad.linalg.solve_triangular(np.array([[2.0, 0.0], [1.0, 1.0]]), np.array([2.0, 3.0]), lower=True)
    array([1., 2.])
    """
    return either("scipy.linalg", "solve_triangular", (a, b), {"trans": trans, "lower": lower, "unit_diagonal": unit_diagonal})


def cho_factor(a: Any, lower: bool = False) -> tuple[Any, bool]:
    """The Cholesky factor of a positive definite matrix of shape (n, n), and `lower`: what :func:`cho_solve` takes.

    Of `a`, only the triangle that `lower` names is looked at.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the matrix is not positive definite.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> jitad.linalg.cho_solve(jitad.linalg.cho_factor(np.array([[4.0, 0.0], [0.0, 1.0]])), np.array([4.0, 1.0]))
    array([1., 1.])
    """
    return either("scipy.linalg", "cho_factor", (a, lower), {})


def cho_solve(c_and_lower: tuple[Any, bool], b: Any) -> Any:
    """x with ``a x = b``, given the factor of `a` that :func:`cho_factor` made; `b` of shape (n,) or (n, k).

    Examples
    --------
    >>> import numpy as np, jitad
    >>> def squared(t):
    ...     return (jitad.linalg.cho_solve(jitad.linalg.cho_factor(t * np.eye(2)), np.array([1.0, 2.0])) ** 2).sum()
    >>> round(jitad.grad(squared)(2.0), 12)
    -1.25
    """
    return either("scipy.linalg", "cho_solve", (c_and_lower, b), {})

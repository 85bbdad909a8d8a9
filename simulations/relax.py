"""Energy minimisation with SciPy and exact gradients."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.optimize import OptimizeResult, minimize

import jitad


@cache
def flat_value_and_grad(energy):
    """Value and gradient of an energy of positions (n, 3) as a function of the flat vector that SciPy passes."""

    def flat_energy(flat):
        return energy(flat.reshape(-1, 3))

    return jitad.value_and_grad(flat_energy)


def relax(energy, x0, method="L-BFGS-B", tol=1e-9, **options) -> OptimizeResult:
    """Go downhill from positions to a local minimum.

    Parameters
    ----------
    energy : callable
        Plain NumPy, of positions of shape (n, 3).
    x0 : array_like, shape (n, 3)
        Where to start; not changed.
    method, tol, **options
        As in `scipy.optimize.minimize`.

    Returns
    -------
    OptimizeResult
        SciPy's, with `x` of shape (n, 3) and `jac` the gradient there, of shape (n, 3).

    Examples
    --------
    >>> import numpy as np
    >>> from simulations.potentials import lennard_jones
    >>> found = relax(lennard_jones, [[0.0, 0.0, 0.0], [1.3, 0.0, 0.0]])
    >>> round(found.fun, 6)
    -1.0
    """
    x0 = np.array(x0, dtype=float)
    found = minimize(flat_value_and_grad(energy), x0.ravel(), jac=True, method=method, tol=tol, options=options)
    found.x, found.jac = found.x.reshape(x0.shape), np.reshape(found.jac, x0.shape)
    return found

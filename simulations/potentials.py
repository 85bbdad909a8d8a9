"""Potential energies of atoms, in plain NumPy.

Positions are arrays of shape (n, 3). Energies are in units of the well depth and lengths in units of the potential's length
parameter, unless parameters say otherwise. Any of these can be given to ``jitad.value_and_grad``.
"""

from __future__ import annotations

import numpy as np


def squared_distances(x):
    """Squared distances between all atoms, shape (n, n); zero on the diagonal."""
    return ((x[:, np.newaxis] - x[np.newaxis]) ** 2).sum(-1)


def others(x):
    """True for every pair of two different atoms, shape (n, n)."""
    atoms = np.arange(x.shape[0])
    return atoms[:, np.newaxis] != atoms


def harmonic(x, stiffness=1.0, length=1.0):
    """Springs between all pairs: stiffness/2 * (r - length)**2 over pairs.

    Examples
    --------
    >>> import numpy as np
    >>> float(harmonic(np.array([[0.0, 0.0, 0.0], [1.5, 0.0, 0.0]])))
    0.125
    """
    r = np.sqrt(squared_distances(x))
    return stiffness / 4 * np.where(others(x), (r - length) ** 2, 0.0).sum()


def lennard_jones(x, epsilon=1.0, sigma=1.0):
    """4*epsilon*((sigma/r)**12 - (sigma/r)**6) over pairs.

    J. E. Jones, Proc. R. Soc. Lond. A 106, 463 (1924).

    Examples
    --------
    >>> import numpy as np
    >>> float(lennard_jones(np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])))
    0.0
    """
    s6 = (sigma**2 / (squared_distances(x) + np.eye(len(x)))) ** 3  # ones on the diagonal: no warning from NumPy
    return 2 * epsilon * np.where(others(x), s6 * s6 - s6, 0.0).sum()


def morse(x, rho=6.0, epsilon=1.0, length=1.0):
    """epsilon*(exp(-2*a) - 2*exp(-a)) over pairs, a = rho*(r/length - 1).

    P. M. Morse, Phys. Rev. 34, 57 (1929). `rho` is the range parameter of the cluster literature; 6 is close to Lennard-Jones.
    """
    attraction = np.exp(-rho * (np.sqrt(squared_distances(x)) / length - 1))
    return epsilon / 2 * np.where(others(x), attraction * (attraction - 2), 0.0).sum()


def embedded_atom(x, a=0.2061, xi=1.79, p=10.229, q=4.036, length=2.884):
    """Gupta's second-moment potential: for each atom a pair repulsion, minus the square root of a density.

    The parameters are those of gold, in eV and angstrom: F. Cleri and V. Rosato, Phys. Rev. B 48, 22 (1993).
    """
    stretch = np.sqrt(squared_distances(x)) / length - 1
    pair = others(x)
    repulsion = np.where(pair, a * np.exp(-p * stretch), 0.0).sum()
    density = np.where(pair, xi**2 * np.exp(-2 * q * stretch), 0.0).sum(1)
    return repulsion - np.sqrt(density).sum()

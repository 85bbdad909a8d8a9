"""Interatomic potentials."""

import numpy as np
from scipy.special import erfc

from tests.zoo.case import Case

rng = np.random.default_rng(4)


def cluster(n, spacing=1.2):
    """Atoms near the points of a cubic lattice."""
    side = int(np.ceil(n ** (1 / 3)))
    points = np.array(list(np.ndindex(side, side, side)), dtype=float)[:n]
    return spacing * points + 0.15 * rng.normal(size=(n, 3))


def lennard_jones_periodic(x, epsilon, sigma):
    """Truncated and shifted, with the nearest images in a cubic box."""
    box, cutoff = 3.6, 1.7
    i, j = np.triu_indices(len(x), k=1)
    d = x[i] - x[j]
    d -= box * np.round(d / box)
    r2 = np.sum(d**2, axis=1)
    s6 = (sigma**2 / r2) ** 3
    shift = (sigma / cutoff) ** 12 - (sigma / cutoff) ** 6
    return np.sum(np.where(r2 < cutoff**2, 4 * epsilon * (s6**2 - s6 - shift), 0.0))


def morse(x, parameters):
    D, a, r0 = parameters["D"], parameters["a"], parameters["r0"]
    energy = 0
    for i in range(len(x)):
        for j in range(i):
            r = np.linalg.norm(x[i] - x[j])
            energy += D * (1 - np.exp(-a * (r - r0))) ** 2
    return energy


def buckingham_coulomb(x):
    """Ionic crystal fragment: A exp(-r / rho) - C / r^6 by species, and charges."""
    species = np.array([0, 1, 1, 0, 1, 0])
    q = np.array([1.0, -1.0])[species]
    A = np.array([[0.0, 120.0], [120.0, 80.0]])
    rho, C = 0.3, np.array([[0.0, 0.5], [0.5, 1.0]])
    r = np.sqrt(((x[:, None, :] - x[None, :, :]) ** 2).sum(axis=2) + np.eye(len(x)))
    pair = A[np.ix_(species, species)] * np.exp(-r / rho) - C[species][:, species] / r**6 + np.outer(q, q) / r
    np.fill_diagonal(pair, 0.0)
    return 0.5 * pair.sum()


def ewald_real_space(x, q, alpha=0.9):
    """Screened Coulomb sum over the 27 nearest cells of a cubic box, with the self energy."""
    n, box = len(q), 4.0
    energy = -alpha / np.sqrt(np.pi) * np.sum(q**2)
    for cell in np.ndindex(3, 3, 3):
        shift = box * (np.array(cell) - 1)
        for i in range(n):
            for j in range(n):
                if i == j and not shift.any():
                    continue
                r = np.linalg.norm(x[i] - x[j] + shift)
                energy += 0.5 * q[i] * q[j] * erfc(alpha * r) / r
    return energy


def stillinger_weber(x):
    """Silicon in reduced units."""
    A, B, p, a, lam, gamma = 7.049556277, 0.6022245584, 4, 1.8, 21.0, 1.2
    n = len(x)
    d = x[None] - x[:, None]
    r = np.sqrt(np.sum(d**2, axis=-1) + np.eye(n))
    near = (r < a) & ~np.eye(n, dtype=bool)
    gap = np.where(near, r - a, -1.0)
    two = np.where(near, A * (B * r**-p - 1) * np.exp(1 / gap), 0)
    unit = d / r[..., None]
    cosine = np.einsum("ijk,ilk->ijl", unit, unit)
    decay = np.where(near, np.exp(gamma / gap), 0)
    three = lam * decay[:, :, None] * decay[:, None, :] * (cosine + 1 / 3) ** 2
    three = three[:, *np.triu_indices(n, 1)]
    return 0.5 * two.sum() + three.sum()


def tersoff(x):
    """Carbon, without the cutoff function: bond order from the angles at the first atom of a bond."""
    A, B, lam1, lam2, beta, n, c, d, h = 1393.6, 346.74, 3.4879, 2.2119, 1.5724e-7, 0.72751, 38049.0, 4.3484, -0.57058
    energy = 0.0
    for i in range(len(x)):
        for j in range(len(x)):
            if i == j:
                continue
            rij = x[j] - x[i]
            dij = np.sqrt(rij @ rij)
            zeta = 0.0
            for k in range(len(x)):
                if k in (i, j):
                    continue
                rik = x[k] - x[i]
                cosine = rij.dot(rik) / (dij * np.linalg.norm(rik))
                zeta += 1 + c**2 / d**2 - c**2 / (d**2 + (h - cosine) ** 2)
            bond = (1 + (beta * zeta) ** n) ** (-1 / (2 * n))
            energy += 0.5 * (A * np.exp(-lam1 * dij) - bond * B * np.exp(-lam2 * dij))
    return energy


def torsion(x):
    """Ryckaert-Bellemans-like energy of the dihedral angles along a chain."""
    b = np.diff(x, axis=0)
    n1 = np.cross(b[:-2], b[1:-1])
    n2 = np.cross(b[1:-1], b[2:])
    axis = b[1:-1] / np.linalg.norm(b[1:-1], axis=1, keepdims=True)
    m = np.cross(n1, axis)
    phi = np.arctan2((m * n2).sum(1), (n1 * n2).sum(1))
    return np.sum(1.5 * (1 + np.cos(phi)) + 0.7 * (1 - np.cos(2 * phi)) + 2.1 * (1 + np.cos(3 * phi - np.deg2rad(30))))


def bends(x, triples=((0, 1, 2), (1, 2, 3), (0, 2, 3))):
    """Harmonic in the angles."""
    energy = 0.0
    for i, j, k in triples:
        u, v = x[i] - x[j], x[k] - x[j]
        angle = np.arccos(np.clip(np.dot(u, v) / (np.linalg.norm(u) * np.linalg.norm(v)), -1, 1))
        energy += 0.5 * 3.0 * (angle - np.radians(109.5)) ** 2
    return energy


def embedded_atom(x, parameters):
    """Finnis-Sinclair: pairs, and the square root of a density."""
    n = x.shape[0]
    energy = 0.0
    density = np.zeros(n)
    for i in range(n):
        for j in range(i + 1, n):
            r = np.sqrt(((x[i] - x[j]) ** 2).sum())
            energy += parameters.A * np.exp(-parameters.p * (r - 1))
            rho = np.exp(-2 * parameters.q * (r - 1))
            density[i] += rho
            density[j] += rho
    return energy - parameters.xi * np.sqrt(density).sum()


class Gupta:
    A, p, q, xi = 0.1, 10.0, 2.7, 1.2


def gupta(x):
    return embedded_atom(x, Gupta())


def debye_scattering(x):
    """Intensities at four wave numbers, with the pairs counted in bins of nothing: sinc of every distance."""
    i, j = np.tril_indices(len(x), -1)
    r = np.linalg.norm(x[i] - x[j], axis=1)
    k = np.array([0.5, 1.0, 2.0, 4.0])
    return len(x) + 2 * np.sinc(np.outer(k, r) / np.pi).sum(axis=1)


def water_dimer(x):
    """Flexible three-site molecules: bonds, angles, charges between molecules, oxygens by Lennard-Jones."""
    molecules = np.split(x, 2)
    charges = np.array([-0.82, 0.41, 0.41])
    energy = 0.0
    for oxygen, H1, H2 in molecules:
        r1, r2 = np.linalg.norm(H1 - oxygen), np.linalg.norm(H2 - oxygen)
        cosine = np.vdot(H1 - oxygen, H2 - oxygen) / (r1 * r2)
        energy += 500 * ((r1 - 1.0) ** 2 + (r2 - 1.0) ** 2) + 40 * (np.arccos(cosine) - 1.9106) ** 2
    a, b = molecules
    r = np.linalg.norm(a[:, np.newaxis] - b[np.newaxis], axis=2)
    energy += 332.06 * np.sum(np.multiply.outer(charges, charges) / r)
    s6 = (3.166 / r[0, 0]) ** 6
    return energy + 4 * 0.1554 * (s6**2 - s6)


monomer = np.array([[0.0, 0.0, 0.0], [0.95, 0.1, 0.0], [-0.3, 0.92, 0.05]])

CASES = [
    Case(lennard_jones_periodic, cluster(8), 1.0, 1.1),
    Case(morse, cluster(5), {"D": 1.3, "a": 2.0, "r0": 1.1}),
    Case(buckingham_coulomb, cluster(6), reference="differences"),
    Case(ewald_real_space, cluster(2), np.array([1.0, -0.8])),
    Case(stillinger_weber, cluster(5)),
    Case(tersoff, cluster(3, 1.4), reference="jax"),
    Case(torsion, np.cumsum(rng.normal(size=(6, 3)), axis=0), reference="jax"),
    Case(bends, cluster(4)),
    Case(gupta, cluster(5), reference="differences"),
    Case(debye_scattering, cluster(4)),
    Case(water_dimer, np.concatenate([monomer, monomer @ np.diag([1.0, -1.0, 1.0]) + [0.3, 0.2, 2.9]]), reference="jax"),
]

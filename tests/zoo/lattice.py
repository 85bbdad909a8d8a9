"""Fields and spins on lattices, and networks of springs."""

import numpy as np
from scipy.special import xlogy

from tests.zoo.case import Case

rng = np.random.default_rng(3)


def ising_mean_field(m, beta=0.7, h=0.1):
    """Variational free energy of a 4 x 5 lattice of magnetizations: energy less temperature times entropy."""
    m = m.reshape(4, 5)
    energy = -np.sum(m * (np.roll(m, 1, axis=0) + np.roll(m, 1, axis=1))) - h * np.sum(m)
    up, down = (1 + m) / 2, (1 - m) / 2
    entropy = -np.sum(up * np.log(up) + down * np.log(down))
    return energy - entropy / beta


def potts_mean_field(p):
    """Three states, ring: occupations p with rows that sum to one."""
    p = p / p.sum(axis=1, keepdims=True)
    return -np.einsum("is,is->", p, np.roll(p, -1, axis=0)) + 0.5 * xlogy(p, p).sum()


def ginzburg_landau(fields, parameters):
    """Superconductor: |(grad - iA) psi|^2 by links, condensation, and the magnetic field of the plaquettes."""
    re, im, ax, ay = fields["re"], fields["im"], fields["ax"], fields["ay"]
    kinetic = 0.0
    for axis, a in enumerate((ax, ay)):
        re1, im1 = np.roll(re, -1, axis), np.roll(im, -1, axis)
        c, s = np.cos(a), np.sin(a)
        kinetic += ((re1 * c + im1 * s - re) ** 2 + (im1 * c - re1 * s - im) ** 2).sum()
    density = re**2 + im**2
    condensation = (parameters["alpha"] * density + parameters["beta"] / 2 * density**2).sum()
    curl = np.roll(ay, -1, 0) - ay - np.roll(ax, -1, 1) + ax
    return kinetic + condensation + parameters["kappa"] ** 2 * (curl**2).sum()


def xy_model(theta, J=1.0, h=0.2):
    energy = 0.0
    L = theta.shape[0]
    for i in range(L):
        for j in range(L):
            energy -= J * np.cos(theta[i, j] - theta[(i + 1) % L, j])
            energy -= J * np.cos(theta[i, j] - theta[i, (j + 1) % L])
    return energy - h * np.sum(np.cos(theta))


def heisenberg(angles):
    """Classical spins (theta, phi) on a ring, with exchange, Dzyaloshinskii-Moriya and anisotropy."""
    theta, phi = angles.T
    S = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1)
    neighbour = np.roll(S, -1, axis=0)
    dm = np.cross(S, neighbour)[:, 2]
    return -np.sum(S * neighbour) + 0.3 * dm.sum() - 0.1 * np.sum(S[:, 2] ** 2)


def frenkel_kontorova(u, a0=1.1, k=2.0, V=0.5):
    x = u + a0 * np.arange(len(u))
    return 0.5 * k * np.sum((x[1:] - x[:-1] - a0) ** 2) + V * np.sum(1 - np.cos(2 * np.pi * x))


class ElasticNetwork:
    """Anisotropic network model: springs between residues closer than a cutoff in the reference structure."""

    def __init__(self, reference, cutoff=2.0, stiffness=1.0):
        distance = np.linalg.norm(reference[:, None] - reference[None, :], axis=-1)
        self.i, self.j = np.nonzero(np.triu(distance < cutoff, k=1))
        self.rest = distance[self.i, self.j]
        self.stiffness = stiffness

    def __call__(self, x):
        length = np.linalg.norm(x[self.i] - x[self.j], axis=-1)
        return 0.5 * self.stiffness * np.sum((length - self.rest) ** 2)


def phi_four(phi, mass2=-0.5, coupling=0.8):
    """Euclidean action on a periodic 3-d lattice."""
    gradient = sum(np.sum((np.roll(phi, -1, axis=mu) - phi) ** 2) for mu in range(phi.ndim))
    return 0.5 * gradient + np.sum(0.5 * mass2 * phi**2 + coupling / 24 * phi**4)


def cahn_hilliard(c):
    """Free energy of a concentration field; gradients by central differences."""
    dx, dy = np.gradient(c)
    return np.sum(c**2 * (1 - c) ** 2 + 0.5 * 0.1 * (dx**2 + dy**2))


def sine_gordon(phi):
    dx = 0.5
    return dx * np.sum(0.5 * ((phi[1:] - phi[:-1]) / dx) ** 2) + np.trapezoid(1 - np.cos(phi), dx=dx)


def zero_point_energy(k):
    """Of a chain of unit masses and springs k: half the sum of the frequencies of the dynamical matrix."""
    n = len(k)
    D = np.zeros((n, n))
    for i in range(n):
        j = (i + 1) % n
        D[i, i] += k[i]
        D[j, j] += k[i]
        D[i, j] -= k[i]
        D[j, i] -= k[i]
    D += 0.1 * np.eye(n)  # a substrate, so that no mode has frequency zero
    return 0.5 * np.sum(np.sqrt(np.linalg.eigvalsh(D)))


def phonon_bands(masses, q):
    """Squared frequencies of a diatomic chain at wave vectors q, from the 2 x 2 dynamical matrix."""
    m1, m2 = masses
    trace = 2 * (1 / m1 + 1 / m2)
    determinant = 4 * np.sin(q / 2) ** 2 / (m1 * m2)
    root = np.sqrt(trace**2 / 4 - determinant)
    return np.array([trace / 2 - root, trace / 2 + root])


cube = np.array(np.meshgrid(*[np.arange(2.0)] * 3)).reshape(3, -1).T * 1.3

CASES = [
    Case(ising_mean_field, rng.uniform(-0.8, 0.8, 20)),
    Case(potts_mean_field, rng.uniform(0.2, 1, (5, 3)), reference="jax"),
    Case(ginzburg_landau, {k: rng.normal(size=(5, 5)) for k in ("re", "im", "ax", "ay")},
         {"alpha": -0.8, "beta": 1.2, "kappa": 1.5}),
    Case(xy_model, rng.uniform(-3, 3, (3, 3))),
    Case(heisenberg, rng.uniform(0.3, 2, (5, 2))),
    Case(frenkel_kontorova, 0.2 * rng.normal(size=7)),
    Case(ElasticNetwork(cube), cube + 0.1 * rng.normal(size=(8, 3))),
    Case(phi_four, rng.normal(size=(3, 3, 3))),
    Case(cahn_hilliard, rng.uniform(size=(5, 6))),
    Case(sine_gordon, np.linspace(0, 6, 7) + 0.1 * rng.normal(size=7), reference="jax"),
    Case(zero_point_energy, rng.uniform(1, 2, 5), reference="differences"),
    Case(phonon_bands, np.array([1.0, 2.5]), np.linspace(0.3, 3, 4)),
]

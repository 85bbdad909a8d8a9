"""Mechanics of points: energies, Lagrangians, actions, trajectories."""

from itertools import combinations

import numpy as np

from tests.zoo.case import Case

rng = np.random.default_rng(2)
g = 9.81


def kepler_energy(state):
    """Of the relative motion, state = (x, y, vx, vy), GM = 1."""
    x, y, vx, vy = state
    return 0.5 * (vx**2 + vy**2) - 1 / np.sqrt(x**2 + y**2)


def kepler_action(path, period):
    """Of a closed path through n points, by the trapezoidal rule."""
    dt = period / len(path)
    velocity = (np.roll(path, -1, axis=0) - path) / dt
    midpoint = (np.roll(path, -1, axis=0) + path) / 2
    kinetic = 0.5 * np.sum(velocity**2, axis=1)
    potential = -1 / np.linalg.norm(midpoint, axis=1)
    return dt * np.sum(kinetic - potential)


def double_pendulum_lagrangian(theta, omega, m1=1.0, m2=0.7, l1=1.0, l2=1.3):
    t1, t2 = theta
    w1, w2 = omega
    kinetic = (0.5 * (m1 + m2) * l1**2 * w1**2 + 0.5 * m2 * l2**2 * w2**2
               + m2 * l1 * l2 * w1 * w2 * np.cos(t1 - t2))
    potential = -(m1 + m2) * g * l1 * np.cos(t1) - m2 * g * l2 * np.cos(t2)
    return kinetic - potential


class NBody:
    """Self-gravitating points: the Hamiltonian."""

    def __init__(self, masses, softening=0.05):
        self.masses = np.asarray(masses)
        self.softening = softening

    def kinetic(self, p):
        return np.sum(p**2 / (2 * self.masses[:, None]))

    def potential(self, r):
        energy = 0.0
        for i, j in combinations(range(len(self.masses)), 2):
            distance = np.sqrt(np.sum((r[i] - r[j]) ** 2) + self.softening**2)
            energy -= self.masses[i] * self.masses[j] / distance
        return energy

    def hamiltonian(self, r, p):
        return self.kinetic(p) + self.potential(r)


def henon_heiles(x, y, px, py, lam=1.0):
    return 0.5 * (px**2 + py**2) + 0.5 * (x**2 + y**2) + lam * (x**2 * y - y**3 / 3)


def henon_heiles_flow(state):
    """Where a leapfrog integrator takes (x, y, px, py) in ten steps."""
    def force(q):
        x, y = q
        return np.array([-x - 2 * x * y, -y - x**2 + y**2])

    q, p = state[:2], state[2:]
    h = 0.1
    for _ in range(10):
        p = p + 0.5 * h * force(q)
        q = q + h * p
        p = p + 0.5 * h * force(q)
    return np.concatenate([q, p])


def fput_chain(q, p, alpha=0.25, beta=0.1):
    """With fixed ends."""
    stretch = np.diff(np.concatenate(([0.0], q, [0.0])))
    return 0.5 * np.dot(p, p) + np.sum(stretch**2 / 2 + alpha * stretch**3 / 3 + beta * stretch**4 / 4)


def toda_lattice(q, p):
    n = len(q)
    potential = 0.0
    for i in range(n):
        potential += np.exp(-(q[(i + 1) % n] - q[i])) - 1
    return 0.5 * (p**2).sum() + potential


def jacobi_integral(state, mu=0.0121505856):
    """Circular restricted three-body problem, Earth and Moon."""
    x, y, z = state[:3]
    r1 = np.sqrt((x + mu) ** 2 + y**2 + z**2)
    r2 = np.sqrt((x - 1 + mu) ** 2 + y**2 + z**2)
    omega = (x**2 + y**2) / 2 + (1 - mu) / r1 + mu / r2
    return 2 * omega - np.linalg.norm(state[3:]) ** 2


def brachistochrone(y):
    """Time of descent along the polyline through equidistant abscissae, from height 0."""
    x = np.linspace(0, 1, y.size + 2)
    height = np.r_[0.0, y, -0.6]
    speed = np.sqrt(-2 * g * height)
    length = np.hypot(np.diff(x), np.diff(height))
    return np.sum(2 * length / (speed[:-1] + speed[1:]))


def kepler_equation(E):
    """Residual of E - e sin E = M for a table of anomalies."""
    eccentricity = 0.3
    M = np.linspace(0.1, 3, len(E))
    return E - eccentricity * np.sin(E) - M


def hanging_chain(points, anchors):
    """Springs between masses under gravity, hung up at both ends."""
    x = np.vstack([anchors[0], points, anchors[1]])
    lengths = np.linalg.norm(x[1:] - x[:-1], axis=-1)
    return 0.5 * 50.0 * ((lengths - 0.2) ** 2).sum() + 0.1 * g * points[:, 1].sum()


circle = 2 * np.pi * np.arange(8) / 8

CASES = [
    Case(kepler_energy, np.array([1.0, 0.2, -0.1, 0.9])),
    Case(kepler_action, np.c_[np.cos(circle), np.sin(circle)] + 0.05 * rng.normal(size=(8, 2)), 6.0),
    Case(double_pendulum_lagrangian, np.array([0.4, 1.1]), np.array([0.3, -0.7])),
    Case(NBody([1.0, 0.5, 0.3, 0.2]).hamiltonian, rng.normal(size=(4, 3)), rng.normal(size=(4, 3))),
    Case(henon_heiles, 0.1, 0.2, 0.3, -0.1),
    Case(henon_heiles_flow, np.array([0.1, 0.2, 0.3, -0.1])),
    Case(fput_chain, rng.normal(size=8), rng.normal(size=8)),
    Case(toda_lattice, rng.normal(size=6), rng.normal(size=6)),
    Case(jacobi_integral, np.array([0.8, 0.1, 0.05, 0.1, 0.2, -0.1])),
    Case(brachistochrone, -np.linspace(0.1, 0.5, 6), reference="differences"),
    Case(kepler_equation, np.linspace(0.2, 3.1, 6)),
    Case(hanging_chain, np.c_[np.linspace(0.1, 0.9, 5), -0.3 * np.ones(5)], np.array([[0.0, 0.0], [1.0, 0.1]])),
]

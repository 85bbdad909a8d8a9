"""Curve fits, networks, discretized equations and kinetics."""

from functools import reduce

import numpy as np

from tests.zoo.case import Case

rng = np.random.default_rng(8)
t = np.linspace(0.1, 4, 12)
y = 2.5 * np.exp(-1.1 * t) + 0.3 + 0.05 * rng.normal(size=12)
y[4] += 1.0
images, labels = rng.normal(size=(6, 4)), rng.integers(0, 3, 6)
signal = np.repeat([0.0, 1.0, 0.3], 4) + 0.1 * rng.normal(size=12)


def huber_fit(p, delta=0.1):
    a, k, c = p
    r = a * np.exp(-k * t) + c - y
    return np.sum(np.where(np.abs(r) <= delta, 0.5 * r**2, delta * (np.abs(r) - 0.5 * delta)))


def rational_fit(p):
    return np.polyval(p[:3], t) / np.polyval(np.append(p[3:], 1.0), t) - y


def spectrum_fit(peaks, baseline):
    """Pseudo-Voigt peaks on a line; each peak (height, centre, width, mixing)."""
    model = baseline[0] + baseline[1] * t
    for height, centre, width, eta in peaks:
        u = ((t - centre) / width) ** 2
        model = model + height * (eta / (1 + u) + (1 - eta) * np.exp(-np.log(2) * u))
    return model - y


def interp_fit(knots):
    """Piecewise linear curve through values at fixed knots."""
    return np.interp(t, np.linspace(0, 4.2, len(knots)), knots) - y


def basis(x, knots, k, degree):
    """Cox and de Boor's recursion, on numbers that are not traced."""
    if degree == 0:
        return ((knots[k] <= x) & (x < knots[k + 1])).astype(float)
    left = (x - knots[k]) / (knots[k + degree] - knots[k])
    right = (knots[k + degree + 1] - x) / (knots[k + degree + 1] - knots[k + 1])
    return left * basis(x, knots, k, degree - 1) + right * basis(x, knots, k + 1, degree - 1)


def smoothing_spline(c, log_penalty):
    knots = np.linspace(-3, 7.5, len(c) + 4)
    B = np.transpose([basis(t, knots, k, 3) for k in range(len(c))])
    return np.sum((B @ c - y) ** 2) + np.exp(log_penalty) * np.sum(np.diff(c, n=2) ** 2)


def fourier_fit(coefficients):
    a, b = coefficients[::2], coefficients[1::2]
    k = np.arange(1, len(a) + 1)
    model = (a * np.cos(np.outer(t, k)) + b * np.sin(np.outer(t, k))).sum(axis=1)
    return np.mean((model - y) ** 2)


def michaelis_menten(p):
    vmax, km, n = p
    return vmax * t**n / (km**n + t**n) - y


def total_variation(u, eps=1e-3):
    return 0.5 * np.sum((u - signal) ** 2) + 0.2 * np.sum(np.sqrt(np.diff(u) ** 2 + eps))


def mlp(parameters):
    """Two layers and a cross entropy; parameters a list of (weights, biases)."""
    h = images
    for W, b in parameters[:-1]:
        h = np.tanh(h @ W + b)
    W, b = parameters[-1]
    logits = h @ W + b
    log_z = np.log(np.exp(logits).sum(axis=-1))
    return np.mean(log_z - np.take_along_axis(logits, labels[:, None], axis=-1)[:, 0])


def relu_network(W1, b1, w2):
    hidden = np.maximum(0, images @ W1 + b1)
    return np.mean((hidden @ w2 - np.array(labels)) ** 2)


def bratu(u):
    """-u'' = exp(u), u = 0 at both ends: residual of central differences."""
    h = 1 / (u.size + 1)
    padded = np.pad(u, 1)
    return (padded[2:] - 2 * padded[1:-1] + padded[:-2]) / h**2 + np.exp(u)


def burgers(u, steps=20):
    """Upwind steps, and the distance of where they lead from a sine."""
    n = u.size
    dx, dt, nu = 1 / n, 0.01, 0.02
    for _ in range(steps):
        left, right = np.roll(u, 1), np.roll(u, -1)
        advection = np.where(u > 0, u * (u - left), u * (right - u)) / dx
        u = u - dt * advection + dt * nu * (left - 2 * u + right) / dx**2
    return np.sum((u - np.sin(2 * np.pi * np.arange(n) / n)) ** 2)


def burgers_start(u):
    return burgers(u, steps=2)


def poisson_2d(u):
    """Residual of the five-point stencil with a source, by slices."""
    r = np.zeros_like(u)
    r[1:-1, 1:-1] = 4 * u[1:-1, 1:-1] - u[:-2, 1:-1] - u[2:, 1:-1] - u[1:-1, :-2] - u[1:-1, 2:] - 0.1
    r[0], r[-1] = u[0], u[-1]
    r[1:-1, 0], r[1:-1, -1] = u[1:-1, 0] - u[1:-1, 1], u[1:-1, -1] - 1.0
    return r.ravel()


def lotka_volterra(theta):
    """Runge-Kutta integration against counts."""
    alpha, beta, gamma, delta = theta[:4]

    def rhs(z):
        prey, predator = z
        return np.array([alpha * prey - beta * prey * predator, delta * prey * predator - gamma * predator])

    z, h, path = theta[4:], 0.2, []
    for _ in range(6):
        k1 = rhs(z)
        k2 = rhs(z + h / 2 * k1)
        k3 = rhs(z + h / 2 * k2)
        k4 = rhs(z + h * k3)
        z = z + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        path.append(z)
    return np.ravel(np.log(path)) - np.log(np.linspace(1, 2, 12))


def robertson_steady_state(c):
    """Chemical kinetics in a stirred tank: rates, stoichiometry, in and outflow."""
    k = np.array([0.04, 3e3, 3e1])
    rates = np.array([k[0] * c[0], k[1] * c[1] * c[2], k[2] * c[1] ** 2])
    stoichiometry = np.array([[-1, 1, 0], [1, -1, -1], [0, 0, 1]])
    return stoichiometry @ rates + 0.1 * (np.array([1.0, 0.0, 0.0]) - c)


def chemical_equilibrium(log_n):
    """Gibbs energy of an ideal mixture, with the balance of elements as a penalty."""
    n = np.exp(log_n)
    g0 = np.array([-10.0, -21.0, -37.0, -9.8, -3.0])
    elements = np.array([[1, 0, 2, 2, 0], [0, 1, 0, 1, 2]])
    balance = elements.dot(n) - np.array([2.0, 1.5])
    return np.sum(n * (g0 + np.log(n / n.sum()))) + 100 * balance.dot(balance)


def felsenstein(branches):
    """Phylogenetic likelihood by pruning: four taxa, Jukes and Cantor, two sites in a product."""
    def transition(length):
        same, other = 0.25 + 0.75 * np.exp(-4 * length / 3), 0.25 - 0.25 * np.exp(-4 * length / 3)
        return np.where(np.eye(4, dtype=bool), same, other)

    log_likelihood = 0.0
    for site in ("AACG", "ACCC"):
        tips = [np.eye(4)["ACGT".index(base)] for base in site]
        down = [transition(b) @ tip for b, tip in zip(np.abs(branches[:4]), tips)]
        left = transition(branches[4]) @ reduce(np.multiply, down[:2])
        right = transition(branches[5]) @ (down[2] * down[3])
        log_likelihood += np.log(np.mean(left * right))
    return log_likelihood


def truss_compliance(areas):
    """Bars from a wall to a free node: stiffness assembled, solved, and the work of the load."""
    nodes = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.5]])
    bars = [(0, 2), (1, 2)]
    K = np.zeros((6, 6))
    for area, (i, j) in zip(areas, bars):
        d = nodes[j] - nodes[i]
        length = np.linalg.norm(d)
        block = area / length**3 * np.outer(d, d)
        dofs = np.ix_([2 * i, 2 * i + 1, 2 * j, 2 * j + 1], [2 * i, 2 * i + 1, 2 * j, 2 * j + 1])
        K[dofs] += np.block([[block, -block], [-block, block]])
    free = slice(4, 6)
    load = np.array([0.3, -1.0])
    return load @ np.linalg.solve(K[free, free], load)


def weighted_histogram(x):
    """Masses to the bins of a grid with linear weights, as in particle-mesh methods."""
    cell = np.floor(x).astype(int)
    weight = x - cell
    density = np.bincount(cell, 1 - weight, minlength=6) + np.bincount(cell + 1, weight, minlength=6)
    return np.sum(density**2)


layers = [(0.5 * rng.normal(size=(4, 5)), np.zeros(5)), (0.5 * rng.normal(size=(5, 3)), np.zeros(3))]

CASES = [
    Case(huber_fit, np.array([2.0, 1.0, 0.2])),
    Case(rational_fit, np.array([0.1, -0.5, 2.0, 0.3, 0.5]), reference="jax"),
    Case(spectrum_fit, np.array([[1.0, 0.5, 0.4, 0.3], [0.4, 2.5, 0.8, 0.6]]), np.array([0.2, 0.01])),
    Case(interp_fit, np.array([2.0, 1.0, 0.6, 0.4, 0.3, 0.3]), reference="jax"),
    Case(smoothing_spline, rng.normal(size=7), -2.0),
    Case(fourier_fit, rng.normal(size=6)),
    Case(michaelis_menten, np.array([2.0, 1.2, 1.5])),
    Case(total_variation, signal + 0.1 * rng.normal(size=12)),
    Case(mlp, layers, reference="jax"),
    Case(relu_network, rng.normal(size=(4, 3)), 0.1 * rng.normal(size=3), rng.normal(size=3)),
    Case(bratu, rng.uniform(size=6), reference="jax"),
    Case(burgers, rng.normal(size=8)),
    Case(burgers_start, rng.normal(size=8)),
    Case(poisson_2d, rng.normal(size=(4, 5)), reference="differences"),
    Case(lotka_volterra, np.array([1.1, 0.4, 0.4, 0.1, 3.0, 1.5]), reference="differences"),
    Case(robertson_steady_state, np.array([0.7, 0.01, 0.3])),
    Case(chemical_equilibrium, np.log([0.5, 0.3, 0.6, 0.4, 0.2]), reference="jax"),
    Case(felsenstein, np.array([0.1, 0.2, 0.15, 0.3, 0.12, 0.08])),
    Case(truss_compliance, np.array([1.0, 1.2]), reference="differences"),
    Case(weighted_histogram, np.array([0.3, 1.2, 1.7, 2.4, 3.9]), reference="differences"),
]

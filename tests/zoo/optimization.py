"""Test functions of unconstrained optimization."""

import numpy as np

from tests.zoo.case import Case

rng = np.random.default_rng(1)


def rosenbrock(x):
    return sum(100.0 * (x[1:] - x[:-1] ** 2.0) ** 2.0 + (1 - x[:-1]) ** 2.0)


def himmelblau(p):
    x, y = p
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def beale(x, y):
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def styblinski_tang(x):
    return 0.5 * np.sum(x**4 - 16 * x**2 + 5 * x)


def brown_almost_linear(x):
    """Residuals: n - 1 of them linear, the last a product."""
    n = x.size
    r = x + x.sum() - (n + 1)
    r[-1] = np.prod(x) - 1
    return r


def brown_badly_scaled(x):
    return np.array([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2])


def rastrigin(x):
    return 10 * len(x) + np.sum(x**2 - 10 * np.cos(2 * np.pi * x))


def ackley(x):
    a, b, c = 20, 0.2, 2 * np.pi
    return -a * np.exp(-b * np.sqrt(np.mean(x**2))) - np.exp(np.mean(np.cos(c * x))) + a + np.e


def griewank(x):
    i = np.arange(1, len(x) + 1)
    return 1 + np.sum(x**2) / 4000 - np.prod(np.cos(x / np.sqrt(i)))


def powell_singular(x):
    x = x.reshape(-1, 4)
    return np.hstack([x[:, 0] + 10 * x[:, 1], np.sqrt(5) * (x[:, 2] - x[:, 3]), (x[:, 1] - 2 * x[:, 2]) ** 2,
                      np.sqrt(10) * (x[:, 0] - x[:, 3]) ** 2])


def levy(x):
    w = 1 + (x - 1) / 4
    first = np.sin(np.pi * w[0]) ** 2
    middle = np.sum((w[:-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * w[:-1] + 1) ** 2))
    return first + middle + (w[-1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[-1]) ** 2)


def gomez_levy(p):
    """With its constraint as a quadratic penalty."""
    x, y = p
    violation = max(0.0, -np.sin(4 * np.pi * x) + 2 * np.sin(2 * np.pi * y) ** 2 - 1.5)
    return 4 * x**2 - 2.1 * x**4 + x**6 / 3 + x * y - 4 * y**2 + 4 * y**4 + 1e3 * violation**2


CASES = [
    Case(rosenbrock, rng.normal(size=6)),
    Case(himmelblau, [0.7, -1.3]),
    Case(beale, 1.3, 0.4),
    Case(styblinski_tang, rng.normal(size=7)),
    Case(brown_almost_linear, np.full(6, 0.5) + 0.1 * rng.normal(size=6), reference="differences"),
    Case(brown_badly_scaled, np.array([1.0, 1.0])),
    Case(rastrigin, rng.normal(size=5)),
    Case(ackley, rng.normal(size=5)),
    Case(griewank, 3 * rng.normal(size=6)),
    Case(powell_singular, np.tile([3.0, -1.0, 0.5, 1.0], 2)),
    Case(levy, 2 * rng.normal(size=5)),
    Case(gomez_levy, np.array([0.4, 0.3])),
]

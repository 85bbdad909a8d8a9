"""Likelihoods and other sums over data, by the parameters of a model."""

from __future__ import annotations

from functools import partial

import numpy

from tests.benchmarks import by_hand
from tests.benchmarks.constants import FREEDOM, GAMMA, RIDGE, M
from tests.benchmarks.problem import Problem, special

HIDDEN = 32


def student(np):
    """Negative log-likelihood of a line with Student's errors, without constants."""
    def loss(theta, y, t):
        r = (y - theta[0] - theta[1] * t) * np.exp(-theta[2])
        return (0.5 * (FREEDOM + 1) * np.log1p(r * r / FREEDOM)).sum() + theta[2] * len(y)

    return loss


def mixture(np, d):
    """Log-likelihood of a mixture of Gaussians as in ADBench: inverse covariance factors with logarithms of the diagonal first,
    then the lower triangle column by column, and Wishart's prior; without constants."""
    place = numpy.zeros((d, d), int)
    place.T[numpy.triu_indices(d, 1)] = d + numpy.arange(d * (d - 1) // 2)
    below = np.tril(np.ones((d, d)), -1)
    logsumexp = special(np).logsumexp

    def objective(alphas, means, icf, x):
        q, lower = icf[:, :d], icf[:, place] * below
        total_q = q.sum(1)
        centred = x[:, None] - means
        z = np.exp(q) * centred + np.einsum("kij,nkj->nki", lower, centred)
        likely = logsumexp(alphas + total_q - 0.5 * (z**2).sum(-1), 1).sum() - len(x) * logsumexp(alphas, 0)
        return likely + 0.5 * GAMMA**2 * ((np.exp(q) ** 2).sum() + (icf[:, d:] ** 2).sum()) - M * total_q.sum()

    return objective


def logistic(np):
    """Logistic regression with a ridge."""
    def loss(w, x, y):
        return np.log1p(np.exp(-y * (x @ w))).sum() + 0.5 * RIDGE * (w * w).sum()

    return loss


def network(np):
    """The energy of atoms that are described by features: two hidden layers."""
    def energy(w1, b1, w2, b2, w3, features):
        h = np.tanh(features @ w1 + b1)
        h = np.tanh(h @ w2 + b2)
        return (h @ w3).sum()

    return energy


def _line(n: int) -> tuple:
    return numpy.array([0.1, 0.2, 0.3]), numpy.random.default_rng(0).normal(size=n), numpy.linspace(0, 1, n)


def _clusters(n: int, d: int, k: int) -> tuple:
    rng = numpy.random.default_rng(0)
    return tuple(rng.normal(size=shape) for shape in (k, (k, d), (k, d * (d + 1) // 2), (n, d)))


def _classes(n: int, k: int) -> tuple:
    rng = numpy.random.default_rng(0)
    return rng.normal(size=k), rng.normal(size=(n, k)), rng.choice([-1.0, 1.0], n)


def _layers(n: int, k: int) -> tuple:
    rng = numpy.random.default_rng(0)
    shapes = ((k, HIDDEN), (HIDDEN,), (HIDDEN, HIDDEN), (HIDDEN,), (HIDDEN,))
    return *(rng.normal(size=s) / numpy.sqrt(s[0]) for s in shapes), rng.normal(size=(n, k))


def problems() -> list[Problem]:
    out = []
    for n in (1_000, 1_000_000):
        out.append(Problem("Student's likelihood", f"{n:,}", student, lambda n=n: _line(n), by_hand.models.student,
                           small=n == 1_000))
    for n, d, k in ((100, 2, 5), (1_000, 10, 25)):
        out.append(Problem("Gaussian mixture", f"{n:,} points, {d} axes, {k} parts", partial(mixture, d=d),
                           lambda n=n, d=d, k=k: _clusters(n, d, k), by_hand.mixture.mixture, argnums=(0, 1, 2), small=n == 100))
    for n, k in ((200, 10), (20_000, 50)):
        out.append(Problem("logistic regression", f"{n:,} x {k}", logistic, lambda n=n, k=k: _classes(n, k),
                           by_hand.models.logistic, small=n == 200))
    for n, k in ((50, 16), (2_000, 32)):
        out.append(Problem("neural-network potential", f"{n:,} x {k}", network, lambda n=n, k=k: _layers(n, k),
                           by_hand.models.network, argnums=(0, 1, 2, 3, 4), small=n == 50))
    return out

"""Log likelihoods of models of independent observations."""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from scipy.special import betaln, expit, gammaln, log_ndtr, logsumexp
from scipy.stats import norm

from tests.zoo.case import Case

rng = np.random.default_rng(5)
X = np.column_stack([np.ones(20), rng.normal(size=(20, 2))])
y_binary = rng.integers(0, 2, 20)
y_class = rng.integers(0, 3, 20)
counts = rng.poisson(3.0, 20)
trials = counts + rng.integers(0, 4, 20)
y_real = X @ [0.5, 1.0, -0.7] + rng.standard_t(4, size=20)
points = np.concatenate([rng.normal(-1, 0.5, (6, 2)), rng.normal(1, 0.7, (6, 2))])
groups = rng.integers(0, 4, 20)
times = rng.exponential(1.0, 20)
observed = rng.random(20) < 0.7
ratings = rng.normal(size=(5, 4))
known = rng.random((5, 4)) < 0.7


def gaussian_mixture(parameters):
    """Diagonal covariances; weights by softmax."""
    log_weights = parameters["logits"] - logsumexp(parameters["logits"])
    sigma = np.exp(parameters["log_sigma"])
    z = (points[:, None, :] - parameters["mu"][None, :, :]) / sigma
    log_p = -0.5 * np.sum(z**2, axis=-1) - np.sum(np.log(sigma), axis=-1) - np.log(2 * np.pi)
    return np.sum(logsumexp(log_weights + log_p, axis=1))


def logistic_regression(w, l2=0.1):
    logits = X @ w
    return np.mean(np.log1p(np.exp(-(2 * y_binary - 1) * logits))) + l2 * w @ w


def cross_entropy(w):
    p = expit(X @ w)
    return -np.sum(y_binary * np.log(p) + (1 - y_binary) * np.log(1 - p))


def softmax_regression(W, b):
    logits = X[:, 1:] @ W + b
    logits = logits - logits.max(axis=1, keepdims=True)
    log_p = logits - np.log(np.sum(np.exp(logits), axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(len(y_class)), y_class])


def poisson_regression(beta):
    eta = X @ beta
    return np.sum(counts * eta - np.exp(eta) - gammaln(counts + 1))


def negative_binomial(beta, log_r):
    r, mu = np.exp(log_r), np.exp(X @ beta)
    p = r / (r + mu)
    return np.sum(gammaln(counts + r) - gammaln(r) - gammaln(counts + 1) + r * np.log(p) + counts * np.log(1 - p))


def beta_binomial(a, b):
    return np.sum(betaln(counts + a, trials - counts + b) - betaln(a, b))


def student_t_regression(beta, log_scale, log_nu):
    nu, scale = np.exp(log_nu), np.exp(log_scale)
    z = (y_real - X @ beta) / scale
    return np.sum(gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * np.log(np.pi * nu) - np.log(scale)
                  - (nu + 1) / 2 * np.log1p(z**2 / nu))


def probit_regression(beta):
    return np.sum(log_ndtr((2 * y_binary - 1) * (X @ beta)))


def tobit_regression(beta, log_sigma):
    """Censored from below at zero; with the distributions of scipy.stats."""
    mean, sigma = X @ beta, np.exp(log_sigma)
    return np.sum(np.where(y_real > 0, norm.logpdf(y_real, mean, sigma), norm.logcdf(-mean / sigma)))


def cox_partial_likelihood(beta):
    """Breslow: each event against all that are still at risk."""
    order = np.argsort(-times)
    eta = X[order][:, 1:] @ beta
    return np.sum((eta - np.log(np.cumsum(np.exp(eta))))[observed[order]])


def random_intercepts(theta):
    """A hierarchical normal model: unpacked from one vector, group means by counting."""
    mu, log_tau, log_sigma = theta[:3]
    alpha = theta[3:]
    tau, sigma = np.exp(log_tau), np.exp(log_sigma)
    log_prior = -0.5 * np.sum((alpha - mu) ** 2) / tau**2 - alpha.size * log_tau
    residual = y_real - alpha[groups]
    return log_prior - 0.5 * np.sum(residual**2) / sigma**2 - residual.size * log_sigma


def truncated_support(theta):
    """Gamma likelihood that says where it is not defined."""
    shape, rate = theta
    if shape <= 0 or rate <= 0:
        return -np.inf
    return np.sum(shape * np.log(rate) - gammaln(shape) + (shape - 1) * np.log(times) - rate * times)


@dataclass
class Normal:
    """A distribution made of parameters, as in a small library of one's own."""

    mean: object
    sd: object

    def log_density(self, x):
        return -0.5 * ((x - self.mean) / self.sd) ** 2 - np.log(self.sd) - 0.5 * np.log(2 * np.pi)


def linear_model(theta):
    return sum(Normal(t, 1.0 + 0.1 * k).log_density(0.3) for k, t in enumerate(theta)) + np.sum(
        Normal(X @ theta, 0.8).log_density(y_real))


def multivariate_normal(mu, packed):
    """Precision from a packed Cholesky factor whose diagonal is exponentiated."""
    L = np.zeros((2, 2))
    L[np.tril_indices(2)] = packed
    L[np.diag_indices(2)] = np.exp(np.diag(L))
    z = (points - mu) @ L
    return np.sum(np.log(np.diag(L))) * len(points) - 0.5 * np.sum(z * z) - len(points) * np.log(2 * np.pi)


def matrix_factorization(factors):
    U, V = factors
    error = (U @ V.T - ratings)[known]
    return np.sum(error**2) + 0.1 * (np.sum(U**2) + np.sum(V**2))


def rbf_kernel(a, b, amplitude, length):
    return amplitude**2 * np.exp(-0.5 * ((a[:, None] - b[None, :]) / length) ** 2)


def gaussian_process(theta):
    """Negative log marginal likelihood: Cholesky, two solves, the diagonal."""
    amplitude, length, noise = np.exp(theta)
    x, y = np.linspace(0, 3, 6), np.sin(np.linspace(0, 3, 6))
    K = rbf_kernel(x, x, amplitude, length) + noise**2 * np.eye(len(x))
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(L.T, np.linalg.solve(L, y))
    return 0.5 * y @ alpha + np.sum(np.log(np.diag(L))) + len(x) / 2 * np.log(2 * np.pi)


def gaussian_process_slogdet(theta):
    amplitude, length, noise = np.exp(theta)
    x, y = np.linspace(0, 3, 6), np.sin(np.linspace(0, 3, 6))
    K = rbf_kernel(x, x, amplitude, length) + noise**2 * np.eye(len(x))
    return -0.5 * y @ np.linalg.solve(K, y) - 0.5 * np.linalg.slogdet(K)[1] - len(x) / 2 * np.log(2 * np.pi)


def gaussian_process_scipy(theta):
    """The same by scipy.linalg."""
    amplitude, length, noise = np.exp(theta)
    x, y = np.linspace(0, 3, 6), np.sin(np.linspace(0, 3, 6))
    c, low = scipy.linalg.cho_factor(rbf_kernel(x, x, amplitude, length) + noise**2 * np.eye(len(x)), lower=True)
    return 0.5 * y @ scipy.linalg.cho_solve((c, low), y) + np.sum(np.log(np.diag(c))) + len(x) / 2 * np.log(2 * np.pi)


hyperparameters = np.log([1.2, 0.8, 0.3])

CASES = [
    Case(gaussian_mixture, {"logits": np.array([0.2, -0.3]), "mu": np.array([[-1.2, -0.8], [0.9, 1.1]]),
                            "log_sigma": np.array([[-0.5, -0.4], [-0.2, 0.1]])}),
    Case(logistic_regression, np.array([0.3, -0.5, 0.8])),
    Case(cross_entropy, np.array([0.3, -0.5, 0.8])),
    Case(softmax_regression, rng.normal(size=(2, 3)), np.zeros(3)),
    Case(poisson_regression, np.array([0.8, 0.2, -0.3])),
    Case(negative_binomial, np.array([0.8, 0.2, -0.3]), 0.4),
    Case(beta_binomial, 1.4, 2.2),
    Case(student_t_regression, np.array([0.4, 0.9, -0.5]), -0.2, 1.3),
    Case(probit_regression, np.array([0.3, -0.5, 0.8]), reference="jax"),
    Case(tobit_regression, np.array([0.4, 0.9, -0.5]), 0.1, all="distributions of scipy.stats are not traced"),
    Case(cox_partial_likelihood, np.array([0.4, -0.2])),
    Case(random_intercepts, np.concatenate([[0.2, 0.1, -0.1], rng.normal(size=4)])),
    Case(truncated_support, np.array([1.5, 0.8])),
    Case(linear_model, np.array([0.4, 0.9, -0.5])),
    Case(multivariate_normal, np.array([0.1, -0.2]), np.array([0.1, 0.4, -0.2]), reference="differences"),
    Case(matrix_factorization, (rng.normal(size=(5, 2)), rng.normal(size=(4, 2)))),
    Case(gaussian_process, hyperparameters),
    Case(gaussian_process_slogdet, hyperparameters),
    Case(gaussian_process_scipy, hyperparameters, reference="jax"),
]

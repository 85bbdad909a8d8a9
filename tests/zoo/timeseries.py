"""Likelihoods of models in time: recursions written as Python loops."""

import numpy as np
from scipy.special import logsumexp

from tests.zoo.case import Case

rng = np.random.default_rng(6)
series = np.cumsum(rng.normal(size=8)) * 0.5
returns = 0.8 * rng.normal(size=12)
events = np.sort(rng.uniform(0, 5, 7))
symbols = rng.integers(0, 3, 8)


def kalman_filter(theta):
    """Local linear trend: log likelihood by the prediction errors."""
    q_level, q_slope, r = np.exp(theta)
    F = np.array([[1.0, 1.0], [0.0, 1.0]])
    H = np.array([[1.0, 0.0]])
    Q, R = np.diag(np.array([q_level, q_slope])), r * np.eye(1)
    x, P = np.zeros(2), np.eye(2) * 10.0
    log_likelihood = 0.0
    for y in series:
        x = F @ x
        P = F @ P @ F.T + Q
        innovation = y - H @ x
        S = H @ P @ H.T + R
        K = P @ H.T @ np.linalg.inv(S)
        log_likelihood += -0.5 * (innovation @ np.linalg.solve(S, innovation) + np.log(np.linalg.det(2 * np.pi * S)))
        x = x + K @ innovation
        P = (np.eye(2) - K @ H) @ P
    return log_likelihood


def local_level(theta):
    """The scalar filter, without linear algebra."""
    q, r = np.exp(theta)
    mean, variance, total = series[0], 1.0, 0.0
    for y in series[1:]:
        variance = variance + q
        s = variance + r
        total += -0.5 * (np.log(2 * np.pi * s) + (y - mean) ** 2 / s)
        gain = variance / s
        mean, variance = mean + gain * (y - mean), (1 - gain) * variance
    return total


def hidden_markov(parameters):
    """Forward algorithm in the log domain: two hidden states, three symbols."""
    log_start = parameters["start"] - logsumexp(parameters["start"])
    log_A = parameters["transition"] - logsumexp(parameters["transition"], axis=1, keepdims=True)
    log_B = parameters["emission"] - logsumexp(parameters["emission"], axis=1, keepdims=True)
    log_alpha = log_start + log_B[:, symbols[0]]
    for o in symbols[1:]:
        log_alpha = logsumexp(log_alpha[:, None] + log_A, axis=0) + log_B[:, o]
    return logsumexp(log_alpha)


def hidden_markov_reduce(logits):
    """The same with np.logaddexp, and a transition matrix with one parameter."""
    stay, switch = -np.log1p(np.exp(-logits[0])), -np.log1p(np.exp(logits[0]))
    log_alpha = np.array([stay, switch])
    for y in returns[:6]:
        emission = np.array([-0.5 * y**2, -0.5 * y**2 * np.exp(-logits[1]) - 0.5 * logits[1]])
        log_alpha = emission + np.array([np.logaddexp(log_alpha[0] + stay, log_alpha[1] + switch),
                                         np.logaddexp(log_alpha[0] + switch, log_alpha[1] + stay)])
    return np.logaddexp.reduce(log_alpha)


def ar2(theta):
    """Conditional likelihood of an autoregression of order two."""
    phi1, phi2, sigma = theta
    total = 0.0
    for t in range(2, len(series)):
        e = series[t] - phi1 * series[t - 1] - phi2 * series[t - 2]
        total -= 0.5 * np.log(2 * np.pi * sigma**2) + e**2 / (2 * sigma**2)
    return total


def garch(theta):
    omega, alpha, beta = theta
    h = np.empty(len(returns))
    h[0] = np.var(returns)
    for t in range(1, len(returns)):
        h[t] = omega + alpha * returns[t - 1] ** 2 + beta * h[t - 1]
    return 0.5 * np.sum(np.log(2 * np.pi * h) + returns**2 / h)


def garch_list(theta):
    """Variances in a list."""
    omega, alpha, beta = theta
    h = [returns.var()]
    for r in returns[:-1]:
        h.append(omega + alpha * r**2 + beta * h[-1])
    h = np.array(h)
    return 0.5 * np.sum(np.log(2 * np.pi * h) + returns**2 / h)


def hawkes(theta):
    """Self-exciting events with an exponential kernel."""
    mu, alpha, beta = np.exp(theta)
    lags = events[:, None] - events[None, :]
    excitation = np.tril(alpha * np.exp(-beta * lags), -1).sum(axis=1)
    integral = mu * events[-1] + alpha / beta * np.sum(1 - np.exp(-beta * (events[-1] - events)))
    return np.sum(np.log(mu + excitation)) - integral


def stochastic_volatility(theta):
    """Joint density of parameters and latent log variances."""
    phi, sigma, h = np.tanh(theta[0]), np.exp(theta[1]), theta[2:]
    start = -0.5 * h[0] ** 2 * (1 - phi**2) / sigma**2 + 0.5 * np.log(1 - phi**2) - np.log(sigma)
    steps = -0.5 * (h[1:] - phi * h[:-1]) ** 2 / sigma**2 - np.log(sigma)
    return start + steps.sum() - 0.5 * np.sum(h + returns[:h.size] ** 2 * np.exp(-h))


def moving_average(theta):
    """MA(2) by convolution: the sum of squares of the inverted filter, to a few terms."""
    weights = np.concatenate([[1.0], theta])
    smoothed = np.convolve(returns, weights, mode="valid")
    return np.sum(smoothed**2) / (weights**2).sum()


def dynamic_time_warping(x):
    """Soft minimum over alignments with a fixed series."""
    target, gamma = series[:4], 0.5
    n, m = len(x), len(target)
    R = np.full((n + 1, m + 1), 1e3)
    R[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            paths = np.array([R[i - 1, j], R[i, j - 1], R[i - 1, j - 1]])
            R[i, j] = (x[i - 1] - target[j - 1]) ** 2 - gamma * logsumexp(-paths / gamma)
    return R[n, m]

CASES = [
    Case(kalman_filter, np.array([-1.0, -2.0, -0.5])),
    Case(local_level, np.array([-1.0, -0.5])),
    Case(hidden_markov, {"start": np.array([0.1, -0.2]), "transition": rng.normal(size=(2, 2)),
                         "emission": rng.normal(size=(2, 3))}),
    Case(hidden_markov_reduce, np.array([0.7, 0.4]), reference="jax"),
    Case(ar2, np.array([0.9, -0.2, 0.6])),
    Case(garch, np.array([0.1, 0.2, 0.6]), reference="differences"),
    Case(garch_list, np.array([0.1, 0.2, 0.6])),
    Case(hawkes, np.array([-0.3, -0.5, 0.4])),
    Case(stochastic_volatility, np.concatenate([[0.8, -0.5], 0.3 * rng.normal(size=6)])),
    Case(moving_average, np.array([0.4, -0.3]), reference="differences"),
    Case(dynamic_time_warping, rng.normal(size=4), reference="differences"),
]

"""The spellings of a pair energy, and an independent derivation by hand to compare with."""

from __future__ import annotations

import numpy as np


def crowd(n: int, seed: int = 0, spacing: float = 1.2) -> np.ndarray:
    """n points on a jittered cubic lattice: no two are close."""
    m = int(np.ceil(n ** (1 / 3)))
    grid = np.stack(np.meshgrid(*[np.arange(m)] * 3, indexing="ij"), -1).reshape(-1, 3)[:n]
    return grid * spacing + 0.05 * np.random.default_rng(seed).normal(size=(n, 3))


# Spellings of the Lennard-Jones energy.


def broadcast_eye(x):
    n = len(x)
    d = x[:, None] - x[None]
    r2 = (d**2).sum(-1) + np.eye(n)
    s6 = (1 - np.eye(n)) / r2**3
    return 2 * (s6 * s6 - s6).sum()


def with_mask_outside(n):
    off = 1 - np.eye(n)

    def energy(x):
        d = x[:, None] - x[None]
        r2 = (d**2).sum(-1) + (1 - off)
        s6 = off / r2**3
        return 2 * (s6 * s6 - s6).sum()

    return energy


def where_inside(x):
    n = x.shape[0]
    i = np.arange(n)
    mask = i[:, None] != i[None, :]
    d = x[:, None] - x[None]
    r = np.sqrt((d**2).sum(-1))
    s6 = r**-6
    return 2 * np.where(mask, s6 * s6 - s6, 0.0).sum()


def with_where_outside(n):
    mask = ~np.eye(n, dtype=bool)

    def energy(x):
        d = x[:, None] - x[None]
        r = np.sqrt((d**2).sum(-1))
        s6 = r**-6
        return 2 * np.where(mask, s6 * s6 - s6, 0.0).sum()

    return energy


def triu(x):
    i, j = np.triu_indices(len(x), 1)
    d = x[i] - x[j]
    s6 = 1 / (d * d).sum(-1) ** 3
    return 4 * (s6 * s6 - s6).sum()


def over_pairs(x, pairs):
    d = x[pairs[:, 0]] - x[pairs[:, 1]]
    s6 = 1 / (d * d).sum(-1) ** 3
    return 4 * (s6 * s6 - s6).sum()


SPELLINGS = {
    "eye": lambda n: broadcast_eye, "mask outside": with_mask_outside, "where": lambda n: where_inside,
    "where outside": with_where_outside, "triu": lambda n: triu}


# By hand.


def pair_terms(x):
    d = x[:, None] - x[None]
    r2 = (d**2).sum(-1)
    np.fill_diagonal(r2, 1.0)
    return d, r2


def by_hand(x, v):
    """Energy, gradient, and Hessian times v of Lennard-Jones, from phi(r2) = 4 (r2^-6 - r2^-3) and its derivatives."""
    d, r2 = pair_terms(x)
    off = 1 - np.eye(len(x))
    phi = off * 4 * (r2**-6 - r2**-3)
    first = off * 4 * (-6 * r2**-7 + 3 * r2**-4)
    second = off * 4 * (42 * r2**-8 - 12 * r2**-5)
    gradient = (2 * first[..., None] * d).sum(1)
    dv = v[:, None] - v[None]
    along = (d * dv).sum(-1)
    product = (4 * (second * along)[..., None] * d + 2 * first[..., None] * dv).sum(1)
    return phi.sum() / 2, gradient, product


# Embedded atom: density by exp(-2 (r - 1)), embedding -sqrt(density), repulsion exp(-6 (r - 1)) over pairs.


def embedded_atom(x):
    n = len(x)
    mask = ~np.eye(n, dtype=bool)
    d = x[:, None] - x[None]
    r = np.sqrt((d**2).sum(-1))
    density = np.where(mask, np.exp(-2 * (r - 1)), 0.0).sum(1)
    repulsion = np.where(mask, np.exp(-6 * (r - 1)), 0.0).sum() / 2
    return -np.sqrt(density).sum() + repulsion


def embedded_atom_by_hand(x):
    """Energy and gradient."""
    d, r2 = pair_terms(x)
    r, off = np.sqrt(r2), 1 - np.eye(len(x))
    a, b = off * np.exp(-2 * (r - 1)), off * np.exp(-6 * (r - 1))
    density = a.sum(1)
    slope = -0.5 / np.sqrt(density)
    pull = (slope[:, None] + slope[None]) * -2 * a - 6 * b
    return -np.sqrt(density).sum() + b.sum() / 2, ((pull / r)[..., None] * d).sum(1)

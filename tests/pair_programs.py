"""Random sums over all pairs: what a user might write for particles."""

from __future__ import annotations

import numpy as np

SIDES = {  # a number for each pair from positions, charges and indices; n x n
    "r2": lambda d, q, n: (d**2).sum(-1), "r": lambda d, q, n: np.sqrt((d**2).sum(-1) + np.eye(n)),
    "product": lambda d, q, n: q[:, None] * q, "sum": lambda d, q, n: q[:, None] + q,
    "difference": lambda d, q, n: q[:, None] - q,
    "left": lambda d, q, n: q[:, None] + 0 * q, "right": lambda d, q, n: np.broadcast_to(q, (n, n)),
    "ratio": lambda d, q, n: q[:, None] / (2 + q**2), "component": lambda d, q, n: d[..., 0],
    "step": lambda d, q, n: np.arange(n)[:, None] - np.arange(n) + 0.5 * q, "far": lambda d, q, n: np.abs(d).sum(-1),
    "greater": lambda d, q, n: np.where(q[:, None] > q, q[:, None], 0.3), "eye": lambda d, q, n: np.eye(n),
    "upper": lambda d, q, n: np.triu(np.ones((n, n)), 1), "memory": lambda d, q, n: MEMORY[:n, :n],
    "maximum": lambda d, q, n: np.maximum(q[:, None], q * q), "row": lambda d, q, n: (d**2).sum((1, 2))[:, None] * np.ones(n),
}
MEMORY = np.random.default_rng(5).normal(size=(40, 40))
FUNCTIONS = {
    "square": lambda a: a * a, "cube": lambda a: a**3, "inverse": lambda a: 1 / (1 + a * a), "exp": lambda a: np.exp(-a * a),
    "slow": lambda a: np.exp(-0.5 * a), "slower": lambda a: np.exp(-1.5 * a), "sin": np.sin, "tanh": np.tanh, "abs": np.abs,
    "root": lambda a: np.sqrt(1 + a * a), "log": lambda a: np.log(1 + a * a), "negate": lambda a: -a, "sign": np.sign,
    "power": lambda a: (1 + a * a) ** -1.3, "clip": lambda a: np.clip(a, -1, 1.2), "same": lambda a: a,
    "floor": lambda a: a - np.floor(a), "erf": lambda a: np.arctan2(a, 1 + a * a),
}
MASKS = {
    "all": lambda d, n: np.ones((n, n), bool), "off": lambda d, n: ~np.eye(n, dtype=bool),
    "near": lambda d, n: (d**2).sum(-1) < 2, "band": lambda d, n: np.abs(np.arange(n)[:, None] - np.arange(n)) > 2,
    "later": lambda d, n: np.arange(n)[:, None] < np.arange(n),
    "not upper": lambda d, n: ~(np.arange(n)[:, None] + 1 < np.arange(n)),
}
ENDS = {
    "total": lambda e: e.sum(), "half": lambda e: 0.5 * e.sum() - 1, "rows": lambda e: np.sqrt(1 + e.sum(1) ** 2).sum(),
    "columns": lambda e: np.tanh(e.sum(0)).sum(), "both": lambda e: e.sum() + np.cos(e.sum(1)).sum(),
    "product": lambda e: (e.sum(0) * e.sum(1)).sum(), "again": lambda e: (e @ np.cos(e.sum(1))).sum(),
}


def pair_energy(terms, mask, end):
    """A function of positions (n, 3) and charges (n,): a sum of products of functions over the pairs of a mask."""

    def energy(x, q):
        n = len(x)
        d = x[:, None] - x
        total = 0.0
        for side, function, other in terms:
            total = total + FUNCTIONS[function](SIDES[side](d, q, n)) * SIDES[other](d, q, n)
        return ENDS[end](np.where(MASKS[mask](d, n), total, 0.0))

    return energy

"""Random NumPy programs: what a user might write, built from a list of decisions."""

from __future__ import annotations

import numpy as np

UNARY = {
    "sin": np.sin, "tanh": np.tanh, "square": lambda a: a**2, "cube": lambda a: a**3, "inverse": lambda a: 1 / (2 + a * a),
    "root": lambda a: np.sqrt(1 + a * a), "exp": lambda a: np.exp(-a * a), "negate": lambda a: -a, "abs": np.abs,
    "log": lambda a: np.log(1.5 + a * a), "half": lambda a: 0.5 * a, "clip": lambda a: np.clip(a, -0.7, 0.9),
    "flip": lambda a: a[::-1] if a.ndim else a, "roll": lambda a: np.roll(a, 1, 0) if a.ndim else a,
    "centre": lambda a: a - a.mean(0) if a.ndim else a, "transpose": lambda a: a.T,
    "sum": lambda a: a.sum(-1) if a.ndim else a, "sum0": lambda a: a.sum(0) if a.ndim else a,
    "max": lambda a: a.max(0) if a.ndim else a, "min": lambda a: a.min(-1) if a.ndim else a,
    "prod": lambda a: np.prod(a, 0) if a.ndim == 1 else a,
    "differences": lambda a: a[:, None] - a if a.ndim == 1 else a, "outer": lambda a: np.outer(a, a) if a.ndim == 1 else a,
    "off": lambda a: np.where(np.eye(len(a), dtype=bool), 0.0, a) if a.ndim == 2 and a.shape[0] == a.shape[1] else a,
    "sliced": lambda a: a[1:] - a[:-1] if a.ndim == 1 else a, "column": lambda a: a[:, 0] if a.ndim == 2 else a,
    "padded": lambda a: np.pad(a, (1, 0))[:-1] if a.ndim == 1 else a,
    "joined": lambda a: np.concatenate([a, 2 * a])[: len(a)] if a.ndim else a,
    "taken": lambda a: a[np.arange(len(a)) // 2] if a.ndim else a, "gram": lambda a: a @ a.T if a.ndim == 2 else a,
    "upper": lambda a: a[np.triu_indices(len(a), 1)].sum() + a if a.ndim == 2 and a.shape[0] == a.shape[1] else a,
    "pairs": lambda a: (lambda i, j: (a[i] * a[j]).sum(0))(*np.triu_indices(len(a), 1)) if a.ndim else a,
    "diagonal": lambda a: np.diagonal(a) if a.ndim == 2 else a, "flat": lambda a: a.reshape(-1),
    "positive": lambda a: np.where(a > 0, np.sqrt(np.where(a > 0, a, 1.0)) * a, 0.0),
    "stacked": lambda a: np.stack([a, a * a])[1],
    "singular": lambda a: np.where(a > 0.1, a**1.5, 0.0), "sorted": lambda a: np.maximum(a, a[::-1]) if a.ndim else a,
}
BINARY = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": lambda a, b: a / (2 + b * b),
    "maximum": np.maximum, "minimum": np.minimum, "where": lambda a, b: np.where(a > b, a * b, b),
    "hypot": lambda a, b: np.hypot(a, 1 + b * b),
}


def program(steps):
    """A function of x, shape (n,), and y, shape (n, 3): each step makes a value from earlier ones; all are summed."""

    def f(x, y):
        values = [x, y]
        for name, i, j in steps:
            a, b = values[i % len(values)], values[j % len(values)]
            if name in UNARY:
                new = UNARY[name](a)
            else:
                while a.ndim and b.ndim and a.shape != b.shape:
                    a, b = (a.sum(-1), b) if a.ndim >= b.ndim else (a, b.sum(-1))
                new = BINARY[name](a, b)
            values.append(new if new.ndim < 3 else new.sum(0))
        return sum((np.tanh(v) * np.cos(0.3 + np.tanh(v))).sum() for v in values[-3:])

    return f


NAMES = [*UNARY, *BINARY]

"""What is measured: a function in plain NumPy, its arguments, and the same by hand and for JAX."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests import pairs
from tests.benchmarks import hand

SIZES = (13, 38, 256, 1024, 2048)


@dataclass
class Workload:
    name: str
    function: Callable
    args: tuple
    by_hand: Callable
    jax: Callable


def _jax(function_name: str) -> Callable:
    """The function as a JAX user writes it."""

    def make(jnp: Any) -> Callable:
        def square(x):
            n = x.shape[0]
            d = x[:, None] - x[None]
            r2 = (d**2).sum(-1) + jnp.eye(n)
            s6 = (1 - jnp.eye(n)) / r2**3
            return 2 * (s6 * s6 - s6).sum()

        def listed(x, p):
            d = x[p[:, 0]] - x[p[:, 1]]
            s6 = 1 / (d * d).sum(-1) ** 3
            return 4 * (s6 * s6 - s6).sum()

        def triu(x):
            i, j = jnp.triu_indices(x.shape[0], 1)
            d = x[i] - x[j]
            s6 = 1 / (d * d).sum(-1) ** 3
            return 4 * (s6 * s6 - s6).sum()

        def atom(x):
            n = x.shape[0]
            d = x[:, None] - x[None]
            r = jnp.sqrt((d**2).sum(-1) + jnp.eye(n))
            mask = ~jnp.eye(n, dtype=bool)
            density = jnp.where(mask, jnp.exp(-2 * (r - 1)), 0.0).sum(1)
            return -jnp.sqrt(density).sum() + jnp.where(mask, jnp.exp(-6 * (r - 1)), 0.0).sum() / 2

        return {"square": square, "listed": listed, "triu": triu, "atom": atom}[function_name]

    return make


def workloads(n: int) -> list[Workload]:
    """All workloads for n atoms."""
    x = pairs.crowd(n)
    listed = np.ascontiguousarray(np.stack(np.triu_indices(n, 1), 1))
    lj, atom = hand.lennard_jones, hand.embedded_atom
    return [
        Workload("1 eye", pairs.broadcast_eye, (x,), lj, _jax("square")),
        Workload("1 mask outside", pairs.with_mask_outside(n), (x,), lj, _jax("square")),
        Workload("2 where", pairs.where_inside, (x,), lj, _jax("square")),
        Workload("3 triu_indices", pairs.triu, (x,), lj, _jax("triu")),
        Workload("4 pair list", pairs.over_pairs, (x, listed), hand.pair_list, _jax("listed")),
        Workload("5 embedded atom", pairs.embedded_atom, (x,), atom, _jax("atom")),
    ]

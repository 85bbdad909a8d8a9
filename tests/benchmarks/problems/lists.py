"""Sums over lists of pairs and over tables of neighbours."""

from __future__ import annotations

import numpy

from tests.benchmarks import by_hand
from tests.benchmarks.problem import Problem
from tests.pairs import crowd

CUTOFF = 2.65  # about 20 pairs for each atom
NEIGHBOURS = 8


def over_pairs(np):
    """Lennard-Jones over a list of pairs."""
    def energy(x, pairs):
        d = x[pairs[:, 0]] - x[pairs[:, 1]]
        s6 = 1 / (d * d).sum(-1) ** 3
        return 4 * (s6 * s6 - s6).sum()

    return energy


def three_body(np):
    """Angles between the neighbours of every atom, as far as possible from those of a tetrahedron."""
    def energy(x, table):
        d = x[table] - x[:, None]
        r = np.sqrt((d * d).sum(-1))
        u = d / r[..., None]
        f = np.exp(-r)
        cosine = (u[:, :, None] * u[:, None]).sum(-1)
        other = 1 - np.eye(table.shape[1])
        return 0.5 * (other * f[:, :, None] * f[:, None] * (cosine + 1 / 3) ** 2).sum()

    return energy


def all_pairs(n: int) -> numpy.ndarray:
    return numpy.ascontiguousarray(numpy.stack(numpy.triu_indices(n, 1), 1))


def near_pairs(x: numpy.ndarray) -> numpy.ndarray:
    """Pairs within the cutoff, in the order of their first atoms."""
    from scipy.spatial import cKDTree

    found = cKDTree(x).query_pairs(CUTOFF, output_type="ndarray")
    return numpy.ascontiguousarray(found[numpy.lexsort((found[:, 1], found[:, 0]))])


def neighbours(x: numpy.ndarray) -> numpy.ndarray:
    """The nearest neighbours of every atom."""
    from scipy.spatial import cKDTree

    return numpy.ascontiguousarray(cKDTree(x).query(x, NEIGHBOURS + 1)[1][:, 1:])


def problems() -> list[Problem]:
    out = []
    for n in (13, 256, 2048):
        out.append(Problem("Lennard-Jones over a pair list", f"{n:,} atoms", over_pairs, lambda n=n: (crowd(n), all_pairs(n)),
                           by_hand.lists.pair_list, small=n == 13))

    def large() -> tuple:
        x = crowd(100_000)
        return x, near_pairs(x)

    out.append(Problem("Lennard-Jones over a neighbour list", "100,000 atoms", over_pairs, large, by_hand.lists.pair_list))
    for n in (64, 4096):
        out.append(Problem("three-body over a neighbour table", f"{n:,} atoms", three_body,
                           lambda n=n: (crowd(n), neighbours(crowd(n))), by_hand.lists.three_body, small=n == 64))
    return out

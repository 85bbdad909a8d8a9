"""Sums over all pairs of atoms: of any namespace. Those of `tests.pairs` are of NumPy, and pickle."""

from __future__ import annotations

from functools import partial

import numpy

from tests.benchmarks import by_hand
from tests.benchmarks.constants import ALPHA, DEPTH, DISTANCE, SCREENING
from tests.benchmarks.problem import Problem, special
from tests.pairs import crowd


def eye(np):
    """Lennard-Jones, the diagonal moved away from zero by the unit matrix."""
    def energy(x):
        n = len(x)
        d = x[:, None] - x[None]
        r2 = (d**2).sum(-1) + np.eye(n)
        s6 = (1 - np.eye(n)) / r2**3
        return 2 * (s6 * s6 - s6).sum()

    return energy


def mask_outside(np, n):
    """Lennard-Jones, with a mask that is made once."""
    off = 1 - np.eye(n)

    def energy(x):
        d = x[:, None] - x[None]
        r2 = (d**2).sum(-1) + (1 - off)
        s6 = off / r2**3
        return 2 * (s6 * s6 - s6).sum()

    return energy


def where(np):
    """Lennard-Jones, infinite on the diagonal, which is left out afterwards."""
    def energy(x):
        i = np.arange(len(x))
        d = x[:, None] - x[None]
        s6 = np.sqrt((d**2).sum(-1)) ** -6
        return 2 * np.where(i[:, None] != i[None], s6 * s6 - s6, 0.0).sum()

    return energy


def triu(np):
    """Lennard-Jones over the indices of an upper triangle."""
    def energy(x):
        i, j = np.triu_indices(len(x), 1)
        d = x[i] - x[j]
        s6 = 1 / (d * d).sum(-1) ** 3
        return 4 * (s6 * s6 - s6).sum()

    return energy


def triu_torch(np):
    def energy(x):
        i, j = np.triu_indices(len(x), len(x), 1)
        d = x[i] - x[j]
        s6 = 1 / (d * d).sum(-1) ** 3
        return 4 * (s6 * s6 - s6).sum()

    return energy


def unrolled_casadi(cs):
    """Lennard-Jones of the flattened coordinates, pair by pair."""
    def energy(x):
        atoms = [x[3 * i:3 * i + 3] for i in range(x.shape[0] // 3)]
        total = 0
        for i, a in enumerate(atoms):
            for b in atoms[:i]:
                s6 = 1 / cs.sumsqr(a - b) ** 3
                total += 4 * (s6 * s6 - s6)
        return total

    return energy


def morse(np):
    def energy(x):
        n = len(x)
        d = x[:, None] - x[None]
        r = np.sqrt((d**2).sum(-1) + np.eye(n))
        e = np.exp(-ALPHA * (r - DISTANCE))
        return 0.5 * DEPTH * ((1 - np.eye(n)) * (e * e - 2 * e)).sum()

    return energy


def coulomb(np):
    """Charges, screened as in the near part of Ewald's sum."""
    erfc = special(np).erfc

    def energy(x, q):
        n = len(x)
        d = x[:, None] - x[None]
        r = np.sqrt((d**2).sum(-1) + np.eye(n))
        return 0.5 * ((1 - np.eye(n)) * q[:, None] * q[None] * erfc(SCREENING * r) / r).sum()

    return energy


def embedded_atom(np):
    def energy(x):
        n = len(x)
        mask = ~np.eye(n, dtype=bool)
        d = x[:, None] - x[None]
        r = np.sqrt((d**2).sum(-1))
        density = np.where(mask, np.exp(-2 * (r - 1)), 0.0).sum(1)
        repulsion = np.where(mask, np.exp(-6 * (r - 1)), 0.0).sum() / 2
        return -np.sqrt(density).sum() + repulsion

    return energy


def embedded_atom_safe(np):
    """The same without a square root of zero, whose derivative is infinite in other packages."""
    def energy(x):
        n = len(x)
        mask = ~np.eye(n, dtype=bool)
        d = x[:, None] - x[None]
        r = np.sqrt((d**2).sum(-1) + np.eye(n))
        density = np.where(mask, np.exp(-2 * (r - 1)), 0.0).sum(1)
        repulsion = np.where(mask, np.exp(-6 * (r - 1)), 0.0).sum() / 2
        return -np.sqrt(density).sum() + repulsion

    return energy


def _charged(n: int) -> tuple:
    return crowd(n), numpy.random.default_rng(1).choice([-1.0, 1.0], n)


def problems() -> list[Problem]:
    out = []
    safe = dict.fromkeys(("jax", "torch", "autograd"), eye)
    for n in (13, 256, 2048):
        arguments, size, small = (lambda n=n: (crowd(n),)), f"{n:,} atoms", n == 13
        by = by_hand.pairs.lennard_jones_of_few if small else by_hand.pairs.lennard_jones
        first = {"casadi": unrolled_casadi} if small else {}
        out += [Problem("Lennard-Jones by eye", size, eye, arguments, by, spellings=first, small=small),
                Problem("Lennard-Jones, mask outside", size, partial(mask_outside, n=n), arguments, by, small=small),
                Problem("Lennard-Jones by where", size, where, arguments, by, spellings=safe, small=small),
                Problem("Lennard-Jones by triu_indices", size, triu, arguments, by, spellings={"torch": triu_torch}, small=small)]
    out.append(Problem("Lennard-Jones by eye", "4,096 atoms", eye, lambda: (crowd(4096),), by_hand.pairs.lennard_jones))
    for n in (64, 1024):
        size, small = f"{n:,} atoms", n == 64
        out += [Problem("Morse", size, morse, lambda n=n: (crowd(n),), by_hand.pairs.morse, small=small),
                Problem("Coulomb with erfc", size, coulomb, lambda n=n: _charged(n), by_hand.pairs.coulomb, small=small)]
    safe = dict.fromkeys(("jax", "torch", "autograd"), embedded_atom_safe)
    for n in (38, 1024):
        out.append(Problem("embedded atom", f"{n:,} atoms", embedded_atom, lambda n=n: (crowd(n),), by_hand.pairs.embedded_atom,
                           spellings=safe, small=n == 38))
    return out

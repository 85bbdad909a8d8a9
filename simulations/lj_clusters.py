"""Lennard-Jones clusters from random starts, beside the published global minima: ``python -m simulations.lj_clusters``."""

from __future__ import annotations

import argparse
import json
import pathlib
import time
from dataclasses import dataclass, field

import numpy as np

from simulations import xyz
from simulations.potentials import lennard_jones
from simulations.relax import relax

PUBLISHED = pathlib.Path(__file__).with_name("data") / "lj_energies.json"


def published() -> dict[int, float]:
    """Energies of the global minima, by number of atoms."""
    return {int(n): e for n, e in json.loads(PUBLISHED.read_text())["energy"].items()}


@dataclass
class Search:
    """Local minima of one size, and the best of them."""

    n: int
    energy: float = np.inf
    x: np.ndarray | None = None
    minima: list[float] = field(default_factory=list)
    evaluations: int = 0
    seconds: float = 0.0


def random_start(n: int, rng: np.random.Generator) -> np.ndarray:
    """Atoms anywhere in a ball of the volume of a dense cluster."""
    direction = rng.normal(size=(n, 3))
    direction /= np.sqrt((direction**2).sum(1, keepdims=True))
    radius = 0.75 * n ** (1 / 3) * rng.uniform(size=(n, 1)) ** (1 / 3)
    return direction * radius


def search(n: int, starts: int, seed: int, progress) -> Search:
    """Relax random starts; after each, hop a few times from the minimum by displacing all atoms."""
    rng = np.random.default_rng([seed, n])
    out = Search(n)
    begin = time.perf_counter()
    for _ in progress(range(starts), f"{n} atoms"):
        x, energy = random_start(n, rng), np.inf
        for _hop in range(6):
            found = relax(lennard_jones, x if energy == np.inf else x + rng.uniform(-0.35, 0.35, size=x.shape))
            out.evaluations += found.nfev
            out.minima.append(found.fun)
            if found.fun < energy:
                x, energy = found.x, found.fun
            if energy < out.energy:
                out.x, out.energy = x, energy
    out.seconds = time.perf_counter() - begin
    return out


def progress_bar(items, label):
    """A tqdm bar where tqdm is installed, else one line."""
    try:
        from tqdm import tqdm
    except ImportError:
        print(f"relaxing {label} ...", flush=True)
        return items
    return tqdm(items, desc=label, leave=False)


def table(searches: list[Search]) -> str:
    """What was found beside what is published."""
    known = published()
    lines = [f"{'atoms':>5} {'found':>14} {'published':>14} {'difference':>11} {'minima':>7} {'gradients':>10} {'seconds':>8}"]
    for s in searches:
        reference = known.get(s.n)
        columns = f"{reference:14.6f} {s.energy - reference:11.6f}" if reference is not None else f"{'':>14} {'':>11}"
        lines.append(f"{s.n:5} {s.energy:14.6f} {columns} {len(s.minima):7} {s.evaluations:10} {s.seconds:8.2f}")
    return "\n".join(lines)


def plot(searches: list[Search], path: pathlib.Path) -> None:
    """The best clusters, and how often each energy was met."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(3.2 * len(searches), 6), layout="constrained")
    for k, s in enumerate(searches):
        axes = figure.add_subplot(2, len(searches), k + 1, projection="3d")
        x = s.x - s.x.mean(0)
        distance = np.sqrt(((x[:, None] - x) ** 2).sum(-1))
        for i, j in zip(*np.nonzero(np.triu(distance < 1.25, 1)), strict=True):
            axes.plot(*x[[i, j]].T, color="0.6", linewidth=1)
        axes.scatter(*x.T, s=160, c=x[:, 2], cmap="viridis", depthshade=False, edgecolors="black")
        axes.set_title(f"{s.n} atoms, E = {s.energy:.4f}")
        axes.set_axis_off()
        axes.set_aspect("equal")
        below = figure.add_subplot(2, len(searches), len(searches) + k + 1)
        below.hist(s.minima, bins=30, color="tab:blue")
        below.set_xlabel("energy of a local minimum (well depths)")
        if k == 0:
            below.set_ylabel("times found")
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main(arguments=None) -> list[Search]:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[3, 7, 13, 19, 26])
    parser.add_argument("--starts", type=int, default=40, help="random starts for each size")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("lj_clusters_out"), help="folder for structures")
    parser.add_argument("--plot", action="store_true", help="also draw a picture (needs matplotlib)")
    options = parser.parse_args(arguments)
    searches = [search(n, options.starts, options.seed, progress_bar) for n in options.sizes]
    print(table(searches))
    options.out.mkdir(parents=True, exist_ok=True)
    structures = options.out / "lj_clusters.xyz"
    with structures.open("w") as file:
        for s in searches:
            xyz.write(file, s.x, energy=float(s.energy))
    print(f"structures: {structures}")
    if options.plot:
        picture = options.out / "lj_clusters.png"
        plot(searches, picture)
        print(f"picture: {picture}")
    return searches


if __name__ == "__main__":
    main()

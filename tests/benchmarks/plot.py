"""The picture of ``docs/performance.md``."""

from __future__ import annotations

import pathlib

from tests.benchmarks.peers import TITLES
from tests.benchmarks.row import Row

LOOKS = {"jitad": ("o", "#c1272d", 7), "jax": ("s", "#2b6cb0", 5), "torch": ("^", "#dd8b1f", 5), "autograd": ("D", "#7a7a7a", 4)}


def draw(rows: list[Row], path: pathlib.Path) -> None:
    """One line for each row, one mark for each package, at its time in units of that of the kernel by hand."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    figure = Figure(figsize=(9, 1.6 + 0.24 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    heights = range(len(rows))
    for k in heights:
        found = [x for name in LOOKS if (x := rows[k].ratio(name, "hand")) is not None]
        axes.plot([1, max(found)], [k, k], color="#dddddd", linewidth=1, zorder=1)
    for name, (marker, color, size) in LOOKS.items():
        points = [(x, k) for k in heights if (x := rows[k].ratio(name, "hand")) is not None]
        if not points:
            continue
        title, order = TITLES.get(name, name), 3 if name == "jitad" else 2
        axes.plot(*zip(*points), marker, color=color, markersize=size, label=title, zorder=order)
    axes.axvline(1, color="black", linewidth=1, zorder=1)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,g}"))
    axes.set_xlabel("time of one call, in units of the kernel by hand (logarithmic; to the left is faster)")
    axes.set_yticks(heights, [row.title for row in rows], fontsize=8)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#eeeeee")
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    figure.legend(loc="outside upper center", ncols=len(LOOKS), frameon=False)
    figure.savefig(path, dpi=120)

"""Structures as extended XYZ, which ASE and OVITO read."""

from __future__ import annotations

import numpy as np


def write(file, x, symbol="Ar", **properties) -> None:
    """Append one structure to an open text file.

    Parameters
    ----------
    file : text file
        Open for writing.
    x : ndarray, shape (n, 3)
        Positions.
    symbol : str
        The element that every atom is called.
    **properties
        Numbers or strings for the comment line, such as ``energy=-44.3``.
    """
    pairs = " ".join(f'{k}="{v}"' if isinstance(v, str) else f"{k}={v!r}" for k, v in properties.items())
    file.write(f'{len(x)}\nProperties=species:S:1:pos:R:3 pbc="F F F" {pairs}\n')
    for row in x:
        file.write(f"{symbol} " + " ".join(f"{v:.10f}" for v in row) + "\n")


def read(text: str) -> list[tuple[np.ndarray, str]]:
    """All structures of a text, as (positions, comment line)."""
    lines, out, k = text.splitlines(), [], 0
    while k < len(lines):
        n = int(lines[k])
        rows = [[float(v) for v in line.split()[1:4]] for line in lines[k + 2 : k + 2 + n]]
        out.append((np.array(rows), lines[k + 1]))
        k += n + 2
    return out

"""Peak memory of value and gradient of 20,000 atoms, in a process of its own."""

from __future__ import annotations

import pathlib

import numpy as np

import jitad
from tests.pairs import broadcast_eye, crowd


def peak() -> int:
    """Peak resident memory in kB since it was last reset (Linux)."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def main() -> None:
    g = jitad.value_and_grad(broadcast_eye)
    g(crowd(100))
    x = np.ascontiguousarray(crowd(20_000))
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew from what is in use
    before = peak()
    g(x)
    after = peak()
    print(f"20,000 atoms, value and gradient: peak memory grows by {(after - before) / 1024:.1f} MB")


if __name__ == "__main__":
    main()

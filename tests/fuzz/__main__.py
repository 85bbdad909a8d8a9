"""``python -m tests.fuzz --seconds 600 --seed 1``: programs until the time is over; each that is wrong is shown."""

from __future__ import annotations

import argparse
import time

import numpy as np

from jitad.errors import JitadError
from tests.fuzz.compare import MODES, examine
from tests.fuzz.program import source


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=0, help="of the first program; the next has the next number")
    parser.add_argument("--length", type=int, help="statements of each program; from 2 to 14 if it is not given")
    parser.add_argument("--modes", nargs="*", choices=MODES, help="slope, second and one other at random if they are not given")
    options = parser.parse_args()
    started, seed, ends = time.monotonic(), options.seed, {"right": 0, "refused": 0, "wrong": 0}
    while time.monotonic() - started < options.seconds:
        rng = np.random.default_rng([seed, 4])
        length = options.length or int(rng.integers(2, 15))
        modes = options.modes if options.modes is not None else ["slope", "second", str(rng.choice(MODES[2:]))]
        before, end = time.monotonic(), "right"
        try:
            examine(seed, length, modes)
        except Exception as error:
            end = "refused" if isinstance(error, JitadError) else "wrong"
            print(f"{type(error).__name__}: {error}\n{source(seed, length)}")
        ends[end] += 1
        print(f"seed {seed}, length {length}, {', '.join(modes)}: {end}, {time.monotonic() - before:.0f} s", flush=True)
        seed += 1
    print(", ".join(f"{count} {end}" for end, count in ends.items()))


if __name__ == "__main__":
    main()

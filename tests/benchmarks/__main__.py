"""``python -m tests.benchmarks``: derivatives against kernels by hand and other packages, on one core."""

from __future__ import annotations

import argparse
import os

os.environ.update({name: "1" for name in (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")})
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

from tests.benchmarks import memory, page, peers, table
from tests.benchmarks.problems import every
from tests.benchmarks.row import measure, prepare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", metavar="PART_OF_NAME", help="problems whose name contains this")
    parser.add_argument("--quick", action="store_true", help="small sizes only, a tenth of the time, no memory")
    parser.add_argument("--no-peers", action="store_true", help="the kernels by hand only")
    parser.add_argument("--budget", type=float, default=0.5, metavar="S", help="seconds for each measurement")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md and docs/performance.png")
    options = parser.parse_args()
    if options.write and (options.only or options.quick or options.no_peers):
        parser.error("--write takes the whole suite: leave out --only, --quick and --no-peers")
    names = [] if options.no_peers else peers.installed()
    chosen = [p for p in every() if options.only in p.title and (p.small or not options.quick)]
    prepare(names)
    print(table.head())
    rows = []
    for problem in chosen:
        rows.append(measure(problem, options.budget / 10 if options.quick else options.budget, names))
        print(table.line(rows[-1]), flush=True)
    print("\n".join(["", *table.means(rows), *table.losses(rows)]), flush=True)
    peaks = [] if options.quick or options.only else memory.every(names)
    print("\n".join(["", *map(memory.line, peaks)]))
    if options.write:
        page.write(rows, peaks)


if __name__ == "__main__":
    main()

"""``docs/performance.md``."""

from __future__ import annotations

import importlib.metadata
import pathlib
import platform
import textwrap

from llvmlite.binding import get_host_cpu_name

from jitad.emit.lanes import AVX512
from tests.benchmarks import memory, plot, table
from tests.benchmarks.row import Row

DOCS = pathlib.Path(__file__).parents[2] / "docs"
PACKAGES = ("numba", "llvmlite", "numpy", "scipy", "jax", "torch", "autograd", "casadi")
TEXT = """# Performance

Derivatives of plain NumPy functions, compiled by jitad, against the best kernel for Numba that we could write by hand (without
explicit vector instructions) and against other packages: `jax.jit`, PyTorch (eager), autograd, and CasADi where formulas are
short. All run the same text with another namespace; where a package needs another spelling (a square root of zero, an index
function with other arguments), it has one. Everything runs in double precision, in one process, on one core, in turns; medians.
jitad's kernel and the one by hand are called through the same dispatcher of Numba's; JAX, PyTorch and autograd include what
calling them from Python costs. Results of all are compared (1e-9 of the largest number) before they are timed.

Most problems are a value and its gradient; Hessian and Hessian-vector products come without the value.

{machine}

To repeat it:

```
pip install -e ".[bench]"
python -m tests.benchmarks --write
```

`--only PART_OF_NAME`, `--quick` (small sizes) and `--no-peers` take less than the whole. The functions are in
`tests/benchmarks/problems/`, the kernels in `tests/benchmarks/by_hand/`.

## In short

{summary}

![Time of one call, in units of the kernel by hand](performance.png)

## Time of one call

Microseconds, and

- to hand: jitad's time in units of the kernel's by hand; jax/jitad: JAX's in units of jitad's;
- to value: value and gradient in units of the value alone (jitad);
- cold s, disk s: seconds of jitad's first call, compiling and with the kernel on disk; jax s: of the first call of `jax.jit`.

A dash: not measured, or nothing that the package can do. What takes more than {slow:g} seconds was timed once.

{times}

## Memory

By how much one call lets the process grow beyond what it held before, its results included. Compiling does not count.

{peaks}

## Where it loses

{losses}

{why}
"""
WHY = """\
What takes more than 1.5 times as long as by hand, from its machine code: 40 leapfrog steps of five bodies. Each step waits for
the one before. The pull on each body is a loop over all five, of which LLVM takes four in a vector and the fifth alone (on a
Zen 4 96 ns for all bodies, its derivative 121 ns, what lies between them 22 ns, and what each waits for the others); by hand
each of the ten pairs is taken once. In vectors of eight under a mask the pull takes 80 ns, but its derivative 156: no less
together. (A Zen 4 takes 1.87 times as long.) On a Zen 4 the large Gaussian mixture takes 1.5 times as long as by hand: it
multiplies by whole matrices, of which `np.tril` has made a half zero, 100 products for the 45 of the kernel by hand; and each
of its loops goes through all points, where that one takes blocks of 32.

The Hessian of 38 atoms takes 1.35 (Zen 4) to 1.5 times as long (Zen 5): blocks of the diagonal are added up in a loop of their
own, in which each pair is computed once more, and a block has nine numbers where by hand there are six, as no product is known
to be another one in another order. (To multiply by what the terms of a sum have in common behind the sum makes them six and
takes 0.84 of the time, but associates products such that bond angles in float32 overflow where they did not.) The rows of
second derivatives are from a run of their own.

Value and gradient take more than three times as long as the value in these:

- Recursions of matrices: the derivative of one product is two products, so a value and its gradient are three times the
  multiplications at least (81 and 27 for each step of a 3 x 3 matrix), and the matrices of all steps are stored and read again.
  Steps of Runge-Kutta's method are at the limit: the way back computes each of them again.
- Rosenbrock's function of two numbers and 13 atoms: a call from Python that hands back an array takes half a microsecond more.
  From compiled code, by `kernel.njit_into`, they take 1.8 and 2.3 times as long as the value (Zen 4).
- Rosenbrock's function of a million numbers and the large phase field by roll, in some runs (2.1 to 2.8 in others): the gradient
  is an array of fresh memory, of which the system has to hand out every page.

## Two cores

Large problems with `parallel=True` on two cores, times as fast as on one (`python -m tests.benchmarks.parallel`, where results
are compared with those of one core, and from run to run bit by bit), in the slower of two runs: pairs of atoms 1.85 to 1.97,
lists of pairs 1.91 and 1.74, the phase fields 1.91 and 2.02, Rosenbrock's function 2.3, Student's likelihood 2.0, the Gaussian
mixture 1.89, the three-body energy 1.84, the logistic regression 1.91, the network 1.82, a Hessian-vector product 1.70. Where
others use the machine it is less. Loops of steps that wait for each other stay what they are: parts of one step are not taken
at once.
"""


def _processor() -> str:
    for text in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if text.startswith("model name"):
            return text.split(":")[1].strip()
    return platform.processor()


def _machine() -> str:
    versions = []
    for name in PACKAGES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    vectors = "8 (AVX-512)" if AVX512 else "4 (AVX2)"
    text = (f"Machine: {_processor()} ({get_host_cpu_name()}), vectors of {vectors} numbers, {platform.system()}; "
            f"Python {platform.python_version()}, {', '.join(versions)}.")
    return textwrap.fill(text, 128)


def _bullets(lines: list[str]) -> str:
    return "\n".join(f"- {text}." for text in lines)


def grid(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown, numbers to the right."""
    marks = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, marks, *rows))


def _peaks(peaks: list[memory.Peak]) -> str:
    packages = list(dict.fromkeys(p.package for p in peaks))
    found = {(p.case, p.package): memory.size(p) for p in peaks}
    cases = dict.fromkeys(p.case for p in peaks)
    return grid(["", *packages], [[case, *(found.get((case, package), "-") for package in packages)] for case in cases])


def write(rows: list[Row], peaks: list[memory.Peak]) -> None:
    """The page and its picture."""
    from tests.benchmarks.measure import SLOW

    lost = table.losses(rows)
    text = TEXT.format(
        machine=_machine(), summary=_bullets(table.means(rows)), slow=SLOW, peaks=_peaks(peaks),
        times=grid(["", *(name for name, _ in table.COLUMNS)], [[row.title, *table.cells(row)] for row in rows]),
        losses=_bullets(lost) if lost else "In none of these rows.", why=WHY)
    (DOCS / "performance.md").write_text(text)
    plot.draw(rows, DOCS / "performance.png")

"""The page `docs/supported_numpy.md`, made from the tables of this package and from the tables of the library."""

from __future__ import annotations

import pathlib
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import scipy.linalg
from scipy import special

import jitad
from jitad.ops.declare import REGISTRY, Elementwise
from jitad.trace.numpy_api import advice, function_of
from tests.supported import examples, methods, refused
from tests.supported.examples import Row

PATH = pathlib.Path(__file__).parents[2] / "docs" / "supported_numpy.md"
GROUPS = {**examples.GROUPS, **methods.GROUPS}
_ALONG = ({"input"}, {"full", "constant", "iota"}, {"broadcast", "retype", "cast"}, {"reshape", "transpose"})
"""What stands beside an operation in the graph of a function that is one, from what says least on."""
DROPPED = {"trapz", "in1d"}  # that the newest NumPy has no longer: tested, and not on the page
_NO_FUNCTIONS = {"vectorize", "r_", "c_", "ndenumerate"}  # jitad has these itself

_rng = np.random.default_rng(1)
_m = _rng.uniform(0.2, 0.8, (6, 3))
ARGUMENTS = (_rng.uniform(0.2, 0.8, 6), _rng.uniform(0.2, 0.8, 6), _m, _m.T @ _m + np.eye(3), _rng.uniform(0.2, 0.8, (2, 3, 4)))


def changed(change: Callable, a: Any, *args: Any, **kwargs: Any) -> Any:
    """A copy of an array after something was done to it."""
    a = a.copy()
    change(a, *args, **kwargs)
    return a


def function(expression: str) -> Callable:
    """The expression as a function of x, y, m, s and z."""
    scope = {"np": np, "special": special, "scipy": scipy, "changed": changed}
    return eval(compile(f"lambda x, y, m, s, z: {expression}", __file__, "eval"), scope)


def found(name: str) -> Any:
    """What has this name; None if this NumPy or SciPy has not."""
    value: Any = special if name.startswith("special.") else np.ndarray if name.startswith(".") else np
    value = scipy if name.startswith("scipy.") else value
    for part in name.removeprefix("special.").removeprefix("scipy.").strip(".").split("."):
        value = getattr(value, part, None)
    return value


def spelled(name: str) -> str:
    """A name as expressions have it."""
    return name if name.startswith((".", "special.", "scipy.")) else f"np.{name}"


def expressions(row: Row) -> Iterator[tuple[str, str]]:
    """Names that there are here, and the expressions to try for each: the first name of the row stands for all."""
    first = spelled(row.names[0])
    for name in row.names:
        if found(name) is not None:
            for e in row.examples:
                if name == row.names[0] or first in e:
                    yield name, e.replace(first, spelled(name))


def values(value: Any) -> list:
    """The leaves of a result."""
    return jitad.tree.flatten(value)[0]


def derivative(expression: str) -> str:
    """What a derivative of the result is, from the result's dtype and the derivative itself."""
    f = function(expression)
    kinds = {np.asarray(v).dtype.kind for v in values(f(*ARGUMENTS))}
    if kinds == {"f"}:
        rng = np.random.default_rng(2)
        slopes = values(jitad.jvp(f, ARGUMENTS, tuple(rng.normal(size=a.shape) for a in ARGUMENTS))[1])
        return "yes" if any(np.any(v) for v in slopes) else "zero"
    return "zero" if kinds == {"b"} else "index"


def way(name: str, expression: str) -> str:
    """How a function is supported: by the number of operations in its graph, and by the tables."""
    value = found(name)
    method = name.startswith(".") or isinstance(getattr(value, "__self__", None), np.ufunc)
    if not (method or function_of(value) or isinstance(value, np.ufunc) or name in _NO_FUNCTIONS):
        return f"{'SciPy' if name.startswith(('special.', 'scipy.')) else 'NumPy'}'s own code"
    elementwise = [op for op in REGISTRY.values() if isinstance(op, Elementwise)]
    if any(value in (op.ufunc, getattr(special, op.special or "", None)) for op in elementwise):
        return "`op`"
    f = jitad.jit(function(expression))
    f(*ARGUMENTS)
    (graph,) = [s.graph for _, s in f._caller.every()]
    ops = [n.op.name for n in graph.nodes()]
    for names in _ALONG:
        ops = [o for o in ops if o not in names] if set(ops) - names else ops
    return "`op`" if len(ops) == 1 and ops != ["input"] else "composed"


def lines(row: Row) -> Iterator[str]:
    """The rows of the table for a row of examples: one, unless its names differ in what is said of them."""
    said: dict[tuple[str, str], list[str]] = {}
    seen = set()
    for name, e in expressions(row):
        if name not in seen | DROPPED:
            seen.add(name)
            said.setdefault((way(name, e), derivative(e)), []).append(f"`{name.removeprefix('special.').strip('.')}`")
    notes = "; ".join([row.note] * bool(row.note) + [f"not `{e}`" for e in row.refused])
    for (how, slope), names in said.items():
        yield f"| {' '.join(names)} | {how} | {slope} | {notes} |".replace("  |", " |")


def refusals(names: Iterable[str]) -> Iterator[str]:
    """The rows of a table of what is refused: one for each advice."""
    told: dict[str, list[str]] = {}
    for name in names:
        told.setdefault(advice(name), []).append(f"`{name.removeprefix('special.')}`")
    for what, of in told.items():
        escaped = what.replace("*", r"\*")
        yield f"| {' '.join(of)} | {escaped} |"


INTRODUCTION = """# Supported NumPy

This page is made by `python -m tests.supported`, and every row is a test (`tests/test_supported.py`): value, shape and dtype as
NumPy's, derivatives as finite differences. Names are those of `numpy`.

- **How**: `op` is one operation of the graph, with a derivative rule of its own; *composed* is made of several, or of
  none; *NumPy's own code* is traced as code of yours would be.
- **Derivative**: *zero* where a result is constant between jumps, or does not depend on the elements; *index* where it is an
  integer (a position, a count, a length).
- `out=` is for ufuncs and `np.clip`, and takes arrays made inside of the traced function. Numbers are float64, float32, integers
  and booleans: no complex numbers, no dates, no text. `subok`, `casting`, `device` and the `order` of memory change nothing.
- In the remarks, `x` and `y` have 6 elements, `m` the shape (6, 3), `s` is a symmetric 3 x 3 matrix, `z` has the shape (2, 3, 4).
"""


def page() -> str:
    """The whole page."""
    out = [INTRODUCTION]
    with jitad.disable_jit(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for title, rows in GROUPS.items():
            out.append(f"## {title}\n")
            if title == "Special functions":
                out.append("Of `numpy`: `sinc`, `i0`. The others are those of `scipy.special`.\n")
            out += ["| name | how | derivative | remarks |", "|---|---|---|---|", *(line for r in rows for line in lines(r)), ""]
    out += ["## Refused\n", "These raise `jitad.errors.TraceError`, which names your line and says the same.\n",
            "| name | write instead |", "|---|---|"]
    out += refusals(refused.REFUSED)
    out += ["", "Of `scipy.special` (those that are written in Python say only that they ask for an array):\n",
            "| name | write instead |", "|---|---|", *refusals(refused.SPECIAL)]
    out += ["", "Of arrays: " + ", ".join(f"`{n}`" for n in refused.METHODS.split()) + " (they need values), and "
            + ", ".join(f"`{n}`" for n in refused.NO_ATTRIBUTES.split()) + " (they are about memory).\n",
            "## Not about arrays of numbers\n", "| | |", "|---|---|"]
    out += [f"| {title} | {' '.join(f'`{n}`' for n in names.split())} |" for title, names in refused.NOT_NUMBERS.items()]
    return "\n".join(out) + "\n"

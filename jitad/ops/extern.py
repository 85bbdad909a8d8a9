"""Calls of functions that the user has compiled with Numba, in the middle of a kernel.

A function is known by a name that is made of its code and of the types it is called with: that is what is in keys, and what
emitted code calls. All results lie in one row of float64, whole numbers of 64 bits as two: so a function is called once for all
of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jitad.errors import DTypeError, ShapeError
from jitad.ir.node import Node
from jitad.ir.types import FLOAT, ArrayType
from jitad.ops.custom import everywhere, placed
from jitad.ops.declare import REGISTRY
from jitad.ops.leaf import full
from jitad.ops.routine import Routine

PREFIX = "extern_"
HALF = 2**32
Types = tuple[tuple[np.dtype, int], ...]  # dtypes, and numbers of axes


@dataclass(frozen=True)
class Embedded:
    """A function, and what it takes and gives.

    Attributes
    ----------
    function : numba.Dispatcher
    arguments, results : tuple
        Their types.
    several : bool
        Whether results are a tuple.
    is_known : bool
        Whether all that determines its code could be found: else kernels are not kept on disk.
    """

    function: Any
    arguments: Types
    results: Types
    several: bool
    is_known: bool

    @property
    def name(self) -> str:
        return str(getattr(self.function, "__name__", "a function"))


FUNCTIONS: dict[str, Embedded] = {}


def is_wide(dtype: np.dtype) -> bool:
    """Whether numbers of a dtype may have more digits than float64 has."""
    return dtype.kind in "iu" and dtype.itemsize == 8


class Extern(Routine):
    """Rows of results, of an embedded function of rows of arguments.

    Arguments are the lengths of the results, those of the function, and an array of the shape of the result.
    """

    name = "extern"

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        return args[-1].type

    def operands(self, node: Node) -> tuple[Node, ...]:
        return node.args[:-1]

    def called(self, node: Node) -> tuple[str, tuple]:
        return node.params[0], ()  # type: ignore[return-value]

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        known = FUNCTIONS[node.params[0]]  # type: ignore[index]
        lengths, *given, like = map(np.asarray, args)
        out = np.zeros(like.shape)
        for b in range(len(out)):
            found = known.function(*(np.array(a[b], d)[()] for a, (d, _) in zip(given, known.arguments, strict=True)))
            out[b] = _in_a_row(known, found, [int(n) for n in lengths[b]])
        return out

    def jvp(self, node: Node, *tangents: Node | None) -> Node:
        raise TypeError(f"{FUNCTIONS[node.params[0]].name}, embedded by jitad.extern, has no derivative: give "  # type: ignore
                        f"extern(..., vjp=...) or jvp=..., or take none, with jitad.stop_gradient of its arguments{placed(node)}")


def _in_a_row(known: Embedded, found: Any, lengths: list[int]) -> np.ndarray:
    if known.several != isinstance(found, tuple) or (known.several and len(found) != len(known.results)):
        said = f"a tuple of {len(known.results)}" if known.several else "one result"
        raise TypeError(f"{known.name}, embedded by jitad.extern, returned a {type(found).__name__}; {said} was said")
    parts = [np.zeros(1)]
    for value, (dtype, ndim) in zip(found if known.several else (found,), known.results, strict=True):
        x = np.asarray(value)
        shape, lengths = tuple(lengths[:ndim]), lengths[ndim:]
        if x.shape != shape:
            raise ShapeError(wrong_shape(known) + f": {x.shape}, not {shape}")
        if not fits(x.dtype, dtype):
            raise DTypeError(f"{known.name}, embedded by jitad.extern, returned dtype {x.dtype}; {dtype} was said")
        flat = np.ravel(x).astype(dtype)
        parts += [(flat // HALF).astype(float), (flat % HALF).astype(float)] if is_wide(dtype) else [flat.astype(float)]
    return np.concatenate(parts)


def wrong_shape(known: Embedded) -> str:
    """What is wrong with a result of another shape."""
    return f"{known.name}, embedded by jitad.extern, returned an array of another shape than was said"


def fits(found: np.dtype, said: np.dtype) -> bool:
    """Whether numbers of one dtype may be stored as those of another."""
    return bool(np.can_cast(found, said, "same_kind"))


def extern(name: str, lengths: Node, args: Sequence[Node], length: Any) -> Node:
    """The row of results of one call; arguments have a leading axis of one."""
    return REGISTRY["extern"].build((lengths, *args, full(0, FLOAT, (1, length))), (name,))


def embedded(nodes: Sequence[Node]) -> list[Embedded]:
    """The functions that are called below nodes, also in steps of loops and in rules."""
    return [FUNCTIONS[n.params[0]] for n in everywhere(nodes) if n.op.name == "extern"]  # type: ignore[index]

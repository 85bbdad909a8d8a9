"""How an operation is declared: once, in one place, and everything else follows.

An elementwise op is one call of :func:`elementwise`; a structural op (which moves, sums or makes elements) is one
subclass of :class:`Op`. From the declaration follow the type rule, the derivative of every order, NumPy evaluation,
lowering to scalars, emission, the table in the documentation and the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Sequence
from typing import Any

import numpy as np

from jitad.errors import DTypeError, InternalError, ShapeError
from jitad.ir.node import Node, make
from jitad.ir.sizes import Size
from jitad.ir.types import BOOL, ArrayType, show_shape

REGISTRY: dict[str, Op] = {}

Scalar = Node  # a 0-d node: what lowering works with
Request = tuple[Node, tuple[Scalar, ...]]
AtRule = Generator[Any, Any, Any]  # yields requests, is sent scalars, returns a scalar
SizeMap = Callable[["int | Size"], "int | Size"]


def map_sizes(params: Any, size: SizeMap) -> Any:
    """Parameters with every symbolic size in them mapped."""
    if isinstance(params, Size):
        return size(params)
    if isinstance(params, tuple):
        return tuple(map_sizes(p, size) for p in params)
    return params


class Op:
    """An operation. Subclasses say what it means; there is one instance of each, in :data:`REGISTRY`."""

    name: str
    linear: tuple[int, ...] | None = ()
    """The arguments in which the op is linear, others fixed (all of them together, unless `bilinear`); None is all."""
    bilinear = False
    moves = False
    """Every element of the result is one element of an argument, or the fill: then it moves predicates as well."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "name" in cls.__dict__:
            register(cls())

    def __call__(self, *args: Node, **params: Hashable) -> Node:
        raise NotImplementedError

    def build(self, args: tuple[Node, ...], params: tuple) -> Node:
        """The node, its type inferred: the one way a node of this op is made."""
        return make(self, args, params)

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        """The type of the result; raises where arguments do not fit."""
        raise NotImplementedError

    def reapply(self, node: Node, args: tuple[Node, ...], size: SizeMap) -> Node:
        """The same op on other arguments, sizes in its parameters mapped."""
        return self.build(args, map_sizes(node.params, size))

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        """The value, with NumPy. `size` turns sizes (also in tuples) into integers."""
        raise NotImplementedError

    def linear_in(self, node: Node) -> tuple[int, ...]:
        """The numbers of the arguments in which a node is linear."""
        return tuple(range(len(node.args))) if self.linear is None else self.linear

    def apply_linear(self, node: Node, args: tuple[Node, ...]) -> Node:
        """The op applied to tangents or predicates in its linear arguments."""
        return self.build(args, node.params)

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        """Cotangents of the arguments that are marked linear, given that of the result."""
        raise InternalError(f"{self.name} has no transpose")

    def batch(self, node: Node, args: tuple[Node, ...], batched: Sequence[bool], size: int | Size) -> Node:
        """The op mapped over a leading axis of length `size` that the arguments marked batched carry."""
        raise InternalError(f"{self.name} has no batching rule")

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        """The element at `idx`: yields ``(operand, index)`` requests, is sent their scalars, returns a scalar."""
        raise InternalError(f"{self.name} has no lowering rule")


def register(op: Op) -> Op:
    if op.name in REGISTRY:
        raise InternalError(f"op {op.name} is declared twice")
    REGISTRY[op.name] = op
    return op


Partials = Callable[..., tuple]


class Elementwise(Op):
    """out[i] = f(x[i], y[i], ...): arguments of one shape and one dtype."""

    def __init__(
        self,
        name: str,
        *,
        numpy: Callable,
        code: str,
        arity: int,
        partials: Partials | None,
        domain: tuple,
        accepts: str,
        returns: str,
        parity: str | None,
        commutes: bool,
        cost: int,
        ufunc: np.ufunc | None,
        special: str | None,
        mpmath: str | Callable | None,
        whole: tuple[int, ...] = (),
    ):
        self.name, self.numpy, self.code, self.arity = name, numpy, code, arity
        self.partials, self.domain, self.accepts, self.returns = partials, domain, accepts, returns
        self.parity, self.commutes, self.cost, self.ufunc = parity, commutes, cost, ufunc
        self.special, self.mpmath, self.whole = special, mpmath, whole

    def __call__(self, *args: Node, **params: Hashable) -> Node:
        return self.build(args, ())

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        if len(args) != self.arity:
            raise InternalError(f"{self.name} takes {self.arity} arguments, got {len(args)}")
        first = args[0].type
        for a in args:
            if a.type is not first and a.type != first:
                raise ShapeError(f"{self.name} of operands of types {first} and {a.type}")
        if first.dtype.kind not in self.accepts:
            raise DTypeError(f"{self.name} is not defined for dtype {first.dtype}")
        return ArrayType(BOOL, first.shape) if self.returns == "bool" else first

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        out = self.numpy(*args)
        dtype = getattr(out, "dtype", None)
        return out if dtype is node.type.dtype or dtype == np.object_ else np.asarray(out, node.dtype)

    def batch(self, node: Node, args: tuple[Node, ...], batched: Sequence[bool], size: int | Size) -> Node:
        return self.build(tuple(a if b else lead(a, size) for a, b in zip(args, batched, strict=True)), node.params)

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        values = []
        for a in node.args:
            values.append((yield a, idx))
        return s.apply(self, *values)


def lead(node: Node, size: int | Size) -> Node:
    """The node repeated over a new leading axis."""
    return REGISTRY["broadcast"].build((node,), ((size, *node.shape), tuple(range(1, node.ndim + 1))))


def elementwise(
    name: str,
    *,
    numpy: Callable,
    code: str,
    partials: Partials | None = None,
    domain: tuple = (-3.0, 3.0),
    arity: int = 1,
    accepts: str = "f",
    returns: str = "same",
    parity: str | None = None,
    commutes: bool = False,
    cost: int = 1,
    ufunc: np.ufunc | None = None,
    special: str | None = None,
    mpmath: str | Callable | None = None,
    whole: tuple[int, ...] = (),
) -> Elementwise:
    """Declare an elementwise op and put it into the registry.

    Parameters
    ----------
    name : str
        Unique name, NumPy's where NumPy has the function.
    numpy : callable
        The value, with NumPy: what the interpreter runs and every compiled kernel is compared with.
    code : str
        The value as Python that Numba compiles; arguments are ``{x}``, ``{y}``, ``{z}``.
    partials : callable, optional
        ``partials(x, ..., out)`` gives one derivative for each argument, as a node, a float, or None for zero. Without
        it the op has derivative zero everywhere (``floor``, comparisons).
    domain : tuple
        ``(low, high)`` of the first argument, or one such pair for each: where generated tests draw their points.
    arity : int
        Number of arguments.
    accepts : str
        Kinds of dtype: ``f`` floats, ``i``/``u`` integers, ``b`` booleans.
    returns : {"same", "bool"}
        dtype of the result.
    parity : {"odd", "even"}, optional
        f(-x) = -f(x) or f(x): lets r(i, j) and r(j, i) become one computation.
    commutes : bool
        f(x, y) = f(y, x).
    cost : int
        Roughly, in multiplications: what costs 8 or more is stored rather than computed again in an outer loop.
    ufunc : numpy.ufunc, optional
        The ufunc that this op stands for, if not `numpy` itself.
    special : str, optional
        The name in scipy.special of what this op stands for.
    mpmath : str or callable, optional
        The function of mpmath for extended precision, if it is not `name`.
    whole : tuple of int
        The arguments that are whole numbers, such as the order of a Bessel function: they have no derivative, and what is traced
        must be of an integer dtype.
    """
    op = Elementwise(
        name, numpy=numpy, code=code, arity=arity, partials=partials, domain=domain, accepts=accepts, returns=returns,
        parity=parity, commutes=commutes, cost=cost, special=special, mpmath=mpmath, whole=whole,
        ufunc=ufunc if ufunc is not None else numpy if isinstance(numpy, np.ufunc) else None,
    )
    register(op)
    return op


def require_same_shape(what: str, a: Node, b: Node) -> None:
    """Raise unless two nodes have one shape."""
    if a.shape != b.shape:
        raise ShapeError(f"{what}: shapes {show_shape(a.shape)} and {show_shape(b.shape)} differ")

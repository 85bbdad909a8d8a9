"""Arithmetic, powers, elementary functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitad.errors import DTypeError
from jitad.ir.node import Node, make
from jitad.ir.types import ArrayType
from jitad.ops.declare import REGISTRY, AtRule, Elementwise, Op, Scalar, elementwise
from jitad.ops.leaf import constant, constant_value, full, value_of

NUMBERS = "fiu"


class _Linear(Elementwise):
    """An elementwise op that appears in linear programs, so that it has a transpose."""

    def __init__(self, name: str, rule: Callable, **declaration: Any):
        defaults: dict = {"domain": (-3.0, 3.0), "accepts": NUMBERS, "returns": "same", "parity": None, "cost": 1,
                          "commutes": False, "special": None, "mpmath": None, "ufunc": declaration["numpy"]}
        super().__init__(name, **{**defaults, **declaration})
        self.rule = rule
        self.linear = tuple(range(self.arity))
        REGISTRY[name] = self

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        return [c if use else None for c, use in zip(self.rule(ct, *node.args), linear, strict=True)]


add = _Linear("add", lambda ct, x, y: (ct, ct), numpy=np.add, code="{x} + {y}", arity=2,
              partials=lambda x, y, out: (1.0, 1.0), commutes=True)
subtract = _Linear("subtract", lambda ct, x, y: (ct, -ct), numpy=np.subtract, code="{x} - {y}", arity=2,
                   partials=lambda x, y, out: (1.0, -1.0))
negative = _Linear("negative", lambda ct, x: (-ct,), numpy=np.negative, code="-{x}", arity=1,
                   partials=lambda x, out: (-1.0,), mpmath=lambda x: -x)
multiply = elementwise("multiply", numpy=np.multiply, code="{x} * {y}", arity=2, accepts=NUMBERS, commutes=True,
                       partials=lambda x, y, out: (y, x))
divide = elementwise("divide", numpy=np.divide, code="{x} / {y}", arity=2, cost=5, domain=((-3, 3), (0.5, 3)),
                     partials=lambda x, y, out: (1.0 / y, -out / y))


class IntegerPower(Elementwise):
    """x**n for a fixed integer n, as multiplications."""

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        if args[0].dtype.kind not in self.accepts:
            raise DTypeError(f"power is not defined for dtype {args[0].dtype}")
        if params[0] < 0 and args[0].dtype.kind != "f":
            raise DTypeError("Integers to negative integer powers are not allowed.")
        return args[0].type

    def build(self, args: tuple[Node, ...], params: tuple) -> Node:
        if params[0] == 0:
            return full(1, args[0].dtype, args[0].shape)
        return args[0] if params[0] == 1 else make(self, args, params)

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        x = np.asarray(args[0])
        if x.dtype == object:
            return x ** node.params[0]
        if node.dtype.kind != "f":  # wraps around as the dtype does
            return np.power(x.astype(np.int64), np.int64(node.params[0])).astype(node.dtype)
        return np.power(x, np.asarray(node.params[0], node.dtype))

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        x = yield node.args[0], idx
        return s.integer_pow(x, node.params[0])


REGISTRY["integer_pow"] = IntegerPower(
    "integer_pow", numpy=np.power, code="{x}**{n}", arity=1, domain=(0.5, 2.0), accepts=NUMBERS, returns="same",
    parity=None, commutes=False, cost=2, ufunc=None, special=None, mpmath=None, partials=None)


def integer_pow(x: Node, n: int) -> Node:
    """x**n."""
    return REGISTRY["integer_pow"].build((x,), (n,))


def _at_origin(radius: Node, *parts: Node) -> tuple:
    """The parts, 0 where the radius is."""
    from jitad.ops.singular import unless_zero

    return tuple(unless_zero(radius, p, positive=True) for p in parts)


def _angle_partials(y: Node, x: Node, out: Node) -> tuple:
    """x/r**2 and -y/r**2, where the square might over- or underflow."""
    r = hypot(y, x)
    return _at_origin(r, x / r / r, -(y / r / r))  # type: ignore[operator]


def _power_partials(x: Node, y: Node, out: Node) -> tuple:
    from jitad.ops.compare import equal, logical_and, select

    zero = full(0, x.dtype, x.shape)
    safe = select(equal(x, zero), full(1, x.dtype, x.shape), x)
    c = constant_value(y)
    less = y - 1.0 if c is None else full(c - 1, y.dtype, y.shape)  # type: ignore[operator]
    slope = select(logical_and(equal(x, zero), equal(y, zero)), zero, y * power(x, less))  # x**0 is constant at 0 as well
    return slope, select(equal(x, zero), zero, out * log(safe))


power = elementwise("power", numpy=np.power, code="{x} ** {y}", arity=2, domain=((0.5, 2), (-2, 2)), cost=40,
                    partials=_power_partials)

sqrt = elementwise("sqrt", numpy=np.sqrt, code="sqrt({x})", domain=(0.1, 4), cost=5,
                   partials=lambda x, out: (0.5 / out,))
cbrt = elementwise("cbrt", numpy=np.cbrt, code="cbrt({x})", domain=(0.1, 4), cost=20, parity="odd",
                   partials=lambda x, out: (1.0 / (3.0 * out * out),))
exp = elementwise("exp", numpy=np.exp, code="exp({x})", cost=20, partials=lambda x, out: (out,))
expm1 = elementwise("expm1", numpy=np.expm1, code="expm1({x})", cost=20, partials=lambda x, out: (out + 1.0,))
exp2 = elementwise("exp2", numpy=np.exp2, code="exp2({x})", cost=20, mpmath=lambda x: 2**x,
                   partials=lambda x, out: (np.log(2) * out,))
log = elementwise("log", numpy=np.log, code="log({x})", domain=(0.1, 4), cost=20, partials=lambda x, out: (1.0 / x,))
log1p = elementwise("log1p", numpy=np.log1p, code="log1p({x})", domain=(-0.9, 4), cost=20,
                    partials=lambda x, out: (1.0 / (1.0 + x),))
log2 = elementwise("log2", numpy=np.log2, code="log2({x})", domain=(0.1, 4), cost=20, mpmath=None,
                   partials=lambda x, out: (1.0 / (np.log(2) * x),))
log10 = elementwise("log10", numpy=np.log10, code="log10({x})", domain=(0.1, 4), cost=20,
                    partials=lambda x, out: (1.0 / (np.log(10) * x),))

sin = elementwise("sin", numpy=np.sin, code="sin({x})", cost=20, parity="odd", partials=lambda x, out: (cos(x),))
cos: Elementwise = elementwise("cos", numpy=np.cos, code="cos({x})", cost=20, parity="even", partials=lambda x, out: (-sin(x),))
tan = elementwise("tan", numpy=np.tan, code="tan({x})", domain=(-1.2, 1.2), cost=30, parity="odd",
                  partials=lambda x, out: (1.0 + out * out,))
arcsin = elementwise("arcsin", numpy=np.arcsin, code="asin({x})", domain=(-0.9, 0.9), cost=30, parity="odd",
                     mpmath="asin", partials=lambda x, out: (1.0 / sqrt(1.0 - x * x),))
arccos = elementwise("arccos", numpy=np.arccos, code="acos({x})", domain=(-0.9, 0.9), cost=30, mpmath="acos",
                     partials=lambda x, out: (-1.0 / sqrt(1.0 - x * x),))
arctan = elementwise("arctan", numpy=np.arctan, code="atan({x})", cost=30, parity="odd", mpmath="atan",
                     partials=lambda x, out: (1.0 / (1.0 + x * x),))
arctan2 = elementwise("arctan2", numpy=np.arctan2, code="atan2({x}, {y})", arity=2, domain=((0.5, 3), (0.5, 3)),
                      cost=40, mpmath="atan2",
                      partials=_angle_partials)
hypot: Elementwise = elementwise("hypot", numpy=np.hypot, code="hypot({x}, {y})", arity=2, domain=((0.5, 3), (0.5, 3)), cost=15,
                    partials=lambda x, y, out: _at_origin(out, x / out, y / out))
sinh = elementwise("sinh", numpy=np.sinh, code="sinh({x})", cost=30, parity="odd", partials=lambda x, out: (cosh(x),))
cosh: Elementwise = elementwise("cosh", numpy=np.cosh, code="cosh({x})", cost=30, parity="even",
                                partials=lambda x, out: (sinh(x),))
tanh = elementwise("tanh", numpy=np.tanh, code="tanh({x})", cost=30, parity="odd",
                   partials=lambda x, out: (1.0 - out * out,))
arcsinh = elementwise("arcsinh", numpy=np.arcsinh, code="asinh({x})", cost=30, parity="odd", mpmath="asinh",
                      partials=lambda x, out: (1.0 / sqrt(1.0 + x * x),))
arccosh = elementwise("arccosh", numpy=np.arccosh, code="acosh({x})", domain=(1.2, 4), cost=30, mpmath="acosh",
                      partials=lambda x, out: (1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0)),))
arctanh = elementwise("arctanh", numpy=np.arctanh, code="atanh({x})", domain=(-0.9, 0.9), cost=30, parity="odd",
                      mpmath="atanh", partials=lambda x, out: (1.0 / (1.0 - x * x),))

floor = elementwise("floor", numpy=np.floor, code="floor({x})")
ceil = elementwise("ceil", numpy=np.ceil, code="ceil({x})")
trunc = elementwise("trunc", numpy=np.trunc, code="trunc({x})")
rint = elementwise("rint", numpy=np.rint, code="rint({x})", mpmath="nint")
floor_divide = elementwise("floor_divide", numpy=np.floor_divide, code="floor_divide({x}, {y})", arity=2, accepts=NUMBERS,
                           cost=10, domain=((-3, 3), (0.5, 3)))
remainder = elementwise("remainder", numpy=np.remainder, code="{x} % {y}", arity=2, accepts=NUMBERS, cost=20,
                        domain=((-3, 3), (0.5, 3)), partials=lambda x, y, out: (1.0, -floor_divide(x, y)))
fmod = elementwise("fmod", numpy=np.fmod, code="fmod({x}, {y})", arity=2, cost=20, domain=((-3, 3), (0.5, 3)),
                   partials=lambda x, y, out: (1.0, -trunc(x / y)), mpmath=lambda x, y: x - y * int(x / y))
copysign: Elementwise = elementwise(
    "copysign", numpy=np.copysign, code="copysign({x}, {y})", arity=2,
    mpmath=lambda x, y: abs(x) if y >= 0 else -abs(x),
    partials=lambda x, y, out: (copysign(like(1.0, x), x) * copysign(like(1.0, x), y), None))


class Cast(Op):
    """The same numbers in another dtype."""

    name = "cast"
    linear = (0,)

    def build(self, args: tuple[Node, ...], params: tuple) -> Node:
        return args[0] if args[0].dtype == params[0] else super().build(args, params)

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        return ArrayType(params[0], args[0].shape)

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        return args[0] if getattr(args[0], "dtype", None) == np.object_ else np.asarray(args[0]).astype(node.dtype)

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        return [cast(ct, node.args[0].dtype)]

    def batch(self, node: Node, args: tuple[Node, ...], batched: Sequence[bool], size: Any) -> Node:
        return self.build(args, node.params)

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        x = yield node.args[0], idx
        return s.cast(x, node.dtype)


def cast(x: Node, dtype: np.dtype) -> Node:
    """x converted to the dtype; a constant as a float is another constant."""
    if x.op.name == "constant" and dtype.kind == "f":
        with np.errstate(over="ignore"):
            return constant(value_of(x).astype(dtype), dtype)
    return REGISTRY["cast"].build((x,), (dtype,))


def like(value: Any, x: Node) -> Node:
    """A number as a node of x's dtype and shape; nodes pass."""
    return value if isinstance(value, Node) else full(value, x.dtype, x.shape)


def _operator(op: Elementwise, swap: bool = False) -> Callable:
    def method(self: Node, other: Any) -> Node:
        pair = (like(other, self), self) if swap else (self, like(other, self))
        return op(*pair)

    return method


# Operators on nodes, so that partials read as formulas.
for _name, _op in {"add": add, "sub": subtract, "mul": multiply, "truediv": divide}.items():
    setattr(Node, f"__{_name}__", _operator(_op))
    setattr(Node, f"__r{_name}__", _operator(_op, swap=True))
setattr(Node, "__neg__", lambda self: negative(self))  # noqa: B010

"""Ufuncs: those that are ops, from their declarations; the others as compositions."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.errors import DTypeError, TraceError
from jitad.ir.node import Node
from jitad.ir.types import BOOL, FLOAT
from jitad.ops import arithmetic, compare
from jitad.ops.declare import REGISTRY, Elementwise
from jitad.ops.leaf import constant_value, full
from jitad.trace.numpy_api.registry import astype, implements, of_floats, scipy, ufuncs
from jitad.trace.tracer import Tracer, apply, as_tracer, promote, together, wrap
from jitad.trace.tracing import where


def _plain(op: Elementwise) -> Any:
    def call(*xs: Any) -> Tracer:
        return apply(op, *xs)

    return call


for _op in list(REGISTRY.values()):
    if isinstance(_op, Elementwise) and _op.ufunc is not None:
        ufuncs[_op.ufunc] = _plain(_op)
    if isinstance(_op, Elementwise) and _op.special is not None:
        scipy["scipy.special", _op.special] = _plain(_op)


def _boolean(x: Any) -> Tracer:
    node = as_tracer(x).node
    return wrap(node if node.dtype == BOOL else compare.not_equal(node, full(0, node.dtype, node.shape)))


def _all_bool(*xs: Any) -> bool:
    return all(as_tracer(x).node.dtype == BOOL for x in xs)


for _ufunc, _name in ((np.logical_and, "logical_and"), (np.logical_or, "logical_or"), (np.logical_not, "logical_not")):
    ufuncs[_ufunc] = lambda *xs, op=REGISTRY[_name]: apply(op, *map(_boolean, xs))


@implements(np.logical_xor)
def logical_xor(x: Any, y: Any) -> Tracer:
    return apply(compare.not_equal, _boolean(x), _boolean(y))


def _bitwise(name: str, op: Elementwise) -> Any:
    def call(*xs: Any) -> Tracer:
        if not _all_bool(*xs):
            raise TraceError(f"numpy.{name} is supported on booleans only{where()}")
        return apply(op, *xs)

    return call


ufuncs[np.bitwise_and] = _bitwise("bitwise_and", compare.logical_and)
ufuncs[np.bitwise_or] = _bitwise("bitwise_or", compare.logical_or)
ufuncs[np.bitwise_xor] = _bitwise("bitwise_xor", compare.not_equal)
ufuncs[np.invert] = _bitwise("invert", compare.logical_not)


@implements(np.add)
def add(x: Any, y: Any) -> Tracer:
    a, b = as_tracer(x), as_tracer(y)
    both = a.node.dtype == BOOL and b.node.dtype == BOOL
    return apply(compare.logical_or if both else arithmetic.add, a, b)  # type: ignore[arg-type]


@implements(np.multiply)
def multiply(x: Any, y: Any) -> Tracer:
    a, b = as_tracer(x), as_tracer(y)
    both = a.node.dtype == BOOL and b.node.dtype == BOOL
    return apply(compare.logical_and if both else arithmetic.multiply, a, b)


@implements(np.true_divide)
def divide(x: Any, y: Any) -> Tracer:
    ts = as_tracer(x), as_tracer(y)
    if all(t.node.dtype.kind != "f" for t in ts):
        ts = tuple(wrap(arithmetic.cast(t.node, FLOAT)) for t in ts)  # type: ignore[assignment]
    return apply(arithmetic.divide, *ts)


def _whole(exponent: Node) -> int | None:
    """The number that an exponent is, if it is a whole one."""
    n = constant_value(exponent)
    return int(n) if n is not None and float(n).is_integer() and abs(n) <= 1024 else None


def _power_of_floats(x: Node, y: Node) -> Node:
    n = _whole(y)
    if n is not None:
        return arithmetic.integer_pow(x, n)
    return arithmetic.sqrt(x) if constant_value(y) == 0.5 else arithmetic.power(x, y)


@implements(np.power)
def power(x: Any, y: Any) -> Tracer:
    exponent = as_tracer(y)
    a, b = promote(x, exponent)
    if a.dtype.kind == "f":
        return wrap(_power_of_floats(*together(wrap(a), wrap(b))))
    n = _whole(exponent.node) if not exponent.node.shape else None
    if n is None:
        raise DTypeError(f"integers to traced integer powers are not supported; convert with .astype(float){where()}")
    try:
        return wrap(arithmetic.integer_pow(a if a.dtype != BOOL else arithmetic.cast(a, np.dtype(np.int8)), n))
    except DTypeError as error:
        raise ValueError(f"{error}{where()}") from None


@implements(np.float_power)
def float_power(x: Any, y: Any) -> Tracer:
    return power(astype(x, FLOAT), y)


@implements(np.square)
def square(x: Any) -> Tracer:
    return power(x, 2)


@implements(np.reciprocal)
def reciprocal(x: Any) -> Tracer:
    node = as_tracer(x).node
    if node.dtype.kind != "f":
        raise DTypeError(f"numpy.reciprocal of integers; convert with .astype(float){where()}")
    return divide(1.0, x)


@implements(np.positive)
def positive(x: Any) -> Tracer:
    return as_tracer(x)


@implements(np.conjugate)
def conjugate(x: Any) -> Tracer:
    return as_tracer(x)


@implements(np.absolute)
def absolute(x: Any) -> Tracer:
    return as_tracer(x) if _all_bool(x) else apply(compare.absolute, x)


@implements(np.fabs)
def fabs(x: Any) -> Tracer:
    return apply(compare.absolute, divide(x, 1))


@implements(np.deg2rad, np.radians)
def deg2rad(x: Any) -> Tracer:
    return multiply(x, float(np.pi / 180))


@implements(np.rad2deg, np.degrees)
def rad2deg(x: Any) -> Tracer:
    return multiply(x, float(180 / np.pi))


@implements(np.heaviside)
def heaviside(x: Any, half: Any) -> Tracer:
    ts = as_tracer(x), as_tracer(half)
    whole = all(t.node.dtype.kind != "f" for t in ts)
    a, h = together(*(astype(t, FLOAT) if whole else t for t in ts))
    zero, one = full(0, a.dtype, a.shape), full(1, a.dtype, a.shape)
    step = compare.select(compare.less(zero, a), one, zero)
    out = compare.select(compare.equal(a, zero), h, step)
    return wrap(compare.select(compare.isnan(a), a, out))


def _ignoring_nan(op: Elementwise) -> Any:
    def call(x: Any, y: Any) -> Tracer:
        a, b = together(x, y)
        if a.dtype.kind != "f":
            return wrap(op(a, b))
        return wrap(compare.select(compare.isnan(a), b, compare.select(compare.isnan(b), a, op(a, b))))

    return call


ufuncs[np.fmin], ufuncs[np.fmax] = _ignoring_nan(compare.minimum), _ignoring_nan(compare.maximum)


@implements(np.logaddexp2)
def logaddexp2(x: Any, y: Any) -> Tracer:
    return ufuncs[np.logaddexp](multiply(x, float(np.log(2))), multiply(y, float(np.log(2)))) / float(np.log(2))


def _rounding(op: Elementwise) -> Any:
    """Integers stay as they are."""
    return lambda x: as_tracer(x) if as_tracer(x).dtype.kind in "iu" else apply(op, x)


ufuncs.update({op.ufunc: _rounding(op) for op in (arithmetic.floor, arithmetic.ceil, arithmetic.trunc) if op.ufunc})


@implements(np.fmod)
def fmod(x: Any, y: Any) -> Tracer:
    if any(as_tracer(t).dtype.kind == "f" for t in (x, y)):
        return apply(arithmetic.fmod, x, y)
    a, b = (wrap(n) for n in together(x, y))
    rest = a % b
    other_sign: Any = (rest != 0) & ((a < 0) != (b < 0))  # type: ignore[operator]
    return wrap(compare.select(other_sign.node, (rest - b).node, rest.node))


@implements(np.ldexp)
def ldexp(x: Any, exponent: Any) -> Tracer:
    return divide(x, 1) * 2.0 ** as_tracer(exponent).astype(float)


@implements(np.divmod)
def divmod_(x: Any, y: Any) -> tuple[Tracer, Tracer]:
    return apply(arithmetic.floor_divide, x, y), apply(arithmetic.remainder, x, y)


@implements(np.modf)
def modf(x: Any) -> tuple[Tracer, Tracer]:
    whole = apply(arithmetic.trunc, divide(x, 1))
    return as_tracer(x) - whole, whole


of_floats.update({op.ufunc: op for op in REGISTRY.values() if isinstance(op, Elementwise) and op.ufunc and "f" in op.accepts})
of_floats[np.power] = _power_of_floats

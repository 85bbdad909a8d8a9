"""Eight numbers at a time: explicit vector lanes for loops that LLVM does not vectorise.

Types ``float64x8``, ``float32x8``, ``int64x8`` and ``boolx8`` for Numba with the operators of Python, where scalars are
broadcast; sums across lanes; :mod:`jitad.emit.places` reads and writes them. Everything is plain LLVM vector code,
legal on any machine; estimates of reciprocals exist with AVX-512 and are divisions elsewhere. Functions are of ``float64x8``
only: those of ``float32x8`` are computed in these and rounded, by :func:`wide` and :func:`narrow`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import config, extending, types
from numba.core import cgutils
from numba.core.codegen import get_host_cpu_features
from numba.extending import lower_builtin, models, register_model, type_callable

from jitad.lower.lanes import WIDTH

intrinsic: Any = extending.intrinsic

_ASKED: str | None = config.CPU_FEATURES  # type: ignore[attr-defined]
_FEATURES: str = get_host_cpu_features() if _ASKED is None else _ASKED  # what Numba compiles for
AVX512 = "+avx512f" in _FEATURES.split(",")
_DOUBLE, _SINGLE, _INT64, _INT32, _BYTE, _BIT = ir.DoubleType(), ir.FloatType(), *map(ir.IntType, (64, 32, 8, 1))


class Lanes(types.Type):
    """The Numba type of eight numbers."""

    def __init__(self, name: str, scalar: types.Type, element: ir.Type):
        super().__init__(name)
        self.scalar = scalar
        self.llvm = ir.VectorType(element, WIDTH)


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Lanes):
        super().__init__(manager, lanes, lanes.llvm)


FLOATS = Lanes("float64x8", types.float64, _DOUBLE)
SINGLES = Lanes("float32x8", types.float32, _SINGLE)
INTS = Lanes("int64x8", types.int64, _INT64)
BOOLS = Lanes("boolx8", types.boolean, _BIT)
_OF_SCALAR = {types.float64: FLOATS, types.float32: SINGLES, types.int64: INTS, types.boolean: BOOLS}


def lanes_type(t: types.Type) -> Any:
    """The type of lanes that a type is, or that a scalar is broadcast to; None if there is none."""
    return t if isinstance(t, Lanes) else _OF_SCALAR.get(types.unliteral(t))


# LLVM values.


def shuffled(builder: ir.IRBuilder, x: Any, y: Any, lanes: Any) -> Any:
    return builder.shuffle_vector(x, y, ir.Constant(ir.VectorType(_INT32, len(lanes)), list(lanes)))


def _spread(builder: ir.IRBuilder, value: Any, t: types.Type) -> Any:
    """A value as lanes."""
    if isinstance(t, Lanes):
        return value
    lanes = lanes_type(t)
    if lanes is BOOLS and value.type != _BIT:
        value = builder.trunc(value, _BIT)
    none = ir.Constant(lanes.llvm, ir.Undefined)
    return shuffled(builder, builder.insert_element(none, value, ir.Constant(_INT32, 0)), none, [0] * WIDTH)


def call(builder: ir.IRBuilder, name: str, result: ir.Type, *args: Any, **flags: Any) -> Any:
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(result, [a.type for a in args]), name)
    return builder.call(function, args, **flags)


def _intrinsic_of(name: str, to_element: bool = False) -> Callable:
    """A function of LLVM's that is there for both types of floats."""

    def named(builder: ir.IRBuilder, *args: Any, **flags: Any) -> Any:
        vector = args[-1].type
        suffix = "v8f64" if vector.element == _DOUBLE else "v8f32"
        return call(builder, f"llvm.{name}.{suffix}", vector.element if to_element else vector, *args, **flags)

    return named


# Operators.


def _of_floats(code: Callable, result: Lanes | None = None) -> dict[Lanes, tuple[Lanes, Callable]]:
    """Rules of an operator that both types of floats have."""
    return {t: (result or t, code) for t in (FLOATS, SINGLES)}


def _operator(op: Callable, rules: dict[Lanes, tuple[Lanes, Callable]], arity: int = 2) -> None:
    """Define a Python operator on lanes: for each type of operands the type of the result and the LLVM instruction."""

    @type_callable(op)
    def typing(context: Any) -> Callable:
        def binary(x: types.Type, y: types.Type) -> types.Type | None:
            if (isinstance(x, Lanes) or isinstance(y, Lanes)) and lanes_type(x) is lanes_type(y) and lanes_type(x) in rules:
                return rules[lanes_type(x)][0]  # type: ignore[index]
            return None

        def unary(x: types.Type) -> types.Type | None:
            return rules[x][0] if isinstance(x, Lanes) and x in rules else None

        return binary if arity == 2 else unary

    def lowered(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        values = [_spread(builder, a, t) for a, t in zip(args, sig.args, strict=True)]
        return rules[lanes_type(sig.args[0])][1](builder, *values)  # type: ignore[index]

    shapes = ((Lanes, Lanes), (Lanes, types.Any), (types.Any, Lanes)) if arity == 2 else ((Lanes,),)
    for shape in shapes:
        lower_builtin(op, *shape)(lowered)


def _compare(sign: str) -> dict[Lanes, tuple[Lanes, Callable]]:
    ordered = "fcmp_unordered" if sign == "!=" else "fcmp_ordered"
    return {**_of_floats(lambda b, x, y: getattr(b, ordered)(sign, x, y), BOOLS),
            INTS: (BOOLS, lambda b, x, y: b.icmp_signed(sign, x, y))}


for _op, _inplace, _float, _int in (
        (operator.add, operator.iadd, "fadd", "add"), (operator.sub, operator.isub, "fsub", "sub"),
        (operator.mul, operator.imul, "fmul", "mul")):
    for _o in (_op, _inplace):
        _operator(_o, {**_of_floats(lambda b, x, y, f=_float: getattr(b, f)(x, y)),
                       INTS: (INTS, lambda b, x, y, f=_int: getattr(b, f)(x, y))})
for _op, _sign in ((operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.ge, ">="), (operator.eq, "=="),
                   (operator.ne, "!=")):
    _operator(_op, _compare(_sign))
for _op, _name in ((operator.and_, "and_"), (operator.or_, "or_")):
    _operator(_op, {t: (t, lambda b, x, y, f=_name: getattr(b, f)(x, y)) for t in (INTS, BOOLS)})
for _op, _name in ((operator.lshift, "shl"), (operator.rshift, "ashr")):
    _operator(_op, {INTS: (INTS, lambda b, x, y, f=_name: getattr(b, f)(x, y))})
_operator(operator.truediv, _of_floats(lambda b, x, y: b.fdiv(x, y)))
_operator(operator.neg, {**_of_floats(lambda b, x: b.fneg(x)), INTS: (INTS, lambda b, x: b.neg(x))}, arity=1)
_operator(abs, {**_of_floats(_intrinsic_of("fabs")),
                INTS: (INTS, lambda b, x: b.select(b.icmp_signed("<", x, b.neg(x)), b.neg(x), x))}, arity=1)
_operator(operator.invert, {BOOLS: (BOOLS, lambda b, x: b.not_(x))}, arity=1)


# Lane by lane.


@intrinsic
def spread(typingctx, x):  # type: ignore[no-untyped-def]
    """A scalar in all lanes."""
    return lanes_type(x)(x), lambda context, builder, sig, args: _spread(builder, args[0], sig.args[0])


@intrinsic
def choose(typingctx, p, x, y):  # type: ignore[no-untyped-def]
    """``x if p else y`` in each lane; of scalars too."""
    many = any(isinstance(t, Lanes) for t in (p, x, y))

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        if many:
            args = [_spread(builder, a, t) for a, t in zip(args, sig.args, strict=True)]
        return builder.select(*args)

    if many:
        return lanes_type(x)(*map(types.unliteral, (p, x, y))), codegen
    result = typingctx.unify_types(types.unliteral(x), types.unliteral(y))
    return result(types.boolean, result, result), codegen


@intrinsic
def fused(typingctx, x, y, z):  # type: ignore[no-untyped-def]
    """``x*y + z``, rounded once; of scalars too."""
    given = tuple(map(types.unliteral, (x, y, z)))
    if not any(isinstance(t, Lanes) for t in given):
        return types.float64(*[types.float64] * 3), lambda context, builder, sig, args: builder.fma(*args)

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        values = [_spread(builder, a, t) for a, t in zip(args, sig.args, strict=True)]
        return call(builder, "llvm.fma.v8f64", FLOATS.llvm, *values)

    return FLOATS(*given), codegen


def _from_llvm(name: str, exact: Callable) -> Any:
    """An estimate to 14 bits, where the machine has one."""

    @intrinsic
    def estimate(typingctx, x):  # type: ignore[no-untyped-def]
        def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
            if not AVX512:
                return exact(builder, args[0])
            zero = ir.Constant(FLOATS.llvm, [0.0] * WIDTH)
            everywhere = ir.Constant(_BYTE, 255)
            return call(builder, f"llvm.x86.avx512.{name}14.pd.512", FLOATS.llvm, args[0], zero, everywhere)

        return FLOATS(FLOATS), codegen

    return estimate


def _one(builder: ir.IRBuilder) -> Any:
    return ir.Constant(FLOATS.llvm, [1.0] * WIDTH)


_sqrt = _intrinsic_of("sqrt")
reciprocal_estimate = _from_llvm("rcp", lambda b, x: b.fdiv(_one(b), x))
root_estimate = _from_llvm("rsqrt", lambda b, x: b.fdiv(_one(b), _sqrt(b, x)))


@intrinsic
def exact_sqrt(typingctx, x):  # type: ignore[no-untyped-def]
    """The square root of the machine."""
    return x(x), lambda context, builder, sig, args: _sqrt(builder, args[0])


@intrinsic
def lane(typingctx, x, k):  # type: ignore[no-untyped-def]
    """Lane number k."""
    return x.scalar(x, types.int64), lambda context, builder, sig, args: builder.extract_element(
        args[0], builder.trunc(args[1], _INT32))


@intrinsic
def pack(typingctx, numbers):  # type: ignore[no-untyped-def]
    """Lanes from a tuple of eight scalars."""

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        out = ir.Constant(sig.return_type.llvm, ir.Undefined)
        for k, value in enumerate(cgutils.unpack_tuple(builder, args[0])):
            out = builder.insert_element(out, value, ir.Constant(_INT32, k))
        return out

    return lanes_type(numbers.dtype)(numbers), codegen


@intrinsic
def scaled(typingctx, x, k):  # type: ignore[no-untyped-def]
    """``x * 2**floor(k)``, with AVX-512."""

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        zero, current = ir.Constant(FLOATS.llvm, [0.0] * WIDTH), ir.Constant(_INT32, 4)
        return call(builder, "llvm.x86.avx512.mask.scalef.pd.512", FLOATS.llvm, *args, zero, ir.Constant(_BYTE, 255), current)

    return FLOATS(FLOATS, FLOATS), codegen


def table_of_16(entries: Sequence[int]) -> Any:
    """A function that looks integers up by the last four bits of others, with AVX-512: in two registers."""

    @intrinsic
    def found(typingctx, k):  # type: ignore[no-untyped-def]
        def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
            low, high = (ir.Constant(INTS.llvm, list(half)) for half in (entries[:8], entries[8:]))
            return call(builder, "llvm.x86.avx512.vpermi2var.q.512", INTS.llvm, low, args[0], high)

        return INTS(INTS), codegen

    return found


def _resized(source: Any, target: Any, instruction: str) -> Any:
    @intrinsic
    def resize(typingctx, x):  # type: ignore[no-untyped-def]
        many = isinstance(x, Lanes)
        given, made = (lanes_type(source), lanes_type(target)) if many else (source, target)
        to = made.llvm if many else lanes_type(target).llvm.element
        return made(given), lambda context, builder, sig, args: getattr(builder, instruction)(args[0], to)

    return resize


wide = _resized(types.float32, types.float64, "fpext")  # of scalars too
narrow = _resized(types.float64, types.float32, "fptrunc")


# Across lanes.


_add_up = _intrinsic_of("vector.reduce.fadd", to_element=True)


@intrinsic
def total(typingctx, x):  # type: ignore[no-untyped-def]
    """The sum of the lanes."""

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        zero = ir.Constant(x.llvm.element, 0.0)
        return _add_up(builder, zero, args[0], fastmath=("reassoc", "nsz"))

    return x.scalar(x), codegen


def _asked(builder: ir.IRBuilder, mask: Any, sign: str, pattern: int, mostly: int) -> Any:
    """Whether the bits of a mask are (or are not) a pattern; LLVM computes nothing early for the rarer answer."""
    byte = ir.IntType(mask.type.count)
    found = builder.icmp_unsigned(sign, builder.bitcast(mask, byte), ir.Constant(byte, pattern))
    return call(builder, "llvm.expect.i1", _BIT, found, ir.Constant(_BIT, mostly))


@intrinsic
def everywhere(typingctx, p):  # type: ignore[no-untyped-def]
    """Whether all lanes are true, as they mostly are."""
    return types.boolean(BOOLS), lambda context, builder, sig, args: _asked(builder, args[0], "==", 255, 1)


@intrinsic
def negative(typingctx, x):  # type: ignore[no-untyped-def]
    """Whether any lane is negative, as it mostly is not."""

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        found = args[0]
        if not AVX512:  # half as wide
            found = builder.or_(*(shuffled(builder, found, found, half) for half in (range(4), range(4, 8))))
        return _asked(builder, builder.icmp_signed("<", found, ir.Constant(found.type, None)), "!=", 0, 0)

    return types.boolean(INTS), codegen


@intrinsic
def below(typingctx, x, limit):  # type: ignore[no-untyped-def]
    """Whether lanes are less than a number, both without signs."""
    return BOOLS(INTS, types.int64), lambda context, builder, sig, args: builder.icmp_unsigned(
        "<", args[0], _spread(builder, args[1], types.int64))


@intrinsic
def consecutive(typingctx, start):  # type: ignore[no-untyped-def]
    """start, start + 1, ..., start + 7."""

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        steps = ir.Constant(INTS.llvm, list(range(WIDTH)))
        return builder.add(_spread(builder, args[0], types.int64), steps)

    return INTS(types.int64), codegen


# The same 64 bits as another type; of scalars too.


def _bitcast(of_scalar: Any, to_scalar: Any) -> Any:
    @intrinsic
    def cast(typingctx, x):  # type: ignore[no-untyped-def]
        many = isinstance(x, Lanes)
        source, target = (lanes_type(of_scalar), lanes_type(to_scalar)) if many else (of_scalar, to_scalar)
        to = target.llvm if many else lanes_type(to_scalar).llvm.element
        return target(source), lambda context, builder, sig, args: builder.bitcast(args[0], to)

    return cast


bits = _bitcast(types.float64, types.int64)
double = _bitcast(types.int64, types.float64)


@intrinsic
def as_floats(typingctx, x):  # type: ignore[no-untyped-def]
    """Integers as floats."""
    return FLOATS(INTS), lambda context, builder, sig, args: builder.sitofp(args[0], FLOATS.llvm)

"""Ops that move elements: broadcast, reshape, transpose, slice, flip, roll, pad, concatenate, retype."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitad.errors import InternalError, ShapeError
from jitad.ir import sizes
from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.ir.types import ArrayType, Shape, show_shape
from jitad.ops.declare import REGISTRY, AtRule, Op, Scalar, lead
from jitad.ops.leaf import full


class _Moves(Op):
    linear: tuple[int, ...] | None = (0,)
    moves = True


class Broadcast(_Moves):
    """out[i] = x[i[axes[0]], i[axes[1]], ...]: axis k of x becomes axis axes[k], the others repeat."""

    name = "broadcast"

    def build(self, args: tuple[Node, ...], params: tuple) -> Node:
        (x,), (shape, axes) = args, params
        if x.op is self:  # one step instead of two
            x, axes = x.args[0], tuple(axes[k] for k in x.params[1])
        if shape == x.shape and axes == tuple(range(x.ndim)):
            return x
        return super().build((x,), (tuple(shape), axes))

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        (x,), (shape, axes) = args, params
        if tuple(shape[k] for k in axes) != x.shape or list(axes) != sorted(set(axes)):
            raise ShapeError(f"cannot broadcast {show_shape(x.shape)} to {show_shape(shape)} along axes {axes}")
        return ArrayType(x.dtype, shape)

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        shape, axes = size(node.params[0]), node.params[1]
        x = np.asarray(args[0])
        if not axes and x.dtype != object:  # as below, which takes several microseconds
            return np.ndarray(shape, x.dtype, x, 0, (0,) * len(shape))
        return np.broadcast_to(np.reshape(x, [n if k in axes else 1 for k, n in enumerate(shape)]), shape)

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        return [REGISTRY["sum"].build((ct,), (tuple(k for k in range(node.ndim) if k not in node.params[1]),))]

    def batch(self, node: Node, args: tuple[Node, ...], batched: Sequence[bool], size: int | Size) -> Node:
        shape, axes = node.params
        return self.build(args, ((size, *shape), (0, *(k + 1 for k in axes))))

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        return (yield node.args[0], tuple(idx[k] for k in node.params[1]))


class Reshape(_Moves):
    """The same elements in the same order under another shape."""

    name = "reshape"

    def build(self, args: tuple[Node, ...], params: tuple) -> Node:
        (x,), (shape,) = args, params
        if x.op is self:
            x = x.args[0]
        return x if x.shape == tuple(shape) else super().build((x,), (tuple(shape),))

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        (x,), (shape,) = args, params
        if sizes.product(x.shape) != sizes.product(shape):
            raise ShapeError(f"cannot reshape {show_shape(x.shape)} into {show_shape(shape)}")
        return ArrayType(x.dtype, shape)

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        return np.reshape(args[0], size(node.params[0]))

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        return [reshape(ct, node.args[0].shape)]

    def batch(self, node: Node, args: tuple[Node, ...], batched: Sequence[bool], size: int | Size) -> Node:
        return self.build(args, ((size, *node.params[0]),))

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        return (yield node.args[0], s.reshaped(idx, node.shape, node.args[0].shape))


class Retype(_Moves):
    """The same array, its lengths known to be those of `shape` (under a guard)."""

    name = "retype"

    def build(self, args: tuple[Node, ...], params: tuple) -> Node:
        (x,), (shape,) = args, params
        x = x.args[0] if x.op is self else x
        return x if x.shape == tuple(shape) else super().build((x,), (tuple(shape),))

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        if len(params[0]) != args[0].ndim:
            raise InternalError(f"retype of {args[0].type} to {show_shape(params[0])}")
        return ArrayType(args[0].dtype, params[0])

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        if np.shape(args[0]) != size(node.params[0]):
            raise InternalError(f"{np.shape(args[0])} is not {size(node.params[0])}: a guard is missing")
        return args[0]

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        return [retype(ct, node.args[0].shape)]

    def batch(self, node: Node, args: tuple[Node, ...], batched: Sequence[bool], size: int | Size) -> Node:
        return self.build(args, ((size, *node.params[0]),))

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        return (yield node.args[0], idx)


class Transpose(_Moves):
    """Axis k of the result is axis perm[k] of x."""

    name = "transpose"

    def build(self, args: tuple[Node, ...], params: tuple) -> Node:
        (x,), (perm,) = args, params
        if x.op is self:
            x, perm = x.args[0], tuple(x.params[0][k] for k in perm)
        return x if perm == tuple(range(x.ndim)) else super().build((x,), (perm,))

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        (x,), (perm,) = args, params
        if sorted(perm) != list(range(x.ndim)):
            raise ShapeError(f"axes {perm} do not match an array of dimension {x.ndim}")
        return ArrayType(x.dtype, tuple(x.shape[k] for k in perm))

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        return np.transpose(args[0], node.params[0])

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        return [transpose(ct, tuple(int(k) for k in np.argsort(node.params[0])))]

    def batch(self, node: Node, args: tuple[Node, ...], batched: Sequence[bool], size: int | Size) -> Node:
        return self.build(args, ((0, *(k + 1 for k in node.params[0])),))

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        perm = node.params[0]
        return (yield node.args[0], tuple(idx[perm.index(k)] for k in range(len(perm))))


class Slice(_Moves):
    """out[i] = x[start + i*step] on every axis; params are ((start, length, step), ...), steps positive."""

    name = "slice"

    def build(self, args: tuple[Node, ...], params: tuple) -> Node:
        (x,) = args
        whole = all(start == 0 and step == 1 and n == m
                    for (start, n, step), m in zip(params[0], x.shape, strict=True))
        return x if whole else super().build(args, params)

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        return ArrayType(args[0].dtype, tuple(length for _, length, _ in params[0]))

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        return args[0][tuple(slice(a, a + (n - 1) * k + 1 if n else a, k) for a, n, k in size(node.params[0]))]

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        low = tuple((start, step) for start, _, step in node.params[0])
        return [REGISTRY["pad"].build((ct,), (node.args[0].shape, low))]

    def batch(self, node: Node, args: tuple[Node, ...], batched: Sequence[bool], size: int | Size) -> Node:
        return self.build(args, (((0, size, 1), *node.params[0]),))

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        return (yield node.args[0], tuple(
            s.add(s.size(start), s.mul(s.int(step), i)) for i, (start, _, step) in zip(idx, node.params[0], strict=True)))


class Pad(_Moves):
    """Zeros of `shape` with out[start + i*step] = x[i]; params are (shape, ((start, step), ...))."""

    name = "pad"

    def build(self, args: tuple[Node, ...], params: tuple) -> Node:
        same = params[0] == args[0].shape and all(p == (0, 1) for p in params[1])
        return args[0] if same else super().build(args, params)

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        return ArrayType(args[0].dtype, params[0])

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        shape, places = size(node.params)
        out = np.zeros(shape, np.asarray(args[0]).dtype)
        out[tuple(slice(a, a + (n - 1) * k + 1 if n else a, k)
                  for (a, k), n in zip(places, args[0].shape, strict=True))] = args[0]
        return out

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        spec = tuple((a, n, k) for (a, k), n in zip(node.params[1], node.args[0].shape, strict=True))
        return [REGISTRY["slice"].build((ct,), (spec,))]

    def batch(self, node: Node, args: tuple[Node, ...], batched: Sequence[bool], size: int | Size) -> Node:
        return self.build(args, ((size, *node.params[0]), ((0, 1), *node.params[1])))

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        inside, source = s.true(), []
        for i, (start, step), n, m in zip(idx, node.params[1], node.args[0].shape, node.shape, strict=True):
            if start == 0 and step == 1 and n == m:
                source.append(i)
                continue
            j = s.sub(i, s.size(start))
            ok = s.both(s.le(s.int(0), j), s.lt(j, s.mul(s.size(n), s.int(step))))
            if step != 1:
                ok = s.both(ok, s.eq(s.mod(j, s.int(step)), s.int(0)))
                j = s.floordiv(j, s.int(step))
            inside = s.both(inside, ok)
            source.append(s.select(ok, j, s.int(0)))
        if s.is_false(inside):
            return s.zero(node.dtype)
        x = yield node.args[0], tuple(source)
        return s.select(inside, x, s.zero(node.dtype))


class Flip(_Moves):
    """Axes reversed."""

    name = "flip"

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        return args[0].type

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        return np.flip(args[0], node.params[0])

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        return [self.build((ct,), node.params)]

    def batch(self, node: Node, args: tuple[Node, ...], batched: Sequence[bool], size: int | Size) -> Node:
        return self.build(args, (tuple(k + 1 for k in node.params[0]),))

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        return (yield node.args[0], tuple(
            s.sub(s.size(sizes.sub(n, 1)), i) if k in node.params[0] else i
            for k, (i, n) in enumerate(zip(idx, node.shape, strict=True))))


class Roll(_Moves):
    """out[i] = x[(i - shift) mod n] along one axis; params are (shift, axis), 0 <= shift < n."""

    name = "roll"

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        return args[0].type

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        return np.roll(args[0], size(node.params[0]), node.params[1])

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        shift, axis = node.params
        return [self.build((ct,), (sizes.sub(node.shape[axis], shift), axis))]

    def batch(self, node: Node, args: tuple[Node, ...], batched: Sequence[bool], size: int | Size) -> Node:
        return self.build(args, (node.params[0], node.params[1] + 1))

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        shift, axis = node.params
        j = s.sub(idx[axis], s.size(shift))
        j = s.select(s.lt(j, s.int(0)), s.add(j, s.size(node.shape[axis])), j)
        return (yield node.args[0], (*idx[:axis], j, *idx[axis + 1 :]))


class Concatenate(_Moves):
    """Arrays one after the other along an axis."""

    name = "concatenate"
    linear = None

    def build(self, args: tuple[Node, ...], params: tuple) -> Node:
        return args[0] if len(args) == 1 else super().build(args, params)

    def type_of(self, args: tuple[Node, ...], params: tuple) -> ArrayType:
        (axis,), first = params, args[0]
        for a in args:
            if a.dtype != first.dtype or a.ndim != first.ndim or any(
                    a.shape[k] != first.shape[k] for k in range(a.ndim) if k != axis):
                raise ShapeError(f"cannot concatenate {first.type} and {a.type} along axis {axis}")
        total: int | Size = 0
        for a in args:
            total = sizes.add(total, a.shape[axis])
        return ArrayType(first.dtype, (*first.shape[:axis], total, *first.shape[axis + 1 :]))

    def evaluate(self, node: Node, args: Sequence[Any], size: Callable[[Any], Any]) -> Any:
        return np.concatenate(args, node.params[0])

    def pieces(self, node: Node) -> list[tuple[int | Size, Node]]:
        """Where each argument starts."""
        out: list[tuple[int | Size, Node]] = []
        start: int | Size = 0
        for a in node.args:
            out.append((start, a))
            start = sizes.add(start, a.shape[node.params[0]])
        return out

    def transpose(self, node: Node, ct: Node, linear: Sequence[bool]) -> Sequence[Node | None]:
        axis = node.params[0]
        return [
            REGISTRY["slice"].build((ct,), (tuple(
                (start if k == axis else 0, n, 1) for k, n in enumerate(a.shape)),))
            if use and not _is_apart(ct, axis, start, a.shape[axis]) else None
            for (start, a), use in zip(self.pieces(node), linear, strict=True)]

    def batch(self, node: Node, args: tuple[Node, ...], batched: Sequence[bool], size: int | Size) -> Node:
        return self.build(tuple(a if b else lead(a, size) for a, b in zip(args, batched, strict=True)),
                          (node.params[0] + 1,))

    def at(self, node: Node, idx: tuple[Scalar, ...], s: Any) -> AtRule:
        axis = node.params[0]
        i, out = idx[axis], None
        for start, a in reversed(self.pieces(node)):
            j = s.sub(i, s.size(start))
            n = s.size(a.shape[axis])
            inside = s.both(s.le(s.int(0), j), s.lt(j, n))
            if s.is_false(inside):
                continue
            if not s.is_true(inside):
                j = s.select(inside, j, s.int(0))
            x = yield a, (*idx[:axis], j, *idx[axis + 1 :])
            out = x if out is None else s.select(inside, x, out)
        return out if out is not None else s.zero(node.dtype)


def _is_apart(x: Node, axis: int, start: int | Size, n: int | Size) -> bool:
    """Whether what was placed among zeros surely lies outside of n elements from `start` on."""
    if x.op.name != "pad":
        return False
    (first, step), m = x.params[1][axis], x.args[0].shape[axis]  # type: ignore[index]
    last = sizes.add(first, sizes.mul(step, sizes.sub(m, 1)))
    return any(low is not None and low >= 0 for low in (
        sizes.at_least(sizes.sub(first, sizes.add(start, n))), sizes.at_least(sizes.sub(sizes.sub(start, 1), last))))


def broadcast(x: Node, shape: Shape, axes: tuple[int, ...]) -> Node:
    return REGISTRY["broadcast"].build((x,), (tuple(shape), tuple(axes)))


def reshape(x: Node, shape: Shape) -> Node:
    return REGISTRY["reshape"].build((x,), (tuple(shape),))


def retype(x: Node, shape: Shape) -> Node:
    return REGISTRY["retype"].build((x,), (tuple(shape),))


def transpose(x: Node, perm: tuple[int, ...]) -> Node:
    return REGISTRY["transpose"].build((x,), (tuple(perm),))


def slice_(x: Node, spec: tuple[tuple, ...]) -> Node:
    """``spec`` has (start, length, step) for every axis."""
    return REGISTRY["slice"].build((x,), (tuple(spec),))


def pad(x: Node, shape: Shape, places: tuple[tuple, ...]) -> Node:
    """``places`` has (start, step) for every axis."""
    return REGISTRY["pad"].build((x,), (tuple(shape), tuple(places)))


def flip(x: Node, axes: tuple[int, ...]) -> Node:
    return REGISTRY["flip"].build((x,), (axes,)) if axes else x


def roll(x: Node, shift: int | Size, axis: int) -> Node:
    """Rolled by any shift; zero-size axes pass."""
    n = x.shape[axis]
    return x if n == 0 else REGISTRY["roll"].build((x,), (sizes.call("mod", shift, n), axis))


def concatenate(xs: Sequence[Node], axis: int) -> Node:
    return REGISTRY["concatenate"].build(tuple(xs), (axis,))


def expand(x: Node, axis: int) -> Node:
    """A new axis of length 1."""
    return reshape(x, (*x.shape[:axis], 1, *x.shape[axis:]))


def zeros(like: Node) -> Node:
    return full(0, like.dtype, like.shape)

"""The one class that stands for an array while a function is traced, and how operands meet."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.errors import DTypeError, LeakedTracerError, ShapeError, TraceError
from jitad.ir.node import Node
from jitad.ir.sizes import Size
from jitad.ir.types import BOOL, FLOAT, FLOAT32, INT, UINT, Shape, native, show_shape
from jitad.ops import shape as shapes
from jitad.ops.arithmetic import cast
from jitad.ops.declare import Elementwise
from jitad.ops.leaf import constant, constant_value, fill, full, size_value
from jitad.trace.methods import Methods
from jitad.trace.tracing import Trace, current, where
from jitad.tree import LEAVES

if TYPE_CHECKING:
    from jitad.trace.mutation import View

KINDS = "fiub"
_PYTHON = {"f": float, "i": int, "b": bool}


class Tracer(Methods):
    """An array of the traced function. `weak` means that it promotes as a Python number does.

    Its node is what the array contains now: see :mod:`jitad.trace.mutation`. What is `fixed` belongs to the user. Memory
    is `ordered` if it surely lies in C order.
    """

    __slots__ = ("__weakref__", "_node", "fixed", "is_array", "_trace", "_view", "ordered", "weak")
    __array_priority__ = 1000.0

    def __init__(self, node: Node, trace: Trace, weak: bool = False, fixed: bool = False):
        self._node, self._trace, self.weak, self.fixed = node, trace, weak, fixed
        self.is_array = bool(node.type.shape)  # or without axes, but no number
        self._view: View | None = None
        self.ordered = True

    @property
    def node(self) -> Node:  # type: ignore[override]
        """What the array contains now."""
        if self._view is not None:
            self._node = self._view.read(self._node)
        return self._node

    @node.setter
    def node(self, new: Node) -> None:
        self._node = new

    @property
    def __class__(self) -> type:  # type: ignore
        """What ``isinstance`` sees: an array, a number of NumPy, or a number of Python, as without jitad."""
        if self.is_array:
            return np.ndarray
        return _PYTHON.get(self.node.dtype.kind, np.ndarray) if self.weak else self.node.dtype.type

    def __repr__(self) -> str:
        return f"Tracer<{self.node.type}>"


LEAVES.add(Tracer)


def check_alive(t: Tracer) -> Tracer:
    """Raise if the tracer's function has returned, or belongs to another thread."""
    if t._trace.closed:
        raise LeakedTracerError(
            "a traced value was used after the function that it belongs to had returned. It was kept somewhere outside "
            "(a list, a global, an attribute); return it from the function instead." + where())
    if t._trace.thread != threading.get_ident():
        raise LeakedTracerError("a traced value was used in another thread than the one that traces." + where())
    return t


def wrap(node: Node, weak: bool = False) -> Tracer:
    """A tracer of the node in the present trace."""
    trace = current()
    if trace is None:
        raise LeakedTracerError("a traced value was used outside of tracing." + where())
    return Tracer(node, trace, weak)


def as_tracer(x: Any) -> Tracer:
    """Anything array-like as a tracer."""
    from jitad.trace.dim import Dim

    kind = type(x)
    if kind is Tracer:
        return check_alive(x)
    if kind is Dim:
        return wrap(size_value(x.size), weak=True)
    if kind in (bool, np.bool_):
        return wrap(constant(x, BOOL), weak=kind is bool)
    if kind in (int, float):
        dtype = INT if kind is int else FLOAT
        if kind is int and not -(2**63) <= x < 2**63:
            raise DTypeError(f"the integer {x} does not fit into 64 bits" + where())
        return wrap(constant(x, dtype), weak=True)
    if isinstance(x, np.generic) and x.dtype.kind in KINDS:
        return wrap(constant(x, x.dtype))
    if isinstance(x, np.ndarray):
        return _array(x)
    if isinstance(x, (list, tuple)):
        return _nested(x)
    if isinstance(x, (int, float)):
        return as_tracer(int(x) if isinstance(x, int) else float(x))
    if isinstance(x, complex):
        raise DTypeError("complex numbers are not supported" + where())
    raise TraceError(f"cannot use a {kind.__name__} as an array here" + where())


def _array(x: np.ndarray) -> Tracer:
    if isinstance(x, np.ma.MaskedArray):
        raise TraceError("masked arrays are not supported; use np.where with the mask" + where())
    if x.dtype == object:
        return _nested(x.tolist()) if x.ndim else as_tracer(x.item())
    if x.dtype.kind not in KINDS or x.dtype.itemsize > 8 or x.dtype == np.float16:
        raise DTypeError(f"arrays of dtype {x.dtype} are not supported; convert with .astype(float)" + where())
    if x.ndim == 0:
        return wrap(constant(x[()], native(x.dtype)))
    from jitad.trace.capture import captured_object

    return captured_object(x)


def _nested(x: Any) -> Tracer:
    if not len(x):
        return _array(np.zeros(0))
    parts = [as_tracer(v) for v in x]
    nodes, first = promote(*parts), parts[0].node
    trace = current()
    assert trace is not None
    for n in nodes:
        if n.ndim != first.ndim or not all(map(trace.same_size, n.shape, first.shape)):
            raise ShapeError("ragged nested sequences have no array" + where())
    nodes = [shapes.retype(n, first.shape) for n in nodes]
    return wrap(shapes.concatenate([shapes.expand(n, 0) for n in nodes], 0))


def sample(t: Tracer) -> Any:
    """What promotes as it does (NEP 50): Python numbers give way to arrays of their kind."""
    return _SAMPLES[t.node.dtype.kind] if t.weak else t.node.dtype


_SAMPLES = {"i": 0, "u": 0, "f": 0.0, "b": True}


def result_dtype(*xs: Tracer) -> np.dtype:
    """NumPy's promotion."""
    return np.dtype(np.result_type(*map(sample, xs)))


def promote(*xs: Any) -> list[Node]:
    """Operands as nodes of one dtype."""
    ts = [as_tracer(x) for x in xs]
    dtype = result_dtype(*ts)
    for t in ts:
        if does_not_fit(t, dtype):
            raise OverflowError(f"Python integer {constant_value(t.node)} out of bounds for {dtype}" + where())
        unknown = t.weak and t.node.dtype == INT and dtype.kind in "iu" and dtype != INT and constant_value(t.node) is None
        if unknown and not _is_length_of(t, dtype):
            raise DTypeError(f"a Python integer that is not known while tracing meets values of dtype {dtype}, which it may not "
                             "fit into; convert these with .astype(int), or pass a NumPy integer" + where())
    return [cast(t.node, dtype) for t in ts]


def _is_length_of(t: Tracer, dtype: np.dtype) -> bool:
    """Whether a tracer is a length, which has to fit into a dtype then: a guard, for other calls."""
    if t.node.op.name != "size_value":
        return False
    size: Any = t.node.params[0]
    ends = np.iinfo(dtype)
    if not (t._trace.assume("<=", size, int(ends.max)) and t._trace.assume("<=", int(ends.min), size)):
        raise OverflowError(f"Python integer {t._trace.value(size)} out of bounds for {dtype}" + where())
    return True


def does_not_fit(t: Tracer, dtype: np.dtype) -> bool:
    """Whether this is one of Python's integers, and known to be beyond the range of an integer dtype."""
    if not t.weak or dtype.kind not in "iu" or t.node.dtype != INT or dtype == INT:
        return False
    value, range_ = constant_value(t.node), np.iinfo(dtype)
    return value is not None and not range_.min <= int(value) <= range_.max


def broadcast_shapes(*given: Shape) -> Shape:
    """NumPy's rule, over lengths that may be symbolic."""
    trace = current()
    ndim = max((len(s) for s in given), default=0)
    out: list[int | Size] = []
    for k in range(ndim):
        length: int | Size = 1
        for s in given:
            n = s[k - ndim + len(s)] if k - ndim + len(s) >= 0 else 1
            if n == 1 or n == length:
                continue
            if length == 1:
                length = n
            elif trace is None or not trace.same_size(length, n):
                raise ShapeError(
                    "operands could not be broadcast together with shapes " + " ".join(map(_actual, given)) + where())
        out.append(length)
    return tuple(out)


def _actual(shape: Shape) -> str:
    trace = current()
    return show_shape(shape) if trace is None else show_shape(tuple(trace.value(n) for n in shape))


def broadcast_to(node: Node, shape: Shape) -> Node:
    """The node repeated to a shape that it broadcasts to."""
    if node.shape == shape:
        return node
    offset = len(shape) - node.ndim
    if offset < 0:
        raise ShapeError(f"cannot broadcast {_actual(node.shape)} to {_actual(shape)}" + where())
    keep = [k for k, n in enumerate(node.shape) if n != 1 or shape[k + offset] == 1]
    if broadcast_shapes(shape, node.shape) != tuple(shape):
        raise ShapeError(f"cannot broadcast {_actual(node.shape)} to {_actual(shape)}" + where())
    node = shapes.reshape(node, tuple(node.shape[k] for k in keep))
    axes = tuple(k + offset for k in keep)
    node = shapes.retype(node, tuple(shape[a] for a in axes))  # equal under a guard
    return shapes.broadcast(node, shape, axes)


def together(*xs: Any) -> list[Node]:
    """Operands as nodes of one dtype and shape."""
    nodes = promote(*xs)
    shape = broadcast_shapes(*(n.shape for n in nodes))
    return [broadcast_to(n, shape) for n in nodes]


def floats(xs: Sequence[Any]) -> tuple[list[Node], bool, bool] | None:
    """Operands of one float dtype and one shape, or scalars and Python's numbers beside these: their nodes, whether the result is
    weak, and whether it is ordered. None if they are anything else."""
    dtype, weak, ordered = None, True, True
    shape: Shape = ()
    for x in xs:
        if type(x) is Tracer:
            found = check_alive(x).node.type
            if dtype is None or (dtype is found.dtype and not shape):
                dtype, shape = found
            elif dtype is not found.dtype or (found.shape and found.shape != shape):
                return None
            weak, ordered = weak and x.weak, ordered and x.ordered
        elif type(x) is not float and not (type(x) is int and -(2**63) <= x < 2**63):
            return None
    if dtype is not FLOAT and (dtype is not FLOAT32 or any(type(x) is not Tracer for x in xs)):
        return None
    nodes = [x.node if type(x) is Tracer else constant(x, dtype) for x in xs]
    return [n if n.type.shape is shape or n.type.shape else fill(n, shape) for n in nodes], weak, ordered


def float_dtype(dtype: np.dtype) -> np.dtype:
    """The dtype of a float function of such values: NumPy's, but float64 where NumPy has float16."""
    if dtype.kind == "f":
        return dtype
    return FLOAT32 if dtype.itemsize == 2 and dtype.kind in "iu" else FLOAT


def apply(op: Elementwise, *xs: Any) -> Tracer:
    """An elementwise op on anything: promoted, converted to what the op takes, broadcast."""
    ts = [as_tracer(x) for x in xs]
    for k in op.whole:
        _require_whole(op, ts[k])
    first = ts[0].node.type
    if first.dtype.kind in op.accepts and all(t.node.type == first for t in ts):  # as they are
        return wrap(op(*(t.node for t in ts)))
    dtype = result_dtype(*ts)
    if op.returns == "bool" and dtype.kind in "iu":
        decided = _compared(op, ts, dtype)
        if decided is not None:
            return decided
        dtype = INT if dtype != UINT else dtype  # Python's integers that are not known may be anything
    if dtype.kind not in op.accepts:
        if "b" in op.accepts and op.accepts == "b":
            dtype = BOOL
        elif dtype.kind == "b" and "i" in op.accepts:
            raise DTypeError(f"numpy.{op.name} of booleans: convert with .astype(int), or use logical functions" + where())
        else:
            dtype = float_dtype(dtype)
    nodes = promote(*ts) if dtype == result_dtype(*ts) else [cast(t.node, dtype) for t in ts]
    shape = broadcast_shapes(*(n.shape for n in nodes))
    try:
        return wrap(op(*(broadcast_to(n, shape) for n in nodes)))
    except (DTypeError, ShapeError) as error:
        raise type(error)(f"{error}{where()}") from None


def _compared(op: Elementwise, ts: list[Tracer], dtype: np.dtype) -> Tracer | None:
    """A comparison with one of Python's integers beyond the range of the others: the same as with zero in their place."""
    if not any(does_not_fit(t, dtype) for t in ts):
        return None
    numbers = [int(constant_value(t.node)) if does_not_fit(t, dtype) else 0 for t in ts]  # type: ignore[arg-type]
    return wrap(full(bool(op.numpy(*numbers)), BOOL, broadcast_shapes(*(t.node.shape for t in ts))))


def _require_whole(op: Elementwise, t: Tracer) -> None:
    """Raise unless an argument is known to be a whole number."""
    value = constant_value(t.node)
    if t.node.dtype.kind == "f" and not (value is not None and float(value).is_integer()):
        raise TraceError(f"{op.name} is supported for orders that are whole numbers; this one has dtype {t.node.dtype}, "
                         f"write it as an int or convert it with .astype(int){where()}")

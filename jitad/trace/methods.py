"""What a tracer answers: operators, NumPy's protocols, methods and attributes of ndarray.

Every answer is an entry of the tables in :mod:`jitad.trace.numpy_api`; there is one implementation of each function.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.errors import TraceError
from jitad.trace.tracing import where

if TYPE_CHECKING:
    from jitad.ir.node import Node
    from jitad.trace.tracing import Trace


def _api() -> Any:
    from jitad.trace import numpy_api

    return numpy_api


def _refuse(what: str, instead: str) -> TraceError:
    return TraceError(f"{what} is not possible on a traced array; {instead}{where()}")


_STATIC = "lengths and numbers of steps have to be captured, or static arguments: jitad.jit(f, static_argnums=...)"


class Methods:
    """The ndarray side of a tracer."""

    __slots__ = ()
    node: Node
    _trace: Trace
    weak: bool
    is_array: bool

    if TYPE_CHECKING:  # set below, from tables

        def __getattr__(self, name: str) -> Any: ...
        def __add__(self, other: Any) -> Any: ...
        def __sub__(self, other: Any) -> Any: ...
        def __rsub__(self, other: Any) -> Any: ...
        def __mul__(self, other: Any) -> Any: ...
        def __truediv__(self, other: Any) -> Any: ...
        def __floordiv__(self, other: Any) -> Any: ...
        def __mod__(self, other: Any) -> Any: ...
        def __ne__(self, other: Any) -> Any: ...
        def __eq__(self, other: Any) -> Any: ...
        def __abs__(self) -> Any: ...

    # NumPy's protocols.

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **kwargs: Any) -> Any:
        return _api().call_ufunc(ufunc, method, args, kwargs)

    def __array_function__(self, function: Callable, types: Any, args: tuple, kwargs: dict) -> Any:
        return _api().call_function(function, args, kwargs)

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        import jitad.numpy

        return jitad.numpy

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        from jitad.trace.capture import is_known
        from jitad.trace.elements import as_objects

        if (dtype is None or np.dtype(dtype) is np.dtype(object)) and not is_known(self):  # type: ignore[arg-type]
            return as_objects(self)  # type: ignore[arg-type]
        return np.asarray(self._concrete("numpy.asarray(t)", "use jitad.numpy.asarray, or keep it traced"), dtype)

    # Plain values: only of what depends on captured values alone.

    def _concrete(self, what: str, instead: str) -> np.ndarray:
        from jitad.trace.capture import content

        return content(self, what, instead)  # type: ignore[arg-type]

    def __bool__(self) -> bool:
        from jitad.trace.questions import truth

        return truth(self)  # type: ignore[arg-type]

    def _integer(self, what: str, instead: str) -> int:
        from jitad.trace.questions import integer

        return integer(self, what, instead)  # type: ignore[arg-type]

    def __float__(self) -> float:
        instead = "keep it as it is: NumPy's functions take it (np.sqrt, where math was imported inside of the function)"
        return float(self._concrete("float(t)", instead) if self.dtype.kind == "f" else self._integer("float(t)", instead))

    def __int__(self) -> int:
        return self._integer("int(t)", f"write .astype(int) to keep it traced; {_STATIC}")

    def __index__(self) -> int:
        if self.dtype.kind not in "iu":
            raise TraceError("only integer scalars can be used as an index" + where())
        return self._integer("the use as an integer", _STATIC + ", and np.take picks from a list")

    def __complex__(self) -> complex:
        return complex(self._concrete("complex(t)", "complex numbers are not supported"))

    def item(self, *args: Any) -> Any:
        if not args and self.dtype.kind != "f":
            value = self._integer(".item()", "keep it as an array")
            return bool(value) if self.dtype.kind == "b" else value
        return self._concrete(".item()", "keep it as an array").item(*args)

    def tolist(self) -> Any:
        return self._concrete(".tolist()", "keep it as an array").tolist()

    def _known(self) -> Any:
        """The value, if it depends on captured values alone: the trace then holds for it only. Else None."""
        from jitad.trace.capture import is_known

        return self._concrete("the value", "pass it") if is_known(self) else None  # type: ignore[arg-type]

    def __str__(self) -> str:
        value = self._known()
        return repr(self) if value is None else str(value if self.is_array else value.item())

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        return format(self._concrete("formatting", "print after the call").item(), spec)

    def __reduce__(self) -> Any:
        raise _refuse("pickling", "return it from the traced function instead")

    def __copy__(self) -> Any:
        return self.copy() if self.is_array else self

    def __deepcopy__(self, memo: Any) -> Any:
        return self.__copy__()

    def __hash__(self) -> int:
        if self.is_array:
            raise TypeError("unhashable type: 'numpy.ndarray'" + where())
        instead = "a traced value cannot be looked up in a dict or set; write np.where or np.take"
        return hash(self._concrete("the hash", instead).item() if self.dtype.kind == "f" else self._integer("the hash", instead))

    # Shape.

    @property
    def shape(self) -> tuple:
        from jitad.trace.dim import dim

        return tuple(dim(n) for n in self.node.shape)

    @shape.setter
    def shape(self, value: Any) -> None:
        raise _refuse("x.shape = ...", "write x = x.reshape(...)")

    @property
    def ndim(self) -> int:
        return self.node.ndim

    @property
    def dtype(self) -> np.dtype:
        return self.node.dtype

    @property
    def size(self) -> Any:
        from jitad.ir.sizes import product
        from jitad.trace.dim import dim

        return dim(product(self.node.shape))

    @property
    def itemsize(self) -> int:
        return self.node.dtype.itemsize

    @property
    def nbytes(self) -> Any:
        return self.size * self.itemsize

    @property
    def real(self) -> Any:
        return self

    @property
    def imag(self) -> Any:
        return _api().call_function(np.imag, (self,), {})

    @property
    def T(self) -> Any:  # noqa: N802
        return _api().call_function(np.transpose, (self,), {})

    @property
    def mT(self) -> Any:  # noqa: N802
        return _api().call_function(np.swapaxes, (self, -1, -2), {})

    @property
    def at(self) -> Any:
        """``x.at[i].add(v)``: a changed copy, as in ``jax.numpy``."""
        from jitad.trace.numpy_api.placing import At

        return At(self)  # type: ignore[arg-type]

    @property
    def flat(self) -> Any:
        from jitad.trace.mutation import Flat

        return Flat(self)  # type: ignore[arg-type]

    @flat.setter
    def flat(self, value: Any) -> None:
        self.flat[...] = value

    @property
    def flags(self) -> Any:
        from jitad.trace.mutation import flags

        return flags(self)  # type: ignore[arg-type]

    def __len__(self) -> int:
        if not self.node.ndim:
            raise TypeError("len() of unsized object" + where())
        return self._trace.concrete(self.node.shape[0])

    def __iter__(self) -> Iterator:
        if not self.node.ndim:
            raise TypeError("iteration over a 0-d array" + where())
        return (self[k] for k in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        from jitad.trace.indexing import viewed

        return viewed(self, key)  # type: ignore[arg-type]

    def __setitem__(self, key: Any, value: Any) -> None:
        from jitad.trace.mutation import assign

        assign(self, key, value)  # type: ignore[arg-type]

    def __contains__(self, value: Any) -> bool:
        return bool((self == value).any())  # type: ignore[attr-defined]

    def copy(self, order: str = "C") -> Any:
        return _api().call_function(np.copy, (self,), {"order": order})

    def astype(self, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True) -> Any:
        if not copy and np.dtype(dtype) == self.dtype:
            return _api().functions[np.asarray](self, order=order)
        return _api().astype(self, dtype)

    def view(self, dtype: Any = None, type: Any = None) -> Any:
        if type is not None or (dtype is not None and np.dtype(dtype) != self.dtype):
            raise _refuse(".view(dtype)", "write .astype(dtype) to convert")
        return self[...]

    def reshape(self, *shape: Any, order: str = "C", copy: Any = None) -> Any:
        return _api().call_function(np.reshape, (self, shape[0] if len(shape) == 1 else shape), {"order": order})

    def transpose(self, *axes: Any) -> Any:
        given = axes[0] if len(axes) == 1 else axes or None
        return _api().call_function(np.transpose, (self, given), {})

    def flatten(self, order: str = "C") -> Any:
        return _api().call_function(np.copy, (_api().functions[np.ravel](self, order=order),), {})

    def compress(self, condition: Any, axis: Any = None, out: Any = None) -> Any:
        return _api().call_function(np.compress, (condition, self, axis, out), {})

    def conj(self) -> Any:
        return self

    conjugate = conj

    def fill(self, value: Any) -> None:
        self[...] = value

    def sort(self, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> None:
        self[...] = _api().call_function(np.sort, (self, axis), {"order": order})

    def partition(self, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None) -> None:
        self.sort(axis, order=order)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            if not self.is_array and isinstance(getattr(np, name, None), np.ufunc):  # as NumPy asks elements of object arrays
                return functools.partial(getattr(np, name), self)
            if not self.is_array and hasattr(float, name):  # is_integer, hex
                return getattr(self._concrete(f".{name}()", "compute it outside").item(), name)
            raise AttributeError(f"a traced array has no attribute {name!r}{where()}")


def _method(function: Callable) -> Callable:
    def method(self: Methods, *args: Any, **kwargs: Any) -> Any:
        return _api().call_function(function, (self, *args), kwargs)

    method.__name__ = function.__name__
    return method


for _function in (np.sum, np.mean, np.prod, np.max, np.min, np.any, np.all, np.std, np.var, np.dot, np.ravel, np.swapaxes,
                  np.squeeze, np.clip, np.round, np.take, np.repeat, np.cumsum, np.cumprod, np.argmax, np.argmin,
                  np.argsort, np.ptp, np.trace, np.diagonal, np.searchsorted, np.nonzero, np.choose, np.argpartition, np.put):
    setattr(Methods, _function.__name__, _method(_function))


def _answers_itself(other: Any) -> bool:
    """Whether an operand is no array, and Python has to ask it next."""
    return isinstance(other, (str, bytes, dict, set)) or other is None or (
        getattr(type(other), "__array_ufunc__", NotImplemented) is None) or not (
        isinstance(other, (Methods, np.ndarray, np.generic, int, float, complex, list, tuple))
        or hasattr(type(other), "__array__") or type(other).__module__.startswith("jitad."))


def _operator(ufunc: np.ufunc, swap: bool) -> Callable:
    def method(self: Methods, other: Any) -> Any:
        if _answers_itself(other):
            return NotImplemented
        return _api().operate(ufunc, other, self) if swap else _api().operate(ufunc, self, other)

    return method


_OPERATORS = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide, "floordiv": np.floor_divide,
    "mod": np.remainder, "pow": np.power, "matmul": np.matmul, "and": np.bitwise_and, "or": np.bitwise_or,
    "xor": np.bitwise_xor}
for _name, _ufunc in _OPERATORS.items():
    setattr(Methods, f"__{_name}__", _operator(_ufunc, swap=False))
    setattr(Methods, f"__r{_name}__", _operator(_ufunc, swap=True))
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    _full = {"eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal"}
    setattr(Methods, f"__{_name}__", _operator(getattr(np, _full[_name]), swap=False))


def _in_place(name: str) -> Callable:
    sign = {"add": "+", "sub": "-", "mul": "*", "truediv": "/"}.get(name, name)

    def method(self: Methods, other: Any) -> Any:
        result = getattr(self, f"__{name}__")(other)
        if not self.is_array or not isinstance(result, Methods):
            return result
        from jitad.trace.mutation import in_place

        return in_place(self, result, sign)  # type: ignore[arg-type]

    return method


for _name in _OPERATORS:
    setattr(Methods, f"__i{_name}__", _in_place(_name))


def _unary(ufunc: np.ufunc) -> Callable:
    def method(self: Methods) -> Any:
        return _api().operate(ufunc, self)

    return method


for _name, _ufunc in {"neg": np.negative, "pos": np.positive, "abs": np.absolute, "invert": np.invert}.items():
    setattr(Methods, f"__{_name}__", _unary(_ufunc))


def _divmod(self: Methods, other: Any) -> tuple:
    return self // other, self % other  # type: ignore[operator]


def _round(self: Methods, digits: int | None = None) -> Any:
    out = _api().call_function(np.round, (self, digits or 0), {})
    return out.astype(int) if digits is None and not self.is_array else out


setattr(Methods, "__divmod__", _divmod)  # noqa: B010
setattr(Methods, "__rdivmod__", lambda self, other: (other // self, other % self))  # noqa: B010
setattr(Methods, "__round__", _round)  # noqa: B010

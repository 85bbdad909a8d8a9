"""The length of an axis as the traced function sees it.

No subclass of int: C code would read the number without a guard. ``+ - * //`` with integers stay symbolic, everything else
acts as the actual number and records that the trace holds for this number.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.ir import sizes
from jitad.ir.sizes import Size
from jitad.trace.tracing import Trace, current


def dim(size: int | Size) -> Any:
    """A length for the user: an int where it is known, else a Dim."""
    trace = current()
    return size if isinstance(size, int) or trace is None else Dim(size, trace)


class Dim:
    """A symbolic length in the trace now running; after the trace it is its number."""

    __slots__ = ("_value", "size", "trace")

    def __init__(self, size: Size, trace: Trace):
        self.size, self.trace = size, trace.root
        self._value = trace.value(size)

    @property
    def __class__(self) -> type:  # type: ignore
        return int

    @property
    def live(self) -> bool:
        return not self.trace.closed

    def __index__(self) -> int:
        if self.live:
            self.trace.concrete(self.size)
        return self._value

    __int__ = __trunc__ = __floor__ = __ceil__ = __index__

    def __float__(self) -> float:
        return float(self.__index__())

    def __complex__(self) -> complex:
        return complex(self.__index__())

    def __bool__(self) -> bool:
        return not self._holds("==", 0)

    def __hash__(self) -> int:
        return hash(self.__index__())

    def __repr__(self) -> str:
        return repr(self.__index__())

    def __format__(self, spec: str) -> str:
        return format(self.__index__(), spec)

    def __reduce__(self) -> Any:
        return int, (self.__index__(),)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.array(self.__index__(), dtype=dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **kwargs: Any) -> Any:
        from jitad.trace.tracer import Tracer

        if any(type(a) is Tracer for a in args):
            return NotImplemented
        same = _SYMBOLIC.get(ufunc) if method == "__call__" and not kwargs else None
        if same is not None and all(type(a) is Dim or isinstance(a, (int, np.integer)) for a in args):
            return same(*(a if type(a) is Dim else int(a) for a in args))
        if method == "__call__" and not kwargs and ufunc in _WITH_FLOATS and self.live and all(map(np.isscalar, args)):
            from jitad.trace.numpy_api import call_ufunc
            from jitad.trace.tracer import as_tracer

            return call_ufunc(ufunc, method, tuple(map(as_tracer, args)), {})  # np.float64(0.5)*n holds for every n
        plain = [int(a) if type(a) is Dim else a for a in args]
        return getattr(ufunc, method)(*plain, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.__index__(), name)

    def __round__(self, digits: Any = None) -> int:
        return round(self.__index__(), digits) if digits is not None else self.__index__()

    def _holds(self, op: str, other: Any) -> bool:
        if not self.live:
            b = int(other)
            return {"==": self._value == b, "<": self._value < b, "<=": self._value <= b}[op]
        return self.trace.assume(op, self.size, other.size if type(other) is Dim else int(other))

    # Comparisons record their truth only.

    def __eq__(self, other: object) -> Any:
        return self._holds("==", other) if _whole(other) else _plain(operator.eq, self, other)

    def __ne__(self, other: object) -> Any:
        return not self._holds("==", other) if _whole(other) else _plain(operator.ne, self, other)

    def __lt__(self, other: Any) -> Any:
        return self._holds("<", other) if _whole(other) else _plain(operator.lt, self, other)

    def __le__(self, other: Any) -> Any:
        return self._holds("<=", other) if _whole(other) else _plain(operator.le, self, other)

    def __gt__(self, other: Any) -> Any:
        return not self._holds("<=", other) if _whole(other) else _plain(operator.gt, self, other)

    def __ge__(self, other: Any) -> Any:
        return not self._holds("<", other) if _whole(other) else _plain(operator.ge, self, other)


def _whole(x: object) -> bool:
    """Whether it is an integer that is known; traced ones say that they are of class int, too."""
    return type(x) is Dim or (isinstance(x, int) and type(x) is not bool and not _is_tracer(x))


def _is_tracer(x: object) -> bool:
    from jitad.trace.tracer import Tracer

    return type(x) is Tracer


def _plain(function: Callable, a: Any, b: Any) -> Any:
    """The operation on numbers; with a tracer or an array it is theirs."""
    if _is_tracer(a) or _is_tracer(b) or isinstance(a, (list, tuple, str)) or isinstance(b, (list, tuple, str)):
        return NotImplemented
    return function(int(a) if type(a) is Dim else a, int(b) if type(b) is Dim else b)


def _symbolic(function: Callable, on_sizes: Callable) -> tuple[Callable, Callable]:
    def compute(a: Any, b: Any) -> Any:
        live = all(x.live for x in (a, b) if type(x) is Dim)
        if not live or not (_whole(a) and _whole(b)):
            return _true(function, a, b)
        return dim(on_sizes(*(x.size if type(x) is Dim else int(x) for x in (a, b))))

    def forward(self: Dim, other: Any) -> Any:
        return compute(self, other)

    def backward(self: Dim, other: Any) -> Any:
        return compute(other, self)

    return forward, backward


def _true(function: Callable, a: Any, b: Any) -> Any:
    """With floats a length becomes a traced number, so that n*0.5 holds for every n."""
    if _is_tracer(a) or _is_tracer(b):
        return NotImplemented
    real = [x for x in (a, b) if isinstance(x, float) and not isinstance(x, np.generic)]
    whole = function is operator.truediv and all(map(_whole, (a, b)))
    if (real or whole) and function in _ARITHMETIC and all(x.live for x in (a, b) if type(x) is Dim):
        from jitad.trace.tracer import as_tracer

        return function(as_tracer(a), as_tracer(b))
    return _plain(function, a, b)


_ARITHMETIC = {operator.add, operator.sub, operator.mul, operator.truediv}


def _floordiv(a: int | Size, b: int | Size) -> int | Size:
    if b == 0:
        raise ZeroDivisionError("integer division or modulo by zero")
    return sizes.floordiv(a, b)


for _name, _on_sizes in {"add": sizes.add, "sub": sizes.sub, "mul": sizes.mul, "floordiv": _floordiv}.items():
    _f, _b = _symbolic(getattr(operator, _name), _on_sizes)
    setattr(Dim, f"__{_name}__", _f)
    setattr(Dim, f"__r{_name}__", _b)
setattr(Dim, "__neg__", lambda self: 0 - self)  # noqa: B010
setattr(Dim, "__pos__", lambda self: self)  # noqa: B010
setattr(Dim, "__abs__", lambda self: self if self >= 0 else -self)  # noqa: B010
setattr(Dim, "__invert__", lambda self: ~self.__index__())  # noqa: B010
for _name in ("truediv", "mod", "pow", "lshift", "rshift", "and_", "or_", "xor"):
    _function = getattr(operator, _name)
    _clean = _name.rstrip("_")
    setattr(Dim, f"__{_clean}__", lambda self, other, f=_function: _true(f, self, other))
    setattr(Dim, f"__r{_clean}__", lambda self, other, f=_function: _true(f, other, self))
setattr(Dim, "__pow__", lambda self, other, mod=None: (  # noqa: B010
    _true(operator.pow, self, other) if mod is None else pow(self.__index__(), other, mod)))
setattr(Dim, "__divmod__", lambda self, other: _plain(divmod, self, other))  # noqa: B010
setattr(Dim, "__rdivmod__", lambda self, other: _plain(divmod, other, self))  # noqa: B010
_SYMBOLIC: dict[Any, Callable] = {np.add: operator.add, np.subtract: operator.sub, np.multiply: operator.mul,
             np.floor_divide: operator.floordiv}
_WITH_FLOATS = (np.add, np.subtract, np.multiply, np.true_divide)

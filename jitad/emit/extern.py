"""Functions of the user's in emitted code, see :mod:`jitad.ops.extern`: each is called with copies, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.core.errors import TypingError
from numba.extending import overload
from numba.np.numpy_support import as_dtype

from jitad.emit.callee import LinkedCompiler
from jitad.emit.writer import Writer
from jitad.errors import ShapeError
from jitad.ops.extern import FUNCTIONS, HALF, Embedded, fits, is_wide, wrong_shape

# Flags that are not said would be the kernel's.
_plain = njit(fastmath=False, error_model="python", nogil=True, pipeline_class=LinkedCompiler)
_made: dict[str, Any] = {}


def function(name: str) -> Any:
    """What emitted code calls."""
    if name not in FUNCTIONS:
        raise AttributeError(f"a kernel calls a function that was embedded by jitad.extern in another process ({name})")
    if name not in _made:
        _made[name] = _written(FUNCTIONS[name])
    return _made[name]


def _written(known: Embedded) -> Any:
    names = [f"a{k}" for k in range(len(known.arguments))]
    given = [f"{a}[b]{'.copy()' if ndim else ''}" for a, (_, ndim) in zip(names, known.arguments, strict=True)]
    w = Writer()
    with w.indented(f"def call({', '.join(['out', 'lengths', *names])}):"), w.indented("for b in range(out.shape[0]):"):
        w.line(f"found = f({', '.join(given)})")
        w.line("out[b, 0] = 0.0")
        w.line("at = 1")
        if known.several:
            w.line("count(found)")
        first = 0
        for k, (_, ndim) in enumerate(known.results):
            w.line(f"at = store{k}(out[b], at, {f'found[{k}]' if known.several else 'found'}, lengths[b], {first})")
            first += ndim
            with w.indented("if at < 0:"):
                w.line("raise ShapeError(WRONG)")
    space: dict[str, Any] = {"f": known.function, "ShapeError": ShapeError, "WRONG": wrong_shape(known), "count": _counter(known)}
    space |= {f"store{k}": _storer(known, *result) for k, result in enumerate(known.results)}
    exec(compile(w.text(), f"<call of {known.name}>", "exec"), space)
    return _plain(space["call"])


def _counter(known: Embedded) -> Any:
    """Checks that results are as many as was said."""

    def count(found):  # type: ignore[no-untyped-def]
        raise NotImplementedError

    @overload(count)
    def _count(found):  # type: ignore[no-untyped-def]
        if not isinstance(found, types.BaseTuple) or len(found) != len(known.results):
            raise TypingError(f"{known.name}, embedded by jitad.extern, returns {found}; a tuple of "
                              f"{len(known.results)} was said")
        return lambda found: None

    return count


def _storer(known: Embedded, dtype: np.dtype, ndim: int) -> Any:
    """Puts one result into a row, and says where the next begins; -1 if it has another shape."""

    def store(out, at, value, lengths, first):  # type: ignore[no-untyped-def]
        raise NotImplementedError

    @overload(store)
    def _store(out, at, value, lengths, first):  # type: ignore[no-untyped-def]
        is_array = isinstance(value, types.Array)
        scalar = value.dtype if is_array else value
        axes = value.ndim if is_array else 0
        if not isinstance(scalar, (types.Number, types.Boolean)) or axes != ndim:
            raise TypingError(f"{known.name}, embedded by jitad.extern, returns {value}; {ndim} axes of {dtype} were said")
        if not fits(as_dtype(scalar), dtype):
            raise TypingError(f"{known.name}, embedded by jitad.extern, returns {value}; {dtype} was said")
        wide = is_wide(dtype)
        if not ndim and not wide:
            def number(out, at, value, lengths, first):  # type: ignore[no-untyped-def]
                out[at] = value
                return at + 1

            return number
        if not ndim:
            def halves(out, at, value, lengths, first):  # type: ignore[no-untyped-def]
                out[at] = value // HALF
                out[at + 1] = value % HALF
                return at + 2

            return halves

        def array(out, at, value, lengths, first):  # type: ignore[no-untyped-def]
            for d in range(ndim):
                if value.shape[d] != lengths[first + d]:
                    return -1
            n = value.size
            k = at
            for x in value.flat:
                if wide:
                    out[k] = x // HALF
                    out[k + n] = x % HALF
                else:
                    out[k] = x
                k += 1
            return at + 2 * n if wide else at + n

        return array

    return store

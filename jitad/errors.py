"""Every error jitad raises: what happened, where in the user's code, what to write instead.

`docs/errors.md` has an example of each, and what is right in its place.
"""

from __future__ import annotations


class JitadError(Exception):
    """Base of all errors raised by jitad."""


class TraceError(JitadError, TypeError):
    """The traced function did something that cannot be recorded.

    Raised instead of dropping a derivative: ``float(t)``, ``out=``, ``a[0] = t``, an unsupported NumPy function.
    """


class ConcreteValueError(TraceError):
    """The traced function asked for a value that is another one in every call (``float(x)``), or for too many truth values."""


class LeakedTracerError(JitadError, RuntimeError):
    """A traced value was used after the function that it belongs to had returned."""


class ShapeError(JitadError, ValueError):
    """Shapes that do not fit together; the message names both."""


class DTypeError(JitadError, TypeError):
    """A dtype that the operation, or the derivative asked for, does not have."""


class IndexRangeError(JitadError, IndexError):
    """An index array points outside the array that it indexes."""


class KernelSizeError(JitadError, RuntimeError):
    """The traced function has so many operations that compiling them would take minutes."""


class CacheWarning(UserWarning):
    """The folder for kernels cannot be used; they are compiled in every process."""


class InternalError(JitadError, AssertionError):
    """The graph is not well formed: a defect of jitad itself, please report it."""

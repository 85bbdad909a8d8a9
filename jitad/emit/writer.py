"""Source text with indentation."""

from __future__ import annotations

import contextlib
import types
from collections.abc import Iterable, Iterator

from jitad.config import MAX_STATEMENTS
from jitad.errors import KernelSizeError


class Writer:
    """Lines of Python, `depth` blocks deep."""

    def __init__(self, depth: int = 0) -> None:
        self.lines: list[str] = []
        self.depth = depth

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def all(self, texts: Iterable[str]) -> None:
        """Several lines."""
        for text in texts:
            self.line(text)

    @contextlib.contextmanager
    def indented(self, header: str) -> Iterator[None]:
        """A block under a header such as ``for i in range(n):``."""
        self.line(header)
        self.depth += 1
        yield
        self.depth -= 1

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


def names_in(code: types.CodeType) -> set[str]:
    """Global names that code, or a function defined in it, uses; names of attributes too."""
    inner = (c for c in code.co_consts if isinstance(c, types.CodeType))
    return set(code.co_names).union(*map(names_in, inner))


def require_small(lines: int) -> None:
    """Refuse a kernel that would take too long to compile."""
    if lines > MAX_STATEMENTS:
        raise KernelSizeError(
            f"the kernel would have more than {MAX_STATEMENTS} statements, and take minutes to compile. Write array operations "
            "or jitad.scan instead of Python loops, take fewer steps in one function, or run it without compiling: with "
            "jitad.disable_jit()")

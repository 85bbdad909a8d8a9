"""Source text with indentation."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class Writer:
    """Lines of Python."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._depth = 0

    def line(self, text: str) -> None:
        self.lines.append("    " * self._depth + text)

    @contextlib.contextmanager
    def indented(self, header: str) -> Iterator[None]:
        """A block under a header such as ``for i in range(n):``."""
        self.line(header)
        self._depth += 1
        yield
        self._depth -= 1

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

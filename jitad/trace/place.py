"""Where a captured value is found: read anew at every call, by walking there or by generated code that does the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ABSENT = (LookupError, AttributeError, TypeError, ValueError)  # what reading a place raises when nothing is there
_WRITTEN = ("cell_contents", "__defaults__", "__kwdefaults__", "args", "keywords")  # other names never get into source


@dataclass(frozen=True, eq=False)
class Place:
    """A place that is always there: an object itself."""

    holder: Any

    def fetch(self) -> Any:
        """What is there now."""
        return self.holder

    def code(self, constant: Callable[[Any], str], at: Callable[[Place], str]) -> str:
        """An expression for it, given names for constants and for the value at another place."""
        return constant(self.holder)


class _Inside(Place):
    holder: Place


@dataclass(frozen=True, eq=False)
class Item(_Inside):
    """``holder[key]``."""

    key: Any

    def fetch(self) -> Any:
        return self.holder.fetch()[self.key]

    def code(self, constant: Callable[[Any], str], at: Callable[[Place], str]) -> str:
        return f"{at(self.holder)}[{constant(self.key)}]"


@dataclass(frozen=True, eq=False)
class Attribute(_Inside):
    """``holder.name``."""

    name: str

    def fetch(self) -> Any:
        return getattr(self.holder.fetch(), self.name)

    def code(self, constant: Callable[[Any], str], at: Callable[[Place], str]) -> str:
        if self.name in _WRITTEN:
            return f"{at(self.holder)}.{self.name}"
        return f"getattr({at(self.holder)}, {constant(self.name)})"

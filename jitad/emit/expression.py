"""Scalars and sizes as Python expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from jitad.ir import sizes
from jitad.ir.node import Node, topological
from jitad.ir.sizes import Size, Steps, Sym
from jitad.ir.types import FLOAT32, INT, Shape
from jitad.lower.exact import compared
from jitad.lower.nest import Loop, Split, Turns
from jitad.lower.scalar import LOAD, TRIANGLE, Buffer, loop_var
from jitad.ops.declare import Elementwise
from jitad.ops.leaf import constant_value

SHORTER = frozenset(("exp", "exp2", "log", "log2", "arccosh"))
"""What :mod:`jitad.emit.singles` has for float32."""
_MACHINES = frozenset(("sqrt", "floor", "ceil", "trunc", "rint", "floor_divide", "fmod", "copysign", "isnan", "isinf", "isfinite",
                       "absolute", "sign"))
"""Functions that are exact in float32."""
_PREFIX = {"input": "a", "temp": "t", "output": "o", "packed": "p", "flat": "f"}


def literal(value: object, dtype: np.dtype) -> str:
    """A constant, exactly."""
    if dtype.kind == "b":
        return "True" if value else "False"
    if dtype.kind in "iu":
        return str(int(value)) if dtype == np.int64 else f"{dtype.name}({int(value)})"  # type: ignore[call-overload]
    number = float(value)  # type: ignore[arg-type]
    text = repr(number) if np.isfinite(number) else "nan" if number != number else "inf" if number > 0 else "-inf"
    return text if dtype == np.float64 else f"{dtype.name}({text})"


class Place(NamedTuple):
    """A row of an array."""

    array: str
    row: int

    def __str__(self) -> str:
        return f"row_of({self.array}, {self.row})"


class Expressions:
    """Names for everything that a kernel mentions, and the expression of one scalar in terms of them."""

    def __init__(self, roots: list[Node], stored: list[tuple[Buffer, Node]], packed: Mapping[Buffer, Buffer]):
        self.names: dict[Node, str] = {}
        self.buffers: dict[Buffer, str] = {}
        self.sizes: dict[Size, str] = {}
        self.symbols: dict[Sym, str] = {}
        self.lengths: dict[Sym, str] = {}  # those that are computed
        self.packed = packed  # copies of inputs
        self.rows: dict[Buffer, Place] = {}  # arrays that are read and written in their place
        self.helpers: dict[str, str] = {}  # name to source of functions that the kernel calls
        self.steps: dict[str, str] = {}  # functions of steps that several loops take, by what is in them
        self.places: dict[Buffer, Place] = {}  # arrays that are rows of others
        self.turns: dict[Turns, tuple[str, Any]] = {}  # the function that takes all steps, and what it is handed
        self.counts: dict[Split, str] = {}  # of how many parts a loop has
        self.signed: set[Node] = set()  # variables of loops that do not start at 0
        self._counts: dict[str, int] = {}
        self._named = 0
        self.exact = compared(roots, stored)
        self.fused = _single_reciprocals(roots) - self.exact

    def buffer(self, b: Buffer) -> str:
        if b not in self.buffers:
            prefix = _PREFIX[b.kind]
            number = b.position if b.kind == "input" else self._counts.get(prefix, 0)
            self._counts[prefix] = self._counts.get(prefix, 0) + 1
            self.buffers[b] = f"{prefix}{number}"
        return self.buffers[b]

    def size(self, size: int | Size) -> str:
        """A name for the size; the emitter writes its value in front."""
        if isinstance(size, int):
            return str(size)
        if size in self.sizes:
            return self.sizes[size]
        found = sorted(sizes.symbols(size), key=Sym.key)
        names = [self.length(s) if isinstance(s, Steps) else self.symbols.setdefault(s, f"n{s.position}_{s.axis}") for s in found]
        if self.lengths.keys() & found:
            return f"({sizes.python(size, dict(zip(found, names, strict=True)).__getitem__)})"
        for part in sizes.calls(size):
            self.size(part)
        symbol = sizes.as_symbol(size)
        self.sizes[size] = self.symbols[symbol] if symbol else f"s{len(self.sizes)}"
        return self.sizes[size]

    def length(self, symbol: Steps) -> str:
        """The name of a length that is computed."""
        return self.lengths.setdefault(symbol, f"d{len(self.lengths)}")

    def shape(self, shape: Shape) -> str:
        """A tuple of sizes."""
        return f"({', '.join(map(self.size, shape))}{',' * (len(shape) == 1)})"

    def size_values(self) -> Iterator[tuple[str, str]]:
        """Names of sizes and their values, in terms of the symbols and of functions that have a name."""
        known: dict[Size, str] = {}
        for size, name in self.sizes.items():
            if name.startswith("s"):
                yield name, sizes.python(size, self.symbols.__getitem__, known)
                known[size] = name

    def name(self, node: Node) -> str:
        """What stands for a scalar in expressions."""
        op = node.op.name
        if op == "constant":
            text = literal(constant_value(node), node.dtype)
            return f"({text})" if text.startswith("-") else text
        if op == "size_value":
            return self.size(node.params[0])  # type: ignore[arg-type]
        if op == "loop_var":
            return f"i{node.params[0]}"
        if node not in self.names:
            self.names[node] = f"v{self._named}"
            self._named += 1
        return self.names[node]

    @contextmanager
    def starting_late(self, loop: Loop) -> Iterator[None]:
        """In a loop, or a part of one, that does not start at 0: LLVM does not know that its variable is never negative.

        It would ask whether it is while it runs, and look whether what lies at negative indices is another array.
        """
        before, self.signed = self.signed, self.signed | {loop_var(loop.depth, loop.size)}
        yield
        self.signed = before

    def element(self, b: Buffer, idx: tuple[Node, ...]) -> str:
        """An element of a buffer; of a packed copy in its place, so that loops over inputs are like those over temporaries."""
        if b in self.packed and idx[0].op.name == "loop_var" and all(i.op.name == "constant" for i in idx[1:]):
            b, idx = self.packed[b], (*idx[1:], idx[0])
        if b in self.rows:
            array, row = self.rows[b]
            return f"{array}[{', '.join([str(row), *map(self._place, idx)])}]"
        return f"{self.buffer(b)}[{', '.join(map(self._place, idx))}]" if idx else self.buffer(b)

    def _place(self, index: Node) -> str:
        """An index, which is never negative: unsigned, so that Numba need not ask."""
        plain = index.op.name in ("loop_var", "constant", "size_value") and index not in self.signed
        return self.name(index) if plain else f"uint64({self.name(index)})"

    def code(self, node: Node) -> str:
        """The scalar computed from its arguments."""
        op = node.op
        if op is LOAD:
            return self.element(node.params[0], node.args)  # type: ignore[arg-type]
        if op is TRIANGLE:
            n, k, which = node.params
            function = "triangle_column" if which else "triangle_row"
            return f"{function}({self.name(node.args[0])}, {self.size(n)}, {k})"  # type: ignore[arg-type]
        if op.name == "select":
            p, x, y = map(self.name, node.args)
            return f"{x} if {p} else {y}"
        if op.name == "cast":
            x = self.name(node.args[0])
            return f"{x} != 0" if node.dtype.kind == "b" else f"{node.dtype.name}({x})"
        if op.name == "multiply":
            for a, b in (node.args, node.args[::-1]):
                if b in self.fused:
                    return f"{self.name(a)} / {self.name(b.args[1])}"
        assert isinstance(op, Elementwise), op.name
        in_double = node.dtype == FLOAT32 and "(" in op.code and op.name not in _MACHINES
        values = [f"wide({self.name(a)})" if in_double and a.dtype == FLOAT32 else self.name(a) for a in node.args]
        if node in self.exact and node.dtype.kind == "f":
            text = self.exactly(op, node.dtype, *values)
        else:
            text = formula(op, node.dtype).format(**dict(zip("xyz", values, strict=False)))
        if node.dtype.kind in "iu" and node.dtype != INT:  # Numba computes in 64 bits, NumPy wraps around
            return f"{node.dtype.name}({text})"
        return f"float32({text})" if node.dtype == FLOAT32 and "(" in op.code else text

    def exactly(self, op: Elementwise, dtype: np.dtype, *values: str) -> str:
        """An op as a call of a function without fast-math flags: rounded in the same way wherever it stands."""
        names = "xyz"[: op.arity]
        parameters = ", ".join(names)
        code = formula(op, dtype).format(**{k: k for k in names})
        name = f"exact_{op.name}" + "_of_singles" * (dtype == FLOAT32)
        self.helpers[name] = f"@exact\ndef {name}({parameters}):\n    return {code}\n"
        return f"{name}({', '.join(values)})"


def formula(op: Elementwise, dtype: np.dtype, shorter: frozenset[str] = SHORTER) -> str:
    """An op's code; of float32, given as float64, the function that is as exact as that, of ops that have one."""
    if dtype != FLOAT32 or op.name not in shorter:
        return op.code
    return f"{op.name}_of_singles({', '.join(f'{{{x}}}' for x in 'xyz'[: op.arity])})"


def _single_reciprocals(roots: list[Node]) -> set[Node]:
    """Reciprocals that one product uses: the product is written as a division."""
    users: dict[Node, list[Node]] = {}
    for n in topological(roots):
        for a in n.args:
            if a.op.name == "divide" and constant_value(a.args[0]) == 1:
                users.setdefault(a, []).append(n)
    held = set(roots)
    fused: set[Node] = set()
    for r, found in users.items():
        if len(found) == 1 and found[0].op.name == "multiply" and r not in held and fused.isdisjoint(found[0].args):
            if found[0].args[0] is not found[0].args[1]:
                fused.add(r)  # of a product of two reciprocals one: the other is its numerator
    return fused

"""Lengths of axes: integers, or polynomials in symbols that are read from the arguments at call time.

A size is an ``int`` or an immutable :class:`Size`. Sizes are kept in one normal form, so that ``==`` means "equal
for every value of the symbols"; ``n*(n - 1)//2`` and ``(n*n - n)//2`` are one size.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from jitad.config import STATIC_AXIS
from jitad.ir.pages import spaced
from jitad.ir.segments import iroot, kept

KEPT = 4096  # sums and products of sizes: the same few come again and again


class Sym:
    """A length that is read from axis `axis` of input number `position` at call time."""

    __slots__ = ("axis", "name", "position", "serial")

    def __init__(self, name: str, serial: int, position: int, axis: int):
        self.name, self.serial, self.position, self.axis = name, serial, position, axis

    def __reduce__(self) -> tuple:
        return Sym, (self.name, self.serial, self.position, self.axis)

    def key(self) -> tuple:
        return (0, self.serial, self.position, self.axis, self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sym) and self.key() == other.key()

    def __hash__(self) -> int:
        return hash(self.key())

    def __repr__(self) -> str:
        return self.name


class Steps(Sym):
    """A length that is computed: what `node`, of op ``length``, is in this run."""

    __slots__ = ("__weakref__", "node")

    def __init__(self, serial: int, node: Any):
        super().__init__(f"d{serial}", serial, -1, 0)
        self.node = node


class Call:
    """A function of sizes that is no polynomial: ``floordiv``, ``max``, ``iroot``, ..."""

    __slots__ = ("args", "function", "_key")

    def __init__(self, function: str, args: tuple):
        self.function, self.args = function, args
        self._key = (1, function, tuple(key_of(a) for a in args))

    def __reduce__(self) -> tuple:
        return Call, (self.function, self.args)

    def key(self) -> tuple:
        return self._key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Call) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        if self.function == "floordiv":
            return f"(({self.args[0]})//({self.args[1]}))"
        return f"{self.function}({', '.join(map(str, self.args))})"


_CALLS: dict[str, Callable] = {
    "iroot": iroot,
    "kept": kept,
    "spaced": spaced,
    "floordiv": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
    "max": max,
    "min": min,
}


class Size:
    """A polynomial with integer coefficients: ``{(atom, power), ...: coefficient}``, never constant."""

    __slots__ = ("_hash", "_key", "terms")

    def __init__(self, terms: Mapping[tuple, int]):
        self.terms = tuple(sorted(terms.items(), key=lambda t: [(a.key(), p) for a, p in t[0]]))
        self._key = tuple((tuple((a.key(), p) for a, p in m), c) for m, c in self.terms)
        self._hash = hash(self._key)  # another one in every process

    def __reduce__(self) -> tuple:
        return Size, (dict(self.terms),)

    def key(self) -> tuple:
        return self._key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Size) and self._key == other._key

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return self.show(repr)

    def show(self, atom: Callable[[Sym | Call], str], multiply: str = "*") -> str:
        """The polynomial as text; also valid Python."""
        out = ""
        for monomial, c in sorted(self.terms, key=lambda t: -sum(p for _, p in t[0])):
            factors = [atom(a) for a, p in monomial for _ in range(p)]
            if abs(c) != 1 or not factors:
                factors.insert(0, str(abs(c)))
            out += (" - " if c < 0 else " + ") + multiply.join(factors)
        return out[3:] if out.startswith(" + ") else "-" + out[3:]

    # Only what building sizes needs: the int-like object that users see is `trace.dim.Dim`.
    def __add__(self, other: int | Size) -> int | Size:
        return add(self, other)

    __radd__ = __add__

    def __sub__(self, other: int | Size) -> int | Size:
        return add(self, mul(-1, other))

    def __rsub__(self, other: int | Size) -> int | Size:
        return add(other, mul(-1, self))

    def __mul__(self, other: int | Size) -> int | Size:
        return mul(self, other)

    __rmul__ = __mul__

    def __neg__(self) -> int | Size:
        return mul(-1, self)

    def __floordiv__(self, other: int | Size) -> int | Size:
        return floordiv(self, other)


def symbol(name: str, serial: int, position: int, axis: int) -> Size:
    """The length of one axis of one input."""
    return _alone(Sym(name, serial, position, axis))


def key_of(size: int | Size) -> tuple:
    """Something hashable and orderable that is equal for equal sizes."""
    return size.key() if isinstance(size, Size) else (((), size),)


def _terms(size: int | Size) -> dict[tuple, int]:
    if isinstance(size, Size):
        return dict(size.terms)
    return {(): int(size)} if size else {}


def _build(terms: Mapping[tuple, int]) -> int | Size:
    kept = {m: c for m, c in terms.items() if c}
    if not kept:
        return 0
    if len(kept) == 1 and () in kept:
        return kept[()]
    return Size(kept)


def add(a: int | Size, b: int | Size) -> int | Size:
    if isinstance(a, int) and isinstance(b, int):
        return a + b
    return _added(a, b)


@functools.lru_cache(maxsize=KEPT)
def _added(a: int | Size, b: int | Size) -> int | Size:
    terms = _terms(a)
    for m, c in _terms(b).items():
        terms[m] = terms.get(m, 0) + c
    return _build(terms)


def sub(a: int | Size, b: int | Size) -> int | Size:
    return add(a, mul(-1, b))


def mul(a: int | Size, b: int | Size) -> int | Size:
    if isinstance(a, int) and isinstance(b, int):
        return a * b
    return _multiplied(a, b)


@functools.lru_cache(maxsize=KEPT)
def _multiplied(a: int | Size, b: int | Size) -> int | Size:
    terms: dict[tuple, int] = {}
    for m, c in _terms(a).items():
        for k, d in _terms(b).items():
            powers: dict = dict(m)
            for atom, p in k:
                powers[atom] = powers.get(atom, 0) + p
            monomial = tuple(sorted(powers.items(), key=lambda t: t[0].key()))
            terms[monomial] = terms.get(monomial, 0) + c * d
    return _build(terms)


def product(sizes: Iterable[int | Size]) -> int | Size:
    out: int | Size = 1
    for s in sizes:
        out = mul(out, s)
    return out


def _exact(a: int | Size, b: int | Size) -> int | Size | None:
    """a/b as a size if b is one term that divides every term of a, else None."""
    (divisor,) = _terms(b).items() if len(_terms(b)) == 1 else (None,)
    if divisor is None:
        return None
    out = {}
    for m, c in _terms(a).items():
        powers = dict(m)
        for atom, p in divisor[0]:
            if powers.get(atom, 0) < p:
                return None
            powers[atom] -= p
        if c % divisor[1]:
            return None
        out[tuple((atom, p) for atom, p in powers.items() if p)] = c // divisor[1]
    return _build(out)


def floordiv(a: int | Size, b: int | Size) -> int | Size:
    if isinstance(a, int) and isinstance(b, int):
        return a // b
    if b == 1:
        return a
    if a == b:
        return 1
    exact = _exact(a, b) if b != 0 else None
    return exact if exact is not None else _alone(Call("floordiv", (a, b)))


def divided(a: int | Size, n: int | Size) -> tuple[int | Size, int | Size]:
    """a as ``q*n + r``, as (q, r): r has the terms of a that n does not divide, and of a number its rest."""
    quotient: int | Size = 0
    rest: int | Size = 0
    for m, c in _terms(a).items():
        term = _build({m: c})
        if isinstance(term, int) and isinstance(n, int):
            whole: int | Size | None = term // n
            rest = add(rest, term % n)
        else:
            whole = _exact(term, n)
        if whole is None:
            rest = add(rest, term)
        else:
            quotient = add(quotient, whole)
    return quotient, rest


def call(function: str, *args: int | Size) -> int | Size:
    """``max``, ``min``, ``mod``, ``iroot``, ``kept`` or ``spaced`` of sizes."""
    if all(isinstance(a, int) for a in args):
        return _CALLS[function](*args)
    if function == "mod":
        low, gap = at_least(args[0]), at_least(sub(args[1], args[0]))
        if low is not None and gap is not None and low >= 0 and gap > 0:
            return args[0]
        if isinstance(args[0], int) and -(at_least(args[1]) or 0) <= args[0] < 0:
            return add(args[0], args[1])
    if function in ("max", "min"):
        args = tuple(dict.fromkeys(args))
        if len(args) == 1:
            return args[0]
        for a, b in (args, args[::-1]):
            if (at_least(sub(a, b)) or 0) > 0 or sub(a, b) == 0:
                return a if function == "max" else b
    return _alone(Call(function, tuple(args)))


def evaluate(size: int | Size, value_of: Callable[[Sym], int]) -> int:
    """The value of a size, given the value of its symbols."""
    if isinstance(size, int):
        return size
    total = 0
    for monomial, c in size.terms:
        for atom, p in monomial:
            v = value_of(atom) if isinstance(atom, Sym) else _CALLS[atom.function](
                *(evaluate(a, value_of) for a in atom.args))
            c *= v**p
        total += c
    return total


def python(size: int | Size, symbol: Callable[[Sym], str], known: Mapping[Size, str] = MappingProxyType({})) -> str:
    """The size as an expression of Python, with these names for its symbols, and for what is known of it."""

    def atom(a: Sym | Call) -> str:
        if isinstance(a, Sym):
            return symbol(a)
        if (name := known.get(_alone(a))) is not None:
            return name
        args = [python(s, symbol, known) for s in a.args]
        sign = {"floordiv": "//", "mod": "%"}.get(a.function)
        return f"(({args[0]}) {sign} ({args[1]}))" if sign else f"{a.function}({', '.join(args)})"

    return str(size) if isinstance(size, int) else size.show(atom)


def substitute(size: int | Size, replace: Mapping[Sym, int | Size]) -> int | Size:
    """The size with symbols replaced by sizes, in normal form."""
    if isinstance(size, int) or not replace:
        return size
    out: int | Size = 0
    for monomial, c in size.terms:
        term: int | Size = c
        for atom, p in monomial:
            if isinstance(atom, Sym):
                new = replace.get(atom, _alone(atom))
            else:
                args = [substitute(a, replace) for a in atom.args]
                new = floordiv(*args) if atom.function == "floordiv" else call(atom.function, *args)
            for _ in range(p):
                term = mul(term, new)
        out = add(out, term)
    return out


def _atoms(size: int | Size) -> list[Sym | Call]:
    return [] if isinstance(size, int) else [atom for monomial, _ in size.terms for atom, _ in monomial]


def _alone(atom: Sym | Call) -> Size:
    return Size({((atom, 1),): 1})


def symbols(size: int | Size) -> set[Sym]:
    """All symbols that a size depends on."""
    return {s for a in _atoms(size) for s in ((a,) if isinstance(a, Sym) else set().union(*map(symbols, a.args)))}


def calls(size: Size) -> list[Size]:
    """The functions in it, if it is more than one of them."""
    found = [_alone(atom) for atom in _atoms(size) if isinstance(atom, Call)]
    return [] if found == [size] else found


def computed(size: int | Size) -> list[Steps]:
    """The symbols that are computed, in order."""
    return sorted((s for s in symbols(size) if isinstance(s, Steps)), key=Steps.key)


def as_symbol(size: int | Size) -> Sym | None:
    """The symbol, if the size is nothing else."""
    return next((a for a in _atoms(size) if isinstance(a, Sym) and _alone(a) == size), None)


def degree(size: int | Size) -> int:
    """The growth of a size: 0 for a number, 1 for n, 2 for n*m or n*(n - 1)//2."""
    if isinstance(size, int):
        return 0
    best = 0
    for monomial, _ in size.terms:
        best = max(best, sum(p * (1 if isinstance(a, Sym) else _call_degree(a)) for a, p in monomial))
    return best


def _call_degree(atom: Call) -> int:
    if atom.function == "floordiv":
        return max(0, degree(atom.args[0]) - degree(atom.args[1]))
    return max(map(degree, atom.args))


def at_least(size: int | Size) -> int | None:
    """A lower bound of a size, if its terms allow one: every length that is read is longer than STATIC_AXIS."""
    return size if isinstance(size, int) else _lower_bound(size)


@functools.lru_cache(maxsize=KEPT)
def _lower_bound(size: Size) -> int | None:
    total = 0
    for monomial, c in size.terms:
        if not monomial:
            total += c
        elif c < 0 or not all(isinstance(atom, Sym) for atom, _ in monomial):
            return None
        else:
            value = c
            for atom, p in monomial:
                value *= 0 if isinstance(atom, Steps) else (STATIC_AXIS + 1) ** p
            total += value
    return total

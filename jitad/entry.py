"""The short way of a call: a function, generated for one specialization, that checks all that must hold and calls the kernel.

For ``g = value_and_grad(f)`` of an array with three columns, where `f` uses the globals ``np`` and ``eps``::

    def entry(args, kwargs):
        if len(args) != 1 or kwargs:
            return MISS
        try:
            a0, = args
            if type(a0) is not ndarray or a0.dtype is not c0 or a0.flags.num & 257 != 257:
                return MISS
            s0 = a0.shape
            if len(s0) != 2 or s0[0] <= 4 or s0[1] != 3:
                return MISS
            x0 = c1[c2]
            if x0 is not c3 and not c4(x0):
                return MISS
            a1 = c1[c5]
            if type(a1) is not float:
                return MISS
            r0, r1 = kernel(a0, a1)
        except FAILURES:
            return MISS
        return r0, r1

A function that branches has one for all paths that were called, which asks as it goes: ``d1 = c6(a0)``, then ``if d1:`` what the
trace of that path needs, its kernel and its results, and so on.

Whatever it does not know it leaves to the long way, :class:`jitad.call.Caller`, which decides the same things with messages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jitad import containers
from jitad.config import STATIC_AXIS
from jitad.emit.writer import Writer
from jitad.ir import sizes
from jitad.ir.graph import Guard
from jitad.paths import Answers, Stage
from jitad.specialization import Specialization
from jitad.trace.capture import AbsenceWatch, MissingWatch, TreeWatch, Watch
from jitad.trace.place import ABSENT, Place
from jitad.trace.tracing import LeafSpec, Traced
from jitad.tree import Tree, is_namedtuple

MISS = object()  # what an entry returns when it is not for this call
Entry = Callable[[tuple, dict], Any]

ENTRIES = 4  # tried before all else; and as many traces of one path
DEEP = 12  # stages on a path: behind them an entry has one trace for each path only, as Python has 20 levels of loops
DEEPEST = 60  # stages on a path in an entry, as Python has 100 levels of indentation
_GOOD = 0x0101  # flags of an array: C-contiguous, aligned
_PYTHON = {"f": float, "i": int, "b": bool}


def entry(made: Specialization, tree: Tree, specs: Sequence[LeafSpec]) -> Entry:
    """The entry of a specialization whose arguments have this container and these types; of all its function's paths."""
    return _Maker(made).make(tree, specs)


def _numbering(stage: Stage, known: list[Answers]) -> Callable[[tuple], int]:
    """A function from all that a stage has answered to the number of what is known to come after; -1 if nothing is."""
    expected, numbers = stage.expected, {answers: k for k, answers in enumerate(known)}

    def number(found: tuple) -> int:
        if found != expected:
            for k, answer in enumerate(found):
                if answer != expected[k]:
                    return numbers.get(found[: k + 1], -1)
        return numbers.get(found, -1)

    return number


@dataclass
class _Seen:
    """What has been looked at so far: paths that begin in one way look at the same."""

    places: dict[int, str] = field(default_factory=dict)
    fetched: dict[str, str] = field(default_factory=dict)  # by the expression
    shapes: dict[str, str] = field(default_factory=dict)  # of arrays, by name
    checked: set[tuple[str, ...]] = field(default_factory=set)

    def copy(self) -> _Seen:
        return _Seen(dict(self.places), dict(self.fetched), dict(self.shapes), set(self.checked))


class _Maker:
    def __init__(self, made: Specialization):
        self.made = made
        self.w = Writer()
        self.names: dict[str, Any] = {"MISS": MISS, "FAILURES": (*ABSENT, OverflowError), "ndarray": np.ndarray}
        self._constants: dict[int, str] = {}
        self._count = 0
        self._miss = "return MISS"
        self._seen = _Seen()

    def make(self, tree: Tree, specs: Sequence[LeafSpec]) -> Entry:
        given, named = tree.children
        with self.w.indented("def entry(args, kwargs):"):
            with self.w.indented("try:"):
                leaves = self._apart(given, "args", known=True) + self._apart(named, "kwargs", known=True)
                shapes = [self._leaf(v, spec) for v, spec in zip(leaves, specs, strict=True)]
                if self.made.trail:
                    self._stage(self.made.trail[0][0], leaves, shapes, 0)
                else:
                    results = self._results(self.made, leaves, shapes)
            with self.w.indented("except FAILURES:"):
                self.w.line("return MISS")
            if not self.made.trail:
                self.w.line(f"return {results}")
        exec(compile(self.w.text(), "<jitad entry>", "exec"), self.names)
        return self.names["entry"]

    def _results(self, made: Specialization, leaves: list[str], shapes: list[str]) -> str:
        """Call the kernel; an expression for what the user gets."""
        _, kernel, constants = made.shared()
        inputs = [*self._inputs(made.traced, leaves, shapes), *map(self._constant, constants)]
        results = [f"r{k}" for k in range(len(kernel.outputs))]
        target = f"{', '.join(results)} = " if results else ""
        self.w.line(f"{target}{self._constant(kernel.call)}({', '.join(inputs)})")
        converted = [self._converted(r, d, n) for r, (d, n) in zip(results, kernel.outputs, strict=True)]
        return self._together(made.recording.result_tree, iter(converted))

    # Paths.

    def _stage(self, stage: Stage, leaves: list[str], shapes: list[str], depth: int) -> None:
        """Ask the questions of a stage, and go on with what comes after the answers; else it is a miss."""
        _, kernel, constants = stage.made.shared()
        inputs = [*self._inputs(stage.made.traced, leaves, shapes), *map(self._constant, constants)]
        found = self._fresh("d")
        self.w.line(f"{found} = {self._constant(kernel.call)}({', '.join(inputs)})")
        known: dict[Answers, list[Stage | Specialization]] = {}
        for answers, others in list(stage.next.items()):
            ready = [f for f in others if f.is_ready()][: ENTRIES if depth < DEEP else 1] if depth < DEEPEST else []
            if ready:
                known[answers] = ready
        if len(stage.questions) > 1 and len(known) > 2:  # their numbers are compared, not the answers
            name = self._fresh("k")
            self.w.line(f"{name} = {self._constant(_numbering(stage, list(known)))}({found})")
            tests = [f"{name} == {k}" for k in range(len(known))]
        else:
            tests = [self._are(found, answers, stage) for answers in known]
        for test, ready in zip(tests, known.values(), strict=True):
            with self.w.indented(f"if {test}:"):
                for f in ready:
                    self._found(f, leaves, shapes, depth, last=f is ready[-1])
        self.w.line(self._miss)

    def _found(self, found: Stage | Specialization, leaves: list[str], shapes: list[str], depth: int, last: bool) -> None:
        """What comes after answers; others are tried if it does not hold, unless it is the last."""
        seen, miss = self._seen, self._miss
        self._seen, self._miss = seen.copy(), miss if last else "break"
        with nullcontext() if last else self.w.indented("for _ in (0,):"):
            if isinstance(found, Stage):
                self._stage(found, leaves, shapes, depth + 1)
            else:
                self.w.line(f"return {self._results(found, leaves, shapes)}")
        self._seen, self._miss = seen, miss

    def _are(self, found: str, answers: Answers, stage: Stage) -> str:
        if len(stage.questions) == 1:
            (answer,) = answers
            return f"{found} == {answer}" if type(answer) is int else found if answer else f"not {found}"
        part = "" if len(answers) == len(stage.questions) else f"[:{len(answers)}]"
        return f"{found}{part} == {self._constant(answers)}"

    def _inputs(self, traced: Traced, leaves: list[str], shapes: list[str]) -> list[str]:
        """All inputs but constants, and that the trace holds for them."""
        for watch in traced.watches:
            self._watch(watch)
        captured, shapes = [], [*shapes]
        for c in traced.captures:
            value = self._place(c.place)
            captured.append(value)
            shapes.append(self._leaf(value, c.spec))
            if c.content is not None or c.structure is not None:
                self._unless(f"not {self._constant(c.holds)}({value})")
        for guard in traced.guards:
            self._guard(guard, shapes)
        return [*leaves, *captured]

    def _constant(self, value: Any) -> str:
        """A name for an object: nothing else of the user's gets into the source."""
        name = self._constants.get(id(value))
        if name is None:
            name = self._constants[id(value)] = f"c{len(self._constants)}"
            self.names[name] = value  # keeps it alive, and so its id
        return name

    def _fresh(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"

    def _unless(self, *conditions: str) -> None:
        if conditions in self._seen.checked:
            return
        self._seen.checked.add(conditions)
        with self.w.indented(f"if {' or '.join(conditions)}:"):
            self.w.line(self._miss)

    # Containers.

    def _apart(self, tree: Tree, value: str, known: bool = False) -> list[str]:
        """Take a container apart; names of its leaves. `known`: its type needs no check."""
        if tree.kind == "leaf":
            return [value]
        if tree.kind == "none":
            self._unless(f"{value} is not None")
            return []
        if tree.kind == "static":
            held = containers.value_of(tree.keys)
            same = self._constant(lambda v: containers.static_like(v, tree.keys) == tree.keys)
            self._unless(f"{value} is not {self._constant(held)} and not {same}({value})")
            return []
        if not (tree.kind in ("dict", list, tuple) or is_namedtuple(tree.kind)):
            return self._apart_object(tree, value)
        parts = [self._fresh("a") for _ in tree.children]
        wrong = [] if known else [f"type({value}) is not {self._constant(dict if tree.kind == 'dict' else tree.kind)}"]
        if not parts:
            wrong.append(value)
        elif tree.kind == "dict":
            wrong.append(f"tuple({value}) != {self._constant(tree.keys)}")
        else:
            wrong.append(f"len({value}) != {len(parts)}")
        self._unless(*wrong)
        if parts:
            self.w.line(f"{''.join(p + ', ' for p in parts)}= {value}{'.values()' if tree.kind == 'dict' else ''}")
        return [leaf for part, child in zip(parts, tree.children, strict=True) for leaf in self._apart(child, part)]

    def _apart_object(self, tree: Tree, value: str) -> list[str]:
        """The same, of a class of the user's."""
        taken, parts = self._fresh("a"), [self._fresh("a") for _ in tree.children]
        self.w.line(f"{taken} = {self._constant(containers.taken_apart)}({value})")
        self._unless(f"{taken} is None", f"{taken}[0] is not {self._constant(tree.kind)}",
                     f"{taken}[2] != {self._constant(tree.keys)}", f"len({taken}[1]) != {len(parts)}")
        self.w.line(f"{''.join(p + ', ' for p in parts)}= {taken}[1]" if parts else "pass")
        return [leaf for part, child in zip(parts, tree.children, strict=True) for leaf in self._apart(child, part)]

    def _together(self, tree: Tree, leaves: Any) -> str:
        """An expression for the container of these leaves."""
        if tree.kind == "static":
            return self._constant(containers.value_of(tree.keys))
        if tree.kind in ("leaf", "none"):
            return next(leaves) if tree.kind == "leaf" else "None"
        parts = [self._together(c, leaves) for c in tree.children]
        if tree.kind == "dict":
            return "{" + ", ".join(f"{self._constant(k)}: {p}" for k, p in zip(tree.keys, parts, strict=True)) + "}"
        if tree.kind is list:
            return f"[{', '.join(parts)}]"
        if tree.kind is tuple:
            return f"({''.join(p + ', ' for p in parts)})"
        if is_namedtuple(tree.kind):
            return f"{self._constant(tree.kind)}({', '.join(parts)})"
        whole = f"[{', '.join(parts)}]"
        return f"{self._constant(containers.put_together)}({self._constant(tree.kind)}, {self._constant(tree.keys)}, {whole})"

    # Values.

    def _leaf(self, value: str, spec: LeafSpec) -> str:
        """Check that a value is what the kernel takes as it is; a name for its shape, if it is an array."""
        if not spec.shape:
            exact = _PYTHON[spec.dtype.kind] if spec.weak or spec.dtype.kind == "b" else spec.dtype.type
            self._unless(f"type({value}) is not {self._constant(exact)}")
            if exact is int:
                self._unless(f"not {-2**63} <= {value} < {2**63}")
            return ""
        self._unless(f"type({value}) is not ndarray", f"{value}.dtype is not {self._constant(np.dtype(spec.dtype.type))}",
                     f"{value}.flags.num & {_GOOD} != {_GOOD}")
        shape = self._seen.shapes.get(value)
        if shape is None:
            shape = self._seen.shapes[value] = f"s{len(self._seen.shapes)}"
            self.w.line(f"{shape} = {value}.shape")
        self._unless(f"len({shape}) != {len(spec.shape)}", *(
            f"{shape}[{k}] {f'!= {n}' if n <= STATIC_AXIS else f'<= {STATIC_AXIS}'}" for k, n in enumerate(spec.shape)))
        return shape

    def _converted(self, value: str, dtype: np.dtype, ndim: int) -> str:
        """The same as :func:`jitad.runtime.arguments.result`, of what compiled code returns."""
        if ndim or dtype in (np.dtype(float), np.dtype(bool), np.dtype(np.int64)):
            return value
        return f"{self._constant(dtype.type)}({value})"

    # What is captured.

    def _place(self, place: Place) -> str:
        """A name for what is at a place."""
        if type(place) is Place:
            return self._constant(place.holder)
        name = self._seen.places.get(id(place))
        if name is None:
            code = place.code(self._constant, self._place)
            name = self._seen.fetched.get(code)
            if name is None:
                name = self._seen.fetched[code] = self._fresh("x")
                self.w.line(f"{name} = {code}")
            self._seen.places[id(place)] = name
        return name

    def _watch(self, watch: Watch) -> None:
        if isinstance(watch, AbsenceWatch):
            there = self._place(watch.place)
            self._unless(*(f"{self._constant(name)} in {there}" for name in sorted(watch.expected)))
        elif isinstance(watch, MissingWatch):
            self._unless(f"not {self._constant(watch.holds)}()")
        elif isinstance(watch, TreeWatch):
            there, tree = self._place(watch.place), watch.expected
            kind = self._constant(dict if tree.kind == "dict" else tree.kind)
            content = f"tuple({there}) != {self._constant(tree.keys)}" if tree.kind == "dict" else (
                f"len({there}) != {len(tree.children)}")
            self._unless(f"type({there}) is not {kind}", content)
        elif type(watch) is Watch:
            value = self._place(watch.place)
            self._unless(f"{value} is not {self._constant(watch.expected)} and not {self._constant(watch.same)}({value})")
        else:
            self._unless(f"not {self._constant(watch.same)}({self._place(watch.place)})")

    def _guard(self, guard: Guard, shapes: list[str]) -> None:
        left, right = (sizes.python(s, lambda a: f"{shapes[a.position]}[{a.axis}]") for s in (guard.left, guard.right))
        self._unless(f"{'not ' if guard.truth else ''}({left} {guard.op} {right})")

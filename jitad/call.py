"""What happens at a call: find the trace that holds for these arguments, or make it; run its kernel.

A function that branches has one trace for each path: see :mod:`jitad.paths`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from jitad.config import Options, jit_disabled, singular_points
from jitad.containers import declared
from jitad.derivation import Recording
from jitad.entry import ENTRIES, Entry, entry
from jitad.errors import InternalError
from jitad.ir.node import Node
from jitad.paths import Stage, Trail, require_few, stage, stages
from jitad.pipeline import Kernel
from jitad.runtime.arguments import normalize, type_key
from jitad.specialization import Specialization
from jitad.trace.questions import Mark, Path, Question
from jitad.trace.rebuild import fixed, standing
from jitad.trace.tracing import LeafSpec, Traced, trace, where
from jitad.tree import Tree, flatten, unflatten

KEPT = 64  # traces kept for one type of arguments
KEYS = 64  # types of arguments kept
RETRACED = 4  # times that a path is traced anew, as another thread has found how it begins


Found = Stage | Specialization


def _specializations(found: Found) -> Iterator[Specialization]:
    return iter((found,)) if isinstance(found, Specialization) else found.specializations()


def _insert(table: dict[Any, list[Found]], place: Any, found: Found) -> None:
    """Have something tried first at a place, unless it is there already."""
    others = table.get(place, ())
    if not any(o is found for o in others):
        table[place] = [found, *others][:KEPT]


def _tried(run: Callable[[Path], Traced], path: Path) -> tuple[Traced | None, Exception | None]:
    """A trace; or what was raised, which counts if the path is the right one."""
    try:
        return run(path), None
    except Exception as error:
        if len(path.asked) <= len(path.given) or path.endless:
            raise
        return None, error
    finally:
        path.forget()


class Caller:
    """Traces and kernels of one function."""

    def __init__(self, record: Callable[..., Recording], name: str, options: Options):
        self.record, self.name, self.options = record, name, options
        self._found: OrderedDict[tuple, list[Found]] = OrderedDict()  # the types of arguments used last at the end
        self._lock = threading.Lock()
        self._settling = threading.RLock()  # one thread at a time says where a trace belongs; the user's code runs outside
        self.entries: tuple[Entry, ...] = ()  # of those called last

    def __call__(self, args: tuple, kwargs: dict) -> Any:
        values, key, specs, tree = self._prepare(args, kwargs)
        s, every, trail = self._walk(key, values)
        if s is not None and every is not None:
            if not jit_disabled():
                self._shorten(s, key, tree, specs)
            return s.run(every)
        s = self._trace(key, specs, tree, values, trail)
        return s.run(self._bound(s, values))

    def _bound(self, s: Specialization, values: list) -> list:
        every = s.bound(values)  # what is watched may have changed by the function itself: then the next call traces anew
        if every is None:
            raise RuntimeError(f"{self.name}: a captured value changed its type while the function was traced")
        return every

    def _walk(self, key: tuple, values: list) -> tuple[Specialization | None, list | None, Trail]:
        """The specialization that holds for these arguments and all inputs of its kernel; or where one is missing."""
        trail: Trail = ()
        found: Sequence[Found] = self._found.get(key, ())
        while found:
            for f in found:
                every = f.match(values)
                if every is not None:
                    break
            else:
                break
            if isinstance(f, Specialization):
                return f, every, trail
            answers = f.answers(every)
            trail = *trail, (f, answers)
            found = f.next.get(answers, ())
        return None, None, trail

    def _shorten(self, s: Specialization, key: tuple, tree: Tree, specs: list[LeafSpec]) -> None:
        """Make the entry of this specialization the first to be tried."""
        if s.kernel.calls_back:  # what it raises is no sign that the entry is not for this call
            return
        first = s.trail[0][0].made if s.trail else s  # whose entry is that of all paths
        newest = former = first.entry
        if newest is None or s.entry is None:
            newest = first.entry = s.entry = entry(s, tree, specs)
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
            self.entries = (newest, *(e for e in self.entries if e is not newest and e is not former))[:ENTRIES]

    def _prepare(self, args: tuple, kwargs: dict) -> tuple[list, tuple, list[LeafSpec], Tree]:
        if self.options.static_argnums or self.options.static_argnames:
            args, kwargs = self._static(args, kwargs)
        leaves, tree = flatten((args, kwargs))
        values, specs = [], []
        for k, leaf in enumerate(leaves):
            name = f"argument {k} of {self.name}" if len(leaves) == len(args) else f"a value among the arguments of {self.name}"
            value, spec = normalize(leaf, name)
            values.append(value)
            specs.append(spec)
        return values, (tree, *map(type_key, specs)), specs, tree

    def _static(self, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        """The arguments, those marked that were declared static."""
        numbers, names = self.options.static_argnums, self.options.static_argnames
        given = list(args)
        for k in numbers:
            if -len(args) <= k < len(args):
                given[k] = declared(args[k], f"argument {k} of {self.name}")
        return tuple(given), {n: declared(v, f"argument {n} of {self.name}") if n in names else v for n, v in kwargs.items()}

    def _trace(self, key: tuple, specs: list[LeafSpec], tree: Tree, values: list, trail: Trail) -> Specialization:
        """Trace the path that these arguments take, of which the beginning is known.

        What is asked for on the way is answered by a guess, and then by a kernel. If that finds the guess wrong, the path is
        traced once more, each question answered by a kernel of its own.
        """

        def recorded(tracers: list) -> Recording:
            args, kwargs = unflatten(tree, tracers, fixed, standing)
            return self.record(*args, **kwargs)

        def run(path: Path) -> Traced:
            with singular_points(self.options.strict):
                return trace(specs, recorded, path)

        certain, again = False, 0
        while True:
            if trail:
                require_few(trail, self.options.max_paths, self.name)
            path, answered = self._path(values, trail, certain)
            found, failure = _tried(run, path)
            with self._settling:
                there, _, now = self._walk(key, values)
                if there is not None:  # another thread was here meanwhile
                    return there
                if now != trail and again < RETRACED:
                    trail, again = now, again + 1
                    continue
                for new in stages(path, answered, self.options):
                    answers = new.answers(self._bound(new.made, values))
                    trail = *trail, (new, answers)
                    if answers != new.expected:
                        break
                else:
                    if failure is not None:
                        raise failure
                    assert found is not None
                    made = Specialization(found, self.options, trail)
                    self.keep(key, trail, made)
                    return made
                if certain:
                    raise InternalError(f"{self.name} asked for other truth values when it was traced again")
                self.keep(key, trail)
                certain = True

    def _path(self, values: list, trail: Trail, certain: bool) -> tuple[Path, dict[int, Stage]]:
        """The path that goes on from what is known of it, and the stages that have answered while it was traced."""
        answered: dict[int, Stage] = {}

        def answer(path: Path, node: Node, mark: Mark) -> bool | int:
            unknown = stage(path, [Question(node, False, "")], mark, self.options)
            (found,) = unknown.made.numbers(self._bound(unknown.made, values))
            answered[len(path.asked)] = Stage(unknown.made, [Question(node, found, where())], unknown.nodes)
            return found

        given = [q for step, answers in trail for q in step.taken(answers)]
        return Path(values, given, trail[-1][0].nodes if trail else (), answer, certain), answered

    def keep(self, key: tuple, trail: Trail, made: Specialization | None = None) -> None:
        """Have a specialization tried for arguments of these types, and before it what leads there."""
        with self._lock:
            table: Any = self._found
            place: Any = key
            for step, answers in trail:
                _insert(table, place, step)
                table, place = step.next, answers
            if made is not None:
                _insert(table, place, made)
            self._found.move_to_end(key)
            while len(self._found) > KEYS:
                self._found.popitem(last=False)

    def every(self) -> list[tuple[tuple, Specialization]]:
        """All specializations, with their types of arguments."""
        with self._lock:
            return [(key, s) for key, found in self._found.items() for f in reversed(found) for s in _specializations(f)]

    def specialize(self, args: tuple, kwargs: dict) -> Specialization:
        """The specialization that a call with these arguments would run; compiled."""
        values, key, specs, tree = self._prepare(args, kwargs)
        s, _, trail = self._walk(key, values)
        if s is None:
            s = self._trace(key, specs, tree, values, trail)
        s.shared()
        return s

    @property
    def specializations(self) -> dict[str, Kernel]:
        """The compiled kernels, by key."""
        return {s.shared()[0]: s.kernel for _, s in self.every() if s._shared is not None}

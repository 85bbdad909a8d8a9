"""Specializations that travel: a function that does not pickle is sent as what was traced of it.

That is its primal graphs for the types that it was called with, with the values captured now; of one that branches, for the paths
that it has taken, with what leads to them. In the other process their kernels are found on disk, or compiled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from jitad.call import Caller
from jitad.config import Options
from jitad.derivation import Recording
from jitad.ir.graph import Guard
from jitad.ops.callback import calls_back
from jitad.ops.extern import embedded
from jitad.ops.serial import Packed, pack, unpack
from jitad.paths import Answers, Stage
from jitad.specialization import Specialization
from jitad.trace.capture import Capture
from jitad.trace.place import Place
from jitad.trace.questions import Question
from jitad.trace.tracing import LeafSpec, Traced


@dataclass(frozen=True, eq=False)
class Parcel:
    """One specialization as data. `skeleton` is the recording without its nodes, `captured` types and values.

    `trail` is what leads to it; that of two paths with one beginning is the same object.
    """

    key: tuple
    inputs: int
    nodes: Packed
    skeleton: Recording
    guards: tuple[Guard, ...]
    captured: tuple[tuple[LeafSpec, Any], ...]
    options: Options
    trail: tuple[tuple[Asked, Answers], ...] = ()


@dataclass(frozen=True, eq=False)
class Asked:
    """The questions of a stage as data: their kernel, the answers of the first trace, and the user's lines."""

    made: Parcel
    expected: Answers
    places: tuple[str, ...]


def parcels(caller: Caller) -> list[Parcel]:
    """The specializations of a function that hold at present."""
    stages: dict[Stage, Asked | None] = {}

    def asked(key: tuple, stage: Stage) -> Asked | None:
        if stage not in stages:
            made = _parcel(key, stage.made)
            stages[stage] = None if made is None else Asked(made, stage.expected, tuple(q.place for q in stage.questions))
        return stages[stage]

    out = []
    for key, s in caller.every():
        found = _parcel(key, s)
        trail = [(a, answers) for stage, answers in s.trail if (a := asked(key, stage)) is not None]
        if found is not None and len(trail) == len(s.trail):
            out.append(replace(found, trail=tuple(trail)))
    return out


def _parcel(key: tuple, s: Specialization) -> Parcel | None:
    values = s.captures() if s.watched() else None
    if values is None or calls_back(s.recording.nodes()) or embedded(s.recording.nodes()):
        return None
    recording = s.recording
    nodes = recording.nodes()
    captured = tuple((c.spec, v) for c, v in zip(s.traced.captures, values, strict=True))
    return Parcel(key, len(s.traced.inputs), pack([*s.traced.inputs, *nodes]), recording.with_nodes([None] * len(nodes)),  # type: ignore
                  s.traced.guards, captured, s.options)


def deliver(found: list[Parcel], caller: Caller, options: Options) -> None:
    """Put specializations into the tables of a function."""
    stages: dict[Asked, Stage] = {}
    for p in found:
        for asked, _ in p.trail:
            if asked not in stages:
                made = Specialization(_unpacked(asked.made), replace(asked.made.options, cache=options.cache))
                nodes = made.recording.outputs
                questions = [Question(*each) for each in zip(nodes, asked.expected, asked.places, strict=True)]
                stages[asked] = Stage(made, questions, made.traced.inputs)
        trail = tuple((stages[asked], answers) for asked, answers in p.trail)
        caller.keep(p.key, trail, Specialization(_unpacked(p), options, trail))


def _unpacked(p: Parcel) -> Traced:
    nodes = unpack(p.nodes)
    inputs, rest = tuple(nodes[: p.inputs]), nodes[p.inputs :]
    own = inputs[p.inputs - len(p.captured) :]
    captures = tuple(Capture(Place(v), n, spec, v) for n, (spec, v) in zip(own, p.captured, strict=True))
    return Traced(inputs, p.skeleton.with_nodes(rest), p.guards, captures, ())

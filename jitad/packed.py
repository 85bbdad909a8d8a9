"""Specializations that travel: a function that does not pickle is sent as what was traced of it.

That is its primal graphs for the types that it was called with, with the values captured now. In the other process their kernels
are found on disk, or compiled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jitad.call import Caller, Specialization
from jitad.config import Options
from jitad.derivation import Recording
from jitad.ir.graph import Guard
from jitad.ops.callback import calls_back
from jitad.ops.extern import embedded
from jitad.ops.serial import Packed, pack, unpack
from jitad.trace.capture import Capture
from jitad.trace.place import Place
from jitad.trace.tracing import LeafSpec, Traced


@dataclass(frozen=True)
class Parcel:
    """One specialization as data. `skeleton` is the recording without its nodes, `captured` types and values."""

    key: tuple
    inputs: int
    nodes: Packed
    skeleton: Recording
    guards: tuple[Guard, ...]
    captured: tuple[tuple[LeafSpec, Any], ...]


def parcels(caller: Caller) -> list[Parcel]:
    """The specializations of a function that hold at present."""
    return [p for key, s in caller.every() if (p := _parcel(key, s)) is not None]


def _parcel(key: tuple, s: Specialization) -> Parcel | None:
    values = s.captures() if s.watched() else None
    if values is None or calls_back(s.recording.nodes()) or embedded(s.recording.nodes()):
        return None
    recording = s.recording
    nodes = recording.nodes()
    captured = tuple((c.spec, v) for c, v in zip(s.traced.captures, values, strict=True))
    return Parcel(key, len(s.traced.inputs), pack([*s.traced.inputs, *nodes]), recording.with_nodes([None] * len(nodes)),  # type: ignore
                  s.traced.guards, captured)


def deliver(found: list[Parcel], caller: Caller, options: Options) -> None:
    """Put specializations into the tables of a function."""
    for p in found:
        nodes = unpack(p.nodes)
        inputs, rest = tuple(nodes[: p.inputs]), nodes[p.inputs :]
        own = inputs[p.inputs - len(p.captured) :]
        captures = tuple(Capture(Place(v), n, spec, v) for n, (spec, v) in zip(own, p.captured, strict=True))
        traced = Traced(inputs, p.skeleton.with_nodes(rest), p.guards, captures, ())
        caller.keep(p.key, Specialization(traced, options))

"""Bounds over a container, and SciPy's over the flat vector."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import Bounds

from jitad.optimize.layout import Layout
from jitad.tree import NONE, Tree

HELP = ("bounds are a scipy.optimize.Bounds or a sequence of (low, high) pairs for the flat vector, or a container shaped like "
        "x0 with a (low, high) pair, a Bounds or None for each leaf")


def flat_bounds(bounds: Any, layout: Layout) -> Bounds | None:
    """Bounds over the flat vector.

    Parameters
    ----------
    bounds : None, Bounds, sequence of pairs, or container
        A container has the form of x0; in the place of each leaf it has a pair ``(low, high)`` of None, numbers or arrays
        that broadcast to the leaf, a `Bounds`, or None for a leaf without bounds.
    layout : Layout

    Raises
    ------
    ValueError
        If it is none of these.
    """
    if bounds is None:
        return None
    if isinstance(bounds, Bounds):
        return _of(bounds, (layout.size,), layout.shapes[0] if len(layout.shapes) == 1 else None)
    if _pairs_of_numbers(bounds) and len(bounds) == layout.size and layout.tree.kind == "leaf" and layout.shapes[0]:
        low, high = zip(*bounds, strict=True)
        return Bounds(_end(low, -np.inf), _end(high, np.inf))
    found: list[Bounds] = []
    try:
        _visit(layout.tree, bounds, iter(layout.shapes), found)
    except _Mismatch as problem:
        if not _pairs_of_numbers(bounds) or len(bounds) != layout.size:
            raise ValueError(f"{problem}; {HELP}") from None
        low, high = zip(*bounds, strict=True)
        return Bounds(_end(low, -np.inf), _end(high, np.inf))
    return Bounds(*[np.concatenate([np.ravel(getattr(b, part)) for b in found]) for part in ("lb", "ub", "keep_feasible")])


class _Mismatch(Exception):
    """The bounds do not have the form of x0."""


def _visit(tree: Tree, bounds: Any, shapes: Any, found: list[Bounds]) -> None:
    """Bounds of each leaf, in order."""
    if tree.kind == "leaf":
        found.append(_leaf(bounds, next(shapes)))
    elif tree != NONE:
        if bounds is None:
            children: list[Any] = [None] * len(tree.children)
        elif tree.kind == "dict":
            if not isinstance(bounds, dict) or not set(bounds) <= set(tree.keys):
                raise _Mismatch(f"x0 has the keys {list(tree.keys)}, its bounds are {bounds!r}")
            children = [bounds.get(k) for k in tree.keys]
        else:
            if not isinstance(bounds, (list, tuple)) or len(bounds) != len(tree.children):
                raise _Mismatch(f"x0 has {len(tree.children)} parts, its bounds are {bounds!r}")
            children = list(bounds)
        for child, inner in zip(tree.children, children, strict=True):
            _visit(child, inner, shapes, found)


def _leaf(bounds: Any, shape: tuple[int, ...]) -> Bounds:
    if bounds is None:
        bounds = (None, None)
    if isinstance(bounds, Bounds):
        return _of(bounds, shape, shape)
    if not isinstance(bounds, (tuple, list, np.ndarray)) or len(bounds) != 2:
        raise _Mismatch(f"{bounds!r} is no pair (low, high)")
    try:
        low, high = _end(bounds[0], -np.inf), _end(bounds[1], np.inf)
        return Bounds(np.broadcast_to(low, shape), np.broadcast_to(high, shape), np.zeros(shape, dtype=bool))
    except (ValueError, TypeError):
        raise _Mismatch(f"the bounds {bounds!r} do not fit a part of x0 of shape {shape}") from None


def _of(bounds: Bounds, shape: tuple[int, ...], also: tuple[int, ...] | None) -> Bounds:
    """SciPy's bounds broadcast to a shape; they may have the shape of the one array that x0 is."""
    parts = [np.asarray(v) for v in (bounds.lb, bounds.ub, bounds.keep_feasible)]
    out = []
    for part in parts:
        if part.size == 1:
            part = np.broadcast_to(part.ravel()[0], shape)
        elif also is not None and part.shape == also:
            part = part.reshape(shape)
        elif part.shape != shape:
            raise ValueError(f"a part of the Bounds has shape {part.shape}, x0 needs {also or shape}; {HELP}")
        out.append(np.array(part))
    return Bounds(*out)


def _end(values: Any, missing: float) -> np.ndarray:
    """One end of the bounds; None is none."""
    if values is None:
        return np.array(missing)
    if isinstance(values, (tuple, list)):
        return np.array([missing if v is None else v for v in values], dtype=float)
    return np.asarray(values, dtype=float)


def _pairs_of_numbers(bounds: Any) -> bool:
    if not isinstance(bounds, (list, tuple, np.ndarray, zip)) or isinstance(bounds, zip):
        return False
    return all(isinstance(b, (list, tuple, np.ndarray)) and len(b) == 2 and all(v is None or np.ndim(v) == 0 for v in b)
               for b in bounds)


def low_high(bounds: Any, layout: Layout) -> Bounds | None:
    """Bounds of ``least_squares``: SciPy's pair ``(low, high)`` of numbers, flat vectors or containers of x0, or a container
    shaped like x0 with a pair for each leaf. A plain tuple or list of two is always the former.
    """
    if bounds is None or isinstance(bounds, Bounds) or type(bounds) not in (tuple, list) or len(bounds) != 2:
        return flat_bounds(bounds, layout)
    return Bounds(*[np.full(layout.size, float(end)) if isinstance(end, (int, float, np.number)) else layout.pack(end, "a bound")
                    for end in bounds])


def searched(bounds: Any) -> tuple[Any, Bounds]:
    """An example of the container that bounds describe, and its bounds: for the methods that take no starting point.

    Dicts and namedtuples are containers with a pair ``(low, high)`` for each leaf; everything else is SciPy's.
    """
    def visit(b: Any) -> Any:
        if isinstance(b, dict):
            return {k: visit(v) for k, v in b.items()}
        if isinstance(b, tuple) and hasattr(b, "_fields"):
            return type(b)(*map(visit, b))
        low, high = (b.lb, b.ub) if isinstance(b, Bounds) else b
        return np.zeros(np.broadcast_shapes(np.shape(low), np.shape(high)))

    if isinstance(bounds, dict) or hasattr(bounds, "_fields"):
        example = visit(bounds)
    elif isinstance(bounds, Bounds):
        example = np.zeros(np.broadcast_shapes(np.shape(bounds.lb), np.shape(bounds.ub)))
    else:
        bounds = list(bounds)
        example = np.zeros(len(bounds))
    found = flat_bounds(bounds, Layout(example))
    assert found is not None
    return example, found

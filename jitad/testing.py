"""Checking derivatives: forward against reverse mode, and both against extrapolated finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitad.api import jvp, vjp
from jitad.tree import flatten, unflatten


def check_grads(
    fn: Callable, args: Sequence[Any], order: int = 2, modes: Sequence[str] = ("fwd", "rev"), rtol: float = 1e-6,
    atol: float = 1e-8, seed: int = 0,
) -> None:
    """Check the derivatives of a function against finite differences, and forward against reverse mode.

    Along a random direction, the derivative by forward mode is compared with central differences, extrapolated
    (Richardson) until the estimate of their error is smallest; with a random cotangent, ``<u, J v>`` must equal
    ``<J' u, v>`` to rounding, or, if that is the only mode, to what the differences allow. For `order` > 1 the same is done with
    the derivative itself.

    Parameters
    ----------
    fn : callable
        Takes and returns float64 numbers, arrays and containers of them.
    args : sequence
        A point where it is smooth.
    order : int
        How many derivatives to check.
    modes : sequence of {"fwd", "rev"}
        The modes to check.
    rtol, atol : float
        Tolerance of the comparison with differences; the error of the differences themselves is added.
    seed : int
        Of the random directions.

    Raises
    ------
    AssertionError
        If a derivative is wrong.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> jitad.testing.check_grads(lambda x: np.sin(x).sum(), (np.array([0.3, 0.7]),), order=2)
    """
    rng = np.random.default_rng(seed)
    args = tuple(args)
    direction = _random_like(args, rng)
    expected, error = _differences(fn, args, direction)
    for y in expected:
        if error > 100 * (rtol * np.abs(y).max(initial=0.0) + atol):
            raise AssertionError(f"finite differences do not converge here (error {error:.1e}); is the function smooth?")
    if "fwd" in modes:
        value, slope = jvp(fn, args, direction)
        _close("forward mode", slope, expected, error, rtol, atol)
    if "rev" in modes:
        value, pull = vjp(fn, *args)
        cotangent = _random_like(value, rng)
        pulled = pull(cotangent)
        forward = slope if "fwd" in modes else unflatten(flatten(value)[1], expected)
        left, right = _dot(cotangent, forward), _dot(pulled, direction)
        scale = _dot(_abs(cotangent), _abs(forward)) + _dot(_abs(pulled), _abs(direction))
        if "fwd" in modes and not abs(left - right) <= 1e-10 * scale + 1e-300:
            raise AssertionError(f"forward and reverse mode differ: <u, Jv> = {left}, <J'u, v> = {right}")
        bound = rtol * scale + (atol + error) * sum(np.abs(c).sum() for c in flatten(cotangent)[0])
        if not abs(left - right) <= bound:
            raise AssertionError(f"reverse mode differs from finite differences: {right}, not {left} (tolerance {bound:.2e})")
    if order > 1:
        if "fwd" in modes:
            check_grads(lambda *a: jvp(fn, a, direction)[1], args, order - 1, modes, rtol, atol, seed + 1)
        if "rev" in modes:
            check_grads(lambda *a: vjp(fn, *a)[1](cotangent), args, order - 1, modes, rtol, atol, seed + 2)


def _random_like(value: Any, rng: np.random.Generator) -> Any:
    leaves, tree = flatten(value)
    return unflatten(tree, [
        rng.normal(size=np.shape(v)) if np.ndim(v) else float(rng.normal()) for v in leaves])


def _abs(value: Any) -> Any:
    leaves, tree = flatten(value)
    return unflatten(tree, [np.abs(v) for v in leaves])


def _dot(a: Any, b: Any) -> float:
    return float(sum(np.vdot(x, y) for x, y in zip(flatten(a)[0], flatten(b)[0], strict=True)))


def _differences(fn: Callable, args: tuple, direction: tuple) -> tuple[list, float]:
    """Central differences by Ridders' method (Numerical Recipes, 5.7): the derivative and an estimate of its error."""
    leaves, tree = flatten(args)
    steps = flatten(direction)[0]

    def along(h: float) -> list:
        out = fn(*unflatten(tree, [x + h * d for x, d in zip(leaves, steps, strict=True)]))
        return [np.asarray(v, float) for v in flatten(out)[0]]

    table: list[list[list]] = []
    best, best_error, h = None, np.inf, 0.02
    for row in range(9):
        high, low = along(h), along(-h)
        table.append([[(a - b) / (2 * h) for a, b in zip(high, low, strict=True)]])
        for column in range(1, row + 1):
            factor = 4.0**column
            new = [(factor * a - b) / (factor - 1)
                   for a, b in zip(table[row][column - 1], table[row - 1][column - 1], strict=True)]
            error = max(_distance(new, table[row][column - 1]), _distance(new, table[row - 1][column - 1]))
            table[row].append(new)
            if error <= best_error:
                best, best_error = new, error
        h /= 2
    assert best is not None
    return best, best_error


def _distance(a: list, b: list) -> float:
    return max((float(np.max(np.abs(x - y), initial=0.0)) for x, y in zip(a, b, strict=True)), default=0.0)


def _close(what: str, found: Any, expected: list, error: float, rtol: float, atol: float) -> None:
    for x, y in zip(flatten(found)[0], expected, strict=True):
        bound = rtol * np.abs(y).max(initial=0.0) + atol
        worst = np.abs(np.asarray(x) - y).max(initial=0.0)
        if not worst <= bound + error:
            raise AssertionError(f"{what} differs from finite differences by {worst:.2e} (tolerance {bound + error:.2e})")

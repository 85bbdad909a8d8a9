"""One graph through everything: typechecker, interpreter, kernel, both modes, orders 1 and 2, 60 digits, Jacobians."""

from __future__ import annotations

import mpmath
import numpy as np

from jitad.autodiff.modes import jacobian, pullback, pushforward
from jitad.ir import sizes
from jitad.ir.check import check
from jitad.ir.evaluate import evaluate
from jitad.ir.extended import with_mpmath
from jitad.ir.graph import Graph
from jitad.ir.types import is_float
from jitad.ops.leaf import new_input
from jitad.pipeline import compile_graph

STEP = mpmath.mpf(10) ** -25


class Inputs:
    """Fresh inputs; a name in a shape is a symbolic length, read where it is first used."""

    def __init__(self):
        self.nodes, self.symbols = [], {}

    def __call__(self, *shape, dtype=float):
        out = []
        for axis, n in enumerate(shape):
            if isinstance(n, str) and n not in self.symbols:
                self.symbols[n] = sizes.symbol(n, 0, len(self.nodes), axis)
            out.append(self.symbols[n] if isinstance(n, str) else n)
        self.nodes.append(new_input(np.dtype(dtype), tuple(out)))
        return self.nodes[-1]

    def like(self, node):
        """One more input of the type of a node."""
        self.nodes.append(new_input(node.dtype, node.shape))
        return self.nodes[-1]


def run(graph, args):
    """What the kernel gives, and what the interpreter gives."""
    check(graph)
    _, kernel, constants = compile_graph(graph)
    got = kernel.njit(*args, *constants)
    got = list(got) if isinstance(got, tuple) else [got]
    return got, evaluate(graph, args)


def agree(got, want, tolerance=1e-12):
    assert len(got) == len(want)
    for a, b in zip(got, want, strict=True):
        assert np.shape(a) == np.shape(b)
        assert np.asarray(a).dtype == np.asarray(b).dtype
        scale = np.abs(b[np.isfinite(b)]).max(initial=1.0) if np.asarray(b).dtype.kind == "f" else 1
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)


def derivatives(inputs, outputs, order=2):
    """A graph of the outputs, their tangents, the cotangents of the inputs, and (order 2) the tangents of these.

    Tangents and cotangents are further inputs, behind the given ones.
    """
    primals = [n for n in inputs.nodes if is_float(n.dtype)]
    results = [o for o in outputs if is_float(o.dtype)]
    tangents = [inputs.like(n) for n in primals]
    cotangents = [inputs.like(o) for o in results]
    forward = pushforward(results, primals, tangents)
    reverse = pullback(results, primals, cotangents)
    second = pushforward(reverse, primals, tangents) if order > 1 else []
    groups = [list(outputs), forward, reverse, second]
    return Graph(tuple(inputs.nodes), tuple(n for g in groups for n in g)), groups, primals, results


def split(values, groups):
    out, at = [], 0
    for g in groups:
        out.append(values[at:at + len(g)])
        at += len(g)
    return out


def inner(a, b):
    return sum((np.asarray(x) * np.asarray(y)).sum() for x, y in zip(a, b, strict=True))


def examine(build, draw, rng, order=2, exact=True):
    """Check a graph at random points.

    `build(inputs)` makes inputs and returns outputs; `draw(inputs, rng)` gives a value for each input.
    """
    inputs = Inputs()
    outputs = build(inputs)
    given = draw(inputs, rng)
    graph, groups, primals, results = derivatives(inputs, outputs, order)
    count = len(given)
    at = [k for k, n in enumerate(inputs.nodes[:count]) if is_float(n.dtype)]
    tangents = [rng.normal(size=np.shape(given[k])).astype(inputs.nodes[k].dtype)[()] for k in at]
    values = evaluate(Graph(tuple(inputs.nodes[:count]), tuple(outputs)), given)
    cotangents = [rng.normal(size=v.shape)[()] for v, o in zip(values, outputs, strict=True) if is_float(o.dtype)]
    got, want = run(graph, [*given, *tangents, *cotangents])
    agree(got, want)
    _, forward, reverse, second = split(want, groups)
    np.testing.assert_allclose(inner(cotangents, forward), inner(reverse, tangents), rtol=1e-9, atol=1e-11)
    if exact:
        with mpmath.workdps(60):
            _exact_slopes(inputs, groups, given, at, tangents, cotangents, forward, second)
    _rows(inputs, results, primals, given, count, tangents, forward)


def _exact_slopes(inputs, groups, given, at, tangents, cotangents, forward, second):
    """Central differences with 60 digits: of the outputs against J t, of J'c against its tangent."""
    def along(which, extra, sign):
        moved = list(given)
        for k, t in zip(at, tangents, strict=True):
            lift = np.frompyfunc(lambda a, b: mpmath.mpf(float(a)) + sign * STEP * mpmath.mpf(float(b)), 2, 1)
            moved[k] = np.asarray(lift(given[k], t), object)
        nodes = inputs.nodes[:len(given)] + inputs.nodes[len(given) + len(at):] if extra else inputs.nodes[:len(given)]
        return evaluate(Graph(tuple(nodes), tuple(which)), [*moved, *extra], with_mpmath)

    floats = [o for o in groups[0] if is_float(o.dtype)]
    for which, extra, found in ((floats, [], forward), (groups[2], cotangents, second)):
        if not found:
            continue
        for high, low, f in zip(along(which, extra, 1), along(which, extra, -1), found, strict=True):
            slope = np.asarray((high - low) / (2 * STEP), float)
            np.testing.assert_allclose(f, slope, rtol=1e-9, atol=1e-11 * np.abs(slope).max(initial=1.0))


def _rows(inputs, results, primals, given, count, tangents, forward):
    """Jacobians in both modes, interpreted: equal, and J t as pushed forward."""
    nodes = tuple(inputs.nodes[:count])
    for k, out in enumerate(results):
        matrices = []
        for mode in ("forward", "reverse"):
            graph = Graph(nodes, tuple(jacobian([out], primals, mode)[0]))
            check(graph)
            matrices.append(evaluate(graph, given))
        agree(matrices[0], matrices[1])
        pushed = sum(np.tensordot(m, t, np.ndim(t)) for m, t in zip(matrices[0], tangents, strict=True))
        np.testing.assert_allclose(pushed, forward[k], rtol=1e-9, atol=1e-10)

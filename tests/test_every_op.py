"""Tests made from the registry: an op without them cannot exist.

Elementwise ops are tested from their declarations; for every other op there is an example below.
"""

import numpy as np
import pytest

from jitad.ir.body import Body
from jitad.ir.graph import Graph
from jitad.ir.types import BOOL
from jitad.ops import contract, determinant, index, leaf, length, matrix, matrix_functions, reduce, routine, scan, shape, spectral
from jitad.ops.arithmetic import cast
from jitad.ops.declare import REGISTRY, Elementwise
from jitad.ops.leaf import constant, new_input
from tests.harness import Inputs, examine, run

ELEMENTWISE = [op for op in REGISTRY.values() if isinstance(op, Elementwise)]
LENGTHS = {"n": 7, "m": 6, "p": 9}
INT = np.dtype(np.int64)


def domains(op):
    return op.domain if isinstance(op.domain[0], tuple) else (op.domain,) * op.arity


def parameters(op):
    return [(n,) for n in (-3, -1, 2, 3, 6)] if op.name == "integer_pow" else [()]


def drawn(op, rng):
    """Seven points of the domain for each argument."""
    return [rng.integers(*d, size=7, endpoint=True).astype(float) if k in op.whole else rng.uniform(*d, size=7)
            for k, d in enumerate(domains(op))]


def dtype_of(op):
    return float if "f" in op.accepts else bool


@pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda op: op.name)
def test_elementwise(op):
    """Value and derivatives of orders 1 and 2, kernel against interpreter and extended precision, in both modes."""
    def build(new):
        args = tuple(new("n", dtype=dtype_of(op)) for _ in range(op.arity))
        return [op.build(args, params) for params in parameters(op)]

    def draw(new, rng):
        if dtype_of(op) is bool:
            return [rng.normal(size=7) > 0 for _ in range(op.arity)]
        return drawn(op, rng)

    examine(build, draw, np.random.default_rng(len(op.name)))


SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, np.inf, -np.inf, np.nan, 5e-324, -5e-324, 1e308, -1e308, 2.5, 1e-200])


def special_values(op):
    """For each argument; whole numbers have only those of the domain."""
    return [np.arange(d[0], d[1] + 1.0) if k in op.whole else SPECIAL for k, d in enumerate(domains(op))]


@pytest.mark.parametrize("op", [op for op in ELEMENTWISE if "f" in op.accepts], ids=lambda op: op.name)
def test_special_values_and_shapes(op):
    """inf, nan, signed zeros, denormals and ties as NumPy has them; arrays of length 0 and 1, and scalars."""
    grids = [g.ravel() for g in np.meshgrid(*special_values(op))]
    new = Inputs()
    kinds = [tuple(new("n") for _ in range(op.arity)), tuple(new() for _ in range(op.arity))]  # arrays, numbers
    graph = Graph(tuple(new.nodes), tuple(op.build(args, params) for args in kinds for params in parameters(op)))
    for args in (grids, [g[:0] for g in grids], [g[:1] for g in grids]):
        for got, want in zip(*run(graph, [*map(np.ascontiguousarray, args), *(float(g[4]) for g in grids)]), strict=True):
            if not np.ndim(got):
                np.testing.assert_allclose(got, want, rtol=1e-14)
                continue
            if op.name in SCIPY_GIVES_UP:
                known = ~np.isin(args, SCIPY_GIVES_UP[op.name]).any(0)
                got, want = got[known], want[known]
            np.testing.assert_allclose(got, want, rtol=1e-14, atol=5e-324)
            if got.dtype.kind == "f" and op.name not in NEAR_ZERO:
                zero = want == 0
                assert (np.signbit(got[zero]) == np.signbit(want[zero])).all()


TINY, HUGE = [5e-324, -5e-324], [1e308, -1e308]
SCIPY_GIVES_UP = {  # there it is infinite, NaN, 0 or inexact where the value is not
    "gammaln": TINY, "erfcinv": TINY, "inv_boxcox": TINY, "kl_div": [*TINY, 1e308], "inv_boxcox1p": [*TINY, 1e-200],
    **dict.fromkeys(("beta", "betaln"), [*TINY, np.inf, 1e308]), **dict.fromkeys(("j0", "j1", "y0", "y1", "yn"), HUGE),
    **dict.fromkeys(("jv", "iv", "spherical_jn"), [*TINY, *HUGE, 1e-200]),
    **dict.fromkeys(("ive", "sindg", "cosdg", "tandg", "cotdg"), [*TINY, *HUGE, 1e-200, np.inf, -np.inf])}
NEAR_ZERO = {"add", "subtract", "multiply", "divide", "remainder", "floor_divide", "maximum", "minimum", "negative",
             "sign", "cosm1"}  # kernels are compiled with nsz


def at_random(shapes_of_index=None):
    """Normal values for floats; indices below the length that `shapes_of_index` names, by position."""

    def draw(new, rng):
        out = []
        for k, node in enumerate(new.nodes):
            size = tuple(LENGTHS[str(n)] if not isinstance(n, int) else n for n in node.shape)
            if node.dtype == INT:
                bound = (shapes_of_index or {})[k]
                out.append(rng.integers(-bound, bound, size=size))
            elif node.dtype == bool:
                out.append(rng.normal(size=size) > 0)
            else:
                out.append(rng.normal(size=size)[()])
        return out

    return draw


def _leaves(new):
    x = new("n")
    n = x.shape[0]
    pairs = leaf.tri_index(n, 1, 0), leaf.tri_index(n, 1, 1)
    weights = cast(leaf.iota(n), x.dtype) * x + 2.5  # iota, constant, cast
    d = index.gather(weights, [pairs[0]]) - index.gather(x, [pairs[1]])  # tri_index
    length = shape.broadcast(cast(leaf.size_value(n), x.dtype), x.shape, ())
    return [reduce.reduce_sum(d * d, (0,)), weights / length]


def _select(new):
    p, x, y = new("n", 2, dtype=bool), new("n", 2), new("n", 2)
    return [REGISTRY["select"](p, x * y, x), reduce.reduce_sum(REGISTRY["select"](p, x * x, y), (0, 1))]


def _casts(new):
    x = new("n")
    return [cast(x, INT), cast(x, np.dtype(bool)), cast(cast(x, INT), x.dtype) * x]


def _extremes(new):
    x = new("n", 3)
    return [reduce.reduce_max(x, (0,)), reduce.reduce_min(x, (1,)), reduce.reduce_max(x * x, (0, 1))]


def _ties(kind):
    def build(new):
        x = new("n", 3)
        return [REGISTRY[kind].build((REGISTRY["floor"](x) + shape.zeros(x),), ((0,),)), REGISTRY[kind].build((x,), ((0, 1),))]

    return build


def _gathers(new):
    x, i, j = new("n", 3), new("p", dtype=INT), new("p", dtype=INT)
    one = index.gather(x, [i])
    return [one * one, index.gather(x * x, [i, j]), reduce.reduce_sum(one, (0, 1))]


def _scatters(new):
    v, i = new("p", 2), new("p", dtype=INT)
    x = new("n")
    return [index.scatter_add(v * v, [i], (x.shape[0], 2)), index.scatter_add(x * x, [leaf.iota(x.shape[0])], (x.shape[0],))]


def _contracts(new):
    a, b, v = new("n", "m"), new("m", 3), new("m")
    product = contract.contract(a, b, (0, 1), (1, 2), (0, 2))
    return [product * product, contract.contract(a, v, (0, 1), (1,), (0,)), contract.contract(v, v, (0,), (0,), ()),
            contract.contract(v, v, (0,), (1,), (0, 1)), contract.contract(a, a, (0, 1), (0, 1), (1, 0))]


def _slices(new):
    x = new("n", "m")
    n, m = x.shape
    part = shape.slice_(x, ((1, n - 3, 1), (0, (m + 1) // 2, 2)))
    return [part * part, shape.slice_(x * x, ((n - 1, 1, 1), (0, m, 1)))]


def _pads(new):
    x = new("n", 2)
    n = x.shape[0]
    return [shape.pad(x * x, (n + 4, 5), ((3, 1), (0, 3))), shape.pad(x, (n * 2 + 1, 2), ((1, 2), (0, 1)))]


def _square(x):
    return x * x


def _routines(new):
    x = new("n", "m")
    order = routine.argsort(x * x)
    row = shape.broadcast(leaf.iota(x.shape[0]), x.shape, (0,))
    placed = index.gather(x, [row, order])
    inside = routine.inside(order, shape.broadcast(leaf.size_value(x.shape[1]), (x.shape[0],), ()))
    return [routine.cumsum(x * x), order, placed * x, routine.recurrence(x, x * x), inside]


def _definite(x):
    """Of matrices, symmetric ones with positive eigenvalues."""
    n = x.shape[1]
    product = matrix.matmul(x, matrix.swap(x))
    return product + matrix.identity(product) * shape.broadcast(cast(leaf.size_value(n), x.dtype), product.shape, ())


def _solutions(new):
    a, b = new("n", 3, 3), new("n", 3, 2)
    factors = matrix.lu(a)
    return [matrix.solve(factors, a, b * b), matrix.solve(factors, a, b, transposed=True),
            matrix.solve_triangular(a, b, lower=False), matrix.solve_triangular(a, b, transposed=True, unit=True)]


def _determinants(new):
    a = new("n", 4, 4)
    return [determinant.cofactors(a), determinant.det(a), determinant.slogdet(a)[1]]


def _eigen(new):
    s = _definite(new(2, "n", "n"))
    return [spectral.eigenvalues(s), _square(spectral.eigenvectors(s))]


def _scans(new):
    """The end, results, and what was carried; forwards and backwards."""
    start, xs, scale = _square(new(2)), new("n"), new(2)
    c, x, k = new_input(start.dtype, (2,)), new_input(xs.dtype, ()), new_input(scale.dtype, (2,))
    body = Body([c, x, k], [REGISTRY["sin"](c * k) + shape.broadcast(x, (2,), ()), reduce.reduce_sum(c * c, (0,)) * x], 1, 1)
    loops = scan.Loop(body, xs.shape[0]), scan.Loop(body, xs.shape[0], True)
    return [scan.output(loop, [start, xs, scale], which) for loop in loops for which in range(3)]


def _lengths(new):
    """As many steps as an integer says, and as many as something holds; numbers taken apart and arrays."""
    out = []
    for n in (2, "n"):
        start, scale = _square(new(n)), new(n)
        c, k, go = new_input(start.dtype, start.shape), new_input(scale.dtype, start.shape), new_input(BOOL, ())
        turn = REGISTRY["sin"](c * k + c) * c * 0.5  # it shrinks, whatever k is
        count = length.as_length(leaf.size_value(new("m").shape[0]))
        out.append(scan.output(scan.Loop(Body([c, k], [turn], 1, 0), length.size_of(count)), [start, scale], 0))
        on = Body([c, go, k], [turn, REGISTRY["less"](constant(0.3, c.dtype), reduce.reduce_sum(turn * turn, (0,)))], 2, 0)
        out.append(scan.output(scan.Loop(on, None), [start, constant(True, BOOL), scale], 0))
    return out


EXAMPLES = {
    "lu lu_solve solve_triangular": (_solutions, {}),
    "cholesky": (lambda new: [matrix.cholesky(_definite(new(2, "n", "n")))], {}),
    "cofactors custom": (_determinants, {}),
    "eigh": (_eigen, {}),
    "pinv": (lambda new: [matrix_functions.pinv(new(2, "m", 3), 1e-15), matrix_functions.pinv(new(2, 2, 3), 1e-15)], {}),
    "expm expm_frechet": (lambda new: [matrix_functions.expm(new(2, "n", "n"))], {}),
    "cumsum argsort inside recurrence": (_routines, {}),
    "input": (lambda new: [_square(new("n")), new(), new(2, 3)], {}),
    "constant iota tri_index size_value": (_leaves, {}),
    "select": (_select, {}),
    "cast": (_casts, {}),
    "broadcast": (lambda new: [shape.broadcast(_square(new("n", 2)), (4, new.nodes[0].shape[0], 3, 2), (1, 3))], {}),
    "reshape": (lambda new: [shape.reshape(_square(new("n", 2, 3)), (new.nodes[0].shape[0] * 2, 3)),
                             shape.reshape(new("n", "m"), (new.nodes[0].shape[0] * new.nodes[1].shape[1],)),
                             shape.reshape(new(1, "n", 1), (new.nodes[0].shape[0],))], {}),
    "retype": (lambda new: [shape.retype(_square(new("n")), (7,))], {}),
    "transpose": (lambda new: [shape.transpose(_square(new("n", 2, "m")), (2, 0, 1))], {}),
    "slice": (_slices, {}), "pad": (_pads, {}),
    "flip": (lambda new: [shape.flip(_square(new("n", "m")), (0,)), shape.flip(new.nodes[0], (0, 1))], {}),
    "roll": (lambda new: [shape.roll(_square(new("n", "m")), 2, 0), shape.roll(new.nodes[0], -1, 1),
                          shape.roll(new.nodes[0], new.nodes[0].shape[1], 0)], {}),
    "concatenate": (lambda new: [shape.concatenate([_square(new("n", 2)), new("m", 2), new.nodes[0]], 0),
                                 shape.concatenate([new.nodes[0], new("n", 1)], 1)], {}),
    "sum": (lambda new: [reduce.reduce_sum(_square(new("n", "m", 2)), (0, 2)), reduce.reduce_sum(_square(new.nodes[0]), (1,)),
                         reduce.reduce_sum(new.nodes[0], (0, 1, 2))], {}),
    "prod": (lambda new: [reduce.reduce_prod(new("n", 3), (0,)), reduce.reduce_prod(_square(new.nodes[0]), (0, 1)),
                          reduce.reduce_prod(new.nodes[0], (1,))], {}),
    "max min": (_extremes, {}),
    "gather": (_gathers, {1: 7, 2: 3}),
    "scatter_add": (_scatters, {1: 7}),
    "contract": (_contracts, {}),
    "scan": (_scans, {}),
    "length": (_lengths, {}),
}


def test_every_op_has_an_example():
    named = {name for names in EXAMPLES for name in names.split()}
    elsewhere = {"pulled", "callback", "solved", "extern"}  # no value, or no derivative: tests of custom, callback, implicit
    assert named | {op.name for op in ELEMENTWISE} | elsewhere == set(REGISTRY)


@pytest.mark.parametrize("names", EXAMPLES)
def test_structural(names):
    build, bounds = EXAMPLES[names]
    examine(build, at_random(bounds), np.random.default_rng(3))

"""Loops that are the same up to names are written once, and runs of them are loops over a table."""

import re

import numpy as np
import pytest

import jitad
from jitad.emit import namespace, vmath
from jitad.emit.cpu import emit
from jitad.emit.expression import Place
from jitad.emit.shared import Piece, share
from jitad.emit.tables import roll
from jitad.lower.schedule import lower
from tests.written import written

U = np.random.default_rng(0).normal(size=12)


def upwind(u, steps):
    for _ in range(steps):
        left, right = np.roll(u, 1), np.roll(u, -1)
        u = u - 0.05 * np.where(u > 0, u * (u - left), u * (right - u)) + 0.1 * (left - 2 * u + right)
    return (u**2).sum()


def leapfrog(x, v, steps):
    def pull(x):
        d = x[None] - x[:, None]
        return (d / ((d**2).sum(-1) + 0.01)[..., None] ** 1.5).sum(1)

    a = pull(x)
    for _ in range(steps):
        v = v + 0.005 * a
        x = x + 0.01 * v
        a = pull(x)
        v = v + 0.005 * a
    return (v**2).sum() + (x**2).sum()


def source(f, *args):
    """The source, not compiled."""
    with jitad.disable_jit():
        f(*args)
    ((_, made),) = f._caller.every()
    return emit(lower(made.graph))


def test_the_source_does_not_grow_with_steps():
    x = np.random.default_rng(1).normal(size=(5, 3))
    short, long = (source(jitad.value_and_grad(lambda u, n=n: upwind(u, n)), U) for n in (12, 24))
    assert "rows0" in short and len(long.splitlines()) <= len(short.splitlines()) + 4
    short, long = (source(jitad.value_and_grad(lambda x, v, n=n: leapfrog(x, v, n), argnums=(0, 1)), x, x) for n in (10, 20))
    assert "rows0" in short and len(long.splitlines()) <= len(short.splitlines()) + 4


@pytest.mark.parametrize("options", [{}, {"strict": True}, {"parallel": True}], ids=str)
def test_values_and_derivatives(options):
    f = jitad.value_and_grad(lambda u: upwind(u, 9))
    with jitad.disable_jit():
        value, slope = f(U)
    for size in (12, 5, 30):
        u = np.resize(U, size)
        with jitad.disable_jit():
            value, slope = f(u)
        found = jitad.jit(f, **options)(u)
        np.testing.assert_allclose(found[0], value, rtol=1e-13)
        np.testing.assert_allclose(found[1], slope, rtol=1e-11, atol=1e-13)


def test_leapfrog():
    rng = np.random.default_rng(1)
    x, v = rng.normal(size=(2, 5, 3))
    f = jitad.value_and_grad(lambda x, v: leapfrog(x, v, 10), argnums=(0, 1))
    with jitad.disable_jit():
        value, slopes = f(x, v)
    found = f(x, v)
    np.testing.assert_allclose(found[0], value, rtol=1e-13)
    np.testing.assert_allclose(found[1], slopes, rtol=1e-10)
    kernel = f.specialize(x, v)
    out, captured = kernel.buffers(x, v), kernel.captured
    for _ in range(2):  # memory that was used before
        assert kernel.njit_into(x, v, *captured, out) == pytest.approx(value, rel=1e-13)
        np.testing.assert_allclose(out[:2], slopes, rtol=1e-10)


def test_pieces():
    lines = ["    for i0 in range(n0):", "        v1 = t0[i0]", "        t1[i0] = v1", "    v5 = 0.0", "    for i0 in range(n0):",
             "        v6 = t1[i0]", "        v5 += v6", "    for i0 in range(n0):", "        v1 = t2[i0]", "        t3[i0] = v1"]
    pieces = [Piece(0, 3, ()), Piece(3, 7, ("v5",)), Piece(7, 10, ())]
    same, functions = share(lines, pieces, lambda names: "part")
    assert same == lines and not functions  # too short to be worth it
    longer = [line for line in lines[:3] for _ in range(1)] + ["        t4[i0] = v1"] * 30
    again = [line.replace("t0", "t8").replace("t1", "t9").replace("v1", "v7") for line in longer]
    n = len(longer)
    same, functions = share([*longer, *again], [Piece(0, n, ()), Piece(n, 2 * n, ())], lambda names: "part")
    assert same == ["    same0(n0, t0, t1, t4)", "    same0(n0, t8, t9, t4)"]
    assert functions["same0"].startswith("@part\ndef same0(x1, x3, x4, x5):\n    for x0 in range(x1):\n        x2 = x3[x0]\n")


def test_pieces_with_results_are_other_pieces():
    body = ["    v5 = 0.0", "    for i0 in range(n0):", *["        v5 += t1[i0]"] * 30]
    lines = [*body, *[line.replace("v5", "v6") for line in body]]
    n = len(body)
    same, _ = share(lines, [Piece(0, n, ("v5",)), Piece(n, 2 * n, ("v6",))], lambda names: "part")
    assert same == ["    v5 = same0(n0, t1)", "    v6 = same0(n0, t1)"]
    assert not share(lines, [Piece(0, n, ("v5",)), Piece(n, 2 * n, ())], lambda names: "part")[1]


def test_runs():
    places = {f"t{k}": Place("u0", k) for k in range(20)}
    lines = ["    x = 1", *(f"    same0(n0, t{k}, t{k + 1})" for k in range(6)), "    same0(n0, t6, o0)", "    same1(t90, t3)"]
    rolled = roll(lines, places)
    assert rolled.lines == ["    x = 1", "    for k in range(6):", "        same0(n0, u0[rows0[k, 0]], u0[rows0[k, 1]])",
                            "    same0(n0, t6, o0)", "    same1(t90, t3)"]
    assert rolled.tables == ["rows0 = table(((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6)))\n"]
    assert roll(lines[:4], places).lines == lines[:4]  # three times are not worth a loop


def test_runs_of_scalars_in_memory():
    lines = [line for k in range(4) for line in (
        f"    t9[{k + 1}] = exp(t9[{k}])", f"    same0(int64({k}), t9[{k + 1}], int64(7))")]
    rolled = roll(lines, {}, "t9")
    assert rolled.lines == ["    for k in range(4):", "        t9[rows0[k, 0]] = exp(t9[rows0[k, 1]])",
                            "        same0(rows0[k, 1], t9[rows0[k, 0]], int64(7))"]


def recurrent(weights, inputs):
    """A step reads the next row of its inputs."""
    state = np.zeros(inputs.shape[1])
    total = 0.0
    for t in range(8):
        forget = 1 / (1 + np.exp(-(state * weights[0] + inputs[t] * weights[1] + weights[2])))
        state = forget * state + (1 - forget) * np.tanh(inputs[t] * weights[3] + state * weights[4])
        scale = np.log(np.exp(state).sum() + 2)
        state = state / scale
        total = total + (state * inputs[t + 1]).sum()
    return total


def test_steps_that_read_other_rows_of_an_argument():
    rng = np.random.default_rng(0)
    args = rng.normal(size=(5, 14)), rng.normal(size=(9, 14))
    f = jitad.value_and_grad(recurrent)
    found = f(*args)
    with jitad.disable_jit():
        want = f(*args)
    assert found[0] == pytest.approx(want[0], rel=1e-13)
    np.testing.assert_allclose(found[1], want[1], rtol=1e-10, atol=1e-13)
    rows = re.findall(r"same\d+\(.*\ba1, (int64\(\d+\)|rows\d+\[k, \d+\])", f.specialize(*args).source)
    assert any(r.startswith("rows") for r in rows) or len(set(rows)) > 4


def test_functions_of_kernels_refuse_python():
    """They have no entry for it: an error, not a crash."""
    with pytest.raises(TypeError):
        namespace.iroot(27, 3)
    with pytest.raises(TypeError):
        vmath.log1p(1.0)


@pytest.mark.parametrize("in_place", [False, True])
def test_steps_say_that_arrays_lie_apart(in_place):
    """But those whose results lie where what they read lies."""
    def loop(x):
        def step(carry, v):
            x, total = carry
            x = np.sin(x[::-1]) * v
            return (x, total + x if in_place else x * total), x.sum()

        (x, total), sums = jitad.lax.scan(step, (x, np.ones(40)), np.arange(1.0, 5.0))
        return (total * x).sum() + sums.sum()

    f = jitad.jit(loop)
    source = written(f, np.ones(40)).source
    assert ("@step\n" in source) == in_place and ("@step_apart\n" in source) != in_place
    x = np.linspace(0, 1, 40)
    with jitad.disable_jit():
        want = f(x)
    np.testing.assert_allclose(f(x), want, rtol=1e-13)


def test_an_array_and_a_row_of_it_lie_not_apart():
    """Lanes write to rows of what scalars write to as a whole: of equal loops that are handed both nothing is said."""
    off = 1 - np.eye(6)

    def chained(x):
        for k in range(12):
            d = x[:, None] - x
            x = x - 0.01 * k * (off / (d * d + np.eye(6))).sum(1) * np.cos(x)
            x = x + 0.1 * jitad.grad(lambda y: (off * np.exp(-((y[:, None] - y) ** 2))).sum())(x)
        return (x**3).sum()

    f = jitad.value_and_grad(chained)
    x = np.linspace(0, 3, 6)
    source = written(f, x).source
    defined = {m[2]: m[1] for m in re.finditer(r"@(\w+)\ndef (\w+)\(", source)}
    lies = dict(re.findall(r"(t\d+) = row_of\((u\d+), ", source))
    calls = [(name, set(re.findall(r"\b[tu]\d+\b", handed))) for name, handed in re.findall(r" (same\d+)\((.*)\)\n", source)]
    both = [name for name, handed in calls if any(lies.get(a) in handed for a in handed)]
    assert both and all(defined[name] == "part" for name in both) and "part_apart" in defined.values()
    found = f(x)
    with jitad.disable_jit():
        want = f(x)
    np.testing.assert_allclose(found[0], want[0], rtol=1e-12)
    np.testing.assert_allclose(found[1], want[1], rtol=0, atol=1e-10 * abs(want[1]).max())  # last bits of x change it by 5e-11

"""Functions compiled by Numba, embedded in kernels: values, stated derivatives, and which kernel is taken for which function."""

import os
import subprocess
import sys
import textwrap

import numba
import numpy as np
import pytest

import jitad
from jitad.errors import DTypeError, ShapeError, TraceError
from jitad.ops.contents import contents

RNG = np.random.default_rng(12)
X = RNG.normal(size=(6, 3))
PAIRS = np.array([[0, 1], [1, 2], [2, 5], [3, 4], [0, 5], [5, 1]])


@numba.njit
def pair_energy(x, pairs):
    total = 0.0
    for p in range(len(pairs)):
        i, j = pairs[p]
        r2 = 0.1
        for c in range(3):
            r2 += (x[i, c] - x[j, c]) ** 2
        total += 1 / r2
    return total


@numba.njit
def pair_slope(x, pairs):
    out = np.zeros_like(x)
    for p in range(len(pairs)):
        i, j = pairs[p]
        r2 = 0.1
        for c in range(3):
            r2 += (x[i, c] - x[j, c]) ** 2
        for c in range(3):
            g = -2 * (x[i, c] - x[j, c]) / r2**2
            out[i, c] += g
            out[j, c] -= g
    return out


def plain_energy(x, pairs):
    d = x[pairs[:, 0]] - x[pairs[:, 1]]
    return (1 / ((d * d).sum(1) + 0.1)).sum()


def plain_slope(x, pairs):
    return jitad.grad(plain_energy)(x, pairs)


@numba.njit
def pair_slope_vjp(x, pairs, ct):
    h = 1e-6  # stands for second derivatives written by hand
    return (pair_slope(x + h * ct, pairs) - pair_slope(x - h * ct, pairs)) / (2 * h)


slope = jitad.extern(pair_slope, vjp=pair_slope_vjp, shape=lambda x, pairs: x)
energy = jitad.extern(pair_energy, vjp=lambda x, pairs, ct: ct * slope(x, pairs), shape=())


@numba.njit
def filtered(x, a):
    out, last = np.empty_like(x), 0.0
    for k in range(len(x)):
        last = out[k] = a * last + x[k]
    return out


@numba.njit
def filtered_vjp(x, a, ct):
    dx, da, last = np.empty_like(x), 0.0, 0.0
    out = filtered(x, a)
    for k in range(len(x) - 1, -1, -1):
        last = dx[k] = a * last + ct[k]
        if k > 0:
            da += last * out[k - 1]
    return dx, da


smooth = jitad.extern(filtered, vjp=filtered_vjp, shape=lambda x, a: x)


def plain_smooth(x, a):
    return jitad.scan(lambda last, w: (a * last + w,) * 2, 0.0, x)[1]


def test_pairs_with_forces_by_hand():
    def f(energy):
        return lambda x, pairs: np.sin(energy(2 * x, pairs)) + (x * x).sum()

    g = jitad.value_and_grad(f(energy))
    with jitad.disable_jit():
        want = jitad.value_and_grad(f(plain_energy))(X, PAIRS)
        plain = g(X, PAIRS)
    for n in (6, 5):
        if n < 6:
            with jitad.disable_jit():
                want = jitad.value_and_grad(f(plain_energy))(X, PAIRS[:n])
        found = g(X, PAIRS[:n])
        assert found[0] == pytest.approx(want[0], rel=1e-13)
        np.testing.assert_allclose(found[1], want[1], rtol=1e-12, atol=1e-13)
    assert len(g.specializations) == 1 and plain[0] == pytest.approx(g(X, PAIRS)[0], rel=1e-13)
    assert energy(X, PAIRS) == pair_energy(X, PAIRS)  # outside of traced functions it is what it is of


def test_second_derivatives():
    """The rule calls a function that has a derivative itself: reverse over reverse, and products with vectors."""
    v = RNG.normal(size=X.shape)
    with jitad.disable_jit():
        want = jitad.hvp(plain_energy)(X, v, PAIRS)
        twice = jitad.grad(lambda x: (jitad.grad(lambda y: np.sin(energy(y, PAIRS)))(x) * v).sum())
        plain = jitad.grad(lambda x: (jitad.grad(lambda y: np.sin(plain_energy(y, PAIRS)))(x) * v).sum())
        np.testing.assert_allclose(twice(X), plain(X), rtol=1e-6, atol=1e-7)
    found = jitad.grad(lambda x: (jitad.grad(energy)(x, PAIRS) * v).sum())(X)
    np.testing.assert_allclose(found, want, rtol=1e-6, atol=1e-7)


def test_a_recurrence_in_a_loop_and_mapped():
    def f(smooth):
        def g(x, a):
            y, rows = jitad.scan(lambda y, w: (np.sin(smooth(y, a)) * w, (y * y).sum()), x, np.array([0.3, -0.2, 0.5]))
            return (y * x).sum() + rows.sum()
        return g

    x, a = RNG.normal(size=7), 0.4
    with jitad.disable_jit():
        want = jitad.value_and_grad(f(plain_smooth), (0, 1))(x, a)
    found = jitad.value_and_grad(f(smooth), (0, 1))(x, a)
    assert found[0] == pytest.approx(want[0], rel=1e-13)
    np.testing.assert_allclose(found[1][0], want[1][0], rtol=1e-12, atol=1e-13)
    assert found[1][1] == pytest.approx(want[1][1], rel=1e-12)
    many = RNG.normal(size=(3, 7))
    with jitad.disable_jit():
        mapped = jitad.vmap(jitad.grad(lambda x, a: (smooth(x, a) ** 2).sum()), (0, None))(many, a)
        for row, m in zip(many, mapped, strict=True):
            np.testing.assert_allclose(m, jitad.grad(lambda x: (plain_smooth(x, a) ** 2).sum())(row), rtol=1e-12)
    compiled = jitad.vmap(jitad.grad(lambda x, a: (smooth(x, a) ** 2).sum()), (0, None))(many, a)
    np.testing.assert_allclose(compiled, mapped, rtol=1e-12)


@numba.njit
def parts(x, n):
    top = 0
    for k in range(len(x)):
        if x[k] > x[top]:
            top = k
    return x[:n].sum(), np.int64(2**60 + top), np.exp(x[:n]), x > 0


def parts_jvp(x, n, t):
    return t[:n].sum(), 0, np.exp(x[:n]) * t[:n], np.zeros(len(x), bool)


split = jitad.extern(parts, jvp=parts_jvp, shape=lambda x, n: ((), jitad.ShapeDtypeStruct((), np.int64), (n,), x > 0))


def test_several_results():
    x = RNG.normal(size=8)
    want = parts(x, 5)
    with jitad.disable_jit():
        plain = jitad.jit(lambda x: split(x, 5))(x)
        slope = jitad.grad(lambda x: (split(x, 5)[2] ** 2).sum() * split(x, 5)[0])(x)
        byhand = jitad.grad(lambda x: (np.exp(x[:5]) ** 2).sum() * x[:5].sum())(x)
        np.testing.assert_allclose(slope, byhand, rtol=1e-12)
        ahead = jitad.jvp(lambda x: split(x, 5)[2], (x,), (x,))[1]
        np.testing.assert_allclose(ahead, np.exp(x[:5]) * x[:5], rtol=1e-13)
    for found in (plain, jitad.jit(lambda x: split(x, 5))(x)):
        assert found[0] == pytest.approx(want[0], rel=1e-14) and found[1] == want[1]
        assert isinstance(found[1], int) and found[3].dtype == bool
        np.testing.assert_allclose(found[2], want[2], rtol=1e-14)
        np.testing.assert_array_equal(found[3], want[3])


def test_cotangents_of_several_results():
    @numba.njit
    def both(x, s):
        return s * x, (x * x).sum()

    @numba.njit
    def back(x, s, ct, dt):
        return s * ct + 2 * dt * x, (ct * x).sum()

    f = jitad.extern(both, vjp=back, shape=lambda x, s: (x, ()))
    g = jitad.extern(both, vjp=lambda x, s, ct: (s * ct[0] + 2 * ct[1] * x, (ct[0] * x).sum()), shape=lambda x, s: (x, ()))

    def loss(f):
        return lambda x, s: (f(x, s)[0] ** 2 * x).sum() + f(x, s)[1] ** 2

    x = RNG.normal(size=6)
    with jitad.disable_jit():
        want = jitad.grad(loss(lambda x, s: (s * x, (x * x).sum())), (0, 1))(x, 1.3)
        for h in (f, g):
            found = jitad.grad(loss(h), (0, 1))(x, 1.3)
            np.testing.assert_allclose(found[0], want[0], rtol=1e-12)
            assert found[1] == pytest.approx(want[1], rel=1e-12)
        single = jitad.jit(jitad.extern(both, shape=lambda x, s: (x, ())))(x.astype(np.float32), np.float32(2))
        assert single[0].dtype == np.float32
    compiled = jitad.grad(loss(f), (0, 1))(x, 1.3)
    np.testing.assert_allclose(compiled[0], want[0], rtol=1e-12)


def test_kernels_inside_of_compiled_code():
    kernel = jitad.grad(lambda x, a: (smooth(x, a) ** 2).sum()).specialize(np.ones(7), 0.4).njit

    @numba.njit
    def descend(kernel, x):
        for _ in range(3):
            x = x - 0.1 * kernel(x, 0.4)
        return x

    x = y = RNG.normal(size=7)
    with jitad.disable_jit():
        for _ in range(3):
            y = y - 0.1 * jitad.grad(lambda x: (plain_smooth(x, 0.4) ** 2).sum())(y)
    np.testing.assert_allclose(descend(kernel, x), y, rtol=1e-12)


def test_arguments_are_copies():
    @numba.njit
    def spoils(x, n):
        x[:] = 7.0
        return x

    spoil = jitad.extern(spoils, shape=lambda x, n: x)
    x = np.arange(6.0)
    for f in (jitad.jit(lambda x: (spoil(x, 1), x * 2, spoil(x, 2), spoil(x.reshape(2, 3).T.reshape(6), 1)[0])),):
        for _ in range(2):
            a, b, c, d = f(x)
            np.testing.assert_array_equal(a, 7.0)
            np.testing.assert_array_equal(b, 2 * np.arange(6.0))
            np.testing.assert_array_equal(c, 7.0)
            a[:] = 0
            np.testing.assert_array_equal(x, np.arange(6.0))


def test_wrong_results():
    @numba.njit
    def longer(x):
        return np.concatenate((x, x[:1]))

    @numba.njit
    def raising(x):
        if x[0] < 0:
            raise ValueError("negative")
        if x[0] > 9:
            raise IndexError("large")
        return x.sum()

    short = jitad.extern(longer, shape=lambda x: x)
    wrong = jitad.jit(lambda x: short(x) * 2)
    checked = jitad.jit(jitad.extern(raising, shape=()))
    x = np.ones(6)
    for _ in range(3):
        with pytest.raises(ShapeError, match=r"longer, embedded by jitad.extern, returned an array of another shape"):
            wrong(x)
        assert checked(x) == 6.0
        with pytest.raises(ValueError, match="negative"):
            checked(-x)
        with pytest.raises(IndexError, match="large"):
            checked(10 * x)
    with jitad.disable_jit():
        with pytest.raises(ShapeError, match=r"\(7,\), not \(6,\)"):
            wrong(x)
        with pytest.raises(DTypeError, match="float64; int64 was said"):
            jitad.jit(jitad.extern(raising, shape=(), dtype=int))(x)
        with pytest.raises(ShapeError, match="longer"):
            jitad.jit(jitad.extern(longer, shape=()))(x)
        with pytest.raises(TypeError, match="a tuple of 2 was said"):
            jitad.jit(jitad.extern(longer, shape=lambda x: (x, x)))(x)
    for said, text in (((), "0 axes of float64 were said"), (lambda x: (x, x), "a tuple of 2 was said")):
        with pytest.raises(numba.core.errors.TypingError, match=text):
            jitad.jit(jitad.extern(longer, shape=said))(x)


def test_a_function_of_the_same_name_is_another_one():
    found = []
    for factor in (2.0, 3.0, 2.0):
        @numba.njit
        def scaled(x):
            return factor * x  # noqa: B023

        found.append(jitad.jit(jitad.extern(scaled, shape=lambda x: x))(np.ones(6))[0])
        assert contents(scaled)[1]
    assert found == [2.0, 3.0, 2.0]


def test_what_determines_code():
    def made(text, **names):
        space = {"numba": numba, "np": np, **names}
        exec(textwrap.dedent(text), space)
        return space["f"]

    first = "@numba.njit\ndef f(x):\n    return x + one(x)"
    ones = [numba.njit(lambda x: x + 1.0), numba.njit(lambda x: x + 1.0), numba.njit(lambda x: x + 2.0)]
    a, b, c = (contents(made(first, one=one)) for one in ones)
    assert a == b and a != c and a[1] and c[1]
    table = "@numba.njit\ndef f(x):\n    return x + T[0]"
    a, b, c = (contents(made(table, T=t)) for t in (np.ones(3), np.ones(3), np.ones(3) * 2))
    assert a == b and a != c
    assert contents(made("@numba.njit\ndef f(x):\n    return np.sin(x)"))[1]
    assert contents(numba.njit(fastmath=True)(pair_energy.py_func)) != contents(pair_energy)

    class Odd:
        pass

    assert not contents(numba.njit(parallel=True)(pair_energy.py_func))[1]
    unknown = made("@numba.njit\ndef f(x):\n    return x if T else x", T=Odd())
    assert not contents(unknown)[1] and contents(unknown) != contents(unknown)


def test_global_values_are_constants():
    space = {"numba": numba, "K": 2.0}
    exec("@numba.njit\ndef f(x):\n    return K * x", space)
    f = jitad.extern(space["f"], shape=lambda x: x)
    with jitad.disable_jit():
        np.testing.assert_array_equal(jitad.jit(lambda x: f(x))(np.ones(6)), 2.0)
        space["K"] = 3.0
        with pytest.raises(TraceError, match="call jitad.extern again"):
            jitad.jit(lambda x: f(x) + 1)(np.ones(6))


SCRIPT = """
import sys, numba, numpy as np, jitad
from jitad.counters import counts
K = float(sys.argv[1])

@numba.njit
def helper(x):
    return K * x

@numba.njit
def f(x):
    return helper(x).sum()

@numba.njit
def f_vjp(x, ct):
    return np.full_like(x, ct * K)

g = jitad.value_and_grad(jitad.extern(f, vjp=f_vjp, shape=()))
value, slope = g(np.ones(6))
print(value, slope[0], counts().get("compilations", 0), counts().get("loads", 0))
"""


def test_another_process(tmp_path):
    """The kernel on disk is that of a function of this very content."""
    path, env = tmp_path / "script.py", {**os.environ, "JITAD_CACHE_DIR": str(tmp_path / "kernels"), "PYTHONPATH": os.getcwd()}
    (tmp_path / "kernels").mkdir(mode=0o700)
    path.write_text(SCRIPT)
    found = [subprocess.run([sys.executable, str(path), k], capture_output=True, text=True, env=env, check=True).stdout.split()
             for k in ("2", "2", "3")]
    assert found == [["12.0", "2.0", "1", "0"], ["12.0", "2.0", "0", "1"], ["18.0", "3.0", "1", "0"]]


ERRORS = {
    "not compiled": (TypeError, "use jitad.pure_callback", lambda: jitad.extern(np.sin, shape=())),
    "no shape": (TypeError, "needs shape", lambda: jitad.extern(pair_energy)),
    "two rules": (TypeError, "one of vjp and jvp", lambda: jitad.extern(pair_energy, np.sin, np.sin, ())),
    "inside": (TypeError, "outside of the traced function", lambda: jitad.jit(lambda x: jitad.extern(filtered, shape=())(x))(X)),
    "a container": (TypeError, "argument 0 is a list", lambda: jitad.jit(lambda x: energy([x], PAIRS))(X)),
    "no derivative": (TypeError, "pair_energy, embedded by jitad.extern, has no derivative: give",
                      lambda: jitad.grad(jitad.extern(pair_energy, shape=()))(X, PAIRS)),
    "no second derivative": (TypeError, "filtered_vjp, embedded by jitad.extern, has no derivative", lambda: jitad.grad(
        lambda x: jitad.grad(lambda y: (smooth(y, 0.5) ** 2).sum())(x).sum())(np.ones(3))),
    "few cotangents": (TypeError, "a cotangent for each argument that is a float: 1, not 2", lambda: jitad.grad(
        jitad.extern(pair_energy, lambda x, pairs, ct: (ct * x, None), shape=()))(X, PAIRS)),
    "lengths": (TypeError, "says lengths", lambda: jitad.jit(jitad.extern(filtered, shape=(2.5,)))(X[:, 0], 0.5)),
    "complex": (DTypeError, "not supported", lambda: jitad.extern(filtered, shape=(), dtype=complex)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    error, text, call = ERRORS[name]
    with jitad.disable_jit(), pytest.raises(error, match=text):
        call()

"""Lengths inside traced functions: idioms of NumPy code give what they give with an int, at every length."""

import math
import numbers
import threading

import numpy as np
import pytest

import jitad

SYMBOLIC = [  # one kernel for all lengths
    "np.zeros((n, 3)) + x[:, None]", "np.zeros(n) + x", "np.zeros(x.shape) + 1", "np.ones((n, n)) - np.eye(n)", "np.eye(n)",
    "np.identity(n)",
    "np.arange(n)", "np.arange(0, n)", "np.arange(n, dtype=int)", "np.linspace(0, 1, n)", "np.triu_indices(n, 1)",
    "np.tril(np.ones((n, n)))", "np.indices((n, n))", "np.broadcast_to(1.0, (n, n))", "np.float64(0.5) * n", "np.ones(3) * n",
    "n * np.ones(3)", "np.ones(3) / n", "np.array([1.0, n])", "np.full(3, n)", "np.full(3, 1.0 / n)", "np.array(n)",
    "np.asarray(n, float)", "x.reshape(n, -1)", "x.reshape(-1, n)", "n * (n - 1) / 2", "n * (n - 1) // 2", "x.sum() / n",
    "x[: n // 2]",
    "x[n - 1]", "x[n // 2:]", "0.5 * n", "n * 2 + 1", "-n", "n - 3", "3 - n", "n > 3", "n >= 5", "n != 0", "isinstance(n, int)",
    "isinstance(n, numbers.Integral)", "bool(n)", "abs(n)", "max(n, 5)", "np.eye(n)[None] * 2", "np.ones(20)[np.arange(n)]",
    "np.float64(3.0) / n", "len(x) * x", "x.size * x", "np.roll(x, n - 1)", "np.repeat(x, 2)", "np.pad(x, (0, n))",
    "np.tile(x, 2)",
    "np.full_like(x, n)", "x @ np.arange(n)", "sum([n, n])", "n == n", "np.multiply(n, 2)", "np.int64(2) * n",
    "np.stack([x] * 2)",
]
GUARDED = [  # the trace holds for one length
    "list(range(n))[:2]", "len([0] * n)", "np.ones(34).reshape(2, -1)[:, :n]", "np.sqrt(n)", "math.sqrt(n)", "n**0.5",
    "np.log(n)",
    "np.isscalar(n)", "n == 13", "13 == n", "(n, 3) == (13, 3)", "n in (1, 2)", "n in (13,)", "{13: 1}.get(n, 0)",
    "{n: 1}.get(13, 0)", "len({n, n})", "f'{n}'", "f'{n:3d}'", "'%d' % n", "str(n)", "repr(n)", "min(n, 15)", "divmod(n, 2)",
    "round(n)",
    "int(n)", "float(n)", "np.prod((n, 3))", "math.comb(n, 2)", "math.factorial(n)", "n % 2 == 0", "n & 1", "bin(n)", "n**2",
    "2**n",
    "n.bit_length()", "complex(n).real", "hash(n) == hash(13)", "np.minimum(n, 3)", "[0.5 * i for i in range(n)][-1]", "n < 15",
    "sum(x[i] for i in range(n))", "np.array(range(n))", "format(n, 'd')", "n.real", "tuple(range(n))[-1]", "n if n > 14 else -n",
    "np.array([x[i] for i in range(n)])", "x[list(range(n))]",
]


def compare(idiom, expect_one):
    seen = []
    scope = {"np": np, "math": math, "numbers": numbers, "seen": seen}
    exec(f"def f(x):\n    n = x.shape[0]\n    out = {idiom}\n    if isinstance(out, str):\n"
         "        seen.append(out)\n        return 0.0\n    return out", scope)
    f = scope["f"]
    traced = jitad.jit(f)
    with jitad.disable_jit():
        for n in (13, 17, 13):
            x = np.random.default_rng(n).normal(size=n)
            want, texts = f(x), list(seen)
            seen.clear()
            got = traced(x)
            assert not seen or seen == texts
            seen.clear()
            for a, b in zip(*(v if isinstance(v, (tuple, list)) else (v,) for v in (got, want)), strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-13)
                assert np.shape(a) == np.shape(b)
    if expect_one:
        assert len(traced._caller._found) == 1 and [len(s) for s in traced._caller._found.values()] == [1]


@pytest.mark.parametrize("idiom", SYMBOLIC)
def test_symbolic(idiom):
    compare(idiom, True)


@pytest.mark.parametrize("idiom", GUARDED)
def test_guarded(idiom):
    compare(idiom, False)


def test_a_length_of_a_finished_trace_is_its_number():
    box = threading.Event()

    def f(x):
        box.kept = x.shape[0]
        return x.sum()

    with jitad.disable_jit():
        jitad.jit(f)(np.ones(7))
    assert box.kept == 7 and box.kept + 1 == 8 and f"{box.kept}" == "7" and [0] * box.kept == [0] * 7


def test_equal_lengths_are_a_guard_that_names_both():
    g = jitad.grad(lambda x, y: (x * y).sum())
    np.testing.assert_array_equal(g(np.ones(6), np.full(6, 2.0)), np.full(6, 2.0))
    with pytest.raises(ValueError, match=r"\(6,\).*\(7,\)"):
        g(np.ones(6), np.ones(7))
    np.testing.assert_array_equal(g(np.ones(8), np.full(8, 2.0)), np.full(8, 2.0))
    assert len(g.specializations) == 1


WITH_TRACED = {
    "difference": lambda x, k: x.sum() * (len(x) - k), "the other way": lambda x, k: x.sum() * (k - len(x)),
    "product": lambda x, k: x.sum() * (len(x) * k), "quotient": lambda x, k: x.sum() * (len(x) // k),
    "rest": lambda x, k: x.sum() * (len(x) % k), "ratio": lambda x, k: x.sum() * (len(x) / k),
    "from the end": lambda x, k: x[len(x) - 1 - k] ** 2, "chosen": lambda x, k: np.where(len(x) > k, x, 0.0).sum(),
    "larger": lambda x, k: x.sum() * max(len(x), k), "both": lambda x, k: x.sum() * divmod(len(x), k)[1]}


@pytest.mark.parametrize("name", WITH_TRACED)
def test_a_length_and_a_traced_integer(name):
    """One kernel for any of both; they stay what they are."""
    f = WITH_TRACED[name]
    g = jitad.value_and_grad(f)
    for n, k in ((6, 2), (6, 3), (6, 5), (9, 2), (7, 4)):
        x = np.arange(1.0, n + 1)
        value, slope = g(x, k)
        assert value == pytest.approx(f(x, k), rel=1e-14)
        d = np.random.default_rng(k).normal(size=n)
        assert slope @ d == pytest.approx((f(x + 1e-6 * d, k) - f(x - 1e-6 * d, k)) / 2e-6, rel=1e-7, abs=1e-7)
    assert len(g.specializations) == 1


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32])
def test_a_length_and_integers_of_fewer_bits(dtype):
    """The result has their dtype, as NumPy's has; a length that does not fit is refused as there."""
    f = jitad.jit(lambda x, k: (x[len(x) - 1 - k], len(x) - k))
    for n in (6, 100):
        x, k = np.arange(float(n)), np.array([0, 3], dtype)
        (values, rest), (expected, plain) = f(x, k), (x[n - 1 - k], n - k)
        np.testing.assert_array_equal(values, expected)
        np.testing.assert_array_equal(rest, plain)
        assert rest.dtype == plain.dtype
    assert len(f.specializations) == 1
    if dtype == np.int8:
        with pytest.raises(OverflowError, match="Python integer 299 out of bounds for int8"):
            f(np.zeros(300), k)


def test_powers_of_lengths():
    assert jitad.jit(lambda x: x.sum() * pow(len(x), 2, 7))(np.ones(6)) == 6.0 * pow(6, 2, 7)


def test_loops_over_an_array_from_its_end():
    """The idiom of solvers: counted down from a length, by a number that a loop counts."""
    def solve(b, c, d):
        n = len(d)

        def back(k, x):
            i = n - 2 - k
            return x.at[i].set((d[i] - c[i] * x[i + 1]) / b[i])

        end = np.zeros(n)
        end[n - 1] = d[n - 1] / b[n - 1]
        return (jitad.fori_loop(0, n - 1, back, end) ** 2).sum()

    g = jitad.value_and_grad(solve, (0, 1, 2))
    for n in (5, 8):
        rng = np.random.default_rng(n)
        b, c, d = 2 + rng.uniform(size=n), rng.normal(size=n), rng.normal(size=n)
        x = np.linalg.solve(np.diag(b) + np.diag(c[:-1], 1), d)
        w = np.linalg.solve((np.diag(b) + np.diag(c[:-1], 1)).T, 2 * x)
        value, slopes = g(b, c, d)
        assert value == pytest.approx(x @ x)
        for found, want in zip(slopes, (-w * x, -np.append(w[:-1] * x[1:], 0.0), w), strict=True):
            np.testing.assert_allclose(found, want, rtol=1e-10, atol=1e-12)
    assert len(g.specializations) == 1

"""What is asked on a path is decided by compiled code, and what another path would do is not done."""

import numpy as np
import pytest

import jitad
from jitad.errors import ConcreteValueError, IndexRangeError

INF, NAN = float("inf"), float("nan")

# Ties: compiled code adds in the order of the indices, NumPy in pairs.

SUMMANDS = np.concatenate([[1e16, 1.0, -1e16, 1.0, 3.0, 1e16, -1e16], np.random.default_rng(0).normal(size=300) * 1e8])
IN_ORDER = float(np.cumsum(SUMMANDS)[-1])
IN_PAIRS = float(SUMMANDS.sum())
BETWEEN = (IN_ORDER + IN_PAIRS) / 2


def tied(x, c):
    if x.sum() > c:
        return (2 * x).sum()
    return (3 * x).sum()


def exactly(x, total):
    assert x.sum() == total
    return (x**2).sum()


def test_ties():
    assert IN_ORDER != IN_PAIRS
    g, want = jitad.grad(tied), 2.0 if IN_ORDER > BETWEEN else 3.0
    for _ in range(3):
        assert g(SUMMANDS, BETWEEN)[0] == want
    assert len(g.specializations) == 1
    for c in (IN_ORDER, np.nextafter(IN_ORDER, -INF), IN_PAIRS):
        for _ in range(3):
            assert g(SUMMANDS, c)[0] == (2.0 if IN_ORDER > c else 3.0)
    made = g.specialize(SUMMANDS, BETWEEN)
    assert made.njit(SUMMANDS, BETWEEN)[0] == want and made.path[0][1] is bool(IN_ORDER > BETWEEN)
    with jitad.disable_jit():  # where the interpreter answers
        assert g(SUMMANDS, BETWEEN)[0] == (2.0 if IN_PAIRS > BETWEEN else 3.0)


def test_an_error_on_a_path_that_was_a_guess():
    g = jitad.grad(exactly)
    for _ in range(2):
        np.testing.assert_array_equal(g(SUMMANDS, IN_ORDER), 2 * SUMMANDS)
        with pytest.raises(AssertionError):
            g(SUMMANDS, IN_PAIRS)


def test_guesses_one_after_the_other():
    def f(x, c):
        out = 0.0
        for k in range(3):
            if (x * 2.0**k).sum() > c * 2**k:  # each of them is guessed wrong
                out = out + x[k] * (k + 1)
        return out

    g = jitad.grad(f)
    for _ in range(3):
        np.testing.assert_array_equal(g(SUMMANDS, BETWEEN)[:3], [1, 2, 3] if IN_ORDER > BETWEEN else [0, 0, 0])
    assert len(g.specializations) == 1


def test_large_arrays_are_left_to_kernels(monkeypatch):
    monkeypatch.setattr("jitad.trace.questions.LARGE", 10)
    monkeypatch.setattr("jitad.ir.evaluate.run_nodes", lambda *_: pytest.fail("the interpreter was asked"))
    monkeypatch.setattr("jitad.trace.questions.run_nodes", lambda *_: pytest.fail("the interpreter was asked"))

    def f(x):
        pairs = x[:, None] * x
        if pairs.sum() > 0 and pairs[0, 0] < 1e9:
            return pairs.sum() if x[0] > 0 else x[0]
        return x[1]

    g, x = jitad.grad(f), np.arange(1.0, 41.0)
    for _ in range(2):
        np.testing.assert_allclose(g(x), 2 * x.sum())
        np.testing.assert_allclose(g(-x), np.eye(40)[0])


class TestIntegers:
    """What is used as an integer of Python's is part of the path."""

    def test_counts_and_indices(self):
        f = jitad.grad(lambda x, n: sum(x**k for k in range(n)) + [x, x**2, x**3][n % 3])
        for n in (2, 4, 2):
            assert f(2.0, n) == sum(k * 2.0 ** (k - 1) for k in range(n)) + [1.0, 4.0, 12.0][n % 3]
        assert len(f.specializations) == 2

    def test_lookups(self):
        masses = {1: 1.008, 8: 15.999}
        f = jitad.grad(lambda x, kind: masses[kind] * x**2 if kind in masses else x)
        assert [f(1.0, k) for k in (8, 1, 3, 8)] == [2 * 15.999, 2 * 1.008, 1.0, 2 * 15.999]

    def test_of_floats(self):
        f = jitad.value_and_grad(lambda x: x * int(x))
        assert [f(x) for x in (2.5, -2.5, 2.75, -0.0)] == [(5.0, 2.0), (5.0, -2.0), (5.5, 2.0), (0.0, 0.0)]
        with pytest.raises(ValueError, match="NaN"):
            f(NAN)
        with pytest.raises(OverflowError):
            f(INF)

    def test_a_float_has_a_derivative_and_is_refused(self):
        with pytest.raises(ConcreteValueError, match="float"):
            jitad.grad(lambda x: float(x) ** 2)(2.0)
        assert jitad.grad(lambda x, n: x * float(n))(2.0, 3) == 3.0

    def test_traced_indices(self):
        f = jitad.grad(lambda x, k: x[k] ** 2 * x[k + 1])
        x = np.arange(1.0, 7.0)
        for k in (0, 3, -3):
            want = np.zeros(6)
            want[k], want[k + 1] = 2 * x[k] * x[k + 1], x[k] ** 2
            np.testing.assert_allclose(f(x, k), want)
        assert len(f.specializations) == 1
        for k in (6, 5, -7):
            with pytest.raises(IndexRangeError, match="out of bounds for axis 0 with size 6"):
                f(x, k)


class TestOnePathOnly:
    """What another path would do is not done."""

    def test_indices_out_of_range(self):
        def f(x, k):
            if k < len(x):
                return x[k] ** 2 if x[k] > 2 else x[k]
            return x.sum()

        g, x = jitad.grad(f), np.arange(6.0)
        for k in (1, 5, 9, 100, 3, 1):
            want = np.ones(6) if k > 5 else np.eye(6)[k] * (2 * x[k] if x[k] > 2 else 1)
            np.testing.assert_array_equal(g(x, k), want)
        with jitad.disable_jit():
            np.testing.assert_array_equal(g(x, 9), np.ones(6))
        with pytest.raises(IndexRangeError):
            g(x, -7)

    def test_singular_matrices(self):
        def f(a):
            if a[0, 0] * a[1, 1] == a[0, 1] * a[1, 0]:
                return a.sum()
            s = np.linalg.solve(a, a[0])
            return s[0] if s[1] < 1 else s[1]

        g = jitad.jit(f)
        for a in (np.eye(2), np.ones((2, 2)), np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones((2, 2))):
            assert g(a) == pytest.approx(f(a))

    def test_errors_of_the_user_s(self):
        def f(x):
            assert x > 0, "negative"
            if x > 10:
                raise KeyError(f"too large{'':1}")
            return x**2

        g = jitad.grad(f)
        for _ in range(2):
            with pytest.raises(AssertionError, match="negative"):
                g(-1.0)
            assert g(2.0) == 4.0
            with pytest.raises(KeyError, match="too large"):
                g(11.0)
        assert len(g.specializations) == 1



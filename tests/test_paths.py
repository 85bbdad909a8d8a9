"""Functions that branch: a trace and a kernel for each path, found by what compiled code answers."""

import os
import pickle
import queue
import subprocess
import sys
import threading

import numba
import numpy as np
import pytest

import jitad
from jitad.counters import counts
from jitad.entry import MISS
from jitad.errors import ConcreteValueError, IndexRangeError, TraceError

INF, NAN = float("inf"), float("nan")


def absolute(x):
    if x < 0:
        return -3 * x
    return 2 * x


def short(g, *args):
    """What the entries of a function say to a call."""
    found = (entry(args, {}) for entry in g._caller.entries)
    return next((out for out in found if out is not MISS), MISS)


def test_ten_thousand_calls_on_both_sides_compile_two_paths():
    g = jitad.grad(absolute)
    g(1.0), g(-1.0)
    before = counts()
    for _ in range(5_000):
        assert g(2.0) == 2.0 and g(-3.0) == -3.0
    assert counts() == before and len(g.specializations) == 2
    assert short(g, 2.0) == 2.0 and short(g, -3.0) == -3.0 and len(g._caller.entries) == 1


def test_a_loop_of_many_turns_is_asked_about_at_once():
    def halved(x, limit):
        turns = 0
        while x > limit:
            x = x * 0.5
            turns += 1
        return x * turns

    g = jitad.grad(halved)
    before = counts()["compilations"] + counts()["loads"]
    assert g(1.0, 2.0**-40) == 2.0**-40 * 40
    assert counts()["compilations"] + counts()["loads"] == before + 2  # what was asked, and the rest
    for k in (3, 50, 7, 3):
        assert g(1.0, 2.0**-k) == 2.0**-k * k
    assert len(g.specializations) == 4


def test_many_stages_one_after_the_other(monkeypatch):
    monkeypatch.setattr("jitad.entry.DEEPEST", 2)

    def counted(x, n):
        for k in range(6):
            if n <= k:
                return x * k
        return -x

    g = jitad.grad(counted)
    for _ in range(3):
        for n in range(8):
            assert g(1.0, n) == (n if n < 6 else -1.0)
    assert len(g.specializations) == 7
    assert short(g, 1.0, 0) == 0.0 and short(g, 1.0, 5) is MISS  # that goes the long way


def test_paths_that_look_at_different_things():
    weights, label, scale = np.array([1.0, 2.0]), ["first"], 3.0

    def f(x):
        if x > 0:
            return x * weights[0] if weights.sum() > 2 else x * weights[1]
        return x * scale * len(label[0])

    g = jitad.grad(f)
    for _ in range(3):
        assert g(1.0) == 1.0 and g(-1.0) == 15.0
    assert short(g, 1.0) == 1.0 and short(g, -1.0) == 15.0
    label[0] = "second"
    assert short(g, 1.0) == 1.0 and short(g, -1.0) is MISS
    weights[:] = 0.5, 0.25
    for _ in range(3):
        assert g(-1.0) == 18.0 and g(1.0) == 0.25
    scale = 2.0
    assert short(g, -1.0) == 12.0 and short(g, 1.0) == 0.25
    weights[:] = 1.0, 2.0
    for _ in range(3):
        assert g(1.0) == 1.0
    for k in range(100):  # one path still, of another content each time
        label[0] = "x" * k
        assert g(-1.0) == 2.0 * k


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
    monkeypatch.setattr("jitad.trace.questions.LARGE", 100)
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


# Kernels that compiled code calls.


@numba.njit
def called(kernel, x, y):
    return kernel(x, y)


def test_kernels_refuse_other_paths():
    limit = np.array([2.0])

    def f(x, y):
        if x * 1.2345 > limit[0] * y:
            return x * y * 2.3456
        return y

    g = jitad.value_and_grad(f)
    above, below = g.specialize(2.0, 1.0), g.specialize(1.0, 1.0)
    assert above is not below and [a for _, a in above.path] == [True] and "test_paths.py, line" in above.path[0][0]
    assert len(above.captured) == 4  # a constant, the limit, and what is asked with
    assert above.njit(2.0, 1.0, *above.captured) == pytest.approx((2.0 * 2.3456, 2.3456))
    assert below.njit(1.0, 1.0, *below.captured) == (1.0, 0.0)
    for made, args in ((above, (1.0, 1.0)), (below, (2.0, 1.0)), (above, (NAN, 1.0))):
        with pytest.raises(ValueError, match="another path"):
            made.njit(*args, *made.captured)
    limit[0] = 5.0
    with pytest.raises(ValueError, match="another path"):
        above.njit(2.0, 1.0, *above.captured)


def test_kernels_that_allocate_nothing_refuse_too():
    def f(x, k):
        if x[k] > 0 and x.sum() < 10:
            return x**2
        return -x

    x = np.arange(1.0, 6.0) / 4
    made = jitad.jit(f).specialize(x, 1)
    (out,) = made.buffers(x, 1)[:1]
    made.njit_into(x, 1, *made.captured, (out,))
    np.testing.assert_array_equal(out, x**2)
    with pytest.raises(ValueError, match="another path"):
        made.njit_into(-x, 1, *made.captured, (out,))
    with pytest.raises(ValueError, match="another path"):
        made.njit(x + 9, 1, *made.captured)
    with pytest.raises(IndexError):
        made.njit(x, 7, *made.captured)
    assert called(made.njit, x, 2).tolist() == (x**2).tolist()


@pytest.mark.parametrize("options", [{"parallel": True}, {"strict": True}, {"cache": False}], ids=str)
def test_options(options):
    g = jitad.jit(jitad.value_and_grad(lambda x: (x**2).sum() if x.sum() > 1 else (x[:, None] * x).sum()), **options)
    for x in (np.ones(9), -np.ones(9), np.ones(9)):
        value, slope = g(x)
        np.testing.assert_allclose(slope, 2 * x if x[0] > 0 else 2 * x.sum())
    made = g.specialize(x)
    assert made.njit(x)[0] == 9.0
    with pytest.raises(ValueError, match="another path"):
        made.njit(-x)


def test_paths_belong_to_the_key():
    def positive(x):
        return x * 5.0 if x > 0 else x

    def negative(x):
        return x * 5.0 if x < 0 else x

    first, second = jitad.jit(positive), jitad.jit(negative)
    assert first(2.0) == 10.0 and second(-2.0) == -10.0  # the same graph
    assert not set(first.specializations) & set(second.specializations)
    with pytest.raises(ValueError, match="another path"):
        first.specialize(2.0).njit(-2.0, *first.specialize(2.0).captured)
    assert second.specialize(-2.0).njit(-2.0, *second.specialize(-2.0).captured) == -10.0


SCRIPT = """
import jitad, numpy as np
from tests.test_paths import BETWEEN, SUMMANDS, absolute, tied
g, h = jitad.grad(tied), jitad.grad(absolute)
found = [g(SUMMANDS, BETWEEN)[0], g(SUMMANDS, 1e300)[0], g(SUMMANDS, -1e300)[0], h(2.0), h(-2.0)]
kernels = h.specialize(2.0), h.specialize(-2.0)
print(found, kernels[0].njit(3.0), kernels[1].njit(-3.0), sorted(h.specializations), [k.source for k in kernels])
print({k: v for k, v in jitad.counters.counts().items() if k in ("compilations", "derivations", "failed_loads")})
"""


def test_other_processes_find_the_kernels():
    def run(seed):
        out = subprocess.run([sys.executable, "-c", SCRIPT], env={**os.environ, "PYTHONHASHSEED": seed}, text=True,
                             capture_output=True)
        assert out.returncode == 0, out.stderr
        return out.stdout.splitlines()

    first, second = run("1"), run("2")
    assert first[0] == second[0] and "-3.0" in first[0]
    assert "'compilations': 0" in second[1] and "'failed_loads': 0" in second[1]


def test_a_function_that_does_not_pickle_takes_its_paths_along():
    scale = 2.0

    def f(x):
        if x > scale:
            return x**2 * scale
        return -x if x < 0 else 3 * x

    g = jitad.grad(f)
    assert (g(3.0), g(-1.0)) == (12.0, -1.0)
    sent = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(g))))
    before = counts()["traces"]
    for _ in range(3):
        assert (sent(4.0), sent(-2.0)) == (16.0, -1.0)
    assert counts()["traces"] == before
    with pytest.raises(TraceError, match="of 1 types only.*takes the paths only"):
        sent(1.0)


def test_threads():
    barrier, found = threading.Barrier(4), queue.SimpleQueue()
    g = jitad.grad(lambda x: x**2 * 7.7 if x > 0 else (-x if x > -5 else x**3))

    def work(points):
        barrier.wait()
        found.put(all(g(x) == pytest.approx(2 * 7.7 * x if x > 0 else -1.0 if x > -5 else 3 * x**2) for x in points * 50))

    threads = [threading.Thread(target=work, args=(p,)) for p in ([1.0, -1.0], [-1.0, 1.0], [-6.0, 2.0], [2.0, -7.0])]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [found.get() for _ in threads] == [True] * 4
    assert len(g.specializations) == 3


class TestLimits:
    def test_paths(self):
        def f(x, n):
            if x > 0 and n > 2: return x  # noqa: E701
            return x * int(n)  # noqa

        g = jitad.jit(jitad.grad(f), max_paths=3)
        assert (g(1.0, 5), g(-1.0, 4), g(-1.0, 7)) == (1.0, 4.0, 7.0)
        with pytest.raises(ConcreteValueError, match=r"more than 3 paths.*integer.*static_argnums.*max_paths") as info:
            g(-1.0, 1)
        assert f"line {f.__code__.co_firstlineno + 2}" in str(info.value)
        with pytest.raises(ConcreteValueError, match=r"more than 3 paths.*truth value.*np\.where.*cond.*while_loop") as info:
            g(1.0, 0)
        assert f"line {f.__code__.co_firstlineno + 1}" in str(info.value)
        for _ in range(2):
            assert (g(1.0, 5), g(-1.0, 4), g(-1.0, 7)) == (1.0, 4.0, 7.0)
        assert g(np.float32(1.0), 5) == 1.0  # of other types: paths of their own
        assert jitad.jit(jitad.grad(f))(-1.0, 1) == 1.0

    def test_a_loop_that_never_ends(self):
        def f(x):
            while x > 0:
                x = x + 1
            return x

        before = counts()
        with pytest.raises(ConcreteValueError, match=r"500 truth values.*while_loop.*\n  at .*test_paths.py"):
            jitad.grad(f)(1.0)
        assert counts() == before
        assert jitad.grad(f)(-1.0) == 1.0

    def test_a_function_that_changes_its_mind(self):
        class Coin:
            sides = iter([True, False, True, False])

            def __call__(self):
                return next(Coin.sides)

        def f(x):
            return x if (x > 0 if next(sides) else x * 2 > 0) else -x

        sides = type("Sides", (), {"__next__": lambda self: coin()})()
        coin = Coin()
        g = jitad.grad(f)
        with pytest.raises((ConcreteValueError, TraceError)):
            g(1.0), g(-1.0)


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

        g = jitad.grad(f)
        for a in (np.eye(2), np.ones((2, 2)), np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones((2, 2))):
            found = g(a)
            assert np.isfinite(found).all()
            if a[0, 1] == 1:
                np.testing.assert_array_equal(found, np.ones((2, 2)))

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



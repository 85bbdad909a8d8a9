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
from jitad.errors import ConcreteValueError, TraceError

NAN = float("nan")


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
    assert short(g, 1.0) is MISS and short(g, -1.0) is MISS
    weights[:] = 0.5, 0.25
    for _ in range(3):
        assert g(-1.0) == 18.0 and g(1.0) == 0.25
    scale = 2.0
    assert short(g, -1.0) == 12.0 and short(g, 1.0) == 0.25  # a number is an argument
    weights[:] = 1.0, 2.0
    for _ in range(3):
        assert g(1.0) == 1.0
    for k in range(100):  # one path still, of another content each time
        label[0] = "x" * k
        assert g(-1.0) == 2.0 * k


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


@pytest.mark.parametrize("options", [{"parallel": True}, {"strict": True}], ids=str)
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
from tests.test_decisions import BETWEEN, SUMMANDS, tied
from tests.test_paths import absolute
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

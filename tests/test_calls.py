"""Daily use: threads, interruptions, long sessions, arguments of other libraries."""

import concurrent.futures
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import jitad
from jitad.config import detours
from jitad.trace.tracing import current

X = np.linspace(1, 2, 7)


def test_sixteen_threads_that_trace_and_call():
    """1,000 calls; functions of every thread's own, shared ones, and lengths that need new traces."""
    scale = 1.5

    def energy(x):
        half = x[: len(x) // 2] if len(x) % 2 == 0 else x
        return (half**2).sum() * scale + x.sum()

    shared = jitad.value_and_grad(energy)
    start = threading.Barrier(16)

    def work(k):
        start.wait()
        factor = 1 + k % 4  # four kernels, each compiled for several threads at once
        own = jitad.grad(lambda x: energy(x) * factor)
        for n in range(32):
            x = np.linspace(0, 1 + k, 5 + (n + k) % 23)
            value, slope = shared(x)
            expected = np.ones_like(x)
            m = len(x) // 2 if len(x) % 2 == 0 else len(x)
            expected[:m] += 3 * x[:m]
            np.testing.assert_allclose(slope, expected)
            assert value == pytest.approx(energy(x))
            np.testing.assert_allclose(own(x), expected * factor)
        return k

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert sorted(pool.map(work, range(16))) == list(range(16))
    assert current() is None and not detours


def test_reentrancy():
    """A function of jitad's that is called while another of its calls is being traced, or waits for it."""
    depth = []

    def inside(_, n):
        depth.append(n)
        return float(g(np.ones(n))[0]) if n else 1.0

    solver = threading.Event()  # an object of a package: not traced
    solver.inside = inside.__get__(solver)

    def f(x):
        return (x**2).sum() * solver.inside(x.shape[0] - 1)

    g = jitad.grad(f)
    np.testing.assert_array_equal(g(np.ones(5)), np.full(5, 2.0**5))
    assert depth == [4, 3, 2, 1, 0] and current() is None


def test_generators_and_callbacks():
    from scipy.optimize import minimize

    inner = jitad.value_and_grad(lambda y, x: ((y - x) ** 2).sum() + (y**4).sum())
    outer = jitad.grad(lambda x, y: ((x - 1) ** 2).sum() + (x * y).sum())
    seen = []

    def callback(x):
        y = minimize(inner, np.zeros(6), args=(x,), jac=True).x
        seen.append(outer(x, y).sum())

    minimize(inner, np.ones(6), args=(np.zeros(6),), jac=True, callback=callback)
    assert seen and np.isfinite(seen).all()


class Table:
    """Like a column of pandas."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype)


def test_arguments_of_other_libraries():
    g = jitad.grad(lambda x: (x**3).sum())
    for x in (Table(X), Table(X.astype("f4")), Table(list(X))):
        for _ in range(2):
            np.testing.assert_allclose(g(x), 3 * X**2, rtol=1e-6)
    misaligned = np.frombuffer(b"x" + X.tobytes(), offset=1)
    assert not misaligned.flags.aligned
    np.testing.assert_allclose(g(misaligned), 3 * X**2)
    assert g(np.array(2.0)) == 12 and g(np.float32(2)) == 12 and type(g(np.float32(2))) is np.float32
    pandas = pytest.importorskip("pandas")
    np.testing.assert_allclose(g(pandas.Series(X)), 3 * X**2)


INTERRUPTED = """
import random, signal, sys, time
import numpy as np, jitad
from jitad.config import detours
from jitad.trace.tracing import current

def stop(*_):
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, stop)
jitad.grad(lambda x: (x**2).sum())(np.ones(5))  # what Numba does once is done

x = np.linspace(0, 1, 9)
hits = 0
for k in range(1, 41):
    def energy(x):
        y = x
        for _ in range(40):
            y = y + x / k
        return (np.sin(y) * k).sum()
    g = jitad.value_and_grad(energy)
    signal.setitimer(signal.ITIMER_REAL, 0.6 * k / 40)
    try:
        g(x)
    except KeyboardInterrupt:
        hits += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    assert current() is None and not detours, k
    for _ in range(3):
        value, slope = g(x)
        assert abs(value - energy(x)) < 1e-9 * abs(value), k
        assert np.allclose(slope, np.cos(x + 40 * x / k) * k * (1 + 40 / k)), k
assert hits > 3, hits
long = jitad.jit(lambda x: np.sin(np.exp(x[:, None]) * x).sum())
long(x)
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    for _ in range(100):
        long(np.linspace(0, 1, 3000))
    print("never stopped")
except KeyboardInterrupt:
    print("stopped")
signal.setitimer(signal.ITIMER_REAL, 0)
assert abs(long(x) - np.sin(np.exp(x[:, None]) * x).sum()) < 1e-9
"""


@pytest.mark.skipif(not hasattr(__import__("signal"), "setitimer"), reason="no timers")
def test_ctrl_c_at_any_time():
    out = subprocess.run([sys.executable, "-W", "ignore", "-c", INTERRUPTED], capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    assert out.stdout.strip() == "stopped"


MEMORY = """
import gc, sys
import numpy as np, jitad
import jitad.pipeline, jitad.call

def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4  # KiB

x = np.ones(13)
"""
CALLS = MEMORY + """
offset, table = 0.5, {"a": 2.0, "b": np.ones(13)}
g = jitad.value_and_grad(lambda x: (x**2 * table["b"]).sum() * table["a"] + offset)
strided = np.ones(26)[::2]
def calls(n):
    for _ in range(n):
        g(x)
    for _ in range(n // 20):
        g(strided)
calls(5_000)
before = resident()
calls(100_000)
print(resident() - before)
"""
TRACES = MEMORY + """
k = 1000
def f(x):
    return (x**2).sum() * k
g = jitad.grad(f)
def traces(n):
    global k
    for _ in range(n):
        k += 1
        assert g(x)[0] == 2 * k
traces(200)
before = resident()
traces(1_000)
assert len(g._caller._found[next(iter(g._caller._found))]) <= 64 and len(g._caller.entries) <= 4
print(resident() - before)
"""
KERNELS = MEMORY + """
jitad.pipeline.KEPT = jitad.call.KEPT = 8
def every():
    for k in range(1, 21):
        g = jitad.grad(lambda x, k=k: (x**3).sum() * k)
        assert g(x)[0] == 3 * k
every()
every()
before, first = resident(), jitad.cache.info().counts
for _ in range(10):
    every()
last = jitad.cache.info().counts
assert last["loads"] - first["loads"] >= 100 and last["compilations"] == first["compilations"]
assert sum(m.startswith("jitad_kernels.") for m in sys.modules) <= 12
print(resident() - before)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="no /proc")
@pytest.mark.parametrize("script,limit", [(CALLS, 1_000), (TRACES, 4_000), (KERNELS, 16_000)],
                         ids=["100,000 calls", "1,000 specializations", "200 kernels"])
def test_memory_is_flat(script, limit):
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    assert int(out.stdout) < limit, f"grew by {out.stdout} KiB"

"""`pure_callback`: what goes in and comes out, errors, threads, Ctrl-C, other processes."""

import _thread
import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import traceback

import numpy as np
import pytest
import scipy.optimize

import jitad
from jitad import ShapeDtypeStruct
from jitad.errors import DTypeError, ShapeError, TraceError

RNG = np.random.default_rng(8)
X, W = RNG.normal(size=7), RNG.normal(size=(3, 7))
MODES = {"compiled": contextlib.nullcontext, "interpreted": jitad.disable_jit}


def host(x, k, options):
    assert type(x) is np.ndarray and x.flags.writeable
    x[:] = np.sin(x)  # a copy
    return {"s": x.sum() * options["scale"], "k": k * 3, "b": x > 0, "f": x[::2].astype(np.float32), "n": np.uint64(2**63 + 1)}


def shapes(x, k):
    return {"s": ShapeDtypeStruct((), float), "k": k, "b": ShapeDtypeStruct(x.shape, bool),
            "f": ShapeDtypeStruct(((len(x) + 1) // 2,), np.float32), "n": ShapeDtypeStruct((), np.uint64)}


@pytest.mark.parametrize("mode", MODES)
def test_values(mode):
    """Every kind of number, exactly; one kernel for all lengths; arrays of length 0."""
    f = jitad.jit(lambda x, k, s: jitad.pure_callback(host, shapes(x, k), x, k, options={"scale": s}))
    with MODES[mode]():
        for x, k in ((X, np.array([2**53 + 1, -(2**55) - 3, -1, 5, 2**61])), (RNG.normal(size=9), np.arange(6)),
                     (X, np.zeros(0, np.int64))):
            found, want = f(x, k, 2.5), host(x.copy(), k, {"scale": 2.5})
            assert found["s"] == want["s"] and type(found["s"]) is float and found["n"] == 2**63 + 1
            for name in ("k", "b", "f"):
                np.testing.assert_array_equal(found[name], want[name])
                assert found[name].dtype == want[name].dtype
    if mode == "compiled":
        assert len(f.specializations) == 2  # short arrays have a kernel of their own
    np.testing.assert_array_equal(jitad.pure_callback(host, shapes(X, k), X.copy(), k, {"scale": 1.0})["b"], np.sin(X) > 0)


def total(x):
    return float(np.cumsum(x)[-1])


def once(x):
    return jitad.pure_callback(total, ShapeDtypeStruct((), float), x)


def test_it_is_mapped_and_looped_over():
    with jitad.disable_jit():
        np.testing.assert_allclose(jitad.vmap(once)(W), W.sum(1))
    g = jitad.jit(lambda w: jitad.scan(lambda c, row: (c + once(row * c), once(row)), 1.0, w))
    c, rows = 1.0, []
    for row in W:
        rows.append(row.sum())
        c = c + (row * c).sum()
    found = g(W)
    assert found[0] == pytest.approx(c)
    np.testing.assert_allclose(found[1], rows)
    np.testing.assert_allclose(jitad.jit(jitad.vmap(lambda row: once(row) * row))(W), W.sum(1)[:, None] * W)


@jitad.custom_vjp
def stated(x):
    return once(x) ** 2


stated.defvjp(lambda x: (once(x) ** 2, once(x)), lambda s, ct: (2 * s * ct * jitad.numpy.ones(7),))


def test_derivatives_are_those_that_are_stated():
    np.testing.assert_allclose(jitad.grad(stated)(X), 2 * X.sum() * np.ones(7))
    assert jitad.grad(lambda x: jitad.stop_gradient(once(jitad.stop_gradient(x))) * x[0])(X)[0] == pytest.approx(X.sum())
    with pytest.raises(TypeError, match="custom_jvp(?s:.)*test_callback.py, line"):
        jitad.grad(once)(X)


def test_it_may_call_what_jitad_made():
    """Also what calls back itself; and the errors of that are those of the whole."""
    inner = jitad.jit(lambda x: once(x * 2) + 1)

    def outer(x):
        if x[0] > 100:
            inner(np.full(7, "no"))
        return inner(x) + jitad.grad(lambda y: (y * y).sum())(x)[0]

    f = jitad.jit(lambda x: jitad.pure_callback(outer, ShapeDtypeStruct((), float), x))
    for _ in range(3):
        assert f(X) == pytest.approx(2 * X.sum() + 1 + 2 * X[0])
    with pytest.raises(DTypeError):
        f(X + 1000)
    assert f(X) == pytest.approx(2 * X.sum() + 1 + 2 * X[0])


class Oops(Exception):
    pass


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", [Oops, ValueError, IndexError, RuntimeError, np.linalg.LinAlgError, SystemExit])
def test_errors_of_the_function(kind, mode):
    calls = []

    def bad(x):
        calls.append(1)
        raise kind("on purpose")

    f = jitad.jit(lambda x: jitad.pure_callback(bad, ShapeDtypeStruct((), float), x) + 1)
    with MODES[mode]():
        for count in (1, 2, 3):
            with pytest.raises(kind, match="^on purpose$") as found:
                f(X)
            assert len(calls) == count  # it is not tried again
            assert "raise kind" in "".join(traceback.format_tb(found.tb))


def says(shape, dtype, value):
    def answer(x):
        return value

    return lambda x: jitad.pure_callback(answer, ShapeDtypeStruct(shape, dtype), x)


WRONG = {
    "shape": (ShapeError, r"shape \(3,\); \(2,\) was said", says((2,), float, np.zeros(3))),
    "dtype": (DTypeError, "returned dtype float64; int64 was said", says((), int, 1.5)),
    "complex": (DTypeError, "complex128", says((), float, 1j)),
    "container": (TypeError, r"returned \(\*, \*\); \* was said", says((), float, (1.0, 2.0))),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_it_returns_is_checked(name):
    error, text, f = WRONG[name]
    with jitad.disable_jit():
        for g in (f, jitad.jit(f)):
            with pytest.raises(error, match=text):
                g(X)


def test_what_is_refused():
    struct = ShapeDtypeStruct((), float)
    with pytest.raises(TypeError, match="takes a function"):
        jitad.pure_callback(3, struct)
    with pytest.raises(TypeError, match="ShapeDtypeStruct"):
        jitad.pure_callback(total, 1.0, X)
    with pytest.raises(DTypeError, match="complex128"):
        jitad.pure_callback(total, ShapeDtypeStruct((), complex), X)
    with pytest.raises(NotImplementedError, match="vmap_method"):
        jitad.pure_callback(total, struct, X, vmap_method="expand_dims")
    with pytest.raises(TraceError, match="traced value from around(?s:.)*line"):
        jitad.jit(lambda x: jitad.pure_callback(lambda: float(x.sum()), struct))(X)


FACTOR = 2.0


def test_the_function_is_the_users():
    """Not the private copy that is traced: made inside, with names and values from around as they are when it is called."""
    def f(x):
        def inside(v):
            return float(scipy.optimize.brentq(lambda t: t**3 - abs(v[0]) * sys.modules[__name__].FACTOR, 0, 100, xtol=1e-14))

        return jitad.pure_callback(inside, ShapeDtypeStruct((), float), x)

    g = jitad.jit(f)
    assert g(X) == pytest.approx(np.cbrt(abs(X[0]) * 2), rel=1e-10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[__name__], "FACTOR", 16.0)
        assert g(X) == pytest.approx(np.cbrt(abs(X[0]) * 16), rel=1e-10)

    class Counter:
        def __init__(self):
            self.calls = 0

        def norm(self, x):
            self.calls += 1
            return float(np.linalg.norm(x))

    counter = Counter()
    h = jitad.jit(lambda x: jitad.pure_callback(counter.norm, ShapeDtypeStruct((), float), x))
    assert h(X) == pytest.approx(np.linalg.norm(X)) and counter.calls == 1


def test_threads():
    """The kernel runs without Python's lock, the function with it; each thread has its own errors."""
    def slow(x):
        time.sleep(0.002)
        if x[0] < 0:
            raise Oops(str(x[0]))
        return float(x[0])

    f = jitad.jit(lambda x: jitad.pure_callback(slow, ShapeDtypeStruct((), float), x))
    f(np.ones(7))
    wrong = []

    def work(sign):
        for k in range(1, 30):
            try:
                found = f(np.full(7, sign * float(k)))
                wrong.extend([] if sign > 0 and found == k else [found])
            except Oops as error:
                wrong.extend([] if sign < 0 and str(error) == str(-float(k)) else [error])

    threads = [threading.Thread(target=work, args=(s,)) for s in (1, -1, 1, -1)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_ctrl_c():
    """Raised where the kernel was called; the next call is as ever."""
    stop = [False]

    def endless(x):
        end = time.monotonic() + 30
        while stop[0] and time.monotonic() < end:
            time.sleep(0.01)
        return float(x[0])

    f = jitad.jit(lambda x: jitad.pure_callback(endless, ShapeDtypeStruct((), float), x))
    assert f(X) == X[0]  # compiled, so that Ctrl-C meets the call
    stop[0] = True
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's jobs in the background ignore it
    try:
        threading.Timer(0.3, _thread.interrupt_main).start()
        with pytest.raises(KeyboardInterrupt):
            f(X)
    finally:
        signal.signal(signal.SIGINT, before)
    stop[0] = False
    assert f(X) == X[0]


SCRIPT = """
import numpy as np, jitad
from jitad.counters import counts
from tests.test_callback import once
f = jitad.jit(lambda x: once(x) * 1.0625)
print(f(np.arange(7.0)), *f.specializations, counts().get("compilations", 0))
"""


def test_kernels_on_disk(tmp_path):
    """The second process compiles nothing, and calls its own function."""
    env = {**os.environ, "JITAD_CACHE_DIR": str(tmp_path / "kernels")}
    found = [subprocess.run([sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, check=True).stdout.split()
             for _ in range(2)]
    assert [f[0] for f in found] == ["22.3125"] * 2 and found[0][1] == found[1][1]
    assert [f[2] for f in found] == ["1", "0"]


def test_kernels_that_travel():
    """A kernel without its function, or with one of another process, is an error, no crash."""
    local = jitad.jit(lambda x: once(x) + 1)
    local(X)
    with pytest.raises(pickle.PicklingError):
        pickle.dumps(local)
    s = local.specialize(X)
    assert s.njit(X, *s.captured) == pytest.approx(X.sum() + 1)
    with pytest.raises(RuntimeError, match="called back"):
        s.njit(X, *(c + 1 if isinstance(c, np.ndarray) else c for c in s.captured))

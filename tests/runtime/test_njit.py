"""Kernels inside the user's own Numba functions: called, cached and pickled soundly, and without allocating."""

import os
import pathlib
import pickle
import subprocess
import sys

import numba
import numpy as np
import pytest
from numba.core.runtime import _nrt_python, rtsys

import jitad
from tests.pairs import broadcast_eye, crowd

RNG = np.random.default_rng(3)
X = crowd(13)
SCALE, TABLE = 1.75, RNG.normal(size=8)


@numba.njit
def total(kernel, x, n):
    out = 0.0
    for _ in range(n):
        out += kernel(x)[0]
    return out


def test_as_an_argument():
    g = jitad.value_and_grad(broadcast_eye)
    assert total(g.specialize(X).njit, X, 3) == pytest.approx(3 * g(X)[0])


def test_captured_values_come_after_the_arguments():
    def f(x, weights):
        return (x**3 * TABLE).sum() * SCALE * weights["a"]

    s = jitad.value_and_grad(f).specialize(np.ones(8), {"a": 2.0})
    assert len(s.captured) == 2
    value, slope = s.njit(np.ones(8), 2.0, *s.captured)
    assert value == pytest.approx(f(np.ones(8), {"a": 2.0}))
    np.testing.assert_allclose(slope, 3 * TABLE * SCALE * 2)


def everything(x, k):
    y = np.sin(x) * k
    return {"sum": y.sum(), "array": y[:, None] * y, "again": y, "and again": y.reshape(4, -1), "count": (y > 0).sum(),
            "single": y.astype(np.float32), "flags": y > 0.5, "empty": np.zeros((0, 3)), "flag": (y > 0).any()}


def scattered(x, index):
    return np.sort(x)[0] if len(x) < 0 else (x[index] ** 2).sum()


CASES = {
    "pairs": (jitad.value_and_grad(broadcast_eye), (X,)),
    "gradient only": (jitad.grad(broadcast_eye), (X,)),
    "value only": (jitad.jit(broadcast_eye), (X,)),
    "one number": (jitad.jit(lambda x: x * 2 + 1), (2.0,)),
    "hessian": (jitad.hessian(lambda x: (np.exp(x) * np.cumsum(np.ones(6))).prod() if False else (x**3).sum()), (np.ones(6),)),
    "everything": (jitad.jit(everything), (RNG.normal(size=12), 2)),
    "scatter": (jitad.grad(scattered), (RNG.normal(size=12), np.array([3, 3, -1, 0, 7]))),
    "strict": (jitad.jit(jitad.value_and_grad(broadcast_eye), strict=True), (X,)),
    "parallel": (jitad.jit(jitad.value_and_grad(broadcast_eye), parallel=True), (crowd(300),)),
    "nothing": (jitad.jit(lambda x: ()), (X,)),
}


@pytest.mark.parametrize("name", CASES)
def test_into(name):
    f, args = CASES[name]
    s = f.specialize(*args)
    expected = s.njit(*args, *s.captured)
    expected = expected if isinstance(expected, tuple) else () if expected is None else (expected,)
    out = s.buffers(*args)
    for b in out:
        b.view(np.uint8).fill(123)  # nothing may be taken for zero
    for _ in range(2):
        numbers = s.njit_into(*args, *s.captured, out)
        numbers = numbers if isinstance(numbers, tuple) else () if numbers is None else (numbers,)
        found = iter(numbers), iter(out)
        for e in expected:
            mine = next(found[isinstance(e, np.ndarray)])
            assert np.shape(mine) == np.shape(e) and np.asarray(mine).dtype == np.asarray(e).dtype
            np.testing.assert_array_equal(mine, e)


def test_into_arrays_of_the_callers():
    s = jitad.value_and_grad(broadcast_eye).specialize(X)
    mine = np.empty((4, 13, 3))
    out = s.buffers(X)
    s.njit_into(X, (mine[2], *out[1:]))
    np.testing.assert_array_equal(mine[2], s.njit(X)[1])


@numba.njit
def total_into(kernel, x, out, n):
    total = 0.0
    for _ in range(n):
        total += kernel(x, out)
    return total


def test_into_allocates_nothing():
    s = jitad.value_and_grad(broadcast_eye).specialize(X)
    _nrt_python.memsys_enable_stats()

    def allocations(run, *args):
        run(*args)
        before = rtsys.get_allocation_stats().alloc
        run(*args)
        return rtsys.get_allocation_stats().alloc - before

    few, many = (allocations(total_into, s.njit_into, X, s.buffers(X), n) for n in (1, 100))
    assert few == many  # those of handing arrays over from Python
    few, many = (allocations(total, s.njit, X, n) for n in (1, 100))
    assert many >= few + 99


def test_into_refuses():
    s = jitad.value_and_grad(broadcast_eye).specialize(X)
    slope, work = s.buffers(X)
    x = X.copy()
    for out in [(x, work), (slope[:12], work), (slope, work[1:]), (work[: slope.size].reshape(slope.shape), work),
                (np.empty((13, 4)), work)]:
        with pytest.raises(ValueError, match="buffers"):
            s.njit_into(x, out)
    np.testing.assert_array_equal(x, X)
    with pytest.raises(ValueError, match="buffers"):
        s.njit_into(crowd(14), (slope, work))
    for out in [slope, (slope,), (slope.T, work), (slope.astype("f4"), work), (slope, work, work), None]:
        with pytest.raises(TypeError, match="this kernel takes"):
            s.njit_into(x, out)
    fixed = slope.copy()
    fixed.flags.writeable = False
    with pytest.raises(TypeError, match="this kernel takes"):
        s.njit_into(x, (fixed, work))


def test_wrong_arguments():
    s = jitad.value_and_grad(broadcast_eye).specialize(X)
    for args in [(X.astype("f4"),), (np.asfortranarray(X),), (X, X), (), (X[::2],), ("x",), (None,)]:
        with pytest.raises(TypeError):
            s.njit(*args)
    with pytest.raises(TypeError, match=r"takes \(readonly array\(float64, 2d, C\)\), not \(array\(int64, 2d, C\)\)"):
        s.njit(X.astype(int))
    with pytest.raises(numba.TypingError):
        total(s.njit, X.astype(int), 1)


def test_arguments_of_other_lengths_are_refused():
    """Callers in compiled code look at nothing: the kernel does."""
    table = np.arange(8.0)
    for f, args, others in [
            (lambda x, y: (x * y).sum(), (np.ones(8), np.ones(8)), [(np.ones(8), np.ones(7)), (np.ones(5), np.ones(9))]),
            (lambda x: (x**2).sum() if len(x) < 10 else (x**3).sum(), (np.ones(8),), [(np.ones(12),), (np.ones(4),)]),
            (lambda p: (p[:, 0] * p[:, 2]).sum(), (np.ones((8, 3)),),
             [(np.ones((8, 2)),), (np.ones((8, 4)),), (np.ones((3, 3)),)]),
            (lambda x: (x * table).sum(), (np.ones(8),), [(np.ones(9),)])]:
        s = jitad.grad(f).specialize(*args)
        s.njit(*args, *s.captured)
        for other in others:
            with pytest.raises(ValueError, match="other lengths; call specialize"):
                s.njit(*other, *s.captured)
            with pytest.raises(ValueError, match="other lengths|buffers"):
                s.njit_into(*other, *s.captured, s.buffers(*other))


def test_a_specialization_says_that_it_does_not_pickle():
    with pytest.raises(pickle.PicklingError, match="send its .njit"):
        pickle.dumps(jitad.grad(broadcast_eye).specialize(X))


def test_pickles_as_its_content():
    s = jitad.value_and_grad(broadcast_eye).specialize(X)
    data = pickle.dumps(s.njit)
    assert pickle.loads(data) is s.njit and pickle.dumps(s.njit) == data
    other = jitad.value_and_grad(lambda x: (x**2).sum()).specialize(X)
    assert pickle.dumps(other.njit) != data
    out = subprocess.run([sys.executable, "-c", (
        "import pickle, sys, numpy as np\n"
        "k, x = pickle.load(sys.stdin.buffer)\n"
        "v, g = k(x)\n"
        "import jitad\n"
        "print(v, jitad.cache.info().counts['loads'], jitad.cache.info().counts['traces'])")],
        input=pickle.dumps((s.njit, X)), capture_output=True, check=True).stdout.decode().split()
    assert float(out[0]) == s.njit(X)[0] and out[1:] == ["1", "0"]


def test_a_pickle_of_another_version_does_not_break_what_mentions_it():
    from jitad.runtime.compile import Code, restored

    text = "from jitad.emit.namespace import gone\n\n\ndef kernel_ffffffffffffffff(a0):\n    return gone"
    k = restored(Code("f" * 64, text, ()))
    with pytest.raises(RuntimeError, match="another jitad"):
        k()


MODULE = """
import os, sys, types
import numpy as np, jitad
from numba import njit

POWER = int(os.environ["POWER"])
X = np.full(6, 1.5)
kernel = jitad.value_and_grad(lambda x: (x**POWER).sum()).specialize(X).njit
holder = types.ModuleType("holder")
holder.kernel = kernel

@njit(cache=True)
def argument(kernel, x):
    return kernel(x)[0]

@njit(cache=True)
def through(kernel, x):
    return argument(kernel, x)

def make(k):
    @njit(cache=True)
    def closure(x):
        return k(x)[0]
    return closure

closure = make(kernel)

@njit(cache=True)
def as_global(x):
    return kernel(x)[0]

@njit(cache=True)
def attribute(x):
    return holder.kernel(x)[0]

@njit(cache=True)
def alias(x):
    f = kernel
    return f(x)[0]

@njit(cache=True)
def in_a_tuple(x):
    fs = (kernel, kernel)
    return fs[1](x)[0]

@njit(cache=True)
def default(x, f=kernel):
    return f(x)[0]

@njit
def helper(x):
    return kernel(x)[0]

@njit(cache=True)
def by_helper(x):
    return helper(x)

@njit(cache=True)
def handed_on(x):
    return argument(holder.kernel, x)

@njit(cache=True)
def aliased_on(x):
    k = holder.kernel
    return argument(k, x)

def enclosed(k, **options):
    @njit(**options)
    def inner(x):
        return k(x)[0]
    return inner

uncached, inlined = enclosed(kernel), enclosed(kernel, inline="always")

@njit(cache=True)
def by_closure_of_helper(x):
    return uncached(x)

@njit(cache=True)
def by_inlined_helper(x):
    return inlined(x)
"""
RUN = """
import warnings
warnings.simplefilter("ignore")
from numba_user import *
calls = {argument: (kernel, X), through: (kernel, X), closure: (X,), as_global: (X,), attribute: (X,), alias: (X,),
         in_a_tuple: (X,), default: (X,), by_helper: (X,), handed_on: (X,), aliased_on: (X,), by_closure_of_helper: (X,),
         by_inlined_helper: (X,)}
for f, args in calls.items():
    assert f(*args) == 6 * 1.5**POWER, f.__name__
print(*[f.__name__ for f in calls if f.stats.cache_hits])
"""


def test_functions_that_use_a_kernel_are_cached_soundly(tmp_path):
    """As an argument or a closure variable it is in Numba's key; where it is not, nothing may be cached."""
    (tmp_path / "numba_user.py").write_text(MODULE)
    names = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(pathlib.Path(__file__).parents[2])])}
    names.pop("NUMBA_CACHE_DIR", None)

    def run(power):
        found = subprocess.run([sys.executable, "-c", RUN], cwd=tmp_path, env={**names, "POWER": str(power)}, capture_output=True,
                               text=True)
        assert found.returncode == 0, found.stderr
        return found.stdout.split()

    assert run(2) == []
    assert run(2) == ["argument", "through", "closure"]
    assert run(3) == []
    assert run(3) == ["argument", "through", "closure"]
    assert run(2) == ["argument", "through", "closure"]

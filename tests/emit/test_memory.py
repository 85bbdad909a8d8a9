"""Memory that kernels work in: one array, rows that lie apart, what is too large."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

import jitad
from jitad.emit.views import LINE, ON_STACK, clear, memory, shaped
from jitad.emit.views import spaced as in_kernels
from jitad.ir.pages import APART, PAGE, ROWS, spaced

RNG = np.random.default_rng(5)
float64, float32 = np.float64, np.float32


@njit
def compiled(length):
    return in_kernels(length, 8, 8), in_kernels(length, 4, 8)


@settings(deadline=None)  # it compiles
@given(st.integers(1, 20_000), st.sampled_from([4, 8]))
def test_rows_lie_apart(length, size):
    found = spaced(length, size, 8)
    assert length <= found < length + 10 * LINE * 8 // size and found % 8 == 0
    assert compiled(length)[size == 4] == found
    page = PAGE // size
    for k in range(1, ROWS):
        assert found < APART * 8 or min(k * found % page, -k * found % page) >= APART * 8


@njit
def worked_in(n):
    m = memory(n, float64)
    address = m.ctypes.data
    x, y = shaped(m, 0, (n // 2,)), shaped(m, n // 2, (n // 4, 2))
    m[:] = 1.0
    clear(y)
    x[:] += 2.0
    return m.copy(), address


@pytest.mark.parametrize("n", [0, 1, 12, ON_STACK // 8, ON_STACK // 8 + 1, 100_000])
def test_memory_and_views(n):
    """On the stack and beyond it."""
    found, address = worked_in(n)
    want = np.ones(n)
    want[: n // 2] = 3
    want[n // 2: n // 2 + n // 4 * 2] = 0
    np.testing.assert_array_equal(found, want)
    assert address % LINE == 0


@njit
def cut(n, start, shape):
    return shaped(memory(n, float32), start, shape).shape


@pytest.mark.parametrize(("start", "shape"), [
    (0, (11,)), (4, (7,)), (11, (0,)), (0, (3, 4)), (0, (2**32, 2**32)), (0, (2**31, 2**31, 4)), (0, (2**62, 4, 5)), (-1, (5,))])
def test_what_is_larger_than_the_memory(start, shape):
    """Lengths whose product overflows too: the kernel raises before it writes."""
    assert cut(10, 4, (2, 3)) == (2, 3)
    with pytest.raises(MemoryError, match="larger than memory can be"):
        cut(10, start, shape)


def test_memory_that_nobody_has():
    @njit
    def asked(n):
        return memory(n, float64)[n - 1]

    for n in (2**40, 2**59, 2**61, 2**62 + 1, -1):
        with pytest.raises(MemoryError):
            asked(n)


@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize("n", [5, 13, 60, 500])
def test_one_array_for_each_dtype(n, parallel):
    """On the stack or not, results are arrays of their own, which the next call leaves alone."""
    def energy(x):
        d = x[:, None] - x[None]
        r2 = (d**2).sum(-1) + np.eye(len(x))
        return ((np.exp(-r2) + 1 / (r2 + 1)) * (1 - np.eye(len(x)))).sum()

    g = jitad.jit(jitad.value_and_grad(energy), parallel=parallel)
    x, y = RNG.normal(size=(2, n, 3))
    first, again = g(x), g(y)
    source = g.specialize(x).source
    assert source.count("= memory(") == 1
    with jitad.disable_jit():
        for z, (value, slope) in [(x, first), (y, again)]:
            want, gradient = jitad.value_and_grad(energy)(z)
            np.testing.assert_allclose(value, want, rtol=1e-12)
            np.testing.assert_allclose(slope, gradient, rtol=1e-10, atol=1e-12)

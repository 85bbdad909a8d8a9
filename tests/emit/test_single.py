"""Loops over float32: functions are computed in float64 and rounded once; arithmetic is that of float32."""

import numpy as np
import pytest
import scipy.special

import jitad
from tests.emit.test_list_loops import bonds, charges, dihedrals, kinds, neighbours

RNG = np.random.default_rng(5)
N = 9
SINGLE = np.float32
FUNCTIONS = {
    "exp": (-87, 88), "expm1": (-20, 80), "exp2": (-125, 127), "log": (1e-37, 1e30), "log2": (1e-37, 9), "log10": (0.1, 9),
    "log1p": (-0.99, 50), "tanh": (-5, 5), "sin": (-1e6, 1e6), "cos": (-90, 90), "tan": (-9, 9), "arcsin": (-1, 1),
    "arccos": (-1, 1), "arctan": (-9, 9), "sinh": (-80, 80), "cosh": (-80, 80), "arcsinh": (-1e9, 1e9), "arccosh": (1, 50),
    "arctanh": (-0.999, 0.999), "cbrt": (-1e30, 1e30), "sqrt": (0, 1e30), "gammaln": (1e-30, 60)}
SIZES = 10 ** RNG.uniform(-40, 38, 502)


def listed(length, columns=2):
    return RNG.integers(0, N, (length, columns))


def single(*args):
    return [a.astype(SINGLE) if isinstance(a, np.ndarray) and a.dtype == np.float64 else a for a in args]


def require_rounded_once(got, want, blocks):
    """To a hundredth of a unit; behind blocks the C library's functions may have an error of one."""
    units = abs(got - want) / np.spacing(abs(want).astype(SINGLE))
    assert got.dtype == SINGLE and units.max() <= 1 and units[: len(units) // 8 * 8 if blocks else None].max() <= 0.51


@pytest.fixture(params=[True, False], ids=["in blocks", "one by one"])
def blocks(request):
    """A sine has the loop taken in blocks."""
    return request.param


def beside_a_sine(function, blocks):
    return jitad.jit(lambda *x: (function(*x), np.sin(x[0])) if blocks else (function(*x), x[0]))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_rounded_once(name, blocks):
    function = scipy.special.gammaln if name == "gammaln" else getattr(np, name)
    low, high = FUNCTIONS[name]
    x = np.random.default_rng(1).uniform(low, high, 1003)
    x[::2] = np.clip(SIZES * np.sign(x[::2]), low, high)  # of all sizes
    x = x.astype(SINGLE)
    f = beside_a_sine(function, blocks)
    assert not blocks or "block(" in f.specialize(x).source
    require_rounded_once(f(x)[0], function(x.astype(float)), blocks)


@pytest.mark.parametrize("name", ["power", "arctan2", "hypot"])
def test_functions_of_two_numbers(name, blocks):
    rng = np.random.default_rng(2)
    x, y = rng.uniform(0.1, 9, (2, 1003)).astype(SINGLE)
    x[::2] = 10 ** rng.uniform(-35, 35, x[::2].shape)
    y[::2] = rng.uniform(-1, 1, y[::2].shape)
    got = beside_a_sine(getattr(np, name), blocks)(x, y)[0]
    require_rounded_once(got, getattr(np, name)(x.astype(float), y.astype(float)), blocks)


ENDS = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-45, -1e-45, 3.4e38, -3.4e38, 88.5, 89.5, -103.0, -105.0, 130.0,
                 -151.0, 1e10, 0.5, -0.5, 1.0000001, 0.99999994, 2.0, -3.0], SINGLE)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_ends(name, blocks):
    """Zeros and their signs, infinities, NaN, denormals, what is beyond the range of float32, out of the domain."""
    function = scipy.special.gammaln if name == "gammaln" else getattr(np, name)
    x = np.concatenate([ENDS, np.ones(8, SINGLE)])
    got = beside_a_sine(function, blocks)(x)[0]
    with np.errstate(all="ignore"):
        want = function(x.astype(float)).astype(SINGLE)
    np.testing.assert_array_max_ulp(got, want, 1)
    np.testing.assert_array_equal(np.signbit(got[:2]) & ~np.isnan(got[:2]), np.signbit(want[:2]) & ~np.isnan(want[:2]))


@pytest.mark.parametrize("name", [
    "sin", "tan", "arcsin", "arctan", "sinh", "tanh", "arcsinh", "arctanh", "expm1", "log1p", "cbrt", "sqrt"])
def test_zeros_keep_their_sign(name, blocks):
    """In blocks of nothing out of the ordinary, too."""
    assert np.signbit(beside_a_sine(getattr(np, name), blocks)(np.full(16, -0.0, SINGLE))[0]).all()


@pytest.mark.parametrize("blocks_of", [8, 1])
def test_ends_of_powers(blocks_of):
    """Each pair of them; blocks of one pair, and ordinary ones beside it."""
    x, y = (g.ravel() for g in np.meshgrid(ENDS, ENDS))
    x, y = (np.where(np.arange(8 * len(v)) % blocks_of == 0, np.repeat(v, 8), SINGLE(1.5)) for v in (x, y))
    with np.errstate(all="ignore"):
        want = np.power(x.astype(float), y.astype(float)).astype(SINGLE)
    np.testing.assert_array_max_ulp(jitad.jit(lambda x, y: x**y)(x, y), want, 1)


LOOPS = {
    "branches": lambda x: np.where(x > 0.5, np.sin(x), np.maximum(x, np.float32(0.3)) * np.cos(x)) * np.sign(x - 1),
    "quotients": lambda x: np.sin(1 / x) / np.sqrt(x + 1) + np.abs(x - 1) / (np.cos(x) + 2),
    "double and back": lambda x: (np.sin(x.astype(float)) * np.pi).astype(SINGLE) + np.sin(x),
    "indices": lambda x: np.sin(x * np.arange(21)) + (np.arange(21) % 2 == 0) * np.cos(x),
    "special values": lambda x: np.where(np.isfinite(1 / (x - x[3])), np.sin(x), np.isnan(x) + np.isinf(x)),
    "powers": lambda x: x**1.7 + x ** (x / 3),
    "without functions of lanes": lambda x: np.exp(-x) * np.log1p(x),
}


@pytest.mark.parametrize("name", LOOPS)
def test_loops(name):
    weights = np.linspace(-1, 2, 21).astype(SINGLE)
    f = jitad.value_and_grad(lambda x: (weights * LOOPS[name](x)).sum())
    x = RNG.uniform(0.2, 2, 21).astype(SINGLE)
    found = f(x)
    with jitad.disable_jit(), np.errstate(all="ignore"):
        want = f(x)
    assert found[1].dtype == SINGLE
    np.testing.assert_allclose(found[0], want[0], rtol=2e-5, atol=2e-5)
    np.testing.assert_allclose(found[1], want[1], rtol=2e-5, atol=2e-5)
    assert (", 8):" in f.specialize(x).source) == (name != "without functions of lanes")


LISTS = {
    "bonds": (bonds, RNG.normal(size=(N, 3)), np.sort(listed(41), 0), RNG.normal(size=41), RNG.uniform(size=41)),
    "rows of two": (bonds, RNG.normal(size=(N, 2)), listed(41), RNG.normal(size=41), RNG.uniform(size=41)),
    "rows of four": (bonds, RNG.normal(size=(N, 4)), listed(41), RNG.normal(size=41), RNG.uniform(size=41)),
    "dihedrals": (dihedrals, RNG.normal(size=(N, 3)), listed(29, 4)),
    "charges": (charges, RNG.normal(size=(N, 3)), RNG.normal(size=N), listed(35)),
    "kinds": (kinds, RNG.normal(size=(N, 3)), RNG.uniform(0.5, 1.5, (3, 3)), RNG.integers(0, 3, N),
              *(c.copy() for c in listed(27).T)),
    "neighbours": (neighbours, RNG.normal(size=(N, 3)), RNG.integers(0, N, (N, 8))),
}


@pytest.mark.parametrize("name", LISTS)
def test_lists(name):
    """Against float64: rows, rows that stay, tables of kinds, in float32."""
    function, *args = LISTS[name]
    f = jitad.value_and_grad(function)
    found = f(*single(*args))
    with jitad.disable_jit():  # float64 in lanes is tested beside the lists
        want = f(*args)
    assert found[1].dtype == SINGLE and np.asarray(found[0]).dtype == SINGLE
    np.testing.assert_allclose(found[0], want[0], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found[1], want[1], rtol=1e-3, atol=1e-3 * abs(want[1]).max())
    assert ", 8):" in f.specialize(*single(*args)).source


@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize("n", [1, 8, 1000])
def test_reciprocal_roots_are_no_estimates(n, parallel):
    """LLVM's estimate with a correction is NaN at zero and at infinity."""
    x = np.tile(np.array([0.0, 1.0, 4.0, np.inf, 1e-42, 2.0, 9.0, 3e38], np.float32), n)
    with np.errstate(divide="ignore"):
        for f in (lambda x: 1 / np.sqrt(x), lambda x: x**-0.5, lambda x: x**-1.5, lambda x: 1 / x,
                  lambda x: np.sin(x[:3]) / np.sqrt(x[:3]), lambda x: (x / np.sqrt(x * x + 1)) * (1 / np.sqrt(x))):
            found = jitad.jit(f, parallel=parallel)(x)
            assert found.dtype == np.float32
            with np.errstate(all="ignore"):
                np.testing.assert_allclose(found, f(x), rtol=4e-7)

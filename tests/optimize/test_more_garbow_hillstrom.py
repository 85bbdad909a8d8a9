"""The 35 problems of Moré, Garbow and Hillstrom: values, exact Jacobians, and the published minima from the standard starts."""

import numpy as np
import pytest

import jitad
from jitad.optimize import least_squares
from tests.optimize.more_garbow_hillstrom import PROBLEMS
from tests.optimize.nist import read
from tests.written import written

TIGHT = dict(ftol=3e-16, xtol=3e-16, gtol=3e-16, max_nfev=2000)
every = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)


def differences(f, x):
    """Central differences, twice extrapolated: an error of order h^6."""
    columns, rounding = [], []
    for k in range(len(x)):
        h = 4e-3 * max(abs(x[k]), 0.05)
        step = np.zeros(len(x))
        table = []
        for size in (h, h / 2, h / 4):
            step[k] = size
            table.append((f(x + step) - f(x - step)) / (2 * size))
        once = [(4 * table[1] - table[0]) / 3, (4 * table[2] - table[1]) / 3]
        columns.append((16 * once[1] - once[0]) / 15)
        rounding.append(1e-14 * np.abs(f(x)).max() / h)
    return np.stack(columns, axis=1), np.array(rounding)


def test_all_35_are_there():
    assert sorted({p.number for p in PROBLEMS}) == list(range(1, 36))


@every
def test_value_at_the_start(problem):
    x = np.array(problem.start, dtype=float)
    values = jitad.jit(problem.residuals)(x)
    np.testing.assert_allclose(values, problem.residuals(x), rtol=1e-12, atol=1e-12 * np.abs(values).max())
    np.testing.assert_allclose((values**2).sum(), problem.at_start, rtol=1e-6)  # squares of seven digits


@every
def test_jacobian_against_differences(problem):
    x = np.array(problem.start, dtype=float)
    x = x * 1.01 + 0.002  # starts are symmetric, or at zero, where mistakes hide
    exact = jitad.jacobian(problem.residuals)(x)
    expected, rounding = differences(problem.residuals, x)
    assert exact.shape == expected.shape
    error = np.abs(exact - expected).max(0)
    assert (error <= 1e-8 * np.abs(expected).max() + rounding).all(), error


@every
def test_both_modes_agree(problem):
    x = np.array(problem.start, dtype=float) * 1.01 + 0.002
    modes = jitad.jacobian, jitad.jacfwd, jitad.jacrev
    chosen, forward, reverse = (mode(problem.residuals) for mode in modes)
    text, *other = (written(f, x).source for f in (chosen, forward, reverse))
    assert text in other  # jacobian is one of them, and was compiled above: not once more
    found, forward = ((chosen if t == text else f)(x) for t, f in zip(other[::-1], (reverse, forward), strict=True))
    np.testing.assert_allclose(found, forward, rtol=1e-10, atol=1e-11 * np.abs(forward).max())


@pytest.mark.filterwarnings("ignore::jitad.optimize.NonFiniteWarning", "ignore:overflow encountered in dot:RuntimeWarning")
@pytest.mark.parametrize("method", ["trf", "lm"])
@every
def test_published_minimum(problem, method):
    found = least_squares(problem.residuals, problem.start, method=method, x_scale="jac", **TIGHT)
    total = 2 * found.cost
    near = [m for m in problem.minima if abs(total - m) <= (2e-5 * m if m else 1e-20)]
    assert near, f"{total} is none of {problem.minima}"


def test_three_problems_are_nists():
    """Data typed in from the paper agree with those that NIST took over."""
    from tests.optimize import more_garbow_hillstrom as mgh

    for name, values in (("MGH09", mgh.KOWALIK), ("MGH10", mgh.MEYER), ("MGH17", mgh.OSBORNE_1)):
        np.testing.assert_array_equal(read(name).y, values)
    np.testing.assert_array_equal(read("MGH09").x, mgh.KOWALIK_U)

"""NIST StRD nonlinear regression: certified parameters from both standard starts, and their certified standard deviations."""

import mpmath
import numpy as np
import pytest

import jitad
from jitad.optimize import curve_fit, least_squares
from tests.optimize.nist import FOLDER, NAMES, read

TIGHT = dict(ftol=3e-16, xtol=3e-16, gtol=3e-16)
SEEN_IN_FLOAT64 = 1e-3  # of the certified sum of Lanczos1; see test_lanczos1_in_extended_precision


def covariance(jacobian):
    """``inv(J' J)`` by QR of J with columns of length 1: the condition of J is not squared."""
    length = np.sqrt((jacobian**2).sum(0))
    inverse = np.linalg.inv(np.linalg.qr(jacobian / length, mode="r"))
    return inverse @ inverse.T / np.outer(length, length)


def deviations(problem, jacobian):
    return np.sqrt(np.diag(covariance(jacobian)) * problem.sum_of_squares / problem.freedom)


def polished(problem, b):
    """Gauss-Newton steps: the zero of J'r, which is sharper than the minimum of r'r."""
    jacobian = jitad.jacobian(problem.residuals)
    for _ in range(30):
        j = jacobian(b)
        length = np.sqrt((j**2).sum(0))
        b = b - np.linalg.lstsq(j / length, problem.residuals(b), rcond=None)[0] / length
    return b


def test_all_problems_are_there():
    assert len(NAMES) == 27
    assert sorted(p.stem for p in FOLDER.glob("*.dat")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_file_is_consistent(name):
    p = read(name)
    np.testing.assert_allclose(np.sqrt(p.sum_of_squares / p.freedom), p.residual_deviation, rtol=1e-9)
    if name != "Lanczos1":  # its certified parameters, rounded to 11 digits, are too coarse for a sum of 1.4e-25
        np.testing.assert_allclose((p.residuals(p.certified) ** 2).sum(), p.sum_of_squares, rtol=2e-10)


@pytest.mark.parametrize("name", NAMES)
def test_standard_deviations_at_the_certified_parameters(name):
    p = read(name)
    jacobian = jitad.jacobian(p.residuals)(p.certified)
    np.testing.assert_allclose(deviations(p, jacobian), p.deviations, rtol=1e-9)


# BoxBOD and MGH17 step to where exp overflows, from their first starts, and come back
@pytest.mark.filterwarnings("ignore::jitad.optimize.NonFiniteWarning", "ignore:overflow encountered in dot:RuntimeWarning")
@pytest.mark.parametrize("start", [0, 1], ids=["start1", "start2"])
@pytest.mark.parametrize("name", NAMES)
def test_least_squares(name, start):
    p = read(name)
    found = least_squares(p.residuals, p.starts[start], method="trf", x_scale="jac", max_nfev=3000, **TIGHT)
    assert found.success
    np.testing.assert_allclose(found.x, p.certified, rtol=5e-7)
    np.testing.assert_allclose(2 * found.cost, p.sum_of_squares, rtol=SEEN_IN_FLOAT64 * 5 if name == "Lanczos1" else 5e-10)
    np.testing.assert_allclose(polished(p, found.x), p.certified, rtol=2e-9)


@pytest.mark.parametrize("name", NAMES)
def test_curve_fit(name):
    """From the second start, the default method (MINPACK's lmder)."""
    p = read(name)
    parameters, cov = curve_fit(p.model, p.x, p.y, p.starts[1], ftol=1e-14, xtol=1e-12, gtol=0.0, maxfev=3000)
    np.testing.assert_allclose(parameters, p.certified, rtol=1e-6)
    tolerance = 1e-2 if name == "Lanczos1" else 1e-5
    np.testing.assert_allclose(np.sqrt(np.diag(cov)), p.deviations, rtol=tolerance)


def test_lanczos1_in_extended_precision():
    """Why the sum of squares of Lanczos1 is compared to three digits above.

    Its residuals are 8e-14, the rounding of y (up to 2.5) and of the model a few 1e-16: the sum has three digits in float64.
    At the parameters found, in 40 digits and with y as printed, it is the certified one.
    """
    p = read("Lanczos1")
    b = [mpmath.mpf(v) for v in polished(p, least_squares(p.residuals, p.starts[1], x_scale="jac", **TIGHT).x)]
    text = (FOLDER / "Lanczos1.dat").read_text()
    lines = [line.split() for line in text[text.rindex("Data:"):].splitlines()[1:] if line.strip()]
    with mpmath.workdps(40):
        total = mpmath.mpf(0)
        for y, x in lines:
            x = mpmath.mpf(x)
            total += (mpmath.mpf(y) - sum(b[k] * mpmath.exp(-b[k + 1] * x) for k in (0, 2, 4))) ** 2
    assert abs(total / mpmath.mpf("1.4307867721E-25") - 1) < 1e-4

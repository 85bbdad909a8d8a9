"""Textbook energies, likelihoods and residuals, as they are written for NumPy, against the derivatives of others."""

from __future__ import annotations

import numpy as np
import pytest

import jitad
from jitad.tree import flatten
from tests.zoo import classical, fitting, geometry, lattice, molecular, optimization, statistics, timeseries
from tests.zoo.reference import derivatives, packed, slope, unpacked

MODULES = (optimization, classical, lattice, molecular, statistics, timeseries, geometry, fitting)


def cases(check):
    """All of them, those that are known to fail this check marked."""
    for module in MODULES:
        for case in module.CASES:
            reason = case.fails.get(check, case.fails.get("all"))
            marks = [pytest.mark.xfail(strict=True, raises=jitad.errors.JitadError, reason=reason)] if reason else []
            yield pytest.param(module, case, id=f"{module.__name__.split('.')[-1]}-{case.name}", marks=marks)


def every(check):
    return pytest.mark.parametrize("module, case", list(cases(check)))


def close(found, expected, tolerance=1e-10):
    """Relative to each number, and to rounding relative to the largest."""
    scale = np.abs(expected).max(initial=0.0)
    assert np.isfinite(scale) and scale > 0  # a derivative that is zero everywhere would show nothing
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=1e-3 * tolerance * scale)


def cost(case):
    """The energy itself; of residuals half the sum of squares."""
    scalar = np.ndim(case.function(*case.args)) == 0
    return case.function if scalar else lambda *args: np.sum(case.function(*args) ** 2) / 2


def matrix(jacobian, rows):
    """A Jacobian over containers of arguments, as one matrix of rows by numbers."""
    return np.concatenate([np.reshape(block, (rows, -1)) for block in flatten(jacobian)[0]], axis=1)


def argnums(case):
    return tuple(range(len(case.args)))


def direction(case, seed=0):
    return np.random.default_rng(seed).normal(size=packed(case.args).size)


@every("value")
def test_the_value_is_that_of_numpy(module, case):
    with jitad.disable_jit():
        close(jitad.jit(case.function)(*case.args), case.function(*case.args), 1e-13)


@every("derivative")
def test_first_derivatives_are_those_of_others(module, case):
    jacobian, _ = derivatives(module, case)
    expected = np.asarray(jacobian(packed(case.args)))
    with jitad.disable_jit():
        if np.ndim(case.function(*case.args)) == 0:
            found = packed(jitad.grad(case.function, argnums(case))(*case.args))
        else:
            size = np.size(case.function(*case.args))
            found = matrix(jitad.jacobian(case.function, argnums(case))(*case.args), size)
    close(found, expected.reshape(found.shape))


@every("modes")
def test_forward_and_reverse_mode_agree(module, case):
    size = np.size(case.function(*case.args))
    cotangent = np.random.default_rng(1).normal(size=np.shape(case.function(*case.args)))[()]
    with jitad.disable_jit():
        forward = matrix(jitad.jacfwd(case.function, argnums(case))(*case.args), size)
        reverse = matrix(jitad.jacrev(case.function, argnums(case))(*case.args), size)
        _, pushed = jitad.jvp(case.function, case.args, unpacked(direction(case), case.args))
        pulled = packed(jitad.vjp(case.function, *case.args)[1](cotangent))
    close(forward, reverse, 1e-12)
    close(pulled, np.ravel(cotangent) @ reverse, 1e-12)
    close(np.ravel(pushed), forward @ direction(case), 1e-12)


@every("hvp")
def test_hessian_vector_products(module, case):
    _, hvp = derivatives(module, case)
    energy, v, d = cost(case), packed(case.args), direction(case)
    with jitad.disable_jit():
        found = packed(jitad.hvp(lambda args: energy(*args))(case.args, unpacked(d, case.args)))
        if hvp is None:
            gradient = jitad.grad(energy, argnums(case))
            expected = slope(lambda u: packed(gradient(*unpacked(u, case.args))), v, d, 2e-3)
        else:
            expected = np.asarray(hvp(v, d))
    close(found, expected)


@every("compiled")
def test_compiled_it_is_the_same(module, case):
    both = jitad.value_and_grad(cost(case), argnums(case))
    with jitad.disable_jit():
        value, gradient = both(*case.args)
    found_value, found_gradient = both(*case.args)
    close(found_value, value, 1e-12)
    close(packed(found_gradient), packed(gradient), 1e-12)

"""A branch not taken contributes exactly zero, whatever lies between the choice and the singular function."""

import numpy as np
import pytest

import jitad

X = np.array([1.0, 2.0, 3.0, 0.0, 5.0, 0.0, 7.0, 8.0])
INDEX = np.array([0, 1, 3, 5, 2, 2, 7, 4])
WEIGHTS = np.random.default_rng(0).normal(size=8)
captured = X > 0
gathered = X[INDEX] > 0

FUNCTIONS = {
    "directly": lambda x: np.where(x > 0, np.sqrt(x), 0) * WEIGHTS,
    "captured mask, broadcast": lambda x: (np.where(captured[:, None], np.sqrt(x)[:, None] * np.ones(6), 0)).sum(1) * WEIGHTS,
    "gather": lambda x: np.where(gathered, np.sqrt(x)[INDEX], 0) * WEIGHTS,
    "contraction": lambda x: np.where(captured, np.einsum("i,i->i", np.sqrt(x), np.sqrt(x)), 0) * WEIGHTS,
    "outer product by rows": lambda x: np.where(captured[:, None], np.sqrt(x)[:, None] * WEIGHTS[None], 0).sum(1) * WEIGHTS,
    "reshape": lambda x: np.where(captured.reshape(2, 4), np.sqrt(x).reshape(2, 4), 0).ravel() * WEIGHTS,
    "roll": lambda x: np.where(np.roll(captured, 1), np.roll(np.sqrt(x), 1), 0) * WEIGHTS,
    "concatenation": lambda x: np.where(np.concatenate([captured, captured]), np.concatenate([np.sqrt(x), np.log(x)]), 0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_both_modes_are_finite_and_agree(name):
    function = FUNCTIONS[name]
    reverse = jitad.grad(lambda x: function(x).sum())(X)
    forward = jitad.jacfwd(lambda x: function(x).sum())(X)
    assert np.isfinite(reverse).all()
    np.testing.assert_allclose(reverse, forward, rtol=1e-13)
    assert (reverse[X == 0] == 0).all()


def test_powers_at_zero():
    np.testing.assert_allclose(
        jitad.hessian(lambda p: p[0] ** p[1])(np.array([2.0, 0.0])), [[0.0, 0.5], [0.5, np.log(2) ** 2]], rtol=1e-14)
    assert jitad.grad(lambda x: x**0.0)(0.0) == 0
    assert jitad.hessian(lambda x: x**0.0)(0.0) == 0

"""Derivatives that other packages get wrong without an error: of each, what is right."""

import numpy as np
import pytest
import scipy.special

import jitad

X = np.array([0.5, -1.5, 2.0])
MASK = np.array([True, False, True])
SINGULAR = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 1.0, 1.0]])


def adjugate(a):
    n = len(a)
    minors = [[np.linalg.det(np.delete(np.delete(a, i, 0), j, 1)) for j in range(n)] for i in range(n)]
    return np.array(minors) * (-1.0) ** np.add.outer(range(n), range(n))


@pytest.mark.parametrize("f, x, want", [
    pytest.param(lambda x: np.sum(x**2, where=MASK), X, 2 * X * MASK, id="autograd: sum with where="),
    pytest.param(lambda x: np.linspace(x[0], x[1], 4, endpoint=False)[3], X, [0.25, 0.75, 0], id="autograd: linspace"),
    pytest.param(lambda x: np.vander(x, 3)[:, 0].sum(), X, 2 * X, id="autograd: vander"),
    pytest.param(lambda x: np.linalg.norm(x, np.inf), X, [0, 0, 1], id="autograd: norm of order inf"),
    pytest.param(scipy.special.i0, 0.0, 0.0, id="JAX: i0 at 0"),
    pytest.param(lambda x: np.hypot(x[0], x[1]), np.array([3e200, 4e200]), [0.6, 0.8], id="JAX: hypot at 1e200"),
    pytest.param(np.abs, 0.0, 0.0, id="JAX: abs at 0"),
    pytest.param(np.linalg.det, SINGULAR, adjugate(SINGULAR), id="torch: determinant of a singular matrix"),
    pytest.param(np.linalg.det, np.diag([1.0, 2, 3, 0]), np.diag([0.0, 0, 0, 6]), id="torch: the same, larger"),
    pytest.param(np.linalg.norm, np.zeros(3), np.zeros(3), id="all: norm at 0"),
])
def test_right_here(f, x, want):
    with jitad.disable_jit():
        for slope in (jitad.grad, jitad.jacfwd, jitad.jacrev):
            np.testing.assert_allclose(slope(f)(x), want, rtol=1e-13, atol=1e-14)

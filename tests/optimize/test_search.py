"""`basinhopping`, `dual_annealing` and `shgo`."""

from collections import namedtuple

import numpy as np
import pytest
import scipy.optimize
from scipy.optimize import Bounds

import jitad
from jitad.optimize import basinhopping, dual_annealing, shgo

Pair = namedtuple("Pair", "a b")


def rastrigin(x):
    return (x * x - 10 * np.cos(2 * np.pi * x)).sum() + 10 * len(x)


def tree(p):
    return rastrigin(p["x"]) + (p["k"] - 1) ** 2


TREE = {"x": np.array([0.7, -1.3]), "k": 3}


@pytest.mark.parametrize("kwargs", [None, {"method": "L-BFGS-B"}, {"method": "CG", "tol": 1e-8}, {"method": "trust-exact"},
                                    {"method": "Newton-CG"}, {"jac": jitad.grad(tree)}, {"bounds": {"x": (-5, 5)}},
                                    {"method": "Nelder-Mead", "options": {"maxiter": 300}},
                                    {"method": "SLSQP", "constraints": {"type": "ineq", "fun": lambda p: 5 - p["k"]}}],
                         ids=["default", "L-BFGS-B", "CG", "trust-exact", "Newton-CG", "jac", "bounds", "Nelder-Mead", "SLSQP"])
def test_basinhopping(kwargs):
    before = dict(kwargs or {})
    found = basinhopping(tree, TREE, niter=40, stepsize=1.0, minimizer_kwargs=kwargs, rng=3)
    assert found.fun < 1e-4
    np.testing.assert_allclose(found.x["x"], 0, atol=1e-2)
    np.testing.assert_allclose(found.lowest_optimization_result.x["k"], 1, atol=1e-2)
    assert (kwargs or {}) == before


def test_basinhopping_walks_as_scipys():
    ours = basinhopping(rastrigin, [0.7, -1.3], niter=20, rng=7)
    theirs = scipy.optimize.basinhopping(rastrigin, [0.7, -1.3], niter=20, rng=7, minimizer_kwargs={
        "jac": lambda x: 2 * x + 20 * np.pi * np.sin(2 * np.pi * x)})
    assert (ours.nfev, ours.njev, ours.minimization_failures) == (theirs.nfev, theirs.njev, theirs.minimization_failures)
    np.testing.assert_allclose(ours.x, theirs.x, atol=1e-6)


def test_basinhopping_with_steps_and_tests_of_containers():
    class Step:
        stepsize = 1.0

        def __call__(self, p):
            return {"x": p["x"] + self.stepsize * rng.normal(size=2), "k": p["k"]}

    rng = np.random.default_rng(0)
    seen = []
    step = Step()
    found = basinhopping(tree, TREE, niter=60, take_step=step, interval=5, rng=0,
                         accept_test=lambda f_new, x_new, f_old, x_old: bool(np.abs(x_new["x"]).max() < 4),
                         callback=lambda p, f, accepted: seen.append((p, f)))
    assert found.fun < 1e-6
    assert step.stepsize != 1.0  # adapted
    assert all(np.isclose(tree(p), f) for p, f in seen) and len(seen) == 61
    basinhopping(tree, TREE, niter=2, take_step=lambda p: p, rng=0)


def test_further_arguments():
    def f(x, centre):
        return rastrigin(x - centre)

    found = basinhopping(f, [1.2, 0.9], niter=20, minimizer_kwargs={"args": (np.array([1.0, 1.0]),)}, rng=0)
    np.testing.assert_allclose(found.x, 1, atol=1e-5)
    found = dual_annealing(f, [(-3, 3)] * 2, args=(1.0,), maxiter=100, rng=0)
    np.testing.assert_allclose(found.x, 1, atol=1e-5)
    found = shgo(f, [(-3, 3)] * 2, args=(0.5,))
    np.testing.assert_allclose(found.x, 0.5, atol=1e-5)


@pytest.mark.parametrize("bounds, x0", [
    ({"x": (-4 * np.ones(2), 4), "k": (0, 3)}, None),
    ({"x": (-4, 4), "k": (0, 3)}, TREE),
    ({"x": Bounds([-4, -4], 4), "k": (0, 3)}, None),
], ids=["pairs", "with x0", "Bounds"])
def test_dual_annealing(bounds, x0):
    seen = []
    found = dual_annealing(tree, bounds, x0=x0, maxiter=400, rng=1, callback=lambda p, f, context: seen.append((p, f)))
    assert found.fun < 1e-6
    assert found.x["x"].shape == (2,) and isinstance(found.x["k"], (float, np.ndarray))
    assert seen and all(np.isclose(tree(p), f) for p, f in seen)


def test_dual_annealing_walks_as_scipys():
    box = [(-5.12, 5.12)] * 3
    ours = dual_annealing(rastrigin, box, maxiter=60, rng=2)
    theirs = scipy.optimize.dual_annealing(rastrigin, box, maxiter=60, rng=2, minimizer_kwargs={
        "method": "L-BFGS-B", "jac": lambda x: 2 * x + 20 * np.pi * np.sin(2 * np.pi * x), "bounds": box,
        "options": {"maxiter": 100}})
    assert (ours.nfev, ours.njev, ours.nit) == (theirs.nfev, theirs.njev, theirs.nit)
    np.testing.assert_allclose(ours.x, theirs.x, atol=1e-7)


@pytest.mark.parametrize("kwargs", [{"method": "BFGS"}, {"method": "trust-exact"}, {"method": "trust-ncg"},
                                    {"method": "Nelder-Mead"}], ids=str)
def test_local_searches_of_dual_annealing(kwargs):
    found = dual_annealing(rastrigin, Bounds([-5, -5], [5, 5]), maxiter=200, minimizer_kwargs=kwargs, rng=4)
    assert found.fun < 1e-6
    assert dual_annealing(rastrigin, [(-5, 5)] * 2, maxiter=200, no_local_search=True, rng=4).fun < 10


def test_dual_annealing_needs_bounds():
    with pytest.raises(ValueError, match="needs bounds"):
        dual_annealing(rastrigin, None, x0=[1.0, 2.0])


@pytest.mark.parametrize("kwargs", [None, {"method": "L-BFGS-B"}, {"method": "trust-constr"}, {"method": "Newton-CG"},
                                    {"method": "COBYQA"}], ids=str)
@pytest.mark.parametrize("sampling", ["simplicial", "sobol"])
def test_shgo(kwargs, sampling):
    def f(p):
        return (p.a**2 - 1) ** 2 + ((p.b - p.a) ** 2).sum()

    seen = []
    found = shgo(f, Pair((-2, 3), (np.full(2, -2.0), 2)), minimizer_kwargs=kwargs, sampling_method=sampling, n=32,
                 callback=seen.append)
    assert found.fun < 1e-5
    assert isinstance(found.x, Pair) and found.x.b.shape == (2,)
    assert all(isinstance(x, Pair) for x in found.xl)
    np.testing.assert_allclose(np.abs(found.x.b), 1, atol=1e-2)


@pytest.mark.parametrize("constraint", [
    {"type": "ineq", "fun": lambda x: x[0] - x[1] - 0.5},
    scipy.optimize.NonlinearConstraint(lambda x: x[0] - x[1], 0.5, np.inf),
    scipy.optimize.LinearConstraint([[1, -1]], 0.5, np.inf)], ids=["dict", "nonlinear", "linear"])
def test_shgo_with_constraints(constraint):
    found = shgo(lambda x: ((x - 1) ** 2).sum(), [(0, 3), (0, 3)], constraints=constraint, n=64, sampling_method="sobol")
    np.testing.assert_allclose(found.x, [1.25, 0.75], atol=1e-5)


def test_shgo_refuses_derivatives_in_options():
    with pytest.raises(ValueError, match="minimizer_kwargs"):
        shgo(rastrigin, [(-3, 3)] * 2, options={"jac": True})


def test_every_local_minimum_of_shgo():
    ours = shgo(rastrigin, [(-1.6, 1.6)] * 2, n=64, sampling_method="sobol")
    theirs = scipy.optimize.shgo(rastrigin, [(-1.6, 1.6)] * 2, n=64, sampling_method="sobol")
    np.testing.assert_allclose(ours.funl, theirs.funl, atol=1e-6)
    assert isinstance(ours.xl, np.ndarray)


def edge(x):
    """Not a number outside of a disk."""
    return rastrigin(x) + np.sqrt(4 - (x**2).sum()) - 2


@pytest.mark.filterwarnings("ignore::jitad.optimize.NonFiniteWarning", "ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("search", [
    lambda: basinhopping(edge, [1.2, -0.9], niter=60, stepsize=1.0, rng=0),
    lambda: dual_annealing(edge, [(-3, 3)] * 2, maxiter=200, rng=0, x0=[1.2, -0.9]),
    lambda: shgo(edge, [(-1.9, 1.7)] * 2, n=64, sampling_method="sobol")], ids=["basinhopping", "dual_annealing", "shgo"])
def test_points_outside_of_the_domain(search):
    found = search()
    np.testing.assert_allclose(found.x, 0, atol=1e-4)
    assert found.fun == pytest.approx(0, abs=1e-6)
    assert any("Not finite" in line for line in np.atleast_1d(found.message))

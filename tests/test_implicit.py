"""Solutions of equations: against solvers that are differentiated step by step, and against differences."""

import functools
import types

import numpy as np
import pytest
import scipy.optimize

import jitad
from jitad.errors import DTypeError, ShapeError

RNG = np.random.default_rng(9)
A, B = RNG.uniform(0.1, 0.3, 6), RNG.uniform(1.1, 1.3, 6)
START = {"u": np.ones(6), "v": 0.5}


def residual(x, a, b):
    return {"u": x["u"] ** 3 + x["v"] * a - b, "v": x["v"] - np.sin(x["u"]).sum() * a.sum()}


def flat(x):
    return np.concatenate([x["u"], np.reshape(x["v"], (1,))])


def deep(v):
    return {"u": v[:-1], "v": v[-1]}


def newton(f, x):
    def step(_, v):
        return v - np.linalg.solve(jitad.jacfwd(g)(v), g(v))

    def g(v):
        return flat(f(deep(v)))

    return deep(jitad.fori_loop(0, 12, step, flat(x)))


def by_scipy(f, x0):
    found = scipy.optimize.root(lambda v: flat(f(deep(v))), flat(x0), tol=1e-14)
    assert np.abs(found.fun).max() < 1e-12 and type(x0["u"]) is np.ndarray
    return deep(found.x)


def iterate(f, x):
    return jitad.fori_loop(0, 120, lambda _, x: f(x), x)


def contraction(x, a, b):
    return 0.5 * np.cos(a * x + b) + 0.1 * x[::-1]


def energy(x, a, b):
    """Of a chain of springs on a curved ground; convex."""
    d = x[1:] - x[:-1]
    return (a * x**2 + 0.1 * x**4).sum() + (b[1:] * (d - 0.5) ** 2).sum()


def descent(f, x):
    return jitad.fori_loop(0, 12, lambda _, x: x - np.linalg.solve(jitad.hessian(f)(x), jitad.grad(f)(x)), x)


def minimize(f, x0):
    slope = jitad.value_and_grad(f)
    rough = scipy.optimize.minimize(slope, x0, jac=True, method="BFGS", options={"gtol": 1e-8}).x
    for _ in range(3):
        rough = rough - np.linalg.solve(jitad.hessian(f)(rough), slope(rough)[1])
    return rough


def case(solve, unrolled, x0, names=lambda x: x):
    return types.SimpleNamespace(solve=lambda a, b: names(solve(x0, a, b)), unrolled=lambda a, b: names(unrolled(a, b)))


def fixed(f, a, b):
    return lambda x: f(x, a, b)


CASES = {
    "root": case(jitad.implicit.root(residual, newton), lambda a, b: newton(fixed(residual, a, b), START), START, flat),
    "root by SciPy": case(jitad.implicit.root(residual, by_scipy, traced=False),
                          lambda a, b: newton(fixed(residual, a, b), START), START, flat),
    "fixed point": case(jitad.implicit.fixed_point(contraction, iterate),
                        lambda a, b: iterate(fixed(contraction, a, b), np.zeros(6)), np.zeros(6)),
    "argmin": case(jitad.implicit.argmin(energy, descent), lambda a, b: descent(fixed(energy, a, b), np.zeros(6)), np.zeros(6)),
    "root, gmres": case(jitad.implicit.root(residual, newton, linear_solver="gmres", rtol=1e-12),
                        lambda a, b: newton(fixed(residual, a, b), START), START, flat),
    "argmin, cg": case(jitad.implicit.argmin(energy, minimize, traced=False, linear_solver="cg", rtol=1e-12),
                       lambda a, b: descent(fixed(energy, a, b), np.zeros(6)), np.zeros(6)),
    "argmin by SciPy": case(jitad.implicit.argmin(energy, minimize, traced=False),
                            lambda a, b: descent(fixed(energy, a, b), np.zeros(6)), np.zeros(6)),
}


@pytest.fixture(params=CASES)
def problem(request):
    return CASES[request.param]


def close(found, want, tolerance=1e-8):
    np.testing.assert_allclose(found, want, rtol=tolerance, atol=tolerance * np.abs(want).max())


def test_derivatives(problem):
    """Compiled, and interpreted in all modes, to order 2; against the solver itself, differentiated, and differences."""
    ct = RNG.normal(size=problem.solve(A, B).shape)

    def loss(solve, a, b):
        x = solve(a, b)
        return (ct * x).sum() + (x**2).sum() * a[0]

    ours, theirs = (functools.partial(loss, f) for f in (problem.solve, problem.unrolled))
    value, slopes = jitad.value_and_grad(ours, (0, 1))(A, B)
    t, s, h = RNG.normal(size=6), RNG.normal(size=6), 1e-5
    assert value == pytest.approx(ours(A, B), rel=1e-10)
    along = slopes[0] @ t + slopes[1] @ s
    assert along == pytest.approx((ours(A + h * t, B + h * s) - ours(A - h * t, B - h * s)) / (2 * h), rel=1e-6)
    with jitad.disable_jit():
        for found, want in zip(slopes, jitad.grad(theirs, (0, 1))(A, B), strict=True):
            close(found, want)
        assert jitad.jvp(ours, (A, B), (t, s))[1] == pytest.approx(along, rel=1e-10)
        close(jitad.jacfwd(problem.solve)(A, B), jitad.jacfwd(problem.unrolled)(A, B))
        close(jitad.jacrev(problem.solve, 1)(A, B), jitad.jacfwd(problem.unrolled, 1)(A, B))
        second = jitad.jacfwd(jitad.grad(theirs, 1))(A, B)
        close(jitad.jacfwd(jitad.grad(ours, 1))(A, B), second, 1e-7)
        close(jitad.jacrev(jitad.grad(ours, 1))(A, B), second, 1e-7)
        many = np.stack([A, A * 1.1])
        found = jitad.vmap(jitad.grad(ours), (0, None))(many, B)
        close(found, np.stack([jitad.grad(ours)(a, B) for a in many]))


def test_nothing_of_the_solver_is_differentiated():
    """A solver whose derivative is nan, and one that stops where it starts."""
    def bad(f, x):
        return np.sqrt(np.where(x > 1e9, x, 0.0)) * 0.0 + 2.0 + 0.0 * np.sqrt(x - 1.0)

    solve = jitad.implicit.root(lambda x, a: x**3 - a, bad)
    with jitad.disable_jit():
        assert jitad.grad(solve, 1)(1.0, 8.0) == pytest.approx(1 / 12)
        assert jitad.grad(solve, 0)(1.0, 8.0) == 0.0  # x0
        assert jitad.grad(lambda a: solve(a, a))(8.0) == pytest.approx(1 / 12)
        assert jitad.grad(solve, 1)(1, 8.0) == pytest.approx(1 / 12)


def test_an_equation_of_state_in_a_larger_energy():
    """Molar volumes of van der Waals' gas at several pressures and temperatures, in a sum; compiled, by Newton in a loop."""
    a, b, r = 0.1382, 3.19e-5, 8.314

    def state(v, p, temperature):
        return (p + a / v**2) * (v - b) - r * temperature

    def solve(f, v):
        return jitad.fori_loop(0, 30, lambda _, v: v - f(v) / jitad.jvp(f, (v,), (np.ones_like(v),))[1], v)

    volume = jitad.implicit.root(state, solve)

    def work(p, temperature):
        v = volume(r * temperature / p, p, temperature)
        return (p * v - r * temperature * np.log(v - b) - a / v).sum()

    p, temperature = np.linspace(1e5, 2e6, 6), np.linspace(280.0, 320.0, 6)
    slopes = jitad.grad(work, (0, 1))(p, temperature)
    v = volume(r * temperature / p, p, temperature)
    of_v = p - r * temperature / (v - b) + a / v**2  # what the work changes with v: nothing, at equilibrium
    assert np.abs(of_v).max() < 1e-6 * p.max()
    close(slopes[0], v)
    close(slopes[1], -r * np.log(v - b))


def test_it_works_in_loops_and_with_strings():
    def scaled(x, p):
        return x - np.cos(x) * p["k"] if p["kind"] == "cos" else x - p["k"]

    solve = jitad.implicit.root(scaled, lambda f, x: scipy.optimize.brentq(f, -3, 3, xtol=1e-14), traced=False)

    def chain(k):
        return jitad.scan(lambda c, _: (solve(0.0, {"k": c, "kind": "cos"}), None), k, None, 3)[0]

    with jitad.disable_jit():
        slope = jitad.grad(chain)(0.8)
    h = 1e-5
    assert jitad.grad(chain)(0.8) == pytest.approx(slope, rel=1e-12)
    assert slope == pytest.approx((chain(0.8 + h) - chain(0.8 - h)) / (2 * h), rel=1e-7)


def test_many_unknowns():
    """Without a matrix: a nonlinear diffusion of 400 unknowns, whose solver and linear systems only multiply."""
    n = 400

    def equation(x, k):
        lifted = np.concatenate([np.zeros(1), x, np.zeros(1)])
        return k[0] * (2 * x - lifted[:-2] - lifted[2:]) + x**3 - k[1:]

    def solve(f, x0):
        return scipy.optimize.newton_krylov(f, x0, f_tol=1e-10)

    k = np.concatenate([[2.0], RNG.uniform(0.5, 1.0, n)])
    ct = RNG.normal(size=n)
    slopes = {}
    for linear_solver in ("dense", "cg", "gmres"):
        x = jitad.implicit.root(equation, solve, traced=False, linear_solver=linear_solver)
        with jitad.disable_jit():
            slopes[linear_solver] = jitad.grad(lambda k: (ct * x(np.ones(n), k)).sum())(k)  # noqa: B023
    close(slopes["cg"], slopes["dense"], 1e-7)
    close(slopes["gmres"], slopes["dense"], 1e-7)


def test_linear_systems_that_are_not_solved_raise():
    cases = {"cg": lambda x, a: np.stack([x[1] - a, -x[0] - 2 * a]),  # not symmetric
             "gmres": lambda x, a: np.stack([x[0] + x[1] - a, 2 * x[0] + 2 * x[1] - 3 * a])}  # singular
    for linear_solver, f in cases.items():
        solve = jitad.implicit.root(f, lambda f, x: x, linear_solver=linear_solver)
        g = jitad.grad(lambda a: (solve(np.array([1.0, 2.0]), a) * np.array([1.0, 3.0])).sum())  # noqa: B023
        with pytest.raises(np.linalg.LinAlgError, match="was not solved"), jitad.disable_jit():
            g(1.0)
    with pytest.raises(np.linalg.LinAlgError, match="was not solved"):
        g(1.0)  # compiled
    with pytest.raises(ValueError, match="'dense', 'gmres' or 'cg'"):
        jitad.implicit.root(lambda x, a: x - a, newton, linear_solver="lu")


def test_made_inside_of_a_traced_function():
    """Functions that are called back are the user's, not the copies that are traced."""
    def loss(a):
        def equation(x, a):
            return x**3 - a

        def solver(f, x0):
            return scipy.optimize.root(f, x0, tol=1e-13).x

        by_matrix = jitad.implicit.root(equation, solver, traced=False)
        by_products = jitad.implicit.root(equation, solver, traced=False, linear_solver="gmres")
        return by_matrix(np.ones(2), a).sum() + by_products(np.ones(2), a).sum()

    with jitad.disable_jit():
        close(jitad.grad(loss)(np.array([8.0, 27.0])), [1 / 6, 2 / 27])


def test_errors():
    with pytest.raises(TypeError, match="takes functions, not a int"):
        jitad.implicit.root(3, newton)
    with jitad.disable_jit():
        singular = jitad.implicit.root(lambda x, a: x**2 - a, lambda f, x: x)
        with pytest.raises(np.linalg.LinAlgError):
            jitad.grad(lambda a: singular(np.zeros(2), a).sum())(np.zeros(2))
        with pytest.raises(ShapeError, match=r"solver of root returned shape \(2,\) for unknowns of shape \(3,\)"):
            jitad.grad(lambda a: jitad.implicit.root(lambda x, a: x - a, lambda f, x: x[1:])(np.ones(3), a).sum())(1.0)
        with pytest.raises(ShapeError, match=r"residual of root returned shape \(2,\) for unknowns of shape \(3,\)"):
            jitad.grad(lambda a: jitad.implicit.root(lambda x, a: x[1:] - a, lambda f, x: x)(np.ones(3), a).sum())(1.0)
        with pytest.raises(TypeError, match="equations of root are"):
            jitad.grad(lambda a: jitad.implicit.root(lambda x, a: (x - a,), lambda f, x: x)(np.ones(3), a).sum())(1.0)
        with pytest.raises(DTypeError, match="floats"):
            jitad.implicit.root(lambda x, a: x - a, lambda f, x: x)(np.arange(3), 1.0)
        with pytest.raises(TypeError, match="takes from around it"):
            jitad.grad(lambda a: jitad.implicit.root(lambda x: x - a, lambda f, x: x - f(x))(1.0))(2.0)

        def no_luck(f, x0):
            raise RuntimeError("not converged")

        with pytest.raises(RuntimeError, match="not converged"):
            jitad.grad(lambda a: jitad.implicit.root(lambda x, a: x**2 - a, no_luck, traced=False)(1.0, a))(2.0)

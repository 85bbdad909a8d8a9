"""Integrators: orders of accuracy, signatures, containers, kernels for any number of steps, memory, errors."""

import numpy as np
import pytest
import scipy.integrate

import jitad
from jitad.errors import ShapeError, TraceError
from jitad.integrate import leapfrog, odeint, solve_ivp, velocity_verlet
from jitad.integrate.runge_kutta import METHODS
from jitad.lower.nest import Repeat, walk
from tests.written import written

RNG = np.random.default_rng(4)
ORDERS = {"euler": 1, "midpoint": 2, "heun": 2, "rk4": 4, "rk38": 4, "rk5": 5}


def swing(y, t, k):
    return {"x": y["v"], "v": -k * np.sin(y["x"]) + 0.1 * np.cos(t)}


def flat(t, y, k):
    return [y[1], -k * np.sin(y[0]) + 0.1 * np.cos(t)]


START = {"x": 0.4, "v": 1.0}


@pytest.fixture(scope="module")
def exact():
    return scipy.integrate.solve_ivp(flat, (0, 2), [0.4, 1.0], "DOP853", args=(1.3,), rtol=1e-13, atol=1e-14).y[:, -1]


@pytest.mark.parametrize("method", METHODS)
def test_orders_of_accuracy(method, exact):
    with jitad.disable_jit():
        errors = []
        for n in (10, 20):
            y = odeint(swing, START, np.linspace(0, 2, n + 1), 1.3, method=method)
            errors.append(abs(y["x"][-1] - exact[0]) + abs(y["v"][-1] - exact[1]))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(ORDERS[method], abs=0.45)


def test_substeps_are_steps():
    t = np.linspace(0, 2, 7)
    fine = odeint(swing, START, np.linspace(0, 2, 31), 1.3)
    coarse = odeint(swing, START, t, 1.3, substeps=5)
    for name in START:
        np.testing.assert_allclose(coarse[name], fine[name][::5], rtol=1e-13)
    slope = jitad.value_and_grad(lambda y, t, k, n: odeint(swing, y, t, k, substeps=n)["x"].sum(), (0, 2))
    with jitad.disable_jit():
        want = jitad.value_and_grad(lambda y, t, k: odeint(swing, y, t, k)["x"][::5].sum(), (0, 2))(
            START, np.linspace(0, 2, 31), 1.3)
    slope = jitad.jit(slope, static_argnums=3)
    found = slope(START, t, 1.3, 5)
    assert found[0] == pytest.approx(want[0], rel=1e-13)
    assert found[1][0] == pytest.approx(want[1][0], rel=1e-12) and found[1][1] == pytest.approx(want[1][1], rel=1e-12)
    slope(START, np.linspace(0, 2, 12), 1.3, 9)
    slope(START, np.linspace(0, 2, 9), 1.3, 8)
    assert len(slope.specializations) == 1


def test_derivatives_by_times():
    """Where the last time moves, so does the solution."""
    t = np.linspace(0, 1, 6)
    with jitad.disable_jit():
        slope = jitad.grad(lambda t: odeint(swing, START, t, 1.3, method="rk5")["x"][-1])(t)
        value = odeint(swing, START, t, 1.3, method="rk5")["v"][-1]
        assert slope[-1] == pytest.approx(value, rel=1e-4)
        h = np.eye(6)[2] * 1e-5
        ends = [odeint(swing, START, t + s, 1.3, method="rk5")["x"][-1] for s in (h, -h)]
        assert slope[2] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-9)


def test_backwards_in_time():
    there = odeint(swing, START, np.linspace(0, 1, 21), 1.3)
    back = odeint(swing, {k: v[-1] for k, v in there.items()}, np.linspace(1, 0, 21), 1.3)
    assert back["x"][-1] == pytest.approx(0.4, abs=1e-7) and back["v"][-1] == pytest.approx(1.0, abs=1e-7)


def test_kinds_of_y0_and_t():
    with jitad.disable_jit():
        one = odeint(lambda y, t: -y, 1, [0, 1, 2], substeps=10)
        np.testing.assert_allclose(one, np.exp(-np.arange(3.0)), rtol=1e-5)
        two = odeint(lambda y, t: [-y[0], y[0]], np.array([1.0, 0.0]), np.arange(3))  # a list for an array
        np.testing.assert_allclose(two.sum(1), 1.0, rtol=1e-14)
        pair = odeint(lambda y, t: (y[1], -y[0]), (np.ones((2, 3)), np.zeros((2, 3))), np.linspace(0, 1, 5))
        assert pair[0].shape == (5, 2, 3)
        single = odeint(lambda y, t: -y, np.ones(6, np.float32), np.linspace(0, 1, 5, dtype=np.float32))
        assert single.dtype == np.float32 and single.shape == (5, 6)
        np.testing.assert_array_equal(odeint(lambda y, t: -y, np.ones(6), np.array([3.0])), np.ones((1, 6)))


def test_one_kernel_for_any_number_of_times():
    run = jitad.jit(lambda t: odeint(swing, START, t, 1.3)["x"])
    for n in (9, 50, 200):
        assert run(np.linspace(0, 1, n))[-1] == pytest.approx(0.4 + 0.6967, abs=0.3)
    assert len(run.specializations) == 1


def test_many_at_once():
    with jitad.disable_jit():
        many = jitad.vmap(lambda k: odeint(swing, START, np.linspace(0, 1, 8), k)["x"][-1])(np.array([1.0, 1.5, 2.0]))
        for k, found in zip((1.0, 1.5, 2.0), many, strict=True):
            assert found == pytest.approx(odeint(swing, START, np.linspace(0, 1, 8), k)["x"][-1], rel=1e-14)


class TestSolveIvp:
    """Arguments and results of SciPy's."""

    def test_steps(self, exact):
        found = solve_ivp(flat, (0, 2), [0.4, 1.0], "rk4", args=(1.3,), steps=100)
        assert found.success and found.status == 0 and found.nfev == 400 and found["t"] is found.t
        np.testing.assert_allclose(found.t, np.linspace(0, 2, 101), rtol=1e-14, atol=1e-15)
        np.testing.assert_allclose(found.y[:, -1], exact, rtol=1e-7)
        same = odeint(lambda y, t: flat(t, y, 1.3), np.array([0.4, 1.0]), np.linspace(0, 2, 101))
        np.testing.assert_allclose(found.y, same.T, rtol=1e-12, atol=1e-13)

    @pytest.mark.parametrize("t_eval", [[0.5, 1.0, 2.0], [0.0, 2.0], [0.3, 0.7, 0.9, 1.1, 1.9], []])
    def test_times(self, t_eval):
        with jitad.disable_jit():
            found = solve_ivp(flat, (0, 2), [0.4, 1.0], "rk5", t_eval, args=(1.3,), substeps=20)
        want = scipy.integrate.solve_ivp(flat, (0, 2), [0.4, 1.0], "DOP853", t_eval, args=(1.3,), rtol=1e-12, atol=1e-12)
        np.testing.assert_array_equal(found.t, t_eval)
        np.testing.assert_allclose(found.y, np.reshape(want.y, found.y.shape), rtol=1e-6)
        assert found.y.shape == (2, len(t_eval))

    @pytest.mark.parametrize("method", ["BDF", "Radau", "LSODA"])
    def test_stiff(self, method):
        """Robertson's reactions: SciPy's steps, with the exact Jacobian."""
        asked = []

        def robertson(t, y, k):
            a, b, c = y
            slow, fast = k[0] * a - k[1] * b * c, k[2] * b * b
            return [-slow, slow - fast, fast]

        def jac(t, y, k):
            asked.append(t)
            return np.array([[-k[0], k[1] * y[2], k[1] * y[1]], [k[0], -k[1] * y[2] - 2 * k[2] * y[1], -k[1] * y[1]],
                             [0, 2 * k[2] * y[1], 0]])

        k = np.array([0.04, 1e4, 3e7])
        with jitad.disable_jit():
            found = solve_ivp(robertson, (0, 40), [1, 0, 0], method, args=(k,), rtol=1e-6, atol=1e-9)
        want = scipy.integrate.solve_ivp(robertson, (0, 40), [1, 0, 0], method, args=(k,), jac=jac, rtol=1e-6, atol=1e-9)
        assert found.njev == want.njev and abs(found.nfev - want.nfev) < 5 and asked
        np.testing.assert_allclose(found.y[:, -1], want.y[:, -1], rtol=1e-6)

    def test_what_scipy_has(self):
        falls = lambda t, y, k: y[0] - 0.5
        with jitad.disable_jit():
            found = solve_ivp(flat, (0, 2), [0.4, 1.0], "BDF", None, True, falls, True, (1.3,), rtol=1e-8)
            assert abs(found.sol(found.t_events[0][0])[0] - 0.5) < 1e-6
            mine = solve_ivp(flat, (0, 2), [0.4, 1.0], "Radau", args=(1.3,), jac=lambda t, y, k: [[0, 1], [-k * np.cos(y[0]), 0]])
            assert mine.success and solve_ivp(flat, (0, 2), [0.4, 1.0], args=(1.3,)).success

    def test_what_is_not_finite(self):
        with jitad.disable_jit(), np.errstate(all="ignore"):
            found = solve_ivp(lambda t, y: y**2 * 1e9, (0, 10), [1.0], "euler", steps=20)
        assert not found.success and found.status == -1 and "finite" in found.message

    def test_inside(self):
        def end(k, last):
            found = solve_ivp(flat, (0, last), np.array([0.4, 1.0]), "rk4", args=(k,), steps=10)
            assert found.success
            return found.y[0, -1]

        with jitad.disable_jit():
            slope = jitad.grad(end, (0, 1))(1.3, 2.0)
            h = 1e-6
            assert slope[0] == pytest.approx((end(1.3 + h, 2.0) - end(1.3 - h, 2.0)) / (2 * h), rel=1e-7)
            assert slope[1] == pytest.approx((end(1.3, 2.0 + h) - end(1.3, 2.0 - h)) / (2 * h), rel=1e-7)
            whole = jitad.jit(lambda k: solve_ivp(flat, (0, 1), np.array([0.4, 1.0]), "rk4", args=(k,), steps=10))(1.3)
        assert whole.y.shape == (2, 11) and whole.message.startswith("The end")


class TestAdaptive:
    """Steps by tolerances."""

    times = np.array([0.0, 0.1, 0.15, 1.3, 2.0])

    def test_accuracy(self, exact):
        with jitad.disable_jit():
            for tol in (1e-4, 1e-7, 1e-10):
                y = odeint(swing, START, self.times, 1.3, method="dopri5", rtol=tol, atol=tol)
                assert abs(y["x"][-1] - exact[0]) < 10 * tol
            found = solve_ivp(flat, (0, 2), [0.4, 1.0], "dopri5", self.times[1:], args=(1.3,), rtol=1e-10, atol=1e-10)
            np.testing.assert_allclose(found.y[:, -1], exact, rtol=1e-9)
            back = odeint(swing, {k: v[-1] for k, v in y.items()}, self.times[::-1], 1.3, method="dopri5")
            assert back["x"][-1] == pytest.approx(0.4, abs=1e-6) and y["x"][0] == 0.4

    def test_derivatives(self):
        """To the tolerance those of the equation; those of the interpreter to rounding, though it takes other steps."""
        def f(y, t, k, tol):
            out = odeint(swing, y, t, k, method="dopri5", rtol=tol, atol=tol)
            return (out["x"] * np.sin(1 + t)).sum() + (out["v"] ** 2).sum()

        with jitad.disable_jit():
            fine = jitad.grad(lambda y, t, k: ((p := odeint(swing, y, t, k, substeps=100))["x"] * np.sin(1 + t)).sum() + (
                p["v"] ** 2).sum(), (0, 1, 2))(START, self.times, 1.3)
            plain = jitad.value_and_grad(f, (0, 1, 2))(START, self.times, 1.3, 1e-10)
            ahead = jitad.jvp(lambda k: f(START, self.times, k, 1e-10), (1.3,), (1.0,))[1]
            assert jitad.grad(f, 2)(START, self.times, 1.3, 1e-3) == pytest.approx(fine[2], rel=1e-2)
        value, slope = jitad.value_and_grad(f, (0, 1, 2))(START, self.times, 1.3, 1e-10)
        assert value == pytest.approx(plain[0], rel=1e-12) and slope[2] == pytest.approx(ahead, rel=1e-11)
        for found in (slope, plain[1]):
            assert found[2] == pytest.approx(fine[2], rel=1e-7) and found[0]["v"] == pytest.approx(fine[0]["v"], rel=1e-7)
            np.testing.assert_allclose(found[1], fine[1], rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(slope[1], plain[1][1], rtol=1e-10, atol=1e-11)

    def test_second_derivatives(self):
        def end(k):
            return odeint(swing, START, self.times[[0, -1]], k, method="dopri5", rtol=1e-9, atol=1e-9)["x"][-1]

        def fine(k):
            return odeint(swing, START, np.linspace(0, 2, 101), k)["x"][-1]

        with jitad.disable_jit():
            assert jitad.hessian(end)(1.3) == pytest.approx(jitad.hessian(fine)(1.3), rel=1e-6)

    def test_what_does_not_arrive_is_nan(self):
        with jitad.disable_jit(), np.errstate(all="ignore"):
            explodes = odeint(lambda y, t: y * y, 1.0, np.array([0.0, 0.5, 1.5]), method="dopri5")
            assert explodes[1] == pytest.approx(2.0, rel=1e-6) and np.isnan(explodes[2])
            few = odeint(swing, START, self.times, 1.3, method="dopri5", mxstep=3)["x"]
            assert not np.isnan(few[0]) and np.isnan(few[-1])
            found = solve_ivp(lambda t, y: y * y, (0, 2), [1.0], "dopri5", [0.5, 1.5])
        assert not found.success


def quartic(q, k):
    return k * (q**4).sum() / 4 + q[0, 0] * q[1, 1]


def by_hand(x, v, h, n, mass):
    force = lambda x: -1.2 * x**3 - np.where(np.indices(x.shape).sum(0) == 0, x[1, 1], 0.0) - np.where(
        (np.arange(len(x))[:, None] == 1) & (np.arange(x.shape[1]) == 1), x[0, 0], 0.0)
    rows = [(x, v)]
    for _ in range(n):
        v = v + h / 2 * force(x) / mass
        x = x + h * v
        v = v + h / 2 * force(x) / mass
        rows.append((x, v))
    return [np.stack(r) for r in zip(*rows, strict=True)]


class TestVerlet:
    """Positions and velocities, or momenta."""

    x, v, mass = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 3)), RNG.uniform(1, 2, 5)

    @pytest.mark.parametrize("every", [None, 1, 3])
    def test_steps(self, every):
        want = by_hand(self.x, self.v, 0.1, 12, self.mass[:, None])
        with jitad.disable_jit():
            found = velocity_verlet(quartic, self.x, self.v, 0.1, 12, mass=self.mass, args=(1.2,), save_every=every)
            hers = leapfrog(quartic, self.x, self.mass[:, None] * self.v, 0.1, 12, mass=self.mass, args=(1.2,), save_every=every)
        for a, b, c in zip(found, want, hers, strict=True):
            b = b[-1] if every is None else b[::every]
            np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)
            np.testing.assert_allclose(c, b * (self.mass[:, None] if c is hers[1] else 1), rtol=1e-11, atol=1e-12)

    def test_one_kernel_for_any_number_of_steps(self):
        def end(x, n, every):
            return sum((p * p).sum() for p in velocity_verlet(quartic, x, self.v, 0.05, n, args=(1.2,), save_every=every))

        slope = jitad.jit(jitad.value_and_grad(end), static_argnums=(1, 2))
        for n, every in ((30, 5), (25, 5), (48, 8)):
            value, gradient = slope(self.x, n, every)
            with jitad.disable_jit():
                want = jitad.value_and_grad(lambda x, n=n, every=every: end(x, n, every))(self.x)
            assert value == pytest.approx(want[0], rel=1e-12)
            np.testing.assert_allclose(gradient, want[1], rtol=1e-9, atol=1e-10)
        assert len(slope.specializations) == 1

    def test_no_steps(self):
        with jitad.disable_jit():
            x, v = velocity_verlet(quartic, self.x, self.v, 0.1, 0, args=(1.2,))
            rows, _ = velocity_verlet(quartic, self.x, self.v, 0.1, 0, args=(1.2,), save_every=4)
        np.testing.assert_array_equal(x, self.x)
        np.testing.assert_array_equal(v, self.v)
        np.testing.assert_array_equal(rows, self.x[None])

    def test_forces_are_said_to_be_forces(self):
        force = lambda x: -x
        with jitad.disable_jit():
            x, v = velocity_verlet(force, self.x, self.v, 0.1, 5, force=True)
            y, w = velocity_verlet(lambda x: (x * x).sum() / 2, self.x, self.v, 0.1, 5)
            np.testing.assert_allclose(x, y, rtol=1e-13)
            np.testing.assert_allclose(v, w, rtol=1e-13)
            with pytest.raises(ShapeError, match="force=True"):
                velocity_verlet(force, self.x, self.v, 0.1, 5)
            with pytest.raises(ShapeError, match="the force has to have the shape"):
                velocity_verlet(lambda x: (x * x).sum(), self.x, self.v, 0.1, 5, force=True)

    def test_masses(self):
        square = RNG.normal(size=(3, 3))
        run = lambda m: velocity_verlet(lambda x: (x**4).sum(), square, square, 0.1, 3, mass=m)[0]
        with jitad.disable_jit():
            m = np.array([1.0, 2.0, 3.0])
            np.testing.assert_array_equal(run(m), run(m[:, None]))  # one for each row, not for each column
            assert not np.allclose(run(m), run(m[None]))
            pair = velocity_verlet(lambda x: (x["a"] ** 2).sum() + x["b"] ** 2, {"a": square, "b": 1.0}, {"b": 0.0, "a": square},
                                   0.1, 3, mass={"a": m, "b": 2.0})
            assert set(pair[0]) == {"a", "b"}
            with pytest.raises(ShapeError, match=r"mass of shape \(2,\) belongs to positions of shape \(3, 3\)"):
                run(np.ones(2))

    def test_energy_is_kept(self):
        x, v = velocity_verlet(quartic, self.x, self.v, 0.005, 2000, mass=self.mass, args=(1.2,), save_every=100)
        energy = [quartic(a, 1.2) + (self.mass[:, None] * b * b).sum() / 2 for a, b in zip(x, v, strict=True)]
        assert np.ptp(energy) < 1e-3 * abs(energy[0])


def long_arrays(function, *args):
    """The shapes of temporaries with an axis whose length is symbolic: what is stored of all steps."""
    program = written(function, *args).program
    return _long(program), program


def _long(program):
    return sorted(str(b.shape) for b, _ in program.temporaries if b.shape and not isinstance(b.shape[0], int))


def test_memory_is_that_of_the_carries():
    def f(x, v, t):
        y = odeint(lambda y, t: (y[1], -np.sin(y[0]) * (y[0] ** 2).sum()), (x, v), t)
        return (y[0][-1] ** 2).sum()

    arrays, program = long_arrays(jitad.grad(f, (0, 1)), np.ones((2, 3, 3)), np.ones((2, 3, 3)), np.linspace(0, 1, 50))
    n = program.inputs[2].shape[0]
    assert [a for a in arrays if ", 3)" in a] == [f"({n}, 2, 3, 3)"] * 2  # beside these the times of each step


def test_memory_between_results_is_that_of_one_stretch():
    def f(x, v):
        return sum((p * p).sum() for p in velocity_verlet(lambda x: (x**4).sum(), x, v, 0.01, 60, save_every=10))

    arrays, program = long_arrays(jitad.grad(f, (0, 1)), np.ones((2, 3, 3)), np.ones((2, 3, 3)))
    _, stretch, frames = (b.shape[0] for b in program.inputs if len(b.shape) == 1)
    rows = f"({frames} + 1, 2, 3, 3)", f"({frames}, 2, 3, 3)"  # what each stretch starts from; cotangents of what is returned
    assert [a for a in arrays if ", 2, 3, 3)" in a] == sorted([rows[0]] * 3 + [rows[1]] * 2)
    back = [s.turns.step for s in walk(program.block) if isinstance(s, Repeat)][-1]
    at_once = f"kept({stretch}, 1, 113359)"  # up to a GB of positions, and velocities half a step ahead, all of them
    assert _long(back) == [f"(kept({stretch}, 1, 0) + 1,)", *[f"({at_once} + 2, 2, 3, 3)"] * 2]


T, PAIR, SQUARE = np.arange(3.0), [1.0, 0.0], np.eye(2)
OF_ODEINT = {
    "no function": (TypeError, "odeint takes a function first", lambda: odeint(3, 1.0, T)),
    "no method": (ValueError, "no method 'rk7'; there are euler", lambda: odeint(swing, START, T, 1.0, method="rk7")),
    "another container": (TypeError, "as y0 is", lambda: odeint(lambda y, t: (y["x"], y["v"]), START, T)),
    "another shape": (ShapeError, r"shape of y0, \(3,\), not \(\)", lambda: odeint(lambda y, t: 0.0, np.ones(3), T)),
    "times with axes": (ShapeError, "with one axis", lambda: odeint(lambda y, t: y, 1.0, np.ones((3, 3)))),
    "one time": (ShapeError, "with one axis", lambda: odeint(lambda y, t: y, 1.0, 3.0)),
    "no time": (ValueError, "got no time", lambda: odeint(lambda y, t: y, 1.0, np.zeros(0))),
    "no substeps": (ValueError, "substeps of odeint is 0", lambda: odeint(lambda y, t: y, 1.0, T, substeps=0)),
    "half a substep": (TypeError, "is an integer", lambda: odeint(lambda y, t: y, 1.0, T, substeps=0.5)),
    "tolerances of fixed steps": (ValueError, "'dopri5' has", lambda: odeint(lambda y, t: y, 1.0, T, rtol=1e-3)),
    "substeps by tolerances": (ValueError, "no substeps", lambda: odeint(lambda y, t: y, 1.0, T, method="dopri5", substeps=2)),
    "nothing": (ValueError, "no numbers", lambda: odeint(lambda y, t: y, {}, T)),
}
OF_SOLVE_IVP = {
    "no steps": (ValueError, "say how many", (PAIR, "rk4"), {}),
    "no times": (ValueError, "give t_eval", (PAIR, "dopri5"), {}),
    "zero steps": (ValueError, "steps of solve_ivp is 0", (PAIR, "rk4"), {"steps": 0}),
    "steps and times": (ValueError, "substeps says", (PAIR, "rk4", [1.0]), {"steps": 3}),
    "times outside": (ValueError, "lies in order within", (PAIR, "rk4", [0.5, 1.5]), {}),
    "times in disorder": (ValueError, "lies in order within", (PAIR, "rk4", [0.5, 0.2]), {}),
    "tolerances": (ValueError, "has no rtol", (PAIR, "rk4"), {"steps": 3, "rtol": 1e-3}),
    "events": (ValueError, "has no events", (PAIR, "rk4"), {"steps": 3, "events": flat}),
    "dense output": (ValueError, "has no dense", (PAIR, "rk4"), {"steps": 3, "dense_output": True}),
    "steps of SciPy's": (ValueError, "chooses its steps", (PAIR, "BDF"), {"steps": 3}),
    "sparsity": (ValueError, "finite differences", (PAIR, "BDF"), {"jac_sparsity": SQUARE}),
    "y0 with axes": (ShapeError, "odeint takes any", (SQUARE, "rk4"), {"steps": 3, "args": (1.0,)}),
    "args is no tuple": (TypeError, r"args=\(x,\)", (PAIR, "rk4"), {"steps": 3, "args": 1.0}),
}
OF_LEAPFROG = {
    "steps by parts": (ValueError, "no multiple of save_every=3", (SQUARE, 0.1, 10), {"save_every": 3, "args": (1.0,)}),
    "no step between": (ValueError, "save_every of leapfrog is 0", (SQUARE, 0.1, 10), {"save_every": 0, "args": (1.0,)}),
    "momenta of another shape": (ShapeError, "p0 has to have the shape of q0", (1.0, 0.1, 10), {}),
    "arguments of a potential": (TypeError, r"args=\(x,\)", (SQUARE, 0.1, 10), {"args": 1.0}),
    "steps of many lengths": (ShapeError, "dt of leapfrog is a number", (SQUARE, np.ones(2), 3), {"args": (1.0,)}),
}
ERRORS = OF_ODEINT | {
    k: (e, m, lambda a=a, o=o: solve_ivp(flat, (0, 1), *a, **o)) for k, (e, m, a, o) in OF_SOLVE_IVP.items()} | {
    k: (e, m, lambda a=a, o=o: leapfrog(quartic, SQUARE, *a, **o)) for k, (e, m, a, o) in OF_LEAPFROG.items()} | {
    "no span": (ValueError, "pair of times", lambda: solve_ivp(flat, 3.0, PAIR, "rk4", steps=3)),
    "SciPy's inside": (TraceError, "cannot run inside", lambda: jitad.jit(lambda x: solve_ivp(flat, (0, 1), x, "BDF").y)(T[:2])),
    "traced steps": (TraceError, "traced value", lambda: jitad.jit(
        lambda n: leapfrog(quartic, SQUARE, SQUARE, 0.1, n, args=(1,)))(3)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    error, text, call = ERRORS[name]
    with jitad.disable_jit(), pytest.raises(error, match=text):
        call()

"""Four simulations, each written twice: with jitad's integrators, and step by step for NumPy (of any precision) and JAX.

A program is a function of one container. The second version takes ``along(step, state, xs)``, which gives the states before
every step and after the last one, stacked, and the module to use for NumPy.
"""

import numpy as np

from jitad.integrate import odeint, solve_ivp, velocity_verlet

RNG = np.random.default_rng(5)
STEPS = 1000


def weighed(xp, paths, weights):
    """A number to which every element of every state counts."""
    return sum((w * xp.sin(p)).sum() for p, w in zip(paths, weights, strict=True))


def rk4(f, y, t, h):
    def moved(c, k):
        return tuple(a + c * b for a, b in zip(y, k, strict=True))

    k1 = f(y, t)
    k2 = f(moved(h / 2, k1), t + h / 2)
    k3 = f(moved(h / 2, k2), t + h / 2)
    k4 = f(moved(h, k3), t + h)
    return tuple(a + h / 6 * (p + 2 * q + 2 * r + s) for a, p, q, r, s in zip(y, k1, k2, k3, k4, strict=True))


class Kepler:
    """A thousand steps around a sun, with friction; the times are arguments, too."""

    times = np.linspace(0, 10, STEPS + 1) + 1e-3 * RNG.normal(size=STEPS + 1)
    arguments = np.array([1.0, 0.1]), np.array([-0.1, 1.1]), 1.2, 0.02, times
    weights = RNG.normal(size=(2, STEPS + 1, 2)) / STEPS
    mixed = 4e-5  # for second differences

    @staticmethod
    def slope(y, t, k, drag):
        x, v = y
        return v, -k * x / (x * x).sum() ** 1.5 - drag * (1 + 0.1 * t) * v

    @classmethod
    def ours(cls, p):
        x, v, k, drag, t = p
        return weighed(np, odeint(cls.slope, (x, v), t, k, drag), cls.weights)

    @classmethod
    def theirs(cls, p, along, xp):
        x, v, k, drag, t = p
        step = lambda y, span: rk4(lambda y, t: cls.slope(y, t, k, drag), y, span[0], span[1] - span[0])
        return weighed(xp, along(step, (x, v), (t[:-1], t[1:])), cls.weights)


class Pendulum:
    """A thousand steps of two rods, one hanging from the other: for SciPy's users."""

    arguments = np.array([1.2, -0.4, 0.1, 0.0]), np.array([1.0, 0.7]), 9.81
    weights = RNG.normal(size=(4, STEPS + 1)) / STEPS
    end, mixed = 3.0, 4e-4

    @staticmethod
    def slope(xp, y, m, g):
        a, b, u, v = y
        d, both = a - b, m[0] + m[1]
        s, c = xp.sin(d), xp.cos(d)
        low = both + m[0] - m[1] * xp.cos(2 * d)
        p = -g * (both + m[0]) * xp.sin(a) - m[1] * g * xp.sin(a - 2 * b) - 2 * s * m[1] * (v * v + u * u * c)
        q = 2 * s * (u * u * both + g * both * xp.cos(a) + v * v * m[1] * c)
        return u, v, p / low, q / low

    @classmethod
    def ours(cls, p):
        start, m, g = p
        found = solve_ivp(lambda t, y, m, g: cls.slope(np, y, m, g), (0.0, cls.end), start, "rk4", args=(m, g), steps=STEPS)
        return weighed(np, [found.y], [cls.weights])

    @classmethod
    def theirs(cls, p, along, xp):
        start, m, g = p
        step = lambda y, h: rk4(lambda y, t: cls.slope(xp, y, m, g), y, 0.0, h)
        paths = along(step, tuple(start[k] for k in range(4)), np.full(STEPS, cls.end) / STEPS)
        return weighed(xp, paths, cls.weights)


class Crystal:
    """32 atoms of several masses that attract and repel each other, from a lattice; small changes grow a thousandfold."""

    steps, every, h, single, mixed, rounding = STEPS, 50, 0.004, 1e-8, 4e-8, 1e-15
    lattice = np.stack(np.meshgrid(*[np.arange(4)] * 3), -1).reshape(-1, 3)[:32] * 1.12
    arguments = lattice + 0.03 * RNG.normal(size=(32, 3)), 0.5 * RNG.normal(size=(32, 3)), 1.1, RNG.uniform(1, 2, 32)
    weights = RNG.normal(size=(2, steps // every + 1, 32, 3)) / 100
    first, second = np.triu_indices(32, 1)

    @classmethod
    def energy(cls, x, strength):
        d = x[cls.first] - x[cls.second]
        s = 1 / (d * d).sum(1) ** 3
        return 4 * strength * (s * s - s).sum()

    @classmethod
    def force(cls, x, strength):
        d = x[cls.first] - x[cls.second]
        r2 = (d * d).sum(1)
        s = 1 / r2**3
        pair = (24 * strength * (2 * s * s - s) / r2)[:, None] * d
        out = np.zeros_like(x)
        np.add.at(out, cls.first, pair)
        np.add.at(out, cls.second, -pair)
        return out

    @classmethod
    def ours(cls, p):
        x, v, strength, mass = p

        def energy(x, strength):
            i, j = np.triu_indices(len(x), 1)
            d = x[i] - x[j]
            s = 1 / (d * d).sum(1) ** 3
            return 4 * strength * (s * s - s).sum()

        return weighed(np, velocity_verlet(energy, x, v, cls.h, cls.steps, mass=mass, args=(strength,), save_every=cls.every),
                       cls.weights)

    @classmethod
    def theirs(cls, p, along, xp):
        x, v, strength, mass = p
        if xp is np:
            force = cls.force
        else:
            import jax

            force = lambda x, s: -jax.grad(cls.energy)(x, s)

        def step(state, _):
            x, v = state
            v = v + cls.h / 2 * force(x, strength) / mass[:, None]
            x = x + cls.h * v
            return x, v + cls.h / 2 * force(x, strength) / mass[:, None]

        paths = along(step, (x, v), np.zeros(cls.steps))
        return weighed(xp, [q[:: cls.every] for q in paths], cls.weights)


class Diffusion:
    """Heat on a ring whose conductivity depends on the temperature, by Heun's method."""

    steps, h, n, mixed = STEPS, 2e-3, 24, 3e-4
    arguments = 1 + 0.3 * RNG.normal(size=n), 0.1, np.array([0.3, -0.2])
    weights = RNG.normal(size=(1, steps + 1, n)) / steps

    @staticmethod
    def slope(xp, u, c, p):
        right = xp.roll(u, -1)
        flow = (c + p[0] * ((u + right) / 2) ** 2) * (right - u) * 50
        return flow - xp.roll(flow, 1) + p[1] * u * u * u

    @classmethod
    def ours(cls, p):
        u, c, q = p
        t = cls.h * np.arange(cls.steps + 1)
        return weighed(np, [odeint(lambda u, t, c, q: cls.slope(np, u, c, q), u, t, c, q, method="heun")], cls.weights)

    @classmethod
    def theirs(cls, p, along, xp):
        u, c, q = p

        def step(state, _):
            (u,) = state
            k = cls.slope(xp, u, c, q)
            return (u + cls.h / 2 * (k + cls.slope(xp, u + cls.h * k, c, q)),)

        return weighed(xp, along(step, (u,), np.zeros(cls.steps)), cls.weights)


PROGRAMS = {c.__name__: c for c in (Kepler, Pendulum, Crystal, Diffusion)}

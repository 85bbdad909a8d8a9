"""Derivatives of simulations: against JAX on the same steps, and against differences in extended precision."""

import numpy as np
import pytest

import jitad
from jitad.tree import flatten, map_leaves
from tests.integrate_programs import PROGRAMS, STEPS

RNG = np.random.default_rng(8)


def along_numpy(step, state, xs):
    states = [state]
    for k in range(len(flatten(xs)[0][0])):
        states.append(step(states[-1], map_leaves(lambda x, k=k: x[k], xs)))
    return [np.stack(parts) for parts in zip(*states, strict=True)]


def along_jax(step, state, xs):
    import jax

    end, rows = jax.lax.scan(lambda y, x: (step(y, x), y), state, xs)
    return [jax.numpy.concatenate([r, e[None]]) for r, e in zip(rows, end, strict=True)]


def direction(p):
    """Random; times that are arguments stay in order."""
    return map_leaves(lambda x: RNG.normal(size=np.shape(x))[()] * (0.01 if np.size(x) > STEPS else 1), p)


def extended(program, *directions):
    """The derivative along directions in extended precision, and its error: central differences of two steps, extrapolated."""
    point = map_leaves(lambda x: np.asarray(x, np.longdouble), program.arguments)
    lines = [map_leaves(lambda x: np.asarray(x, np.longdouble), d) for d in directions]

    def value(*s):
        moved = map_leaves(lambda x, *d: x + sum(a * b for a, b in zip(s, d, strict=True)), point, *lines)
        return program.theirs(moved, along_numpy, np)

    def differences(h):
        if len(lines) == 1:
            return (value(h) - value(-h)) / (2 * h)
        return (value(h, h) - value(h, -h) - value(-h, h) + value(-h, -h)) / (4 * h * h)

    h = np.longdouble(getattr(program, "single", 1e-4) if len(lines) == 1 else program.mixed)
    d = [differences(h / 2**k) for k in range(3)]
    better = [d[k + 1] + (d[k + 1] - d[k]) / 3 for k in range(2)]  # of order 4
    best = better[1] + (better[1] - better[0]) / 15
    rounding = getattr(program, "rounding", 1e-17)  # of a value; more where small changes grow
    return float(best), float(abs(best - better[1]) + rounding * abs(value(*np.zeros(len(lines)))) / (h / 4) ** len(lines))


def dot(a, b):
    return sum((np.asarray(x) * y).sum() for x, y in zip(flatten(a)[0], flatten(b)[0], strict=True))


def close(found, want, rtol):
    for a, b in zip(flatten(found)[0], flatten(want)[0], strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * np.abs(b).max())


def agrees(found, terms, program, *directions):
    """Whether a derivative is that of differences, to their error and the rounding of its terms."""
    want, error = extended(program, *directions)
    size = dot(*(map_leaves(np.abs, t) for t in terms))
    assert error < 1e-8 * size
    assert abs(found - want) < 10 * error + 1e-11 * size


@pytest.mark.parametrize("name", PROGRAMS)
def test_derivatives(name):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    program = PROGRAMS[name]
    p = program.arguments
    u, v = direction(p), direction(p)

    def theirs(p):
        return program.theirs(p, along_jax, jax.numpy)

    value, gradient = jitad.value_and_grad(program.ours)(p)
    want = jax.jit(jax.value_and_grad(theirs))(p)
    assert value == pytest.approx(float(want[0]), rel=1e-11)
    close(gradient, want[1], 1e-9 if name == "Crystal" else 1e-10)  # rounding grows as well
    agrees(dot(gradient, u), (gradient, u), program, u)
    if name in ("Crystal", "Diffusion"):  # compiled it takes long
        with jitad.disable_jit():
            product = jitad.hvp(program.ours)(p, u)
    else:
        product = jitad.hvp(program.ours)(p, u)
    if name in ("Kepler", "Crystal"):
        close(product, jax.jit(lambda p, u: jax.jvp(jax.grad(theirs), (p,), (u,))[1])(p, u), 1e-9)
    agrees(dot(product, v), (product, v), program, u, v)

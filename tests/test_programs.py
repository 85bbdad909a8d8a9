"""Random NumPy programs: the kernel against the interpreter, against NumPy, and forward against reverse mode."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jitad
from jitad.tree import flatten
from tests.programs import NAMES, program

STEPS = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=7)


def flat(result):
    return np.concatenate([np.ravel(v) for v in flatten(result)[0]])


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(STEPS, st.sampled_from([1, 3, 6, 9]), st.integers(0, 1000))
def test_programs(steps, n, seed):
    f = program(steps)
    rng = np.random.default_rng(seed)
    x, vx, y, vy = rng.normal(size=n), rng.normal(size=n), rng.normal(size=(n, 3)), rng.normal(size=(n, 3))

    def everything(x, y, vx, vy):
        value, gradient = jitad.value_and_grad(f, (0, 1))(x, y)
        _, slope = jitad.jvp(f, (x, y), (vx, vy))
        _, product = jitad.jvp(lambda a, b: jitad.grad(f, (0, 1))(a, b), (x, y), (vx, vy))
        return value, gradient, slope, product

    try:
        with np.errstate(all="ignore"):
            expected = f(x, y)
    except (ValueError, IndexError, np.linalg.LinAlgError):
        return  # no program of NumPy either
    compiled = jitad.jit(everything)
    value, gradient, slope, product = got = compiled(x, y, vx, vy)
    with jitad.disable_jit():
        want = compiled(x, y, vx, vy)
    np.testing.assert_allclose(value, expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(slope, (gradient[0] * vx).sum() + (gradient[1] * vy).sum(), rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(flat(got), flat(want), rtol=1e-8, atol=1e-9 * np.abs(flat(want)).max(initial=1.0))

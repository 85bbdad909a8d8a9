"""`while_loop`, and `fori_loop` with bounds that are traced: against Python's own loops, JAX's derivatives, and by hand."""

import numpy as np
import pytest

import jitad
from jitad.errors import ShapeError
from tests.written import written

RNG = np.random.default_rng(5)
A = RNG.uniform(0.2, 0.9, 7)


def python(cond, body, x):
    """What `while_loop` means."""
    while cond(x):
        x = body(x)
    return x


def newton(loop, a):
    return loop(lambda x: abs(x * x - a) > 1e-13 * a, lambda x: (x + a / x) / 2, a)


def spin(loop, a):
    """Two carries, one of which counts; arrays that are taken from outside."""
    def body(c):
        x, k = c
        return np.sin(x) * a + 0.1 * x.sum() * np.cos(k * a), k + 1

    x, k = loop(lambda c: ((c[0] ** 2).sum() > 0.3) & (c[1] < 12), body, (a * 1.5, 0))
    return (x * x * a).sum() + k


def inside_of_steps(loop, a):
    """A loop of unknown length in each step of one of known length, and one in the condition of another."""
    def step(c, x):
        c = loop(lambda y: y > 0.6, lambda y: 0.7 * y * np.cos(x * y), c + x)
        return c, c * x

    c, ys = jitad.scan(step, 0.5 + a[0], a) if loop is not python else by_steps(step, 0.5 + a[0], a)
    return c + (ys * a).sum()


def by_steps(step, c, xs):
    ys = []
    for x in xs:
        c, y = step(c, x)
        ys.append(y)
    return c, np.array(ys)


PROGRAMS = {"newton": (newton, 2.3), "spin": (spin, A), "inside_of_steps": (inside_of_steps, A)}


@pytest.fixture(scope="module", params=PROGRAMS)
def program(request):
    f, x = PROGRAMS[request.param]
    return lambda x: f(jitad.while_loop, x), lambda x: f(python, x), x


def close(found, want, tolerance=1e-11):
    np.testing.assert_allclose(found, want, rtol=tolerance, atol=tolerance)


def test_values_and_both_modes(program):
    f, plain, x = program
    direction = RNG.normal(size=np.shape(x))
    value, slope = jitad.value_and_grad(f)(x)
    _, along = jitad.jvp(f, (x,), (direction,))
    close(value, plain(x))
    close(along, np.sum(slope * direction))
    h = 1e-4
    def central(h):
        return (plain(x + h * direction) - plain(x - h * direction)) / (2 * h)

    close(along, (4 * central(h / 2) - central(h)) / 3, 1e-8)
    with jitad.disable_jit():
        for a, b in zip(jitad.value_and_grad(f)(x), (value, slope), strict=True):
            close(a, b)


def test_second_order(program):
    f, _, x = program
    direction = RNG.normal(size=np.shape(x))
    over = jitad.jvp(jitad.grad(f), (x,), (direction,))[1]
    twice = jitad.grad(lambda x: (jitad.grad(f)(x) * direction).sum())(x)
    close(twice, over, 1e-10)
    h = 1e-5
    g = jitad.grad(f)
    close(over, (g(x + h * direction) - g(x - h * direction)) / (2 * h), 1e-6)


def test_derivatives_are_those_of_jax():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    x, v = np.array([1.2, 3.4]), RNG.normal(size=2)

    def f(lib, np):
        return lambda x: lib.while_loop(
            lambda c: c[1].sum() < 40.0, lambda c: (c[0] * 1.1, c[1] + np.sin(c[0] * c[1]) + 2.0), (x, x * x))[1]

    want, tangent = jax.jvp(f(jax.lax, jnp), (x,), (v,))
    found, along = jitad.jvp(f(jitad, np), (x,), (v,))
    close(found, want)
    close(along, tangent)


def test_no_turn_at_all():
    f = jitad.value_and_grad(lambda a: jitad.while_loop(lambda x: x > 1e3, lambda x: x * -np.inf, a * 2))
    assert f(3.0) == (6.0, 2.0)
    assert f(600.0) == (-np.inf, -np.inf)


def test_one_kernel_for_any_number_of_turns():
    f = jitad.value_and_grad(lambda a, n: jitad.fori_loop(0, n, lambda i, x: x * a + i, 1.0))
    for n in (0, 1, 5, 400, -3):
        a, x, dx = 0.99, 1.0, 0.0
        for i in range(n):
            x, dx = x * a + i, dx * a + x
        close(f(a, n), (x, dx))
    assert len(f.specializations) == 1


def test_bounds_that_are_traced():
    def f(x, lower, upper):
        return jitad.fori_loop(lower, upper, lambda i, y: np.sin(y) * x + i, x)

    for lower, upper in ((0, 4), (-2, 3), (3, 3), (5, 1)):
        want = jitad.value_and_grad(lambda x, lower=lower, upper=upper: f(x, lower, upper))(0.7)
        for kind in (int, np.int32, np.uint8) if lower >= 0 else (int, np.int8):
            close(jitad.value_and_grad(f)(0.7, kind(lower), kind(upper)), want)


def test_mapped_loops_stop_one_by_one():
    """Also where a turn too many would give nan, and of a derivative, whose loops have lengths of their own."""
    xs = np.array([0.5, 1.0, 4.0, 9.0, 30.0])

    def f(x):
        return jitad.while_loop(lambda y: y > 1.0, lambda y: np.sqrt(y - 1) * np.cos(x), x)

    want = [python(lambda y: y > 1.0, lambda y, x=x: np.sqrt(y - 1) * np.cos(x), x) for x in xs]
    slopes = [jitad.grad(f)(x) for x in xs]
    close(jitad.vmap(f)(xs), want)
    close(jitad.vmap(jitad.grad(f))(xs), slopes)
    close(jitad.grad(lambda xs: jitad.vmap(f)(xs).sum())(xs), slopes)
    close(jitad.jvp(jitad.vmap(f), (xs,), (xs,))[1], xs * slopes)
    with jitad.disable_jit():
        close(jitad.vmap(f)(xs), want)
        close(jitad.vmap(jitad.grad(f))(xs), slopes)


def test_mapped_bounds():
    ns = np.array([0, 3, 1, 6, -2])

    def f(x, n):
        return jitad.fori_loop(0, n, lambda i, y: y * x + i, x)

    want = [jitad.value_and_grad(f)(0.8, int(n)) for n in ns]
    close(np.transpose(jitad.vmap(jitad.value_and_grad(f), (None, 0))(0.8, ns)), want)
    close(jitad.grad(lambda x: jitad.vmap(f, (None, 0))(x, ns).sum())(0.8), sum(g for _, g in want))


def test_jacobian_and_hessian():
    def f(a):
        return jitad.while_loop(lambda x: (x * x).sum() > 0.5, lambda x: np.sin(x) * a + 0.05 * x.sum(), 1.5 * a)

    close(jitad.jacfwd(f)(A), jitad.jacrev(f)(A))
    h = jitad.hessian(lambda a: (f(a) ** 2).sum())(A)
    close(h, h.T)
    close(h @ A, jitad.hvp(lambda a: (f(a) ** 2).sum())(A, A), 1e-10)


def test_dtypes_are_promoted_until_they_stay():
    assert jitad.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, c[1] * 0.5), (0, 3)) == (3, 0.375)
    x = jitad.while_loop(lambda x: x < 3, lambda x: x + np.float32(1), np.float32(0.5))
    assert x.dtype == np.float32 and x == 3.5


def test_memory_is_of_the_carries_and_of_the_turns_that_were_taken():
    """What the reverse mode keeps is as long as the loop was, and made when that is known."""
    source = written(jitad.grad(lambda a: spin(jitad.while_loop, a)), A).source
    long = [line.split(" = ")[1] for line in source.splitlines() if "empty(" in line and "d0" in line]
    assert "s += 1" in source and sorted(line.rpartition(", ")[2] for line in long) == ["bool_)", "float64)", "int64)", "int64)"]
    assert all("kept(d0, 1, " in line for line in long)  # the carry of each turn; what numbers are at marks, and where these are


def test_results_do_not_depend_on_what_was_compiled_before():
    f = jitad.value_and_grad(lambda a: newton(jitad.while_loop, a))
    first = f(7.0)
    f(1e8)
    assert f(7.0) == first


def test_kernels_of_other_functions():
    numba = pytest.importorskip("numba")
    kernel = jitad.value_and_grad(lambda a: (newton(jitad.while_loop, a) * 2).sum()).specialize(2.0).njit

    @numba.njit
    def twice(a):
        return kernel(a, 1e-13)[1] + kernel(a, 1e-13)[1]

    close(twice(2.0), 2 / np.sqrt(2.0))


@pytest.mark.parametrize("error, message, call", [
    (TypeError, "a bool, not float64", lambda: jitad.while_loop(lambda x: x, lambda x: x, 1.0)),
    (TypeError, r"a bool, not bool of shape \(3,\)", lambda: jitad.while_loop(lambda x: x > 0, lambda x: x, np.ones(3))),
    (ShapeError, r"carry of shape \(3,\) and returned one of shape \(\)",
     lambda: jitad.while_loop(lambda x: x.sum() > 0, lambda x: x.sum(), np.ones(3))),
    (TypeError, "of while_loop got a carry", lambda: jitad.while_loop(lambda c: c[0] > 0, lambda c: c[0], (1.0, 2.0))),
    (TypeError, "of fori_loop is an integer", lambda: jitad.grad(lambda n: jitad.fori_loop(0, n, lambda i, c: c, n))(2.5)),
], ids=["number", "array", "shape", "container", "bound"])
def test_errors(error, message, call):
    with pytest.raises(error, match=message):
        call()


def test_lengths_from_outside_of_a_step():
    """What has a computed length may be handed to loops in other loops, which make none of their own."""
    def powers(x, n):
        return jitad.fori_loop(0, n, lambda i, y: y * x + i, x)

    def f(x, n):
        def step(c, _):
            slope = 0.01 * jitad.jvp(lambda x: powers(x, n), (x,), (c,))[1]  # which reads what the loop outside has kept
            inner = jitad.fori_loop(0, n, lambda i, y: y * 0.5 + slope, c)
            return jitad.cond(c > 0, lambda: jitad.fori_loop(0, n, lambda i, y: np.sin(y), inner), lambda: inner), None

        return powers(x, n) * jitad.scan(step, 0.3, None, 3)[0]

    def plain(x, n):
        y, dy = x, 1.0
        for i in range(n):
            y, dy = y * x + i, dy * x + y
        c = 0.3
        for _ in range(3):
            slope, chosen = 0.01 * c * dy, c > 0
            for _ in range(n):
                c = c * 0.5 + slope
            for _ in range(n if chosen else 0):
                c = np.sin(c)
        return y * c

    with jitad.disable_jit():
        wanted = [jitad.value_and_grad(f)(0.9, n) for n in (0, 2, 5)]
    for n, (value, slope) in zip((0, 2, 5), wanted, strict=True):
        close(value, plain(0.9, n))
        close(slope, (plain(0.9 + 1e-5, n) - plain(0.9 - 1e-5, n)) / 2e-5, 1e-6)
    kernel = jitad.value_and_grad(f)
    for n, want in zip((0, 2, 5), wanted, strict=True):
        close(kernel(0.9, n), want)


def test_keys_tell_which_length_is_of_which_loop():
    def f(swapped):
        def loops(x, n, m):
            if swapped:
                n, m = m, n
            first = jitad.fori_loop(0, n, lambda i, y: y * x, 1.0)
            return jitad.scan(lambda c, _: (jitad.fori_loop(0, m, lambda i, y: y + first, c), None), 0.0, None, 3)[0] + (
                jitad.fori_loop(0, m, lambda i, y: y + x, 0.0) * jitad.fori_loop(0, n, lambda i, y: y + x, 0.0))

        return jitad.grad(loops)

    keys = [written(f(swapped), 1.5, 2, 3)._key for swapped in (False, True, False)]
    assert keys[0] == keys[2] != keys[1]


def test_one_of_many_that_has_ended_looks_nothing_up():
    """A turn too many would look up what is not there, or never end."""
    xs = np.arange(6.0) + 1

    def f(k, a):
        return jitad.while_loop(lambda c: c[0] < 6, lambda c: (c[0] + 1, c[1] * a + xs[c[0]]), (k, 0.0))[1]

    ks = np.array([0, 3, 6])
    with jitad.disable_jit():
        close(jitad.vmap(f, (0, None))(ks, 0.5), [f(k, 0.5) for k in (0, 3, 6)])


def test_a_loop_of_which_only_the_number_of_turns_is_asked_for():
    """Its carries that the condition does not need are computed in the loop of the derivative only."""
    def f(a):
        return jitad.while_loop(lambda c: c[2] < 5, lambda c: (c[0] * a, c[1] * np.sin(c[0]), c[2] + 1), (a, a * a, 0))[1]

    with jitad.disable_jit():
        want = jitad.grad(f)(1.3)
    close(jitad.grad(f)(1.3), want)
    close((f(1.3 + 1e-6) - f(1.3 - 1e-6)) / 2e-6, want, 1e-7)


def test_both_runs_take_the_same_step():
    """Compiled apart they might be rounded differently, and the derivative be that of other steps than those of the value."""
    for f, x in ((lambda a: newton(jitad.while_loop, a), 2.0), (lambda a: spin(jitad.while_loop, a), A)):
        source = written(jitad.value_and_grad(f), x).source
        runs = [text for text in source.split("def ") if text.startswith("turns") and "step0(" in text]
        assert len(runs) == 2 and "s += 1" in runs[0] and "s += 1" not in runs[1]
        assert "@part_apart\ndef step0(" in source  # which is not put into them, where it might be compiled in two ways


def test_chaos():
    """A run that is rounded differently ends somewhere else after fifty turns, and has other derivatives."""
    def turn(c):
        y, k, x = c
        return 3.9 * y * (1 - y) + 0.01 * np.sin(9 * y * x), k + 1, x

    def f(x):
        return jitad.while_loop(lambda c: c[1] < 90, turn, (x, 0, x))[0]

    value, slope = jitad.value_and_grad(f)(0.37)
    again, along = jitad.jvp(f, (0.37,), (1.0,))
    assert value == again and slope == pytest.approx(along, rel=1e-9)

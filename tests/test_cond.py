"""`cond` and `switch`: against Python's own branches, in every mode; what is not chosen has no effect."""

import numpy as np
import pytest

import jitad
from jitad.errors import ShapeError
from tests.written import written

RNG = np.random.default_rng(8)
X = RNG.uniform(0.3, 1.4, 9)


def close(found, want, tolerance=1e-11):
    np.testing.assert_allclose(found, want, rtol=tolerance, atol=tolerance)


def elementwise(cond, x, p):
    """Selected: nothing of it can fail."""
    return cond(p, lambda x: np.sqrt(x).sum() * x, lambda x: np.sin(x) ** 3, x)


def with_loops(cond, x, p):
    """Chosen: loops, also of unknown length, and values that the functions take from outside."""
    y = np.exp(-x)

    def halve():
        return jitad.while_loop(lambda z: z.sum() > 1.0, lambda z: 0.6 * z * np.cos(z * y), x)

    return cond(p, halve, lambda: jitad.fori_loop(0, 4, lambda i, z: np.sin(z) * x + i * y, y)) * y


def with_lookups(cond, x, p):
    i = np.array([0, 3, 8])
    return cond(p, lambda k: x[i + k].sum() * x, lambda k: (x * k)[::-1] + x, np.where(p, 0, 1000))


def python(p, f, g, *operands):
    return f(*operands) if p else g(*operands)


PROGRAMS = [elementwise, with_loops, with_lookups]


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_both_sides(f):
    """Values, both modes and order 2, with one kernel for both sides."""
    ct, v = RNG.normal(size=9), RNG.normal(size=9)
    g = jitad.value_and_grad(lambda x, p: (f(jitad.cond, x, p) * ct).sum())
    along = jitad.jit(lambda x, p: jitad.jvp(lambda x: f(jitad.cond, x, p), (x,), (v,)))
    product = jitad.jit(lambda x, p: jitad.jvp(jitad.grad(lambda x: (f(jitad.cond, x, p) * ct).sum()), (x,), (v,))[1])
    for p in (True, False):
        want = jitad.value_and_grad(lambda x, p=p: (f(python, x, p) * ct).sum())
        for a, b in zip(g(X, p), want(X), strict=True):
            close(a, b)
        with jitad.disable_jit():
            close(g(X, p)[1], want(X)[1])
        close((along(X, p)[1] * ct).sum(), (want(X)[1] * v).sum())
        second = jitad.jvp(jitad.grad(lambda x, p=p: (f(python, x, p) * ct).sum()), (X,), (v,))[1]
        close(product(X, p), second, 1e-10)
    assert len(g.specializations) == 1


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_mapped_predicates(f):
    ps = np.array([True, False, False, True])
    rows = RNG.uniform(0.3, 1.4, (4, 9))
    ct = RNG.normal(size=9)
    got = jitad.vmap(jitad.grad(lambda x, p: (f(jitad.cond, x, p) * ct).sum()))(rows, ps)
    for row, x, p in zip(got, rows, ps, strict=True):
        close(row, jitad.grad(lambda x, p=bool(p): (f(python, x, p) * ct).sum())(x))


def test_what_is_cheap_is_selected_and_the_rest_is_chosen():
    assert "turns" not in written(jitad.grad(lambda x, p: elementwise(jitad.cond, x, p).sum()), X, True).source
    assert "turns" in written(jitad.grad(lambda x, p: with_lookups(jitad.cond, x, p).sum()), X, True).source


def test_what_is_not_chosen_does_not_raise():
    def f(x, i):
        return jitad.cond(i < len(x), lambda: x[np.array([0, -1]) + i].sum(), lambda: x.sum() * 2)

    assert f(X, 100) == pytest.approx(2 * X.sum())
    close(jitad.grad(f)(X, 100), np.full(9, 2.0))
    with pytest.raises(IndexError):
        f(X, -12)


def test_what_is_not_chosen_has_no_derivative():
    """Not even where it is infinite or nan."""
    def f(x):
        return jitad.cond(x > 0, lambda x: np.sqrt(x) + np.log(x), lambda x: x * 3, x)

    assert jitad.grad(f)(0.0) == 3.0 and jitad.grad(jitad.grad(f))(0.0) == 0.0
    close(jitad.vmap(jitad.grad(f))(np.array([-1.0, 0.0, 4.0])), [3.0, 3.0, 0.5])


def test_what_is_not_chosen_does_not_run():
    """It would never end."""
    def f(x, p):
        return jitad.cond(p, lambda: jitad.while_loop(lambda y: y < np.inf, np.cos, x), lambda: x * x)

    def of_another_dtype(x, p):  # a cast is no reason to compute it
        return jitad.cond(p, lambda: jitad.while_loop(lambda k: k < 5, lambda k: k - k, 3), lambda: x * x)

    assert jitad.value_and_grad(f)(3.0, False) == (9.0, 6.0)
    assert jitad.value_and_grad(of_another_dtype)(3.0, False) == (9.0, 6.0)


def test_switch():
    def f(k, x):
        return jitad.switch(k, [np.sin, np.cos, lambda x: x**3], x)

    def g(k, x):
        return jitad.switch(k, [np.sin, lambda x: jitad.fori_loop(0, 3, lambda i, y: y * x, x), lambda x: -x], x)

    x = 0.7
    for k, want in ((-4, np.cos(x)), (0, np.cos(x)), (1, -np.sin(x)), (2, 3 * x**2), (9, 3 * x**2)):
        close(jitad.grad(f, argnums=1)(k, x), want)
        close(jitad.grad(lambda x, k=k: f(k, x))(x), want)
    for k, want in ((0, np.cos(x)), (1, 4 * x**3), (5, -1.0)):
        close(jitad.grad(g, argnums=1)(k, x), want)
    close(jitad.vmap(jitad.grad(g, argnums=1), (0, None))(np.array([2, 1, 0]), x), [-1.0, 4 * x**3, np.cos(x)])


def test_containers_dtypes_and_numbers():
    f = jitad.jit(lambda p, x: jitad.cond(p, lambda d: {"a": d["x"], "b": 1}, lambda d: {"a": d["x"] * 2, "b": 2.5}, {"x": x}))
    assert f(True, np.float32(2)) == {"a": 2.0, "b": 1.0} and f(False, np.float32(2)) == {"a": 4.0, "b": 2.5}
    assert f(True, np.float32(2))["a"].dtype == np.float32
    assert jitad.cond(2.5, lambda: 1, lambda: 0) == 1 and jitad.cond(0, lambda: 1, lambda: 0) == 0
    assert jitad.jit(lambda n: jitad.cond(n, lambda: 1, lambda: 0))(np.nan) == 1  # as Python has it


@pytest.mark.parametrize("error, message, call", [
    (TypeError, r"predicate of cond is a boolean, not float64 of shape \(9,\)", lambda x: jitad.cond(x, lambda: 1, lambda: 2)),
    (TypeError, "index of switch is an integer, not float64", lambda x: jitad.switch(x[0], [lambda: 1])),
    (ValueError, "at least one", lambda x: jitad.switch(2, [])),
    (TypeError, "which have to be the same", lambda x: jitad.cond(x[0] > 0, lambda: (1, 2), lambda: 1)),
    (ShapeError, r"shapes \(9,\) and \(\)|shapes \(\) and \(9,\)", lambda x: jitad.cond(x[0] > 0, lambda: x, lambda: x[0])),
], ids=["array", "float", "none", "containers", "shapes"])
def test_errors(error, message, call):
    with pytest.raises(error, match=message):
        jitad.jit(call)(X)


def test_indices_that_are_greater_than_signed_ones():
    with jitad.disable_jit():
        assert jitad.switch(np.uint64(2**63 + 5), [np.sin, lambda x: x * x], 3.0) == 9.0


def test_one_operand_by_name():
    assert jitad.cond(True, lambda x: x, lambda x: -x, operand=2.0) == 2.0
    assert jitad.switch(1, [lambda x: x, lambda x: -x], operand=2.0) == -2.0
    assert jitad.grad(lambda x: jitad.cond(x > 0, lambda v: v**2, lambda v: v, operand=x))(3.0) == 6.0
    assert jitad.cond(False, lambda x: 1.0, lambda x: 2.0, operand=None) == 2.0

"""The public transforms: the tutorial's examples, nesting, containers, dtypes, errors."""

import os
import subprocess
import sys
import types
from collections import namedtuple

import numpy as np
import pytest

import jitad
from jitad import errors

JAX = types.SimpleNamespace(np=jitad.numpy, ad=jitad)
PLAIN = types.SimpleNamespace(np=np, ad=jitad)


@pytest.mark.parametrize("style", [PLAIN, JAX], ids=["numpy", "jnp"])
class TestTutorial:
    """Once in plain NumPy, once in the idiom of jax.numpy."""

    def test_square(self, style):
        def f(x):
            return x**2

        assert style.ad.grad(f)(2.0) == 4.0
        assert style.ad.grad(style.ad.grad(f))(2.0) == 2.0
        assert isinstance(style.ad.grad(f)(2.0), float)

    def test_two_arguments(self, style):
        def f(x, y):
            return x**2 + 2 * y**2

        assert style.ad.grad(f, argnums=0)(2.0, 3.0) == 4.0
        assert style.ad.grad(f, argnums=(0, 1))(2.0, 3.0) == (4.0, 12.0)

    def test_norm(self, style):
        xp = style.np

        def norm(x):
            return xp.sqrt(xp.dot(x, x))

        x = xp.array((1.0, 2.0))
        assert round(float(norm(x)), 6) == 2.236068
        np.testing.assert_allclose(style.ad.grad(norm)(x), [0.4472136, 0.8944272], atol=5e-8)

    def test_jacobian_of_the_identity(self, style):
        np.testing.assert_array_equal(style.ad.jacobian(lambda x: x)(style.np.array((1.0, 2.0))), np.eye(2))

    def test_harmonic_potential(self, style):
        xp = style.np

        def potential(x):
            d = abs(x[xp.newaxis, :] - x[:, xp.newaxis])
            return (d**2).sum() / 2

        value, gradient = style.ad.value_and_grad(potential)(xp.array((1.0, 2.0)))
        assert value == 1.0
        np.testing.assert_array_equal(gradient, [-2.0, 2.0])


def test_nested_gradients_keep_their_variables_apart():
    assert jitad.grad(lambda x: x * jitad.grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert jitad.grad(lambda x: x * jitad.grad(lambda y: x * y)(2.0))(3.0) == 6.0


def test_promotion_and_signed_zero():
    assert jitad.jit(np.arctan2)(0.0, -0.0) == np.pi
    x32 = np.arange(3, dtype=np.float32)
    assert jitad.jit(lambda x: x * 2.0)(x32).dtype == np.float32
    assert jitad.grad(lambda x: (x * 2.0).sum())(x32).dtype == np.float32
    assert jitad.grad(lambda x: np.exp(x).sum())(x32).dtype == np.float32
    assert jitad.grad(lambda x: (x * np.float64(2)).sum())(x32).dtype == np.float32  # a gradient has its argument's dtype
    assert jitad.jit(lambda x: x * np.float64(2))(x32).dtype == np.float64


def test_integers_are_promoted_where_a_derivative_is_asked():
    assert jitad.grad(lambda x: x**2)(3) == 6.0 and isinstance(jitad.grad(lambda x: x**2)(3), float)
    assert jitad.jit(lambda x: x**2)(3) == 9 and isinstance(jitad.jit(lambda x: x**2)(3), int)
    with pytest.raises(errors.DTypeError, match="int64"):
        jitad.grad(lambda x: (x**2).sum())(np.arange(3))
    np.testing.assert_array_equal(jitad.grad(lambda x, i: (x[i] * i).sum())(np.ones(3), np.array([2, 2])), [0, 0, 4])


def cubic(x):
    return (x**3 * np.roll(x, 1)).sum()


def test_every_transform_nests_in_every_other():
    x, v = np.random.default_rng(0).normal(size=(2, 5))
    transforms = {
        "grad": lambda f: jitad.grad(f), "jacobian": lambda f: jitad.jacobian(f), "jacfwd": lambda f: jitad.jacfwd(f),
        "jacrev": lambda f: jitad.jacrev(f), "jit": lambda f: jitad.jit(f),
        "jvp": lambda f: lambda x: jitad.jvp(f, (x,), (v,))[1], "vjp": lambda f: lambda x: jitad.vjp(f, x)[1](
            np.ones_like(f(x)) if np.ndim(f(x)) else 1.0)[0],
        "value_and_grad": lambda f: lambda x: jitad.value_and_grad(f)(x)[1], "hvp": lambda f: lambda x: jitad.hvp(f)(x, v),
        "hessian": lambda f: jitad.hessian(f)}
    h = np.zeros((5, 5))  # the Hessian by hand
    for i in range(5):
        p, q = i - 1, (i + 1) % 5
        h[i, i] = 6 * x[i] * x[p]
        h[i, p] += 3 * x[i] ** 2
        h[i, q] += 3 * x[q] ** 2
    gradient = 3 * x**2 * np.roll(x, 1) + np.roll(x, -1) ** 3
    first = {"grad": gradient, "value_and_grad": gradient, "jvp": gradient @ v, "vjp": gradient, "jacrev": gradient,
        "jacfwd": gradient}
    scalar = {"grad", "value_and_grad", "jvp", "vjp", "jacrev", "jacfwd", "jit"}
    with jitad.disable_jit():
        for a in first:
            np.testing.assert_allclose(transforms[a](cubic)(x), first[a], rtol=1e-12)
            for b in ("jacobian", "jacfwd", "jacrev"):
                want = h if a != "jvp" else h @ v
                np.testing.assert_allclose(transforms[b](transforms[a](cubic))(x), want, rtol=1e-12)
            np.testing.assert_allclose(transforms["jvp"](transforms[a](cubic))(x), h @ v if a != "jvp" else v @ h @ v, rtol=1e-12)
            if a in scalar and a == "jvp":
                np.testing.assert_allclose(jitad.grad(transforms[a](cubic))(x), h @ v, rtol=1e-12)
        np.testing.assert_allclose(transforms["hvp"](cubic)(x), h @ v, rtol=1e-12)
        np.testing.assert_allclose(jitad.grad(lambda y: transforms["hvp"](cubic)(y) @ v)(x), jitad.jvp(
            lambda y: jitad.hvp(cubic)(y, v), (x,), (v,))[1], rtol=1e-12)
        np.testing.assert_allclose(transforms["jit"](transforms["hessian"](cubic))(x), h, rtol=1e-12)
    np.testing.assert_allclose(jitad.hessian(cubic)(x), h, rtol=1e-12)
    np.testing.assert_allclose(jitad.jacfwd(jitad.jit(jitad.grad(jitad.jit(cubic))))(x), h, rtol=1e-12)


Point = namedtuple("Point", "position charge")


def test_containers_in_and_out():
    def f(p, options):
        energy = (p.position**2).sum() * p.charge + options["scale"][0]
        return {"energy": energy, "parts": [p.position * 2, (p.charge, None)]}

    p, options = Point(np.ones(3), 2.0), {"scale": [1.0]}
    out = jitad.jit(f)(p, options)
    assert out["energy"] == 7.0 and out["parts"][1] == (2.0, None)
    np.testing.assert_array_equal(out["parts"][0], np.full(3, 2.0))
    g, s = jitad.grad(lambda p, o: f(p, o)["energy"], (0, 1))(p, options)
    assert isinstance(g, Point) and g.charge == 3.0 and s == {"scale": [1.0]}
    j = jitad.jacobian(lambda p: {"r": p.position * p.charge})(p)["r"]
    np.testing.assert_array_equal(j.position, 2 * np.eye(3))
    np.testing.assert_array_equal(j.charge, np.ones(3))


def test_aux():
    def f(x):
        return (x**2).sum(), {"x": x * 3}

    x = np.ones(2)
    (value, aux), g = jitad.value_and_grad(f, has_aux=True)(x)
    assert value == 2.0
    np.testing.assert_array_equal(aux["x"], 3 * x)
    g2, aux2 = jitad.grad(f, has_aux=True)(x)
    np.testing.assert_array_equal(g, g2)
    value, pull, aux3 = jitad.vjp(f, x, has_aux=True)
    np.testing.assert_array_equal(pull(1.0)[0], 2 * x)
    _, aux4 = jitad.jacrev(lambda x: (x * x, x), has_aux=True)(x)
    np.testing.assert_array_equal(aux4, x)


def test_keywords_defaults_and_negative_argnums():
    def f(x, y, scale=2.0):
        return scale * (x * y).sum()

    x, y = np.arange(3.0), np.ones(3)
    np.testing.assert_array_equal(jitad.grad(f)(x, y, scale=3.0), 3 * y)
    np.testing.assert_array_equal(jitad.grad(f, -1)(x, y), 2 * x)
    with pytest.raises(ValueError, match="argnums=5"):
        jitad.grad(f, 5)(x, y)


def test_results_are_fresh():
    x = np.arange(6.0)
    same, first = jitad.jit(lambda x: (x, x[:3]))(x)
    assert not np.shares_memory(same, x) and not np.shares_memory(first, x)
    g = jitad.grad(lambda x: (x**2).sum())
    assert not np.shares_memory(g(x), g(x))
    a, b = jitad.jit(lambda x: (x * 2, x * 2))(x)
    assert not np.shares_memory(a, b)
    c, d = jitad.jit(lambda x: (x * 2, (x * 2).reshape(2, 3)))(x)
    assert not np.shares_memory(c, d)


def test_one_kernel_for_one_graph():
    def f(x):
        return (np.sin(x) * 2).sum()

    def g(y):
        z = np.sin(y)
        return np.sum(z * 2)

    x = np.ones(6)
    assert jitad.grad(f).specialize(x).kernel is jitad.grad(g).specialize(x).kernel


def test_disable_jit_compiles_nothing():
    f = jitad.grad(lambda x: (x**7 * np.cos(x)).sum())
    with jitad.disable_jit():
        a = f(np.ones(9))
    assert not f.specializations
    for _ in range(3):  # the third call goes the short way
        np.testing.assert_allclose(a, f(np.ones(9)), rtol=1e-14)
    assert len(f.specializations) == 1
    f._caller.entries = (lambda args, kwargs: pytest.fail("an entry was asked"),)
    with jitad.disable_jit():
        np.testing.assert_array_equal(a, f(np.ones(9)))


def test_the_environment_disables_jit_for_a_process():
    script = ("import numpy as np, jitad\n"
              "f = jitad.grad(lambda x: (x**2).sum())\n"
              "print([f(np.ones(3)).tolist() for _ in range(3)], len(f.specializations))")
    out = subprocess.run([sys.executable, "-c", script], env={**os.environ, "JITAD_DISABLE_JIT": "1"}, capture_output=True,
                         text=True, check=True).stdout
    assert out.split() == "[[2.0, 2.0, 2.0], [2.0, 2.0, 2.0], [2.0, 2.0, 2.0]] 0".split()


def test_a_specialization_can_be_looked_at():
    eps = 0.37

    def f(x, p):
        return {"e": eps * (x**2).sum(), "x": p["a"] * x}

    k = jitad.jit(f).specialize(np.ones(6), {"a": 2.5})
    assert "def kernel(" in k.source and "multiply" in str(k.graph) and k.captured == (0.37,)
    assert [n.domains for n in k.nests] == [((k.graph.inputs[0].shape[0],),)]
    e, y = k.njit(np.ones(6), 2.5, *k.captured)
    assert e == pytest.approx(0.37 * 6)
    np.testing.assert_array_equal(y, np.full(6, 2.5))


def test_kernel_inside_user_njit_code():
    from numba import njit

    force = jitad.grad(lambda x: (x**4).sum()).specialize(np.ones(8)).njit

    @njit
    def descend(x, steps):
        for _ in range(steps):
            x = x - 0.01 * force(x)
        return x

    x = y = np.linspace(-1, 1, 8)
    for _ in range(3):
        y = y - 0.04 * y**3
    np.testing.assert_allclose(descend(x, 3), y, rtol=1e-14)


class TestErrors:
    def test_no_scalar(self):
        with pytest.raises(errors.ShapeError, match="a 1-dimensional array.*jitad.jacobian"):
            jitad.grad(lambda x: x * 2)(np.ones(6))
        with pytest.raises(TypeError, match="one scalar result"):
            jitad.grad(lambda x: (x.sum(), x.sum()))(np.ones(6))
        with pytest.raises(errors.DTypeError, match="bool"):
            jitad.grad(lambda x: x.sum() > 0)(np.ones(6))

    def test_no_function(self):
        with pytest.raises(TypeError, match="takes a function, not a int"):
            jitad.grad(3)

    def test_tangents(self):
        with pytest.raises(errors.ShapeError, match=r"tangent has shape \(3,\).*\(4,\)"):
            jitad.jvp(np.sin, (np.ones(4),), (np.ones(3),))
        with pytest.raises(TypeError, match="tuples"):
            jitad.jvp(np.sin, np.ones(4), np.ones(4))
        with pytest.raises(TypeError, match="container"):
            jitad.vjp(lambda x: (x, x), np.ones(4))[1](np.ones(4))
        with pytest.raises(errors.ShapeError, match="cotangent"):
            jitad.vjp(np.sin, np.ones(6))[1](np.ones(7))

    def test_check_grads_finds_a_wrong_derivative(self, monkeypatch):
        from jitad.ops.declare import REGISTRY

        jitad.testing.check_grads(lambda x: np.sinh(x).sum(), (np.array([0.3, 0.4]),), order=3)
        monkeypatch.setattr(REGISTRY["sinh"], "partials", lambda x, out: (1.001 * REGISTRY["cosh"](x),))
        with jitad.disable_jit(), pytest.raises(AssertionError, match="finite differences"):
            jitad.testing.check_grads(lambda x: np.sinh(x).sum() + 0.0, (np.array([0.3, 0.4]),), order=1)

    def test_check_grads_of_rules_for_one_mode(self):
        def ruled(factor):
            f = jitad.custom_vjp(lambda x: np.sin(x).sum())
            f.defvjp(lambda x: (f(x), x), lambda x, ct: (factor * ct * np.cos(x),))
            return f

        x = np.array([0.3, 0.4, -2.0])
        with jitad.disable_jit():
            jitad.testing.check_grads(ruled(1.0), (x,), order=2, modes=["rev"])
            with pytest.raises(AssertionError, match="reverse mode differs from finite differences"):
                jitad.testing.check_grads(ruled(1.001), (x,), order=1, modes=["rev"])
            with pytest.raises(AssertionError, match="do not converge"):
                jitad.testing.check_grads(lambda x: np.sign(x - 0.3).sum(), (x,), order=1, modes=["rev"])


def test_stop_gradient():
    stop = jitad.stop_gradient
    assert jitad.grad(lambda x: x * stop(x) + stop(x) ** 2)(3.0) == 3.0
    assert jitad.grad(jitad.grad(lambda x: x * x * stop(x)))(3.0) == 6.0
    x = np.array([1.0, 2.0, 5.0])
    with jitad.disable_jit():
        np.testing.assert_array_equal(jitad.jacobian(lambda x: x.sum() * stop(x))(x), np.repeat(x[:, None], 3, 1))
        np.testing.assert_array_equal(jitad.jacfwd(lambda x: {"a": x * stop({"s": x.sum()})["s"]})(x)["a"], 8 * np.eye(3))
    assert stop({"k": 2, "x": x})["x"] is x
    assert jitad.jit(lambda x, k: x[stop(k)])(x, 2) == 5.0

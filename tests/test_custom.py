"""`custom_jvp` and `custom_vjp`: against JAX with the same rules, whose derivatives are others than those of what is computed."""

import functools
import pickle
import subprocess
import sys
import types

import numpy as np
import pytest

import jitad
from jitad.errors import LeakedTracerError, ShapeError
from tests.written import written

RNG = np.random.default_rng(5)
X, W = RNG.normal(size=5), RNG.normal(size=(3, 5))


def unrolled(step, carry, xs):
    """What `scan` means."""
    rows = []
    for x in xs:
        carry, row = step(carry, x)
        rows.append(row)
    return carry, rows


def functions(ad, np):
    """Functions whose rules have factors of their own: a derivative that does not come from the rule is another one."""
    @ad.custom_jvp
    def wave(x, y):
        return {"a": np.sin(x) * y, "b": (x * y).sum()}

    @wave.defjvp
    def wave_rule(primals, tangents):
        (x, y), (tx, ty) = primals, tangents
        out = wave(x, y)
        return out, {"a": 2 * np.cos(x) * y * tx + wave(x, 1.0)["a"] * ty, "b": (tx * y + 3 * x * ty).sum()}

    @functools.partial(ad.custom_vjp, nondiff_argnums=(0, 2))
    def power(h, x, n):
        return h(x["u"]) ** n * x["v"]

    def power_fwd(h, x, n):
        return h(x["u"]) ** n * x["v"], (x, h(x["u"]))

    def power_bwd(h, n, kept, ct):
        x, r = kept
        return ({"u": n * r ** (n - 1) * x["v"] * ct * 1.5 * h(x["u"]), "v": np.zeros_like(x["v"])},)

    power.defvjp(power_fwd, power_bwd)

    @ad.custom_vjp
    def clipped(x):
        return x * 1.0

    clipped.defvjp(lambda x: (x * 1.0, None), lambda _, ct: (np.clip(ct, -1.0, 1.0),))

    @ad.custom_jvp
    def product(x, y):
        return x * y

    product.defjvps(None, lambda t, out, x, y: x * x * t)
    scan = getattr(ad, "scan", unrolled)

    def step(s, x):
        out = wave(s, x * s)
        return product(clipped(out["a"]), s) + 0.1 * power(np.sin, {"u": s, "v": x + s}, 2), out["b"]

    def forward_step(s, x):
        out = wave(s, x * s)
        return product(out["a"], s) + 0.1 * s, out["b"]

    return types.SimpleNamespace(
        wave=wave, product=product, clipped=clipped, grad=ad.grad, vmap=ad.vmap, np=np,
        power=lambda x: power(np.sin, {"u": x, "v": x * x}, 3),
        chain=lambda x: scan(step, x, x[:3])[0], chained=lambda x: scan(forward_step, x, x[:3])[0])


def of_wave(f, x):
    out = f.wave(x, x * x)
    return (out["a"] ** 2).sum() + out["b"] ** 2


def of_power(f, x):
    return (f.power(x) ** 2).sum()


def of_clipped(f, x):
    """Two calls with the same argument, whose cotangents are clipped one by one."""
    return (f.clipped(x) * 3.0).sum() + (f.clipped(x) * 0.4).sum() + (f.clipped(x * 1.5) ** 2).sum()


def of_product(f, x):
    return f.product(f.product(x, x * x), f.np.exp(x)).sum()


def nested(f, x):
    return (f.power(f.wave(x, f.clipped(x))["a"]) * f.product(x, f.power(x))).sum()


def in_a_loop(f, x):
    return (f.chain(x) ** 2).sum()


def in_a_loop_forward(f, x):
    return (f.chained(x) ** 2).sum()


def mapped(f, x):
    """Along an axis of one argument, and of what goes around."""
    return f.vmap(lambda s: (f.wave(s, x)["a"] * f.power(x * s) * f.clipped(x)).sum())(x).sum() ** 2


def a_gradient_inside(f, x):
    return (f.grad(lambda y: (f.wave(y, x)["a"] * f.power(y)).sum())(x) ** 2).sum()


def jax_():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    return jax


LOSSES = {f.__name__: f for f in (
    of_wave, of_power, of_clipped, of_product, nested, in_a_loop, in_a_loop_forward, mapped, a_gradient_inside)}
FORWARD = {"of_wave", "of_product", "in_a_loop_forward", "a_gradient_inside"}  # all others have a rule for cotangents


def close(found, want):
    np.testing.assert_allclose(found, want, rtol=1e-11, atol=1e-12 * max(1.0, np.abs(want).max()))


@pytest.fixture(scope="module", params=LOSSES)
def loss(request):
    return LOSSES[request.param]


def test_derivatives(loss):
    """Compiled: value and gradient. Interpreted: all modes, to order 2."""
    jax = jax_()
    ours, theirs = (functools.partial(loss, functions(*p)) for p in ((jitad, np), (jax, jax.numpy)))
    value, slope = jitad.value_and_grad(ours)(X)
    want = jax.grad(theirs)(X)
    assert value == pytest.approx(float(theirs(X)), rel=1e-12)
    close(slope, want)
    second, ct = jax.jacrev(jax.grad(theirs))(X), RNG.normal()
    with jitad.disable_jit():
        close(jitad.jacrev(ours)(X), want)
        close(jitad.vjp(ours, X)[1](ct)[0], jax.vjp(theirs, X)[1](ct)[0])
        close(jitad.jacrev(jitad.grad(ours))(X), second)
        close(jitad.vmap(jitad.grad(ours))(W), jax.vmap(jax.grad(theirs))(W))
        close(jitad.hessian(ours)(X), jax.hessian(theirs)(X))
        close(jitad.hvp(ours)(X, W[0]), jax.jvp(jax.grad(theirs), (X,), (W[0],))[1])
        if loss.__name__ in FORWARD:
            close(jitad.jacfwd(ours)(X), want)
            close(jitad.jvp(ours, (X,), (W[0],))[1], want @ W[0])
            close(jitad.jacfwd(jitad.jacfwd(ours))(X), jax.jacfwd(jax.jacfwd(theirs))(X))
        else:
            for forward in (lambda: jitad.jvp(ours, (X,), (W[0],)), lambda: jitad.jacfwd(ours)(X)):
                with pytest.raises(TypeError, match="forward-mode differentiation.*custom_vjp.*(?s:.)*test_custom.py, line"):
                    forward()


def test_zeros_and_what_is_added():
    """Tangents that are zero, however that is written; cotangents may have parts of their own."""
    with jitad.disable_jit():
        for zero in (lambda x, t: 0 * x, lambda x, t: np.zeros_like(x), lambda x, t: np.cumsum(np.zeros_like(x) * x)[::-1] / x,
                     lambda x, t: np.where(x > 0, t, 0.0 * x)):
            f = jitad.custom_jvp(lambda x: x * 2.0)
            f.defjvps(lambda t, out, x: zero(x, t))  # noqa: B023
            want = np.where(X > 0, 1.0, 0.0) if zero(1.0, 1.0) else np.zeros(5)
            close(jitad.grad(lambda x: f(x).sum())(X), want)  # noqa: B023
            close(jitad.jvp(f, (X,), (W[0],))[1], want * W[0])
        decay = jitad.custom_vjp(lambda x: x * 1.0)
        decay.defvjp(lambda x: (x * 1.0, x), lambda x, ct: (ct + 0.1 * x,))
        close(jitad.grad(lambda x: (decay(x) * 3.0).sum() + (decay(x) * 2.0).sum())(X), 5.0 + 0.2 * X)


def test_order_two_compiled():
    jax = jax_()
    ours, theirs = (functools.partial(nested, functions(*p)) for p in ((jitad, np), (jax, jax.numpy)))
    close(jitad.hessian(ours)(X), jax.hessian(theirs)(X))
    close(jitad.vmap(jitad.grad(ours))(W), jax.vmap(jax.grad(theirs))(W))


def test_order_three():
    jax = jax_()
    ours, theirs = (functools.partial(of_wave, functions(*p)) for p in ((jitad, np), (jax, jax.numpy)))
    with jitad.disable_jit():
        close(jitad.jacfwd(jitad.hessian(ours))(X), jax.jacfwd(jax.hessian(theirs))(X))


def test_plain_values_are_the_functions():
    f = functions(jitad, np)
    assert f.product(2, 3) == 6 and type(f.product(2, 3)) is int
    np.testing.assert_array_equal(f.wave(X, X)["a"], np.sin(X) * X)
    close(jitad.jit(lambda x: f.product(x, x) + f.clipped(x))(X), X * X + X)
    assert f.product.__name__ == "product" and "product" in repr(f.product)


def test_calls_fuse():
    """As if written there: one loop, and nothing computed that only a rule needs."""
    f = functions(jitad, np)
    kernel = written(jitad.value_and_grad(lambda x: (f.wave(x, x)["a"] ** 2).sum()), X)
    assert [n.domains for n in kernel.nests] == [((kernel.graph.inputs[0].shape[0],),)]
    source = written(jitad.jit(lambda x: f.wave(x, x)["a"]), X).source
    assert "sin" in source and "cos" not in source
    assert "custom" not in str(kernel.graph)


def test_a_rule_decides_at_points_where_the_function_has_no_derivative():
    """Off a mask nothing comes of infinite factors of a rule, in both modes."""
    @jitad.custom_jvp
    def root(x):
        return np.sqrt(x)

    root.defjvps(lambda t, out, x: 0.5 / out * t)

    @jitad.custom_vjp
    def back(x):
        return np.sqrt(x)

    back.defvjp(lambda x: (np.sqrt(x), x), lambda x, ct: (0.5 / np.sqrt(x) * ct,))
    x = np.array([0.0, 4.0, 9.0, -1.0, 1.0])
    want = [0.0, 0.25, 1 / 6, 0.0, 0.5]
    with jitad.disable_jit():
        for f in (root, back):
            np.testing.assert_allclose(jitad.grad(lambda x: np.where(x > 0, f(x), 0.0).sum())(x), want, rtol=1e-14)  # noqa: B023
            inside = jitad.grad(lambda x: f(np.where(x > 0, x, 0.0)).sum())  # noqa: B023
            np.testing.assert_allclose(inside(x), want, rtol=1e-14)
        np.testing.assert_allclose(np.diag(jitad.jacfwd(lambda x: root(np.where(x > 0, x, 0.0)))(x)), want, rtol=1e-14)


def test_kinds_of_arguments():
    """Integers, single precision, containers of registered classes, keywords and defaults, None, Python's numbers."""
    @jitad.custom_jvp
    def f(x, k, scale=2.0, options=None):
        return x[k] * scale, k + 1

    @f.defjvp
    def rule(primals, tangents):
        (x, k, scale, options), (tx, tk, ts, _) = primals, tangents
        assert options is None and tk.shape == k.shape
        return f(*primals), (tx[k] * scale * 10 + 0 * tk + x[k] * ts, tk)

    k = np.array([3, 0, 0])
    with jitad.disable_jit():
        slope = jitad.grad(lambda x: (f(x, k, scale=3.0)[0] ** 2).sum())(X)
        want = np.zeros(5)
        np.add.at(want, k, 2 * 3 * X[k] * 30)
        close(slope, want)
        single = jitad.grad(lambda x: (f(x, k)[0] ** 2).sum())(X.astype(np.float32))
        assert single.dtype == np.float32
        value, tangent = jitad.jvp(lambda s: f(X, k, s), (2.0,), (1.5,))
        close(tangent[0], X[k] * 1.5)
        np.testing.assert_array_equal(value[1], k + 1)

    @jitad.custom_vjp
    def g(p, x):
        return p[0]["a"] * x, p[1]

    g.defvjp(lambda p, x: ((p[0]["a"] * x, p[1]), (p, x)),
             lambda kept, cts: (({"a": (cts[0] * kept[1]).sum()}, None), None))
    with jitad.disable_jit():
        slopes = jitad.grad(lambda p, x: (g(p, x)[0] * x).sum() + g(p, x)[1] ** 2, (0, 1))(({"a": 2.0}, 3.0), X)
    assert slopes[0][0]["a"] == pytest.approx((X * X).sum()) and slopes[0][1] == 0.0
    close(slopes[1], 2 * X)


SCALE = 1.7


def test_values_from_around():
    """Watched as those of other functions; a derivative in them is an error, what the rule takes may be differentiated by."""
    @jitad.custom_jvp
    def f(x):
        return x * SCALE

    f.defjvps(lambda t, out, x: SCALE * t * 2)
    g = jitad.grad(f)
    assert g(1.0) == 2 * SCALE
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[__name__], "SCALE", 5.0)
        assert g(1.0) == 10.0
    f.defjvps(lambda t, out, x: SCALE * t * 3)  # another rule is another derivative
    assert g(1.0) == 3 * SCALE

    def around(s):
        h = jitad.custom_jvp(lambda x: x * s)
        h.defjvps(lambda t, out, x: t * s)
        return h

    with jitad.disable_jit():
        assert jitad.grad(lambda x: around(jitad.stop_gradient(x))(x))(3.0) == 3.0
        for k in (0, 1):
            with pytest.raises(TypeError, match="takes from around it(?s:.)*test_custom.py, line"):
                jitad.grad(lambda s, x: around(s)(x), k)(2.0, 3.0) if k == 0 else jitad.grad(lambda x: around(x)(x))(3.0)
        assert jitad.grad(lambda s, x: around(s)(x), 1)(2.0, 3.0) == 2.0


def test_arguments_without_derivative():
    @functools.partial(jitad.custom_jvp, nondiff_argnames=("h",))
    def f(x, h):
        return h * x

    @f.defjvp
    def rule(h, primals, tangents):
        return f(*primals, h), h * tangents[0]

    with jitad.disable_jit():
        assert jitad.grad(lambda x: f(x, h=SCALE))(2.0) == SCALE  # captured
        assert jitad.grad(lambda x, h: f(x, h))(2.0, 3.0) == 3.0  # traced, without derivative
        close(jitad.vmap(lambda h: jitad.grad(lambda x: f(x, h))(2.0))(X), X)
        with pytest.raises(TypeError, match="nondiff_argnums(?s:.)*line"):
            jitad.grad(lambda x: f(x, x))(2.0)


def test_loops_that_were_written_out():
    """Steps with rules are rolled up as others are."""
    f = functions(jitad, np)

    def chain(x):
        for k in range(40):
            for _ in range(4):
                x = np.sin(f.product(x, x * 0.9) + 0.1) + np.cos(x) * 0.1 * f.wave(x, x)["a"]
            x = x + 0.01
        return x.sum()

    with jitad.disable_jit():
        want = jitad.grad(chain)(X)
    g = jitad.grad(chain)
    assert "turns0" in g.specialize(X).source
    close(g(X), want)


def test_rules_that_are_not_linear():
    """Forward they are what they say; turned around they raise."""
    f = jitad.custom_jvp(lambda x: x * 2.0)
    f.defjvp(lambda p, t: (p[0] * 2.0, t[0] ** 2))
    with jitad.disable_jit():
        assert jitad.jvp(f, (1.0,), (3.0,))[1] == 9.0
        with pytest.raises(TypeError, match="linear in its tangents(?s:.)*line"):
            jitad.grad(f)(1.0)
        f.defjvp(lambda p, t: (p[0] * 2.0, t[0] * np.sin(t[0])))
        with pytest.raises(TypeError, match="linear in its tangents(?s:.)*line"):
            jitad.grad(f)(1.0)


@jitad.custom_jvp
def cube(x):
    return x**3


cube.defjvps(lambda t, out, x: 5 * x**2 * t)
SCRIPT = """
import jitad
from tests.test_custom import cube
g = jitad.grad(cube)
k = g.specialize(2.0)
print(*g.specializations, k.source, g(2.0))
"""


def test_other_processes_have_the_same_kernel():
    found = {subprocess.run([sys.executable, "-c", SCRIPT], env={"PYTHONHASHSEED": seed, "PATH": ""}, capture_output=True,
                            text=True, check=True).stdout for seed in ("0", "7")}
    assert len(found) == 1 and found.pop().split()[-1] == "20.0"


def test_pickling():
    assert pickle.loads(pickle.dumps(cube)) is cube
    assert pickle.loads(pickle.dumps(jitad.grad(cube)))(2.0) == 20.0
    local = jitad.custom_jvp(lambda x: x**3)
    local.defjvps(lambda t, out, x: 5 * x**2 * t)
    g = jitad.grad(local)
    assert g(2.0) == 20.0
    assert pickle.loads(pickle.dumps(g))(3.0) == 45.0  # what was recorded of it
    loop = jitad.jit(lambda x: jitad.scan(lambda c, w: (c * w, None), 1.0, x)[0])
    assert loop(np.full(6, 2.0)) == 64.0
    assert pickle.loads(pickle.dumps(loop))(np.full(7, 2.0)) == 128.0


def jvp_of(rule):
    f = jitad.custom_jvp(lambda x: x * 2.0)
    f.defjvp(rule)
    return f


def vjp_of(fwd, bwd):
    f = jitad.custom_vjp(lambda x: x * 2.0)
    f.defvjp(fwd, bwd)
    return f


ERRORS = {
    "no rule": (AttributeError, "without a rule.*defjvp", lambda: jitad.custom_jvp(np.sin)),
    "no rules": (AttributeError, "without a rule.*defvjp", lambda: jitad.custom_vjp(np.sin)),
    "no pair": (TypeError, "returns a pair", lambda: jvp_of(lambda p, t: t[0])),
    "another container": (TypeError, r"returned \[\*\] where .* returns \*", lambda: jvp_of(lambda p, t: ([p[0]], t[0]))),
    "tangents in another container": (TypeError, r"tangents \(\*, \*\)", lambda: jvp_of(lambda p, t: (p[0] * 2, (t[0], t[0])))),
    "a tangent of another shape": (ShapeError, r"shape \(\), the result of <lambda> \(5,\)",
                                   lambda: jvp_of(lambda p, t: (p[0] * 2, t[0].sum()))),
    "a result of another shape": (ShapeError, r"shape \(4,\), the result of <lambda> \(5,\)",
                                  lambda: jvp_of(lambda p, t: (p[0][1:], t[0]))),
    "a result that depends on tangents": (TypeError, "depend on tangents", lambda: jvp_of(lambda p, t: (p[0] + t[0], t[0]))),
    "a tangent with a part that is no tangent": (TypeError, "part that does not depend on tangents",
                                                 lambda: jvp_of(lambda p, t: (p[0] * 2, t[0] + p[0]))),
    "a tangent that is none": (TypeError, "part that does not depend on tangents",
                               lambda: jvp_of(lambda p, t: (p[0] * 2, np.ones_like(p[0])))),
    "fwd without a pair": (TypeError, "returns a pair", lambda: vjp_of(lambda x: x * 2, lambda r, g: (g,))),
    "bwd of another length": (TypeError, "one cotangent for each of 1 arguments; it returned a tuple of 2",
                              lambda: vjp_of(lambda x: (x * 2, x), lambda r, g: (g, g))),
    "bwd without a tuple": (TypeError, "one cotangent for each of 1 arguments",
                            lambda: vjp_of(lambda x: (x * 2, x), lambda r, g: g)),
    "a cotangent of another shape": (ShapeError, r"shape \(5, 5\), the argument of <lambda> \(5,\)",
                                     lambda: vjp_of(lambda x: (x * 2, x), lambda r, g: (g * r[:, None],))),
    "a cotangent in another container": (TypeError, r"\(\*\) where the argument is \*",
                                         lambda: vjp_of(lambda x: (x * 2, x), lambda r, g: ((g,),))),
    "no function": (TypeError, "takes a function", lambda: jitad.custom_vjp(3)),
    "zeros by structure": (NotImplementedError, "symbolic_zeros",
                           lambda: jitad.custom_jvp(np.sin).defjvp(lambda p, t: t, symbolic_zeros=True)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    error, text, make = ERRORS[name]
    with pytest.raises(error, match=text) as found, jitad.disable_jit():
        f = make()
        jitad.grad(lambda x: f(x).sum())(X)
    if name not in ("no function", "zeros by structure"):
        assert "test_custom.py, line" in str(found.value)


def test_values_that_a_rule_keeps():
    kept = []
    f = jvp_of(lambda p, t: (kept.append(t[0]), (p[0] * 2, t[0]))[1])
    with pytest.raises(LeakedTracerError):
        jitad.grad(lambda x: (f(x) + kept[0]).sum())(X)

"""`checkpoint`: the same values and derivatives, and what is kept for them."""

import functools

import numpy as np
import pytest

import jitad
from jitad.errors import InternalError
from jitad.ir import sizes
from jitad.ir.body import Body
from jitad.lower.nest import Repeat
from jitad.ops.leaf import new_input
from tests.written import written

RNG = np.random.default_rng(2)
X, W = RNG.normal(size=6), RNG.normal(size=(6, 6))
TIMES = np.linspace(0, 1, 5)


def plain(f, **_):
    return f


def twice(c):
    g = c(lambda h, w: np.tanh(h @ w))
    return lambda x, w: (g(g(x, w), w) ** 2).sum() + g(x, w).sum()


def nested(c):
    g = c(lambda h, w: np.sin(h @ w))
    outer = c(lambda h, w: g(g(h, w) * 1.1, w) + h)
    return lambda x, w: (outer(outer(x, w), w) ** 2).sum()


def containers(c):
    g = c(lambda d, k: {"a": np.sin(d["a"] @ d["b"]), "n": 3, "s": k, "l": (d["a"].sum(), d["b"])})

    def f(x, w):
        out = g({"a": x, "b": w}, "text")
        assert out["s"] == "text"
        return (out["a"] @ out["l"][1]).sum() * out["n"] + out["l"][0]

    return f


def keywords(c):
    g = c(lambda x, *, scale, power=2: (x * scale) ** power, static_argnames=("power",))
    return lambda x, w: g(x, scale=1.5, power=3).sum() + g(x, scale=w[0]).sum()


def branches(c):
    g = c(lambda x: np.sin(x).sum() if x[0] > 0 else np.cos(x).sum())
    return lambda x, w: g(x) * x[1] + g(-x)


def around_a_loop(c):
    g = c(lambda x, w: jitad.scan(lambda h, t: (np.tanh(w @ h + t), h.sum()), x, TIMES))

    def f(x, w):
        (h, ys), (k, zs) = g(x, w), g(x * 0.5, w)
        return (h * k).sum() + ys.sum() + (zs**2).sum()

    return f


def in_a_loop(c):
    layer = c(lambda h, w, t: np.tanh(w @ h + t))
    return lambda x, w: jitad.scan(lambda h, t: (layer(layer(h, w, t), w, t * 2), h.sum()), x, TIMES)[0].sum()


def loops_of_unknown_length(c):
    g = c(lambda x, n: jitad.while_loop(lambda s: s[0] < n, lambda s: (s[0] + 1, np.sin(s[1]) * 1.1), (0, x))[1])
    return lambda x, w: (g(g(x, 3), 2) ** 2).sum() + w.sum()


def chosen(c):
    g = c(lambda x, w: jitad.cond(x[0] > 0, lambda x: np.sin(x), lambda x: np.linalg.solve(w, x), x))
    return lambda x, w: (g(g(x, w), w) * x).sum()


def factorizations(c):
    g = c(lambda x, w: np.linalg.solve(w @ w.T + np.eye(6), np.sin(x)))
    return lambda x, w: (g(g(x, w), w) ** 2).sum() + g(x, w)[0]


def changed_in_place(c):
    def move(x):
        z = np.zeros(6)
        z[:3] = np.sin(x[3:])
        z[3:] += x[:3]
        return z

    return lambda x, w: (c(move)(c(move)(x) @ w) ** 2).sum()


def pairs(c):
    def energy(x):
        d = x[:, None] - x[None]
        return (np.exp(-d * d) * (1 - np.eye(6))).sum()

    return lambda x, w: c(energy)(x) + c(energy)(x * 2) * w[0, 0]


def looked_up(c):
    g = c(lambda x, k: np.sin(x[k]).sum() * x)
    return lambda x, w: (g(g(x, np.array([0, 3, 3, 5])), np.array([1, -1])) ** 2).sum() + w.sum()


def handed_back(c):
    g = c(lambda x, w: (x, w, x * 2, 7.0))
    return lambda x, w: (g(x, w)[0] * g(x, w)[2]).sum() + g(x, w)[1].sum() * g(x, w)[3]


def other_types(c):
    g = c(lambda x: (np.argsort(x), x.astype(np.float32), x > 0))

    def f(x, w):
        order, single, positive = g(x)
        return (x[order] * w[0]).sum() + single.sum().astype(float) + np.where(positive, x, 0).sum()

    return f


def with_a_rule(c):
    @jitad.custom_jvp
    def sine(x):
        return np.sin(x)

    @sine.defjvp
    def rule(primals, tangents):
        return sine(primals[0]), np.cos(primals[0]) * tangents[0]

    return lambda x, w: (c(lambda x: sine(x) * sine(2 * x))(x @ w) ** 2).sum()


def derived_inside(c):
    g = c(lambda x: jitad.grad(lambda y: (np.sin(y) ** 2).sum())(x) * jitad.jit(np.cos)(x))
    return lambda x, w: g(g(x) @ w).sum()


def closed_over(c):
    def f(x, w):
        y = np.exp(-(x**2))
        g = c(lambda: np.sin(y @ w) * y)
        return (g() * g()).sum() + y.sum()

    return f


PROGRAMS = [twice, nested, containers, keywords, branches, around_a_loop, in_a_loop, loops_of_unknown_length, chosen,
            factorizations, changed_in_place, pairs, looked_up, handed_back, other_types, with_a_rule, derived_inside,
            closed_over]
TRANSFORMS = {
    "jvp": lambda f: lambda x, w: jitad.jvp(f, (x, w), (np.cos(x), np.sin(w))),
    "hessian": jitad.hessian,
    "forward over reverse": lambda f: lambda x, w: jitad.jvp(lambda x: jitad.grad(f)(x, w), (x,), (np.sin(x),)),
    "reverse over reverse": lambda f: jitad.grad(lambda x, w: (jitad.grad(f, (0, 1))(x, w)[0] ** 2).sum(), (0, 1)),
    "vmap": lambda f: lambda x, w: jitad.vmap(jitad.grad(f), in_axes=(0, None))(np.stack([x, x * 0.5, -x]), w),
}


def compare(found, want):
    found, want = jitad.tree.flatten(found)[0], jitad.tree.flatten(want)[0]
    assert len(found) == len(want)
    for a, b in zip(map(np.asarray, found), map(np.asarray, want), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("make", PROGRAMS, ids=lambda f: f.__name__)
def test_values_and_derivatives(make):
    """Compiled, against the interpreter and without `checkpoint`: the gradient, and one other transform."""
    others = [t for t in TRANSFORMS if (make, t) != (branches, "vmap")]
    name = others[PROGRAMS.index(make) % len(others)]
    for transform in (lambda f: jitad.value_and_grad(f, (0, 1)), TRANSFORMS[name]):
        found = transform(make(jitad.checkpoint))(X, W)
        with jitad.disable_jit():
            compare(found, transform(make(plain))(X, W))
            compare(transform(make(jitad.checkpoint))(X, W), found)


def test_kernels_for_compiled_callers_other_lengths_and_threads():
    f, g = (jitad.value_and_grad(nested(c), (0, 1)) for c in (jitad.checkpoint, plain))
    for n in (5, 7, 12):
        x, w = RNG.normal(size=n), RNG.normal(size=(n, n))
        with jitad.disable_jit():
            want = g(x, w)
        compare(f(x, w), want)
        s = f.specialize(x, w)
        compare(tuple(s.njit(x, w)), tuple(jitad.tree.flatten(want)[0]))
        assert np.isclose(s.njit_into(x, w, s.buffers(x, w)), want[0])
        compare(jitad.jit(f, parallel=True)(x, w), want)
    assert len(f.specializations) == 1


def elements(program, n=100):
    return sum(sizes.evaluate(sizes.product(b.shape), lambda _: n) for b, _ in program.temporaries if b.kind == "temp")


def test_a_network_keeps_what_goes_from_group_to_group():
    def loss(wrap, weights, x):
        def group(x, weights):
            for w in weights:
                x = np.tanh(x @ w)
            return x

        for k in range(0, 16, 4):
            x = wrap(group)(x, weights[k : k + 4])
        return (x**2).sum()

    args = [RNG.normal(size=(7, 7)) / 3 for _ in range(16)], RNG.normal(size=(9, 7))
    kept, again = (written(jitad.grad(functools.partial(loss, wrap)), *args).program for wrap in (plain, jitad.checkpoint))
    assert elements(kept) >= 16e4 and elements(again) <= (4 + 6 + 2) * 1e4
    source = written(jitad.grad(functools.partial(loss, jitad.checkpoint)), *args).source
    assert source.count("def step") == 3  # of the first, of the last, and of those between


def test_a_step_of_a_loop_is_as_it_was():
    step = jitad.checkpoint(lambda y, t: (np.tanh(W @ y + t), y.sum()))
    same = [written(jitad.grad(lambda x, s=s: jitad.scan(s, x, TIMES)[0].sum()), X).source for s in (step, step.__wrapped__)]
    assert same[0] == same[1]
    called = written(jitad.grad(lambda x: jitad.fori_loop(0, 5, lambda k, x: step(x * 2, k * 0.1)[0] + 1, x).sum()), X).program
    assert not any(isinstance(s, Repeat) for t in called.block.steps if isinstance(t, Repeat) for s in t.turns.step.block.steps)


def test_loops_in_loops_keep_the_carries_of_one_each():
    """m + n of them, not m times n."""
    def long_loops(x):
        def inner(_, y):
            return np.sin(y) * 0.9 + 0.1 * np.cos(x * y)

        return jitad.fori_loop(0, 6, lambda k, x: jitad.fori_loop(0, 50, inner, x), x)

    program = written(jitad.grad(lambda x: long_loops(x).sum()), X).program
    loops = [s.turns for s in program.block.steps if isinstance(s, Repeat)]
    rooms = [sizes.product(b.shape) for b in (*(b for b, _ in program.temporaries), *(b for t in loops for b in t.scratch))]
    assert len(loops) == 2 and max(map(sizes.degree, rooms)) == 2  # steps by elements; none of steps by steps by elements


def test_it_is_the_function():
    @functools.partial(jitad.remat, policy=lambda *_, **__: True, prevent_cse=False, static_argnums=(1,))
    def f(x, n):
        return x**n

    assert f(3.0, 2) == 9.0 and f.__name__ == "f" and jitad.remat is jitad.checkpoint
    assert jitad.grad(jitad.checkpoint(lambda x: x**3))(2.0) == 12.0
    with pytest.raises(TypeError, match="takes a function"):
        jitad.checkpoint(3)
    with pytest.raises(TypeError, match="policy"):
        jitad.checkpoint(f, policy="dots")


def test_errors_are_those_of_the_function():
    f = jitad.grad(lambda x: jitad.checkpoint(lambda x, k: x[k] ** 2)(x, np.array([1, 9])).sum())
    with pytest.raises(IndexError, match="out of bounds"):
        f(X)
    with pytest.raises(ZeroDivisionError):
        jitad.grad(lambda x: jitad.checkpoint(lambda x: x / (1 // 0))(x))(1.0)


def test_a_step_is_handed_all_that_it_takes():
    x, y = new_input(np.dtype(float), ()), new_input(np.dtype(float), ())
    with pytest.raises(InternalError, match="handed"):
        Body([x], [x + y], 0, 0)

"""Rules that run loops: tangents are carried beside values, in one loop, for numbers of steps that are computed."""

import numpy as np
import pytest

import jitad
from jitad.ops.linear import AFFINE, LINEAR, UNKNOWN, linearity
from jitad.tree import flatten


def turned(c, x):
    return np.sin(c) * 0.5 + x


def steps(x, n):
    """What is differentiated: some steps of a map."""
    return jitad.fori_loop(0, n, lambda i, c: turned(c, x), x)


def until(x, n):
    return jitad.while_loop(lambda s: s[1] < n, lambda s: (turned(s[0], x), s[1] + 1), (x, 0))[0]


def along(x, n):
    return jitad.scan(lambda c, w: (turned(c, x), c * w), x, np.arange(1.0, 5.0))[1].sum() * n


def steps_rule(x, t, n):
    return jitad.fori_loop(0, n, lambda i, s: (turned(s[0], x), np.cos(s[0]) * 0.5 * s[1] + t), (x, t))[1]


def until_rule(x, t, n):
    def step(s):
        c, u, k = s
        return turned(c, x), np.cos(c) * 0.5 * u + t, k + 1

    return jitad.while_loop(lambda s: s[2] < n, step, (x, t, 0))[1]


def along_rule(x, t, n):
    """Rows that do not depend on the tangent beside such that do; the tangent of the first row is one that is read."""
    def step(s, w):
        c, u = s
        return (turned(c, x), np.cos(c) * 0.5 * u + t), (c, u * w)

    _, (_, rows) = jitad.scan(step, (x, t), np.arange(1.0, 5.0))
    return rows.sum() * n


def plain(f):
    return lambda x, n: f(np.sin(x), n) * jitad.fori_loop(0, n, lambda i, c: np.cos(c) + x, x)


def stated(f, rule):
    """The same, its derivative stated; the number of steps comes from around it."""
    def function(x, n):
        g = jitad.custom_jvp(lambda y: f(y, n))
        g.defjvp(lambda primals, tangents: (g(*primals), rule(*primals, *tangents, n)))
        return g(np.sin(x)) * jitad.fori_loop(0, n, lambda i, c: np.cos(c) + x, x)

    return function


@pytest.mark.parametrize("f, rule", [(steps, steps_rule), (until, until_rule), (along, along_rule)], ids=lambda f: f.__name__)
def test_derivatives(f, rule):
    """Orders 1 and 2 in all modes, as without a rule; one kernel for any number of steps."""
    def everything(f):
        def derivatives(x, n, v):
            def alone(x):
                return f(x, n)

            def forward(x):
                return jitad.jvp(alone, (x,), (v,))[1]

            return (jitad.value_and_grad(alone)(x), forward(x), jitad.grad(jitad.grad(alone))(x),
                    jitad.jvp(jitad.grad(alone), (x,), (v,))[1], jitad.grad(forward)(x), jitad.jvp(forward, (x,), (v,))[1])

        return jitad.jit(derivatives)

    known, ours = everything(plain(f)), everything(stated(f, rule))
    for n in (4, 1, 7, 0):
        want, found = (flatten(g(0.3, n, 1.7))[0] for g in (known, ours))
        np.testing.assert_allclose(found, want, rtol=1e-12)
        with jitad.disable_jit():
            np.testing.assert_allclose(flatten(ours(0.3, n, 1.7))[0], want, rtol=1e-12)
    assert len(ours.specializations) == 1


def newton(a):
    return jitad.fori_loop(0, 20, lambda i, x: 0.5 * (x + a / x), 1.0)


def both(a, t):
    """Value and tangent of one loop, as one would write it."""
    return jitad.fori_loop(0, 20, lambda i, s: (0.5 * (s[0] + a / s[0]), 0.5 * (s[1] + t / s[0] - a * s[1] / s[0] ** 2)),
                           (1.0, 0.0))


def until_it_stays(a, t):
    def step(s):
        x, u, _ = s
        return 0.5 * (x + a / x), 0.5 * (u + t / x - a * u / x**2), x

    return jitad.while_loop(lambda s: abs(s[0] - s[2]) > 1e-15, step, (1.0, 0.0 * t, 0.0))[:2]


def with_what_it_was(a, t):
    """A carry that is the tangent of the step before, which nothing else uses."""
    x = newton(a)
    return x, jitad.fori_loop(0, 9, lambda i, s: (0.5 * (t / x - a * s[0] / x**2 + s[0]), s[0]), (0.0 * t, 1.0))[0]


def of_many(a, t):
    return jitad.map(lambda s: (s[0] ** 2 * a, 2 * s[0] * s[1] * a + s[0] ** 2 * t), (np.arange(1.0, 4.0), np.zeros(3) * t))


@pytest.mark.parametrize("rule", [both, until_it_stays, with_what_it_was], ids=lambda f: f.__name__)
def test_values_and_tangents_of_one_loop(rule):
    f = jitad.custom_jvp(newton)
    f.defjvp(lambda primals, tangents: rule(*primals, *tangents))

    def g(a):
        return f(a * a) * a  # a**2

    derivatives = jitad.jit(lambda a: (jitad.grad(g)(a), jitad.jvp(g, (a,), (1.0,))[1], jitad.grad(jitad.grad(g))(a),
                                       jitad.vmap(jitad.grad(g))(np.stack([a, a + 1]))))
    for _ in range(2):
        first, forward, second, many = derivatives(1.7)
        np.testing.assert_allclose([first, forward, *many], [3.4, 3.4, 3.4, 5.4], rtol=1e-12)
        assert second == pytest.approx(2.0, rel=1e-11)
    with jitad.disable_jit():
        np.testing.assert_allclose(derivatives(1.7)[0], 3.4, rtol=1e-12)


def test_rows_of_values_and_tangents():
    f = jitad.custom_jvp(lambda a: np.arange(1.0, 4.0) ** 2 * a)
    f.defjvp(lambda primals, tangents: of_many(*primals, *tangents))
    ct, t = np.random.default_rng(6).normal(size=3), 0.7
    want = ct @ np.array([1.0, 4.0, 9.0])
    assert jitad.vjp(f, 2.0)[1](ct)[0] == pytest.approx(want, rel=1e-14)
    np.testing.assert_allclose(jitad.jvp(f, (2.0,), (t,))[1], [t, 4 * t, 9 * t], rtol=1e-14)


def test_choices_by_tangents_are_refused():
    def ruled(rule):
        f = jitad.custom_jvp(lambda x: np.maximum(x, 0.0))
        f.defjvp(lambda primals, tangents: (f(*primals), rule(*tangents)))
        return f

    f = ruled(lambda t: np.where(t > 0, t, 0.0))
    assert jitad.jvp(f, (2.0,), (-1.0,))[1] == 0.0
    with pytest.raises(TypeError, match="a choice by tangents(?s:.)*line"):
        jitad.grad(f)(2.0)
    with pytest.raises(TypeError, match="linear in its tangents"):
        jitad.grad(ruled(lambda t: jitad.cond(t > 0, lambda: t, lambda: 0.5 * t)))(2.0)
    with pytest.raises(TypeError, match="linear in its tangents"):
        jitad.grad(ruled(lambda t: jitad.fori_loop(0, (t > 0).astype(int) + 1, lambda i, u: u * 2.0, t)))(2.0)


def test_what_is_not_linear_is_refused():
    @jitad.custom_jvp
    def shifted(x):
        return x * 1.0

    shifted.defjvp(lambda primals, tangents: (shifted(*primals), jitad.fori_loop(0, 3, lambda i, t: 2 * t + 1, tangents[0])))
    with pytest.raises(TypeError, match="does not depend on tangents"):
        jitad.grad(shifted)(1.0)

    @jitad.custom_jvp
    def squared(x):
        return x * 1.0

    squared.defjvp(lambda primals, tangents: (squared(*primals), jitad.fori_loop(0, 3, lambda i, t: t * t, tangents[0])))
    with pytest.raises(TypeError, match="a product of two tangents"):
        jitad.grad(squared)(1.0)


def loops(x, t):
    def step(s, w):
        return (s[0] * w, s[1] * s[0]), (s[0], s[1] * w)

    (other, own), (others, owns) = jitad.scan(step, (x, t), np.arange(1.0, 4.0))
    return {"the other carry": other, "its own": own, "rows of the other": others, "rows of its own": owns,
            "mixed": jitad.fori_loop(0, 3, lambda i, s: (s[1], s[0]), (x, t))[0],
            "from zero": jitad.fori_loop(0, 3, lambda i, s: s + t, 0.0),
            "from one": jitad.fori_loop(0, 3, lambda i, s: s + t, 1.0),
            "squares": jitad.fori_loop(0, 3, lambda i, s: s * s, t),
            "how often": jitad.while_loop(lambda s: s[0] < 9, lambda s: (s[0] + s[1], s[1]), (x, t))[1],
            "until": jitad.while_loop(lambda s: s[0] < 9, lambda s: (s[0] + 1, 2 * s[1]), (x, t))[1]}


def test_what_is_linear():
    graph = jitad.jit(loops).specialize(1.0, 2.0).graph
    names = list(loops(1.0, 2.0))
    kinds = [linearity([n], graph.inputs[1:2]) for n in graph.outputs]
    assert dict(zip(names, kinds, strict=True)) == {
        "the other carry": AFFINE, "its own": LINEAR, "rows of the other": AFFINE, "rows of its own": LINEAR, "mixed": AFFINE,
        "from zero": LINEAR, "from one": AFFINE, "squares": UNKNOWN, "how often": UNKNOWN, "until": LINEAR}

"""Sizes have one normal form; evaluation and bounds agree with integers."""

import hypothesis.strategies as st
from hypothesis import given, settings

from jitad.ir import sizes

N, M = sizes.symbol("n", 0, 0, 0), sizes.symbol("m", 0, 1, 0)
LEAVES = st.one_of(st.integers(-4, 6), st.sampled_from([N, M]))


def build(children):
    return st.tuples(st.sampled_from("+-*/"), children, children).map(
        lambda t: {"+": sizes.add, "-": sizes.sub, "*": sizes.mul,
                   "/": lambda a, b: sizes.floordiv(a, b if b != 0 else 3)}[t[0]](t[1], t[2]))


EXPRESSIONS = st.recursive(LEAVES, build, max_leaves=8)


def at(size, n, m):
    return sizes.evaluate(size, {sizes.as_symbol(N): n, sizes.as_symbol(M): m}.__getitem__)


def test_normal_form():
    assert N * (N - 1) // 2 == (N * N - N) // 2
    assert N + M == M + N and N - N == 0 and (N + 1) * (N - 1) == N * N - 1
    assert (6 * N * M) // (2 * M) == 3 * N
    assert N != M and hash(N + 1) == hash(1 + N)
    assert str(N * (N - 1) // 2) == "((n*n - n)//(2))"
    assert sizes.call("max", N + 3, N) == N + 3 and sizes.call("min", N, N) == N
    assert sizes.degree(N * M + 5) == 2 and sizes.degree(N * (N - 1) // 2) == 2 and sizes.degree(7) == 0


@settings(max_examples=300, deadline=None)
@given(EXPRESSIONS, EXPRESSIONS, st.integers(5, 40), st.integers(5, 40))
def test_arithmetic_is_that_of_integers(a, b, n, m):
    try:
        x, y, moved = at(a, n, m), at(b, n, m), at(a, m + 1, m)
    except ZeroDivisionError:
        return
    assert at(sizes.add(a, b), n, m) == x + y
    assert at(sizes.mul(a, b), n, m) == x * y
    if y and b != 0:
        assert at(sizes.floordiv(a, b), n, m) == x // y
    bound = sizes.at_least(a)
    assert bound is None or bound <= x
    assert at(sizes.substitute(a, {sizes.as_symbol(N): M + 1}), n, m) == moved
    assert eval(a.show(repr), {"n": n, "m": m}) == x if isinstance(a, sizes.Size) else a == x

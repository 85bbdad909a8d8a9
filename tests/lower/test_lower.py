"""Lowering: what shares a loop, what is stored, and that names of loops are kept apart."""

import numpy as np
import pytest

import jitad
from jitad.ir import sizes
from jitad.lower.scalar import REDUCE, Buffer, load, loop_var
from jitad.lower.sums import Sums
from jitad.ops import arithmetic, compare
from jitad.tree import flatten
from tests.written import written

F = np.dtype(float)
n = sizes.symbol("n", 0, 0, 0)
A, B = Buffer("input", F, (n,), position=0), Buffer("input", F, (n, n), position=1)


def both(function, *args):
    got = function(*args)
    with jitad.disable_jit():
        want = function(*args)
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13)


class TestVariables:
    """Loop variables are named by depth: one name may be bound at two places."""

    def test_substitution_does_not_enter_a_reduction_that_binds_the_name(self):
        s = Sums()
        i = loop_var(0, n)
        total = s.reduce("sum", i.params, load(A, (i,)))
        body = s.mul(load(A, (i,)), total)
        out = s.substitute(body, {i: s.int(3)})
        assert out is s.mul(load(A, (s.int(3),)), total)

    def test_a_reduction_takes_another_name_before_one_comes_in(self):
        s = Sums()
        i, j = loop_var(0, n), loop_var(1, n)
        row = s.reduce("sum", j.params, load(B, (i, j)))  # of row i
        out = s.substitute(row, {i: j})
        assert out.op is REDUCE and out.args[0] is load(B, (j, loop_var(2, n)))
        assert s.substitute(row, {i: i}) is row

    def test_a_condition_known_outside_says_nothing_of_the_same_name_inside(self):
        s = Sums()
        i = loop_var(0, n)
        top = s.reduce("max", i.params, load(A, (i,)))
        hit = s.eq(load(A, (i,)), top)
        count = s.reduce("sum", i.params, s.select(hit, s.cast(s.true(), F), s.zero(F)))
        chosen = s.select(hit, count, s.zero(F))
        assert chosen.args[1] is count


class TestNormalForms:
    def test_differences_have_one_sign(self):
        s = Sums()
        x, y = load(A, (loop_var(0, n),)), load(A, (loop_var(1, n),))
        assert s.integer_pow(s.sub(x, y), 2) is s.integer_pow(s.sub(y, x), 2)
        assert s.neg(s.sub(x, y)) is s.sub(y, x)
        assert s.apply(arithmetic.sin, s.sub(y, x)) is s.neg(s.apply(arithmetic.sin, s.sub(x, y)))

    def test_what_may_be_nan_stays(self):
        s = Sums()
        x = load(A, (loop_var(0, n),))
        assert s.sub(x, x).op.name == "subtract"
        assert s.mul(s.zero(F), x).op.name == "multiply"
        assert s.mul(x, s.reciprocal(x)).op.name == "multiply"

    def test_sum_over_a_delta_is_one_element(self):
        s = Sums()
        i, j = loop_var(0, n), loop_var(1, n)
        body = s.select(s.eq(i, j), load(A, (j,)), s.zero(F))
        assert s.reduce("sum", j.params, body) is load(A, (i,))

    def test_comparisons_of_indices_are_decided(self):
        s = Sums()
        i = loop_var(0, n)
        assert s.is_true(s.lt(i, s.size(n))) and s.is_true(s.le(s.int(0), i)) and s.is_false(s.lt(i, s.int(0)))
        assert s.is_true(s.eq(i, i)) and not s.is_true(s.eq(i, s.int(0)))
        p = compare.less(load(A, (i,)), s.zero(F))
        assert s.negation(s.negation(p)) is p and s.is_false(s.both(p, s.negation(p)))


class TestStorage:
    def test_a_costly_value_that_is_broadcast_is_stored_once(self):
        f = jitad.grad(lambda q: np.cos(np.exp(q)[:, None] * np.tanh(q)).sum())
        kernel = f.specialize(np.ones(9))
        assert [len(b.shape) for b, _ in kernel.kernel.program.temporaries if b.kind == "temp"] and all(
            len(b.shape) == 1 for b, _ in kernel.kernel.program.temporaries)
        both(f, np.linspace(-1, 1, 9))

    def test_small_results_are_written_before_they_are_read(self):
        def f(x):
            m = x.max(0)
            return m, ((x - m) ** 2).sum(), m * 2

        x = np.random.default_rng(0).normal(size=(9, 3))
        for a, b in zip(jitad.jit(f)(x), f(x), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-14)

    def test_outputs_that_use_each_other(self):
        def f(x):
            y = np.exp(x)
            z = y[::-1] + y.sum()
            return y, z, z @ y, z[2], np.outer(y, z)

        x = np.linspace(0, 1, 8)
        for a, b in zip(jitad.jit(f)(x), f(x), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13)

    def test_scatter_of_a_scatter(self):
        i, j = np.array([0, 3, 3, 5]), np.array([1, 1, 2, 0])

        def f(x):
            y = x[i] ** 2
            return (y[j] ** 3).sum() + (x[i] * x[i[j]]).sum()

        x = np.linspace(0.5, 1, 6)
        both(jitad.grad(f), x)
        both(jitad.hvp(f), x, x)
        jitad.testing.check_grads(f, (x,), order=2)

    def test_a_check_does_not_read_what_is_stored_later(self):
        f = jitad.hessian(lambda x: (x[np.arange(len(x)) // 2] ** 3).sum())
        both(f, np.linspace(1, 2, 6))
        both(jitad.hessian(lambda x: (x[(np.arange(len(x)) * 7) % len(x)] ** 3 * np.exp(x)).sum()), np.linspace(1, 2, 6))

    def test_an_index_that_is_looked_up_is_checked_before_use(self):
        f = jitad.jit(lambda x, i, j: x[i[j]].sum())
        assert f(np.arange(6.0), np.array([5, 0]), np.array([0, 0])) == 10.0
        with pytest.raises(IndexError):
            f(np.arange(6.0), np.array([6, 0]), np.array([0, 1]))
        with pytest.raises(IndexError):
            f(np.arange(6.0), np.array([5, 0]), np.array([0, 2]))


def test_nothing_of_size_n_times_n_in_spellings_of_ones_own():
    def spelling(x, q):
        rows, columns = np.indices((len(x), len(x)))
        gap = x[np.newaxis] - x[:, np.newaxis, :]
        r = np.linalg.norm(gap + (rows == columns)[..., None], axis=2)
        return np.tril(q * q[:, None] * np.exp(-r) / r, -1).sum()

    def three(x, q):
        d = np.sum((x[:, None] - x[None]) ** 2, axis=-1) + np.eye(len(x))
        return np.einsum("i,ij,j,jk,k->", q, 1 / d, q, 1 / d, q)

    def cutoffs(x, q):
        i, j = np.triu_indices(len(x), k=1)
        r = np.sqrt(np.square(x[i] - x[j]).sum(axis=1))
        smooth = np.where(r < 2.0, (1 - r / 2.0) ** 3, 0.0) + np.where(r < 3.0, np.exp(-r), 0.0)
        return (q[i] * q[j] * smooth).sum()

    from tests.pairs import crowd

    x, q = crowd(11), np.linspace(-1, 1, 11)
    for f in (spelling, three, cutoffs):
        for transform, args in ((jitad.value_and_grad(f, (0, 1)), (x, q)), (jitad.hvp(f), (x, x, q))):
            temporaries = written(transform, *args).program.temporaries
            assert all(sizes.degree(sizes.product(b.shape)) <= 1 for b, _ in temporaries), f.__name__
            found = flatten(transform(*args))[0]
            with jitad.disable_jit(), np.errstate(all="ignore"):
                want = flatten(transform(*args))[0]
            for a, b in zip(found, want, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12 * np.abs(b).max())
        with jitad.disable_jit(), np.errstate(all="ignore"):  # as the kernels do
            jitad.testing.check_grads(f, (x, q), order=2)


def test_columns_of_a_wide_matrix_side_by_side():
    """Rows of more columns than are unrolled, of which some are read in an inner loop."""
    q, x = np.random.default_rng(0).normal(size=(7, 9)), np.random.default_rng(1).normal(size=(11, 6))
    f = jitad.value_and_grad(lambda q, x: ((q[:, :6] * x[:, None]) ** 2).sum() + (np.sin(q[:, 7] * x[:, None, 0])).sum(), (0, 1))
    found = f(q, x)
    with jitad.disable_jit():
        want = f(q, x)
    assert found[0] == pytest.approx(want[0], rel=1e-12)
    for a, b in zip(found[1], want[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def test_layers_are_stored():
    """What a product reads again for every column."""
    def network(w, b, x):
        return (np.tanh(np.tanh(x @ w) @ b) * weights).sum()

    rng = np.random.default_rng(0)
    args, weights = [rng.normal(size=s) for s in ((6, 9), (9, 7), (11, 6))], rng.normal(size=(11, 7))
    f = jitad.value_and_grad(network, (0, 1))
    found = f(*args)
    with jitad.disable_jit():
        want = f(*args)
    for a, b in zip(found[1], want[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    assert max(len(d) for nest in f.specialize(*args).nests for d in nest.domains) == 2  # beside the products themselves


ROOTS = {0.5: lambda x: (x - 1) ** 0.5, 1.5: lambda x: (x - 1) ** 1.5, 2.5: lambda x: (x - 1) ** 2.5,
         -0.5: lambda x: (x - 1) ** -0.5, -1.5: lambda x: (x - 1) ** -1.5}


@pytest.mark.parametrize("c", ROOTS)
def test_powers_of_roots(c):
    """As the power, of all signs of zeros and infinities."""
    x = np.array([-np.inf, -2.0, -0.0, 0.0, 1.0, 1 + 1e-15, 0.3, 7.0, np.inf, np.nan, 1e300, 1e-310])
    f = jitad.jit(ROOTS[c])
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(f(x), ROOTS[c](x), rtol=2e-15)
    assert "**" not in f.specialize(x).source


HALF = [f"{form}**({c})" for form in ("x", "np.sqrt(x)", "(1 / np.sqrt(x))") for c in (
    (-7.5, -4.5, -3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 4.5, 7.5) if form == "x" else (-7, -5, -3, -2, -1, 2, 3, 4, 5, 7))]


@pytest.mark.parametrize("text", [*HALF, *(f"1 / {t}" for t in HALF)])
def test_powers_of_signed_zeros(text):
    """Signs as well, as they are those of infinities."""
    f = eval(f"lambda x: {text}", {"np": np})
    x = np.array([-np.inf, -1e308, -2.0, -1e-310, -0.0, 0.0, 5e-324, 1e-310, 0.3, 1e308, np.inf, np.nan])
    with np.errstate(all="ignore"):
        want, found = f(x), jitad.jit(f)(x)
    np.testing.assert_allclose(found, want, rtol=4e-15, atol=1e-309)  # 1 / (1 / x) is x
    known = ~np.isnan(want)
    np.testing.assert_array_equal(np.signbit(found)[known], np.signbit(want)[known])

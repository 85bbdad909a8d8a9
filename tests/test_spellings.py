"""Every way of writing a pair energy is one fused nest, and right."""

import numpy as np
import pytest

import jitad
from tests import pairs
from tests.pairs import SPELLINGS, by_hand, crowd, embedded_atom, embedded_atom_by_hand, over_pairs

SIZES = [2, 3, 13, 100, 1000]


def close(a, b, tolerance=1e-12):
    np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * max(np.abs(b).max(), 1e-300))


def small(kernel):
    """Nothing of the size of all pairs is stored."""
    from jitad.ir import sizes

    program = kernel.kernel.program
    return all(sizes.degree(sizes.product(b.shape)) <= 1 for b, _ in program.temporaries)


def first_and_second(energy, n, x, v, *rest):
    """Value, gradient and the Hessian's product; of so few atoms that lengths are constants in one kernel, to compile less."""
    def both(x, v, *rest):
        return jitad.value_and_grad(energy)(x, *rest), jitad.hvp(energy)(x, v, *rest)

    return (jitad.jit(both) if n <= 3 else both)(x, v, *rest)


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("n", SIZES)
def test_value_gradient_and_hessian_vector_product(name, n):
    energy = SPELLINGS[name](n)
    x, v = crowd(n), np.random.default_rng(n).normal(size=(n, 3))
    (value, gradient), product = first_and_second(energy, n, x, v)
    for found, expected in zip((value, gradient, product), by_hand(x, v), strict=True):
        close(found, expected, 1e-11)


@pytest.mark.parametrize("n", SIZES)
def test_pair_list(n):
    x, v = crowd(n), np.random.default_rng(n).normal(size=(n, 3))
    listed = np.stack(np.triu_indices(n, 1), 1)
    (value, gradient), product = first_and_second(over_pairs, n, x, v, listed)
    for found, expected in zip((value, gradient, product), by_hand(x, v), strict=True):
        close(found, expected, 1e-11)


@pytest.mark.parametrize("n", SIZES)
def test_embedded_atom(n):
    x = crowd(n)
    e, g = embedded_atom_by_hand(x)
    v = np.random.default_rng(n).normal(size=(n, 3))
    (value, gradient), product = first_and_second(embedded_atom, n, x, v)
    close(value, e)
    close(gradient, g)
    h = 1e-5
    numeric = (embedded_atom_by_hand(x + h * v)[1] - embedded_atom_by_hand(x - h * v)[1]) / (2 * h)
    close(product, numeric, 1e-7)


@pytest.mark.parametrize("name", SPELLINGS)
def test_one_nest_and_nothing_of_size_n_times_n(name):
    energy = SPELLINGS[name](20)
    x = crowd(20)
    for function, args in ((jitad.value_and_grad(energy), (x,)), (jitad.hvp(energy), (x, x))):
        kernel = function.specialize(*args)
        n0 = kernel.graph.inputs[0].shape[0]
        assert [(k.domains, k.triangular) for k in kernel.nests if k.domains != ((n0,),)] == [(((n0, n0),), True)]
        assert small(kernel)


def test_nests_of_pair_list_and_embedded_atom():
    x, listed = crowd(20), np.stack(np.triu_indices(20, 1), 1)
    kernel = jitad.value_and_grad(over_pairs).specialize(x, listed)
    n, p = (i.shape[0] for i in kernel.graph.inputs)
    assert [k.domains for k in kernel.nests] == [((p,),), ((n,),)]  # with checks of indices; rows of four to three
    assert small(kernel)
    kernel = jitad.value_and_grad(embedded_atom).specialize(x)
    n = kernel.graph.inputs[0].shape[0]
    assert sum(k.domains == ((n, n),) for k in kernel.nests) == 2
    assert small(kernel)


@pytest.mark.parametrize("name", ["eye", "where", "triu"])
def test_one_compilation_for_all_sizes(name):
    g = jitad.value_and_grad(SPELLINGS[name](0))
    for n in (10, 14, 23):
        close(g(crowd(n))[1], by_hand(crowd(n), crowd(n))[1], 1e-11)
    assert len(g.specializations) == 1


off = 1 - np.eye(10)


def test_one_compilation_for_a_global_mask_that_is_rebound():
    global off

    def energy(x):
        d = x[:, None] - x[None]
        r2 = (d**2).sum(-1) + (1 - off)
        s6 = off / r2**3
        return 2 * (s6 * s6 - s6).sum()

    g = jitad.value_and_grad(energy)
    for n in (10, 14, 23):
        off = 1 - np.eye(n)
        close(g(crowd(n))[1], by_hand(crowd(n), crowd(n))[1], 1e-11)
    assert len(g.specializations) == 1


def test_mask_changed_in_place_is_seen():
    mask = 1 - np.eye(8)
    g = jitad.grad(lambda x: (mask * (x[:, None] - x[None]) ** 2).sum())
    x = np.arange(8.0)
    before = g(x)
    mask[0, 1] = 0.0
    expected = 2 * (mask * (x[:, None] - x[None])).sum(1) - 2 * (mask * (x[:, None] - x[None])).sum(0)
    assert not np.allclose(before, g(x))
    close(g(x), expected)
    mask[0, 1] = 1.0
    close(g(x), before)


def test_pair_list_closed_over_and_changed_in_content_and_length():
    box = np.stack(np.triu_indices(13, 1), 1)
    x = crowd(13)

    def make():
        def energy(x):
            return over_pairs(x, box)

        def rebind(new):
            nonlocal box
            box = new

        return energy, rebind

    energy, rebind = make()
    g = jitad.value_and_grad(energy)
    close(g(x)[1], by_hand(x, x)[1], 1e-11)
    rebind(box[:40].copy())
    close(g(x)[0], over_pairs(x, box[:40]))
    box[:] = box[::-1].copy()
    close(g(x)[0], over_pairs(x, box))
    assert len(g.specializations) == 1


def test_ten_values_of_a_captured_number_are_one_kernel():
    eps = 1.0

    def energy(x):
        return eps * pairs.broadcast_eye(x)

    g = jitad.value_and_grad(energy)
    x = crowd(9)
    e, gradient, _ = by_hand(x, x)
    for k in range(10):
        eps = 0.3 + 0.21 * k
        close(g(x)[0], eps * e, 1e-11)
        close(g(x)[1], eps * gradient, 1e-11)
    assert len(g.specializations) == 1


def two_cutoffs(x):
    n = len(x)
    i = np.arange(n)
    off = i[:, None] != i
    d = x[:, None] - x
    r = np.sqrt((d**2).sum(-1))
    near = off & (r < 2.0)
    far = off & (r < 3.1)
    return np.where(near, np.exp(-r) / r, 0.0).sum() + np.where(far, np.log(r), 0.0).sum()


def two_cutoffs_by_hand(x):
    d, r2 = pairs.pair_terms(x)
    r = np.sqrt(r2)
    off = 1 - np.eye(len(x))
    slope = off * ((r < 2.0) * -np.exp(-r) * (1 / r + 1 / r2) + (r < 3.1) / r)
    return (2 * (slope / r)[..., None] * d).sum(1)


def test_two_cutoffs_are_finite_on_the_diagonal_to_order_three():
    x = crowd(13)
    close(jitad.grad(two_cutoffs)(x), two_cutoffs_by_hand(x))
    v = np.random.default_rng(0).normal(size=x.shape)
    second = jitad.hvp(two_cutoffs)(x, v)
    h = 1e-5
    close(second, (two_cutoffs_by_hand(x + h * v) - two_cutoffs_by_hand(x - h * v)) / (2 * h), 1e-7)
    third = jitad.grad(lambda y: (jitad.hvp(two_cutoffs)(y, v) * v).sum())
    numeric = (jitad.hvp(two_cutoffs)(x + h * v, v) - jitad.hvp(two_cutoffs)(x - h * v, v)) / (2 * h)
    close((third(x) * v).sum(), (numeric * v).sum(), 1e-6)
    assert np.isfinite(third(x)).all()


def weighted(x, q):
    atoms = np.arange(x.shape[0])
    different = np.not_equal.outer(atoms, atoms)
    gap = x[None, :, :] - x[:, None, :]
    r = np.sqrt(np.einsum("abk,abk->ab", gap, gap))
    return 0.5 * np.where(different, q[:, None] * q[None, :] / r, 0.0).sum()


def test_charges_as_weights():
    x, q = crowd(12), np.random.default_rng(0).normal(size=12)
    d, r2 = pairs.pair_terms(x)
    off = 1 - np.eye(12)
    qq = off * np.outer(q, q)
    gx, gq = jitad.grad(weighted, (0, 1))(x, q)
    close(gx, -(qq / r2**1.5)[..., None].__mul__(d).sum(1))
    close(gq, (off / np.sqrt(r2)) @ q)
    assert small(jitad.value_and_grad(weighted, (0, 1)).specialize(x, q))


def triple(x):
    """Axilrod-Teller-like sum over ordered triples."""
    d = x[:, None] - x
    r2 = (d**2).sum(-1) + np.eye(len(x))
    return np.sum(1.0 / (1.0 + r2[:, :, None] + r2[None, :, :] + 2.0 * r2[:, None, :]))


def test_three_axes():
    x = crowd(7)
    jitad.testing.check_grads(triple, (x,), order=1)
    kernel = jitad.value_and_grad(triple).specialize(x)
    assert small(kernel)
    assert max(len(d) for k in kernel.nests for d in k.domains) == 3

"""Functions of NumPy that are compositions, of jitad's or in NumPy's own code: value and derivative as NumPy's."""

import contextlib

import numpy as np
import pytest

import jitad
from jitad.errors import TraceError

X = np.array([1.3, 0.2, -0.7, 2.1, 0.9, 1.7])
N = np.array([1.3, np.nan, -0.7, 2.1, np.nan, 1.7])


def filled(x):
    a = np.outer(x, x)
    np.fill_diagonal(a, x[0])
    return a


def flat(x):
    a = x.reshape(2, 3) * 1
    a.flat[1::2] = x[:3]
    a.flat[0] += x[5]
    return a, a.flat[2], sum(v for v in a.flat)


CASES = {
    "trapezoid": lambda x: np.trapezoid(x**2, x), "trapezoid dx": lambda x: np.trapezoid(x**2, dx=0.3),
    "gradient": lambda x: np.gradient(x), "gradient 2d": lambda x: np.gradient(np.outer(x, x))[0],
    "ediff1d": lambda x: np.ediff1d(x), "nansum": lambda x: np.nansum(x * N), "nanmean": lambda x: np.nanmean(x * N),
    "nanprod": lambda x: np.nanprod(x * N), "nanmax": lambda x: np.nanmax(x * N), "nanmin": lambda x: np.nanmin(x * N),
    "nanvar": lambda x: np.nanvar(x * N, ddof=1), "nanstd": lambda x: np.nanstd((x * N).reshape(2, 3), axis=1),
    "rollaxis": lambda x: np.rollaxis(x.reshape(1, 2, 3), 2), "rot90": lambda x: np.rot90(x.reshape(2, 3)),
    "hsplit": lambda x: np.hsplit(x, 2)[1], "vsplit": lambda x: np.vsplit(x.reshape(2, 3), 2)[1],
    "diagflat": lambda x: np.diagflat(x), "ix_": lambda x: x.reshape(2, 3)[np.ix_([0, 1], [0, 2])],
    "sinc": lambda x: np.sinc(x), "around": lambda x: np.around(x, 1) * x, "fix": lambda x: np.fix(x) * x,
    "isclose": lambda x: x * np.isclose(x, 1.3), "polyval": lambda x: np.polyval(x, 2.0),
    "polyval of x": lambda x: np.polyval([1.0, 2.0, 3.0], x), "convolve": lambda x: np.convolve(x, x[:3]),
    "convolve same": lambda x: np.convolve(x[:3], x, "same"), "convolve valid": lambda x: np.convolve(x, x[:2], "valid"),
    "correlate": lambda x: np.correlate(x, x[:3]), "correlate full": lambda x: np.correlate(x[:2], x, "full"),
    "correlate same": lambda x: np.correlate(x, x[:4], "same"), "cov": lambda x: np.cov(x.reshape(2, 3)),
    "piecewise": lambda x: np.piecewise(x, [x < 1, x > 2], [lambda v: v**2, 5.0, lambda v: v]),
    "fill_diagonal": filled, "flat": flat, "block": lambda x: np.block([[x, x], [x, x]]),
    "resize": lambda x: np.resize(x, (2, 5)),
    "average": lambda x: np.average(x, weights=x**2), "logspace": lambda x: np.logspace(x[0], x[1], 5),
    "average returned": lambda x: np.average(x, weights=x**2, returned=True),
    "chebval": lambda x: np.polynomial.chebyshev.chebval(x, [1.0, 2.0, 3.0]),
    "polynomial": lambda x: np.polynomial.polynomial.polyval(x, np.array([1.0, 2.0, 3.0])),
    "hermval": lambda x: np.polynomial.hermite.hermval(x, [1.0, 2.0, 0.5]),
    "take_along_axis": lambda x: np.take_along_axis(x, np.array([2, 1]), 0),
    "choose": lambda x: np.choose(np.array([0, 1, 0]), [x[:3], x[3:]]), "compress": lambda x: np.compress([True, False, True], x),
    "insert": lambda x: np.insert(x, 2, x[0]), "delete": lambda x: np.delete(x, 1),
    "apply_along_axis": lambda x: np.apply_along_axis(lambda r: r**2, 0, x.reshape(2, 3)),
    "interp": lambda x: np.interp(x, np.arange(-1.0, 3), np.arange(4.0) ** 2),
    "interp of values": lambda x: np.interp([-5.0, 0.3, 1.0, 7.0], np.arange(6), x**2),
    "interp left": lambda x: np.interp(x, [0.0, 1.0], [2.0, 3.0], left=-1.0, right=x[0]),
    "argmax": lambda x: x[np.argmax(x)] ** 2, "argmin": lambda x: x.reshape(2, 3)[[0, 1], np.argmin(x.reshape(2, 3), 1)],
    "searchsorted": lambda x: x * np.searchsorted(np.arange(3.0), x), "digitize": lambda x: x * np.digitize(x, np.arange(3.0)),
    "norm 1": lambda x: np.linalg.norm(x, 1), "norm inf": lambda x: np.linalg.norm(x, np.inf),
    "multi_dot": lambda x: np.linalg.multi_dot([x[:2], x.reshape(2, 3), x[:3]]),
    "matrix_power": lambda x: np.linalg.matrix_power(np.outer(x, x) / 4, 3), "vector_norm": lambda x: np.linalg.vector_norm(x),
    "apply_over_axes": lambda x: np.apply_over_axes(np.sum, x.reshape(2, 3), [0]), "real": lambda x: np.real(x) + np.imag(x),
    "cumsum": lambda x: np.cumsum(x) ** 2, "cumsum 2d": lambda x: np.cumsum(np.outer(x, x), 0) * np.cumsum(np.outer(x, x), 1),
    "cumsum of all": lambda x: np.cumsum(x.reshape(2, 3)), "accumulate": lambda x: np.add.accumulate(x.reshape(2, 3), 1) * x[0],
    "cumulative_sum": lambda x: np.cumulative_sum(x * x), "unwrap": lambda x: np.unwrap(x * 3),
    "sort": lambda x: np.sort(x) * np.arange(6), "sort 2d": lambda x: np.sort(np.outer(x, np.sin(x)), 0) ** 2 * np.arange(6),
    "sort of all": lambda x: np.sort(x.reshape(2, 3), None) * np.arange(6), "argsort": lambda x: x[np.argsort(x)] * np.arange(6),
    "sort in place": lambda x: (lambda y: (y[1:].sort(), y)[1])(x * 1) * np.arange(6),
    "take_along_axis of an order": lambda x: np.take_along_axis(x.reshape(2, 3), np.argsort(x.reshape(2, 3), 1), 1) * x[0],
    "median": lambda x: np.median(x) ** 2, "median 2d": lambda x: np.median(np.outer(x, x[:3]), axis=0, keepdims=True),
    "median of odd": lambda x: np.median(x[:5]), "quantile": lambda x: np.quantile(x, 0.3) * np.quantile(x, 1.0),
    "percentile": lambda x: np.percentile(np.outer(x, x[:3]), [10, 50, 77], axis=0), "percentile higher": lambda x: np.percentile(
        x, 31, method="higher") * np.percentile(x, 31, method="lower") * np.percentile(x, 31, method="midpoint"),
    "partition": lambda x: np.partition(x, 2)[2] * x[0],
    "logaddexp2": lambda x: np.logaddexp2(x, x**2), "divmod": lambda x: np.divmod(x, 0.6)[1] * np.divmod(x, 0.6)[0],
    "modf": lambda x: np.modf(x)[0] * np.modf(x)[1], "linspace": lambda x: np.linspace(x[0], x[1], 4, endpoint=False),
}


@pytest.mark.parametrize("name", CASES)
def test_as_numpy(name):
    f = CASES[name]
    v, h = np.cos(np.arange(6.0)), 1e-6

    def leaves(value):
        return [np.asarray(w) for w in jitad.tree.flatten(value)[0]]

    with jitad.disable_jit():
        values, slopes = jitad.jvp(f, (X,), (v,))
    for a, b, t, up, down in zip(leaves(values), leaves(f(X)), leaves(slopes), leaves(f(X + h * v)), leaves(f(X - h * v)),
                                 strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(t, (up - down) / (2 * h), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("values", [[3.0, 1.0, 3.0, 1.0], [1.0, np.nan, 3.0, np.nan], [np.inf, -np.inf, np.inf, 0.0]])
def test_where_the_extreme_is(values):
    x = np.array(values)
    with jitad.disable_jit():
        assert jitad.jit(np.argmax)(x) == np.argmax(x) and jitad.jit(np.argmin)(x) == np.argmin(x)
        y = x.reshape(2, 2)
        for axis in (0, 1, None):
            np.testing.assert_array_equal(jitad.jit(lambda y: np.argmax(y, axis))(y), np.argmax(y, axis))


@pytest.mark.parametrize("values", [[3.0, np.nan, -1.0, 3.0, np.inf, -np.inf, 3.0, 0.0], [2.0, 2.0, 2.0, 1.0, 1.0, 0.0]])
def test_order_of_special_values(values):
    x = np.array(values)
    for interpreted in (True, False):
        with jitad.disable_jit() if interpreted else contextlib.nullcontext():
            np.testing.assert_array_equal(jitad.jit(np.argsort)(x), np.argsort(x, kind="stable"))
            np.testing.assert_array_equal(jitad.jit(np.sort)(x), np.sort(x))
            np.testing.assert_array_equal(jitad.jit(np.median)(x), np.median(x))
            np.testing.assert_array_equal(jitad.jit(lambda v: np.cumsum(v > 1))(x), np.cumsum(x > 1))


def test_order_of_any_length():
    g = jitad.value_and_grad(lambda x: (np.sort(x) * np.cumsum(x)).sum() + np.median(x) + np.quantile(x, 0.25))
    for n in (5, 6, 7, 50):
        x = np.sin(np.arange(n) * 1.7)
        value, slope = g(x)
        assert value == pytest.approx((np.sort(x) * np.cumsum(x)).sum() + np.median(x) + np.quantile(x, 0.25))
        assert slope.shape == (n,)
    assert len(g.specializations) == 1
    jitad.testing.check_grads(lambda x: (np.sort(x) * np.cumsum(x)).sum() * np.median(x**2), (X,))


def test_indices_from_an_order_are_never_out_of_range():
    y = np.ones(len(X) + 1)
    with pytest.raises(jitad.errors.IndexRangeError):
        jitad.grad(lambda x: x[np.argsort(y * x[0])].sum())(X)
    with pytest.raises(jitad.errors.IndexRangeError):
        jitad.grad(lambda x: x[np.argsort(x) + 1].sum())(X)


def test_compiled():
    for name in ("argmax", "interp", "convolve", "nanvar", "gradient", "piecewise"):
        np.testing.assert_allclose(np.asarray(jitad.jit(CASES[name])(X)), np.asarray(CASES[name](X)), rtol=1e-12)


def test_lengths_stay_symbolic():
    g = jitad.grad(lambda x: (np.gradient(x) ** 2).sum() + np.trapezoid(x**2) + np.nanmean(x))
    for n in (6, 9, 30):
        assert g(np.linspace(0, 1, n)).shape == (n,)
    assert len(g.specializations) == 1


@pytest.mark.parametrize("f, name", [
    (lambda x: np.histogram(x)[0], "histogram"), (lambda x: np.unique(x), "unique"),
    (lambda x: np.place(x, x > 1, [0.5]), "cannot change an array"),
    (lambda x: np.linalg.eigvals(np.outer(x, x)), "eigvals")])
def test_what_cannot_be_traced_says_so(f, name):
    with pytest.raises((TraceError, jitad.errors.ConcreteValueError), match=f"{name}|truth value"):
        jitad.grad(lambda x: f(x).sum())(X)

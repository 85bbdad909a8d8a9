"""Arrays made in a traced function are changed in place as NumPy changes them: views, aliases, derivatives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jitad
from jitad.errors import ShapeError, TraceError

X = np.linspace(1, 2, 6)


def check(f, *args):
    """Value and derivative of an affine function of the first argument, by the graph."""
    args = args or (X,)
    with jitad.disable_jit():
        before = [np.array(a) for a in args]
        expected = f(*args)
        found = jitad.jit(f)(*args)
        for a, b in zip(np.atleast_1d(*map(np.ravel, jitad.tree.flatten(found)[0])),
                        np.atleast_1d(*map(np.ravel, jitad.tree.flatten(expected)[0])), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-13)
        for a, b in zip(args, before, strict=True):
            np.testing.assert_array_equal(a, b)
        return found


# Random programs.

VIEWS = [
    ("a[1:]", 1), ("a[:-1]", 1), ("a[::2]", 1), ("a[::-1]", 1), ("a[...]", 0), ("a[None]", 0), ("a.T", 0), ("a[1]", 2),
    ("a[:, 1:]", 2), ("a[..., 0]", 2), ("a.reshape(-1)", 0), ("a.ravel()", 0), ("np.flip(a)", 0), ("a.swapaxes(0, -1)", 1),
    ("np.expand_dims(a, 0)", 0), ("np.squeeze(a)", 0), ("np.asarray(a)", 0), ("a", 0), ("np.atleast_2d(a)", 0),
    ("np.moveaxis(a, 0, -1)", 1), ("np.array_split(a, 2)[0]", 1), ("a[-2:, ::-1]", 2),
]
COPIES = [("a.copy()", 0), ("np.array(a)", 0), ("a * 2", 0), ("a + x[0]", 0), ("+a", 0), ("a.flatten()", 0),
          ("np.zeros_like(a)", 0), ("np.full(a.shape, x[1])", 0), ("a[[0, -1]]", 1), ("np.concatenate([a, a])", 1),
          ("a.astype(float)", 0)]
CHANGES = [
    ("a[0] = x[2]", 1), ("a[...] = 3.0", 0), ("a[-1] += x[1]", 1), ("a[1:] *= 2", 1), ("a[::2] = x[0]", 1), ("a += 1.5", 0),
    ("a *= 0.5", 0), ("a -= a[::-1]", 1), ("a[::-1] = a", 1), ("a[:, 0] = x[3]", 2), ("a[[0, -1]] = a[[-1, 0]]", 1),
    ("a[a.shape[0] // 2:] -= x[4]", 1), ("a.fill(x[5])", 0), ("np.add.at(a, [0, 0, -1], x[0])", 1), ("a[:1, ..., 0] /= 4", 2),
    ("np.copyto(a, x[0])", 0), ("np.multiply(a, 3.0, out=a)", 0), ("a[a.ndim - 1] = a[0]", 2), ("a[None, 0] += 1", 1),
]


@st.composite
def programs(draw):
    lines = [draw(st.sampled_from(["v0 = np.zeros((3, 4))", "v0 = x.copy()", "v0 = np.outer(x, x[:3] * 0 + 2.0)",
                                   "v0 = np.ones((2, 3, 2)) * x[0]", "v0 = x.reshape(2, 3) * 1.0"]))]
    ndims = [{"v0 = x.copy()": 1, "v0 = np.ones((2, 3, 2)) * x[0]": 3}.get(lines[0], 2)]
    for _ in range(draw(st.integers(2, 9))):
        k = draw(st.integers(0, len(ndims) - 1))
        kind = draw(st.sampled_from(["view", "view", "copy", "change", "change", "change"]))
        text, needs = draw(st.sampled_from({"view": VIEWS, "copy": COPIES, "change": CHANGES}[kind]))
        if ndims[k] < needs:
            continue
        code = "".join(f"v{k}" if c == "a" and not _in_name(text, i) else c for i, c in enumerate(text))
        if kind == "change":
            lines.append(code)
        else:
            lines.append(f"v{len(ndims)} = {code}")
            ndims.append(np.ndim(eval(text, {"np": np, "a": np.zeros((3,) * ndims[k]), "x": X})))
    names = ", ".join(f"v{k}" for k in range(len(ndims)))
    return "def f(x):\n    " + "\n    ".join(lines) + f"\n    return [{names}]\n"


def _in_name(text, i):
    around = text[i - 1 : i] + text[i + 1 : i + 2]
    return any(c.isalpha() or c in "_" for c in around) or text[i - 1 : i] == "."


@settings(max_examples=400, deadline=None)
@given(programs())
def test_random_programs(source):
    names = {"np": np}
    exec(source, names)
    f = names["f"]
    try:
        expected = f(X)
    except (ValueError, IndexError):
        return
    with jitad.disable_jit():
        try:
            found = jitad.jit(f)(X)
        except TraceError as error:
            assert "copy()" in str(error) or "names an element twice" in str(error), source
            return
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12, err_msg=source)
        v = np.cos(np.arange(6))
        slopes = jitad.jvp(f, (X,), (v,))[1]
        h = 1e-6
        for t, a, b in zip(slopes, f(X + h * v), f(X - h * v), strict=True):
            np.testing.assert_allclose(t, (a - b) / (2 * h), rtol=1e-6, atol=1e-7, err_msg=source)


# What scientists write.


def forces(x):
    out = np.zeros_like(x)
    for i in range(1, 6):
        d = x[i] - x[i - 1]
        out[i] += d
        out[i - 1] -= d
    return out


def tridiagonal(x):
    n = x.shape[0]
    h = np.zeros((6, 6))
    for i in range(6):
        h[i, i] = 2 * x[i]
        if i + 1 < 6:
            h[i, i + 1] = h[i + 1, i] = -x[i]
    return h @ np.arange(6.0), n


def periodic_laplacian(u):
    out = -2.0 * u
    out[1:] += u[:-1]
    out[0] += u[-1]
    out[:-1] += u[1:]
    out[-1] += u[0]
    return out


def masked(x):
    out = x.copy()
    out[out > 1.5] = 0.0
    out[np.array([True, False] * 3)] += 10.0
    return out


def scattered(x):
    out = np.zeros(4)
    np.add.at(out, np.array([0, 1, 1, 3, 3, 3]), x)
    np.subtract.at(out, [0], x[:1])
    return out


def aliases(x):
    a = np.zeros(6)
    b = a
    c = a.reshape(2, 3)
    row = c[1]
    b[0] = x[0]
    row += x[3:]
    a *= 2
    return a, b, c, row


def without_axes(x):
    total = np.zeros(())
    other = total
    for k in range(6):
        total += x[k]
    return total, other


@pytest.mark.parametrize("f", [forces, tridiagonal, periodic_laplacian, masked, scattered, aliases, without_axes])
def test_common_code(f):
    check(f)
    g = jitad.jit(f)
    for a, b in zip(jitad.tree.flatten(g(X))[0], jitad.tree.flatten(f(X))[0], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def test_lengths_stay_symbolic():
    g = jitad.grad(lambda u: (periodic_laplacian(u) ** 2).sum())
    for n in (5, 6, 40):
        u = np.sin(np.arange(float(n)))
        matrix = np.roll(np.eye(n), 1, 0) + np.roll(np.eye(n), -1, 0) - 2 * np.eye(n)
        np.testing.assert_allclose(g(u), 2 * matrix.T @ matrix @ u, rtol=1e-12, atol=1e-12)
    assert len(g.specializations) == 1


def test_gradients_of_what_was_built():
    jitad.testing.check_grads(lambda x: (forces(np.sin(x)) ** 2).sum(), (X,))
    jitad.testing.check_grads(lambda x: (tridiagonal(x)[0] ** 2).sum(), (X,))


class TestRefused:
    @pytest.mark.parametrize("f", [
        lambda x: x.__setitem__(0, 1.0), lambda x: x.__iadd__(1), lambda x: x[1:].__setitem__(0, 1.0), lambda x: x.T.fill(0),
        lambda x: np.asarray(x).fill(0), lambda x: x.reshape(2, 3)[0].__iadd__(1), lambda x: np.copyto(x, 1.0),
        lambda x: np.add(x, 1, out=x), lambda x: np.add.at(x, [0], 1.0)])
    def test_arguments(self, f):
        with pytest.raises(TraceError, match=r"cannot change an array that it was given.*copy\(\)"):
            jitad.grad(lambda x: f(x) or x.sum())(X)

    def test_captured_arrays(self):
        held = np.ones(6)
        rows = [np.ones(6)]
        for change in (lambda: held.__setitem__(0, 2.0), lambda: held[1:].__iadd__(1), lambda: rows[0].fill(2)):
            with pytest.raises(TraceError, match="given or has captured"):
                jitad.grad(lambda x: change() or x.sum())(X)
        assert (held == 1).all() and (rows[0] == 1).all()

    def test_arrays_of_an_outer_function(self):
        def outer(x):
            a = x * 2

            def inner(y):
                a[0] = y[0]
                return y.sum()

            return jitad.grad(inner)(x).sum() + a.sum()

        with pytest.raises(TraceError, match="given or has captured"):
            jitad.grad(outer)(X)

    def test_shapes_and_dtypes(self):
        def into(value, key=slice(None)):
            def f(x):
                a = x.copy()
                a[key] = value
                return a.sum()
            return f

        with pytest.raises(ShapeError, match=r"could not broadcast input array from shape \(4,\) into shape \(6,\)"):
            jitad.grad(into(np.ones(4)))(X)
        with pytest.raises(IndexError):
            jitad.grad(into(1.0, 6))(X)
        with pytest.raises(TypeError, match="cannot cast from float64 to int64"):
            jitad.grad(lambda x: np.arange(6).__iadd__(x).sum())(X)
        with pytest.raises(ShapeError, match="non-broadcastable"):
            jitad.grad(lambda x: x[:1].copy().__iadd__(x).sum())(X)
        with pytest.raises(TraceError, match="names an element twice"):
            jitad.grad(into(np.ones(2), [1, 1]))(X)
        with pytest.raises(jitad.errors.ConcreteValueError, match="np.add.at"):
            jitad.grad(lambda x, i: into(1.0, i)(x))(X, np.array([1, 2]))
        with pytest.raises(jitad.errors.ConcreteValueError, match="np.where"):
            jitad.grad(lambda x: into(np.ones(3), x > 1.5)(x))(X)

    def test_integers_are_truncated_as_numpy_does(self):
        def f(x):
            a = np.zeros(3, int)
            a[0] = x[5] * 3
            return a * 1.0 + x[0]

        check(f)

    def test_read_only_views(self):
        with pytest.raises(TraceError):
            jitad.grad(lambda x: np.broadcast_to(x * 1, (2, 6)).__iadd__(1).sum())(X)

    def test_where_memory_decides(self):
        def f(x):
            a = np.outer(x, x)
            b = a.T.reshape(-1)  # a copy, as it happens
            a[0, 0] = 5.0
            return b.sum()

        with pytest.raises(TraceError, match=r"as its memory happens to be laid out.*copy\(\)"):
            jitad.grad(f)(X)

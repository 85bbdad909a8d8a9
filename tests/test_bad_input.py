"""What users get wrong: each has a defined answer, and nothing of theirs is changed."""

import concurrent.futures
import threading

import numpy as np
import pytest
import scipy.special

import jitad
from jitad import errors

here = __file__.rsplit("/", 1)[-1]


def _interpreted(f):
    def run(x):
        with jitad.disable_jit():
            return jitad.jit(f)(x)

    return run


def energy(x):
    return (x**2 * np.arange(x.shape[0])[:, None]).sum()


g = jitad.grad(energy)
X = np.random.default_rng(0).normal(size=(7, 3))
WANT = 2 * X * np.arange(7)[:, None]


class TestArguments:
    @pytest.mark.parametrize("kind", ["fortran", "strided", "reversed", "swapped", "read-only", "memmap", "subclass", "list"])
    def test_unusual_arrays(self, kind, tmp_path):
        class Sub(np.ndarray):
            pass

        big = np.zeros((14, 6))
        big[::2, ::2] = X
        read_only = X.copy()
        read_only.flags.writeable = False
        np.save(tmp_path / "x.npy", X)
        x = {"fortran": np.asfortranarray(X), "strided": big[::2, ::2], "reversed": X[::-1].copy()[::-1],
            "swapped": X.astype(">f8"),
             "read-only": read_only, "memmap": np.load(tmp_path / "x.npy", mmap_mode="r"), "subclass": X.view(Sub),
             "list": X}[kind]
        before = np.array(x)
        np.testing.assert_allclose(g(x), WANT, rtol=1e-14)
        np.testing.assert_array_equal(x, before)

    @pytest.mark.parametrize("shape", [(0, 3), (1, 3), (3, 0), (0, 0)])
    def test_zero_size(self, shape):
        x = np.ones(shape)
        assert g(x).shape == shape
        value, gradient = jitad.value_and_grad(energy)(x)
        assert value == energy(x) and gradient.shape == shape

    @pytest.mark.parametrize("f", [
        np.linalg.norm, lambda x: np.linalg.norm(x, np.inf), lambda x: np.linalg.norm(x, 1, axis=0),
        lambda x: np.linalg.norm(x, np.inf, axis=0), lambda x: scipy.special.logsumexp(x[:, 0]),
        lambda x: scipy.special.logsumexp(x, axis=0), lambda x: np.max(x, initial=0.5), np.any, np.all, np.prod,
        lambda x: np.any(x, axis=0, keepdims=True)])
    def test_reductions_of_nothing(self, f):
        x = np.ones((0, 3))
        for run in (jitad.jit(f), _interpreted(f)):
            out = run(x)
            assert np.shape(out) == np.shape(f(x)) and np.asarray(out).dtype == np.asarray(f(x)).dtype
            np.testing.assert_array_equal(out, f(x))
        with jitad.disable_jit():
            assert jitad.grad(lambda x: np.sum(f(x)) * 1.0)(x).shape == (0, 3)

    def test_nan_and_infinity_pass(self):
        x = X.copy()
        x[3, 1], x[4, 2] = np.nan, np.inf
        out = g(x)
        assert np.isnan(out[3, 1]) and np.isinf(out[4, 2]) and np.isfinite(np.delete(out.ravel(), [10, 14])).all()
        value, _ = jitad.value_and_grad(energy)(x)
        assert np.isnan(value)
        assert jitad.jit(lambda x: np.isnan(x).sum())(x) == 1

    @pytest.mark.parametrize("value, message", [
        (np.array([[1.0], [2.0, 3.0]], dtype=object), "objects"), ({1, 2}, "set"), (object(), "object"),
        (np.array(["a"]), "dtype <U1"), (np.ones(3, complex), "complex128"), (np.ones(3, np.float16), "float16"),
        (np.ma.masked_array([1.0, 2.0], [True, False]), "masked"), ("matrix", "matrix"), (2**70, "64 bits"),
        (np.datetime64("2020-01-01"), "datetime"), (1j, "complex"),
    ], ids=lambda v: v if isinstance(v, str) else "")
    @pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
    def test_not_numbers(self, value, message):
        if message == "matrix":
            value = np.matrix([[1.0]])
        with pytest.raises(errors.DTypeError, match=message):
            jitad.jit(lambda x: x)(value)

    def test_derivatives_with_respect_to_what_is_no_number(self):
        for value in ("text", np.sin, Exception):
            with pytest.raises(errors.DTypeError, match="argument 0 was asked for, in which there is no number"):
                jitad.grad(lambda x: 1.0)(value)

    def test_mismatched_shapes_name_both(self):
        with pytest.raises(errors.ShapeError, match=r"\(7, 3\) \(6, 3\)") as info:
            jitad.grad(lambda x, y: (x * y).sum())(X, X[:6])
        assert here in str(info.value)

    def test_index_arrays_are_checked(self):
        pairs = jitad.grad(lambda x, i: (x[i] ** 2).sum())
        x = np.arange(6.0)
        np.testing.assert_array_equal(pairs(x, np.array([1, -1])), [0, 2, 0, 0, 0, 10])
        for bad in (6, -7, 2**62):
            with pytest.raises(errors.IndexRangeError, match=f"index {bad} is out of bounds for axis 0 with size 6") as info:
                pairs(x, np.array([0, bad, 1]))
            assert here in str(info.value)
        with pytest.raises(IndexError, match="out of bounds"):
            jitad.jit(lambda x: x[9])(x)
        with jitad.disable_jit(), pytest.raises(IndexError):
            pairs(x, np.array([77]))
        with pytest.raises(IndexError, match="integer"):
            pairs(x, np.array([0.5]))
        np.testing.assert_array_equal(pairs(x, np.array([3, 3], np.int32)), [0, 0, 0, 12, 0, 0])
        np.testing.assert_array_equal(pairs(x, np.zeros(0, int)), np.zeros(6))


def raises_here(function, *args, error=errors.TraceError, match):
    with pytest.raises(error, match=match) as info:
        jitad.grad(function)(*args)
    assert here in str(info.value), info.value


class TestTracing:
    """Nothing is dropped silently."""

    def test_values_of_tracers(self):
        x = np.ones(6)
        raises_here(lambda x: float(x.sum()) * 2, x, match="float")
        raises_here(lambda x: jitad.vmap(lambda v: v if v > 0 else -v)(x).sum(), x, match="np.where")
        raises_here(lambda x: jitad.vmap(lambda v: v * int(v))(x).sum(), x, match="int")
        raises_here(lambda x: x.sum().item(), x, match="item")
        raises_here(lambda x: np.array(x.tolist()).sum(), x, match="tolist")
        raises_here(lambda x: [1.0, 2.0][x[0]], x, match="integer")
        raises_here(lambda x: __import__("math").sin(x[0]), x, match="float")
        raises_here(lambda x: x[x > 0].sum(), x, match="np.where")
        raises_here(lambda x: complex(x[0]).real, x, match="complex")

    def test_mutation(self):
        x = np.ones(6)

        def assign(x):
            x[0] = 2.0
            return x.sum()

        def add(x):
            x += 1
            return x.sum()

        outside = np.zeros(6)

        def captured(x):
            outside[0] = x[0]
            return x.sum()

        def captured_add(x):
            z = outside
            z += x
            return z.sum()

        def caught(x):
            try:
                x[0] = 2.0
            except Exception:
                pass
            return x.sum()

        for f in (assign, add, captured, captured_add, lambda x: x.fill(0), lambda x: np.add.at(x, 0, 1)):
            raises_here(f, x, match=r"cannot change an array that it was given.*change a copy")
        with pytest.raises(errors.TraceError, match="cannot change"):
            jitad.grad(caught)(x)
        raises_here(lambda x: x.sort(), x, match="cannot change an array that it was given")
        np.testing.assert_array_equal(x, np.ones(6))
        np.testing.assert_array_equal(outside, np.zeros(6))

    def test_scalars_accumulate(self):
        def f(x):
            total = 0.0
            for k in range(3):
                total += x[k] * k
            return total

        np.testing.assert_array_equal(jitad.grad(f)(np.ones(6)), [0, 1, 2, 0, 0, 0])

    def test_unsupported_functions_name_themselves(self):
        x = np.ones(6)
        for f, name in ((np.spacing, "numpy.spacing"), (np.fft.fft, "fft"), (np.linalg.svd, "svd"), (np.unique, "numpy.unique"),
                        (np.frexp, "numpy.frexp"), (np.nonzero, "nonzero")):
            raises_here(lambda x, f=f: f(x).sum(), x, match=name)
        raises_here(lambda x: np.exp(x, where=x > 0), x, match="where=")
        raises_here(lambda x: np.exp(x, where=x > 0).sum(), x, match="where=")
        raises_here(lambda x: np.power.accumulate(x).sum(), x, match="accumulate")
        raises_here(lambda x: (x + 1j).real.sum(), x, error=errors.DTypeError, match="complex")
        with pytest.raises(AttributeError, match="no attribute 'foo'"):
            jitad.grad(lambda x: x.foo())(x)

    def test_random_numbers_are_not_frozen(self):
        raises_here(lambda x: (x * np.random.rand(6)).sum(), np.ones(6), match="draw outside")

    def test_a_kernel_of_minutes_is_refused(self):
        which = np.random.default_rng(0).integers(3, size=3000)  # steps that follow one another without order

        def f(x):
            for k in which:
                x = np.sin(x) + x if k == 0 else np.cos(x) * x if k == 1 else np.tanh(x) - x
            return x

        with pytest.raises(errors.KernelSizeError, match="disable_jit"):
            jitad.grad(f)(1.0)
        with jitad.disable_jit():
            assert np.isfinite(jitad.grad(f)(1.0))

    def test_leaks(self):
        box = threading.Event()  # of a package: what is assigned to objects of the user's own classes stays in the trace

        def f(x):
            box.kept = x
            return x.sum()

        jitad.grad(f)(np.ones(6))
        for use in (lambda t: t + 1, lambda t: np.sin(t), lambda t: t.sum(), lambda t: t[0], lambda t: float(t),
            lambda t: t == 0):
            with pytest.raises(errors.LeakedTracerError, match="returned"):
                use(box.kept)
        with pytest.raises(errors.LeakedTracerError):
            jitad.grad(lambda x: (x + box.kept).sum())(np.ones(6))

    def test_what_a_function_keeps_in_a_container_is_nothing_for_the_user(self):
        cache = {}

        def weights(n):
            if n not in cache:
                cache[n] = np.arange(n) * 2.0
            return cache[n]

        def f(x):
            return (weights(x.shape[0]) * x).sum()

        np.testing.assert_array_equal(jitad.grad(f)(np.ones(6)), np.arange(6) * 2.0)
        assert not cache
        assert f(np.ones(6)) == 30
        np.testing.assert_array_equal(jitad.value_and_grad(f)(np.ones(7))[1], np.arange(7) * 2.0)

    def test_a_tracer_of_an_inner_gradient_does_not_leak(self):
        kept = []

        def inner(y):
            kept.append(y)
            return y**2

        def f(x):
            a = jitad.grad(inner)(x)
            return a + kept[0]

        with pytest.raises(errors.LeakedTracerError):
            jitad.grad(f)(2.0)

    def test_an_exception_leaves_nothing_behind(self):
        class MyError(Exception):
            pass

        def f(x):
            if flag:
                raise MyError("mine")
            return x**2

        flag = True
        h = jitad.grad(f)
        with pytest.raises(MyError, match="mine"):
            h(2.0)
        flag = False
        assert h(2.0) == 4.0
        assert jitad.trace.tracing.current() is None

    def test_outer_names_cannot_be_assigned(self):
        count = 0

        def f(x):
            nonlocal count
            count += 1
            return x**2

        raises_here(f, 2.0, match="nonlocal name 'count'")


class TestThreads:
    def test_many_threads(self):
        def f(x):
            return np.sin(x * 1.5).sum() * (x**2).sum()

        h = jitad.grad(f)
        xs = [np.random.default_rng(k).normal(size=5 + k % 7) for k in range(200)]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            got = list(pool.map(h, xs))
        for x, out in zip(xs, got, strict=True):
            want = np.cos(x * 1.5) * 1.5 * (x**2).sum() + np.sin(x * 1.5).sum() * 2 * x
            np.testing.assert_allclose(out, want, rtol=1e-11, atol=1e-12)
        assert len(h.specializations) == 1

    def test_a_tracer_belongs_to_its_thread(self):
        def f(x):
            found = []

            def other():
                try:
                    x + 1
                except errors.LeakedTracerError as error:
                    found.append(str(error))

            t = threading.Thread(target=other)
            t.start()
            t.join()
            assert found and "thread" in found[0]
            return x**2

        assert jitad.grad(f)(3.0) == 6.0

    def test_a_function_may_call_its_own_gradient(self):
        def f(x, depth=2):
            return x**3 if depth == 0 else jitad.grad(lambda y: f(y, depth - 1))(x)

        assert jitad.jit(lambda x: f(x))(2.0) == 12.0

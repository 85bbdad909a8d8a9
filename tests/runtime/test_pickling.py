"""Every public callable can be sent to another process, and finds its kernel there."""

import concurrent.futures
import functools
import multiprocessing
import pickle

import numpy as np
import pytest

import jitad
from jitad.errors import TraceError
from jitad.tree import flatten
from tests.runtime.workers import SCALE, Pair, Spring, X, call, energy, tuple_energy

V = np.linspace(-1, 1, 7)


@pytest.fixture(scope="module")
def pool():
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


def same(a, b):
    (x, s), (y, t) = flatten(a), flatten(b)
    assert s == t
    for u, v in zip(x, y, strict=True):
        np.testing.assert_array_equal(u, v)
        assert type(u) is type(v)


def local(x):
    return energy(x) * 3


def unpicklable(scale):
    table = np.linspace(0, scale, 7)

    def f(x):
        return (x**3 * table).sum() * scale if x.shape[0] == 7 else x.sum()

    return f


TRANSFORMS = {
    "grad": (lambda f: jitad.grad(f), (X,)),
    "value_and_grad": (lambda f: jitad.value_and_grad(f), (X,)),
    "jit": (lambda f: jitad.jit(f), (X,)),
    "strict": (lambda f: jitad.jit(jitad.grad(f), strict=True), (X,)),
    "jacobian": (lambda f: jitad.jacobian(f), (X,)),
    "jacfwd": (lambda f: jitad.jacfwd(f), (X,)),
    "jacrev": (lambda f: jitad.jacrev(f), (X,)),
    "hessian": (lambda f: jitad.hessian(f), (X,)),
    "hvp": (lambda f: jitad.hvp(f), (X, V)),
    "nested": (lambda f: jitad.grad(lambda_free_sum(jitad.grad(f))), (X,)),
    "pull": (lambda f: jitad.vjp(f, X)[1], (2.0,)),
}


class lambda_free_sum:
    """The sum of a gradient: picklable if what it holds is."""

    def __init__(self, g):
        self.g = g
        self.__name__ = "lambda_free_sum"

    def __call__(self, x):
        return self.g(x).sum()


@pytest.mark.parametrize("name", TRANSFORMS)
def test_functions_of_modules(name, pool):
    make, args = TRANSFORMS[name]
    f = make(energy)
    expected = f(*args)
    found, counts = pool.submit(call, f, *args).result()
    same(found, expected)
    assert counts["compilations"] == 0 and counts["traces"] == 1 and counts["loads"] + counts["failed_loads"] <= 1


@pytest.mark.parametrize("name", [n for n in TRANSFORMS if n != "nested"])
def test_functions_that_do_not_pickle(name, pool):
    make, args = TRANSFORMS[name]
    f = make(unpicklable(1.5))
    expected = f(*args)
    found, counts = pool.submit(call, f, *args).result()
    same(found, expected)
    assert counts["compilations"] == counts["traces"] == counts["derivations"] == counts["failed_loads"] == 0


def test_uncalled_functions_of_modules(pool):
    found, counts = pool.submit(call, jitad.grad(energy), X).result()
    np.testing.assert_array_equal(found, jitad.grad(energy)(X))


def test_without_its_function():
    f = unpicklable(1.5)
    g = jitad.value_and_grad(f)
    g(X)
    g(np.ones(9))
    sent = pickle.loads(pickle.dumps(g))
    same(sent(X + 1), g(X + 1))
    same(sent(np.ones(20)), g(np.ones(20)))  # a length that the second trace allows
    assert repr(sent) == "<jitad.value_and_grad of f>"
    for args in [(X.astype("f4"),), (1.0,), (np.ones((3, 7)),), (X, X)]:
        with pytest.raises(TraceError, match=r"f was pickled without its source.*of 2 types"):
            sent(*args)
    with pytest.raises(TraceError, match="without its source"):
        jitad.grad(sent)(X)
    same(pickle.loads(pickle.dumps(sent))(X), g(X))
    assert sent.specialize(X).graph is not None


def test_options_of_what_came_without_its_function():
    g = jitad.value_and_grad(unpicklable(1.5))
    expected = g(X)
    sent = jitad.jit(pickle.loads(pickle.dumps(g)), strict=True)
    np.testing.assert_allclose(sent(X)[1], expected[1])
    assert sent.specialize(X).options.strict
    same(jitad.jit(pickle.loads(pickle.dumps(g)))(X), expected)


def test_captured_values_are_those_at_the_time():
    scale = np.full(7, 2.0)
    mode = "a"

    def f(x):
        return (x * scale).sum() if mode == "a" else 0 * x.sum()

    g = jitad.grad(f)
    g(X)
    data = pickle.dumps(g)
    scale[:] = 5
    np.testing.assert_array_equal(pickle.loads(data)(X), np.full(7, 2.0))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(g))(X), np.full(7, 5.0))
    mode = "b"
    with pytest.raises(pickle.PicklingError, match="cannot be pickled"):
        pickle.dumps(g)  # what was traced does not hold any more


def test_containers_and_guards():
    offset = 0.5
    g = jitad.grad(lambda p, q: tuple_energy(p) * offset + (q["a"].sum() if len(q["a"]) < 2 * len(p.first) else 0.0))
    args = Pair(X, 2.0), {"a": X}
    expected = g(*args)
    sent = pickle.loads(pickle.dumps(g))
    same(sent(*args), expected)
    with pytest.raises(TraceError):
        sent(Pair(X, 2.0), {"a": np.ones(100)})


def test_never_called():
    with pytest.raises(pickle.PicklingError, match="was not called yet.*define it at the top of a module"):
        pickle.dumps(jitad.grad(unpicklable(2.0)))
    inner = jitad.grad(unpicklable(2.0))
    inner(X)
    outer = jitad.jacobian(inner)
    with pytest.raises(pickle.PicklingError, match="was not called yet"):
        pickle.dumps(outer)
    expected = outer(X)
    same(pickle.loads(pickle.dumps(outer))(X), expected)


def test_objects_methods_partials(pool):
    for f in [Spring(2.0), Spring(3.0).energy, functools.partial(energy, k=5.0)]:
        g = jitad.value_and_grad(f)
        same(pool.submit(call, g, X).result()[0], g(X))


def test_cloudpickle(pool):
    cloudpickle = pytest.importorskip("cloudpickle")
    factor = 2.5

    def f(x):
        return (x**2).sum() * factor * SCALE

    g = jitad.value_and_grad(f)  # never called: the function itself is sent
    data = cloudpickle.dumps(g)
    same(pickle.loads(data)(X), g(X))
    found, counts = pool.submit(call_pickled, data, X.astype(np.float64)).result()
    same(found, g(X))
    same(pickle.loads(data)(np.ones((3, 3))), g(np.ones((3, 3))))


def call_pickled(data, *args):
    return call(pickle.loads(data), *args)


@pytest.mark.filterwarnings("ignore")
def test_dask():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        with distributed.Client(cluster) as client:
            for f in (energy, unpicklable(1.5)):
                g = jitad.value_and_grad(f)
                expected = g(X)
                futures = [client.submit(call, g, X, workers=[w], pure=False) for w in client.scheduler_info()["workers"]]
                found = client.gather(futures)
                assert len(found) == 2
                for out, counts in found:
                    same(out, expected)
                    assert counts["compilations"] == 0 and counts["loads"] == 1


def test_kernels_of_numba_functions(pool):
    s = jitad.value_and_grad(energy).specialize(X)
    found, counts = pool.submit(call, s.njit, X, *s.captured).result()
    same(found, s.njit(X, *s.captured))
    assert counts["compilations"] == 0


def test_loops_travel_as_graphs():
    """Steps, and lengths that are computed, in steps of other loops too."""
    def f(x, n):
        def step(c, _):
            return jitad.fori_loop(0, n, lambda i, y: np.sin(y) * x, c) + jitad.while_loop(
                lambda q: q < 1.0, lambda q: q * 1.5 * x, x), None

        return jitad.fori_loop(0, n, lambda i, y: y * x + i, x) * jitad.scan(step, x, None, 3)[0]

    gradient = jitad.value_and_grad(f)
    with jitad.disable_jit():
        gradient(0.7, 3)
        arrived = pickle.loads(pickle.dumps(gradient))
        for n in (3, 0, 5):
            same(arrived(0.7, n), gradient(0.7, n))

"""Every problem of the benchmarks at its small size, and the kernel by hand that it is measured against, without compiling."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

import jitad
from tests.benchmarks import by_hand, ours, peers, table
from tests.benchmarks.problem import Problem, compare, leaves
from tests.benchmarks.problems import every
from tests.benchmarks.problems.lists import near_pairs
from tests.benchmarks.row import Row
from tests.pairs import crowd

SMALL = [p for p in every() if p.small]
OF_AUTOGRAD = [p for p in SMALL if "leapfrog" not in p.name and p.spelling("autograd") is not None]
each = pytest.mark.parametrize("problem", SMALL, ids=lambda p: p.title)


def evaluated(problem: Problem) -> list[np.ndarray]:
    """The results of jitad, run by NumPy."""
    with jitad.disable_jit():
        return list(leaves(ours.transformed(problem)(*problem.arguments())))


def differentiated(problem: Problem) -> tuple[float, float]:
    """The results of jitad along a direction, and the same by differences."""
    args, f = problem.arguments(), problem.make(np)
    rng = np.random.default_rng(3)
    along = args[1:] if problem.derivative == "product" else [rng.normal(size=args[k].shape) for k in problem.argnums]
    results = evaluated(problem)

    def moved(step: float) -> tuple:
        inputs = list(args)
        for k, v in zip(problem.argnums, along):
            inputs[k] = args[k] + step * v
        return tuple(inputs)

    if problem.derivative == "gradient":
        def value(at: tuple) -> float:
            with np.errstate(divide="ignore", invalid="ignore"):  # on the diagonal, which is left out afterwards
                return f(*at)

        def slope(h: float) -> float:
            return (value(moved(h)) - value(moved(-h))) / (2 * h)

        found = sum((g * v).sum() for g, v in zip(results[1:], along))
        assert results[0] == pytest.approx(value(args), rel=1e-12) and len(results) == 1 + len(along)
    else:
        test = rng.normal(size=args[0].shape)
        gradient = jitad.grad(f)

        def slope(h: float) -> float:
            with jitad.disable_jit():
                return (test * (gradient(moved(h)[0]) - gradient(moved(-h)[0]))).sum() / (2 * h)

        product = np.tensordot(results[0], along[0], along[0].ndim) if problem.derivative == "hessian" else results[0]
        found = (test * product).sum()
    h = 1e-4
    return found, (4 * slope(h / 2) - slope(h)) / 3


@each
def test_derivatives_are_those_by_differences(problem):
    found, expected = differentiated(problem)
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-7)


@each
def test_kernels_by_hand(problem):
    compare(problem.by_hand.py_func(*problem.arguments()), evaluated(problem))


def test_both_kernels_of_all_pairs():
    x = crowd(38)
    compare(by_hand.pairs.lennard_jones.py_func(x), by_hand.pairs.lennard_jones_of_few.py_func(x))


@pytest.mark.skipif(importlib.util.find_spec("autograd") is None, reason="autograd is not installed")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("problem", OF_AUTOGRAD, ids=lambda p: p.title)
def test_autograd_runs_the_same_text(problem):
    (call,) = peers.calls(problem, problem.arguments(), ["autograd"]).values()
    compare(call(), evaluated(problem))


def test_names_and_sizes():
    titles = [p.title for p in every()]
    assert len(set(titles)) == len(titles)


def test_tables():
    good = Row("a", {"hand": 1e-6, "jitad": 1.1e-6, "value": 1e-6, "jax": 1.0}, {"cold": 1.0, "warm": 0.01}, {})
    bad = Row("b", {"hand": 1e-6, "jitad": 3e-6, "jax": 2e-6}, {}, {"torch": "TypeError: none"})
    assert table.line(good).split()[:4] == ["a", "1.00", "1.10", "1.10"]
    assert len(table.cells(bad)) == len(table.COLUMNS) and table.cells(bad).count("-") > 4
    assert table.mean([good, bad], "jitad", "hand") == pytest.approx(np.sqrt(3.3))
    assert table.losses([good]) == []
    assert [text.split()[0] for text in table.losses([good, bad])] == ["Fails", "3.00", "1.50"]


def test_neighbour_lists():
    x = crowd(1000)
    pairs = near_pairs(x)
    assert (np.diff(pairs[:, 0]) >= 0).all() and (pairs[:, 0] < pairs[:, 1]).all()
    assert 10 < len(pairs) / len(x) < 30

"""Callbacks see containers, and a progress bar is one of them."""

import sys

import numpy as np
import pytest
from scipy.optimize import OptimizeResult

from jitad.optimize import basinhopping, least_squares, minimize, root
from jitad.optimize.callbacks import Progress
from tests.optimize.functions import METHODS, WITHOUT, bowl


def tree(p):
    return bowl(p["x"])


@pytest.mark.parametrize("method", METHODS + WITHOUT)
def test_callback_of_a_result(method):
    seen = []

    def callback(intermediate_result):
        seen.append(intermediate_result)

    minimize(tree, {"x": np.zeros(3)}, method=method, callback=callback)
    assert seen
    for result in seen:
        assert isinstance(result, OptimizeResult)
        np.testing.assert_allclose(tree(result.x), result.fun, rtol=1e-6, atol=1e-12)


def test_trust_constr_passes_its_state():
    seen = []
    found = minimize(tree, {"x": np.zeros(3)}, method="trust-constr", callback=lambda x, state: seen.append((x, state)))
    assert len(seen) >= found.nit - 1
    assert all(set(x) == {"x"} and "tr_radius" in state for x, state in seen)


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "SLSQP", "trust-ncg", "trust-constr"])
def test_stopping(method):
    def callback(intermediate_result):
        if intermediate_result.nit >= 2 if "nit" in intermediate_result else len(calls) >= 2:
            raise StopIteration
        calls.append(1)

    calls = []
    found = minimize(tree, {"x": np.zeros(3)}, method=method, callback=callback)
    assert not found.success or method == "trust-constr"
    assert "StopIteration" in found.message


def test_what_a_callback_keeps_does_not_change():
    seen = []
    minimize(bowl, np.zeros(3), method="L-BFGS-B", callback=seen.append)
    assert len({x.tobytes() for x in seen}) == len(seen) > 2


@pytest.mark.parametrize("method", METHODS + WITHOUT)
def test_progress(method, capsys):
    ticks = []
    found = minimize(tree, {"x": np.zeros(3)}, method=method, progress=True, callback=lambda x, *state: ticks.append(x))
    np.testing.assert_allclose(found.x["x"], [1, 2, 3], atol=1e-2)
    shown = capsys.readouterr().err
    assert method.lower() in shown and "iterations" in shown
    assert ticks


def test_progress_changes_nothing():
    plain = minimize(bowl, np.zeros(4))
    shown = minimize(bowl, np.zeros(4), progress=True)
    np.testing.assert_array_equal(plain.x, shown.x)
    assert plain.nfev == shown.nfev


def test_the_bar_is_closed_after_an_error():
    def callback(x):
        raise ZeroDivisionError

    from unittest import mock

    with mock.patch.object(Progress, "close") as close, pytest.raises(ZeroDivisionError):
        minimize(bowl, np.zeros(3), progress=True, callback=callback)
    close.assert_called_once()


def test_without_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match=r"pip install jitad\[progress\]"):
        minimize(bowl, np.zeros(3), progress=True)


def test_other_solvers():
    seen = []
    least_squares(lambda p: p["x"] ** 2 - 2, {"x": np.ones(2)}, callback=seen.append)
    assert seen and all(x["x"].shape == (2,) for x in seen)
    seen.clear()
    least_squares(lambda p: p["x"] ** 2 - 2, {"x": np.ones(2)}, callback=lambda intermediate_result: seen.append(
        intermediate_result))
    assert seen and all(r.x["x"].shape == (2,) for r in seen)
    seen.clear()
    root(lambda p: p["x"] ** 2 - 2, {"x": np.ones(2)}, method="broyden1", callback=lambda x, f: seen.append((x, f)))
    assert seen and all(x["x"].shape == (2,) for x, f in seen)
    seen.clear()
    basinhopping(tree, {"x": np.zeros(2)}, niter=3, rng=0, minimizer_kwargs={"callback": seen.append})
    assert seen and all(x["x"].shape == (2,) for x in seen)

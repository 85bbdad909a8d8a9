"""The calls are SciPy's: names, order and defaults of parameters; importing jitad does not import SciPy."""

import inspect
import subprocess
import sys

import pytest
import scipy.optimize

import jitad.optimize

FUNCTIONS = [name for name in jitad.optimize.__all__ if name != "NonFiniteWarning"]
OURS = {"minimize": {"progress"}}  # what SciPy does not have
DIFFERENT = {("least_squares", "jac"), ("least_squares", "x_scale")}  # derived; left to the SciPy at hand


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signature(name):
    ours = inspect.signature(getattr(jitad.optimize, name)).parameters
    theirs = inspect.signature(getattr(scipy.optimize, name)).parameters
    common = [p for p in ours if p not in OURS.get(name, ())]
    newer = [p for p in theirs if p not in ours]
    assert not newer, f"SciPy has grown {newer}"
    for p in common:
        if p not in theirs:
            assert name == "least_squares" and p in ("callback", "workers"), p  # of SciPy 1.16
    assert [p for p in common if p in theirs] == list(theirs)
    for p in theirs:
        if (name, p) not in DIFFERENT:
            assert ours[p].default == theirs[p].default, p
            assert ours[p].kind == theirs[p].kind, p


@pytest.mark.parametrize("name", jitad.optimize.__all__)
def test_documented(name):
    text = getattr(jitad.optimize, name).__doc__
    if name == "NonFiniteWarning":
        assert "once in a run" in text
        return
    for section in ("Parameters", "Returns", "Raises", "Examples"):
        assert f"{section}\n    ---" in text, section
    for p in inspect.signature(getattr(jitad.optimize, name)).parameters:
        assert p in text, p


def test_imports():
    code = ("import sys, jitad; assert 'scipy.optimize' not in sys.modules; import jitad.optimize; "
            "assert 'scipy.optimize' in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True)

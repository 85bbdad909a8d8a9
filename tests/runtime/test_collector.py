"""The garbage collector's pace while kernels are made, and that it is the user's again afterwards."""

import gc
import os
import threading

import numpy as np
import pytest

import jitad
from jitad.runtime.collector import PACE, at_leisure


@pytest.fixture(autouse=True)
def pace():
    before = gc.get_threshold()
    gc.set_threshold(701, 11, 12)
    yield
    gc.set_threshold(*before)


def test_it_is_slower_inside_only():
    with at_leisure():
        assert gc.get_threshold() == (PACE, 11, 12)
        with at_leisure():
            pass
        assert gc.get_threshold() == (PACE, 11, 12)
    assert gc.get_threshold() == (701, 11, 12)
    with pytest.raises(KeyboardInterrupt), at_leisure():
        raise KeyboardInterrupt
    assert gc.get_threshold() == (701, 11, 12)


@pytest.mark.parametrize("threshold", [(0, 10, 10), (PACE * 2, 5, 5)])
def test_who_wants_less_has_less(threshold):
    gc.set_threshold(*threshold)
    with at_leisure():
        assert gc.get_threshold() == threshold
    assert gc.get_threshold() == threshold


def test_what_is_set_meanwhile_stays():
    with at_leisure():
        gc.set_threshold(500, 5, 5)
    assert gc.get_threshold() == (500, 5, 5)


def test_threads():
    inside, leave = threading.Event(), threading.Event()

    def other():
        with at_leisure():
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=other)
    with at_leisure():
        thread.start()
        assert inside.wait(60)
    assert gc.get_threshold() == (PACE, 11, 12)
    leave.set()
    thread.join()
    assert gc.get_threshold() == (701, 11, 12)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_has_the_pace_from_before():
    with at_leisure():
        pid = os.fork()
        if not pid:
            right = gc.get_threshold() == (701, 11, 12)
            with at_leisure():
                right &= gc.get_threshold() == (PACE, 11, 12)
            os._exit(0 if right and gc.get_threshold() == (701, 11, 12) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert gc.get_threshold() == (701, 11, 12)


def test_compiling():
    jitad.grad(lambda x: (np.sin(x) * 1.2345).sum())(np.ones(3))
    with pytest.raises(TypeError):
        jitad.grad(lambda x: np.sin(x) / "a")(1.0)
    assert gc.get_threshold() == (701, 11, 12)

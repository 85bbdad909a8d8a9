"""Python's garbage collector while a kernel is made: compilers build a lot of objects, all of which are in use.

At its usual pace it looks through them again and again, which is a tenth to a quarter of the time of a compilation.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PACE = 100_000  # objects between two looks


class _State:
    def __init__(self) -> None:
        self.lock, self.inside, self.before = threading.Lock(), 0, (0, 0, 0)

    def enter(self) -> None:
        with self.lock:
            self.inside += 1
            if self.inside == 1:
                self.before = gc.get_threshold()
                if 0 < self.before[0] < PACE:  # 0: the user wants none
                    gc.set_threshold(PACE, *self.before[1:])

    def leave(self) -> None:
        with self.lock:
            self.inside -= 1
            if not self.inside:
                self.restore()

    def restore(self) -> None:
        """The pace as it was, unless somebody else has changed it."""
        if gc.get_threshold()[0] == PACE:
            gc.set_threshold(*self.before)


_state = _State()


@contextmanager
def at_leisure() -> Iterator[None]:
    """The collector looks rarely, in all threads, until the last of those that asked for it is done."""
    state = _state
    state.enter()
    try:
        yield
    finally:
        state.leave()


def _after_fork() -> None:
    """What other threads were at is not in the child."""
    global _state
    if _state.inside:
        _state.restore()
    _state = _State()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

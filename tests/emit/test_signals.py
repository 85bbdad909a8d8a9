"""Ctrl-C in loops that would go on for hours: the call ends within a second or so, and everything still works."""

import os
import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import signal
import numpy as np, numba, jitad

def steps(x, n):
    return jitad.fori_loop(0, n, lambda i, y: np.sin(y) * x + 1e-9 * i, x)

def arrays(x, n):
    return jitad.fori_loop(0, n, lambda i, y: np.sin(y) + 1e-3 * y.sum() * x, np.arange(50.0))[7]

def endless(x, n):
    return jitad.while_loop(lambda y: y < n, lambda y: np.sin(y) * x, x)

f = {}
g = jitad.jit(f)
warm, n = g(0.5, {few}), {many}
kernel = g.specialize(0.5, {few}).njit

@numba.njit
def inside(x, n):
    return kernel(x, n)

signal.signal(signal.SIGINT, signal.default_int_handler)
call = {call}
call(0.5, {few})
print("ready", flush=True)
try:
    call(0.5, n)
except KeyboardInterrupt:
    print("interrupted", g(0.5, {few}) == warm, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals are sent")
@pytest.mark.parametrize("name, call, few, many", [
    ("steps", "g", 10, 10**12), ("arrays", "g", 10, 10**12), ("endless", "g", 0.0, 2.0), ("steps", "inside", 10, 10**12)])
def test_the_call_ends(name, call, few, many):
    text = PROGRAM.format(name, call=call, few=few, many=many)
    with subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            time.sleep(0.3)
            start = time.monotonic()
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "interrupted True\n"
            assert time.monotonic() - start < 5  # a second, on a machine with nothing else to do
        finally:
            process.kill()


def test_other_threads_do_not_ask():
    """Python's main thread waits with the interpreter held: whoever asked for it would wait for ever."""
    text = """
import numba, numpy as np, jitad
f = jitad.jit(lambda x, n: jitad.fori_loop(0, n, lambda i, y: np.sin(y) * x + i, x))
kernel = f.specialize(0.5, 3).njit

@numba.njit(parallel=True)
def many(n):
    out = np.zeros(4)
    for k in numba.prange(4):
        out[k] = kernel(0.5 + k, n)
    return out

many(2)
print(many(60_000_000).shape)
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=120)
    assert done.stdout == "(4,)\n", done.stderr

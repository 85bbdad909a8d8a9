"""What the tests of pickling run in other processes."""

import collections

import numpy as np

import jitad

X = np.linspace(1, 2, 7)
SCALE = 1.75
Pair = collections.namedtuple("Pair", "first second")


def energy(x, k=2.0):
    return (np.sin(x) ** 2 * k).sum() * SCALE


def tuple_energy(p):
    return (p.first**3).sum() * p.second


class Spring:
    def __init__(self, k):
        self.k = k

    def __call__(self, x):
        return (x**2).sum() * self.k

    def energy(self, x):
        return self(x)


def call(f, *args):
    """A result, and what the process did for it."""
    before = jitad.cache.info().counts
    out = f(*args)
    after = jitad.cache.info().counts
    return out, {k: after[k] - before[k] for k in after}

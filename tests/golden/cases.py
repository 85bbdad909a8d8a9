"""Functions whose kernels are kept beside this file, so that a change of the generated source is seen in review."""

import numpy as np

import jitad
from tests import pairs
from tests.written import written


def harmonic(x):
    distances = np.abs(x[np.newaxis, :] - x[:, np.newaxis])
    return (distances**2).sum() / 2


def stencil(u):
    return ((np.roll(u, 1, 0) - u) ** 2 + (np.roll(u, 1, 1) - u) ** 2).sum() + 0.25 * ((u * u - 1) ** 2).sum()


LISTED = np.stack(np.triu_indices(10, 1), 1)
CASES = {
    "harmonic": (jitad.value_and_grad(harmonic), (np.arange(10.0),)),
    "lennard_jones": (jitad.value_and_grad(pairs.broadcast_eye), (pairs.crowd(10),)),
    "lennard_jones_hvp": (jitad.hvp(pairs.where_inside), (pairs.crowd(10), pairs.crowd(10))),
    "pair_list": (jitad.value_and_grad(pairs.over_pairs), (pairs.crowd(10), LISTED)),
    "embedded_atom": (jitad.value_and_grad(pairs.embedded_atom), (pairs.crowd(10),)),
    "stencil": (jitad.grad(stencil), (np.ones((10, 12)),)),
}


def source(name):
    function, args = CASES[name]
    return written(function, *args).source

"""Kernels are found by what was recorded; deriving, lowering and compiling are done once for each."""

import subprocess
import sys

import numpy as np

import jitad
from jitad.counters import counts
from jitad.ir.serial import write
from jitad.pipeline import generalize
from tests.pairs import broadcast_eye, crowd


def grown(before):
    return {k: v - before[k] for k, v in counts().items() if v != before[k]}


def test_a_known_kernel_is_found_without_deriving():
    def energy(x):
        return (np.sin(x) ** 2).sum() * 1.2345

    jitad.hessian(energy)(np.ones(6))
    before = counts()
    np.testing.assert_allclose(jitad.hessian(lambda y: (np.sin(y) ** 2).sum() * 5.4321)(np.ones(8)),
                               np.diag(2 * 5.4321 * np.cos(2 * np.ones(8))), atol=1e-12)
    assert grown(before) == {"traces": 1}


def test_transforms_of_one_function_have_kernels_of_their_own():
    def f(x):
        return (x**3).sum() * 0.77

    x = np.arange(1.0, 7.0)
    np.testing.assert_allclose(jitad.grad(f)(x), 3 * 0.77 * x**2)
    value, slope = jitad.value_and_grad(f)(x)
    np.testing.assert_allclose(slope, 3 * 0.77 * x**2)
    np.testing.assert_allclose(value, f(x))
    np.testing.assert_allclose(jitad.hvp(f)(x, x), 6 * 0.77 * x**2)
    np.testing.assert_allclose(jitad.jacrev(jitad.grad(f))(x), np.diag(6 * 0.77 * x))
    np.testing.assert_allclose(jitad.jacfwd(jitad.grad(f))(x), np.diag(6 * 0.77 * x))


def test_which_argument_is_differentiated_is_part_of_the_key():
    def f(x, y):
        return (x * y * y).sum() * 0.33

    x, y = np.arange(1.0, 7.0), np.arange(2.0, 8.0)
    np.testing.assert_allclose(jitad.grad(f, 0)(x, y), 0.33 * y * y)
    np.testing.assert_allclose(jitad.grad(f, 1)(x, y), 0.66 * x * y)
    swapped = jitad.grad(f, (1, 0))(x, y)
    np.testing.assert_allclose(swapped[0], 0.66 * x * y)
    np.testing.assert_allclose(swapped[1], 0.33 * y * y)


def test_what_is_written_has_no_objects():
    kernel = jitad.value_and_grad(broadcast_eye).specialize(crowd(10))
    inputs, recording, _ = generalize(kernel.traced.inputs, kernel.recording)

    def plain(value):
        return all(map(plain, value)) if isinstance(value, tuple) else type(value) in (int, str, bytes, bool, type(None))

    assert plain(write([*inputs, *recording.fresh()], recording.nodes()))


SCRIPT = """
import numpy as np, jitad
from tests import pairs
x, listed = pairs.crowd(10), np.stack(np.triu_indices(10, 1), 1)
for function, args in ((jitad.hessian(pairs.where_inside), (x,)), (jitad.value_and_grad(pairs.embedded_atom), (x,)),
                       (jitad.hvp(lambda y, p: pairs.over_pairs(y, p)), (x, x, listed))):
    kernel = function.specialize(*args)
    print(*function.specializations, kernel.source)
"""


def test_keys_and_sources_are_the_same_in_every_process():
    found = {
        subprocess.run([sys.executable, "-c", SCRIPT], env={"PYTHONHASHSEED": seed, "PATH": ""}, capture_output=True, text=True,
                       check=True).stdout for seed in ("0", "1", "17")}
    assert len(found) == 1

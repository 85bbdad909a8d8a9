"""Kernels for another CPU than this one, as Numba's settings ask for: no instruction that it does not have."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import numpy as np, jitad
from jitad.emit.lanes import AVX512
assert not AVX512
def energy(x):
    d = x[:, None] - x[None]
    r = np.sqrt((d**2).sum(-1) + np.eye(len(x)))
    return ((np.exp(-r) + 1 / r) * (1 - np.eye(len(x)))).sum() + sum(np.sin(x[k, 0]) * np.exp(x[k, 1]) for k in range(4))
x = np.random.default_rng(0).normal(size=(9, 3))
value, slope = jitad.value_and_grad(energy)(x)
assert abs(value - energy(x)) < 1e-12 * abs(value)
with jitad.disable_jit():
    assert np.allclose(slope, jitad.grad(energy)(x), rtol=1e-11)
"""


@pytest.mark.parametrize("settings", [{"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}, {"NUMBA_ENABLE_AVX": "0"}],
                         ids=["any CPU", "no AVX"])
def test_another_cpu(settings, tmp_path):
    environment = {**os.environ, **settings, "JITAD_CACHE_DIR": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr

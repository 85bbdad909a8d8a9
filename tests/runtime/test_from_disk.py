"""Every op in a kernel that another process has made: the same bits, and nothing compiled.

What machine code calls by name, of LAPACK or of Python, has to be bound in every process that loads it: it crashes otherwise.
"""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np

import jitad

ROOT = pathlib.Path(__file__).parents[2]
SCRIPT = """
import hashlib, json, sys
import numpy as np, jitad
from jitad.ir.graph import Graph
from jitad.pipeline import compile_graph
from tests.harness import Inputs
from tests.test_every_op import ELEMENTWISE, EXAMPLES, at_random, drawn, dtype_of, parameters

found = {}

def keep(name, results):
    found[name] = [hashlib.sha256(np.ascontiguousarray(r).tobytes()).hexdigest() for r in results]

def compiled(name, new, outputs, args):
    _, kernel, constants = compile_graph(Graph(tuple(new.nodes), tuple(outputs)))
    keep(name, kernel.njit(*map(np.ascontiguousarray, args), *constants) if len(outputs) > 1 else [
        kernel.njit(*map(np.ascontiguousarray, args), *constants)])

new, rng, outputs, args = Inputs(), np.random.default_rng(0), [], []
for op in ELEMENTWISE:
    if dtype_of(op) is float:
        outputs += [op.build(tuple(new("n") for _ in range(op.arity)), parameters(op)[-1])]
        args += drawn(op, rng)
compiled("elementwise", new, outputs, args)
for name, (build, bounds) in EXAMPLES.items():
    new = Inputs()
    outputs = build(new)
    args = at_random(bounds)(new, np.random.default_rng(3))
    _, kernel, constants = compile_graph(Graph(tuple(new.nodes), tuple(outputs)))
    results = kernel.njit(*args, *constants)
    keep(name, results if isinstance(results, tuple) else [results])

x = np.linspace(0.1, 2, 6)
back = jitad.jit(lambda x: jitad.pure_callback(np.cumsum, jitad.ShapeDtypeStruct((6,), float), x) * 2)
keep("callback", [back(x)])
solved = jitad.implicit.root(lambda y, a: 3 * y - np.roll(y, 1) + y**3 - a,
                             lambda f, y: jitad.fori_loop(0, 9, lambda _, y: y - f(y) / 5, y), linear_solver="gmres")
keep("solved", [jitad.grad(lambda a: solved(np.zeros(6), a).sum())(x)])
print(json.dumps({"results": found, "counts": jitad.cache.info().counts}))
"""


def results_of(place):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JITAD_CACHE_DIR": str(place)}
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_op(tmp_path):
    first, second = results_of(tmp_path), results_of(tmp_path)
    assert first["counts"]["compilations"] > 20
    assert not second["counts"].get("compilations") and not second["counts"].get("failed_loads")
    assert second["results"] == first["results"]


def test_machine_code_that_asks_for_what_is_not_there_is_made_anew(tmp_path, monkeypatch):
    """SciPy's functions are bound when they are imported: without that, the kernel compiles once more, and is right."""
    script = """
import jitad, numpy as np
if {unbound}:
    from llvmlite import binding
    known = binding.address_of_symbol
    binding.address_of_symbol = lambda name: None if name.startswith("jitad_") else known(name)
print(jitad.jit(lambda a: np.linalg.solve(a, np.ones(len(a))))(np.diag([1.0, 2.0, 4.0])).tolist(), jitad.cache.info().counts)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JITAD_CACHE_DIR": str(tmp_path)}
    for unbound in (False, True):
        out = subprocess.run([sys.executable, "-c", script.format(unbound=unbound)], env=environment, cwd=ROOT, check=True,
                             capture_output=True, text=True).stdout
        assert out.startswith("[1.0, 0.5, 0.25]") and "'compilations': 1" in out


def test_functions_of_a_kernel_have_names_of_their_own():
    """The loader of machine code finds functions by name, internal ones too: another kernel's would be called in their place.

    But for those of Numba's that count references, which are the same everywhere: LLVM knows them by their names.
    """
    kernel = jitad.grad(lambda x: (np.sin(x) * np.exp(x[0] * x)).sum()).specialize(np.ones(9)).njit
    (found,) = kernel.overloads.values()
    defined = [f.name for f in found.library._final_module.functions if not f.is_declaration]
    own = set(defined) - {"NRT_incref", "NRT_decref"}
    assert len(own) > 1 and all("kernel_" in name for name in own)

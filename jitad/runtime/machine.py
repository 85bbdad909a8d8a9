"""What a machine code is made for and by: everything that decides whether a stored kernel is still right."""

from __future__ import annotations

import functools
import hashlib
import os
import pathlib
import sys

import llvmlite
import llvmlite.binding as llvm
import numba
import numpy as np

_FLAGS = (
    "OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "ENABLE_AVX", "CPU_NAME", "CPU_FEATURES", "BOUNDSCHECK", "DISABLE_INTEL_SVML",
    "DEBUGINFO_DEFAULT", "LLVM_REFPRUNE_PASS", "USE_LLVM_LEGACY_PASS_MANAGER", "FUNCTION_CACHE_SIZE", "THREADING_LAYER")
_SOURCES = ("ir", "ops", "autodiff", "lower", "emit", "runtime", "derivation.py", "limits.py", "pipeline.py", "config.py")


@functools.lru_cache(maxsize=1)
def fingerprint() -> str:
    """sha256 of versions, flags, the CPU, and the source of every part of jitad that makes kernels.

    Numba's own keys leave out most of this; an edit of an emitter without a new version counts as well.
    """
    return hashlib.sha256(repr((*_versions(), *_target(), _sources())).encode()).hexdigest()


def _versions() -> tuple:
    return sys.implementation.cache_tag, numba.__version__, llvmlite.__version__, np.__version__


def _target() -> tuple:
    flags = tuple((name, repr(getattr(numba.config, name, None))) for name in _FLAGS)
    return llvm.get_process_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(), flags


def _sources() -> str:
    root = pathlib.Path(__file__).parent.parent
    found = hashlib.sha256()
    for part in _SOURCES:
        for path in [root / part] if part.endswith(".py") else sorted((root / part).rglob("*.py")):
            found.update(f"{path.relative_to(root).as_posix()}{os.path.getsize(path)}".encode())
            found.update(path.read_bytes())
    return found.hexdigest()

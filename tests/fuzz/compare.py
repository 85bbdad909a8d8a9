"""A random program through the kernels: against the interpreter, against differences of NumPy, and one way against another."""

from __future__ import annotations

import numpy as np
from scipy import special

import jitad
from jitad.tree import flatten
from tests.fuzz.program import ARGUMENTS, arguments, source

FLOATS = tuple(range(len(ARGUMENTS)))
MODES = ("slope", "second", "parallel", "strict", "single", "into")
NAMESPACE = {"np": np, "special": special, "jitad": jitad}


class Wrong(AssertionError):
    """Two ways of computing one thing that differ."""


def compile_source(text):
    made = dict(NAMESPACE)
    exec(compile(text, "<program>", "exec"), made)
    return made["energy"]


def flat(result):
    return np.concatenate([np.ravel(v) for v in flatten(result)[0]]).astype(float)


def second(energy):
    """Value, gradient, and the products of gradient and Hessian with given tangents."""
    gradient = jitad.value_and_grad(energy, FLOATS)

    def everything(*args):
        point, tangents, indices = args[:len(FLOATS)], args[len(FLOATS):2 * len(FLOATS)], args[2 * len(FLOATS):]
        return jitad.jvp(lambda *at: gradient(*at, *indices), point, tangents)

    return everything


def interpreted(function, args):
    with jitad.disable_jit(), np.errstate(all="ignore"):
        return flat(function(*args))


def nudged(args, k, dtype):
    """The same arguments with other last bits."""
    rng = np.random.default_rng(k)
    move = lambda a: a * (1 + rng.integers(-1, 2, np.shape(a)) * np.finfo(dtype).eps)
    return [np.asarray(move(a), a.dtype)[()] if np.asarray(a).dtype.kind == "f" else a for a in args]


def close(what, got, function, args, tolerance, dtype=np.float64):
    """The same numbers as the interpreter's, within `tolerance` of the largest or what last bits of the arguments do."""
    want = interpreted(function, args)
    scale = np.abs(want[np.isfinite(want)]).max(initial=1.0)
    with np.errstate(invalid="ignore"):
        same = (got == want) | (np.isnan(got) & np.isnan(want)) | (np.abs(got - want) <= tolerance * scale)
    if same.all():
        return
    others = np.array([interpreted(function, nudged(args, k, dtype)) for k in range(5)])
    finite = np.isfinite(others)
    with np.errstate(invalid="ignore"):
        moved = 30 * np.abs(others - want).max(0)
        bad = ~(same | (np.abs(got - want) <= moved) | (finite.any(0) & ~finite.all(0)))
    if bad.any():
        k = int(np.flatnonzero(bad)[0])
        raise Wrong(f"{what}: {bad.sum()} of {len(bad)} numbers, at {k} first: {got[k]!r} for {want[k]!r}, largest {scale:.3g}")


def slope(energy, args, gradient, tangents):
    """The gradient against central differences of NumPy's own values along a direction: one step of several has to agree."""
    want = sum(np.sum(g * t) for g, t in zip(gradient, tangents, strict=True))
    size = sum(np.abs(g * t).sum() for g, t in zip(gradient, tangents, strict=True))
    if not np.isfinite(want):
        return
    found = []
    for h in (1e-3, 1e-4, 1e-5, 1e-6):
        high, low = (energy(*[a + e * t for a, t in zip(args, tangents, strict=False)], *args[len(FLOATS):]) for e in (h, -h))
        found.append((high - low) / (2 * h))
    if min(abs(f - want) for f in found) > 1e-5 * max(1.0, size):
        raise Wrong(f"slope: {want!r} along a direction where differences give {found}")


def into(function, args):
    """Results in arrays that were full of NaN before; not the gradient by a number, which is returned as the value is."""
    kernel = jitad.jit(function).specialize(*args)
    if kernel.njit_into is None:
        return None
    leaves = [np.ascontiguousarray(a) if np.ndim(a) else a for a in args]
    out = kernel.buffers(*leaves)
    for a in out:
        a.fill(np.nan if a.dtype.kind == "f" else 1)
    numbers = kernel.njit_into(*leaves, *kernel.captured, out)
    return np.concatenate([np.ravel(numbers)[:1], *(np.ravel(a) for a in out[:len(FLOATS) - 1])])


def examine(seed, length, modes):
    """Raise `Wrong` where a program goes wrong; its gradient, and what is among `modes` (of `MODES`)."""
    energy = compile_source(source(seed, length))
    first = jitad.value_and_grad(energy, FLOATS)
    both = second(energy)
    serial, parallel = jitad.jit(first), jitad.jit(both, parallel=True)
    for turn in range(3):  # other lengths, the same kernels
        args = arguments(seed, turn)
        rng = np.random.default_rng([seed, 3, turn])
        tangents = [rng.normal(size=np.shape(a))[()] for a in args[:len(FLOATS)]]
        more = [*args[:len(FLOATS)], *tangents, *args[len(FLOATS):]]
        with np.errstate(all="ignore"):
            value, gradient = serial(*args)
            np.testing.assert_allclose(value, energy(*args), rtol=1e-9, atol=1e-9, err_msg="value")
            close("gradient", flat((value, gradient)), serial, args, 1e-9)
            if "slope" in modes:
                slope(energy, args, gradient, tangents)
            if "second" in modes:
                close("second", flat(jitad.jit(both)(*more)), both, more, 1e-8)
            if "parallel" in modes:
                found = [flat(parallel(*more)) for _ in range(2)]
                np.testing.assert_array_equal(*found, err_msg="parallel, from run to run")
                close("parallel", found[0], both, more, 1e-8)
            if "strict" in modes:
                close("strict", flat(jitad.jit(first, strict=True)(*args)), serial, args, 1e-9)
            if "single" in modes:
                small = [np.asarray(a, np.float32)[()] if np.asarray(a).dtype.kind == "f" else a for a in args]
                close("single", flat(serial(*small)), serial, small, 1e-4, np.float32)
            if "into" in modes and (written := into(first, args)) is not None:
                np.testing.assert_allclose(written, flat((value, gradient))[:len(written)], rtol=1e-9, atol=1e-9, err_msg="into")

"""Some of the random programs, and that the comparison would see it if one of them went wrong."""

import numpy as np
import pytest

import jitad
from tests.fuzz.compare import FLOATS, MODES, Wrong, close, compile_source, examine, slope
from tests.fuzz.program import Program, arguments, source


@pytest.mark.parametrize("seed, length, modes", [
    (3, 2, MODES), (8, 4, ["second", "parallel"]), (9, 5, ["slope", "second", "single"])])
def test_programs(seed, length, modes):
    examine(seed, length, modes)


def test_all_kinds_of_statements_are_programs_of_numpy():
    for seed in range(60):
        energy = compile_source(source(seed, 25))
        for turn in range(2):
            with np.errstate(all="ignore"):
                assert np.shape(energy(*arguments(seed, turn))) == ()
    text = "".join(source(seed, 25) for seed in range(60))
    words = "np.add.at", "bincount", "fori_loop", "for _ in", "[t]", "triu", "roll", "einsum", "cross"
    assert all(word in text for word in words)
    assert set(Program.KINDS) == {n for n in vars(Program) if n not in (
        "KINDS", "number", "pick", "add", "write", "statement", "end") and not n.startswith("__")}


def energy(x, q, w, u, s, i, j, t):
    return (np.sin(x[i] - x[j])**2).sum() + s * (q**2).sum() + np.abs(w).sum() + (u**3).sum()


ARGS = arguments(0)
GRADIENT = jitad.value_and_grad(energy, FLOATS)
TANGENTS = [np.random.default_rng(k).normal(size=np.shape(a)) for k, a in enumerate(ARGS[:len(FLOATS)])]


@pytest.mark.parametrize("where", range(len(FLOATS)))
def test_wrong_gradients_are_seen(where):
    with jitad.disable_jit():
        value, gradient = GRADIENT(*ARGS)
    flat = lambda g: np.concatenate([[value], *(np.ravel(a) for a in g)])
    close("right", flat(gradient), GRADIENT, ARGS, 1e-9)
    slope(energy, ARGS, gradient, TANGENTS)
    wrong = [g + (1e-3 if k == where else 0) for k, g in enumerate(gradient)]
    with pytest.raises(Wrong, match="of them"):
        close("of them", flat(wrong), GRADIENT, ARGS, 1e-9)
    with pytest.raises(Wrong, match="along a direction"):
        slope(energy, ARGS, [g + (3 * t if k == where else 0) for k, (g, t) in enumerate(zip(gradient, TANGENTS))], TANGENTS)


def test_a_number_that_is_not_finite_is_seen():
    with jitad.disable_jit():
        value, gradient = GRADIENT(*ARGS)
    flat = np.concatenate([[np.nan], *(np.ravel(a) for a in gradient)])
    with pytest.raises(Wrong, match="1 of"):
        close("value", flat, GRADIENT, ARGS, 1e-9)

"""The consumer of the library: potentials, relaxation, and the study of clusters."""

import numpy as np
import pytest

import jitad
from simulations import lj_clusters, potentials, xyz
from simulations.relax import relax
from tests.pairs import by_hand, crowd, embedded_atom_by_hand

POTENTIALS = {
    "harmonic": potentials.harmonic, "lennard_jones": potentials.lennard_jones, "morse": potentials.morse,
    "embedded_atom": lambda x: potentials.embedded_atom(x, length=1.1)}


@pytest.mark.parametrize("name", POTENTIALS)
def test_derivatives(name):
    energy, x = POTENTIALS[name], crowd(7)
    jitad.testing.check_grads(energy, (x,), order=2)
    force = jitad.grad(energy)(x)
    np.testing.assert_allclose(force.sum(0), 0, atol=1e-11 * np.abs(force).max())  # no net force
    np.testing.assert_allclose(np.cross(x, force).sum(0), 0, atol=1e-10 * np.abs(force).max())  # no net torque
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    np.testing.assert_allclose(energy(x @ rotation + 1.5), energy(x), rtol=1e-12)
    np.testing.assert_allclose(jitad.value_and_grad(energy)(x)[0], energy(x), rtol=1e-12)


def test_lennard_jones_by_hand():
    x = crowd(9)
    e, g, _ = by_hand(x, x)
    np.testing.assert_allclose(jitad.value_and_grad(potentials.lennard_jones)(x)[0], e, rtol=1e-12)
    np.testing.assert_allclose(jitad.grad(potentials.lennard_jones)(x), g, rtol=1e-10, atol=1e-11)
    assert embedded_atom_by_hand(x)[0] < 0


def test_relax_keeps_its_start_and_finds_the_minimum():
    start = [[0.0, 0.0, 0.0], [1.2, 0.1, 0.0], [0.4, 1.1, 0.3]]
    before = np.array(start)
    found = relax(potentials.lennard_jones, start)
    assert found.fun == pytest.approx(-3.0, abs=1e-9) and found.x.shape == (3, 3)
    assert np.abs(found.jac).max() < 1e-4
    np.testing.assert_array_equal(start, before)
    newton = relax(potentials.lennard_jones, start, method="BFGS")
    assert newton.fun == pytest.approx(-3.0, abs=1e-9)


def test_the_study_reaches_the_published_minima(tmp_path, capsys):
    searches = lj_clusters.main(["--sizes", "3", "7", "13", "--starts", "12", "--out", str(tmp_path)])
    known = lj_clusters.published()
    for s in searches:
        assert s.energy == pytest.approx(known[s.n], abs=2e-6)
    assert "-44.326801" in capsys.readouterr().out
    assert (tmp_path / "lj_clusters.xyz").read_text().count("Lattice") == 0


def test_extended_xyz(tmp_path):
    x = crowd(4)
    with (tmp_path / "a.xyz").open("w") as file:
        xyz.write(file, x, energy=-1.5)
    lines = (tmp_path / "a.xyz").read_text().splitlines()
    assert lines[0] == "4" and "energy=-1.5" in lines[1] and "Properties=species:S:1:pos:R:3" in lines[1]
    np.testing.assert_allclose([[float(v) for v in line.split()[1:4]] for line in lines[2:]], x, atol=1e-7)


def test_picture(tmp_path):
    pytest.importorskip("matplotlib")
    lj_clusters.main(["--sizes", "3", "--starts", "2", "--out", str(tmp_path), "--plot"])
    assert (tmp_path / "lj_clusters.png").stat().st_size > 5000

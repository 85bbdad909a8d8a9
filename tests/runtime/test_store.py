"""Kernels on disk: found by the next process, whatever happened to the folder; never wrong."""

import json
import multiprocessing
import os
import pathlib
import subprocess
import sys
import warnings

import numpy as np
import pytest

import jitad
from jitad.errors import CacheWarning
from jitad.runtime import folder, machine, store

ROOT = pathlib.Path(__file__).parents[2]
SCRIPT = """
import json, sys, warnings
warnings.simplefilter("always")
import numpy as np, jitad
with warnings.catch_warnings(record=True) as seen:
    g = jitad.value_and_grad(lambda x: (np.sin(x) ** 2 * 1.25).sum() + 0.75 * x[0])
    value, slope = g(np.arange(7.0))
info = jitad.cache.info()
print(json.dumps({"value": value, "slope": slope.tolist(), "counts": info.counts, "folder": info.folder, "kernels": info.kernels,
                  "warnings": [f"{w.category.__name__}: {w.message}" for w in seen]}))
"""
VALUE = float((np.sin(np.arange(7.0)) ** 2 * 1.25).sum())
SLOPE = 1.25 * np.sin(2 * np.arange(7.0)) + 0.75 * (np.arange(7) == 0)


def start(place, cwd=ROOT, **environment):
    names = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    names.pop("JITAD_CACHE_DIR", None)
    if place is not None:
        names["JITAD_CACHE_DIR"] = str(place)
    return subprocess.Popen([sys.executable, "-c", SCRIPT], cwd=cwd, env=names, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True)


def finish(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    found = json.loads(out)
    assert found["value"] == pytest.approx(VALUE)
    np.testing.assert_allclose(found["slope"], SLOPE, rtol=1e-12, atol=1e-14)
    return found


def run(place, **more):
    return finish(start(place, **more))


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A folder with the kernel of the script."""
    place = tmp_path_factory.mktemp("filled") / "kernels"
    found = run(place)
    assert found["counts"] == {"traces": 1, "derivations": 1, "lowerings": 1, "compilations": 1, "loads": 0, "failed_loads": 0}
    assert not found["warnings"]
    assert place.stat().st_mode & 0o777 == 0o700
    return place


@pytest.fixture
def copied(filled, tmp_path):
    """A copy of it."""
    place = tmp_path / "kernels"
    place.mkdir(mode=0o700)
    for path in filled.iterdir():
        (place / path.name).write_bytes(path.read_bytes())
    return place


def hit(found):
    counts = found["counts"]
    return counts["loads"] == 1 and counts["derivations"] == counts["lowerings"] == counts["compilations"] == 0


def test_the_next_process_only_traces(filled, tmp_path):
    assert hit(run(filled))
    assert hit(run(filled, cwd=tmp_path))


@pytest.mark.parametrize("suffix", [".py", ".bin"])
@pytest.mark.parametrize("damage", ["truncated", "empty", "foreign", "flipped"])
def test_damaged_files_are_made_anew(copied, suffix, damage):
    (path,) = copied.glob(f"k_*{suffix}")
    data = path.read_bytes()
    flipped = data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]
    bad = {"truncated": data[: len(data) // 2], "empty": b"", "foreign": b"raise SystemExit", "flipped": flipped}
    path.write_bytes(bad[damage])
    counts = run(copied)["counts"]
    assert counts["failed_loads"] == 1
    assert counts["derivations" if suffix == ".py" else "compilations"] == 1  # what is whole is used
    assert hit(run(copied))


def test_a_file_under_the_name_of_another_is_none(copied):
    for path in list(copied.iterdir()):
        path.rename(path.with_name(f"k_{'0' * 64}{path.suffix}"))
    found = run(copied)
    assert found["counts"]["compilations"] == 1
    for path in list(copied.glob("k_0000*")):
        assert store._head(path.name, path.read_bytes()[store._HEAD :]) != path.read_bytes()[: store._HEAD]


def test_a_missing_machine_code_is_compiled_from_the_stored_source(copied):
    for path in copied.glob("*.bin"):
        path.unlink()
    counts = run(copied)["counts"]
    assert counts["derivations"] == counts["lowerings"] == 0 and counts["compilations"] == 1
    assert hit(run(copied))


def test_a_folder_that_others_may_write_to_is_not_used(copied):
    copied.chmod(0o777)
    found = run(copied)
    assert found["folder"] is None and not hit(found)
    assert any("CacheWarning" in w and "others may write" in w for w in found["warnings"])


def test_a_folder_that_others_may_exchange_is_not_used(copied):
    copied.parent.chmod(0o777)
    found = run(copied)
    assert found["folder"] is None and any("exchange" in w for w in found["warnings"])
    copied.parent.chmod(0o700)


def test_a_link_to_a_folder_of_ones_own_is_followed(copied):
    link = copied.with_name("link")
    link.symlink_to(copied)
    found = run(link)
    assert hit(found) and found["folder"] == str(copied.resolve())


def test_a_link_to_a_folder_of_others_is_not_used(copied):
    copied.chmod(0o722)
    link = copied.with_name("link")
    link.symlink_to(copied)
    assert run(link)["folder"] is None


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_that_belongs_to_somebody_else_is_not_used(copied):
    os.chown(copied, 12345, 12345)
    assert run(copied)["folder"] is None
    os.chown(copied, 0, 0)


def test_no_folder_can_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    found = run(tmp_path / "file" / "kernels")
    assert found["folder"] is None and len(found["warnings"]) == 1
    found = run(None, HOME=str(tmp_path / "file"), XDG_CACHE_HOME="")
    assert found["folder"] is None and len(found["warnings"]) == 1


def test_where_the_folder_is(monkeypatch, tmp_path):
    monkeypatch.delenv("JITAD_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert folder.wanted() == tmp_path / "jitad"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert folder.wanted() == tmp_path / "home" / ".cache" / "jitad"


@pytest.fixture
def empty(monkeypatch, tmp_path):
    monkeypatch.setenv("JITAD_CACHE_DIR", str(tmp_path / "kernels"))
    return tmp_path / "kernels"


def test_a_folder_that_cannot_be_written_to(empty, monkeypatch):
    assert folder.usable() == empty.resolve()

    def denied(*args, **kwargs):
        raise PermissionError(13, "denied")

    monkeypatch.setattr("tempfile.mkstemp", denied)
    assert jitad.grad(lambda x: x**2 * 0.731)(1.0) == 2 * 0.731
    assert not list(empty.iterdir())


def test_a_write_that_fails_leaves_nothing(empty, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    store.write("a" * 64, ".bin", b"data")
    assert empty.exists() and not list(empty.iterdir())


def test_cold_processes_at_once(tmp_path):
    place = tmp_path / "kernels"
    for found in map(finish, [start(place) for _ in range(4)]):
        assert not found["warnings"]
    assert len(list(place.glob("k_*.py"))) == len(list(place.glob("k_*.bin"))) == 1
    assert hit(run(place))


def test_killed_processes(tmp_path):
    place = tmp_path / "kernels"
    for wait in (0.6, 0.9, 1.2, 1.5):
        process = start(place)
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
    run(place)
    assert hit(run(place))


def test_versions_flags_and_sources_are_part_of_the_key(monkeypatch):
    def now():
        machine.fingerprint.cache_clear()
        return machine.fingerprint()

    before = now()
    for module, name, value in (("numba", "__version__", "9"), ("numpy", "__version__", "9"), ("llvmlite", "__version__", "9")):
        with monkeypatch.context() as m:
            m.setattr(f"{module}.{name}", value)
            assert now() != before
    with monkeypatch.context() as m:
        m.setattr("numba.config.OPT", 0)
        assert now() != before
    assert now() == before


def test_an_edit_of_the_emitter_is_part_of_the_key(filled, tmp_path):
    import shutil

    shutil.copytree(ROOT / "jitad", tmp_path / "jitad", ignore=shutil.ignore_patterns("__pycache__"))
    assert hit(run(filled, cwd=tmp_path, PYTHONPATH=str(tmp_path)))
    emitter = tmp_path / "jitad" / "emit" / "cpu.py"
    emitter.write_text(emitter.read_text() + "\n")
    place = tmp_path / "kernels"
    place.mkdir(mode=0o700)
    for path in filled.iterdir():
        (place / path.name).write_bytes(path.read_bytes())
    assert not hit(run(place, cwd=tmp_path, PYTHONPATH=str(tmp_path)))


def quadratic(x):
    return (x**2).sum() * 0.6125


def in_a_child(n):
    slope = jitad.grad(quadratic)(np.arange(float(n)))
    more = jitad.grad(lambda x: quadratic(x) * x[0])(np.arange(float(n)))
    return slope.tolist(), more.tolist(), jitad.cache.info().counts["compilations"]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children(method):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        want = in_a_child(6)[:2]
        before = jitad.cache.info().counts["compilations"]
        with multiprocessing.get_context(method).Pool(2) as pool:
            found = pool.map(in_a_child, [6, 6])
    for *values, compiled in found:
        assert tuple(values) == want
        assert compiled == (before if method == "fork" else 0)


def test_the_oldest_go_first(empty, monkeypatch):
    monkeypatch.setenv("JITAD_CACHE_SIZE_MB", "0.01")
    for k in range(6):
        store.write(str(k) * 64, ".bin", b"x" * 3000)
        os.utime(empty / f"k_{str(k) * 64}.bin", (k, k))
    store.trim()
    left = {p.name[2] for p in empty.iterdir()}
    assert left == {"4", "5"}
    assert jitad.cache.info().kernels == 2
    assert jitad.cache.clear() == 2
    assert not list(empty.iterdir())


def test_one_warning_for_one_folder(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JITAD_CACHE_DIR", str(tmp_path / "file"))
    with pytest.warns(CacheWarning, match="JITAD_CACHE_DIR"):
        folder.usable()
    assert folder.usable() is None
    monkeypatch.undo()


def test_what_is_stored_can_be_read(filled):
    (path,) = filled.glob("*.py")
    text = path.read_text()
    assert text.startswith("# jitad kernel, sha256") and "def kernel_" in text and "OUTPUTS = (('<f8', 0), ('<f8', 1))" in text

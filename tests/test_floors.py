"""The architecture, proved from the imports: a file imports from its own floor and those below, never from above."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent
FLOORS = [
    {"errors", "config", "counters", "containers", "tree"},
    {"ir"},
    {"ops"},
    {"trace", "numpy", "special", "linalg"},
    {"autodiff", "lower"},
    {"derivation", "limits", "out_of_range"},
    {"rolled"},
    {"emit"},
    {"runtime"},
    {"pipeline"},
    {"specialization"},
    {"paths"},
    {"entry"},
    {"call"},
    {"packed"},
    {"transform"},
    {"api", "callback", "custom", "embed", "loops", "lax", "remat"},
    {"testing", "optimize", "integrate", "cache", "krylov"},
    {"implicit"},
]
APART = [{"autodiff", "lower"}]  # on one floor, and strangers
FILES = sorted((ROOT / "jitad").rglob("*.py"))
OUTSIDE = {
    "numba": {"emit", "runtime"}, "llvmlite": {"emit", "runtime"}, "mpmath": {"ir"},
    "scipy": {"ops", "optimize", "special", "linalg", "krylov", "integrate"},
}


def part(module):
    """The first name below jitad."""
    names = module.split(".")
    return names[1] if len(names) > 1 else ""


def floor(name):
    return next(k for k, names in enumerate(FLOORS) if name in names)


def imports(path):
    """Modules that a file imports, also inside functions; not those for type checkers only."""
    tree = ast.parse(path.read_text())
    skipped = {
        id(inner) for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            yield from (f"{node.module}.{a.name}" for a in node.names) if node.module == "jitad" else (node.module,)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_down(path):
    mine = path.relative_to(ROOT / "jitad").parts[0].removesuffix(".py")
    for module in imports(path):
        top = module.split(".")[0]
        if top in OUTSIDE:
            assert mine in OUTSIDE[top], f"{path.name} imports {module}"
        if top != "jitad" or mine == "__init__":
            continue
        other = part(module)
        assert floor(other) <= floor(mine), f"{path.name} (floor {floor(mine)}) imports {module} (floor {floor(other)})"
        for pair in APART:
            assert {mine, other} != pair, f"{path.name} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_are_short(path):
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", sorted((ROOT / "simulations").rglob("*.py")), ids=lambda p: p.name)
def test_simulations_use_the_public_library_only(path):
    for module in imports(path):
        assert not module.startswith("jitad."), f"{path.name} imports {module}"
        assert module.split(".")[0] in {"jitad", "numpy", "scipy", "simulations", "matplotlib", "tqdm", "argparse", "json",
            "pathlib",
                                        "time", "dataclasses", "functools", "__future__", "collections", "typing"}


def test_the_top_level_is_what_the_design_says():
    import subprocess

    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    top = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert {t for t in top if not t.startswith(".")} == {"pyproject.toml", "README.md", "LICENSE", "jitad", "tests",
        "simulations", "docs"}


def test_importing_jitad_does_not_import_scipy():
    import subprocess
    import sys

    code = "import sys, jitad; assert not {'scipy.special', 'scipy.linalg', 'scipy.optimize'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)

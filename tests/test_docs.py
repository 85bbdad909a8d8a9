"""Every example in the documentation and in docstrings runs and gives what it says."""

import doctest
import importlib
import pathlib
import pkgutil
import re

import pytest

import jitad
import simulations

ROOT = pathlib.Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
MODULES = [m.name for p in (jitad, simulations) for m in pkgutil.walk_packages(p.__path__, p.__name__ + ".")
           if not m.name.endswith("__main__")]


def examples(text):
    return "\n".join(block for block in FENCE.findall(text) if ">>>" in block)


@pytest.mark.parametrize("page", [p for p in PAGES if examples(p.read_text())], ids=lambda p: p.name)
def test_page(page):
    test = doctest.DocTestParser().get_doctest(examples(page.read_text()), {}, page.name, str(page), 0)
    doctest.DocTestRunner().run(test, clear_globs=False)
    failures = doctest.DocTestRunner(verbose=False).run(test).failed
    assert not failures


@pytest.mark.parametrize("name", ["jitad", *MODULES])
def test_docstrings(name):
    module = importlib.import_module(name)
    assert not doctest.testmod(module).failed


def test_links_between_pages():
    for page in PAGES:
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("name", jitad.__all__)
def test_public_names_are_documented(name):
    documented = getattr(jitad, name).__doc__ or ""
    assert len(documented) > 40, name

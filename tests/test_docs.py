"""Every example in the documentation and in docstrings runs and gives what it says."""

import doctest
import importlib
import pathlib
import pkgutil
import re

import pytest

import jitad
import simulations
from jitad import errors

ROOT = pathlib.Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ERRORS = ROOT / "docs" / "errors.md"
FENCE = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
MODULES = [m.name for p in (jitad, simulations) for m in pkgutil.walk_packages(p.__path__, p.__name__ + ".")
           if not m.name.endswith("__main__")]


def examples(text):
    return "\n".join(block for block in FENCE.findall(text) if ">>>" in block)


@pytest.mark.parametrize("page", [p for p in PAGES if examples(p.read_text()) and p != ERRORS], ids=lambda p: p.name)
def test_page(page):
    test = doctest.DocTestParser().get_doctest(examples(page.read_text()), {}, page.name, str(page), 0)
    doctest.DocTestRunner().run(test, clear_globs=False)
    failures = doctest.DocTestRunner(verbose=False).run(test).failed
    assert not failures


class Places(doctest.OutputChecker):
    """Files are shown as dots; the rest of a message has to be as it is."""

    def check_output(self, want, got, optionflags):
        shown = re.sub(r"^(  .*\bat) <doctest .*>, line", r"\1 ..., line", got, flags=re.M)
        return super().check_output(want, shown, optionflags)


def test_page_of_errors():
    """Messages are as the page has them, but for the places where they are raised."""
    test = doctest.DocTestParser().get_doctest(examples(ERRORS.read_text()), {}, ERRORS.name, str(ERRORS), 0)
    with jitad.disable_jit():
        assert not doctest.DocTestRunner(Places(), verbose=False).run(test).failed


def test_every_error_has_a_section():
    sections = dict(zip(*[iter(re.split(r"^##+ (.*)$", ERRORS.read_text(), flags=re.M)[1:])] * 2, strict=True))
    classes = [n for n, c in vars(errors).items() if isinstance(c, type) and issubclass(c, (Exception, Warning))]
    assert set(classes) <= set(sections)
    shown = {n for text in sections.values() for n in re.findall(r"^jitad\.errors\.(\w+): ", text, flags=re.M)}
    assert {n for n in classes if n not in ("JitadError", "CacheWarning", "InternalError")} <= shown
    for title, text in sections.items():
        _, _, right = text.partition("Traceback (most recent call last)")
        assert not right or ">>>" in right, f"{title}: what is right?"


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

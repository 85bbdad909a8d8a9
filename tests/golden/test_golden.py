"""The generated source of a few kernels is what was reviewed."""

import pathlib

import pytest

from tests.golden.cases import CASES, source


@pytest.mark.parametrize("name", CASES)
def test_source(name):
    assert source(name) == pathlib.Path(__file__).with_name(f"{name}.txt").read_text()

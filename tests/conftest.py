"""Kernels of a test run lie in a folder of its own, shared by its processes; what is compiled is looked at."""

import gc
import os
import shutil
import tempfile

import pytest

from tests.emit import one_type


def pytest_configure(config):
    if not hasattr(config, "workerinput"):  # not in the workers of pytest-xdist, which inherit it
        os.environ["JITAD_CACHE_DIR"] = config.jitad_folder = tempfile.mkdtemp(prefix="jitad_tests_")
    one_type.watch()


def pytest_collection_finish(session):
    """Compiled kernels stay, and compilers make many objects: the collector need not look at all of them so often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    if hasattr(config, "jitad_folder"):
        shutil.rmtree(config.jitad_folder, ignore_errors=True)

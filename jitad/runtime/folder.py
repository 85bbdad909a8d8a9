"""The folder that stored kernels lie in: where it is, and whether it can be trusted.

What is loaded from it is run, so nobody else may be able to write there: it has to belong to the user (or to root), others must
have no right to write to it, and the same holds for what it lies in. Otherwise kernels are compiled in memory, with one warning.
"""

from __future__ import annotations

import os
import pathlib
import stat
import threading
import warnings

from jitad.errors import CacheWarning

_lock = threading.Lock()
_judged: dict[str, pathlib.Path | None] = {}


def wanted() -> pathlib.Path | None:
    """``JITAD_CACHE_DIR``, or ``$XDG_CACHE_HOME/jitad``, or ``~/.cache/jitad``; None where there is no home."""
    chosen = os.environ.get("JITAD_CACHE_DIR")
    if chosen:
        return pathlib.Path(os.path.abspath(os.path.expanduser(chosen)))
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # the specification says that a relative one does not count
        base = os.path.join(os.path.expanduser("~"), ".cache")
    return pathlib.Path(base) / "jitad" if os.path.isabs(base) else None


def usable() -> pathlib.Path | None:
    """The folder, made if need be; None (with one warning for each folder) where it cannot be used."""
    path = wanted()
    key = str(path)
    with _lock:
        if key not in _judged:
            _judged[key] = None if path is None else _judge(path)
        return _judged[key]


def _judge(path: pathlib.Path) -> pathlib.Path | None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        real = path.resolve(strict=True)
        trouble = _trouble(path, real)
    except OSError as error:
        trouble = error.strerror or str(error)
    if trouble is None:
        return real
    advice = "Set JITAD_CACHE_DIR to a folder of your own"
    warnings.warn(f"kernels are not kept on disk: {path}: {trouble}. {advice}", CacheWarning, stacklevel=2)
    return None


def _trouble(path: pathlib.Path, real: pathlib.Path) -> str | None:
    """What is wrong with a folder; None if it is safe."""
    if not real.is_dir():
        return "it is not a folder"
    if not hasattr(os, "getuid"):  # Windows: profiles are private
        return None
    if path.is_symlink() and path.lstat().st_uid not in (os.getuid(), 0):
        return "it is a link that belongs to somebody else"
    found = real.stat()
    if found.st_uid not in (os.getuid(), 0):
        return "it belongs to somebody else"
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "others may write to it (chmod go-w)"
    for parent in real.parents:
        found = parent.stat()
        sticky = found.st_mode & stat.S_ISVTX
        if found.st_uid not in (os.getuid(), 0) or (found.st_mode & stat.S_IWOTH and not sticky):
            return f"others may exchange it, through {parent}"
    return None

"""Kernels on disk: two files for each, ``k_<key>.py`` with the source and ``k_<key>.bin`` with the machine code.

Both begin with a checksum, are written under another name and renamed, and never change: whoever else reads, writes or dies at
the same time, a reader finds a whole file or none. A file that cannot be read is removed, and the kernel compiled anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import tempfile

from jitad.counters import count
from jitad.runtime import folder

SIZE_CAP = 512 * 2**20  # bytes; JITAD_CACHE_SIZE_MB sets another one
_MARK = b"# jitad kernel, sha256 of name and content: "
_HEAD = len(_MARK) + 64 + 1


def _path(key: str, suffix: str) -> pathlib.Path | None:
    found = folder.usable()
    return None if found is None else found / f"k_{key}{suffix}"


def read(key: str, suffix: str) -> bytes | None:
    """The content of one file; None if it is not there, or damaged (then it is removed)."""
    path = _path(key, suffix)
    if path is None:
        return None
    try:
        data = path.read_bytes()
    except OSError:
        return None
    body = data[_HEAD:]
    if data[:_HEAD] == _head(path.name, body):
        return body
    count("failed_loads")
    remove(key, suffix)
    return None


def write(key: str, suffix: str, body: bytes) -> None:
    """Store a file; where that is not possible, nothing happens."""
    path = _path(key, suffix)
    if path is None:
        return
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tmp_")
    except OSError:  # read-only, full
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_head(path.name, body) + body)
        os.replace(name, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(name)
        if not isinstance(error, OSError):  # Ctrl-C
            raise


def _head(name: str, body: bytes) -> bytes:
    """The first line: of this file under this name, so that a file under the name of another is none."""
    return _MARK + hashlib.sha256(name.encode() + b"\n" + body).hexdigest().encode() + b"\n"


def remove(key: str, *suffixes: str) -> None:
    """Remove the files of a kernel, or some of them."""
    for suffix in suffixes or (".py", ".bin"):
        path = _path(key, suffix)
        if path is not None:
            with contextlib.suppress(OSError):
                path.unlink()


def used(key: str) -> None:
    """Note that a kernel was used: the longest unused ones go first when the folder is full."""
    path = _path(key, ".bin")
    if path is not None:
        with contextlib.suppress(OSError):
            os.utime(path)


def _cap() -> int:
    with contextlib.suppress(KeyError, ValueError):
        return int(float(os.environ["JITAD_CACHE_SIZE_MB"]) * 2**20)
    return SIZE_CAP


def files() -> list[tuple[float, int, pathlib.Path]]:
    """Time of last use, size and path of every file of ours."""
    found = folder.usable()
    out = []
    for path in [] if found is None else found.iterdir():
        if path.name.startswith(("k_", ".tmp_")):
            with contextlib.suppress(OSError):
                status = path.stat()
                out.append((status.st_mtime, status.st_size, path))
    return out


def trim() -> None:
    """Remove the longest unused files while all together are larger than the cap."""
    every = sorted(files())
    total = sum(size for _, size, _ in every)
    cap = _cap()
    if total <= cap:
        return
    for _, size, path in every:
        if total <= 0.8 * cap:
            return
        with contextlib.suppress(OSError):
            path.unlink()
            total -= size


def clear() -> int:
    """Remove every file of ours; returns how many there were."""
    removed = 0
    for _, _, path in files():
        with contextlib.suppress(OSError):
            path.unlink()
            removed += 1
    return removed
